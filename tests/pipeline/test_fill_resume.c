// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_fill_resume.c - downloads that break and go on, with the same file or not at all. */
#include "pipeline/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "lib/http_server.h"
#include "lib/image.h"

#define BYTES T_PLACE_BYTES
#define ETAG  "\"v1\""
#define DATE  "Mon, 01 Jan 2024 00:00:00 GMT"
#define LATER "Mon, 01 Jan 2024 00:01:00 GMT"

/* Broken at several places, each time by another fault, and whole in the end. */
static void a_broken_download_goes_on(void **state)
{
    const struct t_place *p = *state;
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
        t_place_fill(p, script, DC_LEN(script), DC_OK, &t);
        assert_true(t_same(p->path, p->image, BYTES, BYTES));
        assert_int_equal(t.progress.retries, 4);
    }
}

/* The range is ignored, but it is the same file: its first bytes are skipped. */
static void a_server_without_ranges_is_read_again(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply base = {
        .body = p->image, .len = BYTES, .etag = ETAG, .ignore_range = true};
    struct t_reply script[] = {base, base, base};
    struct t_fill t;

    script[0].cut = script[1].cut = true;
    script[0].cut_after = 2000003;
    script[1].cut_after = 1999; /* breaks while skipping */
    t_place_fill(p, script, DC_LEN(script), DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    script[0].chunked = true; /* and where no length says that it has */
    script[1].no_length = true;
    t_place_fill(p, script, DC_LEN(script), DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
}

static void a_changed_source_is_never_mixed(void **state)
{
    const struct t_place *p = *state;
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
        t_place_fill(p, script, 2, DC_CHANGED, &t);
    }
    struct t_reply liar[] = {base, base};
    liar[1].wrong_range = 512; /* another part than was asked for, to the end */
    liar[1].cut = false;
    t_place_fill(p, liar, 2, DC_REMOTE, &t);
    assert_non_null(strstr(t.err.msg, "another part"));
    assert_non_null(strstr(t.err.msg, "gave up after 7 tries"));
}

static void without_a_validator_it_cannot_go_on(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply base = {.body = p->image, .len = BYTES};
    struct t_reply script[] = {base, base, base};
    struct t_fill t;

    script[0].cut = true;
    script[0].cut_after = 1000001;
    t_place_fill(p, script, 2, DC_REMOTE, &t);
    assert_non_null(strstr(t.err.msg, "neither a strong ETag"));
    script[0].last_modified = DATE; /* another version may come in the same second */
    script[0].date = DATE;
    t_place_fill(p, script, 2, DC_REMOTE, &t);
    script[0].cut_after = 0; /* nothing has come yet: it may start over */
    script[0].last_modified = NULL;
    t_place_fill(p, script, 2, DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
}

static void a_busy_server_is_asked_again(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply script[] = {
        {.status = 503, .body = "later", .len = 5},
        {.status = 429, .headers = "Retry-After: 1\r\n", .body = "later", .len = 5},
        {.body = p->image, .len = BYTES, .etag = ETAG}};
    struct t_fill t;

    uint64_t begin = dc_clock_ns();
    t_place_fill(p, script, DC_LEN(script), DC_OK, &t);
    assert_true(dc_clock_ns() - begin >= DC_NS_PER_S); /* as long as it asked for */
    assert_int_equal(t.progress.retries, 2);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
}

/* Chunks tell no length: the part that follows has to, for it may be shorter than the rest. */
static void the_end_is_known_after_a_break(void **state)
{
    const struct t_place *p = *state;
    const struct t_reply base = {.body = p->image, .len = BYTES, .etag = ETAG};
    struct t_reply script[] = {base, base, base};
    struct t_fill t;

    script[0].chunked = script[0].cut = true;
    script[0].cut_after = 1000001;
    script[1].part_max = 500000;
    t_place_fill(p, script, 3, DC_OK, &t);
    assert_true(t_same(p->path, p->image, BYTES, BYTES));
    assert_int_equal(t.progress.retries, 2);
}

/* What the server is asked for after a break, and that progress makes the tries start over. */
static void a_slow_way_is_not_given_up(void **state)
{
    const struct t_place *p = *state;
    enum { EACH = DC_MIB + 1, BREAKS = 9 };
    const size_t len = BREAKS * EACH + 1;
    char *image = t_image_new(len, true);
    const struct t_reply reply = {
        .body = image, .len = len, .etag = ETAG, .cut = true, .cut_after = EACH};
    struct t_server *s = t_server_start(&reply, 1);
    const struct dc_fill_spec spec = {
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/x")},
        .target = DC_TARGET_FILE,
        .target_path = p->path,
        .retry_max_ms = 1};
    struct t_fill t;

    t_fill_run(&t, &spec, DC_OK);
    assert_int_equal(t.progress.retries, BREAKS);
    assert_true(t_same(p->path, image, len, len));
    assert_null(strstr(t_server_request(s, 0), "Range"));
    const char *second = t_server_request(s, 1);
    assert_non_null(strstr(second, "\r\nRange: bytes=1048577-\r\n"));
    assert_non_null(strstr(second, "\r\nIf-Range: " ETAG "\r\n"));
    t_server_stop(s);
    free(image);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, t_place_open, t_place_close)
    const struct CMUnitTest tests[] = {
        TEST(a_broken_download_goes_on),       TEST(a_server_without_ranges_is_read_again),
        TEST(a_changed_source_is_never_mixed), TEST(without_a_validator_it_cannot_go_on),
        TEST(a_busy_server_is_asked_again),    TEST(the_end_is_known_after_a_break),
        TEST(a_slow_way_is_not_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
