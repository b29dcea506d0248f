// SPDX-License-Identifier: Apache-2.0
/* source/ring.c - a fixed buffer of bytes. */
#include "source/ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

int source_ring_init(struct source_ring *r, size_t cap)
{
    *r = (struct source_ring){.data = malloc(cap), .cap = cap};
    return r->data ? 0 : -1;
}

void source_ring_done(struct source_ring *r)
{
    free(r->data);
    *r = (struct source_ring){0};
}

bool source_ring_put(struct source_ring *r, const void *data, size_t len)
{
    if (len > r->cap - r->len)
        return false;

    size_t end = (r->at + r->len) % r->cap;
    size_t first = DC_MIN(len, r->cap - end);
    memcpy(r->data + end, data, first);
    memcpy(r->data, (const char *)data + first, len - first);
    r->len += len;
    return true;
}

size_t source_ring_take(struct source_ring *r, void *to, size_t cap)
{
    size_t n = DC_MIN(cap, r->len), first = DC_MIN(n, r->cap - r->at);

    memcpy(to, r->data + r->at, first);
    memcpy((char *)to + first, r->data, n - first);
    r->len -= n;
    r->at = r->len > 0 ? (r->at + n) % r->cap : 0; /* an empty one starts over: cache-warm */
    return n;
}
