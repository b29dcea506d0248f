// SPDX-License-Identifier: Apache-2.0
/* sink/slot.h - one request of a sink: what to ask the kernel next, and what its answer means. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/err.h"
#include "decant/stage.h"

/* Ways to make a range read as zeros, cheapest first. A device that refuses one gets the next. */
enum dc_zero_how {
    DC_ZERO_PUNCH, /* FALLOC_FL_PUNCH_HOLE: zeros without using space */
    DC_ZERO_RANGE, /* FALLOC_FL_ZERO_RANGE                            */
    DC_ZERO_WRITE, /* write zeros                                     */
};

struct dc_slot {
    struct dc_slot *next; /* free list, or list of slots to submit        */
    uint8_t *buf;
    unsigned index; /* of its registered buffer                     */
    enum dc_span_kind kind;
    enum dc_zero_how how; /* ZERO                                         */
    uint64_t off, len;    /* bytes of the volume, a multiple of the block */
    uint64_t counted;     /* of len, what is reported: without padding    */
    uint64_t done;        /* bytes completed                              */
};

enum dc_slot_next { DC_SLOT_DONE, DC_SLOT_AGAIN, DC_SLOT_FAILED };

/*
 * What a completion means; res as io_uring and the system calls give it. No I/O here, so that a
 * table of results tests every branch. asked: bytes of the request that completed. A refused way
 * of zeroing moves slot->how on and asks AGAIN.
 */
enum dc_slot_next dc_slot_advance(struct dc_slot *slot, int64_t res, uint64_t asked,
                                  uint32_t block, struct dc_err *err);
