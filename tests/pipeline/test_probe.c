// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_probe.c - what a look at the head of a source tells, and how little it reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/fill.h"
#include "lib/http_server.h"
#include "net/loop.h"

struct look {
    struct dc_source_info info;
    struct dc_err err;
    bool done;
};

static void on_done(void *arg, const struct dc_source_info *info, const struct dc_err *err)
{
    struct look *l = arg;

    assert_false(l->done);
    *l = (struct look){.info = *info, .err = *err, .done = true};
}

static struct look probe(const char *url, bool cancel)
{
    const struct dc_source_spec spec = {.kind = DC_SOURCE_HTTP, .url = url};
    struct look l = {0};
    const struct dc_probe_events ev = {.done = on_done, .arg = &l};
    struct dc_probe *p = NULL;
    struct dc_loop *loop = NULL;
    struct dc_err err = {0};
    uint64_t end = dc_clock_ns() + (cancel ? DC_NS_PER_S / 5 : 10 * DC_NS_PER_S);

    assert_int_equal(dc_loop_new(&loop, &err), 0);
    assert_int_equal(dc_probe_start(loop, &spec, &ev, &p, &err), 0);
    while (!l.done && dc_clock_ns() < end)
        assert_int_equal(dc_loop_step(loop, 20, &err), 0);
    if (cancel)
        dc_probe_cancel(p);
    dc_loop_free(loop);
    return l;
}

static void looks_at_the_head(void **state)
{
    static char image[300000];
    static const struct {
        struct t_reply reply;
        enum dc_err_kind want;
        const char *format;
        uint64_t served, size;
        bool seekable;
    } rows[] = {
        {{.body = image, .len = sizeof image, .etag = "\"1\""},
         DC_OK,
         "raw",
         sizeof image,
         sizeof image,
         true},
        {{.body = image, .len = sizeof image, .ignore_range = true},
         DC_OK,
         "raw",
         sizeof image,
         sizeof image,
         false},
        {{.body = image, .len = sizeof image, .ignore_range = true, .chunked = true},
         DC_OK,
         "raw",
         0,
         0,
         false},
        {{.body = image, .len = 100}, DC_OK, "raw", 100, 100, true},
        {{.body = "QFI\xfb\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0", .len = 32},
         DC_UNSUPPORTED,
         "qcow2",
         32,
         1ull << 32,
         true},
        {{.body = "\x1f\x8b\x08", .len = 3, .etag = "\"1\""}, DC_OK, "gzip", 3, 0, true},
        {{.status = 416, .headers = "Content-Range: bytes */0\r\n", .body = "", .len = 0},
         DC_BAD_INPUT,
         "",
         0,
         0,
         false},
        {{.status = 404, .body = "", .len = 0}, DC_NOT_FOUND, "", 0, 0, false},
        {{.status = 503, .body = "", .len = 0}, DC_REMOTE, "", 0, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct t_server *s = t_server_start(&rows[i].reply, 1);
        struct look l = probe(t_server_url(s, "/x"), false);

        assert_true(l.done);
        if (l.err.kind != rows[i].want)
            print_message("row %zu: %s\n", i, l.err.msg);
        assert_int_equal(l.err.kind, rows[i].want);
        assert_string_equal(l.info.format, rows[i].format);
        assert_int_equal(l.info.served_bytes, rows[i].served);
        assert_int_equal(l.info.virtual_bytes, rows[i].size);
        assert_int_equal(l.info.seekable, rows[i].seekable);
        assert_int_equal(t_server_requests(s), 1); /* no retries: its owner asks again */
        assert_non_null(strstr(t_server_request(s, 0), "Range: bytes=0-511\r\n"));
        t_server_stop(s);
    }
}

static void a_cancelled_probe_says_nothing(void **state)
{
    static const struct t_reply reply = {.body = "abc", .len = 3, .stall = true};
    struct t_server *s = t_server_start(&reply, 1);

    (void)state;
    assert_false(probe(t_server_url(s, "/x"), true).done);
    t_server_stop(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_the_head),
        cmocka_unit_test(a_cancelled_probe_says_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
