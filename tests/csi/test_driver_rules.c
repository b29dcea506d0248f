// SPDX-License-Identifier: Apache-2.0
/* csi/test_driver_rules.c - rules of the CSI specification that csi-sanity does not check. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach/paths.h"
#include "base/num.h"
#include "driver_fixture.h"

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

/* google.golang.org/grpc/codes */
enum { OK = 0, INVALID = 3, NOT_FOUND = 5, EXISTS = 6, PRECONDITION = 9, ABORTED = 10 };

#define SIZE (16 * DC_MIB)

struct bench {
    struct driver d;
    char id[DRIVER_ID], stage[128], target[128], other[128];
};

static int bench_open(void **state)
{
    static struct bench b;

    driver_open(&b.d, "node-a");
    assert_int_equal(driver_create(&b.d, "volume", SIZE, b.id), OK);
    (void)snprintf(b.stage, sizeof b.stage, "%s/stage", b.d.dir);
    (void)snprintf(b.target, sizeof b.target, "%s/target", b.d.dir);
    (void)snprintf(b.other, sizeof b.other, "%s/other", b.d.dir);
    assert_int_equal(mkdir(b.stage, 0750), 0);
    *state = &b;
    return 0;
}

static int bench_close(void **state)
{
    struct bench *b = *state;

    /* All are tried, so that a failed test leaves no mount behind. */
    int bad = driver_unpublish(&b->d, b->id, b->target);
    bad |= driver_unpublish(&b->d, b->id, b->other);
    bad |= driver_unstage(&b->d, b->id, b->stage);
    bad |= driver_delete(&b->d, b->id);
    driver_close(&b->d);
    return bad;
}

static const struct use block = {.block = true};
static const struct use mounted = {.fs = "ext4"};

static void test_wrong_order(void **state)
{
    struct bench *b = *state;

    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), PRECONDITION);
    assert_int_equal(driver_publish(&b->d, b->id, "", b->target, block), PRECONDITION);
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_delete(&b->d, b->id), PRECONDITION);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
    assert_int_equal(driver_unstage(&b->d, b->id, b->stage), PRECONDITION);
    assert_int_equal(driver_delete(&b->d, b->id), PRECONDITION);
}

static void test_other_arguments(void **state)
{
    const struct use shared = {.block = true, .mode = MODE(SINGLE_NODE_MULTI_WRITER)};
    const struct use readonly = {.block = true, .readonly = true};
    struct bench *b = *state;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, shared), EXISTS);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, mounted), PRECONDITION);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, readonly), EXISTS);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->other, block), PRECONDITION);
}

static void test_second_staging_path(void **state)
{
    struct bench *b = *state;
    const char *second = driver_path(&b->d, "second");

    assert_int_equal(mkdir(second, 0750), 0);
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_stage(&b->d, b->id, second, block), PRECONDITION);
    assert_int_equal(driver_unstage(&b->d, b->id, second), OK); /* it is not staged there */
    assert_int_equal(driver_loops(&b->d), 1);
    assert_int_equal(driver_stage(&b->d, b->id, driver_path(&b->d, "absent"), block),
                     PRECONDITION);
}

static void test_many_targets(void **state)
{
    const struct use shared = {.fs = "ext4", .mode = MODE(SINGLE_NODE_MULTI_WRITER)};
    struct bench *b = *state;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, shared), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, shared), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->other, shared), OK);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), OK);
    assert_int_not_equal(access(b->target, F_OK), 0);
    assert_int_equal(driver_unstage(&b->d, b->id, b->stage), PRECONDITION);
}

static void test_readonly_block(void **state)
{
    const struct use shared = {.block = true, .mode = MODE(MULTI_NODE_MULTI_WRITER)};
    const struct use readonly = {
        .block = true, .readonly = true, .mode = MODE(MULTI_NODE_MULTI_WRITER)};
    struct bench *b = *state;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, shared), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, readonly), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->other, shared), OK);
    int fd = open(b->target, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(close(fd), 0);
    fd = open(b->other, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(driver_loops(&b->d), 2);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), OK);
    assert_int_equal(driver_loops(&b->d), 1);
}

static void test_readonly_mount(void **state)
{
    const struct use readonly = {.fs = "ext4", .readonly = true, .flag = "noatime,nosuid"};
    const struct use writable = {.fs = "ext4", .flag = "noatime,nosuid"};
    struct bench *b = *state;
    struct statvfs vfs;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, writable), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, readonly), OK);
    assert_int_equal(statvfs(b->target, &vfs), 0);
    assert_true(vfs.f_flag & ST_RDONLY);
    assert_true(vfs.f_flag & ST_NOSUID);
    assert_true(vfs.f_flag & ST_NOATIME);
    assert_int_equal(statvfs(b->stage, &vfs), 0);
    assert_false(vfs.f_flag & ST_RDONLY);
}

static void test_bad_mount_option(void **state)
{
    const struct use bad = {.fs = "ext4", .flag = "no-such-option"};
    struct bench *b = *state;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, bad), INVALID);
    assert_int_equal(driver_loops(&b->d), 0); /* a final error leaves nothing */
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, mounted), OK);
}

