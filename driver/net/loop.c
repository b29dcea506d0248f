// SPDX-License-Identifier: Apache-2.0
/* net/loop.c - the loop of a thread over epoll: watchers, timers, posted work, hooks. */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/cleanup.h"

enum {
    BATCH = 64,    /* events taken from the kernel at once                        */
    MAX_HOOKS = 8, /* one per room that batches; a number, not a limit on jobs    */
};

struct dc_loop {
    int epfd;
    struct dc_loop_fd wake; /* eventfd: posted work, or stop */
    atomic_int stop;

    struct dc_loop_timer *first, *last; /* earliest first */
    struct dc_loop_hook *hooks[MAX_HOOKS];
    unsigned n_hooks;

    /* The events being handled: a watcher removed meanwhile is struck out. */
    struct epoll_event batch[BATCH];
    int batch_at, batch_n;

    pthread_mutex_t lock; /* the work list only; never held while work runs */
    struct dc_loop_work *work_first, *work_last;
};

static void loop_wake(struct dc_loop *loop)
{
    uint64_t one = 1;
    ssize_t n = write(loop->wake.fd, &one, sizeof one);

    (void)n; /* fails only when the counter is full, and then the loop is awake anyway */
}

/* Take the whole list first: work that posts work is not run in the same turn. */
static void loop_run_work(struct dc_loop_fd *w, uint32_t events)
{
    struct dc_loop *loop = dc_container_of(w, struct dc_loop, wake);
    uint64_t count;
    ssize_t n = read(w->fd, &count, sizeof count);

    (void)events;
    (void)n; /* EAGAIN: somebody has drained it; the list decides */
    pthread_mutex_lock(&loop->lock);
    struct dc_loop_work *work = loop->work_first;
    loop->work_first = loop->work_last = NULL;
    pthread_mutex_unlock(&loop->lock);

    while (work) {
        struct dc_loop_work *next = work->next;

        work->run(work);
        work = next;
    }
}

static void loop_free_at(struct dc_loop **loop)
{
    dc_loop_free(*loop);
}

int dc_loop_new(struct dc_loop **ret, struct dc_err *err)
{
    DC_AUTO(loop_free_at) struct dc_loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return dc_fail(err, DC_NO_MEMORY, 0, "event loop");
    pthread_mutex_init(&loop->lock, NULL);
    loop->wake = (struct dc_loop_fd){.ready = loop_run_work, .fd = -1, .events = EPOLLIN};

    loop->epfd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epfd < 0)
        return dc_fail(err, DC_INTERNAL, errno, "epoll_create1");
    loop->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->wake.fd < 0)
        return dc_fail(err, DC_INTERNAL, errno, "eventfd");
    if (dc_loop_fd_add(loop, &loop->wake, err) != 0)
        return -1;

    *ret = dc_steal(loop);
    return 0;
}

