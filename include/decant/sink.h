// SPDX-License-Identifier: Apache-2.0
/*
 * decant/sink.h - where a volume's bytes go: a block device, a file, or nowhere (tests).
 *
 * The sink owns the buffers. The fill borrows one (lend), has the pipeline fill it, and gives
 * it back as a span to write (put) or unused (give_back). Words for progress, in this order:
 * submitted (given to the kernel), written (completed), durable (flushed).
 *
 * A sink belongs to one thread at a time.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"
#include "decant/stage.h"

struct dc_sink;

enum dc_sync {
    DC_SYNC_DONE, /* everything put before the first call is durable  */
    DC_SYNC_WAIT, /* in progress: call again when the sink's fd wakes */
    DC_SYNC_FAIL, /* *err says why                                    */
};

struct dc_sink_ops {
    const char *name;
    /* Required. Set span->buf and span->cap to a free buffer; false: none is free now. */
    bool (*lend)(struct dc_sink *k, struct dc_span *span);
    /* Required. Take a filled span: DATA in the lent buffer, or ZERO (buffer handed back). */
    int (*put)(struct dc_sink *k, struct dc_span *span, struct dc_err *err);
    /* Required. Take a lent buffer back unused. */
    void (*give_back)(struct dc_sink *k, struct dc_span *span);
    /* Required. Give all new work to the kernel in one call. */
    int (*submit)(struct dc_sink *k, struct dc_err *err);
    /* Required. Take in what has completed; after a failure the rest is only counted home. */
    int (*reap)(struct dc_sink *k, struct dc_err *err);
    /* Required. Flush to stable storage without blocking. Only with nothing in flight. */
    enum dc_sync (*sync)(struct dc_sink *k, struct dc_err *err);
    /* Required. Waits for what is in flight, then frees. Buffers die here. */
    void (*close)(struct dc_sink *k);
};

/* First member of every sink's own struct. */
struct dc_sink {
    const struct dc_sink_ops *ops;
    uint64_t size;      /* bytes that can be written, from 0 */
    uint32_t block;     /* bytes; offsets and lengths are multiples but the last */
    int fd;             /* readable when reap() has work; -1: always ready */
    unsigned in_flight; /* requests given to the kernel and not yet home */
    uint64_t submitted, written, durable; /* bytes, DATA and ZERO alike */
};

bool dc_sink_lend(struct dc_sink *k, struct dc_span *span);
/* The only caller of ops->put: checks range and alignment first. */
int dc_sink_put(struct dc_sink *k, struct dc_span *span, struct dc_err *err);
void dc_sink_give_back(struct dc_sink *k, struct dc_span *span);
int dc_sink_submit(struct dc_sink *k, struct dc_err *err);
int dc_sink_reap(struct dc_sink *k, struct dc_err *err);
enum dc_sync dc_sink_sync(struct dc_sink *k, struct dc_err *err);
void dc_sink_close(struct dc_sink *k); /* NULL is allowed */
