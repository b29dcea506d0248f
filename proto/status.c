// SPDX-License-Identifier: Apache-2.0
/* proto/status.c - our error kinds and gRPC's status codes. */
#include <grpc/status.h>

#include "proto/priv.h"

/* The table in decant/err.h writes numbers so that base needs no gRPC header; these are they. */
enum kind_status {
#define X(name, grpc, retry, reason) STATUS_##name = (grpc),
    DC_ERR_KINDS(X)
#undef X
};
#define SAME(kind, code) \
    _Static_assert((int)STATUS_##kind == (int)GRPC_STATUS_##code, #kind " is not " #code)
SAME(BAD_INPUT, INVALID_ARGUMENT);
SAME(NOT_FOUND, NOT_FOUND);
SAME(EXISTS, ALREADY_EXISTS);
SAME(DENIED, PERMISSION_DENIED);
SAME(NO_MEMORY, RESOURCE_EXHAUSTED);
SAME(FENCED, FAILED_PRECONDITION);
SAME(BUSY, ABORTED);
SAME(NO_SPACE, OUT_OF_RANGE);
SAME(UNSUPPORTED, UNIMPLEMENTED);
SAME(INTERNAL, INTERNAL);
SAME(DEVICE, INTERNAL);
SAME(REMOTE, UNAVAILABLE);
SAME(UNAVAILABLE, UNAVAILABLE);
SAME(CORRUPT, DATA_LOSS);
SAME(CHANGED, ABORTED);
SAME(CANCELLED, CANCELLED);
SAME(TIMEOUT, DEADLINE_EXCEEDED);

enum dc_err_kind dc_rpc_kind(int status)
{
    /* REMOTE stands first with this number, but means a source, not the peer of a call. */
    if (status == GRPC_STATUS_UNAVAILABLE)
        return DC_UNAVAILABLE;
#define X(name, grpc, retry, reason) \
    if (status == (grpc))            \
        return DC_##name;
    DC_ERR_KINDS(X)
#undef X
    return DC_INTERNAL;
}

int dc_rpc_status_err(const char *method, grpc_status_code status, const grpc_slice *text,
                      struct dc_err *err)
{
    if (status == GRPC_STATUS_OK)
        return 0;

    int len = (int)GRPC_SLICE_LENGTH(*text);
    if (len == 0)
        return dc_fail(err, dc_rpc_kind((int)status), 0, "%s ended with gRPC status %d", method,
                       (int)status);
    return dc_fail(err, dc_rpc_kind((int)status), 0, "%.*s", len,
                   (const char *)GRPC_SLICE_START_PTR(*text));
}
