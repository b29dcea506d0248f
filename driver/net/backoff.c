// SPDX-License-Identifier: Apache-2.0
/* net/backoff.c - exponential, capped, jittered. */
#include "net/backoff.h"

#include "base/num.h"

uint64_t dc_backoff_ms(const struct dc_backoff *b, unsigned attempt, uint32_t random)
{
    uint64_t whole = b->cap_ms;

    if (attempt < 32)
        whole = DC_MIN((uint64_t)b->base_ms << attempt, (uint64_t)b->cap_ms);
    uint64_t half = whole / 2;
    return half + (((whole - half) * ((uint64_t)random + 1)) >> 32);
}
