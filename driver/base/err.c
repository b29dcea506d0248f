// SPDX-License-Identifier: Apache-2.0
/* base/err.c - why an operation failed, in one value that owns no memory. */
#include "decant/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int grpc;
    bool retry;
    const char *reason, *name;
} kinds[] = {
    [DC_OK] = {0, false, "", "OK"},
#define X(name, grpc, retry, reason) [DC_##name] = {grpc, retry, reason, #name},
    DC_ERR_KINDS(X)
#undef X
};

/* The text without half a UTF-8 sequence at its cut end: it goes into protobuf strings. */
static void msg_trim(struct dc_err *err)
{
    size_t len = strlen(err->msg);

    if (len + 1 < sizeof err->msg)
        return;
    while (len > 0 && ((unsigned char)err->msg[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0 && ((unsigned char)err->msg[len - 1] & 0x80) != 0)
        len--;
    err->msg[len] = '\0';
}

int dc_fail_at(struct dc_err *err, const char *at, enum dc_err_kind kind, int sys,
               const char *fmt, ...)
{
    va_list ap;

    assert(err->kind == DC_OK && kind != DC_OK);
    err->kind = kind;
    err->sys = sys;
    err->at = at;

    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (sys != 0 && n >= 0 && (size_t)n < sizeof err->msg) {
        char text[128];
        const char *what = strerror_r(sys, text, sizeof text);
        (void)snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", what);
    }
    msg_trim(err);
    return -1;
}

int dc_wrap(struct dc_err *err, const char *fmt, ...)
{
    char old[sizeof err->msg];
    va_list ap;

    assert(err->kind != DC_OK);
    memcpy(old, err->msg, sizeof old);
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg)
        (void)snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", old);
    msg_trim(err);
    return -1;
}

void dc_err_clear(struct dc_err *err)
{
    *err = (struct dc_err){0};
}

bool dc_err_retryable(enum dc_err_kind kind)
{
    return kinds[kind].retry;
}

int dc_err_grpc(enum dc_err_kind kind)
{
    return kinds[kind].grpc;
}

const char *dc_err_reason(enum dc_err_kind kind)
{
    return kinds[kind].reason;
}

const char *dc_err_name(enum dc_err_kind kind)
{
    return kinds[kind].name;
}

enum dc_err_kind dc_err_kind_of(const char *reason)
{
    for (unsigned k = 1; k < sizeof kinds / sizeof kinds[0]; k++) {
        if (strcmp(kinds[k].reason, reason) == 0)
            return (enum dc_err_kind)k;
    }
    return DC_INTERNAL;
}
