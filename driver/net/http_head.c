// SPDX-License-Identifier: Apache-2.0
/* net/http_head.c - what the header lines of a response say. */
#include "net/http_head.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/num.h"

/* A number that must be followed by `end`; moves *at behind it. */
static bool take_number(const char **at, char end, uint64_t *ret)
{
    char digits[24];
    size_t n = strspn(*at, "0123456789");

    if (n == 0 || n >= sizeof digits || (*at)[n] != end)
        return false;
    memcpy(digits, *at, n);
    digits[n] = '\0';
    if (!dc_parse_u64(digits, ret))
        return false;
    *at += n + (end != '\0');
    return true;
}

bool http_content_range(const char *value, uint64_t *ret_first, uint64_t *ret_total)
{
    uint64_t first = 0, last = 0, total = 0;

    if (strncasecmp(value, "bytes ", 6) != 0)
        return false;
    value += 6 + strspn(value + 6, " ");
    if (strncmp(value, "*/", 2) == 0) {
        value += 2;
    } else {
        if (!take_number(&value, '-', &first) || !take_number(&value, '/', &last) ||
            last < first)
            return false;
    }
    if (strcmp(value, "*") != 0 &&
        (!take_number(&value, '\0', &total) || last >= total + (last == 0)))
        return false;
    *ret_first = first;
    *ret_total = total;
    return true;
}

/*
 * RFC 9110 section 8.8.2.2: a date stands for one version only when it is older than the answer,
 * by a second when one clock has made both. A minute forgives two clocks.
 */
static bool is_settled(const struct http_head *h)
{
    const time_t enough_s = 60;

    if (!h->say.last_modified || !h->date[0])
        return false;
    time_t date = curl_getdate(h->date, NULL), modified = curl_getdate(h->last_modified, NULL);

    return date >= 0 && modified >= 0 && date - modified >= enough_s;
}

static void head_start(struct http_head *h, const char *line)
{
    *h = (struct http_head){.say.content_length = -1};
    const char *status = strchr(line, ' ');
    uint64_t code = 0;

    /* "HTTP/1.1 200 OK", "HTTP/2 200 ": three digits after the first blank. */
    if (status && strspn(status + 1, "0123456789") == 3) {
        char digits[4] = {status[1], status[2], status[3], '\0'};

        if (dc_parse_u64(digits, &code))
            h->say.status = (int)code;
    }
}

static uint32_t retry_after(const char *value)
{
    uint64_t seconds = 0;

    if (!dc_parse_u64(value, &seconds)) {
        time_t at = curl_getdate(value, NULL), now = time(NULL);

        seconds = at > now ? (uint64_t)(at - now) : 0;
    }
    return (uint32_t)DC_MIN(seconds, 86400u);
}

/* A value that does not fit is as good as none: half a validator compares wrong. */
static const char *keep(char *to, size_t cap, const char *value)
{
    if (strlen(value) >= cap)
        return NULL;
    memcpy(to, value, strlen(value) + 1);
    return to;
}

static void head_field(struct http_head *h, const char *name, const char *value)
{
    uint64_t n;

    if (strcasecmp(name, "content-length") == 0) {
        if (dc_parse_u64(value, &n) && n <= INT64_MAX)
            h->say.content_length = (int64_t)n;
    } else if (strcasecmp(name, "content-range") == 0) {
        h->say.has_range = http_content_range(value, &h->say.range_first, &h->say.range_total);
    } else if (strcasecmp(name, "accept-ranges") == 0) {
        h->say.accept_ranges = strcasecmp(value, "bytes") == 0;
    } else if (strcasecmp(name, "etag") == 0) {
        h->say.etag = keep(h->etag, sizeof h->etag, value);
    } else if (strcasecmp(name, "last-modified") == 0) {
        h->say.last_modified = keep(h->last_modified, sizeof h->last_modified, value);
    } else if (strcasecmp(name, "date") == 0) {
        (void)keep(h->date, sizeof h->date, value);
    } else if (strcasecmp(name, "content-encoding") == 0) {
        if (value[0] && strcasecmp(value, "identity") != 0) {
            (void)snprintf(h->content_encoding, sizeof h->content_encoding, "%s", value);
            h->say.content_encoding = h->content_encoding;
        }
    } else if (strcasecmp(name, "retry-after") == 0) {
        h->say.retry_after_s = retry_after(value);
    } else if (strcasecmp(name, "location") == 0) {
        h->location_too_long = !keep(h->location, sizeof h->location, value);
    }
}

void http_head_line(struct http_head *h, const char *line, size_t len)
{
    char text[sizeof h->location + 64];

    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r' || line[len - 1] == ' '))
        len--;
    bool cut = len >= sizeof text;
    len = DC_MIN(len, sizeof text - 1);
    memcpy(text, line, len);
    text[len] = '\0';

    if (strncmp(text, "HTTP/", 5) == 0) {
        head_start(h, text);
        return;
    }
    if (h->complete)
        return;
    if (len == 0) {
        h->complete = h->say.status >= 200;
        h->say.accept_ranges = h->say.accept_ranges || h->say.status == 206;
        h->say.settled = is_settled(h);
        return;
    }
    char *colon = strchr(text, ':');
    if (!colon || (cut && strncasecmp(text, "location:", 9) != 0))
        return;
    *colon = '\0';
    colon += 1 + strspn(colon + 1, " \t");
    head_field(h, text, colon);
}
