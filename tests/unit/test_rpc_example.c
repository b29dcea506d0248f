// SPDX-License-Identifier: Apache-2.0
/* test_rpc_example.c - the example of proto/README.md: this file holds it, and it works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* example: begin */
#include "proto/csi.pb-c.h"
#include "proto/rpc.h"

/* One function a method. service is what the table below was given. */
static int get_info(void *service, struct dc_rpc_call *call, const ProtobufCMessage *req,
                    ProtobufCMessage *reply, struct dc_err *err)
{
    Csi__V1__GetPluginInfoResponse *r = (Csi__V1__GetPluginInfoResponse *)reply;

    (void)call, (void)req;
    r->name = strdup((const char *)service); /* freed with the reply */
    return r->name ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "name");
}

static const struct dc_rpc_method methods[] = {
    {.name = "GetPluginInfo", .unary = get_info},
    {0},
};

static int serve(const char *endpoint, const struct dc_rpc_service *service,
                 struct dc_rpc_server **ret, struct dc_err *err)
{
    struct dc_rpc_server_config config = {
        .endpoint = endpoint, .services = service, .n_services = 1, .workers = 4, .queue = 16};

    return dc_rpc_server_start(&config, ret, err);
}

static int ask(const char *endpoint, struct dc_err *err)
{
    Csi__V1__GetPluginInfoRequest req = CSI__V1__GET_PLUGIN_INFO_REQUEST__INIT;
    struct dc_rpc_client *client;
    ProtobufCMessage *reply;

    if (dc_rpc_client_new(endpoint, NULL, &client, err) != 0)
        return -1;
    int rc = dc_rpc_call(client, &csi__v1__identity__descriptor, "GetPluginInfo", &req.base,
                         5000, &reply, NULL, err);
    if (rc == 0)
        protobuf_c_message_free_unpacked(reply, NULL);
    dc_rpc_client_free(client);
    return rc;
}
/* example: end */

static char *slurp(const char *path)
{
    char *text = calloc(1, 65536);
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, 65535, f) > 0);
    fclose(f);
    return text;
}

static void works(void **state)
{
    const char *endpoint = "unix:///tmp/decant-example.sock";
    char name[] = "example";
    struct dc_rpc_service service = {&csi__v1__identity__descriptor, methods, name};
    struct dc_rpc_server *server;
    struct dc_err err = {0};

    (void)state;
    dc_rpc_init();
    assert_int_equal(serve(endpoint, &service, &server, &err), 0);
    assert_int_equal(ask(endpoint, &err), 0);
    dc_rpc_server_stop(server, 1000);
    dc_rpc_exit();
    remove("/tmp/decant-example.sock.lock");
}

/* The page shows the lines between the two marks, word for word. */
static void is_in_the_readme(void **state)
{
    char *source = slurp(DECANT_SOURCE_DIR "/tests/unit/test_rpc_example.c");
    char *page = slurp(DECANT_SOURCE_DIR "/proto/README.md");
    char *begin = strstr(source, "/* example: begin */\n");
    char *end = strstr(source, "/* example: end */\n");

    (void)state;
    assert_non_null(begin);
    assert_non_null(end);
    if (!begin || !end)
        return; /* not reached; analysers do not know cmocka */
    begin += strlen("/* example: begin */\n");
    *end = '\0';
    assert_non_null(strstr(page, begin));
    free(source);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(works),
        cmocka_unit_test(is_in_the_readme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
