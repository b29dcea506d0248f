// SPDX-License-Identifier: Apache-2.0
/* test_rpc.c - server and client over a unix socket: the ways that go well and the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proto/csi.pb-c.h"
#include "proto/decant.pb-c.h"
#include "rpc_fixture.h"

static struct dc_rpc_client *client_of(const struct rpc_fixture *f)
{
    struct dc_rpc_client *client = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_rpc_client_new(f->endpoint, NULL, &client, &err), 0);
    return client;
}

static void must_start(struct rpc_fixture *f, unsigned workers, unsigned queue)
{
    struct dc_err err = {0};

    if (fixture_start(f, workers, queue, NULL, &err) != 0)
        fail_msg("%s", err.msg);
}

static void round_trip(void **state)
{
    struct rpc_fixture f;
    struct dc_err err = {0};
    struct stat st;

    (void)state;
    must_start(&f, 2, 2);
    struct dc_rpc_client *client = client_of(&f);
    for (int i = 0; i < 20; i++)
        assert_int_equal(call_info(client, &err), 0);
    assert_int_equal(stat(f.endpoint + strlen("unix://"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

/* Every kind travels as its number and comes back as the first kind with it; texts survive. */
static void failures_travel(void **state)
{
    static const struct {
        enum dc_err_kind sent, got;
        int status;
    } cases[] = {
        {DC_BAD_INPUT, DC_BAD_INPUT, 3}, {DC_NOT_FOUND, DC_NOT_FOUND, 5},
        {DC_FENCED, DC_FENCED, 9},       {DC_NO_SPACE, DC_NO_SPACE, 11},
        {DC_DEVICE, DC_INTERNAL, 13},    {DC_REMOTE, DC_UNAVAILABLE, 14},
        {DC_CHANGED, DC_BUSY, 10},       {DC_CANCELLED, DC_CANCELLED, 1},
    };
    struct rpc_fixture f;

    (void)state;
    must_start(&f, 1, 2);
    struct dc_rpc_client *client = client_of(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Decant__V1alpha1__ReleaseFillRequest req = DECANT__V1ALPHA1__RELEASE_FILL_REQUEST__INIT;
        ProtobufCMessage *reply = NULL;
        struct dc_err err = {0};
        char text[128];
        int status = -1;

        req.fill_id = (char *)(uintptr_t)dc_err_reason(cases[i].sent);
        snprintf(text, sizeof text, "as asked: 100 %% \xc3\xa4\n%s", req.fill_id);
        assert_int_equal(dc_rpc_call(client, &decant__v1alpha1__fills__descriptor,
                                     "ReleaseFill", &req.base, 5000, &reply, &status, &err),
                         -1);
        assert_int_equal(err.kind, cases[i].got);
        assert_int_equal(status, cases[i].status);
        assert_string_equal(err.msg, text);
        assert_null(reply);
    }
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

static void stream_arrives(void **state)
{
    struct rpc_fixture f;
    struct outcome o = {0};

    (void)state;
    must_start(&f, 1, 2);
    f.messages = 500;
    struct dc_rpc_client *client = client_of(&f);
    struct dc_rpc_async *call = async_watch(client, &o);
    assert_non_null(call);
    assert_true(wait_for(&o.done, 1));
    assert_int_equal(o.err.kind, DC_OK);
    assert_int_equal(o.messages, 500);
    dc_rpc_async_cancel(call); /* after done(): allowed, does nothing */
    dc_rpc_client_free(client);
    dc_rpc_async_free(call);
    fixture_stop(&f, 1000);
}

static void cancel_reaches_handlers(void **state)
{
    struct rpc_fixture f;
    struct outcome stream = {0}, unary = {0};

    (void)state;
    must_start(&f, 2, 2);
    f.messages = -1;
    struct dc_rpc_client *client = client_of(&f);
    struct dc_rpc_async *a = async_watch(client, &stream), *b = async_probe(client, 0, &unary);
    assert_true(wait_for(&f.entered, 2));
    assert_true(wait_for(&stream.messages, 10));
    dc_rpc_async_cancel(a);
    dc_rpc_async_cancel(b);
    assert_true(wait_for(&stream.done, 1) && wait_for(&unary.done, 1));
    assert_int_equal(stream.err.kind, DC_CANCELLED);
    assert_int_equal(unary.err.kind, DC_CANCELLED);
    assert_true(wait_for(&f.gone, 2));
    dc_rpc_async_free(a);
    dc_rpc_async_free(b);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

/* Freeing the client ends its calls: done() first, and the server's handlers notice. */
static void client_goes(void **state)
{
    struct rpc_fixture f;
    struct outcome o = {0};

    (void)state;
    must_start(&f, 1, 2);
    f.messages = -1;
    struct dc_rpc_client *client = client_of(&f);
    struct dc_rpc_async *call = async_watch(client, &o);
    assert_true(wait_for(&o.messages, 1));
    dc_rpc_client_free(client);
    assert_int_equal(o.done, 1);
    assert_int_equal(o.err.kind, DC_CANCELLED);
    dc_rpc_async_free(call);
    assert_true(wait_for(&f.gone, 1));
    fixture_stop(&f, 1000);
}

static void deadline_ends_both_sides(void **state)
{
    struct rpc_fixture f;
    struct dc_err err = {0};
    struct outcome o = {0};

    (void)state;
    must_start(&f, 2, 2);
    struct dc_rpc_client *client = client_of(&f);
    assert_int_equal(call_probe(client, 50, &err), -1);
    assert_int_equal(err.kind, DC_TIMEOUT);
    struct dc_rpc_async *call = async_probe(client, 50, &o);
    assert_true(wait_for(&o.done, 1));
    assert_int_equal(o.err.kind, DC_TIMEOUT);
    assert_true(wait_for(&f.gone, 2));
    dc_rpc_async_free(call);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

static void no_server(void **state)
{
    struct rpc_fixture f = {.endpoint = "unix:///tmp/decant-nobody-here.sock"};
    struct dc_err err = {0};

    (void)state;
    struct dc_rpc_client *client = client_of(&f);
    assert_int_equal(call_info(client, &err), -1);
    assert_int_equal(err.kind, DC_UNAVAILABLE);
    dc_rpc_client_free(client);
}

/* One handler, one place to wait: the third call is told to come again, the first two go on. */
static void full_queue(void **state)
{
    struct rpc_fixture f;
    struct outcome first = {0}, second = {0};
    struct dc_err err = {0};

    (void)state;
    must_start(&f, 1, 1);
    struct dc_rpc_client *client = client_of(&f);
    struct dc_rpc_async *a = async_probe(client, 0, &first);
    assert_true(wait_for(&f.entered, 1));
    struct dc_rpc_async *b = async_probe(client, 0, &second);
    /* The second is queued when a third of the same connection is refused. */
    assert_int_equal(call_probe(client, 5000, &err), -1);
    assert_int_equal(err.kind, DC_UNAVAILABLE);
    f.gate = true;
    assert_true(wait_for(&first.done, 1) && wait_for(&second.done, 1));
    assert_int_equal(first.err.kind, DC_OK);
    assert_int_equal(second.err.kind, DC_OK);
    dc_rpc_async_free(a);
    dc_rpc_async_free(b);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

static void unknown_method(void **state)
{
    struct rpc_fixture f;
    Csi__V1__NodeGetInfoRequest info = CSI__V1__NODE_GET_INFO_REQUEST__INIT;
    Csi__V1__GetPluginCapabilitiesRequest caps = CSI__V1__GET_PLUGIN_CAPABILITIES_REQUEST__INIT;
    const struct {
        const ProtobufCServiceDescriptor *service;
        const char *method;
        const ProtobufCMessage *req;
        int status;
    } cases[] = {
        {&csi__v1__node__descriptor, "NodeGetInfo", &info.base, 12},
        {&csi__v1__identity__descriptor, "GetPluginCapabilities", &caps.base, 12},
        {&csi__v1__identity__descriptor, "NoSuchMethod", &caps.base, 12},
    };

    (void)state;
    must_start(&f, 1, 2);
    struct dc_rpc_client *client = client_of(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dc_err err = {0};
        ProtobufCMessage *reply;
        int status;

        assert_int_equal(dc_rpc_call(client, cases[i].service, cases[i].method, cases[i].req,
                                     5000, &reply, &status, &err),
                         -1);
        assert_int_equal(err.kind, DC_UNSUPPORTED);
        assert_int_equal(status, cases[i].status);
    }
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

static int send_driver(struct dc_rpc_client *client, ProtobufCMessage *req, struct dc_err *err)
{
    ProtobufCMessage *reply;

    return dc_rpc_call(client, &decant__v1alpha1__fills__descriptor, "ReleaseFill", req, 5000,
                       &reply, NULL, err);
}

/* Our client does not send what our server would refuse, so the two sides are tried apart. */
static void client_refuses_to_send(void **state)
{
    Decant__V1alpha1__ReleaseFillRequest req = DECANT__V1ALPHA1__RELEASE_FILL_REQUEST__INIT;
    struct rpc_fixture f;
    struct dc_err bad = {0}, big = {0};
    char *large = calloc(1, DC_RPC_MAX_MESSAGE + 1);

    (void)state;
    assert_non_null(large);
    memset(large, 'x', DC_RPC_MAX_MESSAGE);
    must_start(&f, 1, 2);
    struct dc_rpc_client *client = client_of(&f);
    req.fill_id = (char *)(uintptr_t) "a\xff";
    assert_int_equal(send_driver(client, &req.base, &bad), -1);
    assert_int_equal(bad.kind, DC_BAD_INPUT);
    assert_non_null(strstr(bad.msg, "fill_id"));
    req.fill_id = large;
    assert_int_equal(send_driver(client, &req.base, &big), -1);
    assert_int_equal(big.kind, DC_INTERNAL);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
    free(large);
}

/* A reply with bad text fails the call on the server, with the field's name. */
static void server_refuses_to_send(void **state)
{
    Decant__V1alpha1__ProbeSourceRequest req = DECANT__V1ALPHA1__PROBE_SOURCE_REQUEST__INIT;
    struct rpc_fixture f;
    struct dc_err err = {0};
    ProtobufCMessage *reply;

    (void)state;
    must_start(&f, 1, 2);
    struct dc_rpc_client *client = client_of(&f);
    assert_int_equal(dc_rpc_call(client, &decant__v1alpha1__fills__descriptor, "ProbeSource",
                                 &req.base, 5000, &reply, NULL, &err),
                     -1);
    assert_non_null(strstr(err.msg, "format is not UTF-8"));
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

static void stop_lets_calls_finish(void **state)
{
    struct rpc_fixture f;
    struct outcome o = {0};

    (void)state;
    must_start(&f, 1, 2);
    f.messages = 2000;
    struct dc_rpc_client *client = client_of(&f);
    struct dc_rpc_async *call = async_watch(client, &o);
    assert_true(wait_for(&f.entered, 1));
    fixture_stop(&f, 5000);
    assert_true(wait_for(&o.done, 1));
    assert_int_equal(o.err.kind, DC_OK);
    assert_int_equal(o.messages, 2000);
    dc_rpc_async_free(call);
    dc_rpc_client_free(client);
}

/* Neither a client that calls nothing now nor one that never said a word holds up the end. */
static void stop_does_not_wait_for_idle_clients(void **state)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct rpc_fixture f;
    struct outcome o = {0};
    struct dc_err err = {0};

    (void)state;
    must_start(&f, 1, 2);
    struct dc_rpc_client *blocking = client_of(&f), *watching = client_of(&f);
    assert_int_equal(call_info(blocking, &err), 0);
    f.gate = true;
    struct dc_rpc_async *call = async_probe(watching, 0, &o);
    assert_true(wait_for(&o.done, 1));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(addr.sun_path, sizeof addr.sun_path, "%s/s.sock", f.dir);
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);

    uint64_t begin = dc_clock_ns();
    fixture_stop(&f, 10000);
    assert_true(dc_clock_ns() - begin < DC_NS_PER_S);
    close(fd);
    dc_rpc_async_free(call);
    dc_rpc_client_free(blocking);
    dc_rpc_client_free(watching);
}

static void stop_cuts_the_rest(void **state)
{
    struct rpc_fixture f;
    struct outcome run = {0}, wait = {0};
    uint64_t begin = dc_clock_ns();

    (void)state;
    must_start(&f, 1, 1);
    struct dc_rpc_client *client = client_of(&f);
    struct dc_rpc_async *a = async_probe(client, 0, &run);
    assert_true(wait_for(&f.entered, 1));
    struct dc_rpc_async *b = async_probe(client, 0, &wait);
    fixture_stop(&f, 50);
    assert_true(dc_clock_ns() - begin < 2 * DC_NS_PER_S);
    assert_true(wait_for(&run.done, 1) && wait_for(&wait.done, 1));
    assert_int_not_equal(run.err.kind, DC_OK);
    assert_int_not_equal(wait.err.kind, DC_OK);
    assert_int_equal(f.gone, 1);
    dc_rpc_async_free(a);
    dc_rpc_async_free(b);
    dc_rpc_client_free(client);
}

static void live_socket_is_kept(void **state)
{
    struct rpc_fixture f;
    struct dc_rpc_server *second = NULL;
    struct dc_err err = {0}, ok = {0};

    (void)state;
    must_start(&f, 1, 2);
    assert_int_equal(fixture_second(&f, &second, &err), -1);
    assert_int_equal(err.kind, DC_BUSY);
    struct dc_rpc_client *client = client_of(&f);
    assert_int_equal(call_info(client, &ok), 0);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

/* What stands at the path before the server starts decides whether it may be replaced. */
static void path_taken(void **state)
{
    static const struct {
        bool bound, listening, file;
        enum dc_err_kind want;
    } cases[] = {
        {.bound = true, .want = DC_OK}, /* a leftover of a server that was killed */
        {.bound = true, .listening = true, .want = DC_BUSY}, /* one that knows no lock */
        {.file = true, .want = DC_EXISTS},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rpc_fixture f = {.dir = "/tmp/decant-rpc.XXXXXX"};
        struct sockaddr_un addr = {.sun_family = AF_UNIX};
        struct dc_rpc_server *server = NULL;
        struct dc_err err = {0};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        assert_non_null(mkdtemp(f.dir));
        snprintf(addr.sun_path, sizeof addr.sun_path, "%s/s.sock", f.dir);
        snprintf(f.endpoint, sizeof f.endpoint, "unix://%s", addr.sun_path);
        if (cases[i].bound)
            assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof addr), 0);
        if (cases[i].listening)
            assert_int_equal(listen(fd, 1), 0);
        if (cases[i].file) {
            FILE *file = fopen(addr.sun_path, "w");
            assert_non_null(file);
            fclose(file);
        }
        int rc = fixture_second(&f, &server, &err);
        assert_int_equal(err.kind, cases[i].want);
        assert_int_equal(rc, cases[i].want == DC_OK ? 0 : -1);
        dc_rpc_server_stop(server, 0);
        close(fd);
        remove_tree(f.dir);
    }
}

static void wrong_settings(void **state)
{
    char long_path[200] = "unix:///tmp/";
    const char *const endpoints[] = {"127.0.0.1:0", "unix://relative.sock", long_path};

    (void)state;
    memset(long_path + strlen(long_path), 'x', 150);
    for (size_t i = 0; i < sizeof endpoints / sizeof endpoints[0]; i++) {
        struct dc_rpc_server_config config = {.endpoint = endpoints[i], .workers = 1};
        struct dc_rpc_server *server;
        struct dc_err err = {0};

        assert_int_equal(dc_rpc_server_start(&config, &server, &err), -1);
        assert_int_equal(err.kind, DC_BAD_INPUT);
        assert_non_null(strstr(err.msg, i == 0 ? "needs a TLS directory" : "absolute path"));
    }
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
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(failures_travel),
        cmocka_unit_test(stream_arrives),
        cmocka_unit_test(cancel_reaches_handlers),
        cmocka_unit_test(client_goes),
        cmocka_unit_test(deadline_ends_both_sides),
        cmocka_unit_test(no_server),
        cmocka_unit_test(full_queue),
        cmocka_unit_test(unknown_method),
        cmocka_unit_test(client_refuses_to_send),
        cmocka_unit_test(server_refuses_to_send),
        cmocka_unit_test(stop_lets_calls_finish),
        cmocka_unit_test(stop_does_not_wait_for_idle_clients),
        cmocka_unit_test(stop_cuts_the_rest),
        cmocka_unit_test(live_socket_is_kept),
        cmocka_unit_test(path_taken),
        cmocka_unit_test(wrong_settings),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
