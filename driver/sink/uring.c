// SPDX-License-Identifier: Apache-2.0
/*
 * sink/uring.c - a target behind an io_uring.
 *
 *   lend: free -> lent    put: lent -> ready    submit: ready -> kernel    reap: kernel -> free
 *
 * A completion that asks for more (short write, long zero range, another way to zero) puts its
 * slot back on the ready list. After the first failure slots are only counted home.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "sink/sinks.h"
#include "sink/slot.h"

enum { MAX_SLOTS = 64, SUBMIT_TRIES = 100 };

struct sink_uring {
    struct dc_sink k;
    struct io_uring ring;
    bool ring_open;
    bool fixed;             /* the buffers are registered                          */
    bool reads_zero;        /* zeros need no request                               */
    bool failed;            /* reap has told; from now on slots are counted home   */
    int target;             /* borrowed                                            */
    bool device;            /* it is a block device                                */
    enum slot_how zero_how; /* the first way that this target has not refused      */
    char *mem;
    size_t slot_bytes;
    struct slot slot[MAX_SLOTS];
    unsigned n_slots;
    struct slot *free;
    struct slot *ready, **ready_end;
    enum { SYNC_IDLE, SYNC_ASKED, SYNC_OK, SYNC_BAD } sync;
    int sync_res;
};

static struct sink_uring *uring_of(struct dc_sink *k)
{
    return (struct sink_uring *)(void *)k;
}

static void slot_free(struct sink_uring *u, struct slot *s)
{
    s->next = u->free;
    u->free = s;
}

static void slot_ready(struct sink_uring *u, struct slot *s)
{
    s->next = NULL;
    *u->ready_end = s;
    u->ready_end = &s->next;
}

static struct slot *slot_of(struct sink_uring *u, const struct dc_span *span)
{
    size_t i = (size_t)((char *)span->buf - u->mem) / u->slot_bytes;

    assert(i < u->n_slots && u->slot[i].buf == span->buf);
    return &u->slot[i];
}

static bool uring_lend(struct dc_sink *k, struct dc_span *span)
{
    struct sink_uring *u = uring_of(k);
    struct slot *s = u->free;

    if (!s)
        return false;
    u->free = s->next;
    span->buf = s->buf;
    span->cap = u->slot_bytes;
    return true;
}

static void uring_give_back(struct dc_sink *k, struct dc_span *span)
{
    struct sink_uring *u = uring_of(k);

    slot_free(u, slot_of(u, span));
}

static int uring_put(struct dc_sink *k, struct dc_span *span, struct dc_err *err)
{
    struct sink_uring *u = uring_of(k);
    struct slot *s = slot_of(u, span);

    (void)err;
    if (span->kind == DC_SPAN_ZERO && u->reads_zero) {
        k->written += span->len;
        slot_free(u, s);
        return 0;
    }
    s->how = span->kind == DC_SPAN_DATA ? SLOT_WRITE : u->zero_how;
    if (s->how == SLOT_WRITE_ZEROS)
        memset(s->buf, 0, u->slot_bytes);
    s->off = span->off;
    s->len = span->len;
    s->done = 0;
    slot_ready(u, s);
    k->in_flight++;
    return 0;
}

static void slot_prep(struct sink_uring *u, struct slot *s)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);
    uint64_t off = s->off + s->done, len = slot_request(s, u->slot_bytes);

    assert(sqe); /* the ring has a place for each slot and one for the flush */
    if (s->how == SLOT_PUNCH)
        io_uring_prep_fallocate(sqe, u->target, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                (off_t)off, (off_t)len);
    else if (s->how == SLOT_ZERO_RANGE)
        io_uring_prep_fallocate(sqe, u->target, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
                                (off_t)off, (off_t)len);
    else {
        /* Data goes on where it stopped; zeros are zeros, the buffer's start will do. */
        char *from = (char *)s->buf + (s->how == SLOT_WRITE ? s->done : 0);

        if (u->fixed)
            io_uring_prep_write_fixed(sqe, u->target, from, (unsigned)len, off, (int)s->index);
        else
            io_uring_prep_write(sqe, u->target, from, (unsigned)len, off);
    }
    io_uring_sqe_set_data(sqe, s);
}

/* Nothing can be given to the kernel any more: what it has not taken will never come home. */
static int submit_failed(struct sink_uring *u, int rc, struct dc_err *err)
{
    unsigned left = io_uring_sq_ready(&u->ring);

    u->failed = true;
    u->k.in_flight -= DC_MIN(u->k.in_flight, left);
    return dc_fail(err, DC_DEVICE, -rc, "give requests to the kernel");
}

