// SPDX-License-Identifier: Apache-2.0
/* source/http_answer.c - what the head of an answer means for a download. */
#include "source/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* RFC 9110 section 8.8: weak tags may not be used to join parts. */
static bool has_strong_tag(const struct dc_http_head *head)
{
    return head->etag && head->etag[0] == '"';
}

static int status_check(const struct dc_http_head *head, const struct http_wish *wish,
                        struct dc_err *err)
{
    int status = head->status;

    if (status == 200 || status == 206)
        return 0;
    if (status == 404 || status == 410)
        return dc_fail(err, DC_NOT_FOUND, 0,
                       "%s answers %d (not found); check the url of the Import", wish->name,
                       status);
    if (status == 401 || status == 403 || status == 407)
        return dc_fail(err, DC_DENIED, 0,
                       "%s answers %d (access denied); check the url and the Secret that "
                       "secretRef names",
                       wish->name, status);
    if (status == 416 && wish->got > 0)
        return dc_fail(err, DC_CHANGED, 0, "%s has no byte %" PRIu64 " any more", wish->name,
                       wish->got);
    if (status == 416 && wish->head_only)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is empty; expected a disk image", wish->name);
    if (status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505))
        return dc_fail(err, DC_REMOTE, 0, "%s answers %d; the server cannot serve it now",
                       wish->name, status);
    return dc_fail(err, DC_BAD_INPUT, 0,
                   "%s answers %d, expected 200; check the url of the Import", wish->name,
                   status);
}

static int changed(const struct http_wish *wish, const char *now, struct dc_err *err)
{
    return dc_fail(err, DC_CHANGED, 0, "%s is not what it was: it was %.100s and is %.100s",
                   wish->name, wish->validator, now ? now : "without a validator");
}

/*
 * Is it the version that is wanted? RFC 9110 section 15.3.7: a 206 must repeat the ETag; a date
 * may be left out where If-Range has vouched for it.
 */
static int version_check(const struct dc_http_head *head, const struct http_wish *wish,
                         struct dc_err *err)
{
    if (!wish->validator[0])
        return 0;

    bool by_tag = wish->validator[0] == '"';
    const char *now = by_tag ? head->etag : head->last_modified;
    if (!now && !by_tag && head->status == 206 && wish->got > 0)
        return 0;
    return now && strcmp(now, wish->validator) == 0 ? 0 : changed(wish, now, err);
}

/* A part: does it begin where ours ends, and is it of the same whole? */
static int part_check(const struct dc_http_head *head, const struct http_wish *wish,
                      struct dc_err *err)
{
    if (wish->got == 0 && !wish->head_only)
        return dc_fail(err, DC_REMOTE, 0, "%s answers with a part, the whole was asked for",
                       wish->name);
    if (!head->has_range || head->range_first != wish->got)
        return dc_fail(err, DC_REMOTE, 0,
                       "%s answers with another part than was asked for: from byte %" PRIu64
                       ", expected %" PRIu64,
                       wish->name, head->range_first, wish->got);
    if (wish->got > 0 && wish->total == 0 && head->range_total == 0)
        return dc_fail(err, DC_REMOTE, 0,
                       "%s does not say how long it is: the end of the part that it answers "
                       "with may not be its end",
                       wish->name);
    if (wish->total > 0 && head->range_total > 0 && head->range_total != wish->total)
        return dc_fail(err, DC_CHANGED, 0, "%s had %" PRIu64 " bytes and has %" PRIu64 " now",
                       wish->name, wish->total, head->range_total);
    return 0;
}

int http_answer_check(const struct dc_http_head *head, const struct http_wish *wish,
                      uint64_t *ret_skip, struct dc_err *err)
{
    if (status_check(head, wish, err) != 0)
        return -1;
    if (head->content_encoding)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "%s comes with Content-Encoding: %s, though it was asked for as it is; "
                       "have the server send the file unchanged",
                       wish->name, head->content_encoding);
    if (version_check(head, wish, err) != 0)
        return -1;
    if (head->status == 206) {
        if (part_check(head, wish, err) != 0)
            return -1;
        *ret_skip = 0;
        return 0;
    }
    /* The whole again: the range was ignored. */
    if (wish->total > 0 && head->content_length >= 0 &&
        (uint64_t)head->content_length != wish->total)
        return dc_fail(err, DC_CHANGED, 0, "%s had %" PRIu64 " bytes and has %" PRId64 " now",
                       wish->name, wish->total, head->content_length);
    *ret_skip = wish->got;
    return 0;
}

void http_answer_learn(const struct dc_http_head *head, struct dc_source_info *ret)
{
    const char *validator = has_strong_tag(head) ? head->etag : head->last_modified;

    *ret = (struct dc_source_info){.seekable = head->accept_ranges};
    if (head->status == 206)
        ret->served_bytes = head->range_total;
    else if (head->content_length > 0)
        ret->served_bytes = (uint64_t)head->content_length;
    if (validator)
        snprintf(ret->validator, sizeof ret->validator, "%s", validator);
}

bool http_answer_joins(const struct dc_http_head *head)
{
    return has_strong_tag(head) || (head->last_modified && head->settled);
}
