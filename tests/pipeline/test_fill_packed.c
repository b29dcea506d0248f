// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_fill_packed.c - compressed images over bad connections onto devices and files. */
#include "pipeline/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/num.h"
#include "lib/fault.h"
#include "lib/http_server.h"
#include "lib/image.h"
#include "lib/pack.h"

#define IMAGE_BYTES  (3 * DC_MIB + 777)
#define DEVICE_BYTES (8 * DC_MIB)

static t_pack *const packs[] = {t_pack_gzip, t_pack_zstd, t_pack_xz, t_pack_xz_blocks,
                                t_pack_bzip2};

static void digest_of(const char *algorithm, const struct t_packed *p, char *ret)
{
    struct dc_digest *d = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_digest_new(algorithm, &d, &err), 0);
    assert_int_equal(dc_digest_add(d, p->data, p->len, &err), 0);
    assert_int_equal(dc_digest_finish(d, ret, &err), 0);
    dc_digest_free(d);
}

/* Broken twice on its way, and with a checksum: of the bytes as they are served. */
static void fill_device(struct t_device *d, const struct t_packed *p, const char *image)
{
    const struct t_reply whole = {.body = p->data, .len = p->len, .etag = "\"1\""};
    struct t_reply script[] = {whole, whole, whole};
    char sha256[DC_DIGEST_TEXT], md5[DC_DIGEST_TEXT];
    struct t_fill t;

    script[0].cut = script[1].cut = true;
    script[0].cut_after = p->len / 3;
    script[1].cut_after = 1;
    script[2].fragment = 4093;
    struct t_server *s = t_server_start(script, DC_LEN(script));
    digest_of("sha256", p, sha256);
    digest_of("md5", p, md5);
    const struct dc_fill_spec spec = {
        .id = "test",
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/disk.img.packed")},
        .target = DC_TARGET_DEVICE,
        .target_path = d->path,
        .checksum = md5};

    t_device_dirty(d);
    t_fill_run(&t, &spec, DC_OK);
    assert_true(t_same(d->path, image, IMAGE_BYTES, d->bytes));
    assert_string_equal(t.progress.digest, sha256);
    assert_int_equal(t.progress.pulled, p->len);
    assert_int_equal(t.progress.total, p->len);
    assert_int_equal(t.progress.image, IMAGE_BYTES);
    assert_int_equal(t.progress.durable, d->bytes);
    t_server_stop(s);
}

static void every_packer_onto_a_device(void **state)
{
    char *image = t_image_new(IMAGE_BYTES, true);
    struct t_device d;

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512)) {
        free(image);
        skip();
    }
    for (size_t i = 0; i < DC_LEN(packs); i++) {
        struct t_packed once = {0}, twice = {0};

        packs[i](&once, image, IMAGE_BYTES);
        fill_device(&d, &once, image);
        packs[(i + 1) % DC_LEN(packs)](&twice, once.data, once.len);
        fill_device(&d, &twice, image);
        free(once.data);
        free(twice.data);
    }
    t_device_close(&d);
    free(image);
}

struct place {
    char dir[64], path[96];
};

static int place_open(void **state)
{
    struct place *p = calloc(1, sizeof *p);

    snprintf(p->dir, sizeof p->dir, "/var/tmp/decant-packed-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/disk.img", p->dir);
    *state = p;
    return 0;
}

static int place_close(void **state)
{
    struct place *p = *state;

    unlink(p->path);
    rmdir(p->dir);
    free(p);
    return 0;
}

static void fill_file(const struct place *p, const struct t_packed *packed, uint64_t max,
                      uint64_t memory, enum dc_err_kind want, struct t_fill *t)
{
    const struct t_reply reply = {.body = packed->data, .len = packed->len, .etag = "\"1\""};
    struct t_server *s = t_server_start(&reply, 1);
    const struct dc_fill_spec spec = {
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/x")},
        .target = DC_TARGET_FILE,
        .target_path = p->path,
        .max_bytes = max,
        .memory_bytes = memory};

    t_fill_run(t, &spec, want);
    t_server_stop(s);
}

