// SPDX-License-Identifier: Apache-2.0
/*
 * decode/gzip_isal.c - gzip with Intel's ISA-L. RFC 1952.
 *
 * ISA-L checks header and trailer of one member; that there may be more, and that the input must
 * not end before the trailer, is our business. Headers are read by a call of their own, which
 * keeps its place in a struct of ours: inside isal_inflate() that struct is a local.
 */
#include <stdint.h>
#include <stdlib.h>

#include <isa-l/igzip_lib.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decode/codec.h"

struct gzip {
    struct inflate_state s;
    struct isal_gzip_header header;
    enum { GZIP_BETWEEN, GZIP_HEADER, GZIP_BODY } at;
    uint64_t members;     /* that have ended                  */
    uint64_t header_used; /* bytes of this one's header so far */
};

static int gzip_open(uint64_t memory, unsigned threads, void **ret, struct dc_err *err)
{
    (void)threads;
    if (memory < sizeof(struct gzip))
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "gzip needs %zu bytes of memory and has %llu; allow more",
                       sizeof(struct gzip), (unsigned long long)memory);

    struct gzip *g = calloc(1, sizeof *g);
    if (!g)
        return dc_fail(err, DC_NO_MEMORY, 0, "gzip decoder");
    *ret = g;
    return 0;
}

static void member_begin(struct gzip *g)
{
    isal_inflate_init(&g->s);
    isal_gzip_header_init(&g->header);
    g->s.crc_flag = ISAL_GZIP_NO_HDR_VER;
    g->at = GZIP_HEADER;
    g->header_used = 0;
}

static enum dc_codec_at gzip_fail(const struct gzip *g, int rc, struct dc_err *err)
{
    if (g->at == GZIP_HEADER && g->members > 0 && g->header_used < 10)
        (void)dc_fail(err, DC_CORRUPT, 0,
                      "what follows after %llu whole gzip members is no gzip",
                      (unsigned long long)g->members);
    else if (rc == ISAL_INCORRECT_CHECKSUM)
        (void)dc_fail(err, DC_CORRUPT, 0, "the checksum of a gzip member is wrong");
    else
        (void)dc_fail(err, DC_CORRUPT, 0, "broken gzip %s (igzip says %d)",
                      g->at == GZIP_HEADER ? "header" : "data", rc);
    return DC_CODEC_FAIL;
}

static enum dc_codec_at gzip_step(void *codec, struct dc_codec_io *io, struct dc_err *err)
{
    struct gzip *g = codec;

    if (g->at == GZIP_BETWEEN && io->in_left == 0)
        return g->members > 0 ? DC_CODEC_BETWEEN : DC_CODEC_INSIDE;
    if (g->at == GZIP_BETWEEN)
        member_begin(g);

    uint32_t in = (uint32_t)DC_MIN(io->in_left, UINT32_MAX);
    uint32_t out = (uint32_t)DC_MIN(io->out_left, UINT32_MAX);
    g->s.next_in = (uint8_t *)(uintptr_t)io->in; /* never written */
    g->s.avail_in = in;
    g->s.next_out = io->out;
    g->s.avail_out = out;
    int rc =
        g->at == GZIP_HEADER ? isal_read_gzip_header(&g->s, &g->header) : isal_inflate(&g->s);
    uint32_t used = in - g->s.avail_in, made = out - g->s.avail_out;
    io->in += used;
    io->in_left -= used;
    io->out += made;
    io->out_left -= made;

    if (rc < 0 || rc == ISAL_NEED_DICT)
        return gzip_fail(g, rc, err);
    if (g->at == GZIP_HEADER) {
        g->header_used += used;
        if (rc == ISAL_DECOMP_OK)
            g->at = GZIP_BODY;
    } else if (g->s.block_state == ISAL_BLOCK_FINISH) {
        g->members++;
        g->at = GZIP_BETWEEN;
        return DC_CODEC_BETWEEN;
    }
    return DC_CODEC_INSIDE;
}

static void gzip_close(void *codec)
{
    free(codec);
}

const struct dc_codec dc_codec_gzip_isal = {
    .stage = {.name = "gzip", .pull = dc_decode_pull, .close = dc_decode_close},
    .open = gzip_open,
    .step = gzip_step,
    .close = gzip_close,
};
