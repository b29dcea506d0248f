// SPDX-License-Identifier: Apache-2.0
/* unit/test_sinks.c - the io_uring sink on files, with a kernel that does not always do as told. */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/loop.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "lib/image.h"
#include "sink/sinks.h"

enum { BLOCK = 4096, SLOT = 65536 };

/* What the kernel answers instead of doing it; 0: it does it. */
static struct refusals {
    int init, init_flags, buffers, submit, submits;
    bool ranges; /* fallocate, in every mode */
    int asked;   /* how often it was refused */
} refuse;

int __real_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
int __real_io_uring_register_buffers(struct io_uring *ring, const struct iovec *v, unsigned n);
int __real_io_uring_submit(struct io_uring *ring);
int __wrap_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags);
int __wrap_io_uring_register_buffers(struct io_uring *ring, const struct iovec *v, unsigned n);
int __wrap_io_uring_submit(struct io_uring *ring);

int __wrap_io_uring_queue_init(unsigned entries, struct io_uring *ring, unsigned flags)
{
    if (flags != 0 && refuse.init_flags)
        return refuse.init_flags;
    return refuse.init ? refuse.init : __real_io_uring_queue_init(entries, ring, flags);
}

int __wrap_io_uring_register_buffers(struct io_uring *ring, const struct iovec *v, unsigned n)
{
    return refuse.buffers ? refuse.buffers : __real_io_uring_register_buffers(ring, v, n);
}

/* Requests for a mode that no kernel knows: they come home with EOPNOTSUPP. */
static void ranges_spoil(struct io_uring *ring)
{
    for (unsigned i = ring->sq.sqe_head; i != ring->sq.sqe_tail; i++) {
        struct io_uring_sqe *sqe = &ring->sq.sqes[i & ring->sq.ring_mask];

        if (sqe->opcode == IORING_OP_FALLOCATE) {
            sqe->len = 1u << 30;
            refuse.asked++;
        }
    }
}

int __wrap_io_uring_submit(struct io_uring *ring)
{
    refuse.submits++;
    if (refuse.ranges)
        ranges_spoil(ring);
    return refuse.submit ? refuse.submit : __real_io_uring_submit(ring);
}

struct place {
    char path[64];
    struct dc_target target;
    struct dc_sink *sink;
};

static void place_open(struct place *p, bool reads_zero)
{
    const struct dc_sink_ways ways = {.slots = 4, .slot_bytes = SLOT};
    struct dc_err err = {0};

    snprintf(p->path, sizeof p->path, "/var/tmp/decant-sink-XXXXXX");
    int fd = mkstemp(p->path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(dc_target_open_file(p->path, 16 * SLOT, &p->target, &err), 0);
    p->target.reads_zero = reads_zero;
    if (!reads_zero) {
        char *garbage = aligned_alloc(BLOCK, 16 * SLOT);

        memset(garbage, 0xa5, 16 * SLOT);
        assert_int_equal(pwrite(p->target.fd, garbage, 16 * SLOT, 0), 16 * SLOT);
        free(garbage);
    }
    assert_int_equal(dc_sink_uring_open(&p->target, &ways, &p->sink, &err), 0);
}

static void place_close(struct place *p)
{
    dc_sink_close(p->sink);
    dc_target_close(&p->target);
    unlink(p->path);
}

/* Reap until nothing is in flight; the first failure. */
static struct dc_err settle(struct dc_sink *k)
{
    struct dc_err first = {0}, err = {0};

    if (dc_sink_submit(k, &err) != 0)
        return err;
    while (k && k->in_flight > 0) {
        struct pollfd p = {.fd = k->fd, .events = POLLIN};

        assert_int_equal(poll(&p, 1, 5000), 1);
        dc_err_clear(&err);
        if (dc_sink_reap(k, &err) != 0 && first.kind == DC_OK)
            first = err;
    }
    return first;
}

static void put(struct dc_sink *k, enum dc_span_kind kind, uint64_t off, uint64_t len)
{
    struct dc_span span = {0};
    struct dc_err err = {0};

    assert_true(dc_sink_lend(k, &span));
    memset(span.buf, 'd', span.cap);
    span.kind = kind;
    span.off = off;
    span.len = len;
    assert_int_equal(dc_sink_put(k, &span, &err), 0);
}

static void flush(struct dc_sink *k)
{
    struct dc_err err = {0};
    enum dc_sync got;

    while ((got = dc_sink_sync(k, &err)) == DC_SYNC_WAIT) {
        struct pollfd p = {.fd = k->fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 5000), 1);
    }
    assert_int_equal(got, DC_SYNC_DONE);
    assert_int_equal(k->durable, k->written);
}

