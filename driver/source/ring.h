// SPDX-License-Identifier: Apache-2.0
/* source/ring.h - a fixed buffer of bytes between a receiver and the pulls. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct source_ring {
    char *data;
    size_t cap, at, len; /* bytes; at: of the oldest */
};

int source_ring_init(struct source_ring *r, size_t cap); /* -1: out of memory */
void source_ring_done(struct source_ring *r);
/* All of it or nothing. */
bool source_ring_put(struct source_ring *r, const void *data, size_t len);
/* At most cap bytes; how many. */
size_t source_ring_take(struct source_ring *r, void *to, size_t cap);
