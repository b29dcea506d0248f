// SPDX-License-Identifier: Apache-2.0
/* source/http_answer.c - what the head of an answer means for a download. */
#include "source/http_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A strong ETag, else Last-Modified; NULL: none. RFC 9110 section 8.8: weak tags may not be
 * used to join parts. */
static const char *validator_of(const struct dc_http_head *head)
{
    if (head->etag && head->etag[0] == '"')
        return head->etag;
    return head->last_modified;
}

/* The value of the same kind as `known`, to compare like with like. */
static const char *validator_like(const struct dc_http_head *head, const char *known)
{
    return known[0] == '"' ? head->etag : head->last_modified;
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

/* A part: does it begin where ours ends, and is it of the same whole? */
static int part_check(const struct dc_http_head *head, const struct http_wish *wish,
                      struct dc_err *err)
{
    const char *now = wish->validator[0] ? validator_like(head, wish->validator) : NULL;

    if (now && strcmp(now, wish->validator) != 0)
        return changed(wish, now, err);
    if (!head->has_range || head->range_first != wish->got)
        return dc_fail(err, DC_REMOTE, 0,
                       "%s answers with another part than was asked for: from byte %" PRIu64
                       ", expected %" PRIu64,
                       wish->name, head->range_first, wish->got);
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
    if (head->status == 206) {
        if (wish->got == 0 && !wish->head_only)
            return dc_fail(err, DC_REMOTE, 0, "%s answers with a part, the whole was asked for",
                           wish->name);
        if (part_check(head, wish, err) != 0)
            return -1;
        *ret_skip = 0;
        return 0;
    }
    /* The whole again: the range was ignored, or If-Range says that it is another file. */
    const char *now = wish->validator[0] ? validator_like(head, wish->validator) : NULL;
    if (wish->validator[0] && (!now || strcmp(now, wish->validator) != 0))
        return changed(wish, now, err);
    if (wish->total > 0 && head->content_length >= 0 &&
        (uint64_t)head->content_length != wish->total)
        return dc_fail(err, DC_CHANGED, 0, "%s had %" PRIu64 " bytes and has %" PRId64 " now",
                       wish->name, wish->total, head->content_length);
    *ret_skip = wish->got;
    return 0;
}

void http_answer_learn(const struct dc_http_head *head, struct dc_source_info *ret)
{
    const char *validator = validator_of(head);

    *ret = (struct dc_source_info){.seekable = head->accept_ranges};
    if (head->status == 206)
        ret->served_bytes = head->range_total;
    else if (head->content_length > 0)
        ret->served_bytes = (uint64_t)head->content_length;
    if (validator)
        snprintf(ret->validator, sizeof ret->validator, "%s", validator);
}
