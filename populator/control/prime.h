// SPDX-License-Identifier: Apache-2.0
/*
 * control/prime.h - the objects and patches that we send: P, the marks on it, the rebind.
 *
 * P is made whole in one request and not written before it is Bound: kube-controller-manager's
 * own update of it would conflict, which it gets over only at its 15 s resync.
 *
 * P's annotation "source" says what S was when P was made, so that S is not needed any more:
 *     {"kind":"Import","name":N,"uid":U,"generation":G,"validator":V,"spec":{...}}
 * It holds names of Secrets, never their content.
 */
#pragma once
#include <stdint.h>

#include "base/json.h"
#include "decant/err.h"

struct dc_prime_spec {
    const json_t *claim;    /* U                                                    */
    const json_t *source;   /* S                                                    */
    const char *volumes_ns; /* the hidden namespace                                 */
    const char *node;       /* "": Immediate binding                                */
    const char *validator;  /* of the source, from the probe                        */
    unsigned attempt;       /* from 1                                               */
};

/* All of these: *ret is a new reference; DC_NO_MEMORY. */
int dc_prime_make(const struct dc_prime_spec *spec, json_t **ret, struct dc_err *err);
/* P's annotation "source", parsed. DC_CORRUPT: it is not there or cannot be read. */
int dc_prime_source(const json_t *prime, json_t **ret, struct dc_err *err);

/* Bodies of JSON Patches, with tests that the object is still the one that was planned on. */
int dc_prime_record_fill(const json_t *prime, const char *node, int64_t generation,
                         json_t **ret, struct dc_err *err);
int dc_prime_record_done(const json_t *prime, const char *digest, json_t **ret,
                         struct dc_err *err);
int dc_prime_record_failed(const json_t *prime, const char *reason, const char *message,
                           json_t **ret, struct dc_err *err);
/* V to U; holds only while V is unchanged and P's. */
int dc_volume_rebind(const json_t *volume, const json_t *prime, const json_t *claim,
                     json_t **ret, struct dc_err *err);
/* V's reclaim policy; holds only while V is P's. */
int dc_volume_reclaim(const json_t *volume, const json_t *prime, json_t **ret,
                      struct dc_err *err);
/* The selected node off U; holds only while it is this node. */
int dc_claim_strip_node(const json_t *claim, const char *node, json_t **ret,
                        struct dc_err *err);
