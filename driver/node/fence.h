// SPDX-License-Identifier: Apache-2.0
/*
 * node/fence.h - the highest generation seen of each fill, also of fills that are forgotten.
 *
 * A StartFill that was held up on its way must not begin what a later call has ended. The latest
 * 4096 fills are remembered; across a restart, which cuts every connection, only those that the
 * journal names.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "node/journal.h"

#define DC_FENCES_MAX 4096

struct dc_fence {
    char fill_id[DC_FILL_ID_MAX + 1];
    int64_t seen;      /* by StartFill: no lower generation may start */
    int64_t cancelled; /* neither this generation nor a lower one may start */
    struct dc_fence *next;
};

/* The one used last comes first. Zero-initialised is empty. */
struct dc_fences {
    struct dc_fence *first;
    unsigned n;
};

/* The fence of a fill, made when it has none; NULL: out of memory. */
struct dc_fence *dc_fence_get(struct dc_fences *f, const char *fill_id);
void dc_fences_free(struct dc_fences *f);
