// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_mount.c - mount options, and what is at a path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/mount.h"

static void test_options(void **state)
{
    static const struct {
        const char *words[4];
        unsigned long flags;
        const char *data;
    } cases[] = {
        {{NULL}, 0, ""},
        {{"ro"}, MS_RDONLY, ""},
        {{"ro", "rw"}, 0, ""},
        {{"noatime,nosuid", "nodev"}, MS_NOATIME | MS_NOSUID | MS_NODEV, ""},
        {{"discard", "ro", "errors=remount-ro"}, MS_RDONLY, "discard,errors=remount-ro"},
        {{"a,,b", ""}, 0, "a,b"},
        {{"rox", "r"}, 0, "rox,r"}, /* whole words only */
        {{"defaults"}, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_mount_opts got;
        struct dc_err err = {0};
        size_t n = 0;

        while (n < 4 && cases[i].words[n])
            n++;
        assert_int_equal(
            dc_mount_opts_parse((char *const *)(uintptr_t)cases[i].words, n, &got, &err), 0);
        assert_int_equal(got.flags, cases[i].flags);
        assert_string_equal(got.data, cases[i].data);
    }
}

static void test_options_are_bounded(void **state)
{
    char word[DC_MOUNT_DATA_MAX + 1], *words[] = {word};
    struct dc_mount_opts got;
    struct dc_err err = {0};

    (void)state;
    memset(word, 'o', sizeof word);
    word[DC_MOUNT_DATA_MAX - 1] = '\0';
    assert_int_equal(dc_mount_opts_parse(words, 1, &got, &err), 0);
    word[DC_MOUNT_DATA_MAX - 1] = 'o';
    word[DC_MOUNT_DATA_MAX] = '\0';
    assert_int_equal(dc_mount_opts_parse(words, 1, &got, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

static void test_look(void **state)
{
    struct dc_path_look look;
    struct dc_err err = {0};
    struct stat st;

    (void)state;
    assert_int_equal(dc_path_look("/proc", &look, &err), 0);
    assert_true(look.exists && look.mounted && look.is_dir && !look.is_block);
    assert_int_equal(dc_path_look("/proc/sys", &look, &err), 0);
    assert_true(look.exists && look.is_dir);
    assert_int_equal(dc_path_look("/dev/null", &look, &err), 0);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_int_equal(look.rdev, st.st_rdev);
    assert_false(look.is_block);
    assert_int_equal(dc_path_look("/nowhere/at/all", &look, &err), 0);
    assert_false(look.exists);
    assert_int_equal(dc_path_look("/dev/null/x", &look, &err), 0);
    assert_false(look.exists);
}

static void test_unmount_of_no_mount(void **state)
{
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_unmount("/nowhere/at/all", &err), 0);
    assert_int_equal(dc_unmount("/proc/self", &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_options_are_bounded),
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_unmount_of_no_mount),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
