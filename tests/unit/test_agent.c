// SPDX-License-Identifier: Apache-2.0
/* test_agent.c - the whole agent, from StartFill to an unstaged volume, and what can go wrong. */
#include "agent_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/num.h"
#include "lib/http_server.h"
#include "lib/image.h"
#include "node/space.h"

#define IMAGE_BYTES (3u << 20)

static char *image; /* made once: it is large */

static void digest_of(const char *data, size_t len, char ret[DC_DIGEST_TEXT])
{
    struct dc_digest *d;
    struct dc_err err = {0};

    assert_int_equal(dc_digest_new("sha256", &d, &err), 0);
    assert_int_equal(dc_digest_add(d, data, len, &err), 0);
    assert_int_equal(dc_digest_finish(d, ret, &err), 0);
    dc_digest_free(d);
}

static struct t_server *serve(struct t_reply *reply)
{
    reply->body = image;
    reply->len = IMAGE_BYTES;
    reply->etag = "\"1\"";
    return t_server_start(reply, 1);
}

static void filesystem(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct watched w;
    struct stat st;
    char digest[DC_DIGEST_TEXT];

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    watch_to_end(&f, "fill-1", &w);
    if (w.last->error)
        fail_msg("%s", w.last->error->message);
    assert_int_equal(w.last->phase, DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED);
    digest_of(image, IMAGE_BYTES, digest);
    assert_string_equal(w.last->digest, digest);
    assert_int_equal(w.last->generation, 1);
    assert_int_equal(w.last->image_bytes, IMAGE_BYTES);
    assert_int_equal(w.last->durable_bytes, IMAGE_BYTES);
    assert_in_range(w.last->zero_bytes, 1, IMAGE_BYTES);       /* the image has holes */
    assert_int_equal(f.plugin.published + f.plugin.staged, 0); /* before the end was told */
    assert_int_equal(f.plugin.unpublishes, 1);

    assert_int_equal(stat(f.plugin.kept, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0660);
    assert_int_equal(st.st_uid, 107);
    assert_int_equal(st.st_gid, 107);
    assert_int_equal(st.st_size, 60 << 20); /* 64 MiB less 6 %, in whole MiB */
    assert_true(t_same(f.plugin.kept, image, IMAGE_BYTES, (size_t)st.st_size));
    free_status(w.last);
    agent_teardown(&f);
    t_server_stop(web);
}

static void block(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct t_device device;

    (void)state;
    if (!t_device_open(&device, 8 << 20, 512))
        skip();
    agent_setup(&f);
    f.plugin.device = device.path;
    agent_start(&f);
    fill_request(&r, "fill-1", 1, true, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    expect_end(&f, "fill-1", NULL);
    assert_true(t_same(device.path, image, IMAGE_BYTES, device.bytes));
    agent_teardown(&f);
    t_device_close(&device);
    t_server_stop(web);
}

/* The claim is deleted: its fill ends, its volume is free, quickly, in whatever it was. */
static void cancelled(void **state)
{
    struct t_reply reply = {.stall = true, .stall_after = 1 << 20};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct dc_err err = {0}, fenced = {0};
    uint64_t since;

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "fill-1", 2, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    wait_phase(&f, "fill-1", DECANT__V1ALPHA1__FILL_PHASE__WRITING);
    assert_null(call_cancel(&f, "fill-1", 1, &fenced));
    assert_int_equal(fenced.kind, DC_FENCED);
    since = dc_clock_ns();
    Decant__V1alpha1__FillStatus *status = call_cancel(&f, "fill-1", 2, &err);
    assert_non_null(status);
    assert_true(dc_clock_ns() - since < 2 * DC_NS_PER_S);
    assert_int_equal(status->phase, DECANT__V1ALPHA1__FILL_PHASE__FAILED);
    assert_string_equal(status->error->reason, "Cancelled");
    assert_int_equal(f.plugin.published + f.plugin.staged, 0);
    free_status(status);
    status = call_cancel(&f, "fill-1", 2, &err); /* again */
    assert_non_null(status);
    free_status(status);
    status = call_cancel(&f, "never-heard-of", 1, &err);
    assert_non_null(status);
    free_status(status);
    agent_teardown(&f);
    t_server_stop(web);
}

/* A second fill of the volume is refused; a newer generation of the first takes its place. */
static void takeover(void **state)
{
    struct t_reply stuck = {.stall = true, .stall_after = 1 << 20}, good = {0};
    struct t_server *slow = serve(&stuck), *web = serve(&good);
    struct agent_fixture f;
    struct fill_request r;
    struct dc_err exists = {0}, fenced = {0};

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(slow, "/disk.raw"));
    begin_fill(&f, &r);
    begin_fill(&f, &r); /* the same again */
    wait_phase(&f, "fill-1", DECANT__V1ALPHA1__FILL_PHASE__WRITING);
    fill_request(&r, "fill-2", 1, false, t_server_url(web, "/disk.raw"));
    assert_null(call_start(&f, &r, &exists));
    assert_int_equal(exists.kind, DC_EXISTS);
    fill_request(&r, "fill-1", 2, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    expect_end(&f, "fill-1", NULL);
    assert_int_equal(f.plugin.stages, 2);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    assert_null(call_start(&f, &r, &fenced));
    assert_int_equal(fenced.kind, DC_FENCED);
    agent_teardown(&f);
    t_server_stop(slow);
    t_server_stop(web);
}

/* A volume that cannot be taken down keeps its fill from ending. */
static void stubborn_unstage(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct dc_job_view v = {0};

    (void)state;
    agent_setup(&f);
    f.plugin.fail_unstage = 2;
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    wait_phase(&f, "fill-1", DECANT__V1ALPHA1__FILL_PHASE__RELEASING);
    struct dc_job *job = dc_table_find(f.agent->table, "fill-1");
    for (int i = 0; i < 1000 && v.err.kind == DC_OK; i++) {
        dc_job_wait(f.agent->table, job, v.version, 10);
        dc_job_look(f.agent->table, job, &v);
    }
    dc_job_unref(f.agent->table, job);
    assert_non_null(strstr(v.err.msg, "told not to unstage")); /* what whoever waits is told */
    expect_end(&f, "fill-1", NULL);
    assert_int_equal(f.plugin.fail_unstage, 0);
    assert_int_equal(f.plugin.unstages, 1);
    agent_teardown(&f);
    t_server_stop(web);
}

static void attach_fails(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct watched w;

    (void)state;
    agent_setup(&f);
    f.plugin.fail_stage = 1;
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    watch_to_end(&f, "fill-1", &w);
    assert_int_equal(w.last->phase, DECANT__V1ALPHA1__FILL_PHASE__FAILED);
    assert_non_null(strstr(w.last->error->message, "told not to stage"));
    free_status(w.last);
    agent_teardown(&f);
    t_server_stop(web);
}

static void too_large(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct t_device device;
    struct watched w;

    (void)state;
    if (!t_device_open(&device, 2 << 20, 512))
        skip();
    agent_setup(&f);
    f.plugin.device = device.path;
    agent_start(&f);
    fill_request(&r, "fill-1", 1, true, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    watch_to_end(&f, "fill-1", &w);
    assert_string_equal(w.last->error->reason, "VolumeTooSmall");
    assert_non_null(strstr(w.last->error->message, "3145728 bytes"));
    assert_false(w.last->error->retryable);
    free_status(w.last);
    agent_teardown(&f);
    t_device_close(&device);
    t_server_stop(web);
}

/* In a file system the claim must be larger than the image: by how much is said. */
static void too_large_for_a_file(void **state)
{
    struct t_reply reply = {.body = image, .len = IMAGE_BYTES, .more_length = (size_t)1 << 50};
    struct t_server *web = t_server_start(&reply, 1);
    struct agent_fixture f;
    struct fill_request r;
    struct watched w;
    char needed[64];

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    r.volume.capacity_bytes = 0;
    begin_fill(&f, &r);
    watch_to_end(&f, "fill-1", &w);
    assert_string_equal(w.last->error->reason, "VolumeTooSmall");
    uint64_t bytes = dc_space_needed(IMAGE_BYTES + ((uint64_t)1 << 50), false, 0, 0);
    snprintf(needed, sizeof needed, "at least %llu bytes", (unsigned long long)bytes);
    assert_non_null(strstr(w.last->error->message, needed));
    assert_int_equal(w.last->durable_bytes, 0);
    free_status(w.last);
    agent_teardown(&f);
    t_server_stop(web);
}

static void stopped_in_the_middle(void **state)
{
    struct t_reply reply = {.stall = true, .stall_after = 1 << 20};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    uint64_t since;

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    wait_phase(&f, "fill-1", DECANT__V1ALPHA1__FILL_PHASE__WRITING);
    since = dc_clock_ns();
    agent_stop(&f);
    assert_true(dc_clock_ns() - since < 3 * DC_NS_PER_S);
    assert_int_equal(f.plugin.unstages, 1);
    agent_teardown(&f);
    t_server_stop(web);
}

/* What an agent that was killed has left is taken down, and the fill can begin again. */
static void after_a_crash(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct dc_err err = {0};
    struct dc_csi_volume volume = {.driver = "fake.example", .volume_id = "vol-1"};
    struct dc_journal_record record = {.fill_id = "fill-1",
                                       .generation = 1,
                                       .claim = "ns/claim",
                                       .driver = "fake.example",
                                       .volume_id = "vol-1"};
    struct watched w;
    int lock;

    (void)state;
    agent_setup(&f);
    volume.pv_name = "pv-1";
    assert_int_equal(dc_csi_paths(f.kubelet, &volume, "fill-1", &record.paths, &err), 0);
    assert_int_equal(dc_journal_open(f.state, &lock, &err), 0);
    close(lock);
    assert_int_equal(dc_journal_save(f.state, &record, &err), 0);
    f.plugin.staged = 1;
    f.plugin.fail_unstage = 1; /* the first try fails, so StartFill has to wait */
    agent_start(&f);
    watch_to_end(&f, "fill-1", &w);
    assert_int_equal(w.err.kind, DC_NOT_FOUND);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    assert_int_equal(f.plugin.unstages, 1);
    expect_end(&f, "fill-1", NULL);
    assert_int_equal(f.plugin.unstages, 2);
    agent_teardown(&f);
    t_server_stop(web);
}

static void looks_at_sources(void **state)
{
    static const char qcow2[] = "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10";
    struct t_reply raw = {0}, other = {.body = qcow2, .len = sizeof qcow2};
    struct t_server *web = serve(&raw), *web2 = t_server_start(&other, 1);
    Decant__V1alpha1__ProbeSourceRequest req = DECANT__V1ALPHA1__PROBE_SOURCE_REQUEST__INIT;
    const struct {
        const char *url;
        Decant__V1alpha1__ContentType type;
        const char *refusal;
    } cases[] = {
        {t_server_url(web, "/disk.raw"), DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT, NULL},
        {t_server_url(web, "/disk.raw"), DECANT__V1ALPHA1__CONTENT_TYPE__ARCHIVE,
         "Unsupported"},
        {t_server_url(web2, "/x"), DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT, "Unsupported"},
        {"http://127.0.0.1:1/", DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT, "SourceUnreachable"},
        {"", DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT, "InvalidSource"},
    };
    struct agent_fixture f;

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct fill_request r;
        ProtobufCMessage *msg;
        struct dc_err err = {0};

        fill_request(&r, "x", 1, true, cases[i].url);
        req.source = &r.source;
        req.content_type = cases[i].type;
        assert_int_equal(dc_rpc_call(f.client, &decant__v1alpha1__fills__descriptor,
                                     "ProbeSource", &req.base, 15000, &msg, NULL, &err),
                         0);
        const Decant__V1alpha1__ProbeSourceResponse *p =
            (const Decant__V1alpha1__ProbeSourceResponse *)msg;
        if (cases[i].refusal) {
            assert_non_null(p->refusal);
            assert_string_equal(p->refusal->reason, cases[i].refusal);
        } else {
            assert_null(p->refusal);
            assert_string_equal(p->format, "raw");
            assert_int_equal(p->virtual_bytes, IMAGE_BYTES);
            assert_string_equal(p->validator, "\"1\"");
        }
        protobuf_c_message_free_unpacked(msg, NULL);
    }
    agent_teardown(&f);
    t_server_stop(web);
    t_server_stop(web2);
}

static void wrong_requests(void **state)
{
    struct agent_fixture f;
    struct fill_request r;

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    for (int i = 0; i < 8; i++) {
        struct dc_err err = {0};

        fill_request(&r, i == 0 ? "../x" : "fill-1", i == 1 ? 0 : 1, true,
                     i == 2 ? "" : "http://h/");
        if (i == 3)
            r.msg.volume = NULL;
        if (i == 4)
            r.volume.driver = (char *)(uintptr_t) "../driver";
        if (i == 5)
            r.volume.mode = (Decant__V1alpha1__VolumeMode)7;
        if (i == 6)
            r.msg.checksum = (char *)(uintptr_t) "sha256:12";
        if (i == 7)
            r.msg.claim = (char *)(uintptr_t) "";
        assert_null(call_start(&f, &r, &err));
        assert_int_equal(err.kind, DC_BAD_INPUT);
    }
    assert_int_equal(f.plugin.stages, 0);
    agent_teardown(&f);
}

static int setup(void **state)
{
    (void)state;
    image = t_image_new(IMAGE_BYTES, true);
    dc_rpc_init();
    return image ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    dc_rpc_exit();
    free(image);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filesystem),
        cmocka_unit_test(block),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(takeover),
        cmocka_unit_test(stubborn_unstage),
        cmocka_unit_test(attach_fails),
        cmocka_unit_test(too_large),
        cmocka_unit_test(too_large_for_a_file),
        cmocka_unit_test(stopped_in_the_middle),
        cmocka_unit_test(after_a_crash),
        cmocka_unit_test(looks_at_sources),
        cmocka_unit_test(wrong_requests),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
