// SPDX-License-Identifier: Apache-2.0
/* unit/test_decode_limits.c - what needs more memory than there is, and what stands between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "decode/codec.h"
#include "lib/pack.h"
#include "source/source.h"

enum { LEN = 100000 };

/* How many bytes come out, and how it ends. */
static enum dc_err_kind unpack(const struct dc_codec *codec, const struct t_packed *p,
                               uint64_t memory, unsigned threads, size_t *ret_len,
                               struct dc_err *err)
{
    const struct dc_source_memory m = {.data = p->data, .len = p->len};
    const struct dc_decode_ways ways = {.memory_bytes = memory, .threads = threads};
    struct dc_source *src = NULL;
    struct dc_stage *top = NULL;
    char lent[4096];
    struct dc_span span = {.buf = lent, .cap = sizeof lent};

    *err = (struct dc_err){0};
    *ret_len = 0;
    assert_int_equal(dc_source_memory_open(NULL, &m, (struct dc_waker){0}, &src, err), 0);
    if (dc_decode_open(&src->st, codec, &ways, &top, err) != 0) {
        dc_stage_close(&src->st);
        return err->kind;
    }
    while (dc_stage_pull(top, &span, err) == DC_PULL_SPAN)
        *ret_len += span.len;
    dc_stage_close(top);
    return err->kind;
}

static void pack_zstd_24(struct t_packed *p, const void *data, size_t len)
{
    t_pack_zstd_window(p, data, len, 24);
}

static void pack_xz_24(struct t_packed *p, const void *data, size_t len)
{
    t_pack_xz_dictionary(p, data, len, 24);
}

static void too_much_memory_is_refused_by_number(void **state)
{
    static const struct {
        const struct dc_codec *codec;
        t_pack *pack;
        uint64_t memory, enough;
        unsigned threads;
        const char *says, *number;
    } rows[] = {
        {&dc_codec_zstd, pack_zstd_24, 8 * DC_MIB, 18 * DC_MIB, 1, "zstd window", "17301504"},
        {&dc_codec_zstd, t_pack_zstd, 10000, 4 * DC_MIB, 1, "zstd needs", "525312"},
        {&dc_codec_xz, pack_xz_24, 8 * DC_MIB, 18 * DC_MIB, 1, "xz dictionary", "168"},
        {&dc_codec_xz, pack_xz_24, 8 * DC_MIB, 18 * DC_MIB, 4, "needs more and there are 8",
         "dictionary"},
        {&dc_codec_bzip2, t_pack_bzip2, DC_MIB, 4 * DC_MIB, 1, "bzip2 blocks", "36"},
        {&dc_codec_gzip_zlib, t_pack_gzip, 20000, 100000, 1, "gzip needs", "49152"},
#ifdef DECANT_ISAL
        {&dc_codec_gzip_isal, t_pack_gzip, 20000, 170 * DC_KIB, 1, "gzip needs", "bytes"},
#endif
    };
    char *text = calloc(1, LEN);
    struct dc_err err;
    size_t got = 0;

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct t_packed p = {0};

        rows[i].pack(&p, text, LEN);
        assert_int_equal(unpack(rows[i].codec, &p, rows[i].memory, rows[i].threads, &got, &err),
                         DC_UNSUPPORTED);
        if (!strstr(err.msg, rows[i].says) || !strstr(err.msg, rows[i].number))
            fail_msg("row %zu: %s", i, err.msg);
        assert_int_equal(unpack(rows[i].codec, &p, rows[i].enough, rows[i].threads, &got, &err),
                         DC_OK);
        assert_int_equal(got, LEN);
        free(p.data);
    }
    free(text);
}

/* Blocks that do not fit side by side are unpacked one after another, not refused. */
static void xz_does_with_less(void **state)
{
    static const uint64_t memory[] = {600 * DC_KIB, 2 * DC_MIB, 64 * DC_MIB};
    char *text = calloc(1, 20 * LEN);
    struct t_packed p = {0};
    struct dc_err err;
    size_t got = 0;

    (void)state;
    t_pack_xz_blocks(&p, text, 20 * LEN);
    for (size_t i = 0; i < DC_LEN(memory) * 3; i++) {
        enum dc_err_kind kind =
            unpack(&dc_codec_xz, &p, memory[i / 3], 1u << (i % 3), &got, &err);

        if (kind != DC_OK)
            fail_msg("%s", err.msg);
        assert_int_equal(got, 20 * LEN);
    }
    free(p.data);
    free(text);
}

static void xz_padding(void **state)
{
    char *text = calloc(1, LEN);
    struct dc_err err;
    size_t got = 0;

    (void)state;
    for (size_t pad = 0; pad <= 12; pad++) {
        struct t_packed p = {0};

        t_pack_xz(&p, text, LEN);
        t_pack_add(&p, text, pad);
        t_pack_xz(&p, text, LEN);
        t_pack_add(&p, text, pad);
        for (unsigned threads = 1; threads < 3; threads++) {
            enum dc_err_kind kind = unpack(&dc_codec_xz, &p, 16 * DC_MIB, threads, &got, &err);

            assert_int_equal(kind, pad % 4 == 0 ? DC_OK : DC_CORRUPT);
            if (kind == DC_OK)
                assert_int_equal(got, 2 * LEN);
        }
        free(p.data);
    }
    free(text);
}

static void zstd_skips_what_is_to_be_skipped(void **state)
{
    static const char skippable[] = "\x5a\x2a\x4d\x18\5\0\0\0hello";
    char *text = calloc(1, LEN);
    struct t_packed p = {0};
    struct dc_err err;
    size_t got = 0;

    (void)state;
    t_pack_add(&p, skippable, sizeof skippable - 1);
    assert_int_equal(unpack(&dc_codec_zstd, &p, 4 * DC_MIB, 1, &got, &err), DC_OK);
    assert_int_equal(got, 0);
    t_pack_zstd(&p, text, LEN);
    t_pack_add(&p, skippable, sizeof skippable - 1);
    t_pack_zstd(&p, text, LEN);
    t_pack_add(&p, skippable, sizeof skippable - 1);
    assert_int_equal(unpack(&dc_codec_zstd, &p, 4 * DC_MIB, 1, &got, &err), DC_OK);
    assert_int_equal(got, 2 * LEN);
    p.len--; /* cut short */
    assert_int_equal(unpack(&dc_codec_zstd, &p, 4 * DC_MIB, 1, &got, &err), DC_CORRUPT);
    free(p.data);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_much_memory_is_refused_by_number),
        cmocka_unit_test(xz_does_with_less),
        cmocka_unit_test(xz_padding),
        cmocka_unit_test(zstd_skips_what_is_to_be_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
