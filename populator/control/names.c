// SPDX-License-Identifier: Apache-2.0
/* control/names.c - see names.h. */
#include "control/names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kube/resource.h"

const char *dc_prime_name(const char *uid, char ret[DC_PRIME_NAME_SIZE])
{
    (void)snprintf(ret, DC_PRIME_NAME_SIZE, "prime-%.*s", DC_UID_SIZE - 1, uid);
    return ret;
}

/* FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/. Tells names apart, no more. */
static uint64_t hash(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

const char *dc_label_value(const char *name, char ret[DC_LABEL_SIZE])
{
    const size_t hash_chars = 17; /* "-" and 16 hex digits */
    size_t len = strlen(name);

    if (len < DC_LABEL_SIZE) {
        memcpy(ret, name, len + 1);
        return ret;
    }
    len = DC_LABEL_SIZE - 1 - hash_chars;
    while (len > 0 && !isalnum((unsigned char)name[len - 1]))
        len--;
    (void)snprintf(ret, DC_LABEL_SIZE, "%.*s-%016" PRIx64, (int)len, name, hash(name));
    return ret;
}

bool dc_is_our_claim(const json_t *claim)
{
    return strcmp(dc_json_text_or_empty(claim, "spec.dataSourceRef.apiGroup"), DC_KUBE_GROUP) ==
           0;
}

bool dc_is_prime(const json_t *claim, const char *volumes_ns)
{
    const char *by = dc_json_label(claim, DC_LABEL_MANAGED_BY);

    return by && strcmp(by, DC_CONTROLLER) == 0 &&
           strcmp(dc_json_text_or_empty(claim, "metadata.namespace"), volumes_ns) == 0 &&
           dc_json_label(claim, DC_LABEL_CLAIM_UID);
}
