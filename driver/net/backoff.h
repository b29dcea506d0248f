// SPDX-License-Identifier: Apache-2.0
/* net/backoff.h - how long to wait before trying again: exponential, capped, with jitter. */
#pragma once
#include <stdint.h>

struct dc_backoff {
    uint32_t base_ms; /* before the first retry, > 0 */
    uint32_t cap_ms;  /* never longer than this      */
};

/*
 * The wait before retry number `attempt` (0: the first), in ms: between a half and the whole of
 * min(cap, base * 2^attempt). Pure: the caller brings the randomness, all 32 bits of it.
 */
uint64_t dc_backoff_ms(const struct dc_backoff *b, unsigned attempt, uint32_t random);
