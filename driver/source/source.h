// SPDX-License-Identifier: Apache-2.0
/* source/source.h - the first stage of a pipeline, and what it has learnt about its bytes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/source.h"
#include "decant/stage.h"
#include "net/backoff.h"

struct dc_loop;

/* First member of every source's own struct. Closed through its stage. */
struct dc_source {
    struct dc_stage st;
    bool known; /* info is set: from the first SPAN or END on; format is not */
    struct dc_source_info info;
    uint64_t pulled;  /* bytes handed out                                          */
    uint32_t retries; /* connections after the first                               */
};

/* How a source reads; dc_source_ways_default() and then change what should differ. */
struct dc_source_ways {
    const char *validator;     /* the source must still be this one; NULL: any. Copied     */
    uint64_t head_bytes;       /* only the first bytes, and no retry; 0: all               */
    size_t buffer_bytes;       /* received and not yet pulled, at most                     */
    unsigned max_tries;        /* failures in a row without progress before it gives up    */
    struct dc_backoff backoff; /* between them                                             */
    uint32_t stall_timeout_s;
};
void dc_source_ways_default(struct dc_source_ways *ret);

/*
 * Open the source that spec names; spec is copied. Wrong specs fail at once, what the world
 * answers comes from the pulls. waker runs on loop, never inside a pull, after a pull has
 * answered WAIT. A source that seeks takes any offset up to served_bytes.
 *
 * Failures of pulls: NOT_FOUND, DENIED, BAD_INPUT; REMOTE, TIMEOUT once the retries are used up;
 * CHANGED when it is not what it was at the start, or not ways->validator.
 */
int dc_source_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                   const struct dc_source_ways *ways, struct dc_waker waker,
                   struct dc_source **ret, struct dc_err *err);

/* One function a kind: what dc_source_open() chooses from. */
int dc_source_http_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                        const struct dc_source_ways *ways, struct dc_waker waker,
                        struct dc_source **ret, struct dc_err *err);
int dc_source_file_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                        const struct dc_source_ways *ways, struct dc_waker waker,
                        struct dc_source **ret, struct dc_err *err);

/* --- Memory, for tests: len bytes at data (borrowed) in pieces. --- */
struct dc_source_memory {
    const void *data;
    size_t len;
    size_t fragment;     /* bytes a pull at most; 0: as many as fit        */
    unsigned wait_every; /* every so-many-th pull answers WAIT; 0: none do */
};
/* loop may be NULL: nobody is woken then, the test just pulls again. */
int dc_source_memory_open(struct dc_loop *loop, const struct dc_source_memory *m,
                          struct dc_waker waker, struct dc_source **ret, struct dc_err *err);
