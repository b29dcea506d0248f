// SPDX-License-Identifier: Apache-2.0
/* unit/test_http_head.c - header lines as servers write them, and as they should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "net/http_head.h"

static void feed(struct http_head *h, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n") + 1;

        http_head_line(h, text, n);
        text += n;
    }
}

static void reads_fields(void **state)
{
    struct http_head h = {0};

    (void)state;
    feed(&h, "HTTP/1.1 100 Continue\r\nX: y\r\n\r\n");
    assert_false(h.complete);
    feed(&h, "HTTP/2 206 \r\ncontent-length: 5\r\nContent-Range:bytes 5-9/10\r\n"
             "ETAG: \"abc\" \r\nlast-modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
             "Content-Encoding: identity\r\nRetry-After: 7\r\nLocation: /x\r\n\r\n");
    assert_true(h.complete);
    assert_int_equal(h.say.status, 206);
    assert_int_equal(h.say.content_length, 5);
    assert_true(h.say.has_range && h.say.accept_ranges);
    assert_int_equal(h.say.range_first, 5);
    assert_int_equal(h.say.range_total, 10);
    assert_string_equal(h.say.etag, "\"abc\"");
    assert_string_equal(h.say.last_modified, "Mon, 01 Jan 2024 00:00:00 GMT");
    assert_null(h.say.content_encoding);
    assert_false(h.say.settled); /* no Date */
    assert_string_equal(h.location, "/x");
    assert_int_equal(h.say.retry_after_s, 7);
    feed(&h, "ETag: \"trailer\"\r\n");
    assert_string_equal(h.say.etag, "\"abc\"");
}

static void bad_values_are_no_values(void **state)
{
    struct http_head h = {0};
    char line[6000] = "ETag: ", where[6000] = "Location: ";

    (void)state;
    memset(line + 6, 'e', 600);
    memset(where + 10, 'l', sizeof where - 12);
    feed(&h, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\nContent-Range: bytes x\r\n"
             "Retry-After: soon\r\nno colon here\r\nAccept-Ranges: none\r\n");
    feed(&h, line);
    feed(&h, where);
    assert_int_equal(h.say.content_length, -1);
    assert_false(h.say.has_range || h.say.accept_ranges);
    assert_int_equal(h.say.retry_after_s, 0);
    assert_null(h.say.etag);
    assert_true(h.location_too_long);
    feed(&h, "HTTP/1.1 abc\r\n\r\n");
    assert_int_equal(h.say.status, 0);
    assert_false(h.complete);
}

static void encodings_are_told(void **state)
{
    struct http_head h = {0};

    (void)state;
    feed(&h, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\n\r\n");
    assert_string_equal(h.say.content_encoding, "gzip");
    feed(&h,
         "HTTP/1.1 200 OK\r\nContent-Encoding: br, br, br, br, br, br, br, br, br, br\r\n\r\n");
    assert_true(strncmp(h.say.content_encoding, "br, br", 6) == 0); /* too long is not none */
    feed(&h, "HTTP/1.1 200 OK\r\nContent-Encoding: \r\n\r\n");
    assert_null(h.say.content_encoding);
}

/* A Last-Modified stands for one version once nobody can make another in its second. */
static void dates_settle(void **state)
{
    static const struct {
        const char *lines;
        bool want;
    } rows[] = {
        {"Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
         "Date: Mon, 01 Jan 2024 00:01:00 GMT\r\n",
         true},
        {"Date: Mon, 01 Jan 2024 00:00:59 GMT\r\n"
         "Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
         false},
        {"Last-Modified: Tue, 02 Jan 2024 00:00:00 GMT\r\n"
         "Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n",
         false},
        {"Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\n", false},
        {"Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n", false},
        {"Last-Modified: once\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n", false},
        {"Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nDate: now\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct http_head h = {0};

        feed(&h, "HTTP/1.1 200 OK\r\n");
        feed(&h, rows[i].lines);
        feed(&h, "\r\n");
        assert_int_equal(h.say.settled, rows[i].want);
    }
}

static void content_range(void **state)
{
    static const struct {
        const char *value;
        bool ok;
        uint64_t first, total;
    } rows[] = {
        {"bytes 0-0/1", true, 0, 1},    {"bytes 5-9/10", true, 5, 10},
        {"bytes 5-9/*", true, 5, 0},    {"bytes */0", true, 0, 0},
        {"bytes */77", true, 0, 77},    {"bytes 9-5/10", false, 0, 0},
        {"bytes 5-10/10", false, 0, 0}, {"bytes 5-9/18446744073709551616", false, 0, 0},
        {"items 5-9/10", false, 0, 0},  {"bytes 5-9", false, 0, 0},
        {"bytes -9/10", false, 0, 0},   {"", false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        uint64_t first = 99, total = 99;

        assert_int_equal(http_content_range(rows[i].value, &first, &total), rows[i].ok);
        assert_int_equal(first, rows[i].ok ? rows[i].first : 99);
        assert_int_equal(total, rows[i].ok ? rows[i].total : 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields),       cmocka_unit_test(bad_values_are_no_values),
        cmocka_unit_test(encodings_are_told), cmocka_unit_test(dates_settle),
        cmocka_unit_test(content_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
