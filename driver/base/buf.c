// SPDX-License-Identifier: Apache-2.0
/* base/buf.c - a growing string that cannot be made without a maximum. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for len more bytes and the NUL. */
static bool buf_reserve(struct dc_buf *b, size_t len)
{
    if (b->failed || len > b->max - b->len) {
        b->failed = true;
        return false;
    }
    size_t need = b->len + len + 1;
    if (need <= b->cap)
        return true;

    size_t cap = b->cap < 64 ? 64 : b->cap * 2;
    if (cap < need)
        cap = need;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

bool dc_buf_add(struct dc_buf *b, const void *data, size_t len)
{
    if (!buf_reserve(b, len))
        return false;
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool dc_buf_adds(struct dc_buf *b, const char *s)
{
    return dc_buf_add(b, s, strlen(s));
}

bool dc_buf_addf(struct dc_buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0 || !buf_reserve(b, (size_t)len)) {
        b->failed = true;
        return false;
    }
    va_start(ap, fmt);
    (void)vsnprintf(b->data + b->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)len;
    return true;
}

void dc_buf_drop(struct dc_buf *b, size_t n)
{
    if (n >= b->len) {
        n = b->len;
    }
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n + 1);
    b->len -= n;
}

void dc_buf_reset(struct dc_buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}

void dc_buf_free(struct dc_buf *b)
{
    free(b->data);
    *b = (struct dc_buf){.max = b->max};
}

char *dc_buf_steal(struct dc_buf *b)
{
    char *s = NULL;

    if (!b->failed && dc_buf_add(b, "", 0))
        s = dc_steal(b->data);
    dc_buf_free(b);
    return s;
}

char *dc_asprintf(const char *fmt, ...)
{
    char *s = NULL;
    va_list ap;

    va_start(ap, fmt);
    int len = vasprintf(&s, fmt, ap);
    va_end(ap);
    return len < 0 ? NULL : s;
}
