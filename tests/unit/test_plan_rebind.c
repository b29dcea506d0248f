// SPDX-License-Identifier: Apache-2.0
/* unit/test_plan_rebind.c - from a filled P to a bound U, and tidying up. */
#include "plan_fixture.h"

#define CASES(X)                                                                               \
    X(populated, populated, REBIND, Rebinding, "Rebinding", )                                  \
    X(populated_all_gone, populated, REBIND, Rebinding, "Rebinding", o->source.exists = false; \
      o->class.exists = false; o->agents.on_prime = false; o->agents.any_node = "")            \
    X(populated_deleting, populated, REBIND, Rebinding, "Rebinding", o->prime.deleting = true) \
    X(attached, populated, REST, Rebinding, "WaitingForDetach", o->volume.attached = true)     \
    X(populated_taken, populated, REST, Failed, "VolumeTaken", o->volume.claim_uid = "x")      \
    X(populated_dying, populated, DELETE_PRIME, Pending, "VolumeDeleted",                      \
      o->volume.deleting = true)                                                               \
    X(populated_lost, populated, DELETE_PRIME, Pending, "VolumeLost",                          \
      o->volume.exists = false;                                                                \
      o->prime.phase = DC_PRIME_LOST)                                                          \
    X(rebound, rebound, REST, Rebinding, "Rebinding", )                                        \
    X(rebound_no_marker, rebound, REST, Rebinding, "Rebinding", o->prime.populated = "")       \
    X(rebound_lost, rebound, REST, Rebinding, "Rebinding", o->prime.phase = DC_PRIME_LOST)     \
    X(half_bound, done, REST, Rebinding, "Rebinding", o->claim.bind_completed = false)         \
    X(done, done, RELEASE_PRIME, Succeeded, "Populated", )                                     \
    X(done_stale, done, REBIND, Rebinding, "Rebinding", o->volume.claim_uid = "p-1")           \
    X(done_no_volume, done, REST, Rebinding, "Rebinding", o->volume.exists = false)            \
    X(done_taken, done, REST, Failed, "VolumeTaken", o->volume.claim_uid = "x")                \
    X(forged, running, REST, Filling, "Filling", o->claim.volume_name = "v-1";                 \
      o->claim.bind_completed = true)                                                          \
    X(done_released, done, REST, Succeeded, "Populated", o->prime.finalizer = false)           \
    X(done_lost, done, DELETE_PRIME, Succeeded, "Populated", o->prime.finalizer = false;       \
      o->prime.phase = DC_PRIME_LOST)                                                          \
    X(done_deleting, done, REST, Succeeded, "Populated", o->prime.finalizer = false;           \
      o->prime.phase = DC_PRIME_LOST; o->prime.deleting = true)                                \
    X(done_gone, done, DROP_FINALIZER, Succeeded, "Populated", o->prime.exists = false)        \
    X(done_clean, done, FORGET, NONE, "", o->prime.exists = false; o->claim.finalizer = false) \
    X(bound_before, resolve, FORGET, NONE, "", o->claim.volume_name = "old";                   \
      o->claim.finalizer = false)                                                              \
    X(elsewhere_no_prime, resolve, DROP_FINALIZER, Failed, "ClaimBoundElsewhere",              \
      o->claim.volume_name = "old")                                                            \
    X(elsewhere, running, CANCEL_FILL, Failed, "ClaimBoundElsewhere",                          \
      o->claim.volume_name = "old";                                                            \
      o->claim.bind_completed = true)                                                          \
    X(elsewhere_stopped, failed, DELETE_PRIME, Failed, "ClaimBoundElsewhere",                  \
      o->claim.volume_name = "old";                                                            \
      o->claim.bind_completed = true)                                                          \
    X(elsewhere_filled, resolve, DROP_FINALIZER, Failed, "ClaimBoundElsewhere",                \
      o->claim.volume_name = "old";                                                            \
      o->volume.exists = o->volume.populated = true; o->volume.claim_uid = "x")                \
    X(lost_claim, resolve, DROP_FINALIZER, Failed, "ClaimLost", o->claim.lost = true)          \
    X(lost_running, running, CANCEL_FILL, Failed, "ClaimLost", o->claim.lost = true;           \
      o->claim.volume_name = "v-1")                                                            \
    X(lost_done, done, DELETE_PRIME, Failed, "ClaimLost", o->claim.lost = true)                \
    X(lost_claim_foreign, resolve, FORGET, NONE, "", o->claim.lost = true;                     \
      o->claim.finalizer = false)

CASES(PLAN_CHANGE)

static void test_table(void **state)
{
    static const struct plan_case cases[] = {CASES(PLAN_ROW)};

    (void)state;
    plan_table(cases, DC_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
