// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_format.c - a file system is made once and never over data. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/format.h"
#include "csi/mkfs.h"
#include "dir_fixture.h"

/* A volume whose image file stands for its device: mkfs writes into files as well. */
struct bench {
    char dir[FIXTURE_DIR];
    char device[60]; /* "/proc/self/fd/N" */
    struct dc_store *store;
    struct dc_volume v;
    int image;
    struct dc_err err;
};

static int bench_open(void **state)
{
    static struct bench b;

    b = (struct bench){.v = {.name = "v", .size = 8 * DC_MIB, .capacity = 8 * DC_MIB}};
    fixture_dir(b.dir);
    assert_int_equal(dc_volume_id(b.v.name, b.v.id, &b.err), 0);
    assert_int_equal(dc_store_open(b.dir, &b.store, &b.err), 0);
    assert_int_equal(dc_store_create(b.store, &b.v, &b.err), 0);
    assert_int_equal(dc_store_image(b.store, b.v.id, &b.image, &b.err), 0);
    (void)snprintf(b.device, sizeof b.device, "/proc/%d/fd/%d", (int)getpid(), b.image);
    *state = &b;
    return 0;
}

static int bench_close(void **state)
{
    struct bench *b = *state;

    (void)close(b->image);
    dc_store_close(b->store);
    fixture_remove(b->dir);
    return 0;
}

static void write_at(const struct bench *b, off_t off, const char *text)
{
    assert_int_equal(pwrite(b->image, text, strlen(text), off), strlen(text));
}

static void test_probe(void **state)
{
    static const struct {
        off_t off;
        const char *text;
        enum dc_content content;
    } cases[] = {
        {0, "XFSB", DC_CONTENT_XFS},
        {1080, "\x53\xef", DC_CONTENT_EXT},
        {0, "something", DC_CONTENT_OTHER},
        {4 * 1024 * 1024, "far away", DC_CONTENT_OTHER},
    };
    struct bench *b = *state;
    enum dc_content got;

    assert_int_equal(dc_content_probe(b->image, &got, &b->err), 0);
    assert_int_equal(got, DC_CONTENT_EMPTY);
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        assert_int_equal(ftruncate(b->image, 0), 0);
        assert_int_equal(ftruncate(b->image, 8 * 1024 * 1024), 0);
        write_at(b, cases[i].off, cases[i].text);
        assert_int_equal(dc_content_probe(b->image, &got, &b->err), 0);
        assert_int_equal(got, cases[i].content);
    }
}

static void test_empty_gets_ext4_once(void **state)
{
    struct bench *b = *state;
    struct dc_volume stored;
    enum dc_content got;

    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "", &b->err), 0);
    assert_string_equal(b->v.fs, "ext4");
    assert_int_equal(dc_content_probe(b->image, &got, &b->err), 0);
    assert_int_equal(got, DC_CONTENT_EXT);
    assert_int_equal(dc_store_load(b->store, b->v.id, &stored, &b->err), 0);
    assert_string_equal(stored.fs, "ext4");
    assert_string_equal(stored.formatting, "");

    write_at(b, 1024 * 1024, "user data");
    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "ext4", &b->err), 0);
    char data[10] = "";
    assert_int_equal(pread(b->image, data, 9, 1024 * 1024), 9);
    assert_string_equal(data, "user data");
}

static void test_another_file_system(void **state)
{
    struct bench *b = *state;

    (void)snprintf(b->v.fs, sizeof b->v.fs, "ext4");
    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "xfs", &b->err), -1);
    assert_int_equal(b->err.kind, DC_PRECONDITION);
}

static void test_data_is_never_formatted_over(void **state)
{
    struct bench *b = *state;
    char data[10] = "";

    write_at(b, 0, "user data");
    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "ext4", &b->err), -1);
    assert_int_equal(b->err.kind, DC_PRECONDITION);
    assert_int_equal(pread(b->image, data, 9, 0), 9);
    assert_string_equal(data, "user data");
}

/* The file system that somebody put on a block volume is taken as it is. */
static void test_foreign_file_system_is_recognised(void **state)
{
    struct bench *b = *state;
    struct dc_volume stored;

    assert_int_equal(dc_mkfs("ext4", b->device, &b->err), 0);
    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "", &b->err), 0);
    assert_int_equal(dc_store_load(b->store, b->v.id, &stored, &b->err), 0);
    assert_string_equal(stored.fs, "ext4");
}

/* A crash in mkfs: half a file system, and a record that says so. */
static void test_cut_short_is_made_anew(void **state)
{
    struct bench *b = *state;

    write_at(b, 0, "half a file system");
    (void)snprintf(b->v.formatting, sizeof b->v.formatting, "ext4");
    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "ext4", &b->err), 0);
    assert_string_equal(b->v.fs, "ext4");
    assert_string_equal(b->v.formatting, "");
}

static void test_too_small_for_xfs(void **state)
{
    struct bench *b = *state;

    assert_int_equal(dc_format(b->store, &b->v, b->image, b->device, "xfs", &b->err), -1);
    assert_int_equal(b->err.kind, DC_NO_SPACE);
}

static void test_mkfs_says_why(void **state)
{
    struct bench *b = *state;

    assert_int_equal(dc_mkfs("xfs", b->device, &b->err), -1);
    assert_int_equal(b->err.kind, DC_DEVICE);
    assert_non_null(strstr(b->err.msg, "mkfs.xfs: exit 1"));
    dc_err_clear(&b->err);
    assert_int_equal(dc_mkfs("ext4", "/dev/nowhere", &b->err), -1);
    assert_non_null(strstr(b->err.msg, "/dev/nowhere"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_probe),
        TEST(test_empty_gets_ext4_once),
        TEST(test_another_file_system),
        TEST(test_data_is_never_formatted_over),
        TEST(test_foreign_file_system_is_recognised),
        TEST(test_cut_short_is_made_anew),
        TEST(test_too_small_for_xfs),
        TEST(test_mkfs_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
