// SPDX-License-Identifier: Apache-2.0
/* kube/patch.c - builders of JSON Patches. */
#include "kube/patch.h"

#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"

#define POINTER_MAX_BYTES 4096 /* annotation keys have at most 317 bytes */

struct dc_kube_patch dc_kube_patch(void)
{
    struct dc_kube_patch p = {.ops = json_array()};

    p.failed = !p.ops;
    return p;
}

void dc_kube_patch_done(struct dc_kube_patch *p)
{
    json_decref(p->ops);
    p->ops = NULL;
}

int dc_kube_patch_check(const struct dc_kube_patch *p, struct dc_err *err)
{
    if (p->failed)
        return dc_fail(err, DC_NO_MEMORY, 0, "JSON Patch");
    return 0;
}

static bool add_key(struct dc_buf *b, const char *key)
{
    for (; *key; key++) {
        bool ok = *key == '~'   ? dc_buf_adds(b, "~0")
                  : *key == '/' ? dc_buf_adds(b, "~1")
                                : dc_buf_add(b, key, 1);
        if (!ok)
            return false;
    }
    return true;
}

char *dc_kube_pointer_escape(const char *key)
{
    dc_autobuf struct dc_buf b = DC_BUF(2 * strlen(key) + 1);

    if (!add_key(&b, key) || !dc_buf_adds(&b, ""))
        return NULL;
    return dc_buf_steal(&b);
}

void dc_kube_patch_op(struct dc_kube_patch *p, const char *op, json_t *value, ...)
{
    dc_autojson json_t *val = value;
    dc_autobuf struct dc_buf path = DC_BUF(POINTER_MAX_BYTES);
    va_list keys;

    va_start(keys, value);
    for (const char *key = va_arg(keys, const char *); key; key = va_arg(keys, const char *)) {
        dc_buf_adds(&path, "/");
        add_key(&path, key);
    }
    va_end(keys);

    if (p->failed)
        return;
    p->failed = true;
    if (path.failed || (!val && strcmp(op, "remove") != 0))
        return;

    dc_autojson json_t *entry = json_pack("{s:s, s:s}", "op", op, "path", path.data);
    if (!entry || (val && json_object_set(entry, "value", val) != 0))
        return;
    p->failed = json_array_append(p->ops, entry) != 0;
}

void dc_kube_patch_test_identity(struct dc_kube_patch *p, const json_t *object, bool version)
{
    dc_kube_patch_test(p, json_incref(dc_json_at(object, "metadata.uid")), "metadata", "uid");
    if (version)
        dc_kube_patch_test(p, json_incref(dc_json_at(object, "metadata.resourceVersion")),
                           "metadata", "resourceVersion");
}

/* Where in metadata.finalizers it stands; -1: nowhere. */
static int finalizer_index(const json_t *object, const char *finalizer)
{
    json_t *list = dc_json_at(object, "metadata.finalizers"), *item;
    size_t i;

    json_array_foreach (list, i, item) {
        if (json_is_string(item) && strcmp(json_string_value(item), finalizer) == 0)
            return (int)i;
    }
    return -1;
}

bool dc_kube_has_finalizer(const json_t *object, const char *finalizer)
{
    return finalizer_index(object, finalizer) >= 0;
}

bool dc_kube_patch_finalizer_add(struct dc_kube_patch *p, const json_t *object,
                                 const char *finalizer)
{
    json_t *list = dc_json_at(object, "metadata.finalizers");

    if (finalizer_index(object, finalizer) >= 0)
        return false;
    /*
     * The list may not be written by add "-" where there is none, nor its absence be
     * tested.
     */
    dc_kube_patch_test_identity(p, object, !json_is_array(list));
    if (json_is_array(list)) {
        dc_kube_patch_test(p, json_incref(list), "metadata", "finalizers");
        dc_kube_patch_add(p, json_string(finalizer), "metadata", "finalizers", "-");
    } else {
        dc_kube_patch_add(p, json_pack("[s]", finalizer), "metadata", "finalizers");
    }
    return true;
}

bool dc_kube_patch_finalizer_remove(struct dc_kube_patch *p, const json_t *object,
                                    const char *finalizer)
{
    int at = finalizer_index(object, finalizer);
    dc_autofree char *index = dc_asprintf("%d", at);

    if (at < 0)
        return false;
    dc_kube_patch_test_identity(p, object, false);
    dc_kube_patch_test(p, json_incref(dc_json_at(object, "metadata.finalizers")), "metadata",
                       "finalizers");
    if (index)
        dc_kube_patch_remove(p, "metadata", "finalizers", index);
    else
        p->failed = true;
    return true;
}

bool dc_kube_patch_annotate(struct dc_kube_patch *p, const json_t *object, const char *key,
                            const char *value)
{
    bool none = !json_is_object(dc_json_at(object, "metadata.annotations"));

    if (!value && !dc_json_annotation(object, key))
        return false;
    dc_kube_patch_test_identity(p, object, none);
    if (!value)
        dc_kube_patch_remove(p, "metadata", "annotations", key);
    else if (none)
        dc_kube_patch_add(p, json_pack("{s:s}", key, value), "metadata", "annotations");
    else
        dc_kube_patch_add(p, json_string(value), "metadata", "annotations", key);
    return true;
}
