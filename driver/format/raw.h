// SPDX-License-Identifier: Apache-2.0
/* format/raw.h - a raw image: the bytes as they come are the volume. */
#pragma once
#include "decant/stage.h"

/*
 * max_bytes: a longer image fails with DC_NO_SPACE at that byte (a server need not say how long
 * it is). *ret pulls from up, which stays the pipeline's to close.
 */
int dc_format_raw_new(struct dc_stage *up, uint64_t max_bytes, struct dc_stage **ret,
                      struct dc_err *err);
