// SPDX-License-Identifier: Apache-2.0
/* control/queue.c - see queue.h. */
#include "control/queue.h"

#include <assert.h>
#include <stddef.h>

#include "base/num.h"

#define RETRY_FIRST_MS 50u
#define RETRY_MAX_MS   30000u

/* Put item behind at; NULL: first of all. */
static void insert(struct dc_queue_list *l, struct dc_queue_item *at,
                   struct dc_queue_item *item)
{
    item->prev = at;
    item->next = at ? at->next : l->first;
    if (item->next)
        item->next->prev = item;
    else
        l->last = item;
    if (at)
        at->next = item;
    else
        l->first = item;
}

static void take_out(struct dc_queue_list *l, struct dc_queue_item *item)
{
    if (item->prev)
        item->prev->next = item->next;
    else
        l->first = item->next;
    if (item->next)
        item->next->prev = item->prev;
    else
        l->last = item->prev;
    item->next = item->prev = NULL;
}

void dc_queue_remove(struct dc_queue *q, struct dc_queue_item *item)
{
    if (item->state == DC_QUEUE_READY)
        take_out(&q->ready, item);
    if (item->state == DC_QUEUE_DELAYED)
        take_out(&q->delayed, item);
    item->state = DC_QUEUE_IDLE;
}

static void make_ready(struct dc_queue *q, struct dc_queue_item *item)
{
    item->state = DC_QUEUE_READY;
    insert(&q->ready, q->ready.last, item);
}

static void delay(struct dc_queue *q, struct dc_queue_item *item, uint64_t due_ms)
{
    struct dc_queue_item *at = q->delayed.last;

    /* From the end: most waits are longer than those that are there already. */
    while (at && at->due_ms > due_ms)
        at = at->prev;
    item->state = DC_QUEUE_DELAYED;
    item->due_ms = due_ms;
    insert(&q->delayed, at, item);
}

void dc_queue_add(struct dc_queue *q, struct dc_queue_item *item)
{
    switch (item->state) {
    case DC_QUEUE_DELAYED:
        take_out(&q->delayed, item);
        make_ready(q, item);
        break;
    case DC_QUEUE_IDLE:
        make_ready(q, item);
        break;
    case DC_QUEUE_RUNNING:
        item->state = DC_QUEUE_AGAIN;
        break;
    case DC_QUEUE_READY:
    case DC_QUEUE_AGAIN:
        break;
    }
}

struct dc_queue_item *dc_queue_take(struct dc_queue *q, uint64_t now_ms)
{
    struct dc_queue_item *item = q->delayed.first;

    if (item && item->due_ms <= now_ms) {
        take_out(&q->delayed, item);
    } else {
        item = q->ready.first;
        if (!item)
            return NULL;
        take_out(&q->ready, item);
    }
    item->state = DC_QUEUE_RUNNING;
    return item;
}

static bool end_run(struct dc_queue *q, struct dc_queue_item *item)
{
    bool again = item->state == DC_QUEUE_AGAIN;

    assert(again || item->state == DC_QUEUE_RUNNING);
    item->state = DC_QUEUE_IDLE;
    if (again)
        make_ready(q, item);
    return again;
}

void dc_queue_done(struct dc_queue *q, struct dc_queue_item *item, uint64_t wait_ms,
                   uint64_t now_ms)
{
    if (!end_run(q, item) && wait_ms > 0)
        delay(q, item, now_ms + wait_ms);
}

void dc_queue_progress(struct dc_queue *q, struct dc_queue_item *item)
{
    item->failures = 0;
    if (!end_run(q, item))
        make_ready(q, item);
}

void dc_queue_failed(struct dc_queue *q, struct dc_queue_item *item, uint64_t now_ms,
                     uint8_t jitter)
{
    uint64_t ms = RETRY_FIRST_MS;

    for (unsigned i = 0; i < item->failures && ms < RETRY_MAX_MS; i++)
        ms *= 2;
    ms = DC_MIN(ms, RETRY_MAX_MS);
    if (item->failures < UINT16_MAX)
        item->failures++;
    item->state = DC_QUEUE_IDLE;
    /* Also when something came meanwhile: what failed is not asked again at once. */
    delay(q, item, now_ms + ms * 3 / 4 + ms / 2 * jitter / UINT8_MAX);
}

uint64_t dc_queue_wait_ms(const struct dc_queue *q, uint64_t now_ms)
{
    if (q->ready.first)
        return 0;
    if (!q->delayed.first)
        return UINT64_MAX;
    return q->delayed.first->due_ms > now_ms ? q->delayed.first->due_ms - now_ms : 0;
}
