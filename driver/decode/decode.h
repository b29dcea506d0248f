// SPDX-License-Identifier: Apache-2.0
/*
 * decode/decode.h - stages that unpack what is compressed.
 *
 * Whatever follows the last member, frame or stream is refused, as is a source that ends before
 * it. Failures are DC_CORRUPT, and say at which byte; DC_UNSUPPORTED for what needs more memory
 * than there is, and says how much; and those of the stage above.
 */
#pragma once
#include <stdint.h>

#include "decant/stage.h"

struct dc_codec;

struct dc_decode_ways {
    uint64_t memory_bytes; /* all that it may use                                         */
    unsigned threads;      /* where a format can use them; 0: one per processor, up to 4  */
};

/* How to unpack a format by the name that dc_format_recognise() gives it; NULL: it cannot. */
const struct dc_codec *dc_decode_find(const char *format);

/* Stands on up and does not own it: dc_stage_close() of the top closes all. */
int dc_decode_open(struct dc_stage *up, const struct dc_codec *codec,
                   const struct dc_decode_ways *ways, struct dc_stage **ret,
                   struct dc_err *err);
