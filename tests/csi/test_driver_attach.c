// SPDX-License-Identifier: Apache-2.0
/* csi/test_driver_attach.c - the vendor client against the reference driver: what is written stays. */
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "driver_fixture.h"

#define SIZE   (64 * DC_MIB)
#define CHUNK  (1024 * 1024)
#define DRIVER "csi.decant.dev"

static void pattern(unsigned char *buf, unsigned seed)
{
    for (size_t i = 0; i < CHUNK; i++)
        buf[i] = (unsigned char)((i * 2654435761u + seed) >> 7);
}

/* As a fill does: direct, exclusive, flushed. */
static void write_device(const char *path, off_t off, unsigned seed)
{
    unsigned char *buf = NULL;
    int fd = open(path, O_RDWR | O_DIRECT | O_EXCL | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(posix_memalign((void **)&buf, 4096, CHUNK), 0);
    pattern(buf, seed);
    assert_int_equal(pwrite(fd, buf, CHUNK, off), CHUNK);
    assert_int_equal(fsync(fd), 0);
    free(buf);
    assert_int_equal(close(fd), 0);
}

static void read_back(const char *path, off_t off, unsigned seed)
{
    unsigned char *want = malloc(CHUNK), *got = malloc(CHUNK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0 && want && got);
    pattern(want, seed);
    assert_int_equal(pread(fd, got, CHUNK, off), CHUNK);
    assert_memory_equal(got, want, CHUNK);
    free(want);
    free(got);
    assert_int_equal(close(fd), 0);
}

static void assert_zero(const char *path, off_t off)
{
    unsigned char *got = malloc(CHUNK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0 && got);
    assert_int_equal(pread(fd, got, CHUNK, off), CHUNK);
    assert_true(dc_all_zero(got, CHUNK));
    free(got);
    assert_int_equal(close(fd), 0);
}

static void attach(struct driver *d, const struct dc_csi_volume *v, const char *fill,
                   struct dc_csi_paths *ret)
{
    struct dc_csi_node *node;
    struct dc_err err = {0};

    assert_int_equal(dc_csi_node_open(d->kubelet, DRIVER, &node, &err), 0);
    assert_int_equal(dc_csi_paths(d->kubelet, v, fill, ret, &err), 0);
    if (dc_csi_attach(node, v, ret, &err) != 0)
        fail_msg("%s", err.msg);
    dc_csi_node_free(node);
}

static void detach(struct driver *d, const struct dc_csi_volume *v,
                   const struct dc_csi_paths *paths)
{
    struct dc_csi_node *node;
    struct dc_err err = {0};

    assert_int_equal(dc_csi_node_open(d->kubelet, DRIVER, &node, &err), 0);
    if (dc_csi_detach(node, v->volume_id, paths, &err) != 0)
        fail_msg("%s", err.msg);
    dc_csi_node_free(node);
    assert_int_not_equal(access(paths->target, F_OK), 0);
    assert_int_not_equal(access(paths->staging, F_OK), 0);
    assert_int_equal(driver_loops(d), 0);
}

static void test_block(void **state)
{
    struct dc_csi_volume v = {
        .driver = DRIVER, .pv_name = "pv-block", .block = true, .access_mode = "ReadWriteOnce"};
    struct dc_csi_paths paths;
    char id[DRIVER_ID];
    struct driver d;
    uint64_t bytes;

    (void)state;
    driver_open(&d, "node-a");
    assert_int_equal(driver_create(&d, "a/../b", SIZE, id), 0);
    v.volume_id = id;

    attach(&d, &v, "fill-1", &paths);
    int fd = open(paths.target, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, BLKGETSIZE64, &bytes), 0);
    assert_int_equal(bytes, SIZE);
    assert_int_equal(close(fd), 0);
    assert_zero(paths.target, 0);
    write_device(paths.target, 0, 1);
    write_device(paths.target, SIZE - CHUNK, 2);
    detach(&d, &v, &paths);

    attach(&d, &v, "fill-2", &paths);
    read_back(paths.target, 0, 1);
    assert_zero(paths.target, CHUNK);
    read_back(paths.target, SIZE - CHUNK, 2);
    detach(&d, &v, &paths);

    assert_int_equal(driver_delete(&d, id), 0);
    driver_close(&d);
}

static void zero_out(const char *path, uint64_t off, uint64_t len)
{
    uint64_t range[] = {off, len};
    int fd = open(path, O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, BLKZEROOUT, range), 0);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(close(fd), 0);
}

