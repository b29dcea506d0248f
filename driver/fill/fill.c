// SPDX-License-Identifier: Apache-2.0
/*
 * fill/fill.c - one fill as a state machine on a loop.
 *
 *   open -> place -> write <-> drain <-> sync -> finish -> done
 *
 * Any of them may fail or be cancelled: abort waits until nothing is in flight, for the kernel
 * reads from our buffers until then, and no flush is under way, for closing would wait for it and
 * the loop with it. Then it goes to failed. Only loop callbacks run the machine, so
 * that nothing is freed under the feet of a source or a caller.
 *
 * drain and sync also run once a second in mid-fill: only what has been flushed is "durable".
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "fill/state.h"
#include "filter/filter.h"

enum { TICK_MS = 100 };
#define MEMORY_DEFAULT (64 * DC_MIB)

/* --- The states; each returns the next, or itself when it has to wait --- */

static enum fill_state fill_open(struct dc_fill *f)
{
    switch (pipeline_head(&f->pipe, &f->info, &f->err)) {
    case DC_PULL_WAIT:
        return FILL_OPEN;
    case DC_PULL_SPAN:
        return FILL_PLACE;
    case DC_PULL_END:
    case DC_PULL_FAIL:
        break;
    }
    return FILL_ABORT;
}

static enum fill_state fill_drain(struct dc_fill *f)
{
    return f->sink->in_flight == 0 ? FILL_SYNC : FILL_DRAIN;
}

static enum fill_state fill_sync(struct dc_fill *f)
{
    f->syncing = false;
    switch (dc_sink_sync(f->sink, &f->err)) {
    case DC_SYNC_WAIT:
        f->syncing = true;
        return FILL_SYNC;
    case DC_SYNC_FAIL:
        return FILL_ABORT;
    case DC_SYNC_DONE:
        break;
    }
    f->synced_ns = dc_clock_ns();
    return f->ended && f->zero_len == 0 ? FILL_FINISH : FILL_WRITE;
}

static int checksum_check(struct dc_fill *f)
{
    char got[DC_DIGEST_TEXT];

    if (dc_filter_digest_text(f->pipe.digest, f->told.digest, &f->err) != 0)
        return -1;
    memcpy(got, f->told.digest, sizeof got);
    if (f->pipe.wanted != f->pipe.digest &&
        dc_filter_digest_text(f->pipe.wanted, got, &f->err) != 0)
        return -1;
    if (f->checksum[0] && strcmp(got, f->checksum) != 0)
        return dc_fail(
            &f->err, DC_CORRUPT, 0,
            "the checksum of the source is %s, expected %s; check the source, or the "
            "checksum that was given",
            got, f->checksum);
    return 0;
}

static enum fill_state fill_finish(struct dc_fill *f)
{
    uint64_t total = f->info.served_bytes, pulled = f->pipe.source->pulled;

    if (total > 0 && pulled != total) {
        (void)dc_fail(&f->err, DC_CORRUPT, 0,
                      "the source brought %" PRIu64 " bytes and announced %" PRIu64, pulled,
                      total);
        return FILL_ABORT;
    }
    if (checksum_check(f) != 0)
        return FILL_ABORT;
    if (f->target_kind == DC_TARGET_FILE &&
        dc_target_finish_file(&f->target, f->target_path, DC_MAX(f->file_bytes, f->image),
                              &f->err) != 0)
        return FILL_ABORT;
    return FILL_DONE;
}

static enum fill_state fill_abort(struct dc_fill *f)
{
    struct dc_err ignored = {0}; /* the first failure is what counts */

    if (f->sink && f->sink->in_flight > 0)
        return FILL_ABORT;
    if (f->syncing && dc_sink_sync(f->sink, &ignored) == DC_SYNC_WAIT)
        return FILL_ABORT;
    return FILL_FAILED;
}

static enum fill_state fill_rest(struct dc_fill *f)
{
    return f->state;
}

#define TO(s) (1u << FILL_##s)
static const struct {
    const char *name;
    enum fill_state (*step)(struct dc_fill *f);
    unsigned may_go_to;
    enum dc_fill_state shown;
} states[] = {
    [FILL_OPEN] = {"open", fill_open, TO(PLACE) | TO(ABORT), DC_FILL_OPENING},
    [FILL_PLACE] = {"place", fill_place, TO(WRITE) | TO(ABORT), DC_FILL_OPENING},
    [FILL_WRITE] = {"write", fill_write, TO(DRAIN) | TO(ABORT), DC_FILL_WRITING},
    [FILL_DRAIN] = {"drain", fill_drain, TO(SYNC) | TO(ABORT), DC_FILL_WRITING},
    [FILL_SYNC] = {"sync", fill_sync, TO(WRITE) | TO(FINISH) | TO(ABORT), DC_FILL_WRITING},
    [FILL_FINISH] = {"finish", fill_finish, TO(DONE) | TO(ABORT), DC_FILL_FLUSHING},
    [FILL_ABORT] = {"abort", fill_abort, TO(FAILED), DC_FILL_FLUSHING},
    [FILL_DONE] = {"done", fill_rest, 0, DC_FILL_ENDED},
    [FILL_FAILED] = {"failed", fill_rest, 0, DC_FILL_ENDED},
};

