// SPDX-License-Identifier: Apache-2.0
/* csi/hash.h - SHA-256 of a short text, for names that must fit into a path. */
#pragma once
#include <stddef.h>

#include "decant/err.h"

#define DC_SHA256_HEX 65 /* digits and the NUL */

int dc_sha256_hex(const void *data, size_t len, char ret[DC_SHA256_HEX], struct dc_err *err);
