// SPDX-License-Identifier: Apache-2.0
/* plan/plan_size.c - how large a claim must be for an image. */
#include "base/num.h"
#include "plan/plan.h"

#define OVERHEAD_PERCENT 6u

static uint64_t whole_mib(uint64_t bytes)
{
    uint64_t padded;

    if (!dc_add(bytes, DC_MIB - 1, &padded))
        return UINT64_MAX;
    return dc_align_down(padded, DC_MIB);
}

uint64_t dc_plan_needed_bytes(uint64_t virtual_bytes, bool block)
{
    const uint64_t left = 100 - OVERHEAD_PERCENT;
    uint64_t bytes = whole_mib(virtual_bytes);

    if (bytes == UINT64_MAX || block)
        return bytes;
    if (!dc_mul(bytes, 100, &bytes) || !dc_add(bytes, left - 1, &bytes))
        return UINT64_MAX;
    return whole_mib(bytes / left);
}
