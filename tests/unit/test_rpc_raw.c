// SPDX-License-Identifier: Apache-2.0
/* test_rpc_raw.c - a peer that sends what our own client would not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/decant.pb-c.h"
#include "proto/priv.h"
#include "rpc_fixture.h"

struct answer {
    int status;
    char text[256];
};

/* One call with these bytes for a message. */
static struct answer raw_call(const char *target, const void *bytes, size_t len)
{
    grpc_channel_credentials *creds = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(target, creds, NULL);
    grpc_completion_queue *cq = grpc_completion_queue_create_for_pluck(NULL);
    grpc_slice method = dc_rpc_slice("/decant.v1alpha1.Fills/ReleaseFill");
    grpc_call *call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, cq,
                                               method, NULL, dc_rpc_deadline(5000), NULL);
    grpc_slice slice = grpc_slice_from_copied_buffer(bytes, len);
    grpc_byte_buffer *out = grpc_raw_byte_buffer_create(&slice, 1), *in = NULL;
    grpc_metadata_array initial, trailing;
    grpc_status_code status = GRPC_STATUS_OK;
    grpc_slice text = grpc_empty_slice();
    struct answer a = {0};
    struct dc_rpc_tag tag = {0};

    grpc_metadata_array_init(&initial);
    grpc_metadata_array_init(&trailing);
    grpc_op ops[] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_MESSAGE, .data.send_message.send_message = out},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT},
        {.op = GRPC_OP_RECV_INITIAL_METADATA,
         .data.recv_initial_metadata.recv_initial_metadata = &initial},
        {.op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &in},
        {.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
         .data.recv_status_on_client = {&trailing, &status, &text, NULL}},
    };
    dc_rpc_batch(call, ops, 6, &tag);
    grpc_completion_queue_pluck(cq, &tag, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    a.status = (int)status;
    memcpy(a.text, GRPC_SLICE_START_PTR(text),
           GRPC_SLICE_LENGTH(text) < 255 ? GRPC_SLICE_LENGTH(text) : 255);

    grpc_call_unref(call);
    grpc_slice_unref(method);
    grpc_slice_unref(slice);
    grpc_slice_unref(text);
    grpc_byte_buffer_destroy(out);
    if (in)
        grpc_byte_buffer_destroy(in);
    grpc_metadata_array_destroy(&initial);
    grpc_metadata_array_destroy(&trailing);
    grpc_completion_queue_shutdown(cq);
    grpc_completion_queue_pluck(cq, NULL, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    grpc_completion_queue_destroy(cq);
    grpc_channel_destroy(channel);
    grpc_channel_credentials_release(creds);
    return a;
}

static void refused(void **state)
{
    static char large[DC_RPC_MAX_MESSAGE + 64];
    const struct {
        const char *bytes;
        size_t len;
        int status;
        const char *text;
    } cases[] = {
        {"\x0a\x02"
         "a\xff",
         4, 3, "fill_id is not UTF-8"},
        {"\x0a\x02"
         "a\0",
         4, 3, "fill_id is not UTF-8"},
        {"\x0a\x20"
         "a",
         3, 3, "not well-formed"},
        {"\x08\x01", 2, 3, "cannot be unpacked"}, /* a number where a string should be */
        {large, sizeof large, 8, "larger than max"},
        {"\x0a\x08NotFound", 10, 13, "as asked"}, /* and what is well-formed arrives */
    };
    struct rpc_fixture f;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(fixture_start(&f, 1, 1, NULL, &err), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct answer a = raw_call(f.endpoint, cases[i].bytes, cases[i].len);

        assert_int_equal(a.status, cases[i].status);
        assert_non_null(strstr(a.text, cases[i].text));
    }
    fixture_stop(&f, 1000);
}

static int setup(void **state)
{
    (void)state;
    dc_rpc_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dc_rpc_exit();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(refused)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
