// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_fill_http.c - servers that refuse, lie or have something else, and files. */
#include "pipeline/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "lib/fault.h"
#include "lib/http_server.h"
#include "lib/image.h"

#define BYTES T_PLACE_BYTES
#define ETAG  "\"v1\""

static void statuses_have_kinds(void **state)
{
    static const struct {
        int status;
        enum dc_err_kind want;
        const char *says;
    } rows[] = {
        {404, DC_NOT_FOUND, "check the url"}, {410, DC_NOT_FOUND, "410"},
        {401, DC_DENIED, "secretRef"},        {403, DC_DENIED, "secretRef"},
        {400, DC_BAD_INPUT, "expected 200"},  {204, DC_BAD_INPUT, "204"},
    };
    const struct t_place *p = *state;
    struct t_fill t;

    for (size_t i = 0; i < DC_LEN(rows); i++) {
        const struct t_reply reply = {.status = rows[i].status, .body = "no", .len = 2};

        t_place_fill(p, &reply, 1, rows[i].want, &t);
        assert_non_null(strstr(t.err.msg, rows[i].says));
        assert_non_null(strstr(t.err.msg, "/disk.img"));
        assert_int_equal(t.progress.retries, 0);
    }
}

static void lengths_that_lie(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply base = {.body = p->image, .len = BYTES, .etag = ETAG};
    struct t_reply script[] = {base, base};
    struct t_fill t;

    script[0].more_length = 10; /* says more than it has, and then the right number */
    t_place_fill(p, script, 2, DC_CHANGED, &t);
    script[0].more_length = 0; /* more than it said */
    script[0].len = BYTES - 5;
    script[0].cut = script[1].chunked = script[1].ignore_range = true;
    script[0].cut_after = 1000001;
    t_place_fill(p, script, 2, DC_CORRUPT, &t);
    const struct t_reply open_end = {.body = p->image, .len = BYTES, .no_length = true};
    t_place_fill(p, &open_end, 1, DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    assert_int_equal(t.progress.total, 0);
}

/* Bytes are wanted as they are stored; what a server packs on the way is somebody else's file. */
static void a_packed_answer_is_refused(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply reply = {
        .body = p->image, .len = BYTES, .headers = "Content-Encoding: br\r\n"};
    struct t_server *s = t_server_start(&reply, 1);
    const struct dc_fill_spec spec = {
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/x")},
        .target = DC_TARGET_FILE,
        .target_path = p->path};
    struct t_fill t;

    t_fill_run(&t, &spec, DC_BAD_INPUT);
    assert_non_null(strstr(t.err.msg, "Content-Encoding: br"));
    assert_non_null(strstr(t_server_request(s, 0), "Accept-Encoding: identity\r\n"));
    t_server_stop(s);
}

static void not_an_image_is_refused_by_name(void **state)
{
    static const struct {
        const char *head;
        size_t len;
        enum dc_err_kind want;
        const char *says;
    } rows[] = {
        {"QFI\xfb\0\0\0\3", 8, DC_UNSUPPORTED, "qcow2"},
        {"\x1f\x8b\x08", 3, DC_CORRUPT, "ends too early"},
        {"<!DOCTYPE html><html>", 21, DC_BAD_INPUT, "web page"},
        {"", 0, DC_BAD_INPUT, "empty"},
    };
    const struct t_place *p = *state;
    struct t_fill t;

    for (size_t i = 0; i < DC_LEN(rows); i++) {
        const struct t_reply reply = {.body = rows[i].head, .len = rows[i].len};

        t_place_fill(p, &reply, 1, rows[i].want, &t);
        assert_non_null(strstr(t.err.msg, rows[i].says));
        assert_int_equal(access(p->path, F_OK), -1); /* the target was not touched */
    }
}

static void checksums_are_checked(void **state)
{
    static const struct {
        const char *checksum;
        enum dc_err_kind want;
    } rows[] = {
        {"sha256:2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824", DC_OK},
        {"md5:5d41402abc4b2a76b9719d911017c592", DC_OK},
        {"md5:00000000000000000000000000000000", DC_CORRUPT},
        {"sha256:0000000000000000000000000000000000000000000000000000000000000000", DC_CORRUPT},
    };
    static const struct t_reply reply = {.body = "hello", .len = 5};
    const struct t_place *p = *state;
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = {
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/x")},
        .target = DC_TARGET_FILE,
        .target_path = p->path};
    struct dc_err err = {0};
    struct t_fill t;

    for (size_t i = 0; i < DC_LEN(rows); i++) {
        spec.checksum = rows[i].checksum;
        t_fill_run(&t, &spec, rows[i].want);
        if (rows[i].want == DC_OK)
            assert_non_null(strstr(t.progress.digest, "sha256:2cf24dba"));
    }
    spec.checksum = "sha256:12";
    const struct dc_fill_events ev = {.done = (void (*)(void *, const struct dc_fill_progress *,
                                                        const struct dc_err *))abort};
    struct dc_loop *loop = NULL;
    assert_int_equal(dc_loop_new(&loop, &err), 0);
    assert_int_equal(dc_fill_start(loop, &spec, &ev, &t.fill, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_loop_free(loop);
    t_server_stop(s);
}

/* Something that was there before, and of which nothing may be left. */
static void old_content(const char *path, size_t len)
{
    char *old = malloc(len);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    memset(old, 0xa5, len);
    assert_int_equal(write(fd, old, len), len);
    close(fd);
    free(old);
}

static void files_get_the_size_they_should(void **state)
{
    static const struct {
        uint64_t file, max, want; /* want 0: refused */
    } rows[] = {
        {0, 0, BYTES},
        {BYTES + 5, 0, BYTES + 5},
        {100, 0, BYTES},
        {0, BYTES, BYTES},
        {0, BYTES - 1, 0},
        {8 * DC_MIB, BYTES - 1, 0},
        {8 * DC_MIB, 8 * DC_MIB, 8 * DC_MIB},
    };
    const struct t_place *p = *state;

    for (size_t i = 0; i < 2 * DC_LEN(rows); i++) {
        const size_t r = i / 2;
        const struct t_reply reply = {.body = p->image, .len = BYTES, .chunked = i % 2};
        struct t_server *s = t_server_start(&reply, 1);
        const struct dc_fill_spec spec = {
            .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/x")},
            .target = DC_TARGET_FILE,
            .target_path = p->path,
            .file_bytes = rows[r].file,
            .max_bytes = rows[r].max};
        struct stat st;
        struct t_fill t;

        old_content(p->path, 5 * DC_MIB);
        t_fill_run(&t, &spec, rows[r].want ? DC_OK : DC_NO_SPACE);
        if (rows[r].want) {
            assert_int_equal(stat(p->path, &st), 0);
            assert_int_equal(st.st_size, rows[r].want);
            assert_true(t_same(p->path, p->image, BYTES, rows[r].want));
            assert_true((uint64_t)st.st_blocks * 512 < BYTES * 3 / 4); /* holes stay holes */
        }
        t_server_stop(s);
    }
}

static void a_file_is_a_source_too(void **state)
{
    const struct t_place *p = *state;
    char from[112];
    struct dc_fill_spec spec = {.source = {.kind = DC_SOURCE_FILE, .url = from},
                                .target = DC_TARGET_FILE,
                                .target_path = p->path};
    struct t_fill t;

    snprintf(from, sizeof from, "%s/from", p->dir);
    t_fill_run(&t, &spec, DC_NOT_FOUND);
    int fd = open(from, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, p->image, BYTES), BYTES);
    close(fd);
    t_fill_run(&t, &spec, DC_OK);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    spec.validator = "another";
    t_fill_run(&t, &spec, DC_CHANGED);
    spec.source.url = p->dir;
    spec.validator = NULL;
    struct dc_err err = {0};
    assert_int_equal(t_fill_try(&t, &spec, &err), -1); /* a directory */
    assert_int_equal(err.kind, DC_BAD_INPUT);
    unlink(from);
}

/* Each allocation of our rooms fails in turn: an error, no leak, no crash, and then success. */
static void no_allocation_is_taken_for_granted(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply reply = {.body = p->image, .len = BYTES, .etag = ETAG};
    struct t_server *s = t_server_start(&reply, 1);
    bool fired = true;

    for (long nth = 0; fired; nth++) {
        const struct dc_fill_spec spec = {
            .id = "torture",
            .source = {.kind = DC_SOURCE_HTTP,
                       .url = t_server_url(s, "/x"),
                       .user = "u",
                       .password = "p",
                       .headers = (const char *const[]){"A: b", NULL}},
            .target = DC_TARGET_FILE,
            .target_path = p->path,
            .checksum = NULL};
        struct t_fill t = {0};
        struct dc_err err = {0};

        assert_true(nth < 1000);
        t_fault_arm(nth);
        int rc = t_fill_try(&t, &spec, &err);
        fired = t_fault_disarm();
        if (rc == 0)
            err = t.err;
        if (fired && err.kind == DC_OK)
            continue; /* a failed allocation that a retry has made good */
        assert_int_equal(err.kind, fired ? DC_NO_MEMORY : DC_OK);
    }
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    t_server_stop(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, t_place_open, t_place_close)
    const struct CMUnitTest tests[] = {
        TEST(statuses_have_kinds),        TEST(lengths_that_lie),
        TEST(a_packed_answer_is_refused), TEST(not_an_image_is_refused_by_name),
        TEST(checksums_are_checked),      TEST(files_get_the_size_they_should),
        TEST(a_file_is_a_source_too),     TEST(no_allocation_is_taken_for_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
