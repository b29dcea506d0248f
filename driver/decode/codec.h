// SPDX-License-Identifier: Apache-2.0
/* decode/codec.h - what one compression library does for decode.c. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/decode.h"

/* Bytes to read and room to write; a step moves the pointers and takes from the counts. */
struct dc_codec_io {
    const uint8_t *in;
    uint8_t *out;
    size_t in_left, out_left;
    bool last; /* after in comes nothing more */
};

enum dc_codec_at {
    DC_CODEC_INSIDE,  /* the input must not end here */
    DC_CODEC_BETWEEN, /* it may                      */
    DC_CODEC_FAIL,
};

struct dc_codec {
    struct dc_stage_ops stage; /* with the format's name */
    /* Required. memory: bytes that it may use from now on. */
    int (*open)(uint64_t memory, unsigned threads, void **ret, struct dc_err *err);
    /*
     * Required. Goes on until the input is used up, the room is full, or something has ended:
     * does one of them, however little is lent. Called with neither input nor io->last only
     * when the room was full before.
     */
    enum dc_codec_at (*step)(void *codec, struct dc_codec_io *io, struct dc_err *err);
    /* Required. NULL is allowed. */
    void (*close)(void *codec);
};

extern const struct dc_codec dc_codec_bzip2, dc_codec_gzip_zlib, dc_codec_xz, dc_codec_zstd;
#ifdef DECANT_ISAL
extern const struct dc_codec dc_codec_gzip_isal;
#endif

/* For the tables: the slots of struct dc_codec.stage. */
enum dc_pull dc_decode_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err);
void dc_decode_close(struct dc_stage *st);
