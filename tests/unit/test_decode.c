// SPDX-License-Identifier: Apache-2.0
/* unit/test_decode.c - what was packed comes out again, whatever the pieces, or it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "decode/codec.h"
#include "filter/filter.h"
#include "format/format.h"
#include "lib/pack.h"
#include "source/source.h"

#define MEMORY (4 * DC_MIB)
enum { SMALL = 900, LARGE = 100000, GUARD = 64, GUARD_BYTE = 0x5c };

static const struct kind {
    const char *name;
    const struct dc_codec *codec;
    t_pack *pack;
} kinds[] = {
    {"gzip of zlib", &dc_codec_gzip_zlib, t_pack_gzip},
    {"gzip of zlib, all fields", &dc_codec_gzip_zlib, t_pack_gzip_fields},
#ifdef DECANT_ISAL
    {"gzip of ISA-L", &dc_codec_gzip_isal, t_pack_gzip},
    {"gzip of ISA-L, all fields", &dc_codec_gzip_isal, t_pack_gzip_fields},
#endif
    {"zstd", &dc_codec_zstd, t_pack_zstd},
    {"xz", &dc_codec_xz, t_pack_xz},
    {"xz in blocks", &dc_codec_xz, t_pack_xz_blocks},
    {"bzip2", &dc_codec_bzip2, t_pack_bzip2},
};

/* How it is read: bytes a piece, pauses, bytes lent a pull. */
struct manner {
    size_t fragment;
    unsigned wait;
    size_t cap;
};

static char *text_new(size_t len)
{
    char *text = malloc(len + 1);
    uint32_t x = 12345;

    for (size_t i = 0; i < len; i++) {
        x = x * 1103515245 + 12345;
        text[i] = (char)(i % 500 < 300 ? 'a' + x % 4 / 3 : x >> 24);
    }
    return text;
}

static struct dc_stage *open_on(const struct dc_codec *codec, const void *data, size_t len,
                                const struct manner *m)
{
    const struct dc_source_memory memory = {
        .data = data, .len = len, .fragment = m->fragment, .wait_every = m->wait};
    const struct dc_decode_ways ways = {.memory_bytes = MEMORY, .threads = 2};
    struct dc_source *src = NULL;
    struct dc_stage *top = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_source_memory_open(NULL, &memory, (struct dc_waker){0}, &src, &err), 0);
    assert_int_equal(dc_decode_open(&src->st, codec, &ways, &top, &err), 0);
    return top;
}

/* All that comes out, compared with what should; how it ends. Each pull has another buffer. */
static enum dc_err_kind drain(struct dc_stage *top, size_t cap, const char *want, size_t len,
                              size_t *ret_len, struct dc_err *err)
{
    char *guard = malloc(GUARD);
    enum dc_pull got;
    uint64_t at = 0;

    memset(guard, GUARD_BYTE, GUARD);
    do {
        char *lent = malloc(cap + GUARD);
        struct dc_span span = {.buf = lent, .cap = cap};

        memset(lent + cap, GUARD_BYTE, GUARD);
        got = dc_stage_pull(top, &span, err);
        if (got == DC_PULL_SPAN) {
            assert_int_equal(span.off, at);
            assert_true(at + span.len <= len);
            assert_memory_equal(lent, want + at, span.len);
            at += span.len;
        }
        assert_memory_equal(lent + cap, guard, GUARD);
        free(lent);
    } while (got == DC_PULL_SPAN || got == DC_PULL_WAIT);
    free(guard);
    dc_stage_close(top);
    *ret_len = at;
    return err->kind;
}

static void comes_out(const struct kind *k, const struct t_packed *p, const struct manner *m,
                      const char *want, size_t len)
{
    struct dc_err err = {0};
    size_t got = 0;
    enum dc_err_kind kind =
        drain(open_on(k->codec, p->data, p->len, m), m->cap, want, len, &got, &err);

    if (kind != DC_OK)
        print_message("%s: %s\n", k->name, err.msg);
    assert_int_equal(kind, DC_OK);
    assert_int_equal(got, len);
}

