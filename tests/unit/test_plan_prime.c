// SPDX-License-Identifier: Apache-2.0
/* unit/test_plan_prime.c - a hidden claim that is not filled: waiting, lost, taken, failed. */
#include "plan_fixture.h"

#define CASES(X)                                                                               \
    X(pending, pending, REST, Provisioning, "Provisioning", )                                  \
    X(source_gone, pending, REST, Provisioning, "Provisioning", o->source.exists = false)      \
    X(class_gone, pending, REST, Provisioning, "Provisioning", o->class.exists = false;        \
      o->class.provisioner = "")                                                               \
    X(pending_node, pending_node, REST, Provisioning, "Provisioning", )                        \
    X(foreign, pending, REST, Failed, "HiddenClaimForeign", o->prime.ours = false)             \
    X(stripped, pending_node, STRIP_NODE, Provisioning, "NodeRejected",                        \
      o->prime.selected_node = "")                                                             \
    X(stripped_both, pending_node, REST, Provisioning, "WaitForScheduler",                     \
      o->prime.selected_node = "";                                                             \
      o->claim.selected_node = "")                                                             \
    X(stripped_and_chosen, pending_node, DELETE_PRIME, Provisioning, "NodeChanged",            \
      o->prime.selected_node = "";                                                             \
      o->claim.selected_node = "node-2")                                                       \
    X(chosen_again, pending_node, DELETE_PRIME, Provisioning, "NodeChanged",                   \
      o->claim.selected_node = "node-2")                                                       \
    X(unchosen, pending_node, REST, Provisioning, "Provisioning", o->claim.selected_node = "") \
    X(being_deleted, pending, RELEASE_PRIME, Pending, "StartingOver",                          \
      o->prime.deleting = true)                                                                \
    X(being_deleted_bound, fill, CANCEL_FILL, Pending, "StartingOver",                         \
      o->prime.deleting = true)                                                                \
    X(lost, fill, CANCEL_FILL, Pending, "VolumeLost", o->prime.phase = DC_PRIME_LOST;          \
      o->volume.exists = false)                                                                \
    X(lost_cancelled, fill, DELETE_PRIME, Pending, "VolumeLost",                               \
      o->prime.phase = DC_PRIME_LOST;                                                          \
      o->volume.exists = false; o->view.state = DC_VIEW_CANCELLED)                             \
    X(volume_late, bound, REST, Provisioning, "Provisioning", o->volume.exists = false)        \
    X(volume_deleted, running, CANCEL_FILL, Pending, "VolumeDeleted",                          \
      o->volume.deleting = true)                                                               \
    X(volume_taken, running, REST, Failed, "VolumeTaken", o->volume.claim_uid = "x")           \
    X(volume_small, bound, RECORD_FAILED, Failed, "VolumeTooSmall",                            \
      o->volume.capacity_bytes--)                                                              \
    X(volume_mode, bound, RECORD_FAILED, Failed, "VolumeModeMismatch",                         \
      o->volume.block = false)                                                                 \
    X(failed, fill, REST, Failed, "SourceNotFound", o->prime.failed_reason = "SourceNotFound") \
    X(failed_changed, fill, CANCEL_FILL, Pending, "StartingOver",                              \
      o->prime.failed_reason = "SourceNotFound";                                               \
      o->source.generation = 2)                                                                \
    X(failed_made_again, failed, DELETE_PRIME, Pending, "StartingOver",                        \
      o->prime.failed_reason = "SourceNotFound";                                               \
      o->source.uid = "s-2")                                                                   \
    X(failed_retry, failed, DELETE_PRIME, Pending, "StartingOver",                             \
      o->prime.failed_reason = "SourceNotFound";                                               \
      o->claim.retry = "please")                                                               \
    X(failed_source_gone, failed, REST, Failed, "SourceNotFound",                              \
      o->prime.failed_reason = "SourceNotFound";                                               \
      o->source.exists = false)

CASES(PLAN_CHANGE)

static void test_table(void **state)
{
    static const struct plan_case cases[] = {CASES(PLAN_ROW)};

    (void)state;
    plan_table(cases, DC_LEN(cases));
}

/* Only what went wrong counts towards giving up. */
static void test_discards(void **state)
{
    struct dc_observed o;
    struct dc_action a;

    (void)state;
    at_failed(&o);
    o.prime.phase = DC_PRIME_LOST;
    dc_plan(&o, &a);
    assert_int_equal(a.kind, DC_ACT_DELETE_PRIME);
    assert_true(a.discards);

    at_pending_node(&o);
    o.claim.selected_node = "node-2";
    dc_plan(&o, &a);
    assert_int_equal(a.kind, DC_ACT_DELETE_PRIME);
    assert_false(a.discards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_discards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
