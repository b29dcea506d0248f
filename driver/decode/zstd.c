// SPDX-License-Identifier: Apache-2.0
/* decode/zstd.c - zstd: frames and skippable frames in any number. RFC 8878. */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decode/codec.h"

/* Beside the window: tables, one block in and one out. "Memory" in zstd's manual. */
#define BESIDE_WINDOW  (512 * DC_KIB)
#define WINDOW_LOG_MIN 10

enum { HEADER_MAX = 18 }; /* magic and all of section 3.1.1.1 */

struct zstd {
    ZSTD_DStream *z;
    uint64_t memory, frames;  /* bytes allowed; frames that have ended          */
    uint8_t head[HEADER_MAX]; /* the first bytes of this frame, to name its size */
    size_t head_len;
    bool inside; /* a frame */
};

static int zstd_open(uint64_t memory, unsigned threads, void **ret, struct dc_err *err)
{
    int log = WINDOW_LOG_MIN;

    (void)threads;
    if (memory < BESIDE_WINDOW + (1u << WINDOW_LOG_MIN))
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "zstd needs %llu bytes of memory and has %llu; allow more",
                       BESIDE_WINDOW + (1u << WINDOW_LOG_MIN), (unsigned long long)memory);
    while (log < ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound &&
           (2ull << log) <= memory - BESIDE_WINDOW)
        log++;

    struct zstd *z = calloc(1, sizeof *z);
    if (!z)
        return dc_fail(err, DC_NO_MEMORY, 0, "zstd decoder");
    *z = (struct zstd){.z = ZSTD_createDStream(), .memory = memory};
    if (!z->z || ZSTD_isError(ZSTD_DCtx_setParameter(z->z, ZSTD_d_windowLogMax, log))) {
        ZSTD_freeDStream(z->z);
        free(z);
        return dc_fail(err, DC_NO_MEMORY, 0, "zstd decoder");
    }
    *ret = z;
    return 0;
}

static uint64_t le(const uint8_t *p, size_t len)
{
    uint64_t n = 0;

    while (len > 0)
        n = n << 8 | p[--len];
    return n;
}

/* RFC 8878, 3.1.1.1: what a decoder must keep. 0: the header is not whole. */
static uint64_t window_of(const uint8_t *head, size_t len)
{
    static const uint8_t id_bytes[] = {0, 1, 2, 4}, size_bytes[] = {1, 2, 4, 8};

    if (len < 6)
        return 0;
    uint8_t flags = head[4], window = head[5];
    if ((flags & 0x20) == 0) { /* not a single segment */
        uint64_t base = 1ull << (10 + (window >> 3));
        return base + (base / 8) * (window & 7);
    }
    size_t at = 5u + id_bytes[flags & 3], n = size_bytes[flags >> 6];
    if (at + n > len)
        return 0;
    return le(head + at, n) + (n == 2 ? 256 : 0);
}

static enum dc_codec_at zstd_fail(const struct zstd *z, size_t rc, struct dc_err *err)
{
    uint64_t window = window_of(z->head, z->head_len);

    switch ((int)ZSTD_getErrorCode(rc)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        (void)dc_fail(err, DC_UNSUPPORTED, 0,
                      "its zstd window needs %llu bytes of memory and there are %llu; allow "
                      "more, or pack it again without --long and --ultra",
                      (unsigned long long)(window + BESIDE_WINDOW),
                      (unsigned long long)z->memory);
        break;
    case ZSTD_error_memory_allocation:
        (void)dc_fail(err, DC_NO_MEMORY, 0, "zstd decoder");
        break;
    case ZSTD_error_dictionary_wrong:
        (void)dc_fail(err, DC_UNSUPPORTED, 0,
                      "the zstd data needs a dictionary that is not in it; pack it again "
                      "without one");
        break;
    case ZSTD_error_prefix_unknown:
        (void)dc_fail(err, DC_CORRUPT, 0,
                      "what follows after %llu whole zstd frames is no zstd",
                      (unsigned long long)z->frames);
        break;
    default:
        (void)dc_fail(err, DC_CORRUPT, 0, "%s", ZSTD_getErrorName(rc));
    }
    return DC_CODEC_FAIL;
}

static enum dc_codec_at zstd_step(void *codec, struct dc_codec_io *io, struct dc_err *err)
{
    struct zstd *z = codec;

    if (!z->inside && io->in_left == 0)
        return z->frames > 0 ? DC_CODEC_BETWEEN : DC_CODEC_INSIDE;
    if (!z->inside)
        z->head_len = 0;
    z->inside = true;
    size_t known = DC_MIN(io->in_left, HEADER_MAX - z->head_len);
    memcpy(z->head + z->head_len, io->in, known);
    z->head_len += known;

    ZSTD_inBuffer in = {.src = io->in, .size = io->in_left};
    ZSTD_outBuffer out = {.dst = io->out, .size = io->out_left};
    size_t rc = ZSTD_decompressStream(z->z, &out, &in);
    io->in += in.pos;
    io->in_left -= in.pos;
    io->out += out.pos;
    io->out_left -= out.pos;

    if (ZSTD_isError(rc))
        return zstd_fail(z, rc, err);
    if (rc > 0)
        return DC_CODEC_INSIDE;
    z->inside = false;
    z->frames++;
    return DC_CODEC_BETWEEN;
}

static void zstd_close(void *codec)
{
    struct zstd *z = codec;

    if (z)
        ZSTD_freeDStream(z->z);
    free(z);
}

const struct dc_codec dc_codec_zstd = {
    .stage = {.name = "zstd", .pull = dc_decode_pull, .close = dc_decode_close},
    .open = zstd_open,
    .step = zstd_step,
    .close = zstd_close,
};
