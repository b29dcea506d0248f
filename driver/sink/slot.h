// SPDX-License-Identifier: Apache-2.0
/* sink/slot.h - one request to the kernel, and what its completion means. Pure. */
#pragma once
#include <stdint.h>

#include "decant/err.h"

/* How zeros are made: the first way that the target knows. In this order. */
enum slot_how {
    SLOT_WRITE,       /* data, from the slot's buffer                          */
    SLOT_PUNCH,       /* zeros by giving the space back: thin volumes stay thin */
    SLOT_ZERO_RANGE,  /* zeros without a transfer                              */
    SLOT_WRITE_ZEROS, /* zeros from the slot's buffer                          */
};

struct slot {
    struct slot *next;
    void *buf;
    unsigned index; /* of buf among the registered ones */
    enum slot_how how;
    uint64_t off, len, done; /* bytes; done of len are home */
};

enum slot_next {
    SLOT_DONE,
    SLOT_RESUBMIT, /* the rest of it                                       */
    SLOT_DEGRADE,  /* the target does not know this way: try the next one  */
    SLOT_FAILED,   /* *err says why                                        */
};

/* How many bytes of it the next request is for. */
uint64_t slot_request(const struct slot *s, uint64_t buf_bytes);

/* What a result means, apart from asking for it. */
enum slot_next slot_advance(struct slot *s, int res, uint64_t requested, struct dc_err *err);

/* NO_SPACE or DEVICE, for an errno of the target's. */
enum dc_err_kind slot_err_kind(int sys);
