// SPDX-License-Identifier: Apache-2.0
/* source/http_answer.h - what the head of an answer means for a download. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/err.h"
#include "decant/source.h"
#include "net/http.h"

/* What was asked for, and what is known already. */
struct http_wish {
    const char *name;      /* "host/path" for texts                                      */
    uint64_t got;          /* bytes that we have: the answer should go on there          */
    bool head_only;        /* a range of the first bytes was asked for                   */
    uint64_t total;        /* of the earlier answer; 0: not told                         */
    const char *validator; /* of the earlier answer, or what the caller expects; "": any */
};

/*
 * May the body be taken? 0: yes, after dropping its first *ret_skip bytes. Else NOT_FOUND,
 * DENIED, BAD_INPUT (the url or the request is wrong), REMOTE (again later), CHANGED.
 */
int http_answer_check(const struct dc_http_head *head, const struct http_wish *wish,
                      uint64_t *ret_skip, struct dc_err *err);

/* Sizes and validator from a first answer that has passed the check. */
void http_answer_learn(const struct dc_http_head *head, struct dc_source_info *ret);
/* Does its validator stand for one version only, so that a broken download may go on? */
bool http_answer_joins(const struct dc_http_head *head);