static void discard(const char *path, uint64_t off, uint64_t len)
{
    uint64_t range[] = {off, len};
    int fd = open(path, O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(ioctl(fd, BLKDISCARD, range), 0);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(close(fd), 0);
}

/* Zeroing reads zero and is no work; discarding gives the disk its room back. */
static void test_zeroing(void **state)
{
    struct dc_csi_volume v = {
        .driver = DRIVER, .pv_name = "pv-zero", .block = true, .access_mode = "ReadWriteMany"};
    struct dc_csi_paths paths;
    char id[DRIVER_ID];
    struct driver d;

    (void)state;
    driver_open(&d, "node-a");
    assert_int_equal(driver_create(&d, "zero", SIZE, id), 0);
    v.volume_id = id;
    assert_int_equal(driver_allocated(&d, id), 0);
    attach(&d, &v, "fill-1", &paths);

    for (off_t off = 0; off < 8 * CHUNK; off += CHUNK)
        write_device(paths.target, off, 3);
    assert_true(driver_allocated(&d, id) >= 8 * CHUNK);
    zero_out(paths.target, 0, 4 * CHUNK);
    assert_zero(paths.target, 0);
    assert_zero(paths.target, 3 * CHUNK);
    read_back(paths.target, 4 * CHUNK, 3);

    uint64_t before = driver_allocated(&d, id);
    discard(paths.target, 4 * CHUNK, 4 * CHUNK);
    assert_true(driver_allocated(&d, id) + 3 * CHUNK <= before);
    assert_zero(paths.target, 5 * CHUNK);

    detach(&d, &v, &paths);
    assert_int_equal(driver_delete(&d, id), 0);
    driver_close(&d);
}

static void mounted(struct driver *d, const char *fs, uint64_t size)
{
    struct dc_csi_volume v = {
        .driver = DRIVER, .pv_name = "pv-mount", .fs_type = fs, .access_mode = "ReadWriteOnce"};
    struct dc_csi_paths paths;
    char id[DRIVER_ID], file[600];
    unsigned char *buf = malloc(CHUNK);

    assert_non_null(buf);
    assert_int_equal(driver_create(d, fs, size, id), 0);
    v.volume_id = id;
    attach(d, &v, "fill-1", &paths);
    (void)snprintf(file, sizeof file, "%s/disk.img", paths.target);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    pattern(buf, 7);
    assert_int_equal(write(fd, buf, CHUNK), CHUNK);
    assert_int_equal(fsync(fd), 0);
    assert_int_equal(close(fd), 0);
    free(buf);
    detach(d, &v, &paths);

    attach(d, &v, "fill-2", &paths);
    (void)snprintf(file, sizeof file, "%s/disk.img", paths.target);
    read_back(file, 0, 7);
    detach(d, &v, &paths);
    assert_int_equal(driver_delete(d, id), 0);
}

static void test_mounted(void **state)
{
    struct driver d;

    (void)state;
    driver_open(&d, "node-a");
    mounted(&d, "ext4", SIZE);
    mounted(&d, "xfs", 300 * DC_MIB);
    driver_close(&d);
}

/* Kill -9 while a volume is attached: its bytes, its device and the way down stay. */
static void crash_while_attached(const char *fs)
{
    struct dc_csi_volume v = {.driver = DRIVER,
                              .pv_name = "pv-crash",
                              .block = fs == NULL,
                              .fs_type = fs,
                              .access_mode = "ReadWriteOnce"};
    struct dc_csi_paths paths;
    char id[DRIVER_ID];
    struct driver d;

    driver_open(&d, "node-a");
    assert_int_equal(driver_create(&d, "crash", SIZE, id), 0);
    v.volume_id = id;
    attach(&d, &v, "fill-1", &paths);
    if (v.block)
        write_device(paths.target, 0, 4);
    assert_int_equal(driver_loops(&d), 1);
    driver_crash(&d);
    assert_int_equal(driver_loops(&d), 1);
    assert_int_equal(driver_delete(&d, id), 9);
    attach(&d, &v, "fill-1", &paths); /* the same again: nothing to do */
    assert_int_equal(driver_loops(&d), 1);
    if (v.block)
        read_back(paths.target, 0, 4);
    driver_crash(&d);
    detach(&d, &v, &paths);
    assert_int_equal(driver_delete(&d, id), 0);
    driver_close(&d);
}

static void test_crash_block(void **state)
{
    (void)state;
    crash_while_attached(NULL);
}

static void test_crash_mounted(void **state)
{
    (void)state;
    crash_while_attached("ext4");
}

/* Two nodes on one machine: each finds its own devices among those of both. */
static void test_two_drivers(void **state)
{
    struct dc_csi_volume v = {
        .driver = DRIVER, .pv_name = "pv", .block = true, .access_mode = "ReadWriteOnce"};
    struct dc_csi_paths pa, pb;
    char ida[DRIVER_ID], idb[DRIVER_ID];
    struct driver a, b;

    (void)state;
    driver_open(&a, "node-a");
    driver_open(&b, "node-b");
    assert_int_equal(driver_create(&a, "same", SIZE, ida), 0);
    assert_int_equal(driver_create(&b, "same", SIZE, idb), 0);
    v.volume_id = ida;
    attach(&a, &v, "fill-1", &pa);
    attach(&b, &v, "fill-1", &pb);
    write_device(pa.target, 0, 10);
    write_device(pb.target, 0, 20);
    driver_crash(&a);
    read_back(pa.target, 0, 10);
    read_back(pb.target, 0, 20);
    detach(&a, &v, &pa);
    assert_int_equal(driver_loops(&b), 1);
    read_back(pb.target, 0, 20);
    detach(&b, &v, &pb);
    assert_int_equal(driver_delete(&a, ida), 0);
    assert_int_equal(driver_delete(&b, idb), 0);
    driver_close(&a);
    driver_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),         cmocka_unit_test(test_zeroing),
        cmocka_unit_test(test_mounted),       cmocka_unit_test(test_crash_block),
        cmocka_unit_test(test_crash_mounted), cmocka_unit_test(test_two_drivers),
    };

    driver_require();
    dc_rpc_init();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    dc_rpc_exit();
    return rc;
}
