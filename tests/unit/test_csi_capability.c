// SPDX-License-Identifier: Apache-2.0
/* unit/test_csi_capability.c - which capabilities are taken, and what they mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "csi/capability.h"

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

/* A capability on the stack, block unless fs says how it is mounted. */
struct fixture {
    Csi__V1__VolumeCapability cap;
    Csi__V1__VolumeCapability__AccessMode mode;
    Csi__V1__VolumeCapability__BlockVolume block;
    Csi__V1__VolumeCapability__MountVolume mount;
};

static Csi__V1__VolumeCapability *make(struct fixture *f, int mode, const char *fs)
{
    csi__v1__volume_capability__init(&f->cap);
    csi__v1__volume_capability__access_mode__init(&f->mode);
    csi__v1__volume_capability__block_volume__init(&f->block);
    csi__v1__volume_capability__mount_volume__init(&f->mount);
    f->mode.mode = (Csi__V1__VolumeCapability__AccessMode__Mode)mode;
    f->cap.access_mode = &f->mode;
    if (fs) {
        f->mount.fs_type = (char *)(uintptr_t)fs;
        f->cap.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
        f->cap.mount = &f->mount;
    } else {
        f->cap.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
        f->cap.block = &f->block;
    }
    return &f->cap;
}

static void test_modes(void **state)
{
    static const struct {
        int mode;
        bool ok, reader_only, many;
    } cases[] = {
        {MODE(UNKNOWN), false, false, false},
        {MODE(SINGLE_NODE_WRITER), true, false, false},
        {MODE(SINGLE_NODE_READER_ONLY), true, true, false},
        {MODE(MULTI_NODE_READER_ONLY), true, true, true},
        {MODE(MULTI_NODE_SINGLE_WRITER), true, false, true},
        {MODE(MULTI_NODE_MULTI_WRITER), true, false, true},
        {MODE(SINGLE_NODE_SINGLE_WRITER), true, false, false},
        {MODE(SINGLE_NODE_MULTI_WRITER), true, false, true},
        {99, false, false, false}, /* proto3 enums are open */
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        struct dc_cap cap;
        struct fixture f;
        int rc = dc_cap_parse("cap", make(&f, cases[i].mode, NULL), &cap, &err);

        assert_int_equal(rc == 0, cases[i].ok);
        assert_int_equal(err.kind, cases[i].ok ? DC_OK : DC_BAD_INPUT);
        if (rc != 0)
            continue;
        assert_true(cap.block);
        assert_int_equal(cap.reader_only, cases[i].reader_only);
        assert_int_equal(cap.many_targets, cases[i].many);
    }
}

static void test_file_systems(void **state)
{
    static const struct {
        const char *fs;
        bool ok;
    } cases[] = {{"", true}, {"ext4", true}, {"xfs", true}, {"btrfs", false}, {"../x", false}};

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        struct dc_cap cap;
        struct fixture f;
        int rc =
            dc_cap_parse("cap", make(&f, MODE(SINGLE_NODE_WRITER), cases[i].fs), &cap, &err);

        assert_int_equal(rc == 0, cases[i].ok);
        if (rc == 0)
            assert_string_equal(cap.fs, cases[i].fs);
    }
}

static void test_missing_parts(void **state)
{
    struct dc_err err = {0};
    struct dc_cap cap;
    struct fixture f;

    (void)state;
    assert_int_equal(dc_cap_parse("cap", NULL, &cap, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);

    dc_err_clear(&err);
    make(&f, MODE(SINGLE_NODE_WRITER), NULL)->access_mode = NULL;
    assert_int_equal(dc_cap_parse("cap", &f.cap, &cap, &err), -1);

    dc_err_clear(&err);
    make(&f, MODE(SINGLE_NODE_WRITER), NULL)->access_type_case =
        CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE__NOT_SET;
    assert_int_equal(dc_cap_parse("cap", &f.cap, &cap, &err), -1);

    dc_err_clear(&err);
    make(&f, MODE(SINGLE_NODE_WRITER), "ext4");
    f.mount.volume_mount_group = (char[]){"1000"};
    assert_int_equal(dc_cap_parse("cap", &f.cap, &cap, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

static void test_mount_flags_limit(void **state)
{
    char half[2049], *flags[] = {half, half};
    struct dc_err err = {0};
    struct dc_cap cap;
    struct fixture f;

    (void)state;
    memset(half, 'f', sizeof half - 1);
    half[sizeof half - 1] = '\0';
    make(&f, MODE(SINGLE_NODE_WRITER), "ext4");
    f.mount.mount_flags = flags;
    f.mount.n_mount_flags = 2;
    assert_int_equal(dc_cap_parse("cap", &f.cap, &cap, &err), 0);
    assert_int_equal(cap.n_flags, 2);

    char one[] = "x", *more[] = {half, half, one};
    f.mount.mount_flags = more;
    f.mount.n_mount_flags = 3;
    assert_int_equal(dc_cap_parse("cap", &f.cap, &cap, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    assert_null(strstr(err.msg, "ffff")); /* they may hold secrets */
}

static void digest_of(Csi__V1__VolumeCapability *cap, char ret[DC_SHA256_HEX])
{
    struct dc_err err = {0};
    struct dc_cap c;

    assert_int_equal(dc_cap_parse("cap", cap, &c, &err), 0);
    memcpy(ret, c.digest, DC_SHA256_HEX);
}

static void test_digest_tells_capabilities_apart(void **state)
{
    char ab[] = "ab", c[] = "c", a[] = "a", bc[] = "bc";
    char *first[] = {ab, c}, *second[] = {a, bc};
    char one[DC_SHA256_HEX], two[DC_SHA256_HEX];
    struct fixture f;

    (void)state;
    digest_of(make(&f, MODE(SINGLE_NODE_WRITER), NULL), one);
    digest_of(make(&f, MODE(SINGLE_NODE_WRITER), NULL), two);
    assert_string_equal(one, two);
    digest_of(make(&f, MODE(SINGLE_NODE_MULTI_WRITER), NULL), two);
    assert_string_not_equal(one, two);
    digest_of(make(&f, MODE(SINGLE_NODE_WRITER), "ext4"), two);
    assert_string_not_equal(one, two);

    make(&f, MODE(SINGLE_NODE_WRITER), "ext4");
    f.mount.n_mount_flags = 2;
    f.mount.mount_flags = first;
    digest_of(&f.cap, one);
    f.mount.mount_flags = second;
    digest_of(&f.cap, two);
    assert_string_not_equal(one, two);
}

static void test_list(void **state)
{
    struct fixture f, g;
    Csi__V1__VolumeCapability *caps[] = {make(&f, MODE(SINGLE_NODE_WRITER), "ext4"),
                                         make(&g, MODE(SINGLE_NODE_WRITER), "xfs")};
    struct dc_err err = {0};
    bool xfs;

    (void)state;
    assert_int_equal(dc_caps_check(1, caps, &xfs, &err), 0);
    assert_false(xfs);
    assert_int_equal(dc_caps_check(2, caps, &xfs, &err), 0);
    assert_true(xfs);
    assert_int_equal(dc_caps_check(0, NULL, &xfs, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_file_systems),
        cmocka_unit_test(test_missing_parts),
        cmocka_unit_test(test_mount_flags_limit),
        cmocka_unit_test(test_digest_tells_capabilities_apart),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
