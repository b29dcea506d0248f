// SPDX-License-Identifier: Apache-2.0
/* kube/request.c - method, path, query and body of each verb. */
#include "kube/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/status.h"

#define LIST_LIMIT 500
#define QUERY_MAX  (16 * DC_KIB) /* continue tokens have some hundred bytes */

static const struct {
    const char *method, *content_type;
    bool wants_name, wants_body;
} verbs[] = {
    [DC_KUBE_GET] = {"GET", NULL, true, false},
    [DC_KUBE_LIST] = {"GET", NULL, false, false},
    [DC_KUBE_CREATE] = {"POST", "application/json", false, true},
    [DC_KUBE_REPLACE] = {"PUT", "application/json", true, true},
    [DC_KUBE_JSON_PATCH] = {"PATCH", "application/json-patch+json", true, true},
    [DC_KUBE_MERGE_PATCH] = {"PATCH", "application/merge-patch+json", true, true},
    [DC_KUBE_APPLY] = {"PATCH", "application/apply-patch+yaml", true, true},
    [DC_KUBE_DELETE] = {"DELETE", "application/json", true, false},
};

static int check_request(const struct dc_kube_request *r, struct dc_err *err)
{
    const char *verb = dc_kube_verb_name(r->verb),
               *plural = dc_kube_resource(r->ref.kind)->plural;

    if (verbs[r->verb].wants_name != (r->ref.name != NULL))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s %s: %s name is expected", verb, plural,
                       r->ref.name ? "no" : "a");
    if (r->verb == DC_KUBE_CREATE && dc_kube_resource(r->ref.kind)->namespaced && !r->ref.ns)
        return dc_fail(err, DC_BAD_INPUT, 0, "create %s: a namespace is expected", plural);
    if (verbs[r->verb].wants_body != (r->body != NULL) ||
        (r->verb == DC_KUBE_JSON_PATCH) != json_is_array(r->body))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s %s: the body is not what the verb needs", verb,
                       plural);
    return 0;
}

static void add_param(struct dc_buf *b, const char *name, const char *value)
{
    dc_autofree char *escaped = value ? dc_kube_escape(value) : NULL;

    if (!value)
        return;
    if (!escaped)
        b->failed = true;
    else
        dc_buf_addf(b, "%c%s=%s", strchr(b->data, '?') ? '&' : '?', name, escaped);
}

static int build_path(struct dc_kube_wire *wire, const struct dc_kube_request *r,
                      const char *manager, struct dc_err *err)
{
    dc_autobuf struct dc_buf b = DC_BUF(QUERY_MAX);
    dc_autofree char *path = NULL;

    if (dc_kube_path(&r->ref, &path, err) != 0)
        return -1;
    if (!dc_buf_adds(&b, path))
        return dc_fail(err, DC_NO_MEMORY, 0, "request");
    if (r->verb == DC_KUBE_LIST) {
        dc_buf_addf(&b, "?limit=%u", r->limit ? r->limit : LIST_LIMIT);
        add_param(&b, "continue", r->page);
        add_param(&b, "labelSelector", r->label_selector);
        add_param(&b, "fieldSelector", r->field_selector);
    }
    if (verbs[r->verb].wants_body)
        add_param(&b, "fieldManager", manager);
    if (r->verb == DC_KUBE_APPLY)
        add_param(&b, "force", "true");
    if (b.failed)
        return dc_fail(err, DC_BAD_INPUT, 0, "selectors and page of a list are too long");
    wire->path = dc_buf_steal(&b);
    return wire->path ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "request");
}

/* DeleteOptions, meta/v1. */
static json_t *delete_options(const struct dc_kube_request *r)
{
    static const char *const policies[] = {[DC_KUBE_BACKGROUND] = "Background",
                                           [DC_KUBE_FOREGROUND] = "Foreground",
                                           [DC_KUBE_ORPHAN] = "Orphan"};

    return json_pack("{s:s, s:s, s:s, s:{s:s*, s:s*}}", "apiVersion", "v1", "kind",
                     "DeleteOptions", "propagationPolicy", policies[r->propagation],
                     "preconditions", "uid", r->uid, "resourceVersion", r->resource_version);
}

static int build_body(struct dc_kube_wire *wire, const struct dc_kube_request *r,
                      struct dc_err *err)
{
    dc_autojson json_t *options = NULL;
    const json_t *body = r->body;

    if (r->verb == DC_KUBE_DELETE)
        body = options = delete_options(r);
    if (!verbs[r->verb].content_type)
        return 0;
    wire->body = body ? dc_json_text(body) : NULL;
    return wire->body ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "body of a request");
}

int dc_kube_wire_build(const struct dc_kube_request *request, const char *manager,
                       struct dc_kube_wire *ret, struct dc_err *err)
{
    DC_AUTO(dc_kube_wire_done) struct dc_kube_wire wire = {0};
    const char *meta =
        request->verb == DC_KUBE_LIST ? DC_KUBE_ACCEPT_META_LIST : DC_KUBE_ACCEPT_META;

    if (check_request(request, err) != 0 || build_path(&wire, request, manager, err) != 0 ||
        build_body(&wire, request, err) != 0)
        return -1;
    wire.send = (struct dc_kube_send){
        .method = verbs[request->verb].method,
        .path = wire.path,
        .accept = request->metadata_only ? meta : DC_KUBE_ACCEPT,
        .content_type = verbs[request->verb].content_type,
        .body = wire.body,
    };
    *ret = wire;
    wire = (struct dc_kube_wire){0};
    return 0;
}

void dc_kube_wire_done(struct dc_kube_wire *wire)
{
    if (wire->body)
        explicit_bzero(wire->body, strlen(wire->body)); /* it may be a Secret */
    free(wire->path);
    free(wire->body);
}

int dc_kube_watch_path(const struct dc_kube_request *list, const char *version,
                       unsigned timeout_s, char **ret, struct dc_err *err)
{
    dc_autobuf struct dc_buf b = DC_BUF(QUERY_MAX);
    dc_autofree char *path = NULL;

    if (dc_kube_path(&list->ref, &path, err) != 0)
        return -1;
    dc_buf_addf(&b, "%s?watch=true&allowWatchBookmarks=true&timeoutSeconds=%u", path,
                timeout_s);
    if (!b.failed) {
        add_param(&b, "resourceVersion", version);
        add_param(&b, "labelSelector", list->label_selector);
        add_param(&b, "fieldSelector", list->field_selector);
    }
    *ret = b.failed ? NULL : dc_buf_steal(&b);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "path of a watch");
}
