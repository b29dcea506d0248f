// SPDX-License-Identifier: Apache-2.0
/* lib/pack.c - see pack.h. */
#include "lib/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <cmocka.h>

enum { ROOM = 64 * 1024 }; /* more than any of them adds to what cannot be compressed */

/* Room for packed bytes of len; the caller adds to p->len what it used. */
static uint8_t *room(struct t_packed *p, size_t len, size_t *ret_size)
{
    *ret_size = len + len / 8 + ROOM;
    p->data = realloc(p->data, p->len + *ret_size);
    assert_non_null(p->data);
    return p->data + p->len;
}

void t_pack_add(struct t_packed *p, const void *bytes, size_t len)
{
    size_t size = 0;

    memcpy(room(p, len, &size), bytes, len);
    p->len += len;
}

static void gzip(struct t_packed *p, const void *data, size_t len, gz_header *header)
{
    z_stream z = {0};
    size_t size = 0;

    z.next_out = room(p, len, &size);
    z.avail_out = (uInt)size;
    z.next_in = (Bytef *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    if (header)
        assert_int_equal(deflateSetHeader(&z, header), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    p->len += size - z.avail_out;
    deflateEnd(&z);
}

void t_pack_gzip(struct t_packed *p, const void *data, size_t len)
{
    gzip(p, data, len, NULL);
}

void t_pack_gzip_fields(struct t_packed *p, const void *data, size_t len)
{
    Bytef extra[300], name[] = "a name", comment[] = "a comment";
    gz_header header = {
        .extra = extra, .extra_len = sizeof extra, .name = name, .comment = comment, .hcrc = 1};

    memset(extra, 'e', sizeof extra);
    gzip(p, data, len, &header);
}

void t_pack_zstd_window(struct t_packed *p, const void *data, size_t len, int log)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    size_t size = 0;
    uint8_t *to = room(p, len, &size);
    ZSTD_inBuffer in = {.src = data, .size = len};
    ZSTD_outBuffer out = {.dst = to, .size = size};

    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    if (log > 0)
        ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, log);
    assert_int_equal(ZSTD_compressStream2(z, &out, &in, ZSTD_e_flush), 0); /* size unknown */
    assert_int_equal(ZSTD_compressStream2(z, &out, &in, ZSTD_e_end), 0);
    p->len += out.pos;
    ZSTD_freeCCtx(z);
}

void t_pack_zstd(struct t_packed *p, const void *data, size_t len)
{
    t_pack_zstd_window(p, data, len, 0);
}

static void xz_run(struct t_packed *p, lzma_stream *z, const void *data, size_t len)
{
    size_t size = 0;

    z->next_out = room(p, len, &size);
    z->avail_out = size;
    z->next_in = data;
    z->avail_in = len;
    assert_int_equal(lzma_code(z, LZMA_FINISH), LZMA_STREAM_END);
    p->len += size - z->avail_out;
    lzma_end(z);
}

void t_pack_xz(struct t_packed *p, const void *data, size_t len)
{
    lzma_stream z = LZMA_STREAM_INIT;

    assert_int_equal(lzma_easy_encoder(&z, 0, LZMA_CHECK_CRC64), LZMA_OK);
    xz_run(p, &z, data, len);
}

void t_pack_xz_blocks(struct t_packed *p, const void *data, size_t len)
{
    lzma_stream z = LZMA_STREAM_INIT;
    const lzma_mt ways = {
        .threads = 2, .block_size = 65536, .preset = 0, .check = LZMA_CHECK_CRC64};

    assert_int_equal(lzma_stream_encoder_mt(&z, &ways), LZMA_OK);
    xz_run(p, &z, data, len);
}

void t_pack_xz_dictionary(struct t_packed *p, const void *data, size_t len, int log)
{
    lzma_stream z = LZMA_STREAM_INIT;
    lzma_options_lzma lzma;

    assert_false(lzma_lzma_preset(&lzma, 0));
    lzma.dict_size = 1u << log;
    const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &lzma}, {LZMA_VLI_UNKNOWN, NULL}};
    assert_int_equal(lzma_stream_encoder(&z, filters, LZMA_CHECK_CRC64), LZMA_OK);
    xz_run(p, &z, data, len);
}

void t_pack_bzip2(struct t_packed *p, const void *data, size_t len)
{
    size_t size = 0;
    char *to = (char *)room(p, len, &size);
    unsigned made = (unsigned)size;

    assert_int_equal(
        BZ2_bzBuffToBuffCompress(to, &made, (char *)(uintptr_t)data, (unsigned)len, 9, 0, 0),
        BZ_OK);
    p->len += made;
}
