// SPDX-License-Identifier: Apache-2.0
/* control/observe.c - see observe.h. */
#include "control/observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/num.h"
#include "control/prime.h"
#include "kube/patch.h"

static const char *annotation(const json_t *object, const char *key)
{
    const char *value = dc_json_annotation(object, key);

    return value ? value : "";
}

static bool text_is(const json_t *object, const char *path, const char *value)
{
    return strcmp(dc_json_text_or_empty(object, path), value) == 0;
}

static bool has_uid(const json_t *object, const char *uid)
{
    return object && text_is(object, "metadata.uid", uid);
}

static int64_t annotation_number(const json_t *object, const char *key, int64_t otherwise)
{
    uint64_t n;

    return dc_parse_u64(annotation(object, key), &n) && n <= INT32_MAX ? (int64_t)n : otherwise;
}

static uint64_t quantity(const json_t *object, const char *path)
{
    uint64_t bytes;

    return dc_parse_quantity(dc_json_text_or_empty(object, path), &bytes) ? bytes : 0;
}

static void see_claim(const struct dc_entry *e, const json_t *u, struct dc_obs_claim *ret)
{
    const json_t *class = dc_json_at(u, "spec.storageClassName");

    *ret = (struct dc_obs_claim){
        .exists = u != NULL,
        .deleting = dc_json_str(u, "metadata.deletionTimestamp") != NULL,
        .finalizer = u && dc_kube_has_finalizer(u, DC_CLAIM_FINALIZER),
        .lost = text_is(u, "status.phase", "Lost"),
        .bind_completed = dc_json_annotation(u, DC_NOTE_BIND_COMPLETED) != NULL,
        .block = text_is(u, "spec.volumeMode", "Block"),
        .selector = dc_json_at(u, "spec.selector") != NULL,
        .announced = dc_json_annotation(u, DC_NOTE_PROVISIONER) != NULL,
        .ns = e->ns ? e->ns : "",
        .name = e->name ? e->name : "",
        .uid = e->uid,
        .volume_name = dc_json_text_or_empty(u, "spec.volumeName"),
        .source_kind = dc_json_text_or_empty(u, "spec.dataSourceRef.kind"),
        .source_name = dc_json_text_or_empty(u, "spec.dataSourceRef.name"),
        .source_ns = dc_json_text_or_empty(u, "spec.dataSourceRef.namespace"),
        .class_name = json_string_value(class),
        .selected_node = annotation(u, DC_NOTE_SELECTED_NODE),
        .retry = annotation(u, DC_NOTE_RETRY),
        .request_bytes = quantity(u, "spec.resources.requests.storage"),
    };
}

static void see_class(const struct dc_observe_config *config, const struct dc_caches *caches,
                      const char *name, struct dc_obs_class *ret)
{
    const json_t *class =
        name && name[0] ? dc_kube_cache_get(caches->classes, NULL, name) : NULL;
    const char *provisioner = dc_json_text_or_empty(class, "provisioner");
    const json_t *driver =
        provisioner[0] ? dc_kube_cache_get(caches->drivers, NULL, provisioner) : NULL;
    const json_t *attach = dc_json_at(driver, "spec.attachRequired");

    *ret = (struct dc_obs_class){
        .exists = class != NULL,
        .wait_for_consumer = text_is(class, "volumeBindingMode", "WaitForFirstConsumer"),
        .csi = driver != NULL,
        .attach_required = !json_is_false(attach), /* the API's default is true */
        .provisioner = provisioner,
    };
    for (size_t i = 0; i < config->direct_drivers->n; i++)
        if (strcmp(config->direct_drivers->item[i], provisioner) == 0)
            ret->direct = true;
}

