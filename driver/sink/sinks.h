// SPDX-License-Identifier: Apache-2.0
/* sink/sinks.h - the sinks there are. */
#pragma once
#include <stddef.h>

#include "decant/sink.h"
#include "sink/device.h"

struct dc_sink_ways {
    unsigned slots;    /* requests in flight, 1..64                              */
    size_t slot_bytes; /* bytes of a request, a multiple of 4096                 */
};
/* 1 MiB x 8: with a queue this deep the device, not the program, is what limits. */
void dc_sink_ways_default(struct dc_sink_ways *ret);

/*
 * A target behind an io_uring. It borrows target->fd, which outlives it. Opened, used and closed
 * by one thread. DC_UNSUPPORTED when this process may not use io_uring (seccomp, sysctl).
 */
int dc_sink_uring_open(const struct dc_target *target, const struct dc_sink_ways *ways,
                       struct dc_sink **ret, struct dc_err *err);

/* Takes everything and keeps nothing: benchmarks, tests. size in bytes. */
int dc_sink_null_open(uint64_t size, const struct dc_sink_ways *ways, struct dc_sink **ret,
                      struct dc_err *err);
