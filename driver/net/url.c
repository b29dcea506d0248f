// SPDX-License-Identifier: Apache-2.0
/* net/url.c - URLs over curl's URL API. */
#include "net/url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "decant/cleanup.h"

static void curlu_free_at(CURLU **u)
{
    curl_url_cleanup(*u);
}
#define autocurlu DC_AUTO(curlu_free_at)

static void curlstr_free_at(char **s)
{
    curl_free(*s);
}
#define autocurlstr DC_AUTO(curlstr_free_at)

void dc_url_done(struct dc_url *url)
{
    free(url->text);
    free(url->user);
    free(url->password);
    free(url->origin);
    *url = (struct dc_url){0};
}

/* One part as memory of ours; NULL when the URL has none. -1: out of memory. */
static int url_part(CURLU *u, CURLUPart part, unsigned flags, char **ret)
{
    autocurlstr char *text = NULL;
    CURLUcode rc = curl_url_get(u, part, &text, flags);

    *ret = NULL;
    if (rc == CURLUE_OUT_OF_MEMORY)
        return -1;
    if (rc != CURLUE_OK)
        return 0;
    *ret = strdup(text);
    return *ret ? 0 : -1;
}

/* Take user and password out of u, decoded: they travel apart, and never into a text. */
static int url_take_user(CURLU *u, struct dc_url *url)
{
    if (url_part(u, CURLUPART_USER, CURLU_URLDECODE, &url->user) != 0 ||
        url_part(u, CURLUPART_PASSWORD, CURLU_URLDECODE, &url->password) != 0)
        return -1;
    curl_url_set(u, CURLUPART_USER, NULL, 0);
    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
    curl_url_set(u, CURLUPART_OPTIONS, NULL, 0);
    curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
    return 0;
}

static int url_describe(CURLU *u, struct dc_url *url, struct dc_err *err)
{
    dc_autofree char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;

    if (url_take_user(u, url) != 0 || url_part(u, CURLUPART_URL, 0, &url->text) != 0 ||
        url_part(u, CURLUPART_SCHEME, 0, &scheme) != 0 ||
        url_part(u, CURLUPART_HOST, 0, &host) != 0 ||
        url_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port) != 0 ||
        url_part(u, CURLUPART_PATH, 0, &path) != 0)
        return dc_fail(err, DC_NO_MEMORY, 0, "url");
    if (!url->text || !scheme || !host || !host[0])
        return dc_fail(err, DC_BAD_INPUT, 0, "the url names no host");

    url->https = strcmp(scheme, "https") == 0;
    if (!url->https && strcmp(scheme, "http") != 0)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "the url starts with %.20s://, expected http:// or https://", scheme);
    url->origin = dc_asprintf("%s://%s:%s", scheme, host, port ? port : "");
    if (!url->origin)
        return dc_fail(err, DC_NO_MEMORY, 0, "url");
    for (char *c = url->origin; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    snprintf(url->name, sizeof url->name, "%s%s", host, path ? path : "");
    return 0;
}

int dc_url_parse(const char *text, struct dc_url *ret, struct dc_err *err)
{
    DC_AUTO(dc_url_done) struct dc_url url = {0};
    autocurlu CURLU *u = curl_url();

    if (!u)
        return dc_fail(err, DC_NO_MEMORY, 0, "url");
    CURLUcode rc = curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
    if (rc != CURLUE_OK)
        return dc_fail(
            err, rc == CURLUE_OUT_OF_MEMORY ? DC_NO_MEMORY : DC_BAD_INPUT, 0,
            "the url is not a URL (%s); expected http://host/path or https://host/path",
            curl_url_strerror(rc));
    if (url_describe(u, &url, err) != 0)
        return -1;
    *ret = url;
    url = (struct dc_url){0};
    return 0;
}

int dc_url_follow(const struct dc_url *base, const char *location, struct dc_url *ret,
                  struct dc_err *err)
{
    DC_AUTO(dc_url_done) struct dc_url url = {0};
    autocurlu CURLU *u = curl_url();

    if (!u || curl_url_set(u, CURLUPART_URL, base->text, 0) != CURLUE_OK)
        return dc_fail(err, DC_NO_MEMORY, 0, "url");
    CURLUcode rc = curl_url_set(u, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME);
    if (rc != CURLUE_OK)
        return dc_fail(err, rc == CURLUE_OUT_OF_MEMORY ? DC_NO_MEMORY : DC_REMOTE, 0,
                       "%s redirects to something that is no URL (%s)", base->name,
                       curl_url_strerror(rc));
    if (url_describe(u, &url, err) != 0)
        return dc_wrap(err, "redirect from %s", base->name);

    /* What a server puts into its Location is not a credential of the user's. */
    dc_free_at(&url.user);
    dc_free_at(&url.password);
    url.user = url.password = NULL;
    *ret = url;
    url = (struct dc_url){0};
    return 0;
}

bool dc_url_same_origin(const struct dc_url *a, const struct dc_url *b)
{
    return strcmp(a->origin, b->origin) == 0;
}
