// SPDX-License-Identifier: Apache-2.0
/* unit/test_http_answer.c - every answer that a server may give to a wish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "source/http_answer.h"

#define V1   "\"v1\""
#define DATE "Mon, 01 Jan 2024 00:00:00 GMT"

static const struct row {
    const char *about;
    struct dc_http_head head;
    struct http_wish wish;
    enum dc_err_kind want;
    uint64_t skip;
} rows[] = {
    {"whole", {.status = 200, .content_length = 9}, {.validator = ""}, DC_OK, 0},
    {"whole, expected", {.status = 200, .etag = V1}, {.validator = V1}, DC_OK, 0},
    {"whole, another", {.status = 200, .etag = "\"v2\""}, {.validator = V1}, DC_CHANGED, 0},
    {"whole, no tag now", {.status = 200}, {.validator = V1}, DC_CHANGED, 0},
    {"whole, by date",
     {.status = 200, .etag = V1, .last_modified = DATE},
     {.validator = DATE},
     DC_OK,
     0},
    {"part unasked", {.status = 206, .has_range = true}, {.validator = ""}, DC_REMOTE, 0},
    {"head asked",
     {.status = 206, .has_range = true, .range_total = 9},
     {.validator = "", .head_only = true},
     DC_OK,
     0},
    {"head, whole instead", {.status = 200}, {.validator = "", .head_only = true}, DC_OK, 0},
    {"rest",
     {.status = 206, .has_range = true, .range_first = 5, .range_total = 9, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_OK,
     0},
    {"rest, tag left out",
     {.status = 206, .has_range = true, .range_first = 5, .range_total = 9},
     {.got = 5, .total = 9, .validator = V1},
     DC_CHANGED,
     0},
    {"rest, date left out",
     {.status = 206, .has_range = true, .range_first = 5, .range_total = 9},
     {.got = 5, .total = 9, .validator = DATE},
     DC_OK,
     0},
    {"head, date left out",
     {.status = 206, .has_range = true, .range_total = 9},
     {.validator = DATE, .head_only = true},
     DC_CHANGED,
     0},
    {"rest of another, by date",
     {.status = 206,
      .has_range = true,
      .range_first = 5,
      .range_total = 9,
      .last_modified = "x"},
     {.got = 5, .total = 9, .validator = DATE},
     DC_CHANGED,
     0},
    {"rest, total not told again",
     {.status = 206, .has_range = true, .range_first = 5, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_OK,
     0},
    {"rest, total never told",
     {.status = 206, .has_range = true, .range_first = 5, .etag = V1},
     {.got = 5, .validator = V1},
     DC_REMOTE,
     0},
    {"rest, total told at last",
     {.status = 206, .has_range = true, .range_first = 5, .range_total = 9, .etag = V1},
     {.got = 5, .validator = V1},
     DC_OK,
     0},
    {"packed", {.status = 200, .content_encoding = "gzip"}, {.validator = ""}, DC_BAD_INPUT, 0},
    {"packed, but busy",
     {.status = 503, .content_encoding = "gzip"},
     {.validator = ""},
     DC_REMOTE,
     0},
    {"rest of another",
     {.status = 206, .has_range = true, .range_first = 5, .etag = "\"v2\""},
     {.got = 5, .total = 9, .validator = V1},
     DC_CHANGED,
     0},
    {"rest, other total",
     {.status = 206, .has_range = true, .range_first = 5, .range_total = 8, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_CHANGED,
     0},
    {"other rest",
     {.status = 206, .has_range = true, .range_first = 4, .range_total = 9, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_REMOTE,
     0},
    {"rest without saying which",
     {.status = 206, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_REMOTE,
     0},
    {"range ignored",
     {.status = 200, .content_length = 9, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_OK,
     5},
    {"range ignored, other size",
     {.status = 200, .content_length = 8, .etag = V1},
     {.got = 5, .total = 9, .validator = V1},
     DC_CHANGED,
     0},
    {"shorter now", {.status = 416}, {.got = 5, .validator = V1}, DC_CHANGED, 0},
    {"empty", {.status = 416}, {.validator = "", .head_only = true}, DC_BAD_INPUT, 0},
    {"gone", {.status = 410}, {.validator = ""}, DC_NOT_FOUND, 0},
    {"proxy wants a user", {.status = 407}, {.validator = ""}, DC_DENIED, 0},
    {"timeout", {.status = 408}, {.validator = ""}, DC_REMOTE, 0},
    {"too many", {.status = 429}, {.validator = ""}, DC_REMOTE, 0},
    {"internal", {.status = 500}, {.validator = ""}, DC_REMOTE, 0},
    {"not implemented", {.status = 501}, {.validator = ""}, DC_BAD_INPUT, 0},
    {"redirect without a place", {.status = 302}, {.validator = ""}, DC_BAD_INPUT, 0},
    {"nonsense", {.status = 0}, {.validator = ""}, DC_BAD_INPUT, 0},
};

static void answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct dc_http_head head = rows[i].head;
        struct http_wish wish = rows[i].wish;
        struct dc_err err = {0};
        uint64_t skip = 77;

        wish.name = "host/path";
        if (head.content_length == 0)
            head.content_length = -1;
        int rc = http_answer_check(&head, &wish, &skip, &err);
        if (err.kind != rows[i].want)
            print_message("%s: %s\n", rows[i].about, err.msg);
        assert_int_equal(err.kind, rows[i].want);
        assert_int_equal(rc, rows[i].want == DC_OK ? 0 : -1);
        assert_int_equal(skip, rows[i].want == DC_OK ? rows[i].skip : 77);
    }
}

static void learns(void **state)
{
    struct dc_source_info info;

    (void)state;
    http_answer_learn(&(struct dc_http_head){.status = 200,
                                             .content_length = 9,
                                             .etag = V1,
                                             .last_modified = DATE,
                                             .accept_ranges = true},
                      &info);
    assert_int_equal(info.served_bytes, 9);
    assert_string_equal(info.validator, V1);
    assert_true(info.seekable);
    http_answer_learn(
        &(struct dc_http_head){
            .status = 200, .content_length = -1, .etag = "W/\"v1\"", .last_modified = DATE},
        &info);
    assert_int_equal(info.served_bytes, 0);
    assert_string_equal(info.validator, DATE); /* weak tags join nothing */
    assert_false(info.seekable);
    http_answer_learn(
        &(struct dc_http_head){
            .status = 206, .content_length = 4, .range_total = 99, .etag = "W/\"v1\""},
        &info);
    assert_int_equal(info.served_bytes, 99);
    assert_string_equal(info.validator, "");
}

static void joins(void **state)
{
    static const struct {
        struct dc_http_head head;
        bool want;
    } heads[] = {
        {{.etag = V1}, true},
        {{.etag = "W/\"v1\""}, false},
        {{.etag = "W/\"v1\"", .last_modified = DATE, .settled = true}, true},
        {{.last_modified = DATE, .settled = true}, true},
        {{.last_modified = DATE}, false},
        {{0}, false},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(heads); i++)
        assert_int_equal(http_answer_joins(&heads[i].head), heads[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(learns),
        cmocka_unit_test(joins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
