// SPDX-License-Identifier: Apache-2.0
/*
 * net/http.h - HTTP requests over libcurl, driven by a dc_loop. Used by sources (large bodies,
 * back-pressure) and by the Kubernetes client (small bodies, endless watches).
 *
 * Redirects of GET and HEAD are followed here, not by libcurl: at most max_redirects, http(s)
 * only, never from https to http. What was given for one origin (headers, user, bearer, client
 * certificate) never leaves it, also not when a redirect leads back.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"
#include "net/loop.h"

struct dc_http;     /* a connection pool on a loop */
struct dc_http_req; /* one request                 */

int dc_http_new(struct dc_loop *loop, struct dc_http **ret, struct dc_err *err);
/* Cancels what runs, without callbacks. NULL is allowed. */
void dc_http_free(struct dc_http *http);

enum dc_http_take {
    DC_HTTP_TAKEN, /* all bytes taken                                                  */
    DC_HTTP_FULL,  /* none taken: the same bytes come again after dc_http_resume()     */
    DC_HTTP_STOP,  /* enough: end the request; done() is called with DC_OK             */
};

/* What the final response (after redirects) said, before its body. */
struct dc_http_head {
    int status;             /* 200, 206, 404, ...                                     */
    int64_t content_length; /* -1: not told                                           */
    uint64_t range_first;   /* of Content-Range, valid when has_range                 */
    uint64_t range_total;   /* 0: '*'                                                 */
    bool has_range;
    bool accept_ranges; /* Accept-Ranges: bytes, or a 206 */
    const char *etag;   /* as sent, with quotes and W/; NULL: none. Valid in head() */
    const char *last_modified;
    bool settled; /* Last-Modified is so much older than Date that no other version bears it */
    const char *content_encoding; /* NULL: the bytes are what they are; cut when long */
    uint32_t retry_after_s;       /* 0: not told                                      */
};

/* Callbacks, all on the loop's thread. */
struct dc_http_events {
    /* Optional. The head of the final response; return false to end the request (done: DC_OK). */
    bool (*head)(void *arg, const struct dc_http_head *head);
    /* Optional; NULL: the body is dropped. */
    enum dc_http_take (*body)(void *arg, const void *data, size_t len);
    /*
     * Required. Exactly once, last, unless cancelled. err->kind: DC_OK when the whole response
     * arrived (whatever its status), DC_REMOTE, DC_TIMEOUT, ... when not. req dies on return.
     */
    void (*done)(void *arg, int status, const struct dc_err *err);
    void *arg;
};

struct dc_http_spec {
    const char *method;         /* NULL: GET                                              */
    const char *url;            /* http:// or https://                                    */
    const char *const *headers; /* whole lines, NULL-terminated; NULL: none               */
    /* Headers without secrets, which redirects take along to any origin: Range, If-Range.    */
    const char *const *plain_headers;
    const void *body; /* copied; NULL: none                                     */
    size_t body_len;
    const char *user, *password; /* basic authentication; NULL: none                      */
    const char *bearer;          /* bearer token; NULL: none                              */
    const char *ca_file;         /* NULL: the system's, or ca_pem                         */
    const char *ca_pem;          /* PEM text, copied; NULL: none                          */
    const char *cert_file, *key_file; /* client certificate; NULL: none                   */
    const char *cert_pem, *key_pem;   /* the same as text                                 */
    bool insecure;               /* do not verify the server                              */
    uint32_t connect_timeout_ms; /* 0: 10 s                                               */
    uint32_t total_timeout_ms;   /* 0: none                                               */
    uint32_t stall_timeout_s;    /* fail when less than 1 byte/s comes for so long; 0: off;
                                    does not run while the receiver is full               */
    unsigned max_redirects;      /* 0: a redirect is an ordinary answer                   */
    bool use_proxy_env;          /* honour http_proxy and friends (sources yes, API no)   */
    bool large_body;             /* HTTP/1.1, so that a full receiver stops the peer: HTTP/2
                                    would buffer up to 32 MiB a stream here meanwhile      */
};

/* Start. Everything in spec is copied. *ret is valid until done() returns or _cancel(). */
int dc_http_start(struct dc_http *http, const struct dc_http_spec *spec,
                  const struct dc_http_events *events, struct dc_http_req **ret,
                  struct dc_err *err);
/* After DC_HTTP_FULL: there is room again. Not from inside body(). */
void dc_http_resume(struct dc_http_req *req);
/* End it now; no more callbacks. Not from inside a callback of this request. */
void dc_http_cancel(struct dc_http_req *req);
