// SPDX-License-Identifier: Apache-2.0
/* control/watches.c - what the controller watches, and which claims a change concerns. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/control.h"
#include "decant/log.h"
#include "kube/patch.h"

#define AGENT_SELECTOR "app.kubernetes.io/name=decant-node"

static void look_at_all(struct dc_control *c)
{
    for (struct dc_entry *e = c->entries.first; e; e = e->next)
        dc_control_look(c, e);
}

/* An entry for what is new; none for claims that were done before we came. */
static struct dc_entry *entry_for(struct dc_control *c, const char *uid, const json_t *claim)
{
    bool finished = dc_json_str(claim, "spec.volumeName") &&
                    !dc_kube_has_finalizer(claim, DC_CLAIM_FINALIZER);

    return finished ? dc_entry_find(&c->entries, uid) : dc_entry_get(&c->entries, uid);
}

static void on_claim(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    struct dc_control *c = arg;
    const json_t *claim = now ? now : old;
    bool prime = dc_is_prime(claim, c->config->volumes_ns);
    struct dc_entry *e;

    if (!prime && !dc_is_our_claim(claim))
        return;
    e = prime ? dc_entry_get(&c->entries, dc_json_label(claim, DC_LABEL_CLAIM_UID))
              : entry_for(c, dc_json_text_or_empty(claim, "metadata.uid"), claim);
    if (!e)
        return;
    dc_entry_seen(e, prime ? DC_OWN_PRIME : DC_OWN_CLAIM, claim, change == DC_KUBE_DELETED);
    if (!prime && dc_json_str(claim, "metadata.deletionTimestamp"))
        dc_apply_interrupt(c, e);
    dc_control_look(c, e);
}

/* V concerns the claim that it names, and the one that it named before. */
static void on_volume(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    struct dc_control *c = arg;
    const json_t *const both[] = {old, now};

    for (size_t i = 0; i < 2; i++) {
        const char *uid = dc_json_str(both[i], "spec.claimRef.uid");
        const json_t *claim = uid ? dc_kube_cache_by_uid(c->caches.claims, uid) : NULL;
        const char *of = dc_json_label(claim, DC_LABEL_CLAIM_UID);
        struct dc_entry *e = uid ? dc_entry_find(&c->entries, of ? of : uid) : NULL;

        if (!e)
            continue;
        dc_entry_seen(e, DC_OWN_VOLUME, both[i], change == DC_KUBE_DELETED);
        dc_control_look(c, e);
    }
}

static void on_attachment(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    struct dc_control *c = arg;
    const char *volume = dc_json_str(now ? now : old, "spec.source.persistentVolumeName");
    const json_t *v = volume ? dc_kube_cache_get(c->caches.volumes, NULL, volume) : NULL;

    (void)change;
    if (v)
        on_volume(c, DC_KUBE_MODIFIED, NULL, (json_t *)(uintptr_t)v);
}

static void on_import(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    struct dc_control *c = arg;
    const json_t *source = now ? now : old;
    const char *ns = dc_json_text_or_empty(source, "metadata.namespace");
    const char *name = dc_json_text_or_empty(source, "metadata.name");

    (void)change;
    for (struct dc_entry *e = c->entries.first; e; e = e->next)
        if (e->ns && strcmp(e->ns, ns) == 0 && strcmp(e->source_name, name) == 0)
            dc_control_look(c, e);
}

/* Classes, drivers: rare, and may concern anybody. */
static void on_anything(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    (void)change, (void)old, (void)now;
    look_at_all(arg);
}

/* A node's labels and its being there matter; its heartbeat does not. */
static void on_node(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    if (change != DC_KUBE_MODIFIED ||
        !json_equal(dc_json_at(old, "metadata.labels"), dc_json_at(now, "metadata.labels")))
        look_at_all(arg);
}

static void on_pod(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    struct dc_control *c = arg;

    (void)change, (void)old, (void)now;
    dc_agents_sweep(c->agents, c->caches.pods);
    look_at_all(c);
}