static void see_prime(struct dc_sight *s, const struct dc_observe_config *config,
                      const char *uid, struct dc_obs_prime *ret)
{
    const json_t *p = s->prime;
    const char *of = dc_json_label(p, DC_LABEL_CLAIM_UID);

    *ret = (struct dc_obs_prime){
        .exists = p != NULL,
        .ours = p && dc_is_prime(p, config->volumes_ns) && of && strcmp(of, uid) == 0,
        .deleting = dc_json_str(p, "metadata.deletionTimestamp") != NULL,
        .finalizer = p && dc_kube_has_finalizer(p, DC_PRIME_FINALIZER),
        .phase = text_is(p, "status.phase", "Lost")    ? DC_PRIME_LOST
                 : text_is(p, "status.phase", "Bound") ? DC_PRIME_BOUND
                                                       : DC_PRIME_PENDING,
        .uid = dc_json_text_or_empty(p, "metadata.uid"),
        .volume_name = dc_json_text_or_empty(p, "spec.volumeName"),
        .selected_node = annotation(p, DC_NOTE_SELECTED_NODE),
        .node = annotation(p, DC_NOTE_NODE),
        .generation = annotation_number(p, DC_NOTE_GENERATION, 0),
        .attempt = annotation_number(p, DC_NOTE_ATTEMPT, 1),
        .source_uid = dc_json_text_or_empty(s->used, "uid"),
        .source_generation = dc_json_int(s->used, "generation"),
        .retry = annotation(p, DC_NOTE_RETRY),
        .populated = annotation(p, DC_NOTE_POPULATED),
        .failed_reason = dc_json_text_or_empty(s->failed, "reason"),
        .failed_message = dc_json_text_or_empty(s->failed, "message"),
    };
}

static bool is_attached(const struct dc_kube_cache *attachments, const char *volume)
{
    for (void *it = dc_kube_cache_first(attachments); it;
         it = dc_kube_cache_next(attachments, it))
        if (text_is(dc_kube_cache_object(it), "spec.source.persistentVolumeName", volume))
            return true;
    return false;
}

static void see_volume(const struct dc_caches *caches, const json_t *v,
                       struct dc_obs_volume *ret)
{
    *ret = (struct dc_obs_volume){
        .exists = v != NULL,
        .deleting = dc_json_str(v, "metadata.deletionTimestamp") != NULL,
        .provisioned = dc_json_annotation(v, DC_NOTE_PROVISIONED_BY) != NULL,
        .retain = text_is(v, "spec.persistentVolumeReclaimPolicy", "Retain"),
        .attached =
            v && is_attached(caches->attachments, dc_json_text_or_empty(v, "metadata.name")),
        .populated = dc_json_annotation(v, DC_NOTE_POPULATED_FROM) != NULL,
        .block = text_is(v, "spec.volumeMode", "Block"),
        .claim_uid = dc_json_text_or_empty(v, "spec.claimRef.uid"),
        .capacity_bytes = quantity(v, "spec.capacity.storage"),
    };
}

/* Of the ready agents' nodes the first by name, so that the answer does not wander. */
static const char *first_node(const struct dc_caches *caches, const json_t *volume)
{
    const char *best = "";
    struct dc_agent_pod pod;

    for (void *it = dc_kube_cache_first(caches->pods); it;
         it = dc_kube_cache_next(caches->pods, it)) {
        if (!dc_agent_pod_ready(dc_kube_cache_object(it), &pod) ||
            (best[0] && strcmp(pod.node, best) >= 0))
            continue;
        const json_t *node = volume ? dc_kube_cache_get(caches->nodes, NULL, pod.node) : NULL;
        if (!volume || (node && dc_volume_fits_node(volume, node)))
            best = pod.node;
    }
    return best;
}

static void see_agents(const struct dc_caches *caches, const struct dc_sight *s,
                       struct dc_obs_agents *ret)
{
    const char *selected = s->seen.claim.selected_node, *chosen = s->seen.prime.node;
    struct dc_agent_pod pod;

