// SPDX-License-Identifier: Apache-2.0
/* net/http_setup.c - a request's options, told to curl. */
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "net/request.h"

enum {
    CONNECT_TIMEOUT_MS = 10000,
    LARGE_BUFFER = 128 * 1024, /* more gains nothing: curl hands out 16 KiB at a time */
    SMALL_BUFFER = 16 * 1024,
};

/* Collects the first failure, so that a list of options reads as a list. */
struct setter {
    CURL *easy;
    CURLcode rc;
};

#define SET(s, option, value)                                     \
    do {                                                          \
        if ((s)->rc == CURLE_OK)                                  \
            (s)->rc = curl_easy_setopt((s)->easy, option, value); \
    } while (0)

static void set_blob(struct setter *s, CURLoption option, const char *pem)
{
    /* curl copies it and does not write to it; its type is not const. */
    struct curl_blob blob = {
        .data = (void *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};

    SET(s, option, &blob);
}

static void set_tls(struct setter *s, const struct dc_http_spec *spec)
{
    if (spec->insecure) {
        SET(s, CURLOPT_SSL_VERIFYPEER, 0L);
        SET(s, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (spec->ca_pem || spec->ca_file)
        SET(s, CURLOPT_CAPATH, NULL); /* theirs instead of the system's, not beside them */
    if (spec->ca_pem)
        set_blob(s, CURLOPT_CAINFO_BLOB, spec->ca_pem);
    else if (spec->ca_file)
        SET(s, CURLOPT_CAINFO, spec->ca_file);
    if (spec->cert_file)
        SET(s, CURLOPT_SSLCERT, spec->cert_file);
    if (spec->key_file)
        SET(s, CURLOPT_SSLKEY, spec->key_file);
    if (spec->cert_pem)
        set_blob(s, CURLOPT_SSLCERT_BLOB, spec->cert_pem);
    if (spec->key_pem)
        set_blob(s, CURLOPT_SSLKEY_BLOB, spec->key_pem);
}

static void set_method(struct setter *s, const struct dc_http_spec *spec)
{
    const char *method = spec->method ? spec->method : "GET";

    if (strcmp(method, "HEAD") == 0) {
        SET(s, CURLOPT_NOBODY, 1L);
        return;
    }
    if (spec->body) {
        SET(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)spec->body_len);
        SET(s, CURLOPT_COPYPOSTFIELDS, spec->body);
    }
    if (spec->body || strcmp(method, "GET") != 0)
        SET(s, CURLOPT_CUSTOMREQUEST, method);
}

static void set_limits(struct setter *s, const struct dc_http_spec *spec)
{
    SET(s, CURLOPT_NOSIGNAL, 1L);
    SET(s, CURLOPT_QUICK_EXIT, 1L); /* a cancel does not wait for the resolver's thread */
    SET(s, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(s, CURLOPT_FOLLOWLOCATION, 0L);
    SET(s, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(s, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(s, CURLOPT_CONNECTTIMEOUT_MS,
        (long)(spec->connect_timeout_ms ? spec->connect_timeout_ms : CONNECT_TIMEOUT_MS));
    SET(s, CURLOPT_TIMEOUT_MS, (long)spec->total_timeout_ms);
    SET(s, CURLOPT_BUFFERSIZE, (long)(spec->large_body ? LARGE_BUFFER : SMALL_BUFFER));
    if (spec->large_body)
        SET(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    if (!spec->use_proxy_env)
        SET(s, CURLOPT_PROXY, "");
}

static int headers_add(struct curl_slist **list, const char *line, struct dc_err *err)
{
    /* A line break inside would be a header of the user's choice more. */
    if (strpbrk(line, "\r\n") || !strchr(line, ':'))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "an extra header is not \"Name: value\" on one line");

    struct curl_slist *more = curl_slist_append(*list, line);
    if (!more)
        return dc_fail(err, DC_NO_MEMORY, 0, "http headers");
    *list = more;
    return 0;
}

static int set_headers(struct dc_http_req *req, const struct dc_http_spec *spec,
                       struct dc_err *err)
{
    /* No "Expect: 100-continue": it costs a second with servers that do not know it. */
    if (headers_add(&req->plain, "Expect:", err) != 0 ||
        headers_add(&req->all, "Expect:", err) != 0)
        return -1;
    for (size_t i = 0; spec->plain_headers && spec->plain_headers[i]; i++) {
        if (headers_add(&req->plain, spec->plain_headers[i], err) != 0 ||
            headers_add(&req->all, spec->plain_headers[i], err) != 0)
            return -1;
    }
    for (size_t i = 0; spec->headers && spec->headers[i]; i++) {
        if (headers_add(&req->all, spec->headers[i], err) != 0)
            return -1;
    }
    if (spec->bearer) {
        dc_autofree char *line = dc_asprintf("Authorization: Bearer %s", spec->bearer);

        if (!line)
            return dc_fail(err, DC_NO_MEMORY, 0, "http headers");
        return headers_add(&req->all, line, err);
    }
    return 0;
}

int http_setup_url(struct dc_http_req *req, struct dc_err *err)
{
    if (curl_easy_setopt(req->easy, CURLOPT_URL, req->url.text) != CURLE_OK)
        return dc_fail(err, DC_NO_MEMORY, 0, "http request");
    return 0;
}

void http_forget_secrets(struct dc_http_req *req)
{
    /* Setting to nothing cannot fail. */
    curl_easy_setopt(req->easy, CURLOPT_USERNAME, NULL);
    curl_easy_setopt(req->easy, CURLOPT_PASSWORD, NULL);
    curl_easy_setopt(req->easy, CURLOPT_HTTPHEADER, req->plain);
    curl_easy_setopt(req->easy, CURLOPT_SSLCERT, NULL);
    curl_easy_setopt(req->easy, CURLOPT_SSLKEY, NULL);
    curl_easy_setopt(req->easy, CURLOPT_SSLCERT_BLOB, NULL);
    curl_easy_setopt(req->easy, CURLOPT_SSLKEY_BLOB, NULL);
}

int http_setup(struct dc_http_req *req, const struct dc_http_spec *spec, struct dc_err *err)
{
    struct setter s = {.easy = req->easy};
    const char *user = spec->user ? spec->user : req->url.user;
    const char *password = spec->user ? spec->password : req->url.password;

    if (set_headers(req, spec, err) != 0)
        return -1;
    SET(&s, CURLOPT_PRIVATE, req);
    SET(&s, CURLOPT_ERRORBUFFER, req->detail);
    SET(&s, CURLOPT_USERAGENT, "decant/" DECANT_VERSION);
    SET(&s, CURLOPT_HTTPHEADER, req->all);
    if (user) {
        SET(&s, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        SET(&s, CURLOPT_USERNAME, user);
        SET(&s, CURLOPT_PASSWORD, password ? password : "");
    }
    set_limits(&s, spec);
    set_method(&s, spec);
    set_tls(&s, spec);
    if (s.rc != CURLE_OK)
        return dc_fail(err, s.rc == CURLE_OUT_OF_MEMORY ? DC_NO_MEMORY : DC_INTERNAL, 0,
                       "set up a request to %s: %s", req->url.name, curl_easy_strerror(s.rc));
    return http_setup_url(req, err);
}