static void test_foreign_mount_is_left_alone(void **state)
{
    struct bench *b = *state;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_unpublish(&b->d, b->id, "/proc"), PRECONDITION);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, "/proc", block), PRECONDITION);
    assert_int_equal(access("/proc/self", F_OK), 0);
    assert_int_equal(mkdir(b->target, 0750), 0);
    assert_int_equal(mount("none", b->target, "tmpfs", 0, "size=64k"), 0);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), PRECONDITION);
    assert_int_equal(umount(b->target), 0); /* it is still there */
    assert_int_equal(rmdir(b->target), 0);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
}

static void test_target_with_content_is_left_alone(void **state)
{
    struct bench *b = *state;
    char file[160];

    assert_int_equal(mkdir(b->target, 0750), 0);
    (void)snprintf(file, sizeof file, "%s/precious", b->target);
    int fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), PRECONDITION);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), OK);

    fd = open(b->target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), PRECONDITION);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), OK);
    assert_int_not_equal(access(b->target, F_OK), 0);
}

/* Whoever still has the device open must let go before the volume is unstaged. */
static void test_open_device(void **state)
{
    struct bench *b = *state;
    char device[32];
    struct stat st;

    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
    assert_int_equal(stat(b->target, &st), 0);
    (void)snprintf(device, sizeof device, "/dev/loop%u", minor(st.st_rdev));

    int fd = open(b->target, O_RDONLY | O_CLOEXEC); /* keeps the mount as well */
    assert_true(fd >= 0);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), PRECONDITION);
    assert_int_equal(close(fd), 0);
    assert_int_equal(driver_unpublish(&b->d, b->id, b->target), OK);

    fd = open(device, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(driver_unstage(&b->d, b->id, b->stage), PRECONDITION);
    /* It is staged still, and may be used again: the device stays when fd goes. */
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(close(fd), 0);
    assert_int_equal(driver_loops(&b->d), 1);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
}

static void test_long_path(void **state)
{
    struct bench *b = *state;
    char path[1024];
    struct dc_err err = {0};
    size_t len = (size_t)snprintf(path, sizeof path, "%s/", b->d.dir);

    for (int i = 0; i < 3; i++, len += 201) {
        memset(path + len, 'p', 200);
        path[len + 200] = i < 2 ? '/' : '\0';
    }
    /* Deeper than any fixed buffer of 512 bytes; made piece by piece. */
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, mounted), OK);
    char *last = strrchr(path, '/');
    *last = '\0';
    assert_int_equal(dc_paths_make(path, &err), 0);
    *last = '/';
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, path, mounted), OK);
    assert_int_equal(driver_unpublish(&b->d, b->id, path), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, "relative", mounted), INVALID);
}

static void test_stats(void **state)
{
    struct bench *b = *state;
    int status;

    assert_int_equal(driver_stats(&b->d, b->id, b->target, &status), -1);
    assert_int_equal(status, NOT_FOUND);
    assert_int_equal(driver_stage(&b->d, b->id, b->stage, block), OK);
    assert_int_equal(driver_publish(&b->d, b->id, b->stage, b->target, block), OK);
    assert_int_equal(driver_stats(&b->d, b->id, b->target, &status), SIZE);
    assert_int_equal(driver_stats(&b->d, b->id, "/proc", &status), -1);
    assert_int_equal(status, NOT_FOUND);
}

/* A volume of one name, asked for by many at once, is made once. */
struct racer {
    struct bench *b;
    _Atomic int made, aborted;
    char id[8][DRIVER_ID];
    _Atomic unsigned next;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    char *id = r->id[r->next++];

    for (int i = 0; i < 50; i++) {
        int status = driver_create(&r->b->d, "raced", SIZE, id);
        if (status == ABORTED) {
            r->aborted++;
            continue;
        }
        assert_int_equal(status, OK);
        r->made++;
    }
    return NULL;
}

static void test_many_at_once(void **state)
{
    struct racer r = {.b = *state};
    pthread_t threads[8];

    for (size_t i = 0; i < DC_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &r), 0);
    for (size_t i = 0; i < DC_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(r.made + r.aborted, 8 * 50);
    assert_true(r.made > 0);
    for (size_t i = 0; i < DC_LEN(threads); i++)
        if (r.id[i][0] != '\0')
            assert_int_equal(driver_delete(&r.b->d, r.id[i]), OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wrong_order),
        TEST(test_other_arguments),
        TEST(test_second_staging_path),
        TEST(test_many_targets),
        TEST(test_readonly_block),
        TEST(test_readonly_mount),
        TEST(test_bad_mount_option),
        TEST(test_foreign_mount_is_left_alone),
        TEST(test_target_with_content_is_left_alone),
        TEST(test_open_device),
        TEST(test_long_path),
        TEST(test_stats),
        TEST(test_many_at_once),
    };

    driver_require();
    dc_rpc_init();
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    dc_rpc_exit();
    return rc;
}
