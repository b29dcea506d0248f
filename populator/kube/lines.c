// SPDX-License-Identifier: Apache-2.0
/* kube/lines.c - split a stream at its newlines; no byte is looked at twice. */
#include "kube/lines.h"

#include <string.h>

enum dc_kube_lines_add dc_kube_lines_add(struct dc_kube_lines *l, const void *data, size_t len)
{
    if (l->at > 0) {
        dc_buf_drop(&l->buf, l->at);
        l->at = 0;
    }
    if (len > l->buf.max - l->buf.len)
        return DC_KUBE_LINES_FULL;
    return dc_buf_add(&l->buf, data, len) ? DC_KUBE_LINES_TAKEN : DC_KUBE_LINES_NO_MEMORY;
}

const char *dc_kube_lines_next(struct dc_kube_lines *l, size_t *ret_len)
{
    size_t left = l->buf.len - l->at;
    const char *line = l->buf.data ? l->buf.data + l->at : NULL;
    const char *end = line ? memchr(line + l->scanned, '\n', left - l->scanned) : NULL;

    if (!end) {
        l->scanned = left;
        return NULL;
    }
    *ret_len = (size_t)(end - line);
    l->at += *ret_len + 1;
    l->scanned = 0;
    return line;
}

const char *dc_kube_lines_rest(const struct dc_kube_lines *l, size_t *ret_len)
{
    *ret_len = l->buf.len - l->at;
    return l->buf.data ? l->buf.data + l->at : "";
}

void dc_kube_lines_reset(struct dc_kube_lines *l)
{
    dc_buf_reset(&l->buf);
    l->at = l->scanned = 0;
}

void dc_kube_lines_done(struct dc_kube_lines *l)
{
    dc_buf_free(&l->buf);
    l->at = l->scanned = 0;
}