static void check(const struct place *p, uint64_t off, uint64_t len, char want)
{
    dc_autoclose int fd = open(p->path, O_RDONLY | O_CLOEXEC);
    char *got = malloc(len);

    assert_int_equal(pread(fd, got, len, (off_t)off), len);
    for (uint64_t i = 0; i < len; i++)
        assert_int_equal(got[i], want);
    free(got);
}

static void writes_and_zeros(void **state)
{
    struct place p;
    struct dc_err err;

    (void)state;
    place_open(&p, false);
    put(p.sink, DC_SPAN_DATA, 0, SLOT);
    put(p.sink, DC_SPAN_ZERO, SLOT, 7 * SLOT + BLOCK); /* longer than a buffer */
    put(p.sink, DC_SPAN_DATA, 9 * SLOT, BLOCK);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_OK);
    flush(p.sink);
    assert_int_equal(p.sink->written, 8 * SLOT + 2 * BLOCK);
    check(&p, 0, SLOT, 'd');
    check(&p, SLOT, 7 * SLOT + BLOCK, 0);
    check(&p, 8 * SLOT + BLOCK, SLOT - BLOCK, (char)0xa5); /* untouched */
    check(&p, 9 * SLOT, BLOCK, 'd');
    assert_int_equal(dc_target_finish_file(&p.target, p.path, 9 * SLOT + 5, &err), 0);
    struct stat st;
    assert_int_equal(stat(p.path, &st), 0);
    assert_int_equal(st.st_size, 9 * SLOT + 5);
    place_close(&p);
}

static void zeros_of_a_new_file_cost_nothing(void **state)
{
    struct place p;

    (void)state;
    place_open(&p, true);
    refuse.submits = 0;
    put(p.sink, DC_SPAN_ZERO, 0, 8 * SLOT);
    assert_int_equal(p.sink->in_flight, 0);
    assert_int_equal(p.sink->written, 8 * SLOT);
    place_close(&p);
}

/* Written then, from the buffers that data has been in; and asked for the ranges only once. */
static void zeros_where_no_range_can_be_zeroed(void **state)
{
    struct place p;
    struct dc_err err;

    (void)state;
    place_open(&p, false);
    refuse = (struct refusals){.ranges = true};
    put(p.sink, DC_SPAN_ZERO, SLOT, 5 * SLOT + BLOCK);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_OK);
    assert_int_equal(refuse.asked, 2);
    put(p.sink, DC_SPAN_ZERO, 8 * SLOT, BLOCK);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_OK);
    assert_int_equal(refuse.asked, 2);
    refuse = (struct refusals){0};
    check(&p, 0, SLOT, (char)0xa5);
    check(&p, SLOT, 5 * SLOT + BLOCK, 0);
    check(&p, 6 * SLOT + BLOCK, 2 * SLOT - BLOCK, (char)0xa5);
    check(&p, 8 * SLOT, BLOCK, 0);
    check(&p, 8 * SLOT + BLOCK, SLOT, (char)0xa5);
    place_close(&p);
}

static void the_window_is_bounded(void **state)
{
    struct place p;
    struct dc_span span[5] = {0};
    struct dc_err err = {0};

    (void)state;
    place_open(&p, true);
    for (size_t i = 0; i < 4; i++)
        assert_true(dc_sink_lend(p.sink, &span[i]));
    assert_false(dc_sink_lend(p.sink, &span[4]));
    dc_sink_give_back(p.sink, &span[2]);
    assert_true(dc_sink_lend(p.sink, &span[4]));
    assert_ptr_equal(span[4].buf, span[2].buf);
    span[4].kind = DC_SPAN_DATA;
    span[4].off = 16 * SLOT;
    span[4].len = BLOCK;
    assert_int_equal(dc_sink_put(p.sink, &span[4], &err), -1); /* behind the end */
    assert_int_equal(err.kind, DC_NO_SPACE);
    place_close(&p);
}

