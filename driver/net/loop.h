// SPDX-License-Identifier: Apache-2.0
/*
 * net/loop.h - one thread, one loop, one wait: file descriptors, timers, posted work and a
 * before-sleep hook, over epoll.
 *
 * A loop and everything hung on it belong to the thread that runs it, except dc_loop_post()
 * and dc_loop_stop().
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/err.h"

struct dc_loop;

int dc_loop_new(struct dc_loop **ret, struct dc_err *err);
void dc_loop_free(struct dc_loop *loop); /* NULL is allowed */

/* Run until dc_loop_stop(). */
int dc_loop_run(struct dc_loop *loop, struct dc_err *err);
/* Wait once for at most max_wait_ms (-1: as long as it takes) and run what is due. */
int dc_loop_step(struct dc_loop *loop, int max_wait_ms, struct dc_err *err);
void dc_loop_stop(struct dc_loop *loop); /* any thread, and signal-safe */

/* --- File descriptors. The struct is the caller's and stays put while it is added. --- */

struct dc_loop_fd {
    void (*ready)(struct dc_loop_fd *w, uint32_t events); /* EPOLLIN | EPOLLOUT | ... */
    int fd;
    uint32_t events;
    bool added;
};

int dc_loop_fd_add(struct dc_loop *loop, struct dc_loop_fd *w, struct dc_err *err);
int dc_loop_fd_change(struct dc_loop *loop, struct dc_loop_fd *w, uint32_t events,
                      struct dc_err *err);
/* Before the fd is closed. Safe inside any callback, also for other watchers. */
void dc_loop_fd_remove(struct dc_loop *loop, struct dc_loop_fd *w);

/* --- Timers: one shot, monotonic. The struct is the caller's and stays put while armed. --- */

struct dc_loop_timer {
    void (*fire)(struct dc_loop_timer *t);
    uint64_t at_ns;                    /* dc_clock_ns() time; kept by the loop */
    struct dc_loop_timer *next, *prev; /* the loop's                           */
    bool armed;
};

/* Fire after delay_ms; arming again moves it. */
void dc_loop_timer_arm(struct dc_loop *loop, struct dc_loop_timer *t, uint64_t delay_ms);
void dc_loop_timer_disarm(struct dc_loop *loop, struct dc_loop_timer *t);

/* --- Work --- */

/* Posted from any thread, run once in the loop's thread, in order; ownership of it moves. */
struct dc_loop_work {
    void (*run)(struct dc_loop_work *w);
    struct dc_loop_work *next; /* the loop's */
};
void dc_loop_post(struct dc_loop *loop, struct dc_loop_work *w);

/* Run each time before the loop sleeps: where submissions are batched. At most 8 hooks. */
struct dc_loop_hook {
    void (*before_sleep)(struct dc_loop_hook *h);
};
int dc_loop_hook_add(struct dc_loop *loop, struct dc_loop_hook *h, struct dc_err *err);
void dc_loop_hook_remove(struct dc_loop *loop, struct dc_loop_hook *h);