static enum dc_err_kind ends(const struct kind *k, const void *data, size_t len,
                             const char *want, size_t want_len, struct dc_err *err)
{
    const struct manner m = {.cap = 4096};
    size_t got = 0;

    *err = (struct dc_err){0};
    enum dc_err_kind kind =
        drain(open_on(k->codec, data, len, &m), m.cap, want, want_len, &got, err);
    if (kind == DC_OK)
        assert_int_equal(got, want_len);
    return kind;
}

static void any_pieces(void **state)
{
    static const size_t fragment[] = {1, 7, 4096, 0}, cap[] = {1, 7, 4096, 1 << 16};
    static const unsigned wait[] = {0, 2, 3};
    char *text = text_new(LARGE);

    (void)state;
    for (size_t i = 0; i < DC_LEN(kinds); i++) {
        struct t_packed small = {0}, large = {0};

        kinds[i].pack(&small, text, SMALL);
        kinds[i].pack(&large, text, LARGE);
        for (size_t j = 0; j < DC_LEN(fragment) * DC_LEN(cap) * DC_LEN(wait); j++) {
            const struct manner m = {
                .fragment = fragment[j % 4], .cap = cap[j / 4 % 4], .wait = wait[j / 16]};

            comes_out(&kinds[i], &small, &m, text, SMALL);
            if (m.cap >= 4096 && m.fragment % 4096 == 0)
                comes_out(&kinds[i], &large, &m, text, LARGE);
        }
        free(small.data);
        free(large.data);
    }
    free(text);
}

/* One after another, some of them empty; pieces of every size around their borders. */
static void all_members(void **state)
{
    static const size_t parts[][4] = {
        {0, 0, 0, 0}, {SMALL, 0, 1, 0}, {0, SMALL, 0, 1}, {1, 2, 3, SMALL}};
    char *text = text_new(2 * SMALL);

    (void)state;
    for (size_t i = 0; i < DC_LEN(kinds) * DC_LEN(parts); i++) {
        const struct kind *k = &kinds[i % DC_LEN(kinds)];
        const size_t *part = parts[i / DC_LEN(kinds)];
        struct t_packed p = {0};
        size_t len = 0;

        for (size_t j = 0; j < 4; j++) {
            k->pack(&p, text + len, part[j]);
            len += part[j];
        }
        for (size_t fragment = 0; fragment < 40; fragment++) {
            const struct manner m = {
                .fragment = fragment, .wait = fragment % 4, .cap = 1 + fragment * 97};

            if (m.wait != 1) /* always, and never an end */
                comes_out(k, &p, &m, text, len);
        }
        free(p.data);
    }
    free(text);
}

static void no_byte_may_miss(void **state)
{
    char *text = text_new(SMALL);
    struct dc_err err;

    (void)state;
    for (size_t i = 0; i < DC_LEN(kinds); i++) {
        struct t_packed p = {0};

        kinds[i].pack(&p, text, SMALL);
        for (size_t cut = 0; cut < p.len; cut++) {
            char *exact = malloc(cut + 1);

            memcpy(exact, p.data, cut);
            assert_int_equal(ends(&kinds[i], exact, cut, text, SMALL, &err), DC_CORRUPT);
            assert_non_null(strstr(err.msg, "near byte"));
            free(exact);
        }
        free(p.data);
    }
    free(text);
}

static void nothing_may_follow(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\0", 1}, {"\0\0\0", 3}, {"hello", 5}, {"\xff", 1}, {"PK\3\4 and so on and on", 22}};
    char *text = text_new(SMALL);
    struct dc_err err;

    (void)state;
    for (size_t i = 0; i < DC_LEN(kinds) * DC_LEN(rows); i++) {
        const struct kind *k = &kinds[i % DC_LEN(kinds)];
        struct t_packed p = {0};

        k->pack(&p, text, SMALL);
        t_pack_add(&p, rows[i / DC_LEN(kinds)].bytes, rows[i / DC_LEN(kinds)].len);
        if (ends(k, p.data, p.len, text, SMALL, &err) != DC_CORRUPT)
            fail_msg("%s: row %zu: %s", k->name, i / DC_LEN(kinds), err.msg);
        free(p.data);
    }
    free(text);
}

