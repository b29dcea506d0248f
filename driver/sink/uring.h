// SPDX-License-Identifier: Apache-2.0
/* sink/uring.h - write a volume through io_uring. */
#pragma once
#include "decant/sink.h"
#include "sink/target.h"

/*
 * Takes over *target (its fd is -1 afterwards, also on failure). memory: bytes for buffers, at
 * least two of them; 0: the default. A regular file's size is set to target->size at sync, in
 * case the padding of an unaligned end went past it.
 *
 * To be used, and closed, in the thread that made it (IORING_SETUP_SINGLE_ISSUER).
 * DC_UNSUPPORTED when the kernel or a seccomp profile forbids io_uring.
 */
int dc_sink_uring_new(struct dc_target *target, uint64_t memory, struct dc_sink **ret,
                      struct dc_err *err);
