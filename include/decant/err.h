// SPDX-License-Identifier: Apache-2.0
/* decant/err.h - why an operation failed, in one value that owns no memory. */
#pragma once
#include <stdbool.h>

/*
 * One row per kind: name, gRPC status code, whether trying again can help, and the reason
 * shown in Kubernetes Events and conditions. The RPC layer, the retry policy and the events
 * read this table, so they cannot disagree.
 *
 * gRPC numbers: google.golang.org/grpc/codes, checked against gRPC core's in proto/.
 */
#define DC_ERR_KINDS(X)                        \
    X(BAD_INPUT, 3, false, "InvalidSource")    \
    X(NOT_FOUND, 5, false, "SourceNotFound")   \
    X(EXISTS, 6, false, "AlreadyExists")       \
    X(DENIED, 7, false, "AccessDenied")        \
    X(NO_MEMORY, 8, true, "OutOfMemory")       \
    X(EXHAUSTED, 8, true, "ResourceExhausted") \
    X(FENCED, 9, false, "Fenced")              \
    X(PRECONDITION, 9, true, "NotPossibleNow") \
    X(BUSY, 10, true, "Busy")                  \
    X(NO_SPACE, 11, false, "VolumeTooSmall")   \
    X(UNSUPPORTED, 12, false, "Unsupported")   \
    X(INTERNAL, 13, true, "InternalError")     \
    X(DEVICE, 13, true, "DeviceError")         \
    X(REMOTE, 14, true, "SourceUnreachable")   \
    X(UNAVAILABLE, 14, true, "Unavailable")    \
    X(CORRUPT, 15, false, "SourceCorrupt")     \
    X(CHANGED, 10, true, "SourceChanged")      \
    X(CANCELLED, 1, false, "Cancelled")        \
    X(TIMEOUT, 4, true, "Timeout")

enum dc_err_kind {
    DC_OK,
#define X(name, grpc, retry, reason) DC_##name,
    DC_ERR_KINDS(X)
#undef X
};

struct dc_err {
    enum dc_err_kind kind; /* DC_OK until something fails                  */
    int sys;               /* errno behind the failure, or 0               */
    const char *at;        /* "file.c:line" of the first dc_fail(), static */
    char msg[512];         /* outermost context first, cut when too long   */
};

#define DC_STR_(x) #x
#define DC_STR(x)  DC_STR_(x)

/*
 * Record a failure and return -1. *err must still be DC_OK: the first cause wins.
 * sys, when not 0, adds strerror(sys) to the text.
 */
#define dc_fail(err, kind, sys, ...) \
    dc_always_failed(                \
        dc_fail_at((err), __FILE_NAME__ ":" DC_STR(__LINE__), (kind), (sys), __VA_ARGS__))
int dc_fail_at(struct dc_err *err, const char *at, enum dc_err_kind kind, int sys,
               const char *fmt, ...) __attribute__((format(printf, 5, 6), nonnull(1)));

/* -1, also in the eyes of compilers and analysers, which cannot see into dc_fail_at(). */
static inline int dc_always_failed(int rc)
{
    (void)rc;
    return -1;
}

/* Put what the caller was doing in front of the message; return -1. */
int dc_wrap(struct dc_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), nonnull(1)));

/* Forget a failure that is survived; say "ignoring" in a log line before. */
void dc_err_clear(struct dc_err *err);

bool dc_err_retryable(enum dc_err_kind kind);     /* for the work queue             */
int dc_err_grpc(enum dc_err_kind kind);           /* for the RPC layer; DC_OK -> 0  */
const char *dc_err_reason(enum dc_err_kind kind); /* for Events; static, CamelCase  */
const char *dc_err_name(enum dc_err_kind kind);   /* for logs; static, "NOT_FOUND"  */
/* The kind whose reason is `reason` (as it came over the wire), or DC_INTERNAL. */
enum dc_err_kind dc_err_kind_of(const char *reason);