/* An error, or nothing has changed: what would be wrong comes never out as an image. */
static void no_bit_may_differ(void **state)
{
    char *text = text_new(SMALL);
    char *other = malloc(MEMORY);

    (void)state;
    for (size_t i = 0; i < DC_LEN(kinds); i++) {
        struct t_packed p = {0};
        uint32_t x = 1;

        kinds[i].pack(&p, text, SMALL);
        for (int n = 0; n < 600; n++) {
            const struct manner m = {.cap = 4096};
            struct dc_err err = {0};
            struct dc_span span = {.buf = other, .cap = MEMORY};
            enum dc_pull got;
            size_t len = 0;

            x = x * 1664525 + 1013904223;
            size_t bit = n < 200 ? (size_t)n : (x >> 4) % (p.len * 8); /* the header whole */
            p.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            struct dc_stage *top = open_on(kinds[i].codec, p.data, p.len, &m);
            while ((got = dc_stage_pull(top, &span, &err)) == DC_PULL_SPAN) {
                len += span.len;
                span.buf = other + len;
                span.cap = MEMORY - len;
            }
            if (got == DC_PULL_END) {
                assert_int_equal(len, SMALL);
                assert_memory_equal(other, text, SMALL);
            }
            dc_stage_close(top);
            p.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(p.data);
    }
    free(other);
    free(text);
}

static void failures_above_pass(void **state)
{
    const struct dc_filter_faults faults = {
        .fail_at = 1000, .kind = DC_REMOTE, .fragment = 100};
    const struct dc_decode_ways ways = {.memory_bytes = MEMORY};
    char *text = text_new(LARGE), *lent = malloc(LARGE);

    (void)state;
    for (size_t i = 0; i < DC_LEN(kinds); i++) {
        struct t_packed p = {0};
        struct dc_source *src = NULL;
        struct dc_stage *broken = NULL, *top = NULL;
        struct dc_span span = {.buf = lent, .cap = LARGE};
        struct dc_err err = {0};

        kinds[i].pack(&p, text, LARGE);
        const struct dc_source_memory m = {.data = p.data, .len = p.len};
        assert_int_equal(dc_source_memory_open(NULL, &m, (struct dc_waker){0}, &src, &err), 0);
        assert_int_equal(dc_filter_fault_open(&src->st, &faults, &broken, &err), 0);
        assert_int_equal(dc_decode_open(broken, kinds[i].codec, &ways, &top, &err), 0);
        assert_int_equal(dc_stage_pull(top, &span, &err), DC_PULL_FAIL);
        assert_int_equal(err.kind, DC_REMOTE);
        dc_stage_close(top);
        free(p.data);
    }
    free(lent);
    free(text);
}

/* What format/magic.c lets pass is what there are codecs for. */
static void every_name_has_a_codec(void **state)
{
    static const struct {
        const char *name;
        t_pack *pack;
    } rows[] = {{"gzip", t_pack_gzip},
                {"zstd", t_pack_zstd},
                {"xz", t_pack_xz},
                {"bzip2", t_pack_bzip2}};

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct dc_source_info info = {0};
        struct t_packed p = {0};
        struct dc_err err = {0};

        rows[i].pack(&p, "hello", 5);
        dc_format_recognise(p.data, p.len, &info);
        assert_string_equal(info.format, rows[i].name);
        assert_int_equal(dc_format_check(&info, p.len, &err), 0);
        assert_non_null(dc_decode_find(info.format));
        assert_string_equal(dc_decode_find(info.format)->stage.name, rows[i].name);
        free(p.data);
    }
    assert_null(dc_decode_find("raw"));
    assert_null(dc_decode_find("qcow2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_pieces),
        cmocka_unit_test(all_members),
        cmocka_unit_test(no_byte_may_miss),
        cmocka_unit_test(nothing_may_follow),
        cmocka_unit_test(no_bit_may_differ),
        cmocka_unit_test(failures_above_pass),
        cmocka_unit_test(every_name_has_a_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
