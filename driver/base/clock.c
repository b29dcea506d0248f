// SPDX-License-Identifier: Apache-2.0
/* base/clock.c - time: monotonic nanoseconds for waiting, wall time for people and the API. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

uint64_t dc_clock_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
    return (uint64_t)ts.tv_sec * DC_NS_PER_S + (uint64_t)ts.tv_nsec;
}

int64_t dc_clock_wall_ms(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void dc_clock_rfc3339(int64_t wall_ms, bool micro, char ret[DC_RFC3339_SIZE])
{
    time_t s = (time_t)(wall_ms / 1000);
    struct tm tm;

    (void)gmtime_r(&s, &tm);
    size_t n = strftime(ret, DC_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    if (micro)
        (void)snprintf(ret + n, DC_RFC3339_SIZE - n, ".%03d000Z", (int)(wall_ms % 1000));
    else
        (void)snprintf(ret + n, DC_RFC3339_SIZE - n, "Z");
}
