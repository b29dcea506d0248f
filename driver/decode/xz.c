// SPDX-License-Identifier: Apache-2.0
/*
 * decode/xz.c - xz, any number of streams and the padding between them. xz-file-format 1.2.0.
 *
 * Blocks whose sizes stand in their headers (xz -T0 writes such) are unpacked in parallel as far
 * as memory allows; liblzma falls back to one thread by itself where they are not, or do not fit.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <lzma.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decode/codec.h"

struct xz {
    lzma_stream z;
    uint64_t memory;
    bool ended;
};

static lzma_ret stream_open(struct xz *x, unsigned threads)
{
    const lzma_mt ways = {.flags = LZMA_CONCATENATED,
                          .threads = threads,
                          .memlimit_threading = x->memory,
                          .memlimit_stop = x->memory};

    if (threads > 1)
        return lzma_stream_decoder_mt(&x->z, &ways);
    return lzma_stream_decoder(&x->z, x->memory, LZMA_CONCATENATED);
}

static int xz_open(uint64_t memory, unsigned threads, void **ret, struct dc_err *err)
{
    dc_autofree struct xz *x = calloc(1, sizeof *x);

    if (!x)
        return dc_fail(err, DC_NO_MEMORY, 0, "xz decoder");
    *x = (struct xz){.z = LZMA_STREAM_INIT, .memory = DC_MAX(memory, 1u)}; /* 0: no limit */
    if (stream_open(x, threads) != LZMA_OK) {
        lzma_end(&x->z);
        return dc_fail(err, DC_NO_MEMORY, 0, "xz decoder");
    }
    *ret = dc_steal(x);
    return 0;
}

static void dictionary_refuse(struct xz *x, struct dc_err *err)
{
    uint64_t needs = lzma_memusage(&x->z);
    char exactly[48] = "more"; /* liblzma 5.4 does not tell it with several threads */

    if (needs > x->memory)
        snprintf(exactly, sizeof exactly, "%llu bytes of memory", (unsigned long long)needs);
    (void)dc_fail(err, DC_UNSUPPORTED, 0,
                  "its xz dictionary needs %s and there are %llu bytes; allow more, or pack it "
                  "again with a smaller one (xz -6)",
                  exactly, (unsigned long long)x->memory);
}

static enum dc_codec_at xz_fail(struct xz *x, lzma_ret rc, struct dc_err *err)
{
    if (rc == LZMA_MEMLIMIT_ERROR)
        dictionary_refuse(x, err);
    else if (rc == LZMA_MEM_ERROR)
        (void)dc_fail(err, DC_NO_MEMORY, 0, "xz decoder");
    else if (rc == LZMA_OPTIONS_ERROR)
        (void)dc_fail(err, DC_UNSUPPORTED, 0,
                      "the xz data uses a filter or flag that this version does not know; pack "
                      "it again with plain xz");
    else if (rc == LZMA_FORMAT_ERROR)
        (void)dc_fail(err, DC_CORRUPT, 0, "what is here, or follows, is no xz");
    else
        (void)dc_fail(err, DC_CORRUPT, 0,
                      "broken xz data, a wrong checksum, or something behind its end");
    return DC_CODEC_FAIL;
}

static enum dc_codec_at xz_step(void *codec, struct dc_codec_io *io, struct dc_err *err)
{
    struct xz *x = codec;

    if (x->ended)
        return DC_CODEC_BETWEEN;
    x->z.next_in = io->in;
    x->z.avail_in = io->in_left;
    x->z.next_out = io->out;
    x->z.avail_out = io->out_left;
    lzma_ret rc = lzma_code(&x->z, io->last ? LZMA_FINISH : LZMA_RUN);
    io->in = x->z.next_in;
    io->in_left = x->z.avail_in;
    io->out = x->z.next_out;
    io->out_left = x->z.avail_out;

    /* Only LZMA_FINISH brings the end: before, another stream might follow. */
    x->ended = rc == LZMA_STREAM_END;
    if (x->ended)
        return DC_CODEC_BETWEEN;
    /* BUF_ERROR: nothing could be done with what was lent; decode.c knows whether that is bad. */
    return rc == LZMA_OK || rc == LZMA_BUF_ERROR ? DC_CODEC_INSIDE : xz_fail(x, rc, err);
}

static void xz_close(void *codec)
{
    struct xz *x = codec;

    if (x)
        lzma_end(&x->z);
    free(x);
}

const struct dc_codec dc_codec_xz = {
    .stage = {.name = "xz", .pull = dc_decode_pull, .close = dc_decode_close},
    .open = xz_open,
    .step = xz_step,
    .close = xz_close,
};
