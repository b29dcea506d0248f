// SPDX-License-Identifier: Apache-2.0
/* kube/resource.c - the table of resources, and paths that a name cannot leave. */
#include "kube/resource.h"

#include <string.h>

#include "base/buf.h"
#include "base/num.h"

#define PATH_MAX_BYTES \
    4096 /* two names of 253 bytes, all of them percent-encoded, and the rest */

static const struct dc_kube_resource resources[] = {
#define X(name, group_, version_, plural_, kind_, namespaced_)                       \
    [DC_KUBE_##name] = {.group = (group_),                                           \
                        .version = (version_),                                       \
                        .plural = (plural_),                                         \
                        .kind = (kind_),                                             \
                        .api_version = (group_)[0] ? group_ "/" version_ : version_, \
                        .namespaced = (namespaced_)},
    DC_KUBE_RESOURCES(X)
#undef X
};

const struct dc_kube_resource *dc_kube_resource(enum dc_kube_kind kind)
{
    return &resources[kind];
}

bool dc_kube_kind_of(const char *group, const char *kind, enum dc_kube_kind *ret)
{
    for (size_t i = 0; i < DC_LEN(resources); i++) {
        if (strcmp(resources[i].group, group ? group : "") == 0 &&
            strcmp(resources[i].kind, kind) == 0) {
            *ret = (enum dc_kube_kind)i;
            return true;
        }
    }
    return false;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

static bool add_escaped(struct dc_buf *b, const char *s)
{
    for (; *s; s++) {
        if (is_unreserved(*s) ? !dc_buf_add(b, s, 1) : !dc_buf_addf(b, "%%%02X", (uint8_t)*s))
            return false;
    }
    return true;
}

char *dc_kube_escape(const char *s)
{
    dc_autobuf struct dc_buf b = DC_BUF(3 * strlen(s) + 1);

    if (!add_escaped(&b, s) || !dc_buf_adds(&b, ""))
        return NULL;
    return dc_buf_steal(&b);
}

/*
 * The API server refuses these itself (apimachinery, IsValidPathSegmentName), but a proxy in
 * front of it may resolve them first.
 */
static bool is_segment(const char *s)
{
    return s[0] && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 && !strpbrk(s, "/%");
}

static int check_ref(const struct dc_kube_ref *ref, struct dc_err *err)
{
    const struct dc_kube_resource *r = dc_kube_resource(ref->kind);

    if (ref->ns && !r->namespaced)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s have no namespace, \"%s\" is given", r->plural,
                       ref->ns);
    if (r->namespaced && ref->name && !ref->ns)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s \"%s\" needs a namespace", r->plural,
                       ref->name);
    if (ref->subresource && !ref->name)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s/%s needs a name", r->plural, ref->subresource);
    if (ref->ns && !is_segment(ref->ns))
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" is no name for a namespace", ref->ns);
    if (ref->name && !is_segment(ref->name))
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" is no name for a %s", ref->name, r->kind);
    return 0;
}

int dc_kube_path(const struct dc_kube_ref *ref, char **ret, struct dc_err *err)
{
    const struct dc_kube_resource *r = dc_kube_resource(ref->kind);
    dc_autobuf struct dc_buf b = DC_BUF(PATH_MAX_BYTES);

    if (check_ref(ref, err) != 0)
        return -1;
    dc_buf_addf(&b, "%s%s", r->group[0] ? "/apis/" : "/api/", r->api_version);
    if (ref->ns) {
        dc_buf_adds(&b, "/namespaces/");
        add_escaped(&b, ref->ns);
    }
    dc_buf_addf(&b, "/%s", r->plural);
    if (ref->name) {
        dc_buf_adds(&b, "/");
        add_escaped(&b, ref->name);
    }
    if (ref->subresource)
        dc_buf_addf(&b, "/%s", ref->subresource);
    if (b.failed)
        return dc_fail(err, DC_BAD_INPUT, 0, "path of %s \"%s\" is too long", r->plural,
                       ref->name ? ref->name : "");

    char *path = dc_buf_steal(&b);
    if (!path)
        return dc_fail(err, DC_NO_MEMORY, 0, "path of %s", r->plural);
    *ret = path;
    return 0;
}
