// SPDX-License-Identifier: Apache-2.0
/* net/http_err.h - what a failed transfer means to people. */
#pragma once
#include <curl/curl.h>

#include "decant/err.h"

/*
 * Fill *err for a transfer from `name` ("host/path") that ended with rc, never CURLE_OK.
 * detail is curl's own text, may be empty; connected tells a slow answer from no answer.
 */
void http_err_set(struct dc_err *err, CURLcode rc, const char *name, const char *detail,
                  bool connected);