/* The only writer of f->state. */
static void fill_enter(struct dc_fill *f, enum fill_state next)
{
    assert(states[f->state].may_go_to & (1u << next));
    dc_debug("fill", "%s: %s -> %s", f->id, states[f->state].name, states[next].name);
    f->state = next;
}

/* --- Running it --- */

static void progress_take(const struct dc_fill *f, struct dc_fill_progress *p)
{
    *p = f->told;
    p->state = states[f->state].shown;
    if (f->ended && p->state == DC_FILL_WRITING)
        p->state = DC_FILL_FLUSHING;
    p->total = f->info.served_bytes;
    p->image = f->ended ? f->image : f->info.virtual_bytes;
    p->touched = f->image > 0 || (f->target.fd >= 0 && !f->target.device);
    memcpy(p->format, f->info.format, sizeof p->format);
    memcpy(p->validator, f->info.validator, sizeof p->validator);
    if (f->pipe.source) {
        p->pulled = f->pipe.source->pulled;
        p->retries = f->pipe.source->retries;
    }
    if (f->sink) {
        p->written = f->sink->written;
        p->durable = f->sink->durable;
        p->zero = f->zeroed;
    }
}

static void fill_free(struct dc_fill *f)
{
    dc_loop_timer_disarm(f->loop, &f->kick);
    dc_loop_timer_disarm(f->loop, &f->tick);
    dc_loop_fd_remove(f->loop, &f->sink_fd);
    pipeline_close(&f->pipe);
    dc_sink_close(f->sink);
    dc_target_close(&f->target);
    free(f->target_path);
    free(f);
}

static void fill_free_at(struct dc_fill **f)
{
    if (*f)
        fill_free(*f);
}

/* Everything of it is closed before its owner hears of the end. */
static void fill_end(struct dc_fill *f)
{
    struct dc_fill_events ev = f->ev;
    struct dc_fill_progress progress;
    struct dc_err err = f->err;

    progress_take(f, &progress);
    fill_free(f);
    ev.done(ev.arg, &progress, &err);
}

static void fill_step(struct dc_fill *f)
{
    enum fill_state next;

    while ((next = states[f->state].step(f)) != f->state)
        fill_enter(f, next);
}

static bool fill_is_ending(const struct dc_fill *f)
{
    return f->state == FILL_ABORT || f->state == FILL_DONE || f->state == FILL_FAILED;
}

/* All new requests in one call; also those of a fill that is ending: they must come home. */
static void fill_submit(struct dc_fill *f)
{
    struct dc_err err = {0};

    if (!f->sink || dc_sink_submit(f->sink, &err) == 0)
        return;
    if (!fill_is_ending(f)) {
        f->err = err;
        fill_enter(f, FILL_ABORT);
    }
    fill_step(f);
}

static void fill_run(struct dc_fill *f)
{
    if (f->cancelled && f->err.kind == DC_OK)
        (void)dc_fail(&f->err, DC_CANCELLED, 0, "the fill was cancelled");
    if (f->err.kind != DC_OK && !fill_is_ending(f))
        fill_enter(f, FILL_ABORT);
    fill_step(f);
    fill_submit(f);
    if (f->state == FILL_DONE || f->state == FILL_FAILED)
        fill_end(f);
}

void fill_kick(struct dc_fill *f)
{
    if (!f->kick.armed)
        dc_loop_timer_arm(f->loop, &f->kick, 0);
}

static void kick_fire(struct dc_loop_timer *t)
{
    fill_run(dc_container_of(t, struct dc_fill, kick));
}

static void source_wakes(void *arg)
{
    fill_kick(arg);
}

static void sink_ready(struct dc_loop_fd *w, uint32_t events)
{
    struct dc_fill *f = dc_container_of(w, struct dc_fill, sink_fd);
    struct dc_err err = {0};

    (void)events;
    if (dc_sink_reap(f->sink, &err) != 0 && f->err.kind == DC_OK)
        f->err = err;
    fill_run(f);
}

static bool progress_same(const struct dc_fill_progress *a, const struct dc_fill_progress *b)
{
    return a->state == b->state && a->total == b->total && a->pulled == b->pulled &&
           a->written == b->written && a->durable == b->durable && a->retries == b->retries;
}

