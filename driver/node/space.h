// SPDX-License-Identifier: Apache-2.0
/* node/space.h - how large disk.img may be in a file system, and what a claim must ask for. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Of a file system, what its own structures are expected to take (STO-2: 0.06 of the volume). */
#define DC_SPACE_OVERHEAD_PERCENT 6u

struct dc_space {
    uint64_t file; /* what disk.img is to be when the image is smaller: whole MiB */
    uint64_t max;  /* what it may be at most                                      */
};

/*
 * available: bytes that the mounted file system offers now; capacity: what the claim asked for, 0
 * when not known. Room for the file's own extent tree is left: 1 MiB and a thousandth.
 */
struct dc_space dc_space_of(uint64_t available, uint64_t capacity);

/*
 * What a claim must ask for to hold an image: whole MiB, for a file system with its overhead,
 * and with more when this one has turned out to offer less of its capacity than that.
 */
uint64_t dc_space_needed(uint64_t image, bool block, uint64_t capacity, uint64_t max);
