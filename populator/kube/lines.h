// SPDX-License-Identifier: Apache-2.0
/* kube/lines.h - bytes in, lines out: what a watch sends. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct dc_kube_lines {
    struct dc_buf buf;
    size_t at;      /* bytes of buf that have been given out */
    size_t scanned; /* bytes from at without a newline       */
};

#define DC_KUBE_LINES(max_bytes) ((struct dc_kube_lines){.buf = DC_BUF(max_bytes)})

enum dc_kube_lines_add { DC_KUBE_LINES_TAKEN, DC_KUBE_LINES_FULL, DC_KUBE_LINES_NO_MEMORY };

/* Take all len bytes or none of them. */
enum dc_kube_lines_add dc_kube_lines_add(struct dc_kube_lines *l, const void *data, size_t len);

/*
 * The next whole line, without its newline; NULL: there is none yet. Valid until the next call
 * with l. Not NUL-terminated.
 */
const char *dc_kube_lines_next(struct dc_kube_lines *l, size_t *ret_len);

/* What has no newline yet. */
const char *dc_kube_lines_rest(const struct dc_kube_lines *l, size_t *ret_len);

void dc_kube_lines_reset(struct dc_kube_lines *l);
void dc_kube_lines_done(struct dc_kube_lines *l);