static void tick_fire(struct dc_loop_timer *t)
{
    struct dc_fill *f = dc_container_of(t, struct dc_fill, tick);
    struct dc_fill_progress now;

    dc_loop_timer_arm(f->loop, t, TICK_MS);
    progress_take(f, &now);
    if (f->ev.progress && !progress_same(&now, &f->told)) {
        f->told = now;
        f->ev.progress(f->ev.arg, &now);
    }
    fill_kick(f); /* a checkpoint may be due while the source is silent */
}

/* --- Starting it --- */

static int spec_check(const struct dc_fill_spec *spec, const struct dc_fill_events *events,
                      struct dc_err *err)
{
    assert(events->done);
    if (!spec->target_path || !spec->target_path[0])
        return dc_fail(err, DC_BAD_INPUT, 0, "the fill has no target");
    if (spec->target != DC_TARGET_DEVICE && spec->target != DC_TARGET_FILE)
        return dc_fail(err, DC_BAD_INPUT, 0, "targets of kind %d are not known",
                       (int)spec->target);
    if (spec->memory_bytes != 0 && spec->memory_bytes < DC_MIB)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "%" PRIu64 " bytes of memory are too few; expected 1Mi "
                       "or more",
                       spec->memory_bytes);
    return 0;
}

/*
 * Eight blocks at the sink, two received, two each for the one or two digests, one each where raw
 * and zero detection may carry one: sixteen at most. 1 MiB each when memory allows, else the
 * largest power of two that fits. A quarter at least is left for decoders: whether there are any
 * is known later. Returns it.
 */
static uint64_t memory_divide(uint64_t memory, struct dc_sink_ways *sink,
                              struct dc_source_ways *source)
{
    uint64_t total = memory > 0 ? memory : MEMORY_DEFAULT, blocks;

    dc_sink_ways_default(sink);
    dc_source_ways_default(source);
    while (sink->slot_bytes * (sink->slots + 8) > total - total / 4)
        sink->slot_bytes /= 2;
    source->buffer_bytes = 2 * sink->slot_bytes;
    blocks = sink->slot_bytes * (sink->slots + 8);
    return total - blocks;
}

static int fill_make(struct dc_loop *loop, const struct dc_fill_spec *spec,
                     const struct dc_fill_events *events, struct dc_fill **ret,
                     struct dc_err *err)
{
    DC_AUTO(fill_free_at) struct dc_fill *f = calloc(1, sizeof *f);

    if (!f)
        return dc_fail(err, DC_NO_MEMORY, 0, "fill");
    f->loop = loop;
    f->ev = *events;
    f->kick.fire = kick_fire;
    f->tick.fire = tick_fire;
    f->sink_fd = (struct dc_loop_fd){.ready = sink_ready, .fd = -1};
    f->target.fd = -1;
    f->target_kind = spec->target;
    f->file_bytes = spec->file_bytes;
    f->max_bytes = spec->max_bytes;
    snprintf(f->id, sizeof f->id, "%s", spec->id ? spec->id : "-");
    f->target_path = strdup(spec->target_path);
    if (!f->target_path)
        return dc_fail(err, DC_NO_MEMORY, 0, "fill");
    if (spec->checksum && dc_checksum_parse(spec->checksum, f->checksum, err) != 0)
        return -1;
    *ret = dc_steal(f);
    return 0;
}

int dc_fill_start(struct dc_loop *loop, const struct dc_fill_spec *spec,
                  const struct dc_fill_events *events, struct dc_fill **ret, struct dc_err *err)
{
    DC_AUTO(fill_free_at) struct dc_fill *f = NULL;
    struct dc_source_ways source;
    char algorithm[16] = "";

    if (spec_check(spec, events, err) != 0 || fill_make(loop, spec, events, &f, err) != 0)
        return -1;
    uint64_t unpack_bytes = memory_divide(spec->memory_bytes, &f->ways, &source);
    source.validator = spec->validator;
    if (spec->retry_max_ms > 0)
        source.backoff.cap_ms = spec->retry_max_ms;
    snprintf(algorithm, sizeof algorithm, "%.*s", (int)strcspn(f->checksum, ":"), f->checksum);

    const struct dc_waker waker = {source_wakes, f};
    if (pipeline_open(loop, &spec->source, &source, waker, true,
                      algorithm[0] ? algorithm : NULL, &f->pipe, &f->err) != 0 &&
        f->err.kind == DC_BAD_INPUT) {
        *err = f->err;
        return -1;
    }
    f->pipe.unpack_bytes = unpack_bytes;
    dc_loop_timer_arm(loop, &f->tick, TICK_MS);
    fill_kick(f); /* also to tell what went wrong already */
    *ret = dc_steal(f);
    return 0;
}

void dc_fill_cancel(struct dc_fill *fill)
{
    fill->cancelled = true;
    fill_kick(fill);
}
