// SPDX-License-Identifier: Apache-2.0
/* kube/transport.h - one HTTP request to the API server: address, TLS, token. For this room. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/err.h"
#include "kube/config.h"
#include "kube/token.h"
#include "net/http.h"
#include "net/loop.h"

struct dc_kube;

struct dc_kube_transport {
    struct dc_loop *loop;                /* borrowed */
    const struct dc_kube_config *config; /* borrowed */
    struct dc_http *http;
    struct dc_kube_token token;
    char *user_agent; /* a whole header line */
};

int dc_kube_transport_init(struct dc_kube_transport *t, struct dc_loop *loop,
                           const struct dc_kube_config *config, const char *name,
                           struct dc_err *err);
/* Cancels what runs, without callbacks. */
void dc_kube_transport_done(struct dc_kube_transport *t);

#define DC_KUBE_ACCEPT "Accept: application/json"
/* Only the metadata: of one object, of a watch; and of a list. */
#define DC_KUBE_ACCEPT_META \
    "Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
#define DC_KUBE_ACCEPT_META_LIST \
    "Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

struct dc_kube_send {
    const char *method;
    const char *path;         /* and query; begins with '/'                               */
    const char *accept;       /* a whole header line                                       */
    const char *content_type; /* NULL: no body                                             */
    const char *body;
    uint32_t total_timeout_ms; /* 0: none */
};

/* Refreshes the token first. See dc_http_start() for the rest. */
int dc_kube_transport_send(struct dc_kube_transport *t, const struct dc_kube_send *send,
                           const struct dc_http_events *events, struct dc_http_req **ret,
                           struct dc_err *err);

/* Of a client; implemented beside it. */
struct dc_kube_transport *dc_kube_transport_of(struct dc_kube *kube);

/*
 * Waits between tries, from 100 ms to 5 s: an API server that restarts is back within
 * seconds.
 */
uint64_t dc_kube_wait_ms(unsigned attempt);
