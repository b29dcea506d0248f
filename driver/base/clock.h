// SPDX-License-Identifier: Apache-2.0
/* base/clock.h - time: monotonic nanoseconds for waiting, wall time for people and the API. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#define DC_NS_PER_MS 1000000ull
#define DC_NS_PER_S  1000000000ull

uint64_t dc_clock_ns(void);     /* CLOCK_MONOTONIC            */
int64_t dc_clock_wall_ms(void); /* since 1970, CLOCK_REALTIME */

#define DC_RFC3339_SIZE 32
/* "2026-01-31T12:00:00Z", with micro: "2026-01-31T12:00:00.123000Z" (metav1.MicroTime). */
void dc_clock_rfc3339(int64_t wall_ms, bool micro, char ret[DC_RFC3339_SIZE]);
