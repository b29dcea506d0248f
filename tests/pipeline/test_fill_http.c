// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_fill_http.c - servers that break, lie, change their mind or have something else. */
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

#define BYTES (3 * DC_MIB + 777)
#define ETAG  "\"v1\""
#define DATE  "Mon, 01 Jan 2024 00:00:00 GMT"
#define LATER "Mon, 01 Jan 2024 00:01:00 GMT"

struct place {
    char dir[64], path[96], *image;
};

static int place_open(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    snprintf(p->dir, sizeof p->dir, "/var/tmp/decant-fill-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/disk.img", p->dir);
    p->image = t_image_new(BYTES, true);
    *state = p;
    return 0;
}

static int place_close(void **state)
{
    struct place *p = *state;

    unlink(p->path);
    rmdir(p->dir);
    free(p->image);
    free(p);
    return 0;
}

/* Fill a file from this script; the server is gone afterwards. */
static void fill(const struct place *p, const struct t_reply *script, size_t n,
                 enum dc_err_kind want, struct t_fill *t)
{
    struct t_server *s = t_server_start(script, n);
    const struct dc_fill_spec spec = {
        .id = "test",
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/disk.img?key=t0ken")},
        .target = DC_TARGET_FILE,
        .target_path = p->path,
        .retry_max_ms = 1};

    t_fill_run(t, &spec, want);
    assert_null(strstr(t->err.msg, "t0ken"));
    t_server_stop(s);
}

/* Broken at several places, each time by another fault, and whole in the end. */
static void a_broken_download_goes_on(void **state)
{
    const struct place *p = *state;
    static const char *const etag[] = {ETAG, NULL, "W/\"weak\""};

    for (size_t i = 0; i < DC_LEN(etag); i++) {
        const struct t_reply base = {.body = p->image,
                                     .len = BYTES,
                                     .etag = etag[i],
                                     .last_modified = i == 0 ? NULL : DATE,
                                     .date = LATER};
        struct t_reply script[] = {base, base, base, base, base};
        struct t_fill t;

        script[0].cut = true; /* before the first byte */
        script[1].cut = true;
        script[1].cut_after = 1000001;
        script[2].silent = true;
        script[3].cut = true;
        script[3].cut_after = 1;
        if (i == 2) {
            /* If-Range with a date: the server of these tests compares with the ETag first. */
            for (size_t j = 0; j < DC_LEN(script); j++)
                script[j].etag = NULL;
        }
        fill(p, script, DC_LEN(script), DC_OK, &t);
        assert_true(t_same(p->path, p->image, BYTES, BYTES));
        assert_int_equal(t.progress.retries, 4);
    }
}

