// SPDX-License-Identifier: Apache-2.0
/*
 * plan/observed.h - what the controller knows about one user's claim, as plain data.
 *
 * Words: U is the user's claim, S its source, P the hidden claim, V the volume (DESIGN, section
 * 1). Strings are borrowed and never NULL, "" where there is none, unless said otherwise. A
 * snapshot may be stale: the plan must stay right when it is.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* U. */
struct dc_obs_claim {
    bool exists; /* an object with this UID; all else is void when not         */
    bool deleting, finalizer, lost, bind_completed, block, selector;
    bool announced; /* the cluster has written on it which provisioner is to serve it     */
    const char *ns, *name, *uid;
    const char *volume_name;
    const char *source_kind, *source_name, *source_ns;
    const char *class_name;    /* NULL: not set (yet); "": no dynamic provisioning    */
    const char *selected_node; /* the scheduler's choice                             */
    const char *retry;         /* annotation by which a person asks for another try  */
    uint64_t request_bytes;
};

/* U's storage class and its CSI driver. */
struct dc_obs_class {
    bool exists, wait_for_consumer;
    bool csi;             /* there is a CSIDriver object of that name              */
    bool attach_required; /* of the CSIDriver                                      */
    bool direct;          /* the agents may call this driver                       */
    const char *provisioner;
};

/* S. */
struct dc_obs_source {
    bool exists;
    const char *uid;
    int64_t generation;
    const char *refusal; /* why its spec cannot be used; "": it can               */
};

/* Secrets and ConfigMaps that the source names. */
enum dc_secrets_state { DC_SECRETS_UNREAD, DC_SECRETS_READY, DC_SECRETS_MISSING };
struct dc_obs_secrets {
    enum dc_secrets_state state; /* READY also when none is named                 */
    const char *problem;         /* MISSING: what is missing                      */
    unsigned tries;              /* MISSING: how often it was looked for          */
    uint64_t at_ms;              /* MISSING: when it was last looked for          */
};

/* The look at the source's head. */
enum dc_probe_state { DC_PROBE_NONE, DC_PROBE_OK, DC_PROBE_FAILED };
struct dc_obs_probe {
    enum dc_probe_state state; /* of S as it is now, else NONE                    */
    uint64_t virtual_bytes;    /* 0: not known                                    */
    const char *reason, *message;
    bool retryable;
    unsigned tries; /* FAILED: failures in a row                       */
    uint64_t at_ms; /* FAILED: when                                    */
};

/* P. What we wrote on it is truth: users have no rights there. */
enum dc_prime_phase { DC_PRIME_PENDING, DC_PRIME_BOUND, DC_PRIME_LOST };
struct dc_obs_prime {
    bool exists;
    bool ours; /* labelled by us for this U                                        */
    bool deleting, finalizer;
    enum dc_prime_phase phase;
    const char *uid, *volume_name, *selected_node;
    const char *node;       /* where the fill runs, or is to run                   */
    int64_t generation;     /* fencing number of the latest attempt on this P      */
    int64_t attempt;        /* 1 for the first P of U                              */
    const char *source_uid; /* S as it was when P was made                         */
    int64_t source_generation;
    const char *retry;     /* U's retry annotation then                            */
    const char *populated; /* completion marker: the digest                        */
    const char *failed_reason, *failed_message; /* the fill ended for good         */
};

/* V: the volume of P, or of U when there is no P. */
struct dc_obs_volume {
    bool exists, deleting;
    bool provisioned; /* made by a provisioner, which may delete it                */
    bool retain;      /* reclaim policy                                            */
    bool attached;    /* a VolumeAttachment names it                               */
    bool populated;   /* carries our mark: it was filled by us                     */
    bool block;
    const char *claim_uid; /* claimRef                                             */
    uint64_t capacity_bytes;
};

/* The agents. Nodes are "" where there is none. */
struct dc_obs_agents {
    const char *any_node; /* of some ready agent                                   */
    const char *fit_node; /* of a ready agent on a node that can reach V           */
    bool on_selected;     /* a ready one on U's selected node                      */
    bool on_prime;        /* a ready one on P's node                               */
    bool prime_node_gone; /* P's Node object does not exist                        */
};

/* The fill of P at P's generation, as its agent last told it. */
enum dc_view_state {
    DC_VIEW_NONE, /* not asked since start, or contact was lost                    */
    DC_VIEW_RUNNING,
    DC_VIEW_SUCCEEDED,
    DC_VIEW_FAILED,
    DC_VIEW_CANCELLED, /* the agent has confirmed: nothing is left on the node     */
};
struct dc_obs_view {
    enum dc_view_state state;
    uint64_t total_bytes, durable_bytes;
    const char *digest;           /* SUCCEEDED                                     */
    const char *reason, *message; /* FAILED                                        */
    bool retryable;
    bool changed;   /* FAILED because the source is not the one that was probed    */
    unsigned lost;  /* NONE: contacts in a row that failed                         */
    uint64_t at_ms; /* FAILED, NONE with lost: when                                */
};

struct dc_observed {
    uint64_t now_ms;        /* monotonic                                          */
    uint8_t jitter;         /* random; spreads retries                             */
    unsigned restarts;      /* P's of this U that were discarded to start over     */
    uint64_t discarded_ms;  /* when the last of them was                           */
    const char *any_direct; /* for people: drivers that agents may call, "a, b"    */
    struct dc_obs_claim claim;
    struct dc_obs_class class;
    struct dc_obs_source source;
    struct dc_obs_secrets secrets;
    struct dc_obs_probe probe;
    struct dc_obs_prime prime;
    struct dc_obs_volume volume;
    struct dc_obs_agents agents;
    struct dc_obs_view view;
};
