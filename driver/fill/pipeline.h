// SPDX-License-Identifier: Apache-2.0
/* fill/pipeline.h - the stages of one fill, built in two steps: the head decides the rest. */
#pragma once
#include "source/source.h"

struct pipeline {
    struct dc_source *source; /* all NULL until opened                                */
    struct dc_stage *digest;  /* sha256 of the bytes as served; NULL: none wanted     */
    struct dc_stage *wanted;  /* the digest that was asked for; may be the same       */
    struct dc_stage *peek;    /* at what is to be recognised next                     */
    struct dc_stage *top;     /* what is pulled, and what closes all                     */
    unsigned unpacks;         /* decoders so far                                         */
    uint64_t unpack_bytes;    /* memory for them; 0: not to be unpacked (a probe). To be
                              set before the first pipeline_head()                    */
};

/*
 * source -> digest(s) -> peek. algorithm: of the checksum that was asked for, NULL: sha256
 * alone. digests false: none at all (a probe).
 */
int pipeline_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                  const struct dc_source_ways *ways, struct dc_waker waker, bool digests,
                  const char *algorithm, struct pipeline *ret, struct dc_err *err);
/*
 * Look at the head, and put decoders on top while it is compressed, twice at most; ret_info tells
 * of the outermost layer. SPAN: the source is known, *ret_info is set, and it can be filled. FAIL:
 * whatever went wrong; DC_UNSUPPORTED still sets *ret_info.
 */
enum dc_pull pipeline_head(struct pipeline *p, struct dc_source_info *ret_info,
                           struct dc_err *err);
/* ... -> format -> zero detection: spans that are whole blocks, but the last. */
int pipeline_build(struct pipeline *p, size_t block_bytes, struct dc_err *err);
void pipeline_close(struct pipeline *p);
