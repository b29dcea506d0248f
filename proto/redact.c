// SPDX-License-Identifier: Apache-2.0
/* proto/redact.c - a message as text for a log, without what must not be in one. */
#include "proto/redact.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "proto/wire.h"

#define STRING_MAX 120
#define DEPTH_MAX  16

bool dc_redact_is_secret(const char *field)
{
    static const char *const names[] = {"secrets", "stage_secrets", "publish_secrets",
                                        "password", "headers"};

    for (size_t i = 0; i < DC_LEN(names); i++)
        if (strcmp(field, names[i]) == 0)
            return true;
    return false;
}

static void add_string(struct dc_buf *out, const uint8_t *data, size_t len)
{
    dc_buf_adds(out, "\"");
    for (size_t i = 0; i < len && i < STRING_MAX; i++) {
        if (data[i] < ' ' || data[i] == '"' || data[i] == '\\')
            dc_buf_addf(out, "\\x%02x", data[i]);
        else
            dc_buf_add(out, data + i, 1);
    }
    dc_buf_adds(out, len > STRING_MAX ? "\"..." : "\"");
}

/* scheme://user:password@host/path?query -> scheme://host/path */
static void add_url(struct dc_buf *out, const uint8_t *data, size_t len)
{
    const uint8_t *colon = memmem(data, len, "://", 3);
    size_t start = colon ? (size_t)(colon - data) + 3 : 0;
    size_t end = len, host = start;

    for (size_t i = start; i < end; i++)
        if (data[i] == '?' || data[i] == '#')
            end = i;
    for (size_t i = start; i < end; i++)
        if (data[i] == '@')
            host = i + 1; /* the last one: a password may hold another */
    add_string(out, data, start);
    add_string(out, data + host, end - host);
}

static void add_number(struct dc_buf *out, const ProtobufCFieldDescriptor *fd, uint64_t value)
{
    if (fd->type == PROTOBUF_C_TYPE_INT64 || fd->type == PROTOBUF_C_TYPE_INT32)
        dc_buf_addf(out, "%" PRId64, (int64_t)value);
    else
        dc_buf_addf(out, "%" PRIu64, value);
}

static void add_message(struct dc_buf *out, const ProtobufCMessageDescriptor *desc,
                        const uint8_t *data, size_t len, unsigned depth);

static void add_bytes(struct dc_buf *out, const ProtobufCFieldDescriptor *fd,
                      const struct dc_wire_field *f, unsigned depth)
{
    if (fd->type == PROTOBUF_C_TYPE_MESSAGE)
        add_message(out, fd->descriptor, f->data, f->len, depth + 1);
    else if (fd->type == PROTOBUF_C_TYPE_STRING && strcmp(fd->name, "url") == 0)
        add_url(out, f->data, f->len);
    else if (fd->type == PROTOBUF_C_TYPE_STRING)
        add_string(out, f->data, f->len);
    else
        dc_buf_addf(out, "<%zu bytes>", f->len);
}

static void add_message(struct dc_buf *out, const ProtobufCMessageDescriptor *desc,
                        const uint8_t *data, size_t len, unsigned depth)
{
    struct dc_wire w = {data, data + len};
    struct dc_wire_field f;
    const char *comma = "";

    if (depth > DEPTH_MAX)
        return;
    dc_buf_adds(out, "{");
    while (!out->failed && dc_wire_next(&w, &f) == DC_WIRE_FIELD) {
        const ProtobufCFieldDescriptor *fd =
            protobuf_c_message_descriptor_get_field(desc, f.number);

        if (!fd)
            continue; /* an unknown field might be a secret of a later version */
        dc_buf_addf(out, "%s%s:", comma, fd->name);
        comma = ",";
        if (dc_redact_is_secret(fd->name))
            dc_buf_adds(out, "<hidden>");
        else if (f.type == DC_WIRE_BYTES)
            add_bytes(out, fd, &f, depth);
        else
            add_number(out, fd, f.value);
    }
    dc_buf_adds(out, "}");
}

void dc_redact_text(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                    struct dc_buf *out)
{
    add_message(out, desc, data, len, 0);
}