/* The range is ignored, but it is the same file: its first bytes are skipped. */
static void a_server_without_ranges_is_read_again(void **state)
{
    const struct place *p = *state;
    const struct t_reply base = {
        .body = p->image, .len = BYTES, .etag = ETAG, .ignore_range = true};
    struct t_reply script[] = {base, base, base};
    struct t_fill t;

    script[0].cut = script[1].cut = true;
    script[0].cut_after = 2000003;
    script[1].cut_after = 1999; /* breaks while skipping */
    fill(p, script, DC_LEN(script), DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
}

static void a_changed_source_is_never_mixed(void **state)
{
    const struct place *p = *state;
    const struct t_reply base = {
        .body = p->image, .len = BYTES, .etag = ETAG, .cut = true, .cut_after = 1000001};
    struct t_reply after[] = {base, base, base, base, base, base};
    struct t_fill t;

    after[0].etag = "\"v2\"";     /* If-Range answers 200 with another file */
    after[1].etag = NULL;         /* 200 without saying which               */
    after[2].wrong_total = 1;     /* a part of a larger file                */
    after[3].ignore_range = true; /* the same tag, another size             */
    after[3].len = BYTES - 5;
    after[4].len = 1000; /* shorter than what we have: 416         */
    after[4].status = 416;
    after[5].etag = NULL; /* a part without saying of which         */
    after[5].deaf = true;
    for (size_t i = 0; i < DC_LEN(after); i++) {
        struct t_reply script[] = {base, after[i]};

        script[1].cut = false;
        fill(p, script, 2, DC_CHANGED, &t);
    }
    struct t_reply liar[] = {base, base};
    liar[1].wrong_range = 512; /* another part than was asked for, to the end */
    liar[1].cut = false;
    fill(p, liar, 2, DC_REMOTE, &t);
    assert_non_null(strstr(t.err.msg, "another part"));
    assert_non_null(strstr(t.err.msg, "gave up after 7 tries"));
}

static void without_a_validator_it_cannot_go_on(void **state)
{
    const struct place *p = *state;
    const struct t_reply base = {.body = p->image, .len = BYTES};
    struct t_reply script[] = {base, base, base};
    struct t_fill t;

    script[0].cut = true;
    script[0].cut_after = 1000001;
    fill(p, script, 2, DC_REMOTE, &t);
    assert_non_null(strstr(t.err.msg, "neither a strong ETag"));
    script[0].last_modified = DATE; /* another version may come in the same second */
    script[0].date = DATE;
    fill(p, script, 2, DC_REMOTE, &t);
    script[0].cut_after = 0; /* nothing has come yet: it may start over */
    script[0].last_modified = NULL;
    fill(p, script, 2, DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
}

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
    const struct place *p = *state;
    struct t_fill t;

    for (size_t i = 0; i < DC_LEN(rows); i++) {
        const struct t_reply reply = {.status = rows[i].status, .body = "no", .len = 2};

        fill(p, &reply, 1, rows[i].want, &t);
        assert_non_null(strstr(t.err.msg, rows[i].says));
        assert_non_null(strstr(t.err.msg, "/disk.img"));
        assert_int_equal(t.progress.retries, 0);
    }
}

static void a_busy_server_is_asked_again(void **state)
{
    const struct place *p = *state;
    const struct t_reply script[] = {
        {.status = 503, .body = "later", .len = 5},
        {.status = 429, .headers = "Retry-After: 1\r\n", .body = "later", .len = 5},
        {.body = p->image, .len = BYTES, .etag = ETAG}};
    struct t_fill t;

    fill(p, script, DC_LEN(script), DC_OK, &t);
    assert_int_equal(t.progress.retries, 2);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
}

static void lengths_that_lie(void **state)
{
    const struct place *p = *state;
    const struct t_reply base = {.body = p->image, .len = BYTES, .etag = ETAG};
    struct t_reply script[] = {base, base};
    struct t_fill t;

    script[0].more_length = 10; /* says more than it has, and then the right number */
    fill(p, script, 2, DC_CHANGED, &t);
    const struct t_reply open_end = {.body = p->image, .len = BYTES, .no_length = true};
    fill(p, &open_end, 1, DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    assert_int_equal(t.progress.total, 0);
}

/* Chunks tell no length: the part that follows has to, for it may be shorter than the rest. */
static void the_end_is_known_after_a_break(void **state)
{
    const struct place *p = *state;
    const struct t_reply base = {.body = p->image, .len = BYTES, .etag = ETAG};
    struct t_reply script[] = {base, base, base};
    struct t_fill t;

    script[0].chunked = script[0].cut = true;
    script[0].cut_after = 1000001;
    script[1].part_max = 500000;
    fill(p, script, 3, DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    assert_int_equal(t.progress.retries, 2);
}

/* Bytes are wanted as they are stored; what a server packs on the way is somebody else's file. */
static void a_packed_answer_is_refused(void **state)
{
    const struct place *p = *state;
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
        {"\x1f\x8b\x08", 3, DC_UNSUPPORTED, "gzip"},
        {"<!DOCTYPE html><html>", 21, DC_BAD_INPUT, "web page"},
        {"", 0, DC_BAD_INPUT, "empty"},
    };
    const struct place *p = *state;
    struct t_fill t;

    for (size_t i = 0; i < DC_LEN(rows); i++) {
        const struct t_reply reply = {.body = rows[i].head, .len = rows[i].len};

        fill(p, &reply, 1, rows[i].want, &t);
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
    const struct place *p = *state;
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
    const struct place *p = *state;

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
    const struct place *p = *state;
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
    const struct place *p = *state;
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
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(a_broken_download_goes_on),
        TEST(a_server_without_ranges_is_read_again),
        TEST(a_changed_source_is_never_mixed),
        TEST(without_a_validator_it_cannot_go_on),
        TEST(statuses_have_kinds),
        TEST(a_busy_server_is_asked_again),
        TEST(lengths_that_lie),
        TEST(the_end_is_known_after_a_break),
        TEST(a_packed_answer_is_refused),
        TEST(not_an_image_is_refused_by_name),
        TEST(checksums_are_checked),
        TEST(files_get_the_size_they_should),
        TEST(a_file_is_a_source_too),
        TEST(no_allocation_is_taken_for_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
