// SPDX-License-Identifier: Apache-2.0
/*
 * proto/wire.h - protobuf's bytes, read one field at a time.
 *
 * protobuf-c accepts strings with a NUL or bad UTF-8 in them and messages nested without limit.
 * This reader looks at foreign bytes first, so that it never gets to see such.
 *
 * Source: protobuf "Encoding" (wire types 0, 1, 2, 5; groups are refused).
 */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"

enum dc_wire_type {
    DC_WIRE_VARINT = 0,
    DC_WIRE_FIXED64 = 1,
    DC_WIRE_BYTES = 2,
    DC_WIRE_FIXED32 = 5,
};

struct dc_wire {
    const uint8_t *at, *end;
};

struct dc_wire_field {
    uint32_t number;
    enum dc_wire_type type;
    uint64_t value;      /* all but BYTES           */
    const uint8_t *data; /* BYTES: inside the input */
    size_t len;
};

enum dc_wire_next { DC_WIRE_FIELD, DC_WIRE_END, DC_WIRE_BAD };

enum dc_wire_next dc_wire_next(struct dc_wire *w, struct dc_wire_field *ret);

/* Whether the bytes are UTF-8 (Unicode 15, table 3-7) without U+0000. */
bool dc_wire_is_text(const uint8_t *data, size_t len);

/*
 * Check a whole message before it is unpacked: well-formed, nested at most 16 deep, strings are
 * text. DC_BAD_INPUT names the field.
 */
int dc_wire_check(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                  struct dc_err *err);
