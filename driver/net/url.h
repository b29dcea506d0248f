// SPDX-License-Identifier: Apache-2.0
/* net/url.h - the parts of a URL that decide whom a request may tell what. */
#pragma once
#include <stdbool.h>

#include "decant/err.h"

#define DC_URL_NAME 128

struct dc_url {
    char *text;             /* malloc'ed; without user information and fragment       */
    char *user, *password;  /* malloc'ed, decoded, taken out of the text; NULL: none   */
    char *origin;           /* malloc'ed: "https://host:443", lower case               */
    char name[DC_URL_NAME]; /* "host/path" for people: no query, no user; cut when long */
    bool https;
};

/* http and https with a host only; anything else is DC_BAD_INPUT. *ret ends in dc_url_done(). */
int dc_url_parse(const char *text, struct dc_url *ret, struct dc_err *err);
/* Where `location` (absolute or relative) leads from `base`. User information is dropped. */
int dc_url_follow(const struct dc_url *base, const char *location, struct dc_url *ret,
                  struct dc_err *err);
bool dc_url_same_origin(const struct dc_url *a, const struct dc_url *b);
void dc_url_done(struct dc_url *url); /* a zeroed one is allowed */
