// SPDX-License-Identifier: Apache-2.0
/*
 * sink/uring.c - write a volume through io_uring.
 *
 * The life of a slot: free -> lent (the pipeline fills its buffer) -> queued (put) -> in flight
 * (submit) -> reaped: in flight again when the write was short or a way of zeroing was refused,
 * else free.
 *
 * What can go wrong: a request fails (the first error is kept; all others are still counted
 * home before anything is freed), a device cannot punch holes (zero-range, then written zeros,
 * tried once and remembered), buffers cannot be registered (RLIMIT_MEMLOCK: they are used
 * unregistered), io_uring is forbidden (DC_UNSUPPORTED when made).
 */
#include "sink/uring.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include "base/num.h"
#include "sink/slot.h"

/* 1 MiB x 8 saturates the devices measured; registered it stays below 8 MiB of locked memory. */
#define BUF_BYTES     (1 * DC_MIB)
#define SLOTS_DEFAULT 8u
#define SLOTS_MAX     64u
/* Zeros are written in the slot's own buffer; one request of this much at most. */
#define ZERO_STEP (1 * DC_GIB)

enum flush_state { FLUSH_NONE, FLUSH_ASKED, FLUSH_HOME };

struct uring {
    struct dc_sink sink;
    struct io_uring ring;
    struct dc_target target;
    uint8_t *memory;
    size_t memory_len;
    bool registered;
    enum dc_zero_how zero_how; /* what this target has not refused yet        */
    enum flush_state flush;
    int flush_res;
    struct dc_err failure; /* the first one; reported by reap()           */
    struct dc_slot *free;
    struct dc_slot *queue, **queue_end; /* put, not yet submitted             */
    unsigned n_slots;
    struct dc_slot slots[];
};

static void slot_push_free(struct uring *u, struct dc_slot *s)
{
    s->next = u->free;
    u->free = s;
}

static void slot_queue(struct uring *u, struct dc_slot *s)
{
    s->next = NULL;
    *u->queue_end = s;
    u->queue_end = &s->next;
}

/* The slot whose buffer was lent as buf. */
static struct dc_slot *slot_of(struct uring *u, const void *buf)
{
    size_t i = (size_t)((const uint8_t *)buf - u->memory) / BUF_BYTES;

    assert(i < u->n_slots && u->slots[i].buf == buf);
    return &u->slots[i];
}

static bool uring_lend(struct dc_sink *k, struct dc_span *span)
{
    struct uring *u = (struct uring *)k;
    struct dc_slot *s = u->free;

    if (!s)
        return false;
    u->free = s->next;
    span->buf = s->buf;
    span->cap = BUF_BYTES;
    return true;
}

static void uring_give_back(struct dc_sink *k, struct dc_span *span)
{
    struct uring *u = (struct uring *)k;

    slot_push_free(u, slot_of(u, span->buf));
}

static int uring_put(struct dc_sink *k, struct dc_span *span, struct dc_err *err)
{
    struct uring *u = (struct uring *)k;
    struct dc_slot *s = slot_of(u, span->buf);

    (void)err;
    uint64_t padded = dc_align_up(span->len, k->block);
    if (span->kind == DC_SPAN_DATA)
        memset(s->buf + span->len, 0, (size_t)(padded - span->len));
    s->kind = span->kind;
    s->how = u->zero_how;
    s->off = span->off;
    s->len = padded;
    s->counted = span->len;
    s->done = 0;
    if (s->kind == DC_SPAN_ZERO && s->how == DC_ZERO_WRITE)
        memset(s->buf, 0, BUF_BYTES);
    slot_queue(u, s);
    return 0;
}

/* How much the next request of this slot asks for. */
static uint64_t slot_ask(const struct dc_slot *s)
{
    if (s->kind == DC_SPAN_ZERO && s->how != DC_ZERO_WRITE)
        return s->len;
    return DC_MIN(s->len - s->done, BUF_BYTES);
}

static void prep_write(struct uring *u, struct io_uring_sqe *sqe, const struct dc_slot *s)
{
    const uint8_t *from = s->kind == DC_SPAN_DATA ? s->buf + s->done : s->buf;
    unsigned len = (unsigned)slot_ask(s);
    uint64_t off = s->off + s->done;

    if (u->registered)
        io_uring_prep_write_fixed(sqe, u->target.fd, from, len, off, (int)s->index);
    else
        io_uring_prep_write(sqe, u->target.fd, from, len, off);
}

