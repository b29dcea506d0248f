// SPDX-License-Identifier: Apache-2.0
/* net/http_head.h - the header lines of one response, read one by one. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "net/http.h"

struct http_head {
    struct dc_http_head say; /* its strings point into the arrays below */
    char etag[256], last_modified[64], date[64], content_encoding[32];
    char location[4096];    /* "": none */
    bool complete;          /* the empty line after a final status has come            */
    bool location_too_long; /* longer than location holds: the redirect cannot be followed */
};

/*
 * Take one line as it came, with its line end. A status line starts a new head: after 100
 * Continue the real one follows. Lines after the empty one are trailers and ignored.
 * RFC 9112 section 2.1, 4, 5; RFC 9110 section 14.4 (Content-Range), 10.2.3 (Retry-After).
 */
void http_head_line(struct http_head *h, const char *line, size_t len);

/* The value of Content-Range, "bytes FIRST-LAST/TOTAL"; total 0: '*'. False: not understood. */
bool http_content_range(const char *value, uint64_t *ret_first, uint64_t *ret_total);