    *ret = (struct dc_obs_agents){
        .any_node = first_node(caches, NULL),
        .fit_node = s->volume ? first_node(caches, s->volume) : "",
        .on_selected = selected[0] && dc_agent_pod_on(caches->pods, selected, &pod),
        .on_prime = chosen[0] && dc_agent_pod_on(caches->pods, chosen, &pod),
        .prime_node_gone = chosen[0] && !dc_kube_cache_get(caches->nodes, NULL, chosen),
    };
}

static void see_memory(struct dc_entry *e, struct dc_sight *s)
{
    const struct dc_fill_memory *f = &e->fill;
    struct dc_observed *o = &s->seen;
    struct dc_need needs[DC_MAX_NEEDS];
    const json_t *spec = dc_sight_source_spec(s);

    o->secrets = (struct dc_obs_secrets){
        .state = e->secrets.state,
        .problem = e->secrets.problem,
        .tries = e->secrets.tries,
        .at_ms = e->secrets.at_ms,
    };
    if (!spec || dc_source_needs(spec, needs) == 0)
        o->secrets.state = DC_SECRETS_READY;
    o->probe = (struct dc_obs_probe){
        .state = e->probe.state,
        .virtual_bytes = e->probe.virtual_bytes,
        .reason = e->probe.reason,
        .message = e->probe.message,
        .retryable = e->probe.retryable,
        .tries = e->probe.tries,
        .at_ms = e->probe.at_ms,
    };
    o->view = (struct dc_obs_view){.digest = "", .reason = "", .message = ""};
    if (strcmp(f->prime_uid, o->prime.uid) != 0 || f->generation != o->prime.generation)
        return;
    o->view = (struct dc_obs_view){
        .state = f->state,
        .total_bytes = f->total_bytes,
        .durable_bytes = f->durable_bytes,
        .digest = f->digest,
        .reason = f->reason,
        .message = f->message,
        .retryable = f->retryable,
        .changed = strcmp(f->reason, dc_err_reason(DC_CHANGED)) == 0,
        .lost = f->lost,
        .at_ms = f->at_ms,
    };
}

/* U, P and V: the newer of what the caches and our own writes say. */
static void find_objects(const struct dc_observe_config *config, const struct dc_caches *caches,
                         const struct dc_entry *e, struct dc_sight *s)
{
    char name[DC_PRIME_NAME_SIZE];
    const char *volume;

    s->claim = dc_entry_newest(e, DC_OWN_CLAIM, dc_kube_cache_by_uid(caches->claims, e->uid));
    s->prime = dc_entry_newest(
        e, DC_OWN_PRIME,
        dc_kube_cache_get(caches->claims, config->volumes_ns, dc_prime_name(e->uid, name)));
    if (e->gone[0] && has_uid(s->prime, e->gone))
        s->prime = NULL;
    volume = dc_json_text_or_empty(s->prime ? s->prime : s->claim, "spec.volumeName");
    if (!volume[0])
        return;
    s->volume = dc_kube_cache_get(caches->volumes, NULL, volume);
    if (text_is(e->own[DC_OWN_VOLUME], "metadata.name", volume))
        s->volume = dc_entry_newest(e, DC_OWN_VOLUME, s->volume);
}

/* "namespace/name" of U, as P remembers it: U itself may be gone. */
static bool learn_from_prime(struct dc_entry *e, const json_t *prime)
{
    const char *claim = annotation(prime, DC_NOTE_CLAIM);
    const char *slash = strchr(claim, '/');

    if (e->ns || !slash)
        return true;
    dc_autofree char *ns = strndup(claim, (size_t)(slash - claim));
    return ns && dc_entry_learn(e, ns, slash + 1, "");
}

static int learn(struct dc_entry *e, const struct dc_caches *caches, struct dc_sight *s,
                 struct dc_err *err)
{
    const char *source = dc_json_text_or_empty(s->claim, "spec.dataSourceRef.name");
    bool ok;

