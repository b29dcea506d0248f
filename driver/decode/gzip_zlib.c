// SPDX-License-Identifier: Apache-2.0
/*
 * decode/gzip_zlib.c - gzip where ISA-L does not exist. RFC 1952.
 *
 * zlib checks header and trailer of one member; that there may be more is our business.
 */
#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include <zlib.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decode/codec.h"

/* "Memory usage" of zconf.h: 44 KiB to inflate, and the state itself. */
#define NEEDS (48 * DC_KIB)

struct gzip {
    z_stream z;
    uint64_t members; /* that have ended */
    bool begun;       /* the next one    */
};

static int gzip_open(uint64_t memory, unsigned threads, void **ret, struct dc_err *err)
{
    dc_autofree struct gzip *g = calloc(1, sizeof *g);

    (void)threads;
    if (memory < NEEDS)
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "gzip needs %llu bytes of memory and has %llu; allow more", NEEDS,
                       (unsigned long long)memory);
    if (!g || inflateInit2(&g->z, MAX_WBITS + 16) != Z_OK) /* +16: gzip and nothing else */
        return dc_fail(err, DC_NO_MEMORY, 0, "gzip decoder");
    *ret = dc_steal(g);
    return 0;
}

static enum dc_codec_at gzip_fail(const struct gzip *g, int rc, struct dc_err *err)
{
    const char *why = g->z.msg ? g->z.msg : "broken gzip data";

    if (rc == Z_MEM_ERROR)
        (void)dc_fail(err, DC_NO_MEMORY, 0, "gzip decoder");
    else if (g->members > 0 && g->z.total_out == 0 && g->z.total_in <= 2)
        (void)dc_fail(err, DC_CORRUPT, 0,
                      "what follows after %llu whole gzip members is no gzip",
                      (unsigned long long)g->members);
    else
        (void)dc_fail(err, DC_CORRUPT, 0, "%s", why);
    return DC_CODEC_FAIL;
}

static enum dc_codec_at gzip_step(void *codec, struct dc_codec_io *io, struct dc_err *err)
{
    struct gzip *g = codec;

    if (!g->begun && io->in_left == 0)
        return g->members > 0 ? DC_CODEC_BETWEEN : DC_CODEC_INSIDE;
    if (!g->begun && inflateReset(&g->z) != Z_OK)
        return gzip_fail(g, Z_STREAM_ERROR, err);
    g->begun = true;

    uInt in = (uInt)DC_MIN(io->in_left, UINT_MAX), out = (uInt)DC_MIN(io->out_left, UINT_MAX);
    g->z.next_in = (Bytef *)(uintptr_t)io->in; /* not const unless asked for; never written */
    g->z.avail_in = in;
    g->z.next_out = io->out;
    g->z.avail_out = out;
    int rc = inflate(&g->z, Z_NO_FLUSH);
    io->in += in - g->z.avail_in;
    io->in_left -= in - g->z.avail_in;
    io->out += out - g->z.avail_out;
    io->out_left -= out - g->z.avail_out;

    if (rc == Z_STREAM_END) {
        g->members++;
        g->begun = false;
        return DC_CODEC_BETWEEN;
    }
    if (rc != Z_OK && rc != Z_BUF_ERROR) /* BUF_ERROR: one side is used up */
        return gzip_fail(g, rc, err);
    return DC_CODEC_INSIDE;
}

static void gzip_close(void *codec)
{
    struct gzip *g = codec;

    if (g)
        (void)inflateEnd(&g->z); /* fails for a state that is none */
    free(g);
}

const struct dc_codec dc_codec_gzip_zlib = {
    .stage = {.name = "gzip", .pull = dc_decode_pull, .close = dc_decode_close},
    .open = gzip_open,
    .step = gzip_step,
    .close = gzip_close,
};
