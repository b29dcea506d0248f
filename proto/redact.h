// SPDX-License-Identifier: Apache-2.0
/* proto/redact.h - a message as text for a log, without what must not be in one. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Whether a field of this name is left out. protobuf-c keeps no trace of csi_secret, so names
 * decide; test_redact compares them with every field that is marked in csi.proto.
 */
bool dc_redact_is_secret(const char *field);

/*
 * Append the packed message: {name:"x",secrets:<hidden>,volume:{...}}. Long strings are cut, and
 * of a URL the user and the query are left out: either may be a credential.
 */
void dc_redact_text(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                    struct dc_buf *out);