static bool slot_prep(struct uring *u, struct dc_slot *s)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

    if (!sqe)
        return false;
    if (s->kind == DC_SPAN_DATA || s->how == DC_ZERO_WRITE)
        prep_write(u, sqe, s);
    else
        io_uring_prep_fallocate(sqe, u->target.fd,
                                s->how == DC_ZERO_PUNCH
                                    ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
                                    : FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
                                (off_t)s->off, (off_t)s->len);
    io_uring_sqe_set_data(sqe, s);
    return true;
}

static int uring_submit(struct dc_sink *k, struct dc_err *err)
{
    struct uring *u = (struct uring *)k;
    unsigned prepared = 0;

    while (u->queue && slot_prep(u, u->queue)) {
        u->queue = u->queue->next;
        prepared++;
    }
    if (!u->queue)
        u->queue_end = &u->queue;
    k->in_flight += prepared;
    if (io_uring_sq_ready(&u->ring) == 0)
        return 0;
    int rc = io_uring_submit(&u->ring);
    if (rc < 0 && rc != -EINTR && rc != -EAGAIN && rc != -EBUSY)
        return dc_fail(err, DC_DEVICE, -rc, "submit to io_uring");
    return 0; /* what was not taken stays in the ring and goes with the next call */
}

/* One completion. After a failure the others only come home. */
static void slot_home(struct uring *u, struct dc_slot *s, int res)
{
    enum dc_slot_next next = DC_SLOT_FAILED;

    u->sink.in_flight--;
    if (u->failure.kind == DC_OK)
        next = dc_slot_advance(s, res, slot_ask(s), u->sink.block, &u->failure);
    if (next == DC_SLOT_AGAIN) {
        if (s->kind == DC_SPAN_ZERO && s->how > u->zero_how) {
            u->zero_how = s->how;
        }
        if (s->kind == DC_SPAN_ZERO && s->how == DC_ZERO_WRITE && s->done == 0)
            memset(s->buf, 0, BUF_BYTES);
        slot_queue(u, s);
        return;
    }
    if (next == DC_SLOT_DONE)
        u->sink.written += s->counted;
    slot_push_free(u, s);
}

static int uring_reap(struct dc_sink *k, struct dc_err *err)
{
    struct uring *u = (struct uring *)k;
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;

    (void)io_uring_get_events(&u->ring); /* deferred completions run here, in our thread */
    io_uring_for_each_cqe (&u->ring, head, cqe) {
        struct dc_slot *s = io_uring_cqe_get_data(cqe);

        seen++;
        if (s) {
            slot_home(u, s, cqe->res);
        } else {
            u->flush = FLUSH_HOME;
            u->flush_res = cqe->res;
        }
    }
    io_uring_cq_advance(&u->ring, seen);
    if (u->failure.kind == DC_OK)
        return 0;
    *err = u->failure;
    return -1;
}

static int file_cut(const struct uring *u, struct dc_err *err)
{
    if (u->target.device || ftruncate(u->target.fd, (off_t)u->target.size) == 0)
        return 0;
    return dc_fail(err, DC_DEVICE, errno, "cut the file to %" PRIu64 " bytes", u->target.size);
}

static enum dc_sync uring_sync(struct dc_sink *k, struct dc_err *err)
{
    struct uring *u = (struct uring *)k;

    if (u->flush == FLUSH_NONE) {
        if (file_cut(u, err) != 0)
            return DC_SYNC_FAIL;
        struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
        if (!sqe)
            return DC_SYNC_WAIT;
        io_uring_prep_fsync(sqe, u->target.fd, 0);
        io_uring_sqe_set_data(sqe, NULL);
        u->flush = FLUSH_ASKED;
        if (uring_submit(k, err) != 0)
            return DC_SYNC_FAIL;
    }
    if (uring_reap(k, err) != 0)
        return DC_SYNC_FAIL;
    if (u->flush == FLUSH_ASKED)
        return DC_SYNC_WAIT;
    u->flush = FLUSH_NONE;
    if (u->flush_res >= 0)
        return DC_SYNC_DONE;
    (void)dc_fail(err, DC_DEVICE, -u->flush_res, "flush");
    return DC_SYNC_FAIL;
}

