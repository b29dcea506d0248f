// SPDX-License-Identifier: Apache-2.0
/*
 * kube/patch.h - JSON Patch (RFC 6902) with `test`: change an object only if it is what we
 * think.
 *
 *     DC_AUTO(dc_kube_patch_done) struct dc_kube_patch p = dc_kube_patch();
 *     dc_kube_patch_test(&p, json_string(uid), "spec", "claimRef", "uid");
 *     dc_kube_patch_replace(&p, claim_ref, "spec", "claimRef");
 *     dc_kube_patch_add(&p, json_string("x"), "metadata", "annotations", "a.b/c");
 *     if (dc_kube_patch_check(&p, err) != 0) return -1;
 *     request.body = p.ops;
 *
 * A failed `test` comes back as DC_KUBE_CONFLICT.
 */
#pragma once
#include <stdbool.h>

#include "base/json.h"
#include "decant/cleanup.h"
#include "decant/err.h"

struct dc_kube_patch {
    json_t *ops; /* array, owned; the body of the request        */
    bool failed; /* out of memory, or a value was NULL: see check */
};

struct dc_kube_patch dc_kube_patch(void);
void dc_kube_patch_done(struct dc_kube_patch *p);
/* DC_NO_MEMORY when anything before failed. */
int dc_kube_patch_check(const struct dc_kube_patch *p, struct dc_err *err);

/*
 * The path is given as its keys, unescaped, ended by NULL (RFC 6901 escaping is done here; "-"
 * as the last key of add appends to an array). value is stolen, on failure too; NULL marks the
 * patch as failed, except for remove, which takes none.
 */
void dc_kube_patch_op(struct dc_kube_patch *p, const char *op, json_t *value, ...)
    __attribute__((sentinel));
#define dc_kube_patch_test(p, value, ...) \
    dc_kube_patch_op((p), "test", (value), __VA_ARGS__, NULL)
#define dc_kube_patch_add(p, value, ...) \
    dc_kube_patch_op((p), "add", (value), __VA_ARGS__, NULL)
#define dc_kube_patch_replace(p, value, ...) \
    dc_kube_patch_op((p), "replace", (value), __VA_ARGS__, NULL)
#define dc_kube_patch_remove(p, ...) dc_kube_patch_op((p), "remove", NULL, __VA_ARGS__, NULL)

/*
 * Add `test` of metadata.uid, and of metadata.resourceVersion when version is true, as object
 * has.
 */
void dc_kube_patch_test_identity(struct dc_kube_patch *p, const json_t *object, bool version);

/*
 * Put a finalizer on object, or take it off. The patch holds only while the UID and the
 * whole list of finalizers are as in object; where object has no list at all, its
 * resourceVersion must be the same instead. False when there is nothing to do (it is there
 * already, or is not there), and the patch is untouched.
 */
bool dc_kube_patch_finalizer_add(struct dc_kube_patch *p, const json_t *object,
                                 const char *finalizer);
bool dc_kube_patch_finalizer_remove(struct dc_kube_patch *p, const json_t *object,
                                    const char *finalizer);
bool dc_kube_has_finalizer(const json_t *object, const char *finalizer);

/*
 * Set one annotation (test of the UID included). A null value takes it off, false when it is
 * not there. Works when object has no annotations yet (then its resourceVersion is tested).
 */
bool dc_kube_patch_annotate(struct dc_kube_patch *p, const json_t *object, const char *key,
                            const char *value);

/* "a/b~c" -> "a~1b~0c", RFC 6901 section 3; NULL: out of memory. The caller's to free(). */
char *dc_kube_pointer_escape(const char *key);
