// SPDX-License-Identifier: Apache-2.0
/* proto/wire.c - protobuf's bytes, read one field at a time. */
#include "proto/wire.h"

#define DEPTH_MAX 16 /* our deepest message has 6 levels */

/* At most max bytes long, as protobuf-c reads it; anything longer would be read differently. */
static bool read_varint(struct dc_wire *w, unsigned max, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < max && w->at < w->end; i++) {
        uint8_t byte = *w->at++;

        if (i == 9 && byte > 1)
            return false;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static bool read_fixed(struct dc_wire *w, unsigned bytes, uint64_t *ret)
{
    uint64_t value = 0;

    if ((size_t)(w->end - w->at) < bytes)
        return false;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)w->at[i] << (8 * i);
    w->at += bytes;
    *ret = value;
    return true;
}

static bool read_bytes(struct dc_wire *w, struct dc_wire_field *f)
{
    uint64_t len;

    if (!read_varint(w, 5, &len) || len > (uint64_t)(w->end - w->at))
        return false;
    f->data = w->at;
    f->len = (size_t)len;
    w->at += f->len;
    return true;
}

enum dc_wire_next dc_wire_next(struct dc_wire *w, struct dc_wire_field *ret)
{
    struct dc_wire_field f = {0};
    uint64_t key;
    bool ok = false;

    if (w->at == w->end)
        return DC_WIRE_END;
    if (!read_varint(w, 5, &key) || key > UINT32_MAX || key >> 3 == 0)
        return DC_WIRE_BAD;
    f.number = (uint32_t)(key >> 3);
    f.type = (enum dc_wire_type)(key & 7);

    if (f.type == DC_WIRE_VARINT)
        ok = read_varint(w, 10, &f.value);
    else if (f.type == DC_WIRE_FIXED64)
        ok = read_fixed(w, 8, &f.value);
    else if (f.type == DC_WIRE_FIXED32)
        ok = read_fixed(w, 4, &f.value);
    else if (f.type == DC_WIRE_BYTES)
        ok = read_bytes(w, &f);
    if (!ok)
        return DC_WIRE_BAD;
    *ret = f;
    return DC_WIRE_FIELD;
}

/* Bytes of the character at p, or 0 when it is none. Unicode 15, table 3-7. */
static size_t utf8_char(const uint8_t *p, size_t left)
{
    uint8_t lo = 0x80, hi = 0xbf;
    size_t n;

    if (p[0] < 0x80)
        return p[0] != 0;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (left < n)
        return 0;
    if (p[0] == 0xe0)
        lo = 0xa0;
    else if (p[0] == 0xed)
        hi = 0x9f; /* surrogates */
    else if (p[0] == 0xf0)
        lo = 0x90;
    else if (p[0] == 0xf4)
        hi = 0x8f; /* above U+10FFFF */
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool dc_wire_is_text(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t n = utf8_char(data + i, len - i);

        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static int check(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                 unsigned depth, struct dc_err *err);

static int check_field(const ProtobufCMessageDescriptor *desc, const struct dc_wire_field *f,
                       unsigned depth, struct dc_err *err)
{
    const ProtobufCFieldDescriptor *fd =
        protobuf_c_message_descriptor_get_field(desc, f->number);

    if (!fd || f->type != DC_WIRE_BYTES)
        return 0; /* unknown: skipped by protobuf-c; wrong type: refused by it */
    if (fd->type == PROTOBUF_C_TYPE_STRING && !dc_wire_is_text(f->data, f->len))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s.%s is not UTF-8 text without NUL", desc->name,
                       fd->name);
    if (fd->type == PROTOBUF_C_TYPE_MESSAGE)
        return check(fd->descriptor, f->data, f->len, depth + 1, err);
    return 0;
}

static int check(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                 unsigned depth, struct dc_err *err)
{
    struct dc_wire w = {data, data + len};
    struct dc_wire_field f;
    enum dc_wire_next next;

    if (depth > DEPTH_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is nested more than %d deep", desc->name,
                       DEPTH_MAX);
    while ((next = dc_wire_next(&w, &f)) == DC_WIRE_FIELD)
        if (check_field(desc, &f, depth, err) != 0)
            return -1;
    if (next == DC_WIRE_BAD)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is not well-formed protobuf", desc->name);
    return 0;
}

int dc_wire_check(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                  struct dc_err *err)
{
    return check(desc, data, len, 0, err);
}
