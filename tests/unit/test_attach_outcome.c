// SPDX-License-Identifier: Apache-2.0
/* unit/test_attach_outcome.c - what a plugin's answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attach/client.h"
#include "base/num.h"

/* Every code of gRPC, as kubelet splits them. */
static void test_outcomes(void **state)
{
    static const enum dc_csi_outcome want[] = {
        DC_CSI_DONE,      DC_CSI_UNCERTAIN, DC_CSI_FINAL, DC_CSI_FINAL,     DC_CSI_UNCERTAIN,
        DC_CSI_ABSENT,    DC_CSI_FINAL,     DC_CSI_FINAL, DC_CSI_UNCERTAIN, DC_CSI_FINAL,
        DC_CSI_UNCERTAIN, DC_CSI_FINAL,     DC_CSI_FINAL, DC_CSI_FINAL,     DC_CSI_UNCERTAIN,
        DC_CSI_FINAL,     DC_CSI_FINAL,
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(want); i++) {
        assert_int_equal(dc_csi_outcome((int)i), want[i]);
        assert_int_equal(dc_csi_kind((int)i) == DC_OK, i == 0);
    }
    assert_int_equal(dc_csi_outcome(99), DC_CSI_FINAL);
}

/* A driver's NOT_FOUND and INVALID_ARGUMENT are not the user's image. */
static void test_kinds_never_blame_the_source(void **state)
{
    (void)state;
    for (int code = 1; code <= 16; code++) {
        enum dc_err_kind kind = dc_csi_kind(code);
        assert_true(kind != DC_NOT_FOUND && kind != DC_BAD_INPUT && kind != DC_CORRUPT &&
                    kind != DC_REMOTE && kind != DC_FENCED);
    }
}

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

static void test_access_modes(void **state)
{
    static const struct {
        const char *mode;
        int plain, multi;
    } cases[] = {
        {NULL, MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_MULTI_WRITER)},
        {"", MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_MULTI_WRITER)},
        {"ReadWriteOnce", MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_MULTI_WRITER)},
        {"ReadWriteOncePod", MODE(SINGLE_NODE_WRITER), MODE(SINGLE_NODE_SINGLE_WRITER)},
        {"ReadOnlyMany", MODE(MULTI_NODE_READER_ONLY), MODE(MULTI_NODE_READER_ONLY)},
        {"ReadWriteMany", MODE(MULTI_NODE_MULTI_WRITER), MODE(MULTI_NODE_MULTI_WRITER)},
    };
    Csi__V1__VolumeCapability__AccessMode__Mode got;
    struct dc_err err = {0};

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        assert_int_equal(dc_csi_access_mode(cases[i].mode, false, &got, &err), 0);
        assert_int_equal(got, cases[i].plain);
        assert_int_equal(dc_csi_access_mode(cases[i].mode, true, &got, &err), 0);
        assert_int_equal(got, cases[i].multi);
    }
    assert_int_equal(dc_csi_access_mode("RWO", false, &got, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_kinds_never_blame_the_source),
        cmocka_unit_test(test_access_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
