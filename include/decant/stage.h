// SPDX-License-Identifier: Apache-2.0
/*
 * decant/stage.h - one step of a pipeline: source, decoder, format or filter.
 *
 * The sink's side pulls: it lends an aligned buffer, each stage asks the one above it, and
 * the bytes land in the lent buffer. No free buffer, no pull: back-pressure costs no code.
 *
 *     source -> [decode] -> [format] -> [filter ...] -> (driver/fill) -> sink
 *
 * A pipeline and its stages belong to one thread at a time.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"

enum dc_span_kind { DC_SPAN_DATA, DC_SPAN_ZERO };

/* What flows through the engine: a run of bytes of the volume, with or without content. */
struct dc_span {
    enum dc_span_kind kind;
    uint64_t off; /* bytes from the start of the volume                     */
    uint64_t len; /* bytes, > 0; DATA: <= cap; ZERO: may be longer than cap */
    void *buf;    /* lent by the caller for one pull; len bytes if DATA     */
    size_t cap;   /* bytes at buf, > 0, set by the caller and never changed */
};

enum dc_pull {
    DC_PULL_SPAN, /* *span is filled */
    DC_PULL_WAIT, /* nothing yet: the stage's waker runs when there may be more */
    DC_PULL_END,  /* no more, ever */
    DC_PULL_FAIL, /* *err says why; only close() may follow */
};

struct dc_stage;

struct dc_stage_ops {
    const char *name; /* "http", "raw", "zero-detect": appears in errors and metrics */
    /* Required. Spans come in rising, gap-free order of off. Never blocks. */
    enum dc_pull (*pull)(struct dc_stage *st, struct dc_span *span, struct dc_err *err);
    /*
     * Optional; NULL: streaming only, the fill starts at 0 again. The next pull answers from
     * off, in bytes of this stage's output. Allowed before the first pull and after any.
     */
    int (*seek)(struct dc_stage *st, uint64_t off, struct dc_err *err);
    /* Required. Frees st only; the pipeline closes st->up. */
    void (*close)(struct dc_stage *st);
};

/* First member of every stage's own struct. */
struct dc_stage {
    const struct dc_stage_ops *ops;
    struct dc_stage *up;         /* NULL for a source; owned by the pipeline */
    enum dc_pull last;           /* answer of the latest pull                */
    uint64_t calls, data, zeros; /* kept by dc_stage_pull() alone; bytes     */
};

/*
 * Whom to tell that a stage which answered WAIT may have more. Sources keep a copy and call
 * it from the owning thread's loop, never from inside pull().
 */
struct dc_waker {
    void (*wake)(void *arg);
    void *arg;
};

/*
 * The only caller of ops->pull: checks the contract on the way in and out, counts, and names
 * the failing stage in *err.
 */
enum dc_pull dc_stage_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err);

/* Whether this stage and all above it can seek. */
bool dc_stage_can_seek(const struct dc_stage *st);
/* The only caller of ops->seek. DC_UNSUPPORTED when the stage has none. */
int dc_stage_seek(struct dc_stage *st, uint64_t off, struct dc_err *err);

/* Close st and every stage above it. NULL is allowed. */
void dc_stage_close(struct dc_stage *st);
