// SPDX-License-Identifier: Apache-2.0
/*
 * decode/decode.c - from the stage above through a compression library into the lent buffer.
 *
 * One buffer for what is compressed; what is unpacked goes where it is wanted at once. A pause
 * of the stage above is passed on, with all that was unpacked before it.
 */
#include "decode/decode.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decode/codec.h"

/* Large enough that a call of the library is worth it, small enough for the cache. */
#define INPUT_BYTES (128 * DC_KIB)
/* A small budget is for windows first. */
#define INPUT_SHARE 8
#define INPUT_LEAST 512
#define THREADS_MAX 4

struct decode {
    struct dc_stage st;
    const struct dc_codec *codec;
    void *state; /* the codec's */
    uint8_t *in;
    size_t size, at, len; /* bytes of in: in all, used, there  */
    uint64_t used, made;  /* bytes of both sides, for messages */
    enum dc_codec_at where;
    bool ended; /* the stage above has ended */
    bool full;  /* there was no more room: the codec may still hold something */
};

static int said_where(const struct decode *d, const struct dc_codec_io *io, struct dc_err *err)
{
    return dc_wrap(err, "near byte %" PRIu64 " of the compressed data, %" PRIu64 " unpacked",
                   d->used + (d->len - d->at - io->in_left), d->made);
}

/* SPAN: there is something to do: input, the end of it, or what the codec still holds. */
static enum dc_pull input_get(struct decode *d, struct dc_err *err)
{
    if (d->at < d->len || d->full || d->ended)
        return DC_PULL_SPAN;

    struct dc_span span = {.buf = d->in, .cap = d->size};
    enum dc_pull got = dc_stage_pull(d->st.up, &span, err);

    if (got == DC_PULL_END) {
        d->ended = true;
        return DC_PULL_SPAN;
    }
    if (got == DC_PULL_SPAN) {
        assert(span.kind == DC_SPAN_DATA); /* nothing above knows of holes */
        d->at = 0;
        d->len = (size_t)span.len;
    }
    return got;
}

static enum dc_codec_at step(struct decode *d, struct dc_span *span, size_t *have,
                             struct dc_err *err)
{
    struct dc_codec_io io = {.in = d->in + d->at,
                             .in_left = d->len - d->at,
                             .out = (uint8_t *)span->buf + *have,
                             .out_left = span->cap - *have,
                             .last = d->ended};
    size_t in_before = io.in_left, out_before = io.out_left;
    enum dc_codec_at where = d->codec->step(d->state, &io, err);

    d->made += out_before - io.out_left;
    if (where == DC_CODEC_FAIL) {
        (void)said_where(d, &io, err);
        return where;
    }
    bool still = io.in_left == in_before && io.out_left == out_before;
    if (still && where == DC_CODEC_INSIDE && (d->ended || in_before > 0)) {
        (void)dc_fail(err, DC_CORRUPT, 0,
                      "the data ends too early; get the file again, or ask who made it");
        (void)said_where(d, &io, err);
        return DC_CODEC_FAIL;
    }
    d->used += in_before - io.in_left;
    d->at = d->len - io.in_left;
    *have += out_before - io.out_left;
    d->full = io.out_left == 0;
    return where;
}

static bool is_over(const struct decode *d)
{
    return d->ended && d->at == d->len && !d->full && d->where == DC_CODEC_BETWEEN;
}

enum dc_pull dc_decode_pull(struct dc_stage *st, struct dc_span *span, struct dc_err *err)
{
    struct decode *d = (struct decode *)st;
    size_t have = 0;

    while (have < span->cap) {
        enum dc_pull got = input_get(d, err);

        if (got == DC_PULL_FAIL || (got == DC_PULL_WAIT && have == 0))
            return got;
        if (got == DC_PULL_WAIT || is_over(d))
            break;
        d->where = step(d, span, &have, err);
        if (d->where == DC_CODEC_FAIL)
            return DC_PULL_FAIL;
    }
    if (have == 0)
        return DC_PULL_END;
    span->kind = DC_SPAN_DATA;
    span->off = d->made - have;
    span->len = have;
    return DC_PULL_SPAN;
}

void dc_decode_close(struct dc_stage *st)
{
    struct decode *d = (struct decode *)st;

    d->codec->close(d->state);
    free(d->in);
    free(d);
}

static const struct {
    const char *format;
    const struct dc_codec *codec;
} codecs[] = {
#ifdef DECANT_ISAL
    {"gzip", &dc_codec_gzip_isal},
#else
    {"gzip", &dc_codec_gzip_zlib},
#endif
    {"zstd", &dc_codec_zstd},
    {"xz", &dc_codec_xz},
    {"bzip2", &dc_codec_bzip2},
};

const struct dc_codec *dc_decode_find(const char *format)
{
    for (size_t i = 0; i < DC_LEN(codecs); i++) {
        if (strcmp(codecs[i].format, format) == 0)
            return codecs[i].codec;
    }
    return NULL;
}

static unsigned threads_of(const struct dc_decode_ways *ways)
{
    if (ways->threads > 0)
        return ways->threads;

    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (unsigned)DC_MIN(n, THREADS_MAX);
}

int dc_decode_open(struct dc_stage *up, const struct dc_codec *codec,
                   const struct dc_decode_ways *ways, struct dc_stage **ret, struct dc_err *err)
{
    dc_autofree struct decode *d = calloc(1, sizeof *d);

    if (!d)
        return dc_fail(err, DC_NO_MEMORY, 0, "decoder");
    *d = (struct decode){.st = {.ops = &codec->stage, .up = up}, .codec = codec};
    d->size = (size_t)DC_MIN(INPUT_BYTES, ways->memory_bytes / INPUT_SHARE);
    d->size = DC_MAX(d->size, INPUT_LEAST);

    dc_autofree uint8_t *in = malloc(d->size);
    if (!in)
        return dc_fail(err, DC_NO_MEMORY, 0, "decoder");
    uint64_t rest = ways->memory_bytes - DC_MIN(ways->memory_bytes, d->size);
    if (codec->open(rest, threads_of(ways), &d->state, err) != 0)
        return -1;
    d->in = dc_steal(in);
    *ret = &dc_steal(d)->st;
    return 0;
}
