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
} kinds[] = {[DC_OK] = {0, false, "", "OK"},
#define X(name, grpc, retry, reason) [DC_##name] = {grpc, retry, reason, #name},
             DC_ERR_KINDS(X)
#undef X
};

/* Append as much as fits, without half a UTF-8 character: the text goes into protobuf strings. */
static void msg_add(struct dc_err *err, const char *text)
{
    size_t at = strlen(err->msg), len = strlen(text), room = sizeof err->msg - 1 - at;

    if (len > room) {
        len = room;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(err->msg + at, text, len);
    err->msg[at + len] = '\0';
}

/* Start the message anew from a format. Formatted twice as long as kept, then cut cleanly. */
__attribute__((format(printf, 2, 0))) static void msg_format(struct dc_err *err,
                                                             const char *fmt, va_list ap)
{
    char text[2 * sizeof err->msg];

    err->msg[0] = '\0';
    (void)vsnprintf(text, sizeof text, fmt, ap);
    msg_add(err, text);
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
    msg_format(err, fmt, ap);
    va_end(ap);
    if (sys != 0) {
        char text[128];
        msg_add(err, ": ");
        msg_add(err, strerror_r(sys, text, sizeof text));
    }
    return -1;
}

int dc_wrap(struct dc_err *err, const char *fmt, ...)
{
    char old[sizeof err->msg];
    va_list ap;

    assert(err->kind != DC_OK);
    memcpy(old, err->msg, sizeof old);
    va_start(ap, fmt);
    msg_format(err, fmt, ap);
    va_end(ap);
    msg_add(err, ": ");
    msg_add(err, old);
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