/* What is inside is looked at like what is outside, before the target is touched. */
static void what_is_inside_is_refused_by_name(void **state)
{
    static char tar[1024], qcow2[64] = "QFI\xfb\0\0\0\3", page[] = "<!DOCTYPE html><html>";
    static const struct {
        const char *head;
        size_t len;
        enum dc_err_kind want;
        const char *says;
    } rows[] = {
        {qcow2, sizeof qcow2, DC_UNSUPPORTED, "qcow2"},
        {tar, sizeof tar, DC_UNSUPPORTED, "tar"},
        {page, sizeof page - 1, DC_BAD_INPUT, "web page"},
        {"", 0, DC_BAD_INPUT, "empty"},
    };
    static const char *const formats[] = {"gzip", "zstd", "xz", "xz", "bzip2"};
    struct t_fill t;

    memcpy(tar + 257, "ustar", 5);
    for (size_t i = 0; i < DC_LEN(rows) * DC_LEN(packs); i++) {
        struct t_packed p = {0};
        char inside[32];

        packs[i / DC_LEN(rows)](&p, rows[i % DC_LEN(rows)].head, rows[i % DC_LEN(rows)].len);
        fill_file(*state, &p, 0, 0, rows[i % DC_LEN(rows)].want, &t);
        assert_non_null(strstr(t.err.msg, rows[i % DC_LEN(rows)].says));
        snprintf(inside, sizeof inside, "inside the %s data", formats[i / DC_LEN(rows)]);
        assert_non_null(strstr(t.err.msg, inside));
        assert_int_equal(access(((struct place *)*state)->path, F_OK), -1);
        free(p.data);
    }
}

static void two_layers_and_no_more(void **state)
{
    struct t_packed layer[3] = {0};
    const struct place *p = *state;
    char image[4096] = "an image";
    struct t_fill t;

    t_pack_gzip(&layer[0], image, sizeof image);
    t_pack_zstd(&layer[1], layer[0].data, layer[0].len);
    t_pack_xz(&layer[2], layer[1].data, layer[1].len);
    fill_file(p, &layer[1], 0, 0, DC_OK, &t);
    assert_true(t_same(p->path, image, sizeof image, sizeof image));
    fill_file(p, &layer[2], 0, 0, DC_UNSUPPORTED, &t);
    assert_non_null(strstr(t.err.msg, "more than twice"));
    for (size_t i = 0; i < DC_LEN(layer); i++)
        free(layer[i].data);
}

static void sizes_and_memory_are_kept_to(void **state)
{
    char *image = t_image_new(IMAGE_BYTES, true);
    const struct place *p = *state;
    struct t_packed wide = {0};
    struct t_fill t;

    for (size_t i = 0; i < DC_LEN(packs); i++) {
        struct t_packed packed = {0};

        packs[i](&packed, image, IMAGE_BYTES);
        fill_file(p, &packed, IMAGE_BYTES, 0, DC_OK, &t);
        assert_true(t_same(p->path, image, IMAGE_BYTES, IMAGE_BYTES));
        unlink(p->path);
        fill_file(p, &packed, IMAGE_BYTES - 1, 0, DC_NO_SPACE, &t);
        packed.len -= 2;
        fill_file(p, &packed, 0, 0, DC_CORRUPT, &t);
        free(packed.data);
    }
    t_pack_zstd_window(&wide, image, IMAGE_BYTES, 24);
    fill_file(p, &wide, 0, 0, DC_OK, &t);
    fill_file(p, &wide, 0, 16 * DC_MIB, DC_UNSUPPORTED, &t);
    assert_non_null(strstr(t.err.msg, "17301504"));
    free(wide.data);
    wide = (struct t_packed){0};
    t_pack_gzip(&wide, image, IMAGE_BYTES);
    fill_file(p, &wide, 0, DC_MIB, DC_OK, &t); /* the least that a fill may have */
    free(wide.data);
    free(image);
}

/* Each allocation of our rooms fails in turn, those that bzip2 makes through us too. */
static void no_allocation_is_taken_for_granted(void **state)
{
    const struct place *p = *state;
    char image[8192] = "an image";

    for (size_t i = 0; i < DC_LEN(packs); i++) {
        struct t_packed inner = {0}, outer = {0};
        bool fired = true;

        t_pack_gzip(&inner, image, sizeof image);
        packs[i](&outer, inner.data, inner.len);
        const struct t_reply reply = {.body = outer.data, .len = outer.len, .etag = "\"1\""};
        struct t_server *s = t_server_start(&reply, 1);
        for (long nth = 0; fired; nth++) {
            const struct dc_fill_spec spec = {
                .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/x")},
                .target = DC_TARGET_FILE,
                .target_path = p->path};
            struct t_fill t = {0};
            struct dc_err err = {0};

            assert_true(nth < 1000);
            t_fault_arm(nth);
            int rc = t_fill_try(&t, &spec, &err);
            fired = t_fault_disarm();
            if (rc == 0)
                err = t.err;
            if (!fired || err.kind != DC_OK) /* OK: a retry has made it good */
                assert_int_equal(err.kind, fired ? DC_NO_MEMORY : DC_OK);
        }
        assert_true(t_same(p->path, image, sizeof image, sizeof image));
        t_server_stop(s);
        free(inner.data);
        free(outer.data);
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_open, place_close)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_packer_onto_a_device),
        TEST(what_is_inside_is_refused_by_name),
        TEST(two_layers_and_no_more),
        TEST(sizes_and_memory_are_kept_to),
        TEST(no_allocation_is_taken_for_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
