// SPDX-License-Identifier: Apache-2.0
/* control/source.c - see source.h. Field names: deploy/crds/imports.yaml. */
#include "control/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/base64.h"

#define MAX_SECRET_BYTES (64u * 1024)

static void wipe(char **s)
{
    if (*s)
        explicit_bzero(*s, strlen(*s));
    free(*s);
    *s = NULL;
}

static void wipe_at(char **s)
{
    wipe(s);
}

void dc_credentials_done(struct dc_credentials *c)
{
    wipe(&c->user);
    wipe(&c->password);
    wipe(&c->ca_pem);
    for (size_t i = 0; i < c->n_headers; i++)
        wipe(&c->header[i]);
    c->n_headers = 0;
}

/* The one source kind of the spec; NULL: none or more than one. */
static const char *kind_of(const json_t *spec)
{
    static const char *const kinds[] = {"http", "s3", "gcs", "registry", "nbd", "blank"};
    const char *found = NULL;

    for (size_t i = 0; i < DC_LEN(kinds); i++) {
        if (!json_object_get(spec, kinds[i]))
            continue;
        if (found)
            return NULL;
        found = kinds[i];
    }
    return found;
}

static bool is_http_url(const char *url)
{
    return strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
}

/* "http://user:password@host/": it would be shown in Events and logs. */
static bool has_userinfo(const char *url)
{
    const char *host = strstr(url, "://") + 3;

    return memchr(host, '@', strcspn(host, "/?#")) != NULL;
}

static int check_http(const json_t *http, struct dc_err *err)
{
    const char *url = dc_json_text_or_empty(http, "url");

    if (!is_http_url(url))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "spec.http.url is \"%s\": expected http:// or https://", url);
    if (has_userinfo(url))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "spec.http.url holds a user name: put it and the password in a Secret "
                       "(keys accessKeyId, secretKey) named by spec.http.secretRef");
    size_t n = json_array_size(json_object_get(http, "extraHeaders"));
    if (n > DC_MAX_HEADERS ||
        json_array_size(json_object_get(http, "secretExtraHeaders")) > DC_MAX_HEADERS)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "spec.http has more than %d extraHeaders or secretExtraHeaders",
                       DC_MAX_HEADERS);
    return 0;
}

int dc_source_check(const json_t *spec, struct dc_err *err)
{
    const char *kind = kind_of(spec);
    const char *content = dc_json_text_or_empty(spec, "contentType");

    if (!kind)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "spec must have exactly one of http, s3, gcs, registry, nbd, blank");
    if (strcmp(kind, "http") != 0)
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "spec.%s is not supported yet; this version knows http", kind);
    if (strcmp(content, "archive") == 0)
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "spec.contentType archive is not supported yet; this version knows "
                       "kubevirt (a disk image)");
    if (content[0] && strcmp(content, "kubevirt") != 0)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "spec.contentType is \"%s\": expected kubevirt or archive", content);
    return check_http(json_object_get(spec, "http"), err);
}

static void add_need(struct dc_need *ret, size_t *n, enum dc_needs_kind kind, const char *name)
{
    if (name && name[0] && *n < DC_MAX_NEEDS)
        ret[(*n)++] = (struct dc_need){kind, name};
}

size_t dc_source_needs(const json_t *spec, struct dc_need ret[DC_MAX_NEEDS])
{
    const json_t *http = json_object_get(spec, "http");
    const json_t *item;
    size_t n = 0, i;

    add_need(ret, &n, DC_NEEDS_LOGIN, dc_json_str(http, "secretRef"));
    add_need(ret, &n, DC_NEEDS_CA, dc_json_str(http, "certConfigMap"));
    json_array_foreach (json_object_get(http, "secretExtraHeaders"), i, item)
        add_need(ret, &n, DC_NEEDS_HEADERS, json_string_value(item));
    return n;
}

/* What Secret.data holds, as text; NULL: it is none. */
static char *secret_text(const char *coded)
{
    struct dc_err unused = {0}; /* the caller names the key */
    char *text = NULL;

    if (strlen(coded) > MAX_SECRET_BYTES || dc_kube_base64(coded, &text, NULL, &unused) != 0)
        return NULL;
    return text;
}

static int take_login(struct dc_credentials *c, const char *name, const json_t *data,
                      struct dc_err *err)
{
    const char *user = json_string_value(json_object_get(data, "accessKeyId"));
    const char *password = json_string_value(json_object_get(data, "secretKey"));

