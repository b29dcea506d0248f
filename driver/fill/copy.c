// SPDX-License-Identifier: Apache-2.0
/* fill/copy.c - from the pipeline to the sink: sizes, spans, zeros and the tail. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/num.h"
#include "fill/state.h"

enum {
    SPANS_A_TURN = 64, /* then the other fills of the loop have their turn */
};
/* A run of zeros this long is put, so that progress shows it. */
#define ZERO_RUN_MAX (4 * DC_GIB)
/* What a crash loses, and how far "durable" lags behind. */
#define CHECKPOINT_NS (1 * DC_NS_PER_S)

/* --- Before the first write --- */

static int too_small(struct dc_fill *f, uint64_t need, const char *at_least)
{
    char need_text[DC_SIZE_TEXT], have_text[DC_SIZE_TEXT];

    return dc_fail(&f->err, DC_NO_SPACE, 0,
                   "the image needs %s%" PRIu64 " bytes (%s) and the volume has %" PRIu64
                   " (%s); use a volume of that size or more",
                   at_least, need, dc_size_text(need, need_text), f->limit,
                   dc_size_text(f->limit, have_text));
}

static int target_open(struct dc_fill *f)
{
    if (f->target_kind == DC_TARGET_DEVICE) {
        if (dc_target_open_device(f->target_path, &f->target, &f->err) != 0)
            return -1;
        f->limit = f->target.size;
    } else {
        f->limit = f->max_bytes > 0 ? f->max_bytes : INT64_MAX;
    }
    if (f->info.virtual_bytes > f->limit)
        return too_small(f, f->info.virtual_bytes, "");
    if (f->target_kind == DC_TARGET_FILE)
        return dc_target_open_file(f->target_path, f->max_bytes, &f->target, &f->err);
    return 0;
}

enum fill_state fill_place(struct dc_fill *f)
{
    if (target_open(f) != 0 ||
        dc_sink_uring_open(&f->target, &f->ways, &f->sink, &f->err) != 0 ||
        pipeline_build(&f->pipe, f->ways.slot_bytes, &f->err) != 0)
        return FILL_ABORT;
    f->sink_fd.fd = f->sink->fd;
    f->sink_fd.events = EPOLLIN;
    if (dc_loop_fd_add(f->loop, &f->sink_fd, &f->err) != 0)
        return FILL_ABORT;
    f->synced_ns = dc_clock_ns();
    return FILL_WRITE;
}

/* --- Spans --- */

/* Zeros are gathered over many spans: a hole of a terabyte is few requests, not a million. */
static void zero_add(struct dc_fill *f, uint64_t off, uint64_t len)
{
    if (f->zero_len == 0)
        f->zero_off = off;
    assert(f->zero_off + f->zero_len == off);
    f->zero_len += len;
    f->zero_closed = f->zero_len >= ZERO_RUN_MAX;
}

/* Give gathered zeros to the sink, in a buffer that is not needed for data. */
static int zero_put(struct dc_fill *f, struct dc_span *span)
{
    uint64_t end = dc_align_up(f->zero_off + f->zero_len, f->sink->block);

    span->kind = DC_SPAN_ZERO;
    span->off = f->zero_off;
    span->len = end - f->zero_off;
    f->zeroed += f->zero_len;
    f->zero_len = 0;
    f->zero_closed = false;
    return dc_sink_put(f->sink, span, &f->err);
}

/* The order of puts does not matter: zeros seen before go with the next free buffer. */
static int data_put(struct dc_fill *f, struct dc_span *span)
{
    uint64_t len = dc_align_up(span->len, f->sink->block);

    assert(len <= span->cap);
    memset((char *)span->buf + span->len, 0, (size_t)(len - span->len));
    span->len = len;
    f->zero_closed = f->zero_len > 0;
    return dc_sink_put(f->sink, span, &f->err);
}

static int span_take(struct dc_fill *f, struct dc_span *span)
{
    uint64_t end = 0;

    assert(span->off == f->image); /* rising, without gaps */
    if (!dc_add(span->off, span->len, &end) || end > f->limit) {
        dc_sink_give_back(f->sink, span);
        return too_small(f, end, "more than ");
    }
    f->image = end;
    if (span->kind == DC_SPAN_DATA)
        return data_put(f, span);
    zero_add(f, span->off, span->len);
    dc_sink_give_back(f->sink, span);
    return 0;
}

/* The image has ended: what the volume has more reads as zeros. */
static void tail_add(struct dc_fill *f)
{
    uint64_t from = f->image;

    f->ended = true;
    if (f->zero_len == 0)
        from = dc_align_up(from, f->sink->block); /* the last block of data was padded */
    if (f->target.device && from < f->target.size)
        zero_add(f, from, f->target.size - from);
    f->zero_closed = f->zero_len > 0;
}

static bool checkpoint_due(const struct dc_fill *f)
{
    return f->sink->submitted > f->sink->durable &&
           dc_clock_ns() - f->synced_ns >= CHECKPOINT_NS;
}

enum fill_state fill_write(struct dc_fill *f)
{
    for (int i = 0; i < SPANS_A_TURN; i++) {
        struct dc_span span = {0};

        if ((f->ended && f->zero_len == 0) || checkpoint_due(f))
            return FILL_DRAIN;
        if (!dc_sink_lend(f->sink, &span))
            return FILL_WRITE; /* window full: the next completion runs us again */
        if (f->zero_closed) {
            if (zero_put(f, &span) != 0)
                return FILL_ABORT;
            continue;
        }
        switch (dc_stage_pull(f->pipe.top, &span, &f->err)) {
        case DC_PULL_SPAN:
            if (span_take(f, &span) != 0)
                return FILL_ABORT;
            break;
        case DC_PULL_WAIT:
            dc_sink_give_back(f->sink, &span);
            return FILL_WRITE; /* the source's waker runs us again */
        case DC_PULL_END:
            dc_sink_give_back(f->sink, &span);
            tail_add(f);
            break;
        case DC_PULL_FAIL:
            dc_sink_give_back(f->sink, &span);
            return FILL_ABORT;
        }
    }
    fill_kick(f);
    return FILL_WRITE;
}
