// SPDX-License-Identifier: Apache-2.0
/* csi/hash.c - SHA-256 of a short text, for names that must fit into a path. */
#include "csi/hash.h"

#include <string.h>

#include "base/digest.h"

int dc_sha256_hex(const void *data, size_t len, char ret[DC_SHA256_HEX], struct dc_err *err)
{
    struct dc_digest *d = NULL;
    char text[DC_DIGEST_TEXT];

    if (dc_digest_new("sha256", &d, err) != 0)
        return -1;
    int rc = dc_digest_add(d, data, len, err);
    if (rc == 0)
        rc = dc_digest_finish(d, text, err);
    if (rc == 0)
        memcpy(ret, text + strlen("sha256:"), DC_SHA256_HEX);
    dc_digest_free(d);
    return rc;
}
