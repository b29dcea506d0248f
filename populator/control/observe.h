// SPDX-License-Identifier: Apache-2.0
/*
 * control/observe.h - from the caches and an entry's memory to what the plan reads.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/opts.h"
#include "control/entry.h"
#include "kube/cache.h"
#include "plan/observed.h"

/* The objects that the controller watches. None is NULL. */
struct dc_caches {
    const struct dc_kube_cache *claims, *volumes, *classes, *drivers, *imports, *attachments;
    const struct dc_kube_cache *nodes; /* metadata only                          */
    const struct dc_kube_cache *pods;  /* the agents'                            */
};

struct dc_observe_config {
    const char *volumes_ns;
    const struct dc_opt_list *direct_drivers;
};

/* A snapshot and the objects it was made from. Borrowed: only until the loop runs again. */
struct dc_sight {
    struct dc_observed seen;
    json_t *claim, *prime, *volume, *source; /* NULL: not there                  */
    json_t *used;                            /* P's note of S; owned             */
    json_t *failed;                          /* P's note of its failure; owned   */
    char drivers[256], refusal[512];
};

/* Learns names and basis in e. *ret must be released. DC_NO_MEMORY. */
int dc_observe(const struct dc_observe_config *config, const struct dc_caches *caches,
               struct dc_entry *e, uint64_t now_ms, uint8_t jitter, struct dc_sight *ret,
               struct dc_err *err);
void dc_sight_done(struct dc_sight *s);

/* The spec of S to work with: P's note of it when there is a P, else S's. NULL: none. */
const json_t *dc_sight_source_spec(const struct dc_sight *s);

/* What an agent's Pod says. Borrowed from it. */
struct dc_agent_pod {
    const char *node, *address;
    int port;
};
/* False: not ready, going, or not (yet) told where it is. */
bool dc_agent_pod_ready(const json_t *pod, struct dc_agent_pod *ret);
/* The ready agent on node; false: none. */
bool dc_agent_pod_on(const struct dc_kube_cache *pods, const char *node,
                     struct dc_agent_pod *ret);

/*
 * Whether a node with these metadata.labels is one that a PersistentVolume can be reached from.
 * spec.nodeAffinity of Kubernetes v1.36: terms are ORed, expressions in one ANDed.
 */
bool dc_volume_fits_node(const json_t *volume, const json_t *node);
