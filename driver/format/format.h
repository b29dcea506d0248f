// SPDX-License-Identifier: Apache-2.0
/* format/format.h - which image format a source is in, and the stages that read them. */
#pragma once
#include <stddef.h>

#include "decant/source.h"
#include "decant/stage.h"

/* So many first bytes decide (tar's magic stands at 257); fewer when the source is shorter. */
#define DC_MAGIC_BYTES 512

/*
 * Recognise the format by the first bytes: sets ret->format, and ret->virtual_bytes where the
 * head tells it (raw: ret->served_bytes). What has no magic is "raw".
 */
void dc_format_recognise(const void *head, size_t len, struct dc_source_info *ret);

/*
 * May it be filled, once unpacked if it is compressed? DC_UNSUPPORTED names the format and says what to do instead; DC_BAD_INPUT
 * when there are no bytes at all or they are a web page.
 */
int dc_format_check(const struct dc_source_info *info, size_t head_len, struct dc_err *err);

/*
 * Bytes as they are: gathers what comes from up into whole blocks, so that only the last span
 * is shorter than block_bytes (or than the puller's buffer). Takes no ownership of up.
 */
int dc_format_raw_open(struct dc_stage *up, size_t block_bytes, struct dc_stage **ret,
                       struct dc_err *err);