void dc_loop_free(struct dc_loop *loop)
{
    if (!loop)
        return;
    dc_close_at(&loop->wake.fd);
    dc_close_at(&loop->epfd);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

void dc_loop_stop(struct dc_loop *loop)
{
    int saved = errno; /* may be called from a signal handler */

    atomic_store(&loop->stop, 1);
    loop_wake(loop);
    errno = saved;
}

int dc_loop_run(struct dc_loop *loop, struct dc_err *err)
{
    while (!atomic_exchange(&loop->stop, 0)) {
        if (dc_loop_step(loop, -1, err) != 0)
            return -1;
    }
    return 0;
}

/* How long the kernel may let us sleep, in ms; -1: for ever. Rounded up, or we would spin. */
static int loop_timeout(const struct dc_loop *loop, int max_wait_ms)
{
    if (!loop->first)
        return max_wait_ms;

    uint64_t now = dc_clock_ns();
    if (loop->first->at_ns <= now)
        return 0;
    uint64_t ms = (loop->first->at_ns - now + DC_NS_PER_MS - 1) / DC_NS_PER_MS;
    if (max_wait_ms >= 0 && ms > (uint64_t)max_wait_ms)
        return max_wait_ms;
    return (int)DC_MIN(ms, 3600u * 1000u);
}

static void loop_fire_timers(struct dc_loop *loop)
{
    uint64_t now = dc_clock_ns(); /* once: timers armed meanwhile wait for the next turn */

    while (loop->first && loop->first->at_ns <= now) {
        struct dc_loop_timer *t = loop->first;

        dc_loop_timer_disarm(loop, t);
        t->fire(t);
    }
}

int dc_loop_step(struct dc_loop *loop, int max_wait_ms, struct dc_err *err)
{
    for (unsigned i = 0; i < loop->n_hooks; i++)
        loop->hooks[i]->before_sleep(loop->hooks[i]);

    int n = epoll_wait(loop->epfd, loop->batch, BATCH, loop_timeout(loop, max_wait_ms));
    if (n < 0 && errno != EINTR)
        return dc_fail(err, DC_INTERNAL, errno, "epoll_wait");

    loop->batch_n = DC_MAX(n, 0);
    for (loop->batch_at = 0; loop->batch_at < loop->batch_n; loop->batch_at++) {
        struct epoll_event *ev = &loop->batch[loop->batch_at];
        struct dc_loop_fd *w = ev->data.ptr;

        if (w)
            w->ready(w, ev->events);
    }
    loop->batch_n = 0;
    loop_fire_timers(loop);
    return 0;
}

int dc_loop_fd_add(struct dc_loop *loop, struct dc_loop_fd *w, struct dc_err *err)
{
    struct epoll_event ev = {.events = w->events, .data.ptr = w};

    assert(!w->added);
    if (epoll_ctl(loop->epfd, EPOLL_CTL_ADD, w->fd, &ev) != 0)
        return dc_fail(err, DC_INTERNAL, errno, "watch descriptor %d", w->fd);
    w->added = true;
    return 0;
}

int dc_loop_fd_change(struct dc_loop *loop, struct dc_loop_fd *w, uint32_t events,
                      struct dc_err *err)
{
    struct epoll_event ev = {.events = events, .data.ptr = w};

    assert(w->added);
    if (epoll_ctl(loop->epfd, EPOLL_CTL_MOD, w->fd, &ev) != 0)
        return dc_fail(err, DC_INTERNAL, errno, "watch descriptor %d", w->fd);
    w->events = events;
    return 0;
}

void dc_loop_fd_remove(struct dc_loop *loop, struct dc_loop_fd *w)
{
    if (!w->added)
        return;
    w->added = false;
    /* May fail when its owner has closed it already: the kernel has forgotten it then. */
    (void)epoll_ctl(loop->epfd, EPOLL_CTL_DEL, w->fd, NULL);
    for (int i = loop->batch_at; i < loop->batch_n; i++) {
        if (loop->batch[i].data.ptr == w)
            loop->batch[i].data.ptr = NULL;
    }
}

void dc_loop_timer_arm(struct dc_loop *loop, struct dc_loop_timer *t, uint64_t delay_ms)
{
    dc_loop_timer_disarm(loop, t);
    t->at_ns = dc_clock_ns() + delay_ms * DC_NS_PER_MS;

    /* From the end: most timers are later than those that wait; equal ones keep their order. */
    struct dc_loop_timer *before = loop->last;
    while (before && before->at_ns > t->at_ns)
        before = before->prev;

    t->prev = before;
    t->next = before ? before->next : loop->first;
    *(t->prev ? &t->prev->next : &loop->first) = t;
    *(t->next ? &t->next->prev : &loop->last) = t;
    t->armed = true;
}

void dc_loop_timer_disarm(struct dc_loop *loop, struct dc_loop_timer *t)
{
    if (!t->armed)
        return;
    *(t->prev ? &t->prev->next : &loop->first) = t->next;
    *(t->next ? &t->next->prev : &loop->last) = t->prev;
    t->next = t->prev = NULL;
    t->armed = false;
}

void dc_loop_post(struct dc_loop *loop, struct dc_loop_work *w)
{
    w->next = NULL;
    pthread_mutex_lock(&loop->lock);
    *(loop->work_last ? &loop->work_last->next : &loop->work_first) = w;
    loop->work_last = w;
    pthread_mutex_unlock(&loop->lock);
    loop_wake(loop);
}

int dc_loop_hook_add(struct dc_loop *loop, struct dc_loop_hook *h, struct dc_err *err)
{
    if (loop->n_hooks == MAX_HOOKS)
        return dc_fail(err, DC_INTERNAL, 0, "more than %d before-sleep hooks", MAX_HOOKS);
    loop->hooks[loop->n_hooks++] = h;
    return 0;
}

void dc_loop_hook_remove(struct dc_loop *loop, struct dc_loop_hook *h)
{
    for (unsigned i = 0; i < loop->n_hooks; i++) {
        if (loop->hooks[i] != h)
            continue;
        loop->n_hooks--;
        for (; i < loop->n_hooks; i++)
            loop->hooks[i] = loop->hooks[i + 1];
        return;
    }
}