    if (s->claim)
        ok = dc_entry_learn(e, dc_json_text_or_empty(s->claim, "metadata.namespace"),
                            dc_json_text_or_empty(s->claim, "metadata.name"), source);
    else
        ok = learn_from_prime(e, s->prime);
    if (ok && s->claim && source[0])
        s->source = dc_kube_cache_get(caches->imports, e->ns, source);

    /* What was found out about S holds for this S, this generation and this wish. */
    dc_autofree char *basis =
        dc_asprintf("%s/%lld/%s", dc_json_text_or_empty(s->source, "metadata.uid"),
                    (long long)dc_json_int(s->source, "metadata.generation"),
                    annotation(s->claim, DC_NOTE_RETRY));
    if (ok && basis && s->source)
        ok = dc_entry_rebase(e, basis);
    if (!ok || !basis)
        return dc_fail(err, DC_NO_MEMORY, 0, "claim %s", e->uid);
    return 0;
}

/* P's own notes. Broken ones (an administrator's hand) count as absent. */
static void read_notes(struct dc_sight *s)
{
    const char *failed = dc_json_annotation(s->prime, DC_NOTE_FAILED);
    struct dc_err ignored = {0};

    if (s->prime && dc_prime_source(s->prime, &s->used, &ignored) != 0)
        dc_err_clear(&ignored);
    if (failed && dc_json_parse(failed, strlen(failed), &s->failed, &ignored) != 0)
        dc_err_clear(&ignored);
}

static void see_source(const struct dc_sight *s, char *refusal, size_t size,
                       struct dc_obs_source *ret)
{
    struct dc_err why = {0};

    refusal[0] = '\0';
    if (s->source && dc_source_check(json_object_get(s->source, "spec"), &why) != 0)
        (void)snprintf(refusal, size, "%s", why.msg);
    *ret = (struct dc_obs_source){
        .exists = s->source != NULL,
        .uid = dc_json_text_or_empty(s->source, "metadata.uid"),
        .generation = dc_json_int(s->source, "metadata.generation"),
        .refusal = refusal,
    };
}

static void name_drivers(const struct dc_opt_list *list, char *ret, size_t size)
{
    size_t used = 0;

    (void)snprintf(ret, size, "none");
    for (size_t i = 0; i < list->n && used < size; i++) {
        int n = snprintf(ret + used, size - used, "%s%s", i ? ", " : "", list->item[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

int dc_observe(const struct dc_observe_config *config, const struct dc_caches *caches,
               struct dc_entry *e, uint64_t now_ms, uint8_t jitter, struct dc_sight *ret,
               struct dc_err *err)
{
    struct dc_observed *o = &ret->seen;

    *ret = (struct dc_sight){.seen = {.now_ms = now_ms, .jitter = jitter}};
    find_objects(config, caches, e, ret);
    if (learn(e, caches, ret, err) != 0)
        return -1;
    read_notes(ret);
    name_drivers(config->direct_drivers, ret->drivers, sizeof ret->drivers);

    o->any_direct = ret->drivers;
    o->restarts = e->restarts;
    o->discarded_ms = e->discarded_ms;
    see_claim(e, ret->claim, &o->claim);
    see_class(config, caches, o->claim.class_name, &o->class);
    see_source(ret, ret->refusal, sizeof ret->refusal, &o->source);
    see_prime(ret, config, e->uid, &o->prime);
    see_volume(caches, ret->volume, &o->volume);
    see_agents(caches, ret, &o->agents);
    see_memory(e, ret);
    return 0;
}

void dc_sight_done(struct dc_sight *s)
{
    json_decref(s->used);
    json_decref(s->failed);
    s->used = s->failed = NULL;
}

const json_t *dc_sight_source_spec(const struct dc_sight *s)
{
    if (s->prime)
        return json_object_get(s->used, "spec");
    return json_object_get(s->source, "spec");
}
