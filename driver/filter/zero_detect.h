// SPDX-License-Identifier: Apache-2.0
/*
 * filter/zero_detect.h - turn zeros in the data into ZERO spans.
 *
 * Whatever comes in, spans go out that start and end on DC_ZERO_BLOCK boundaries (all but the
 * last): a block of nothing but zeros becomes part of a ZERO span, others of a DATA span. So it
 * is also the stage that makes fragments into writes of a size that a sink can take.
 */
#pragma once
#include "base/num.h"
#include "decant/stage.h"

#define DC_ZERO_BLOCK \
    (64 * DC_KIB) /* bytes; the capacity of every pull must be at least this */

/* *ret pulls from up, which stays the pipeline's to close. */
int dc_filter_zero_detect_new(struct dc_stage *up, struct dc_stage **ret, struct dc_err *err);
