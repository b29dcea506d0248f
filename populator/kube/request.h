// SPDX-License-Identifier: Apache-2.0
/* kube/request.h - from a request to what goes over the wire: pure, for kube/client.c. */
#pragma once
#include "decant/err.h"
#include "kube/client.h"
#include "kube/transport.h"

/* Owns its strings; send.path and send.body point to them. */
struct dc_kube_wire {
    struct dc_kube_send send;
    char *path, *body;
};

/* manager: the fieldManager. DC_BAD_INPUT: name, namespace or body do not fit the verb. */
int dc_kube_wire_build(const struct dc_kube_request *request, const char *manager,
                       struct dc_kube_wire *ret, struct dc_err *err);
/*
 * Path and query of a watch of what the LIST request names, from a resourceVersion on, with
 * bookmarks. *ret is the caller's to free().
 */
int dc_kube_watch_path(const struct dc_kube_request *list, const char *version,
                       unsigned timeout_s, char **ret, struct dc_err *err);

void dc_kube_wire_done(struct dc_kube_wire *wire);
