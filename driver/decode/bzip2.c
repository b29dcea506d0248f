// SPDX-License-Identifier: Apache-2.0
/* decode/bzip2.c - bzip2, any number of streams. libbz2 1.0.8, manual section 3. */
#include <limits.h>
#include <stdlib.h>

#include <bzlib.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decode/codec.h"

struct bzip2 {
    bz_stream z;
    bool begun;
    uint64_t streams;           /* that have ended                   */
    uint64_t memory, taken;     /* bytes: allowed; of this stream    */
    uint64_t refused;           /* what it wanted in all; 0: nothing */
    unsigned long long used_in; /* bytes of this stream              */
};

/* The size of the blocks stands in the stream; what it costs is known when it asks for it. */
static void *bzip2_alloc(void *opaque, int n, int size)
{
    struct bzip2 *b = opaque;
    uint64_t bytes = 0;

    if (n < 0 || size < 0 || !dc_mul((uint64_t)n, (uint64_t)size, &bytes) ||
        !dc_add(bytes, b->taken, &bytes))
        return NULL;
    b->taken = bytes;
    if (bytes > b->memory) {
        b->refused = bytes;
        return NULL;
    }
    return malloc((size_t)n * (size_t)size);
}

static void bzip2_free(void *opaque, void *p)
{
    (void)opaque;
    free(p);
}

static int bzip2_open(uint64_t memory, unsigned threads, void **ret, struct dc_err *err)
{
    struct bzip2 *b = calloc(1, sizeof *b);

    (void)threads;
    if (!b)
        return dc_fail(err, DC_NO_MEMORY, 0, "bzip2 decoder");
    b->memory = memory;
    *ret = b;
    return 0;
}

static int stream_begin(struct bzip2 *b)
{
    b->z = (bz_stream){.bzalloc = bzip2_alloc, .bzfree = bzip2_free, .opaque = b};
    b->taken = 0;
    b->used_in = 0;

    int rc = BZ2_bzDecompressInit(&b->z, 0, 0);
    b->begun = rc == BZ_OK;
    return rc;
}

static void stream_end(struct bzip2 *b)
{
    if (b->begun)
        (void)BZ2_bzDecompressEnd(&b->z); /* fails for a stream that is none */
    b->begun = false;
}

static enum dc_codec_at bzip2_fail(const struct bzip2 *b, int rc, struct dc_err *err)
{
    if (b->refused > 0)
        (void)dc_fail(err, DC_UNSUPPORTED, 0,
                      "its bzip2 blocks need at least %llu bytes of memory and there are %llu; "
                      "allow more, or pack it again with smaller blocks (bzip2 -1)",
                      (unsigned long long)b->refused, (unsigned long long)b->memory);
    else if (rc == BZ_MEM_ERROR)
        (void)dc_fail(err, DC_NO_MEMORY, 0, "bzip2 decoder");
    else if (b->streams > 0 && b->used_in <= 4)
        (void)dc_fail(err, DC_CORRUPT, 0,
                      "what follows after %llu whole bzip2 streams is no bzip2",
                      (unsigned long long)b->streams);
    else
        (void)dc_fail(err, DC_CORRUPT, 0, "broken bzip2 data, or its checksum is wrong");
    return DC_CODEC_FAIL;
}

static enum dc_codec_at bzip2_step(void *codec, struct dc_codec_io *io, struct dc_err *err)
{
    struct bzip2 *b = codec;
    int rc = BZ_OK;

    if (!b->begun && io->in_left == 0)
        return b->streams > 0 ? DC_CODEC_BETWEEN : DC_CODEC_INSIDE;
    if (!b->begun)
        rc = stream_begin(b);
    if (rc != BZ_OK)
        return bzip2_fail(b, rc, err);

    unsigned in = (unsigned)DC_MIN(io->in_left, UINT_MAX);
    unsigned out = (unsigned)DC_MIN(io->out_left, UINT_MAX);
    b->z.next_in = (char *)(uintptr_t)io->in; /* never written */
    b->z.avail_in = in;
    b->z.next_out = (char *)io->out;
    b->z.avail_out = out;
    rc = BZ2_bzDecompress(&b->z);
    b->used_in += in - b->z.avail_in;
    io->in += in - b->z.avail_in;
    io->in_left -= in - b->z.avail_in;
    io->out += out - b->z.avail_out;
    io->out_left -= out - b->z.avail_out;

    if (rc == BZ_STREAM_END) {
        stream_end(b);
        b->streams++;
        return DC_CODEC_BETWEEN;
    }
    return rc == BZ_OK ? DC_CODEC_INSIDE : bzip2_fail(b, rc, err);
}

static void bzip2_close(void *codec)
{
    struct bzip2 *b = codec;

    if (b)
        stream_end(b);
    free(b);
}

const struct dc_codec dc_codec_bzip2 = {
    .stage = {.name = "bzip2", .pull = dc_decode_pull, .close = dc_decode_close},
    .open = bzip2_open,
    .step = bzip2_step,
    .close = bzip2_close,
};
