// SPDX-License-Identifier: Apache-2.0
/*
 * control/source.h - an Import's spec, what it names in its namespace, and the source that an
 * agent is given. Credentials live in memory, for one fill, and are overwritten when it ends.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "decant/err.h"
#include "proto/decant.pb-c.h"

#define DC_MAX_HEADERS 16 /* of one source, extra and secret ones alike */

/* Values that came from Secrets and ConfigMaps. Owned, NULL where there is none. Never logged. */
struct dc_credentials {
    char *user, *password;
    char *ca_pem;
    char *header[DC_MAX_HEADERS];
    size_t n_headers;
};
void dc_credentials_done(struct dc_credentials *c); /* overwrites, frees, zeroes */

/*
 * Whether this version can use the spec: DC_BAD_INPUT or DC_UNSUPPORTED say why not, naming the
 * field. What the API server's validation has refused before is refused here again: an older
 * CRD may be installed.
 */
int dc_source_check(const json_t *spec, struct dc_err *err);

enum dc_needs_kind { DC_NEEDS_LOGIN, DC_NEEDS_CA, DC_NEEDS_HEADERS };
/* An object of U's namespace that the source names. name is borrowed from the spec. */
struct dc_need {
    enum dc_needs_kind kind; /* LOGIN, HEADERS: a Secret; CA: a ConfigMap */
    const char *name;
};
#define DC_MAX_NEEDS (DC_MAX_HEADERS + 2)
/* What has to be read before the source can be used; how many. spec has been checked. */
size_t dc_source_needs(const json_t *spec, struct dc_need ret[DC_MAX_NEEDS]);

/*
 * Take from object (a Secret or ConfigMap) what the need is for. DC_NOT_FOUND: a key is not in
 * it. DC_BAD_INPUT: it cannot be used; the text names object and key, never a value.
 */
int dc_credentials_take(struct dc_credentials *c, const struct dc_need *need,
                        const json_t *object, struct dc_err *err);

/* The message for an agent, borrowing from spec and credentials. Storage for it is in *m. */
struct dc_source_message {
    Decant__V1alpha1__Source source;
    Decant__V1alpha1__HttpSource http;
    char *header[2 * DC_MAX_HEADERS];
};
void dc_source_message(const json_t *spec, const struct dc_credentials *c,
                       struct dc_source_message *m);
