// SPDX-License-Identifier: Apache-2.0
/* unit/test_files.c - small files that are there whole or not at all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/files.h"
#include "dir_fixture.h"

static int count(void *arg, const char *name, struct dc_err *err)
{
    unsigned *n = arg;

    (void)name, (void)err;
    ++*n;
    return 0;
}

static unsigned names(int dir)
{
    struct dc_err err = {0};
    unsigned n = 0;

    assert_int_equal(dc_dir_each(dir, count, &n, &err), 0);
    return n;
}

static int open_fixture(char path[FIXTURE_DIR])
{
    fixture_dir(path);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(dir >= 0);
    return dir;
}

static void written_and_read(void **state)
{
    char path[FIXTURE_DIR], *text = NULL;
    int dir = open_fixture(path);
    struct dc_err err = {0}, large = {0}, folder = {0};

    (void)state;
    assert_int_equal(dc_file_read(dir, "f", 8, &text, &err), 0);
    assert_null(text);
    assert_int_equal(dc_file_write(dir, "f", "longer", &err), 0);
    assert_int_equal(dc_file_write(dir, "f", "12345678", &err), 0);
    assert_int_equal(dc_file_read(dir, "f", 8, &text, &err), 0);
    assert_string_equal(text, "12345678");
    free(text);
    text = NULL;
    assert_int_equal(dc_file_read(dir, "f", 7, &text, &large), -1);
    assert_int_equal(large.kind, DC_CORRUPT);
    assert_int_equal(mkdirat(dir, "d", 0700), 0);
    assert_int_equal(dc_file_read(dir, "d", 8, &text, &folder), -1);
    assert_int_equal(folder.kind, DC_CORRUPT);
    assert_null(text);
    assert_int_equal(names(dir), 2);
    close(dir);
    fixture_remove(path);
}

/* A failed write leaves neither a new file nor half of one. */
static void failed_write(void **state)
{
    char path[FIXTURE_DIR], name[256];
    int dir = open_fixture(path);
    struct dc_err err = {0}, too_long = {0};

    (void)state;
    assert_int_equal(mkdirat(dir, "taken", 0700), 0);
    assert_int_equal(dc_file_write(dir, "taken", "x", &err), -1);
    assert_int_equal(err.kind, DC_DEVICE);
    assert_int_equal(names(dir), 1);
    memset(name, 'n', 255);
    name[255] = '\0';
    assert_int_equal(dc_file_write(dir, name, "x", &too_long), -1);
    assert_int_equal(names(dir), 1);
    close(dir);
    fixture_remove(path);
}

static void erased(void **state)
{
    char path[FIXTURE_DIR];
    int dir = open_fixture(path);
    struct dc_err err = {0}, deep = {0};

    (void)state;
    assert_int_equal(dc_dir_erase(dir, "absent", &err), 0);
    assert_int_equal(mkdirat(dir, "d", 0700), 0);
    int sub = openat(dir, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(dc_file_write(sub, "f", "x", &err), 0);
    assert_int_equal(dc_dir_erase(dir, "d", &err), 0);
    assert_int_equal(names(dir), 0);
    close(sub);
    assert_int_equal(mkdirat(dir, "d", 0700), 0);
    assert_int_equal(mkdirat(dir, "d/e", 0700), 0);
    assert_int_equal(dc_dir_erase(dir, "d", &deep), -1);
    close(dir);
    fixture_remove(path);
}

static void kinds(void **state)
{
    (void)state;
    assert_int_equal(dc_file_kind(ENOSPC), DC_EXHAUSTED);
    assert_int_equal(dc_file_kind(EDQUOT), DC_EXHAUSTED);
    assert_int_equal(dc_file_kind(EFBIG), DC_NO_SPACE);
    assert_int_equal(dc_file_kind(EIO), DC_DEVICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(failed_write),
        cmocka_unit_test(erased),
        cmocka_unit_test(kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
