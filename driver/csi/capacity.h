// SPDX-License-Identifier: Apache-2.0
/*
 * csi/capacity.h - which size a volume gets from a CapacityRange. Pure.
 *
 * Source: CSI spec v1.12.0, "CapacityRange".
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "proto/csi.pb-c.h"

#include "decant/err.h"

struct dc_capacity {
    uint64_t size;     /* bytes of the image: whole sectors            */
    uint64_t capacity; /* bytes as told; less than a sector below size */
};

/*
 * What is asked for (1 GiB when nothing is), but at least min_bytes, rounded up to 1 MiB, or
 * less far where the limit forbids it. range may be NULL. DC_BAD_INPUT for a range that is none,
 * DC_NO_SPACE for one that cannot be met.
 */
int dc_capacity_choose(const Csi__V1__CapacityRange *range, uint64_t min_bytes,
                       struct dc_capacity *ret, struct dc_err *err);

/* Whether a volume that there is satisfies range, which may be NULL. */
bool dc_capacity_fits(const Csi__V1__CapacityRange *range, uint64_t capacity);
