// SPDX-License-Identifier: Apache-2.0
/* net/request.h - one request: shared by its life (http.c) and its set-up (http_setup.c). */
#pragma once
#include <curl/curl.h>

#include "net/http_head.h"
#include "net/multi.h"
#include "net/url.h"

struct dc_http_req {
    struct dc_http *http;
    struct dc_http_req *next, *prev;
    CURL *easy;
    struct dc_http_events ev;
    struct dc_url url;              /* where it goes now            */
    struct curl_slist *all, *plain; /* headers: at home, and abroad */
    struct http_head head;
    char detail[CURL_ERROR_SIZE];

    bool added;   /* curl has it                                               */
    bool dead;    /* cancelled, or done() has been called: swept away          */
    bool stopped; /* the receiver has enough: ends well                        */
    bool paused;  /* the receiver is full                                      */
    bool resume;  /* the receiver has room again: curl is told on the next turn */
    bool follows; /* GET or HEAD, and redirects are wanted                     */
    unsigned redirects, max_redirects;
    uint64_t dropped; /* bytes of a redirect's own body */

    struct dc_loop_timer stall;
    uint64_t received, received_before; /* bytes, now and at the last look */
    uint32_t stall_timeout_s;
    unsigned slow_looks; /* in a row */
};

/* Set all curl options of a request whose url is parsed. */
int http_setup(struct dc_http_req *req, const struct dc_http_spec *spec, struct dc_err *err);
/* The next hop belongs to somebody else: forget what was given for this one. */
void http_forget_secrets(struct dc_http_req *req);
/* Point curl at req->url. */
int http_setup_url(struct dc_http_req *req, struct dc_err *err);
