// SPDX-License-Identifier: Apache-2.0
/*
 * net/multi.h - a curl multi handle on a dc_loop, and the rule that curl is never re-entered.
 *
 * Everything that calls into curl stands between http_enter() and http_leave(). Handles are
 * added and removed only by the outermost http_leave(), so a callback may start, cancel or free
 * whatever it likes.
 */
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

#include "net/http.h"

struct dc_http {
    struct dc_loop *loop;
    CURLM *multi;               /* NULL after a breakdown: made anew by the next start */
    struct dc_loop_timer timer; /* curl's                                    */
    struct dc_loop_timer defer; /* resumes that were asked for: next turn    */
    struct dc_http_req *first, *last;
    unsigned busy; /* depth of http_enter()                     */
    bool broken;   /* curl could not watch a socket: its multi is dead   */
    bool dying;    /* freed by the outermost http_leave()       */
    bool global;   /* curl_global_init() has succeeded          */
};

/* Make the multi handle if there is none. */
int http_multi(struct dc_http *http, struct dc_err *err);
void http_enter(struct dc_http *http);
void http_leave(struct dc_http *http);

/* --- what multi.c needs from http.c --- */

/* Add to curl what has been started, take out and free what has been cancelled. */
void http_sweep(struct dc_http *http);
/* End all that is under way with *err. */
void http_fail_all(struct dc_http *http, const struct dc_err *err);
/* curl has ended this transfer. */
void http_transfer_ended(CURL *easy, CURLcode rc);
/* Go on with those whose receivers have room again. */
void http_resume_all(struct dc_http *http);
