// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_store.c - volumes on disk, and what crashes leave of them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/store.h"
#include "dir_fixture.h"

struct bench {
    char dir[FIXTURE_DIR];
    struct dc_store *store;
    struct dc_err err;
};

static int bench_open(void **state)
{
    static struct bench b;

    b = (struct bench){0};
    fixture_dir(b.dir);
    assert_int_equal(dc_store_open(b.dir, &b.store, &b.err), 0);
    *state = &b;
    return 0;
}

static int bench_close(void **state)
{
    struct bench *b = *state;

    dc_store_close(b->store);
    fixture_remove(b->dir);
    return 0;
}

static struct dc_volume volume_of(const char *name, uint64_t size)
{
    struct dc_volume v = {.size = size, .capacity = size};
    struct dc_err err = {0};

    (void)snprintf(v.name, sizeof v.name, "%s", name);
    assert_int_equal(dc_volume_id(name, v.id, &err), 0);
    return v;
}

static bool is_there(const struct bench *b, const char *below)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/volumes/%s", b->dir, below);
    return lstat(path, &st) == 0;
}

static void test_create_load_remove(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("../a/b", 1ull << 40),
                     got; /* sparse: larger than the disk */
    struct stat st;
    int fd;

    assert_int_equal(dc_store_load(b->store, v.id, &got, &b->err), -1);
    assert_int_equal(b->err.kind, DC_NOT_FOUND);
    dc_err_clear(&b->err);

    assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    assert_int_equal(dc_store_load(b->store, v.id, &got, &b->err), 0);
    assert_string_equal(got.name, "../a/b");
    assert_int_equal(got.size, 1ull << 40);

    assert_int_equal(dc_store_image(b->store, v.id, &fd, &b->err), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 1ull << 40);
    assert_int_equal(st.st_blocks, 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(close(fd), 0);

    assert_int_equal(dc_store_remove(b->store, v.id, &b->err), 0);
    assert_false(is_there(b, v.id));
    assert_int_equal(dc_store_remove(b->store, v.id, &b->err), 0);
    assert_int_equal(dc_store_remove(b->store, "../../etc", &b->err), 0);
    assert_int_equal(dc_store_load(b->store, "..", &got, &b->err), -1);
    assert_int_equal(b->err.kind, DC_NOT_FOUND);
}

static void test_too_large(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("huge", 1ull << 62);

    assert_int_equal(dc_store_create(b->store, &v, &b->err), -1);
    assert_int_equal(b->err.kind, DC_NO_SPACE); /* EFBIG: CSI's OUT_OF_RANGE */
    assert_false(is_there(b, v.id));
}

static void make(const struct bench *b, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/volumes/%s", b->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/volumes/%s/image", b->dir, name);
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

/* What a crash in the middle of a create or of a delete leaves goes away with the next start. */
static void test_sweep(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("kept", DC_MIB), got;
    char half[DC_VOLUME_ID + 8], gone[DC_VOLUME_ID + 8];

    assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    (void)snprintf(half, sizeof half, "%s.new", v.id);
    (void)snprintf(gone, sizeof gone, "%s.del", v.id);
    make(b, half);
    make(b, gone);
    dc_store_close(b->store);
    b->store = NULL;

    assert_int_equal(dc_store_open(b->dir, &b->store, &b->err), 0);
    assert_false(is_there(b, half));
    assert_false(is_there(b, gone));
    assert_int_equal(dc_store_load(b->store, v.id, &got, &b->err), 0);
}

/* The same leavings must not be in the way of the next call either. */
static void test_leavings_in_the_way(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("again", DC_MIB);
    char half[DC_VOLUME_ID + 8], gone[DC_VOLUME_ID + 8];

    (void)snprintf(half, sizeof half, "%s.new", v.id);
    (void)snprintf(gone, sizeof gone, "%s.del", v.id);
    make(b, half);
    assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    assert_false(is_there(b, half));
    make(b, gone);
    assert_int_equal(dc_store_remove(b->store, v.id, &b->err), 0);
    assert_false(is_there(b, gone));
    assert_false(is_there(b, v.id));
}

static void test_second_driver(void **state)
{
    struct bench *b = *state;
    struct dc_store *other = NULL;

    assert_int_equal(dc_store_open(b->dir, &other, &b->err), -1);
    assert_int_equal(b->err.kind, DC_BUSY);
    assert_null(other);
}

static void test_list(void **state)
{
    struct bench *b = *state;
    struct dc_ids ids = {0};
    char name[16];

    for (int i = 0; i < 5; i++) {
        (void)snprintf(name, sizeof name, "volume-%d", i);
        struct dc_volume v = volume_of(name, DC_MIB);
        assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    }
    assert_int_equal(dc_store_list(b->store, &ids, &b->err), 0);
    assert_int_equal(ids.n, 5);
    for (size_t i = 1; i < ids.n; i++)
        assert_true(strcmp(ids.id[i - 1], ids.id[i]) < 0);
    dc_ids_free(&ids);
}

static void test_places_are_kept(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("staged", DC_MIB);
    struct dc_place place = {.path = (char[]){"/stage"}, .cap = "aa"};
    dc_autoplaces struct dc_places p = {0};
    dc_autoplaces struct dc_places got = {0};

    assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    assert_int_equal(dc_store_places(b->store, v.id, &got, &b->err), 0);
    assert_null(got.staged.path);
    assert_int_equal(dc_places_stage(&p, &place, &b->err), 0);
    assert_int_equal(dc_store_save_places(b->store, v.id, &p, &b->err), 0);
    assert_int_equal(dc_store_places(b->store, v.id, &got, &b->err), 0);
    assert_string_equal(got.staged.path, "/stage");
}

/* A disk that went away is no reason to say that its volumes never were. */
static void test_lost_directory(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("lost", DC_MIB), got;
    char here[128], away[128];

    assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    (void)snprintf(here, sizeof here, "%s/volumes", b->dir);
    (void)snprintf(away, sizeof away, "%s/elsewhere", b->dir);
    assert_int_equal(rename(here, away), 0);
    for (int i = 0; i < 2; i++) {
        dc_err_clear(&b->err);
        assert_int_equal(dc_store_load(b->store, v.id, &got, &b->err), -1);
        assert_int_equal(b->err.kind, DC_UNAVAILABLE);
        dc_err_clear(&b->err);
        assert_int_equal(dc_store_remove(b->store, v.id, &b->err), -1);
        assert_int_equal(b->err.kind, DC_UNAVAILABLE);
        dc_err_clear(&b->err);
        assert_int_equal(dc_store_create(b->store, &v, &b->err), -1);
        assert_int_equal(b->err.kind, DC_UNAVAILABLE);
        if (i == 0)
            assert_int_equal(mkdir(here, 0700), 0); /* another one in its place */
    }
}

static void test_damaged_record(void **state)
{
    struct bench *b = *state;
    struct dc_volume v = volume_of("damaged", DC_MIB), got;
    char path[256];

    assert_int_equal(dc_store_create(b->store, &v, &b->err), 0);
    (void)snprintf(path, sizeof path, "%s/volumes/%s/meta.json", b->dir, v.id);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(dc_store_load(b->store, v.id, &got, &b->err), -1);
    assert_int_equal(b->err.kind, DC_CORRUPT);
    dc_err_clear(&b->err);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(dc_store_load(b->store, v.id, &got, &b->err), -1);
    assert_int_equal(b->err.kind, DC_CORRUPT);
    dc_err_clear(&b->err);
    assert_int_equal(dc_store_remove(b->store, v.id, &b->err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_load_remove),  TEST(test_too_large),      TEST(test_sweep),
        TEST(test_leavings_in_the_way), TEST(test_second_driver),  TEST(test_list),
        TEST(test_places_are_kept),     TEST(test_lost_directory), TEST(test_damaged_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
