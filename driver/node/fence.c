// SPDX-License-Identifier: Apache-2.0
/* node/fence.c - the highest generation seen of each fill, also of fills that are forgotten. */
#include "node/fence.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct dc_fence *take_out(struct dc_fences *f, const char *fill_id)
{
    for (struct dc_fence **at = &f->first; *at; at = &(*at)->next)
        if (strcmp((*at)->fill_id, fill_id) == 0) {
            struct dc_fence *found = *at;

            *at = found->next;
            f->n--;
            return found;
        }
    return NULL;
}

/* The one not used for longest. */
static struct dc_fence *take_last(struct dc_fences *f)
{
    struct dc_fence **at = &f->first;

    assert(f->first);
    while ((*at)->next)
        at = &(*at)->next;
    struct dc_fence *last = *at;
    *at = NULL;
    f->n--;
    return last;
}

struct dc_fence *dc_fence_get(struct dc_fences *f, const char *fill_id)
{
    struct dc_fence *fence = take_out(f, fill_id);

    if (!fence) {
        fence = f->n < DC_FENCES_MAX ? malloc(sizeof *fence) : take_last(f);
        if (!fence)
            return NULL;
        *fence = (struct dc_fence){0};
        (void)snprintf(fence->fill_id, sizeof fence->fill_id, "%s", fill_id);
    }
    fence->next = f->first;
    f->first = fence;
    f->n++;
    return fence;
}

void dc_fences_free(struct dc_fences *f)
{
    while (f->first) {
        struct dc_fence *next = f->first->next;

        free(f->first);
        f->first = next;
    }
    f->n = 0;
}
