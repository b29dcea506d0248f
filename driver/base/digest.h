// SPDX-License-Identifier: Apache-2.0
/* base/digest.h - checksums over a stream of bytes, written "sha256:HEX". */
#pragma once
#include <stddef.h>

#include "decant/err.h"

#define DC_DIGEST_TEXT 160 /* "sha512:" and 128 hex digits and the NUL, rounded up */

struct dc_digest;

/* algorithm: "md5", "sha1", "sha256" or "sha512"; anything else is DC_BAD_INPUT. */
int dc_digest_new(const char *algorithm, struct dc_digest **ret, struct dc_err *err);
int dc_digest_add(struct dc_digest *d, const void *data, size_t len, struct dc_err *err);
/* Write "algorithm:hex" of all bytes added. After it only free. */
int dc_digest_finish(struct dc_digest *d, char ret[DC_DIGEST_TEXT], struct dc_err *err);
void dc_digest_free(struct dc_digest *d); /* NULL is allowed */

#define DC_SHA256_HEX 65 /* digits and the NUL */
/* SHA-256 of a short text, for a name that must fit into a path. */
int dc_sha256_hex(const void *data, size_t len, char ret[DC_SHA256_HEX], struct dc_err *err);

/*
 * Check that text is "ALG:HEX" with a known algorithm and as many digits as it needs, and write
 * it in lower case. DC_BAD_INPUT says which part is wrong and what was expected.
 */
int dc_checksum_parse(const char *text, char ret[DC_DIGEST_TEXT], struct dc_err *err);