static int uring_submit(struct dc_sink *k, struct dc_err *err)
{
    struct sink_uring *u = uring_of(k);

    if (u->failed)
        return 0;
    for (struct slot *s = u->ready; s; s = s->next)
        slot_prep(u, s);
    u->ready = NULL;
    u->ready_end = &u->ready;

    for (int tries = 0; io_uring_sq_ready(&u->ring) > 0; tries++) {
        int rc = io_uring_submit(&u->ring);

        if (rc < 0 &&
            ((rc != -EINTR && rc != -EAGAIN && rc != -EBUSY) || tries >= SUBMIT_TRIES))
            return submit_failed(u, rc, err);
    }
    return 0;
}

static void slot_home(struct sink_uring *u, struct slot *s)
{
    slot_free(u, s);
    u->k.in_flight--;
}

/* The target does not know this way to zero: this range and all later ones go another. */
static void slot_degrade(struct sink_uring *u, struct slot *s)
{
    s->how++;
    if (s->how > u->zero_how)
        u->zero_how = s->how;
    if (s->how == SLOT_WRITE_ZEROS)
        memset(s->buf, 0, u->slot_bytes);
    slot_ready(u, s);
}

/* Linux answers ENOSPC also where a device ends that has gone or has become smaller. */
static bool device_has_gone(const struct sink_uring *u)
{
    uint64_t now = 0;

    return u->device && (ioctl(u->target, BLKGETSIZE64, &now) != 0 || now < u->k.size);
}

static void slot_completed(struct sink_uring *u, struct slot *s, int res, struct dc_err *err)
{
    if (u->failed) {
        slot_home(u, s);
        return;
    }
    if (res == -ENOSPC && device_has_gone(u))
        res = -ENODEV;
    switch (slot_advance(s, res, slot_request(s, u->slot_bytes), err)) {
    case SLOT_DONE:
        u->k.written += s->len;
        slot_home(u, s);
        return;
    case SLOT_RESUBMIT:
        slot_ready(u, s);
        return;
    case SLOT_DEGRADE:
        slot_degrade(u, s);
        return;
    case SLOT_FAILED:
        u->failed = true;
        slot_home(u, s);
        return;
    }
}

/* Slots that were to go on when another one failed: they need not any more. */
static void ready_home(struct sink_uring *u)
{
    while (u->ready) {
        struct slot *s = u->ready;

        u->ready = s->next;
        slot_home(u, s);
    }
    u->ready_end = &u->ready;
}

static int uring_reap(struct dc_sink *k, struct dc_err *err)
{
    struct sink_uring *u = uring_of(k);
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    bool failed_before = u->failed;

    (void)io_uring_get_events(
        &u->ring); /* runs what the kernel has not yet put into the ring */
    io_uring_for_each_cqe (&u->ring, head, cqe) {
        struct slot *s = io_uring_cqe_get_data(cqe);

        seen++;
        if (s) {
            slot_completed(u, s, cqe->res, err);
        } else {
            u->sync = cqe->res == 0 ? SYNC_OK : SYNC_BAD;
            u->sync_res = cqe->res;
        }
    }
    io_uring_cq_advance(&u->ring, seen);
    if (u->failed) {
        ready_home(u);
        return failed_before ? 0 : -1;
    }
    return u->ready ? uring_submit(k, err) : 0;
}

static enum dc_sync uring_sync(struct dc_sink *k, struct dc_err *err)
{
    struct sink_uring *u = uring_of(k);

    if (u->sync == SYNC_ASKED && uring_reap(k, err) != 0)
        return DC_SYNC_FAIL;
    if (u->sync == SYNC_BAD) {
        u->sync = SYNC_IDLE;
        (void)dc_fail(err, slot_err_kind(-u->sync_res), -u->sync_res, "flush the target");
        return DC_SYNC_FAIL;
    }
    if (u->sync == SYNC_OK) {
        u->sync = SYNC_IDLE;
        return DC_SYNC_DONE;
    }
    if (u->sync == SYNC_IDLE) {
        struct io_uring_sqe *sqe = io_uring_get_sqe(&u->ring);

        assert(sqe);
        io_uring_prep_fsync(sqe, u->target, IORING_FSYNC_DATASYNC);
        io_uring_sqe_set_data(sqe, NULL);
        u->sync = SYNC_ASKED;
        if (uring_submit(k, err) != 0) {
            u->sync = SYNC_IDLE;
            return DC_SYNC_FAIL;
        }
    }
    return DC_SYNC_WAIT;
}