/* Wait for everything in flight: the kernel writes from our buffers until then. */
static void ring_drain(struct uring *u)
{
    struct dc_err ignored = {0};

    u->queue = NULL;
    u->queue_end = &u->queue;
    if (u->failure.kind == DC_OK)
        (void)dc_fail(&u->failure, DC_CANCELLED, 0, "closed");
    while (u->sink.in_flight > 0 || u->flush == FLUSH_ASKED) {
        int rc = io_uring_submit_and_wait(&u->ring, 1);
        if (rc < 0 && rc != -EINTR)
            break;
        (void)uring_reap(&u->sink, &ignored);
    }
}

static void uring_close(struct dc_sink *k)
{
    struct uring *u = (struct uring *)k;

    if (u->ring.ring_fd > 0) {
        ring_drain(u);
        io_uring_queue_exit(&u->ring);
    }
    if (u->memory)
        (void)munmap(u->memory, u->memory_len);
    dc_target_close(&u->target);
    free(u);
}

static const struct dc_sink_ops uring_ops = {
    .name = "io_uring",
    .lend = uring_lend,
    .put = uring_put,
    .give_back = uring_give_back,
    .submit = uring_submit,
    .reap = uring_reap,
    .sync = uring_sync,
    .close = uring_close,
};

/* The newest set of flags that this kernel knows (6.1, 6.0, any). */
static int ring_init(struct uring *u, struct dc_err *err)
{
    static const unsigned flags[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SINGLE_ISSUER,
        0,
    };
    int rc = -EINVAL;

    for (size_t i = 0; i < DC_LEN(flags) && rc == -EINVAL; i++)
        rc = io_uring_queue_init(u->n_slots + 1, &u->ring, flags[i]);
    if (rc == 0)
        return 0;
    u->ring.ring_fd = -1;
    return dc_fail(
        err, rc == -ENOMEM ? DC_NO_MEMORY : DC_UNSUPPORTED, -rc,
        "io_uring cannot be used here (kernel.io_uring_disabled, or a seccomp profile)");
}

static int buffers_map(struct uring *u, struct dc_err *err)
{
    struct iovec iov[SLOTS_MAX];

    u->memory_len = u->n_slots * BUF_BYTES;
    void *memory =
        mmap(NULL, u->memory_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return dc_fail(err, DC_NO_MEMORY, errno, "%zu bytes of buffers", u->memory_len);
    u->memory = memory;
    for (unsigned i = u->n_slots; i-- > 0;) {
        u->slots[i].index = i;
        u->slots[i].buf = u->memory + i * BUF_BYTES;
        iov[i] = (struct iovec){u->slots[i].buf, BUF_BYTES};
        slot_push_free(u, &u->slots[i]);
    }
    /* Not allowed to lock so much memory: the kernel pins the pages at each request instead. */
    u->registered = io_uring_register_buffers(&u->ring, iov, u->n_slots) == 0;
    return 0;
}

static void uring_free_at(struct uring **u)
{
    if (*u)
        uring_close(&(*u)->sink);
}

int dc_sink_uring_new(struct dc_target *target, uint64_t memory, struct dc_sink **ret,
                      struct dc_err *err)
{
    unsigned n = memory ? (unsigned)DC_MIN(memory / BUF_BYTES, SLOTS_MAX) : SLOTS_DEFAULT;

    n = DC_MAX(n, 2u);
    DC_AUTO(uring_free_at)
    struct uring *u = calloc(1, sizeof *u + n * sizeof u->slots[0]);
    if (!u) {
        dc_target_close(target);
        return dc_fail(err, DC_NO_MEMORY, 0, "io_uring sink");
    }
    u->target = *target;
    target->fd = -1;
    u->n_slots = n;
    u->queue_end = &u->queue;
    if (ring_init(u, err) != 0 || buffers_map(u, err) != 0)
        return -1;
    u->sink = (struct dc_sink){.ops = &uring_ops,
                               .size = u->target.size,
                               .block = u->target.block,
                               .fd = u->ring.ring_fd};
    *ret = &dc_steal(u)->sink;
    return 0;
}
