// SPDX-License-Identifier: Apache-2.0
/* Paths of resources, and names that try to leave them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "kube/resource.h"

static void test_paths(void **state)
{
    static const struct {
        struct dc_kube_ref ref;
        const char *path;
    } cases[] = {
        {{DC_KUBE_PVC, "ns", "c", NULL}, "/api/v1/namespaces/ns/persistentvolumeclaims/c"},
        {{DC_KUBE_PVC, "ns", NULL, NULL}, "/api/v1/namespaces/ns/persistentvolumeclaims"},
        {{DC_KUBE_PVC, NULL, NULL, NULL}, "/api/v1/persistentvolumeclaims"},
        {{DC_KUBE_PV, NULL, "v", NULL}, "/api/v1/persistentvolumes/v"},
        {{DC_KUBE_STORAGECLASS, NULL, "x", NULL}, "/apis/storage.k8s.io/v1/storageclasses/x"},
        {{DC_KUBE_POPULATION, "n", "p", "status"},
         "/apis/populator.cdi.kubevirt.io/v1alpha1/namespaces/n/populations/p/status"},
        {{DC_KUBE_LEASE, "n", "l", NULL}, "/apis/coordination.k8s.io/v1/namespaces/n/leases/l"},
        {{DC_KUBE_IMPORT, "n", "a b?c#d&e:f", NULL},
         "/apis/populator.cdi.kubevirt.io/v1alpha1/namespaces/n/imports/a%20b%3Fc%23d%26e%3Af"},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        dc_autofree char *path = NULL;

        assert_int_equal(dc_kube_path(&cases[i].ref, &path, &err), 0);
        assert_string_equal(path, cases[i].path);
    }
}

static void test_refused(void **state)
{
    static char huge[5000];
    const struct dc_kube_ref cases[] = {
        {DC_KUBE_IMPORT, "ns", "..", NULL},
        {DC_KUBE_IMPORT, "ns", ".", NULL},
        {DC_KUBE_IMPORT, "ns", "", NULL},
        {DC_KUBE_IMPORT, "ns", "a/../../b", NULL},
        {DC_KUBE_IMPORT, "ns", "a%2fb", NULL},
        {DC_KUBE_IMPORT, "../x", "a", NULL},
        {DC_KUBE_IMPORT, "", "a", NULL},
        {DC_KUBE_IMPORT, "..", NULL, NULL},
        {DC_KUBE_PV, "ns", "v", NULL},
        {DC_KUBE_PVC, NULL, "c", NULL},
        {DC_KUBE_POPULATION, "ns", NULL, "status"},
        {DC_KUBE_PVC, "ns", huge, NULL},
    };
    (void)state;
    memset(huge, 'a', sizeof huge - 1);
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        char *path = NULL;

        if (dc_kube_path(&cases[i], &path, &err) != -1)
            fail_msg("case %zu gave %s", i, path);
        assert_int_equal(err.kind, DC_BAD_INPUT);
        assert_null(path);
    }
}

static void test_table(void **state)
{
    enum dc_kube_kind kind = DC_KUBE_KINDS;
    (void)state;

    assert_string_equal(dc_kube_resource(DC_KUBE_PVC)->api_version, "v1");
    assert_string_equal(dc_kube_resource(DC_KUBE_CSINODE)->api_version, "storage.k8s.io/v1");
    assert_true(dc_kube_kind_of("populator.cdi.kubevirt.io", "Clone", &kind));
    assert_int_equal(kind, DC_KUBE_CLONE);
    assert_true(dc_kube_kind_of(NULL, "Secret", &kind));
    assert_int_equal(kind, DC_KUBE_SECRET);
    assert_false(dc_kube_kind_of("", "Import", &kind));
    assert_false(dc_kube_kind_of("populator.cdi.kubevirt.io", "import", &kind));
    assert_int_equal(kind, DC_KUBE_SECRET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
