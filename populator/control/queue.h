// SPDX-License-Identifier: Apache-2.0
/*
 * control/queue.h - which claim is to be looked at next.
 *
 * An item is in it at most once and is never run twice at a time: what comes while it runs makes
 * it run once more afterwards. Failures come back after a capped, jittered back-off; anything
 * new about an item brings it to the front of its wait. No clock and no randomness of its own.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum dc_queue_state {
    DC_QUEUE_IDLE,    /* not in the queue                              */
    DC_QUEUE_READY,   /* to be taken                                   */
    DC_QUEUE_DELAYED, /* to be taken from due_ms on                    */
    DC_QUEUE_RUNNING, /* taken                                         */
    DC_QUEUE_AGAIN,   /* taken, and something came meanwhile           */
};

/* Embedded by what is queued. Zero-initialise. */
struct dc_queue_item {
    enum dc_queue_state state;
    unsigned failures; /* in a row */
    uint64_t due_ms;
    struct dc_queue_item *next, *prev; /* the queue's */
};

struct dc_queue_list {
    struct dc_queue_item *first, *last;
};

struct dc_queue {
    struct dc_queue_list ready;   /* first come, first served */
    struct dc_queue_list delayed; /* by due_ms                */
};

/* Look at it soon. */
void dc_queue_add(struct dc_queue *q, struct dc_queue_item *item);
/* The next one, now RUNNING; NULL: none is due. */
struct dc_queue_item *dc_queue_take(struct dc_queue *q, uint64_t now_ms);

/* After a run that went well: once more in wait_ms; 0: when something comes. */
void dc_queue_done(struct dc_queue *q, struct dc_queue_item *item, uint64_t wait_ms,
                   uint64_t now_ms);
/* After a run whose action was done: look at what it led to, now. */
void dc_queue_progress(struct dc_queue *q, struct dc_queue_item *item);
/* After one that failed: 50 ms, doubled each time in a row up to 30 s, 25 % either way. */
void dc_queue_failed(struct dc_queue *q, struct dc_queue_item *item, uint64_t now_ms,
                     uint8_t jitter);
/* Take it out, whatever its state. */
void dc_queue_remove(struct dc_queue *q, struct dc_queue_item *item);

/* Milliseconds until dc_queue_take() has something; UINT64_MAX: nothing is waiting for time. */
uint64_t dc_queue_wait_ms(const struct dc_queue *q, uint64_t now_ms);