    if (!user || !password)
        return dc_fail(
            err, DC_NOT_FOUND, 0,
            "Secret %s (spec.http.secretRef) needs the keys accessKeyId and secretKey", name);
    wipe(&c->user);
    wipe(&c->password);
    c->user = secret_text(user);
    c->password = secret_text(password);
    if (!c->user || !c->password)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "Secret %s (spec.http.secretRef): accessKeyId or secretKey is not text",
                       name);
    return 0;
}

/* Any key that holds a PEM certificate; several are put together. */
static int take_ca(struct dc_credentials *c, const char *name, json_t *data, struct dc_err *err)
{
    dc_autobuf struct dc_buf pem = DC_BUF(MAX_SECRET_BYTES);
    const char *key;
    json_t *value;

    json_object_foreach (data, key, value) {
        const char *text = json_string_value(value);

        if (!text || !strstr(text, "-----BEGIN CERTIFICATE-----"))
            continue;
        (void)dc_buf_adds(&pem, text); /* a failure sticks */
        (void)dc_buf_adds(&pem, "\n");
    }
    if (pem.failed)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "ConfigMap %s (spec.http.certConfigMap) is too large", name);
    if (pem.len == 0)
        return dc_fail(err, DC_NOT_FOUND, 0,
                       "ConfigMap %s (spec.http.certConfigMap) holds no PEM certificate", name);
    wipe(&c->ca_pem);
    c->ca_pem = dc_buf_steal(&pem);
    return c->ca_pem ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "certificates of ConfigMap %s", name);
}

/* Each value is a whole header line, as CDI has it. */
static int take_headers(struct dc_credentials *c, const char *name, json_t *data,
                        struct dc_err *err)
{
    const char *key;
    json_t *value;

    json_object_foreach (data, key, value) {
        const char *coded = json_string_value(value);
        DC_AUTO(wipe_at) char *line = coded ? secret_text(coded) : NULL;

        if (!line)
            return dc_fail(err, DC_BAD_INPUT, 0,
                           "Secret %s (spec.http.secretExtraHeaders), key %s is not text", name,
                           key);
        line[strcspn(line, "\r\n")] = '\0';
        if (!strchr(line, ':'))
            return dc_fail(
                err, DC_BAD_INPUT, 0,
                "Secret %s (spec.http.secretExtraHeaders), key %s: expected a header "
                "line, NAME: VALUE",
                name, key);
        if (c->n_headers == DC_MAX_HEADERS)
            return dc_fail(err, DC_BAD_INPUT, 0,
                           "spec.http.secretExtraHeaders: more than %d headers",
                           DC_MAX_HEADERS);
        c->header[c->n_headers++] = dc_steal(line);
    }
    return 0;
}

int dc_credentials_take(struct dc_credentials *c, const struct dc_need *need,
                        const json_t *object, struct dc_err *err)
{
    json_t *data = json_object_get(object, "data");

    switch (need->kind) {
    case DC_NEEDS_LOGIN:
        return take_login(c, need->name, data, err);
    case DC_NEEDS_CA:
        return take_ca(c, need->name, data, err);
    case DC_NEEDS_HEADERS:
        return take_headers(c, need->name, data, err);
    }
    return dc_fail(err, DC_INTERNAL, 0, "a need of kind %d", (int)need->kind);
}

static char *empty_if_null(const char *s)
{
    /* protobuf-c has no const; the message is only packed. */
    return (char *)(uintptr_t)(s ? s : "");
}

void dc_source_message(const json_t *spec, const struct dc_credentials *c,
                       struct dc_source_message *m)
{
    const json_t *http = json_object_get(spec, "http");
    const json_t *item;
    size_t i;

    decant__v1alpha1__source__init(&m->source);
    decant__v1alpha1__http_source__init(&m->http);
    m->source.kind_case = DECANT__V1ALPHA1__SOURCE__KIND_HTTP;
    m->source.http = &m->http;
    m->http.url = empty_if_null(dc_json_str(http, "url"));
    m->http.user = empty_if_null(c->user);
    m->http.password = empty_if_null(c->password);
    m->http.ca_bundle = empty_if_null(c->ca_pem);
    m->http.headers = m->header;
    json_array_foreach (json_object_get(http, "extraHeaders"), i, item)
        if (json_string_value(item) && m->http.n_headers < DC_MAX_HEADERS)
            m->header[m->http.n_headers++] = empty_if_null(json_string_value(item));
    for (i = 0; i < c->n_headers; i++)
        m->header[m->http.n_headers++] = c->header[i];
}