static void uring_close(struct dc_sink *k)
{
    struct sink_uring *u = uring_of(k);

    if (u->ring_open) {
        u->failed = true; /* nothing new; what is out only comes home */
        ready_home(u);
        while (k->in_flight > 0 || u->sync == SYNC_ASKED) {
            struct dc_err ignored = {0};

            int rc = io_uring_submit_and_wait(&u->ring, 1);

            if (rc < 0 && rc != -EINTR)
                break;
            (void)uring_reap(k, &ignored);
        }
        io_uring_queue_exit(&u->ring);
    }
    if (u->mem)
        munmap(u->mem, u->slot_bytes * u->n_slots);
    free(u);
}

static const struct dc_sink_ops uring_ops = {
    .name = "uring",
    .lend = uring_lend,
    .put = uring_put,
    .give_back = uring_give_back,
    .submit = uring_submit,
    .reap = uring_reap,
    .sync = uring_sync,
    .close = uring_close,
};

static void uring_close_at(struct sink_uring **u)
{
    if (*u)
        uring_close(&(*u)->k);
}

/*
 * One issuer and no interrupts where the kernel knows them (6.0), a plain ring elsewhere. Not
 * IORING_SETUP_DEFER_TASKRUN: an epoll on such a ring is not woken by what is still deferred
 * (seen on 6.18), and our thread sleeps in epoll.
 */
static int ring_open(struct sink_uring *u, struct dc_err *err)
{
    unsigned entries = u->n_slots + 1;
    int rc = io_uring_queue_init(entries, &u->ring,
                                 IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN);

    if (rc == -EINVAL)
        rc = io_uring_queue_init(entries, &u->ring, 0);
    if (rc == -EPERM || rc == -ENOSYS)
        return dc_fail(err, DC_UNSUPPORTED, -rc,
                       "io_uring is not allowed here; allow it in the seccomp profile and in "
                       "sysctl kernel.io_uring_disabled");
    if (rc < 0)
        return dc_fail(err, DC_DEVICE, -rc, "set up io_uring");
    u->ring_open = true;
    return 0;
}

static int buffers_open(struct sink_uring *u, struct dc_err *err)
{
    struct iovec iov[MAX_SLOTS];
    void *mem = mmap(NULL, u->slot_bytes * u->n_slots, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (mem == MAP_FAILED)
        return dc_fail(err, DC_NO_MEMORY, errno, "write buffers");
    u->mem = mem;
    for (unsigned i = u->n_slots; i-- > 0;) {
        u->slot[i] = (struct slot){.buf = u->mem + i * u->slot_bytes, .index = i};
        iov[i] = (struct iovec){.iov_base = u->slot[i].buf, .iov_len = u->slot_bytes};
        slot_free(u, &u->slot[i]);
    }
    /* Fails where little memory may be locked: unregistered costs CPU, not speed. */
    u->fixed = io_uring_register_buffers(&u->ring, iov, u->n_slots) == 0;
    return 0;
}

void dc_sink_ways_default(struct dc_sink_ways *ret)
{
    *ret = (struct dc_sink_ways){.slots = 8, .slot_bytes = DC_MIB};
}

int dc_sink_uring_open(const struct dc_target *target, const struct dc_sink_ways *ways,
                       struct dc_sink **ret, struct dc_err *err)
{
    DC_AUTO(uring_close_at) struct sink_uring *u = calloc(1, sizeof *u);

    assert(ways->slots > 0 && ways->slots <= MAX_SLOTS && ways->slot_bytes % 4096 == 0);
    if (!u)
        return dc_fail(err, DC_NO_MEMORY, 0, "sink");
    u->k = (struct dc_sink){.ops = &uring_ops, .size = target->size, .block = target->block};
    u->target = target->fd;
    u->device = target->device;
    u->reads_zero = target->reads_zero;
    u->zero_how = SLOT_PUNCH;
    u->slot_bytes = ways->slot_bytes;
    u->n_slots = ways->slots;
    u->ready_end = &u->ready;
    if (ring_open(u, err) != 0 || buffers_open(u, err) != 0)
        return -1;
    u->k.fd = u->ring.ring_fd;
    *ret = &dc_steal(u)->k;
    return 0;
}
