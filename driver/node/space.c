// SPDX-License-Identifier: Apache-2.0
/* node/space.c - how large disk.img may be in a file system, and what a claim must ask for. */
#include "node/space.h"

#include "base/num.h"

static const uint64_t left_percent = 100 - DC_SPACE_OVERHEAD_PERCENT;

/* n * part / whole without overflow in between, rounded up; UINT64_MAX when it does not fit. */
static uint64_t scale_up(uint64_t n, uint64_t part, uint64_t whole)
{
    unsigned __int128 r = ((unsigned __int128)n * part + whole - 1) / whole;

    return r > UINT64_MAX ? UINT64_MAX : (uint64_t)r;
}

static uint64_t scale_down(uint64_t n, uint64_t part, uint64_t whole)
{
    return (uint64_t)((unsigned __int128)n * part / whole);
}

static uint64_t whole_mib(uint64_t n)
{
    return n > UINT64_MAX - DC_MIB ? UINT64_MAX : dc_align_up(n, DC_MIB);
}

struct dc_space dc_space_of(uint64_t available, uint64_t capacity)
{
    uint64_t own = DC_MIB + available / 1024;
    struct dc_space s = {.max = available > own ? available - own : 0};

    s.file = scale_down(capacity ? capacity : available, left_percent, 100);
    s.file = dc_align_down(DC_MIN(s.file, s.max), DC_MIB);
    return s;
}

uint64_t dc_space_needed(uint64_t image, bool block, uint64_t capacity, uint64_t max)
{
    uint64_t expected, seen;

    if (block)
        return whole_mib(image);
    expected = whole_mib(scale_up(whole_mib(image), 100, left_percent));
    seen = capacity && max ? whole_mib(scale_up(image, capacity, max)) : 0;
    return DC_MAX(expected, seen);
}