/* A target opened for reading only: each write fails, all come home, the first is told. */
static void every_completion_comes_home(void **state)
{
    struct place p;
    struct dc_err err;

    (void)state;
    place_open(&p, true);
    dc_autoclose int read_only = open(p.path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(dup2(read_only, p.target.fd), p.target.fd);
    for (uint64_t i = 0; i < 4; i++)
        put(p.sink, DC_SPAN_DATA, i * SLOT, SLOT);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_DEVICE);
    assert_int_equal(err.sys, EBADF);
    assert_int_equal(p.sink->in_flight, 0);
    assert_int_equal(p.sink->written, 0);
    struct dc_span span = {0};
    for (size_t i = 0; i < 4; i++)
        assert_true(dc_sink_lend(p.sink, &span)); /* every buffer is free again */
    place_close(&p);
}

/* The kernel calls that ENOSPC, and a larger volume would not help. */
static void a_device_that_shrinks_has_gone(void **state)
{
    const struct dc_sink_ways ways = {.slots = 4, .slot_bytes = SLOT};
    struct place p;
    struct t_device d;
    struct loop_info64 less = {0};
    struct dc_err err = {0};

    (void)state;
    if (!t_device_open(&d, 16 * SLOT, 512))
        skip();
    assert_int_equal(dc_target_open_device(d.path, &p.target, &err), 0);
    assert_int_equal(dc_sink_uring_open(&p.target, &ways, &p.sink, &err), 0);
    put(p.sink, DC_SPAN_DATA, 8 * SLOT, SLOT);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_OK);
    assert_int_equal(ioctl(d.fd, LOOP_GET_STATUS64, &less), 0);
    less.lo_sizelimit = 8 * SLOT;
    assert_int_equal(ioctl(d.fd, LOOP_SET_STATUS64, &less), 0);
    put(p.sink, DC_SPAN_DATA, 8 * SLOT, SLOT);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_DEVICE);
    assert_int_equal(err.sys, ENODEV);
    dc_sink_close(p.sink);
    dc_target_close(&p.target);
    t_device_close(&d);
}

/* A target that cannot be flushed, by the look of it: nothing becomes durable. */
static void a_failed_flush_is_told(void **state)
{
    struct place p;
    struct dc_err err;

    (void)state;
    place_open(&p, true);
    put(p.sink, DC_SPAN_DATA, 0, SLOT);
    err = settle(p.sink);
    assert_int_equal(err.kind, DC_OK);
    dc_autoclose int no_file = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(dup2(no_file, p.target.fd), p.target.fd);
    enum dc_sync got;
    while ((got = dc_sink_sync(p.sink, &err)) == DC_SYNC_WAIT) {
        struct pollfd ready = {.fd = p.sink->fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 5000), 1);
    }
    assert_int_equal(got, DC_SYNC_FAIL);
    assert_int_equal(err.kind, DC_DEVICE);
    assert_non_null(strstr(err.msg, "flush"));
    assert_int_equal(p.sink->written, SLOT);
    assert_int_equal(p.sink->durable, 0);
    place_close(&p);
}

static void closes_with_writes_in_flight(void **state)
{
    struct place p;
    struct dc_err err = {0};

    (void)state;
    place_open(&p, true);
    for (uint64_t i = 0; i < 3; i++)
        put(p.sink, DC_SPAN_DATA, i * SLOT, SLOT);
    assert_int_equal(dc_sink_submit(p.sink, &err), 0);
    put(p.sink, DC_SPAN_DATA, 3 * SLOT, SLOT); /* and one that was never submitted */
    place_close(&p);
}

