// SPDX-License-Identifier: Apache-2.0
/* unit/test_slot.c - every result that a completion can carry. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "sink/slot.h"

static void results(void **state)
{
    static const struct {
        enum slot_how how;
        int res;
        enum slot_next want;
        uint64_t done;
        enum dc_err_kind kind;
    } rows[] = {
        {SLOT_WRITE, 4096, SLOT_DONE, 4096, DC_OK},
        {SLOT_WRITE, 512, SLOT_RESUBMIT, 512, DC_OK}, /* short: go on */
        {SLOT_WRITE, 100, SLOT_RESUBMIT, 100, DC_OK}, /* as much as fitted; why, comes next */
        {SLOT_WRITE, 0, SLOT_FAILED, 0, DC_DEVICE},
        {SLOT_WRITE, -EIO, SLOT_FAILED, 0, DC_DEVICE},
        {SLOT_WRITE, -EOPNOTSUPP, SLOT_FAILED, 0, DC_DEVICE},
        {SLOT_WRITE, -ENOSPC, SLOT_FAILED, 0, DC_NO_SPACE},
        {SLOT_WRITE, -EDQUOT, SLOT_FAILED, 0, DC_NO_SPACE},
        {SLOT_PUNCH, -ENOSPC, SLOT_FAILED, 0, DC_NO_SPACE},
        {SLOT_WRITE, -EAGAIN, SLOT_RESUBMIT, 0, DC_OK},
        {SLOT_WRITE, -EINTR, SLOT_RESUBMIT, 0, DC_OK},
        {SLOT_PUNCH, 0, SLOT_DONE, 4096, DC_OK},
        {SLOT_PUNCH, -EOPNOTSUPP, SLOT_DEGRADE, 0, DC_OK},
        {SLOT_PUNCH, -EINVAL, SLOT_DEGRADE, 0, DC_OK},
        {SLOT_PUNCH, -EIO, SLOT_FAILED, 0, DC_DEVICE},
        {SLOT_ZERO_RANGE, 0, SLOT_DONE, 4096, DC_OK},
        {SLOT_ZERO_RANGE, -EOPNOTSUPP, SLOT_DEGRADE, 0, DC_OK},
        {SLOT_ZERO_RANGE, -EINTR, SLOT_RESUBMIT, 0, DC_OK},
        {SLOT_WRITE_ZEROS, 4096, SLOT_DONE, 4096, DC_OK},
        {SLOT_WRITE_ZEROS, -EOPNOTSUPP, SLOT_FAILED, 0, DC_DEVICE},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct slot s = {.how = rows[i].how, .off = 8192, .len = 4096};
        struct dc_err err = {0};

        assert_int_equal(slot_advance(&s, rows[i].res, 4096, &err), rows[i].want);
        assert_int_equal(s.done, rows[i].done);
        assert_int_equal(err.kind, rows[i].kind);
    }
}

static void requests_are_bounded(void **state)
{
    struct slot s = {.how = SLOT_PUNCH, .len = 1 * DC_GIB};
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(slot_request(&s, DC_MIB), 256 * DC_MIB);
    assert_int_equal(slot_advance(&s, 0, 256 * DC_MIB, &err), SLOT_RESUBMIT);
    s.done = s.len - 512;
    assert_int_equal(slot_request(&s, DC_MIB), 512);
    s = (struct slot){.how = SLOT_WRITE_ZEROS, .len = 1 * DC_GIB};
    assert_int_equal(slot_request(&s, DC_MIB), DC_MIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results),
        cmocka_unit_test(requests_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
