// SPDX-License-Identifier: Apache-2.0
/* kube/status.h - what an answer of the API server means: pure, for the client and watches. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "decant/err.h"
#include "kube/client.h"

/* What was asked, for the text. */
struct dc_kube_asked {
    const char
        *verb; /* of RBAC: "get", "list", "watch", "create", "update", "patch", "delete" */
    struct dc_kube_ref ref;
    bool json_patch;
};

const char *dc_kube_verb_name(enum dc_kube_verb verb);

/* http: the status code; body: the Status object, or NULL when it is none. */
enum dc_kube_answer dc_kube_status_answer(const struct dc_kube_asked *asked, int http,
                                          const json_t *body);

/* Fill *err with kind and text for an answer that is not DC_KUBE_DONE; returns -1. */
int dc_kube_status_fail(const struct dc_kube_asked *asked, int http, const json_t *body,
                        struct dc_err *err);

/* The server says that it has not done it and that we may try again. */
bool dc_kube_status_again(int http, uint32_t retry_after_s);
