// SPDX-License-Identifier: Apache-2.0
/* control/prime.c - see prime.h. */
#include "control/prime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "control/names.h"
#include "kube/patch.h"

/* Put into object unless value is NULL, which json_object_set_new() would take for a failure. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return value && json_object_set_new(object, key, value) == 0;
}

/* A copy of what `from` has there; nothing when it has nothing. */
static bool copy(json_t *to, const json_t *from, const char *key)
{
    const json_t *value = json_object_get(from, key);

    return !value || put(to, key, json_deep_copy(value));
}

static json_t *text_of(json_t *stolen)
{
    dc_autojson json_t *j = stolen;
    dc_autofree char *text = j ? dc_json_text(j) : NULL;

    return text ? json_string(text) : NULL;
}

static json_t *source_note(const struct dc_prime_spec *spec)
{
    dc_autojson json_t *note = json_object();
    const json_t *s = spec->source;

    if (!put(note, "kind", json_string(dc_json_text_or_empty(s, "kind"))) ||
        !put(note, "name", json_string(dc_json_text_or_empty(s, "metadata.name"))) ||
        !put(note, "uid", json_string(dc_json_text_or_empty(s, "metadata.uid"))) ||
        !put(note, "generation", json_integer(dc_json_int(s, "metadata.generation"))) ||
        !put(note, "validator", json_string(spec->validator)) || !copy(note, s, "spec"))
        return NULL;
    return text_of(dc_steal(note));
}

int dc_prime_source(const json_t *prime, json_t **ret, struct dc_err *err)
{
    const char *text = dc_json_annotation(prime, DC_NOTE_SOURCE);

    if (!text)
        return dc_fail(err, DC_CORRUPT, 0, "hidden claim %s has no annotation " DC_NOTE_SOURCE,
                       dc_json_text_or_empty(prime, "metadata.name"));
    if (dc_json_parse(text, strlen(text), ret, err) != 0)
        return dc_wrap(err, "annotation " DC_NOTE_SOURCE " of hidden claim %s",
                       dc_json_text_or_empty(prime, "metadata.name"));
    return 0;
}

static json_t *labels(const json_t *claim)
{
    dc_autojson json_t *l = json_object();
    char name[DC_LABEL_SIZE];

    dc_label_value(dc_json_text_or_empty(claim, "metadata.name"), name);
    if (!put(l, DC_LABEL_MANAGED_BY, json_string(DC_CONTROLLER)) ||
        !put(l, DC_LABEL_CLAIM_NS,
             json_string(dc_json_text_or_empty(claim, "metadata.namespace"))) ||
        !put(l, DC_LABEL_CLAIM_NAME, json_string(name)) ||
        !put(l, DC_LABEL_CLAIM_UID,
             json_string(dc_json_text_or_empty(claim, "metadata.uid"))) ||
        !put(l, DC_LABEL_NO_BACKUP, json_string("true")))
        return NULL;
    return dc_steal(l);
}

/* With a node the first fill's record is complete from the start, and no write follows. */
static bool node_notes(json_t *notes, const char *node)
{
    if (!node[0])
        return true;
    return put(notes, DC_NOTE_SELECTED_NODE, json_string(node)) &&
           put(notes, DC_NOTE_NODE, json_string(node)) &&
           put(notes, DC_NOTE_GENERATION, json_string("1"));
}

static json_t *annotations(const struct dc_prime_spec *spec)
{
    dc_autojson json_t *notes = json_object();
    const char *retry = dc_json_annotation(spec->claim, DC_NOTE_RETRY);

    if (!put(notes, DC_NOTE_CLAIM,
             json_sprintf("%s/%s", dc_json_text_or_empty(spec->claim, "metadata.namespace"),
                          dc_json_text_or_empty(spec->claim, "metadata.name"))) ||
        !put(notes, DC_NOTE_SOURCE, source_note(spec)) ||
        !put(notes, DC_NOTE_ATTEMPT, json_sprintf("%u", spec->attempt)) ||
        !node_notes(notes, spec->node))
        return NULL;
    if (retry && !put(notes, DC_NOTE_RETRY, json_string(retry)))
        return NULL;
    return dc_steal(notes);
}

static json_t *prime_meta(const struct dc_prime_spec *spec)
{
    dc_autojson json_t *meta = json_object();
    char name[DC_PRIME_NAME_SIZE];

    dc_prime_name(dc_json_text_or_empty(spec->claim, "metadata.uid"), name);
    if (!put(meta, "name", json_string(name)) ||
        !put(meta, "namespace", json_string(spec->volumes_ns)) ||
        !put(meta, "finalizers", json_pack("[s]", DC_PRIME_FINALIZER)) ||
        !put(meta, "labels", labels(spec->claim)) ||
        !put(meta, "annotations", annotations(spec)))
        return NULL;
    return dc_steal(meta);
}

static json_t *prime_body(const json_t *claim)
{
    static const char *const copied[] = {"accessModes", "resources", "storageClassName",
                                         "volumeMode", "volumeAttributesClassName"};
    const json_t *from = json_object_get(claim, "spec");
    dc_autojson json_t *to = json_object();

    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        if (!copy(to, from, copied[i]))
            return NULL;
    return dc_steal(to);
}

