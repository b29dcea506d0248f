// SPDX-License-Identifier: Apache-2.0
/* kube/watch_priv.h - a watch from inside: for watch.c and watch_stream.c alone. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "kube/lines.h"
#include "kube/transport.h"
#include "kube/watch.h"

enum dc_kube_watch_state { WATCH_LIST, WATCH_STREAM, WATCH_REST };

struct dc_kube_watch {
    struct dc_kube *kube;
    struct dc_kube_transport *transport;
    struct dc_kube_cache *cache;
    struct dc_kube_watch_events events;
    struct dc_kube_request list; /* its strings are the next three */
    char *ns, *label_selector, *field_selector;
    uint32_t stall_ms;

    enum dc_kube_watch_state state;
    enum dc_kube_watch_state after_rest;
    bool unpaged; /* pages expired under way: take the next list in one piece */
    bool synced;
    unsigned failures; /* in a row: how long to rest       */
    unsigned refused;  /* in a row: watches, by the server */
    char *version;     /* the last resourceVersion seen    */
    struct dc_loop_timer rest_timer;

    struct dc_kube_call *call; /* LIST */

    struct dc_http_req *req; /* STREAM, as all that follows */
    struct dc_kube_lines lines;
    int status;
    bool full; /* the sender waits for dc_http_resume() */
    uint32_t retry_after_s;
    uint64_t opened_ns, heard_ns;
    struct dc_loop_timer read_timer, stall_timer;

    struct dc_kube_watch_stats stats;
};

/* watch.c: the only writer of the state; the old one is over. */
void dc_kube_watch_enter(struct dc_kube_watch *w, enum dc_kube_watch_state next);
/* Tell why, wait a while, then go on with `after`. */
void dc_kube_watch_rest(struct dc_kube_watch *w, enum dc_kube_watch_state after,
                        const struct dc_err *why);
void dc_kube_watch_trouble(struct dc_kube_watch *w, const struct dc_err *err);
/* Remember the resourceVersion of an object or list; one without leaves it as it was. */
int dc_kube_watch_version(struct dc_kube_watch *w, const json_t *object, struct dc_err *err);

/* watch_stream.c */
void dc_kube_stream_init(struct dc_kube_watch *w);
void dc_kube_stream_open(struct dc_kube_watch *w);
/* Leave it, whatever state its request is in. */
void dc_kube_stream_close(struct dc_kube_watch *w);
