// SPDX-License-Identifier: Apache-2.0
/* csi/capacity.c - which size a volume gets from a CapacityRange. */
#include "csi/capacity.h"

#include "base/num.h"

#define DEFAULT_BYTES DC_GIB
#define SECTOR        512ull
/* Above it, rounding up and the kernel's loff_t could meet; no file system goes there. */
#define MOST_BYTES (1ull << 62)

static int check_range(const Csi__V1__CapacityRange *range, struct dc_err *err)
{
    if (range->required_bytes < 0 || range->limit_bytes < 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "capacity_range has a negative size");
    if (range->required_bytes == 0 && range->limit_bytes == 0)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "capacity_range has neither required_bytes nor limit_bytes");
    if (range->limit_bytes != 0 && range->limit_bytes < range->required_bytes)
        return dc_fail(err, DC_NO_SPACE, 0,
                       "capacity_range: limit_bytes %lld is below required_bytes %lld",
                       (long long)range->limit_bytes, (long long)range->required_bytes);
    return 0;
}

/* The coarsest rounding that stays within the limit. A part of a sector is not told. */
static struct dc_capacity round_up(uint64_t want, uint64_t limit)
{
    static const uint64_t steps[] = {DC_MIB, 4 * DC_KIB, SECTOR};
    uint64_t size = 0;

    for (size_t i = 0; i < DC_LEN(steps); i++) {
        size = dc_align_up(want, steps[i]);
        if (size <= limit)
            break;
    }
    return (struct dc_capacity){.size = size, .capacity = DC_MIN(size, limit)};
}

int dc_capacity_choose(const Csi__V1__CapacityRange *range, uint64_t min_bytes,
                       struct dc_capacity *ret, struct dc_err *err)
{
    uint64_t want = 0, limit = UINT64_MAX;

    if (range && check_range(range, err) != 0)
        return -1;
    if (range) {
        want = (uint64_t)range->required_bytes;
        limit = range->limit_bytes != 0 ? (uint64_t)range->limit_bytes : UINT64_MAX;
    }
    if (want == 0)
        want = DC_MIN(DEFAULT_BYTES, limit);
    if (want > MOST_BYTES)
        return dc_fail(err, DC_NO_SPACE, 0, "%llu bytes are more than any volume can have",
                       (unsigned long long)want);
    want = DC_MAX(want, min_bytes);
    if (want > limit)
        return dc_fail(err, DC_NO_SPACE, 0,
                       "limit_bytes is %llu, and the file system needs at least %llu bytes",
                       (unsigned long long)limit, (unsigned long long)min_bytes);
    *ret = round_up(want, limit);
    return 0;
}

bool dc_capacity_fits(const Csi__V1__CapacityRange *range, uint64_t capacity)
{
    if (!range)
        return true;
    return capacity >= (uint64_t)range->required_bytes &&
           (range->limit_bytes == 0 || capacity <= (uint64_t)range->limit_bytes);
}