int dc_prime_make(const struct dc_prime_spec *spec, json_t **ret, struct dc_err *err)
{
    dc_autojson json_t *p = json_object();

    if (!put(p, "apiVersion", json_string("v1")) ||
        !put(p, "kind", json_string("PersistentVolumeClaim")) ||
        !put(p, "metadata", prime_meta(spec)) || !put(p, "spec", prime_body(spec->claim)))
        return dc_fail(err, DC_NO_MEMORY, 0, "hidden claim");
    *ret = dc_steal(p);
    return 0;
}

/* P has annotations from the start, so "add" of one never lacks its parent. */
static void note(struct dc_kube_patch *patch, const char *key, json_t *value)
{
    dc_kube_patch_add(patch, value, "metadata", "annotations", key);
}

static int finish(struct dc_kube_patch *patch, json_t **ret, struct dc_err *err)
{
    if (dc_kube_patch_check(patch, err) != 0)
        return -1;
    *ret = dc_steal(patch->ops);
    return 0;
}

int dc_prime_record_fill(const json_t *prime, const char *node, int64_t generation,
                         json_t **ret, struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();
    const char *before = dc_json_annotation(prime, DC_NOTE_GENERATION);

    dc_kube_patch_test_identity(&patch, prime, false);
    if (before)
        dc_kube_patch_test(&patch, json_string(before), "metadata", "annotations",
                           DC_NOTE_GENERATION);
    else
        dc_kube_patch_test_identity(&patch, prime, true);
    note(&patch, DC_NOTE_NODE, json_string(node));
    note(&patch, DC_NOTE_GENERATION, json_sprintf("%" PRId64, generation));
    return finish(&patch, ret, err);
}

int dc_prime_record_done(const json_t *prime, const char *digest, json_t **ret,
                         struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();
    const char *generation = dc_json_annotation(prime, DC_NOTE_GENERATION);

    dc_kube_patch_test_identity(&patch, prime, false);
    dc_kube_patch_test(&patch, json_string(generation ? generation : ""), "metadata",
                       "annotations", DC_NOTE_GENERATION);
    note(&patch, DC_NOTE_POPULATED, json_string(digest));
    return finish(&patch, ret, err);
}

int dc_prime_record_failed(const json_t *prime, const char *reason, const char *message,
                           json_t **ret, struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();

    dc_kube_patch_test_identity(&patch, prime, false);
    note(&patch, DC_NOTE_FAILED,
         text_of(json_pack("{ss ss}", "reason", reason, "message", message)));
    return finish(&patch, ret, err);
}

static json_t *claim_ref(const json_t *claim)
{
    const char *ns = dc_json_text_or_empty(claim, "metadata.namespace");

    return json_pack("{ss ss ss ss ss ss}", "apiVersion", "v1", "kind", "PersistentVolumeClaim",
                     "namespace", ns, "name", dc_json_text_or_empty(claim, "metadata.name"),
                     "uid", dc_json_text_or_empty(claim, "metadata.uid"), "resourceVersion",
                     dc_json_text_or_empty(claim, "metadata.resourceVersion"));
}

static void test_claim_uid(struct dc_kube_patch *patch, const json_t *prime)
{
    dc_kube_patch_test(patch, json_string(dc_json_text_or_empty(prime, "metadata.uid")), "spec",
                       "claimRef", "uid");
}

int dc_volume_rebind(const json_t *volume, const json_t *prime, const json_t *claim,
                     json_t **ret, struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();
    const char *digest = dc_json_annotation(prime, DC_NOTE_POPULATED);

    dc_kube_patch_test_identity(&patch, volume, true);
    test_claim_uid(&patch, prime);
    dc_kube_patch_replace(&patch, claim_ref(claim), "spec", "claimRef");
    if (!json_object_get(json_object_get(volume, "metadata"), "annotations"))
        dc_kube_patch_add(&patch, json_object(), "metadata", "annotations");
    note(&patch, DC_NOTE_POPULATED_FROM,
         json_sprintf("%s/%s", dc_json_text_or_empty(claim, "metadata.namespace"),
                      dc_json_text_or_empty(claim, "spec.dataSourceRef.name")));
    note(&patch, DC_NOTE_POPULATED, json_string(digest ? digest : ""));
    return finish(&patch, ret, err);
}

int dc_volume_reclaim(const json_t *volume, const json_t *prime, json_t **ret,
                      struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();

    dc_kube_patch_test_identity(&patch, volume, false);
    test_claim_uid(&patch, prime);
    dc_kube_patch_replace(&patch, json_string("Delete"), "spec",
                          "persistentVolumeReclaimPolicy");
    return finish(&patch, ret, err);
}

int dc_claim_strip_node(const json_t *claim, const char *node, json_t **ret, struct dc_err *err)
{
    DC_AUTO(dc_kube_patch_done) struct dc_kube_patch patch = dc_kube_patch();

    dc_kube_patch_test_identity(&patch, claim, false);
    dc_kube_patch_test(&patch, json_string(node), "metadata", "annotations",
                       DC_NOTE_SELECTED_NODE);
    dc_kube_patch_remove(&patch, "metadata", "annotations", DC_NOTE_SELECTED_NODE);
    return finish(&patch, ret, err);
}
