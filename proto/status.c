// SPDX-License-Identifier: Apache-2.0
/* proto/status.c - our error kinds and gRPC's status codes. */
#include <grpc/status.h>

#include "proto/priv.h"

/* decant/err.h writes numbers, so that base needs no gRPC header; a row not named here fails. */
#define CODE_BAD_INPUT    GRPC_STATUS_INVALID_ARGUMENT
#define CODE_NOT_FOUND    GRPC_STATUS_NOT_FOUND
#define CODE_EXISTS       GRPC_STATUS_ALREADY_EXISTS
#define CODE_DENIED       GRPC_STATUS_PERMISSION_DENIED
#define CODE_NO_MEMORY    GRPC_STATUS_RESOURCE_EXHAUSTED
#define CODE_EXHAUSTED    GRPC_STATUS_RESOURCE_EXHAUSTED
#define CODE_FENCED       GRPC_STATUS_FAILED_PRECONDITION
#define CODE_PRECONDITION GRPC_STATUS_FAILED_PRECONDITION
#define CODE_BUSY         GRPC_STATUS_ABORTED
#define CODE_NO_SPACE     GRPC_STATUS_OUT_OF_RANGE
#define CODE_UNSUPPORTED  GRPC_STATUS_UNIMPLEMENTED
#define CODE_INTERNAL     GRPC_STATUS_INTERNAL
#define CODE_DEVICE       GRPC_STATUS_INTERNAL
#define CODE_REMOTE       GRPC_STATUS_UNAVAILABLE
#define CODE_UNAVAILABLE  GRPC_STATUS_UNAVAILABLE
#define CODE_CORRUPT      GRPC_STATUS_DATA_LOSS
#define CODE_CHANGED      GRPC_STATUS_ABORTED
#define CODE_CANCELLED    GRPC_STATUS_CANCELLED
#define CODE_TIMEOUT      GRPC_STATUS_DEADLINE_EXCEEDED

#define X(name, grpc, retry, reason) \
    _Static_assert((grpc) == (int)CODE_##name, #name " is another code in gRPC");
DC_ERR_KINDS(X)
#undef X

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
