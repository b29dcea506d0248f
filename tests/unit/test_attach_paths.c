// SPDX-License-Identifier: Apache-2.0
/* unit/test_attach_paths.c - our directories below kubelet's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach/paths.h"
#include "attach_fixture.h"
#include "base/num.h"
#include "dir_fixture.h"

#define CSI "/var/lib/kubelet/plugins/kubernetes.io/csi"

static void test_block(void **state)
{
    const struct dc_csi_volume v = {
        .driver = "csi.x", .volume_id = "a/../b", .pv_name = "pvc-1", .block = true};
    struct dc_csi_paths p;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_csi_paths("/var/lib/kubelet", &v, "uid-1", &p, &err), 0);
    assert_string_equal(p.staging, CSI "/volumeDevices/staging/decant-pvc-1");
    assert_string_equal(p.target, CSI "/volumeDevices/publish/decant-pvc-1/uid-1");
    assert_true(dc_csi_paths_ok(&p));
}

static void test_mount(void **state)
{
    const struct dc_csi_volume v = {.driver = "csi.x", .volume_id = "abc", .pv_name = "pvc-1"};
    struct dc_csi_paths p;
    struct dc_err err = {0};

    (void)state;
    /* FIPS 180-2, appendix B.1: SHA-256 of "abc". */
    assert_int_equal(dc_csi_paths("/var/lib/kubelet", &v, "uid-1", &p, &err), 0);
    assert_string_equal(p.staging,
                        CSI "/csi.x/decant-ba7816bf8f01cfea414140de5dae2223b00361a396177"
                            "a9cb410ff61f20015ad/globalmount");
    assert_string_equal(p.target,
                        CSI "/csi.x/decant-ba7816bf8f01cfea414140de5dae2223b00361a396177"
                            "a9cb410ff61f20015ad/uid-1/mount");
    assert_true(dc_csi_paths_ok(&p));
}

static void test_refused(void **state)
{
    static const struct {
        const char *kubelet, *driver, *pv, *fill;
    } cases[] = {
        {"var", "d", "p", "f"},    {"/var", "../d", "p", "f"}, {"/var", "d", "../p", "f"},
        {"/var", "d", "a/b", "f"}, {"/var", "d", "", "f"},     {"/var", "d", "p", ".."},
        {"/var", "d", "p", NULL},  {"/var", "", "p", "f"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        const struct dc_csi_volume v = {.driver = cases[i].driver,
                                        .volume_id = "id",
                                        .pv_name = cases[i].pv,
                                        .block = true};
        struct dc_csi_paths p;
        struct dc_err err = {0};

        assert_int_equal(dc_csi_paths(cases[i].kubelet, &v, cases[i].fill, &p, &err), -1);
        assert_int_equal(err.kind, DC_BAD_INPUT);
    }
}

static void test_long_paths_are_refused_not_cut(void **state)
{
    const struct dc_csi_volume v = {
        .driver = "d", .volume_id = "id", .pv_name = "p", .block = true};
    char kubelet[600];
    struct dc_csi_paths p;
    struct dc_err err = {0};

    (void)state;
    memset(kubelet, 'k', sizeof kubelet);
    kubelet[0] = '/';
    kubelet[sizeof kubelet - 1] = '\0';
    assert_int_equal(dc_csi_paths(kubelet, &v, "f", &p, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

static void test_remove_stops_at_our_own(void **state)
{
    char dir[FIXTURE_DIR], one[128], two[128], base[128];
    struct dc_err err = {0};

    (void)state;
    fixture_dir(dir);
    (void)snprintf(base, sizeof base, "%s/publish", dir);
    (void)snprintf(one, sizeof one, "%s/publish/decant-pv/fill-1", dir);
    (void)snprintf(two, sizeof two, "%s/publish/decant-pv/fill-2", dir);
    assert_int_equal(dc_paths_make(one, &err), 0);
    assert_int_equal(dc_paths_make(two, &err), 0);
    assert_int_equal(dc_paths_make(two, &err), 0);

    assert_int_equal(dc_paths_remove(one, &err), 0);
    assert_false(is_there(one));
    assert_true(is_there(two));
    assert_int_equal(dc_paths_remove(two, &err), 0);
    assert_true(fake_left_nothing(base));
    assert_true(is_there(base));
    assert_int_equal(dc_paths_remove(two, &err), 0);

    assert_int_equal(dc_paths_remove(base, &err), -1); /* not below a directory of ours */
    assert_int_equal(err.kind, DC_BAD_INPUT);
    assert_true(is_there(base));
    fixture_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_block),
        cmocka_unit_test(test_mount),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_paths_are_refused_not_cut),
        cmocka_unit_test(test_remove_stops_at_our_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