static void on_synced(void *arg)
{
    struct dc_control *c = arg;

    if (++c->synced == DC_WATCHES)
        dc_log(DC_LOG_INFO, "control", "all watches have their first list; working");
}

static void on_trouble(void *arg, const struct dc_err *err)
{
    (void)arg;
    dc_log_err(DC_LOG_WARN, "control", "ignoring: a watch failed and is tried again", err,
               NULL);
}

/* Fields of a claim that nothing here reads. */
static void trim_claim(json_t *claim)
{
    json_t *notes = dc_json_at(claim, "metadata.annotations");

    (void)json_object_del(notes, "kubectl.kubernetes.io/last-applied-configuration");
    (void)json_object_del(json_object_get(claim, "status"), "conditions");
}

struct watched {
    enum dc_kube_kind kind;
    bool agents; /* only the agents' Pods */
    bool metadata_only;
    void (*trim)(json_t *object);
    void (*changed)(void *arg, enum dc_kube_change change, json_t *old, json_t *now);
};

static const struct watched table[DC_WATCHES] = {
    [DC_WATCH_CLAIMS] = {DC_KUBE_PVC, .trim = trim_claim, .changed = on_claim},
    [DC_WATCH_VOLUMES] = {DC_KUBE_PV, .changed = on_volume},
    [DC_WATCH_CLASSES] = {DC_KUBE_STORAGECLASS, .changed = on_anything},
    [DC_WATCH_DRIVERS] = {DC_KUBE_CSIDRIVER, .changed = on_anything},
    [DC_WATCH_IMPORTS] = {DC_KUBE_IMPORT, .changed = on_import},
    [DC_WATCH_ATTACHMENTS] = {DC_KUBE_VOLUMEATTACHMENT, .changed = on_attachment},
    [DC_WATCH_NODES] = {DC_KUBE_NODE, .metadata_only = true, .changed = on_node},
    [DC_WATCH_PODS] = {DC_KUBE_POD, .agents = true, .changed = on_pod},
};

static void name_caches(struct dc_control *c)
{
    c->caches = (struct dc_caches){
        .claims = dc_kube_watch_cache(c->watch[DC_WATCH_CLAIMS]),
        .volumes = dc_kube_watch_cache(c->watch[DC_WATCH_VOLUMES]),
        .classes = dc_kube_watch_cache(c->watch[DC_WATCH_CLASSES]),
        .drivers = dc_kube_watch_cache(c->watch[DC_WATCH_DRIVERS]),
        .imports = dc_kube_watch_cache(c->watch[DC_WATCH_IMPORTS]),
        .attachments = dc_kube_watch_cache(c->watch[DC_WATCH_ATTACHMENTS]),
        .nodes = dc_kube_watch_cache(c->watch[DC_WATCH_NODES]),
        .pods = dc_kube_watch_cache(c->watch[DC_WATCH_PODS]),
    };
}

int dc_control_watch(struct dc_control *c, struct dc_err *err)
{
    for (size_t i = 0; i < DC_WATCHES; i++) {
        const struct watched *w = &table[i];
        const struct dc_kube_watch_spec spec = {
            .kind = w->kind,
            .ns = w->agents ? c->config->ns : NULL,
            .label_selector = w->agents ? AGENT_SELECTOR : NULL,
            .metadata_only = w->metadata_only,
            .trim = w->trim,
        };
        const struct dc_kube_watch_events events = {
            .changed = w->changed, .synced = on_synced, .trouble = on_trouble, .arg = c};

        if (dc_kube_watch_start(c->kube, &spec, &events, &c->watch[i], err) != 0)
            return -1;
    }
    name_caches(c);
    return 0;
}

void dc_control_unwatch(struct dc_control *c)
{
    for (size_t i = 0; i < DC_WATCHES; i++) {
        dc_kube_watch_stop(c->watch[i]);
        c->watch[i] = NULL;
    }
}
