// SPDX-License-Identifier: Apache-2.0
/* test_agent_faults.c - the agent beside a driver that is absent or hangs, and what it may tell. */
#include "agent_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "lib/http_server.h"
#include "lib/image.h"

#define IMAGE_BYTES (1u << 20)
#define SECRET      "hush-hush"

static char *image; /* made once */

static struct t_server *serve(struct t_reply *reply)
{
    reply->body = image;
    reply->len = IMAGE_BYTES;
    return t_server_start(reply, 1);
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s; /* messages do not know const; these are only read */
}

static bool soon(_Atomic int *value, int want)
{
    for (int i = 0; i < 5000 && *value != want; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return *value == want;
}

/* StartFill, for as long as the caller has patience. */
static enum dc_err_kind start_within(struct agent_fixture *f, struct fill_request *r,
                                     uint32_t ms)
{
    ProtobufCMessage *reply = NULL;
    struct dc_err err = {0};

    if (dc_rpc_call(f->client, &decant__v1alpha1__fills__descriptor, "StartFill", &r->msg.base,
                    ms, &reply, NULL, &err) == 0)
        protobuf_c_message_free_unpacked(reply, NULL);
    return err.kind;
}

static void ignore_message(void *arg, ProtobufCMessage *msg)
{
    (void)arg;
    protobuf_c_message_free_unpacked(msg, NULL);
}

static void note_done(void *arg, const struct dc_err *err)
{
    _Atomic int *done = arg;

    (void)err;
    ++*done;
}

/* What a crash left waits for its driver; the agent serves, and the fill waits its turn. */
static void restarted_before_its_driver(void **state)
{
    struct dc_csi_volume volume = {
        .driver = "fake.example", .volume_id = "vol-1", .pv_name = "pv-1"};
    struct dc_journal_record record = {.fill_id = "fill-1",
                                       .generation = 1,
                                       .claim = "ns/claim",
                                       .driver = "fake.example",
                                       .volume_id = "vol-1"};
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;
    struct dc_err err = {0};
    int lock;

    (void)state;
    agent_setup(&f);
    assert_int_equal(dc_csi_paths(f.kubelet, &volume, "fill-1", &record.paths, &err), 0);
    assert_int_equal(dc_journal_open(f.state, &lock, &err), 0);
    close(lock);
    assert_int_equal(dc_journal_save(f.state, &record, &err), 0);
    f.plugin.staged = 1;
    plugin_down(&f);

    uint64_t since = dc_clock_ns();
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    assert_int_equal(start_within(&f, &r, 300), DC_TIMEOUT);
    assert_true(dc_clock_ns() - since < 2 * DC_NS_PER_S);
    plugin_up(&f);
    begin_fill(&f, &r);
    assert_int_equal(f.plugin.unstages, 1);
    expect_end(&f, "fill-1", NULL);
    agent_teardown(&f);
    t_server_stop(web);
}

/* A driver that never comes does not keep the agent from stopping; its record stays. */
static void stopped_before_its_driver(void **state)
{
    struct dc_journal_record record = {.fill_id = "fill-1",
                                       .generation = 1,
                                       .claim = "ns/claim",
                                       .driver = "fake.example",
                                       .volume_id = "vol-1",
                                       .paths = {"/x/decant-1", "/x/decant-1/f"}};
    struct agent_fixture f;
    struct dc_err err = {0};
    int lock;

    (void)state;
    agent_setup(&f);
    assert_int_equal(dc_journal_open(f.state, &lock, &err), 0);
    close(lock);
    assert_int_equal(dc_journal_save(f.state, &record, &err), 0);
    plugin_down(&f);
    agent_start(&f);
    uint64_t since = dc_clock_ns();
    agent_stop(&f);
    assert_true(dc_clock_ns() - since < 2 * DC_NS_PER_S);
    plugin_up(&f); /* the next one finds the record, and the driver */
    agent_start(&f);
    assert_true(soon(&f.plugin.unstages, 1));
    agent_teardown(&f);
}

/* A driver that hangs: the agent says that it cannot stop, in time, and can be asked again. */
static void stopped_beside_a_hanging_driver(void **state)
{
    struct t_reply reply = {0};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;

    (void)state;
    agent_setup(&f);
    f.stop_ms = 200;
    f.plugin.hang_stage = true;
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    begin_fill(&f, &r);
    assert_true(soon(&f.plugin.hanging, 1));
    uint64_t since = dc_clock_ns();
    assert_false(dc_agent_stop(f.agent));
    assert_true(dc_clock_ns() - since < 2 * DC_NS_PER_S);
    f.plugin.hang_stage = false;
    while (!dc_agent_stop(f.agent))
        continue;
    f.agent = NULL;
    assert_int_equal(f.plugin.stages, 1);
    assert_int_equal(f.plugin.unstages, 1);
    assert_int_equal(f.plugin.publishes, 1); /* it was under way, and is taken back */
    assert_int_equal(t_server_requests(web), 0);
    agent_teardown(&f);
    t_server_stop(web);
}

/* Who asked about a source that hangs has gone, or the agent stops: the look ends. */
static void looks_are_given_up(void **state)
{
    Decant__V1alpha1__ProbeSourceRequest req = DECANT__V1ALPHA1__PROBE_SOURCE_REQUEST__INIT;
    struct t_reply reply = {.stall = true};
    struct t_server *web = serve(&reply);
    ProtobufCMessage *msg = NULL;
    struct dc_rpc_async *call;
    struct agent_fixture f;
    struct fill_request r;
    struct dc_err err = {0};
    _Atomic int done = 0;
    const struct dc_rpc_events events = {ignore_message, note_done, &done};

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "x", 1, true, t_server_url(web, "/disk.raw"));
    req.source = &r.source;
    assert_int_equal(dc_rpc_call(f.client, &decant__v1alpha1__fills__descriptor, "ProbeSource",
                                 &req.base, 300, &msg, NULL, &err),
                     -1);
    assert_int_equal(err.kind, DC_TIMEOUT);
    dc_err_clear(&err);
    assert_int_equal(dc_rpc_async_start(f.client, &decant__v1alpha1__fills__descriptor,
                                        "ProbeSource", &req.base, 0, &events, &call, &err),
                     0);
    for (int i = 0; i < 5000 && t_server_requests(web) < 2; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    uint64_t since = dc_clock_ns();
    assert_true(dc_agent_stop(f.agent));
    assert_true(dc_clock_ns() - since < 2 * DC_NS_PER_S);
    f.agent = NULL;
    assert_true(soon(&done, 1));
    dc_rpc_async_free(call);
    agent_teardown(&f);
    t_server_stop(web);
}

/* The source is not the one that was looked at, or its bytes are not those that were promised. */
static void not_what_was_asked_for(void **state)
{
    static const char zeros[] =
        "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    struct t_reply reply = {.etag = "\"now\""};
    struct t_server *web = serve(&reply);
    struct agent_fixture f;
    struct fill_request r;

    (void)state;
    agent_setup(&f);
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw"));
    r.msg.checksum = text(zeros);
    begin_fill(&f, &r);
    expect_end(&f, "fill-1", "SourceCorrupt");
    fill_request(&r, "fill-2", 1, false, t_server_url(web, "/disk.raw"));
    r.msg.validator = text("\"then\"");
    begin_fill(&f, &r);
    expect_end(&f, "fill-2", "SourceChanged");
    fill_request(&r, "fill-3", 1, false, t_server_url(web, "/disk.raw"));
    r.msg.validator = text("\"now\"");
    begin_fill(&f, &r);
    expect_end(&f, "fill-3", NULL);
    agent_teardown(&f);
    t_server_stop(web);
}

