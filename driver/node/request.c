// SPDX-License-Identifier: Apache-2.0
/* node/request.c - a StartFillRequest, checked, kept, and in the words of csi/ and fill/. */
#include "node/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/name.h"
#include "decant/cleanup.h"
#include "node/journal.h"

static const char *or_null(const char *s)
{
    return s && s[0] ? s : NULL;
}

int dc_request_source(const Decant__V1alpha1__Source *msg, Decant__V1alpha1__ContentType type,
                      struct dc_source_spec *ret, const char ***ret_headers, struct dc_err *err)
{
    if (type != DECANT__V1ALPHA1__CONTENT_TYPE__KUBEVIRT)
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "contentType %s: this agent fills disk images (kubevirt) only",
                       type == DECANT__V1ALPHA1__CONTENT_TYPE__ARCHIVE ? "archive" : "unknown");
    if (msg && msg->kind_case == DECANT__V1ALPHA1__SOURCE__KIND_BLANK)
        return dc_fail(err, DC_UNSUPPORTED, 0, "blank: this agent fills from http(s) only");
    if (!msg || msg->kind_case != DECANT__V1ALPHA1__SOURCE__KIND_HTTP || !msg->http->url[0])
        return dc_fail(err, DC_BAD_INPUT, 0, "source: expected http with a url");

    const Decant__V1alpha1__HttpSource *http = msg->http;
    const char **headers = calloc(http->n_headers + 1, sizeof *headers);
    if (!headers)
        return dc_fail(err, DC_NO_MEMORY, 0, "headers");
    for (size_t i = 0; i < http->n_headers; i++)
        headers[i] = http->headers[i];
    *ret_headers = headers;
    *ret = (struct dc_source_spec){
        .kind = DC_SOURCE_HTTP,
        .url = http->url,
        .user = or_null(http->user),
        .password = or_null(http->password),
        .headers = http->n_headers ? headers : NULL,
        .ca_pem = or_null(http->ca_bundle),
    };
    return 0;
}

static int check_text(const char *field, const char *value, size_t max, struct dc_err *err)
{
    if (!value[0] || strlen(value) >= max)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s: expected 1 to %zu bytes", field, max - 1);
    return 0;
}

static int check_volume(const Decant__V1alpha1__Volume *v, struct dc_err *err)
{
    if (!v)
        return dc_fail(err, DC_BAD_INPUT, 0, "volume: missing");
    if (check_text("volume.driver", v->driver, DC_NODE_STR_MAX, err) != 0 ||
        check_text("volume.volume_handle", v->volume_handle, DC_NODE_STR_MAX, err) != 0 ||
        check_text("volume.pv_name", v->pv_name, DC_NODE_STR_MAX, err) != 0)
        return -1;
    if (!dc_csi_name_ok(v->driver)) /* becomes a part of paths */
        return dc_fail(err, DC_BAD_INPUT, 0, "volume.driver %s: not a CSI driver's name",
                       v->driver);
    if (v->mode != DECANT__V1ALPHA1__VOLUME_MODE__BLOCK &&
        v->mode != DECANT__V1ALPHA1__VOLUME_MODE__FILESYSTEM)
        return dc_fail(err, DC_BAD_INPUT, 0, "volume.mode %d: expected BLOCK or FILESYSTEM",
                       (int)v->mode);
    return 0;
}

static int check(const Decant__V1alpha1__StartFillRequest *req, struct dc_err *err)
{
    char checksum[DC_DIGEST_TEXT];

    if (!dc_fill_id_valid(req->fill_id))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "fill_id: expected 1 to %d letters, digits, '-', '_' or '.'",
                       DC_FILL_ID_MAX);
    if (req->generation < 1)
        return dc_fail(err, DC_BAD_INPUT, 0, "generation %lld: expected 1 or more",
                       (long long)req->generation);
    if (check_text("claim", req->claim, DC_NODE_STR_MAX, err) != 0 ||
        check_volume(req->volume, err) != 0)
        return -1;
    if (req->checksum[0] && dc_checksum_parse(req->checksum, checksum, err) != 0)
        return dc_wrap(err, "checksum");
    return 0;
}

/* The only way to copy a message: over its bytes. */
static int copy(const Decant__V1alpha1__StartFillRequest *req,
                Decant__V1alpha1__StartFillRequest **ret, struct dc_err *err)
{
    size_t len = decant__v1alpha1__start_fill_request__get_packed_size(req);
    dc_autofree uint8_t *bytes = malloc(len + 1);

    if (bytes) {
        decant__v1alpha1__start_fill_request__pack(req, bytes);
        *ret = decant__v1alpha1__start_fill_request__unpack(NULL, len, bytes);
        explicit_bzero(bytes, len);
    }
    return bytes && *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "request");
}

/* The four maps have entries of four types, all {base, key, value}. */
#define TAKE_PAIRS(list, next, n, entries)                                        \
    do {                                                                          \
        (list) = (struct dc_kvs){(next), (unsigned)(n)};                          \
        for (size_t i_ = 0; i_ < (n); i_++)                                       \
            *(next)++ = (struct dc_kv){(entries)[i_]->key, (entries)[i_]->value}; \
    } while (0)

static int take_volume(struct dc_request *r, struct dc_err *err)
{
    const Decant__V1alpha1__Volume *v = r->msg->volume;
    size_t n =
        v->n_volume_context + v->n_publish_context + v->n_stage_secrets + v->n_publish_secrets;

    r->pairs = calloc(n + 1, sizeof *r->pairs);
    if (!r->pairs)
        return dc_fail(err, DC_NO_MEMORY, 0, "request");
    r->volume = (struct dc_csi_volume){
        .driver = v->driver,
        .volume_id = v->volume_handle,
        .pv_name = v->pv_name,
        .block = v->mode == DECANT__V1ALPHA1__VOLUME_MODE__BLOCK,
        .fs_type = v->fs_type,
        .mount_flags = (const char *const *)v->mount_options,
        .n_mount_flags = (unsigned)v->n_mount_options,
        .access_mode = v->access_mode,
    };
    struct dc_kv *next = r->pairs;
    TAKE_PAIRS(r->volume.volume_context, next, v->n_volume_context, v->volume_context);
    TAKE_PAIRS(r->volume.publish_context, next, v->n_publish_context, v->publish_context);
    TAKE_PAIRS(r->volume.stage_secrets, next, v->n_stage_secrets, v->stage_secrets);
    TAKE_PAIRS(r->volume.publish_secrets, next, v->n_publish_secrets, v->publish_secrets);
    return 0;
}

static void request_free_at(struct dc_request **r)
{
    dc_request_free(*r);
}

int dc_request_new(const Decant__V1alpha1__StartFillRequest *req, struct dc_request **ret,
                   struct dc_err *err)
{
    if (check(req, err) != 0)
        return dc_wrap(err, "StartFill");
    DC_AUTO(request_free_at) struct dc_request *r = calloc(1, sizeof *r);
    if (!r)
        return dc_fail(err, DC_NO_MEMORY, 0, "request");
    if (copy(req, &r->msg, err) != 0 || take_volume(r, err) != 0 ||
        dc_request_source(r->msg->source, r->msg->content_type, &r->source, &r->headers, err) !=
            0)
        return -1;
    *ret = dc_steal(r);
    return 0;
}

void dc_request_free(struct dc_request *r)
{
    if (!r)
        return;
    if (r->msg)
        decant__v1alpha1__start_fill_request__free_unpacked(r->msg, NULL);
    free(r->pairs);
    free(r->headers);
    free(r);
}
