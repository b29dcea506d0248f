// SPDX-License-Identifier: Apache-2.0
/* proto/bytes.c - messages to bytes and back, bounded and checked. */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <stdlib.h>

#include "proto/priv.h"
#include "proto/wire.h"

/*
 * Unpacked, a message takes up to 55 times its bytes (a map of empty entries). 16 MiB hold any
 * message that is meant: 10 000 volumes of a ListVolumes answer take 4.
 */
#define UNPACKED_MAX (16u << 20)

int dc_rpc_pack(const ProtobufCMessage *msg, grpc_byte_buffer **ret, struct dc_err *err)
{
    size_t len = protobuf_c_message_get_packed_size(msg);

    if (len > DC_RPC_MAX_MESSAGE)
        return dc_fail(err, DC_INTERNAL, 0, "%s has %zu bytes, and at most %u are sent",
                       msg->descriptor->name, len, DC_RPC_MAX_MESSAGE);

    grpc_slice slice = grpc_slice_malloc(len);

    protobuf_c_message_pack(msg, GRPC_SLICE_START_PTR(slice));
    /* A peer in Go fails the whole call for one bad character; say here which field had it. */
    if (dc_wire_check(msg->descriptor, GRPC_SLICE_START_PTR(slice), len, err) != 0) {
        grpc_slice_unref(slice);
        return dc_wrap(err, "message to send");
    }
    *ret = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_slice_unref(slice);
    return 0;
}

int dc_rpc_flatten(grpc_byte_buffer *bytes, grpc_slice *ret, struct dc_err *err)
{
    grpc_byte_buffer_reader reader;

    if (!grpc_byte_buffer_reader_init(&reader, bytes))
        return dc_fail(err, DC_BAD_INPUT, 0, "message cannot be decompressed");
    *ret = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    return 0;
}

/* malloc with a limit; what it gives is freed by the default allocator as well. */
static void *budget_alloc(void *left, size_t size)
{
    size_t *budget = left;

    if (size > *budget)
        return NULL;
    *budget -= size;
    return malloc(size);
}

static void budget_free(void *left, void *p)
{
    (void)left; /* it bounds what is asked for, not what is kept */
    free(p);
}

static int unpack(const ProtobufCMessageDescriptor *desc, const uint8_t *data, size_t len,
                  ProtobufCMessage **ret, struct dc_err *err)
{
    size_t left = UNPACKED_MAX;
    ProtobufCAllocator budget = {budget_alloc, budget_free, &left};

    if (dc_wire_check(desc, data, len, err) != 0)
        return -1;
    ProtobufCMessage *msg = protobuf_c_message_unpack(desc, &budget, len, data);
    if (!msg)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "%s cannot be unpacked: wrong types, or more than %u MiB", desc->name,
                       UNPACKED_MAX >> 20);
    *ret = msg;
    return 0;
}

int dc_rpc_unpack(const ProtobufCMessageDescriptor *desc, grpc_byte_buffer *bytes,
                  ProtobufCMessage **ret, struct dc_err *err)
{
    grpc_slice slice;

    if (dc_rpc_flatten(bytes, &slice, err) != 0)
        return -1;
    int rc = unpack(desc, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice), ret, err);
    grpc_slice_unref(slice);
    return rc;
}