static void a_kernel_that_refuses(void **state)
{
    static const struct {
        struct refusals refuse;
        enum dc_err_kind open, use;
    } rows[] = {
        {{.init = -EPERM}, DC_UNSUPPORTED, DC_OK},
        {{.init = -ENOSYS}, DC_UNSUPPORTED, DC_OK},
        {{.init = -ENOMEM}, DC_DEVICE, DC_OK},
        {{.init_flags = -EINVAL}, DC_OK, DC_OK}, /* an older kernel: a plain ring */
        {{.buffers = -ENOMEM}, DC_OK, DC_OK},    /* little memory may be locked  */
        {{.submit = -EBADF}, DC_OK, DC_DEVICE},
        {{.submit = -EAGAIN}, DC_OK, DC_DEVICE}, /* for ever */
    };
    const struct dc_sink_ways ways = {.slots = 4, .slot_bytes = SLOT};

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct place p;
        struct dc_err err = {0};

        place_open(&p, true);
        dc_sink_close(p.sink);
        p.sink = NULL;
        refuse = rows[i].refuse;
        (void)dc_sink_uring_open(&p.target, &ways, &p.sink, &err);
        assert_int_equal(err.kind, rows[i].open);
        if (p.sink) {
            put(p.sink, DC_SPAN_DATA, 0, SLOT);
            err = settle(p.sink);
            assert_int_equal(err.kind, rows[i].use);
            assert_int_equal(p.sink->in_flight, 0);
            if (rows[i].use == DC_OK)
                check(&p, 0, SLOT, 'd');
        }
        refuse = (struct refusals){0};
        place_close(&p);
    }
}

static void targets_that_are_none(void **state)
{
    struct dc_target t;
    struct dc_err err = {0};
    char dir[] = "/var/tmp/decant-sink-XXXXXX", link[64];

    (void)state;
    assert_int_equal(dc_target_open_device("/dev/null", &t, &err), -1);
    assert_int_equal(err.kind, DC_DEVICE);
    dc_err_clear(&err);
    assert_int_equal(dc_target_open_device("/nonexistent", &t, &err), -1);
    assert_int_equal(err.kind, DC_DEVICE);
    dc_err_clear(&err);
    assert_non_null(mkdtemp(dir));
    snprintf(link, sizeof link, "%s/link", dir);
    assert_int_equal(symlink("/var/tmp/decant-must-not-be-made", link), 0);
    assert_int_equal(dc_target_open_file(link, 0, &t, &err), -1);
    assert_int_equal(access("/var/tmp/decant-must-not-be-made", F_OK), -1);
    dc_err_clear(&err);
    assert_int_equal(dc_target_open_file(dir, 0, &t, &err), -1);
    unlink(link);
    rmdir(dir);
}

static void null_takes_everything(void **state)
{
    const struct dc_sink_ways ways = {.slots = 1, .slot_bytes = SLOT};
    struct dc_sink *k = NULL;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_sink_null_open(10 * SLOT, &ways, &k, &err), 0);
    for (uint64_t i = 0; i < 10; i++)
        put(k, i % 2 ? DC_SPAN_ZERO : DC_SPAN_DATA, i * SLOT, SLOT);
    assert_int_equal(dc_sink_submit(k, &err), 0);
    assert_int_equal(dc_sink_reap(k, &err), 0);
    assert_int_equal(dc_sink_sync(k, &err), DC_SYNC_DONE);
    assert_int_equal(k->durable, 10 * SLOT);
    dc_sink_close(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_and_zeros),
        cmocka_unit_test(zeros_of_a_new_file_cost_nothing),
        cmocka_unit_test(zeros_where_no_range_can_be_zeroed),
        cmocka_unit_test(the_window_is_bounded),
        cmocka_unit_test(every_completion_comes_home),
        cmocka_unit_test(a_device_that_shrinks_has_gone),
        cmocka_unit_test(a_failed_flush_is_told),
        cmocka_unit_test(closes_with_writes_in_flight),
        cmocka_unit_test(a_kernel_that_refuses),
        cmocka_unit_test(targets_that_are_none),
        cmocka_unit_test(null_takes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