/* --- Secrets --- */

static bool holds_secret(const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    assert_true(n > 0 && n < sizeof text - 1);
    return strstr(text, SECRET) != NULL;
}

/* A request with a secret wherever one may be. */
static void confide(struct fill_request *r, char **header,
                    Decant__V1alpha1__Volume__StageSecretsEntry **entry)
{
    decant__v1alpha1__volume__stage_secrets_entry__init(*entry);
    (*entry)->key = text("key");
    (*entry)->value = text(SECRET);
    r->volume.stage_secrets = entry;
    r->volume.n_stage_secrets = 1;
    *header = text("X-Token: " SECRET);
    r->http.headers = header;
    r->http.n_headers = 1;
    r->http.user = text("me");
    r->http.password = text(SECRET);
}

static int log_to(const char *path)
{
    int old = dup(STDERR_FILENO);
    dc_autoclose int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(old >= 0 && file >= 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    dc_log_set_threshold(DC_LOG_DEBUG);
    return old;
}

static void log_back(int old)
{
    dc_log_set_threshold(DC_LOG_INFO);
    assert_true(dup2(old, STDERR_FILENO) >= 0);
    close(old);
}

/* The journal, the log at its most talkative and what the controller is told. */
static void secrets_are_kept(void **state)
{
    Decant__V1alpha1__Volume__StageSecretsEntry entry, *entries = &entry;
    struct t_reply good = {0}, gone = {.status = 404};
    struct t_server *web = serve(&good), *bad = t_server_start(&gone, 1);
    struct agent_fixture f;
    struct fill_request r;
    struct watched w;
    char log[128], record[160], *header;

    (void)state;
    agent_setup(&f);
    snprintf(log, sizeof log, "%s/log", f.dir);
    snprintf(record, sizeof record, "%s/fill-1.json", f.state);
    int old = log_to(log);
    f.plugin.hang_stage = true;
    agent_start(&f);
    fill_request(&r, "fill-1", 1, false, t_server_url(web, "/disk.raw?sig=" SECRET));
    confide(&r, &header, &entries);
    begin_fill(&f, &r);
    assert_true(soon(&f.plugin.hanging, 1));
    assert_string_equal(f.plugin.secret, SECRET);
    assert_false(holds_secret(record));
    f.plugin.hang_stage = false;
    expect_end(&f, "fill-1", NULL);

    fill_request(&r, "fill-2", 1, false, t_server_url(bad, "/disk.raw?sig=" SECRET));
    confide(&r, &header, &entries);
    begin_fill(&f, &r);
    watch_to_end(&f, "fill-2", &w);
    assert_int_equal(w.last->phase, DECANT__V1ALPHA1__FILL_PHASE__FAILED);
    assert_null(strstr(w.last->error->message, SECRET));
    free_status(w.last);
    agent_stop(&f);
    log_back(old);
    assert_false(holds_secret(log));
    agent_teardown(&f);
    t_server_stop(web);
    t_server_stop(bad);
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
        cmocka_unit_test(restarted_before_its_driver),
        cmocka_unit_test(stopped_before_its_driver),
        cmocka_unit_test(stopped_beside_a_hanging_driver),
        cmocka_unit_test(looks_are_given_up),
        cmocka_unit_test(not_what_was_asked_for),
        cmocka_unit_test(secrets_are_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
