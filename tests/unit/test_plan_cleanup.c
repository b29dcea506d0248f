// SPDX-License-Identifier: Apache-2.0
/* unit/test_plan_cleanup.c - a claim that is deleted, at every station of its way. */
#include "plan_fixture.h"

#define GOING o->claim.deleting = true
#define GONE  o->claim.exists = o->claim.finalizer = false

#define CASES(X)                                                                         \
    X(nothing_made, resolve, DROP_FINALIZER, Failed, "ClaimDeleted", GOING)              \
    X(nothing_at_all, resolve, FORGET, Failed, "ClaimDeleted", GOING;                    \
      o->claim.finalizer = false)                                                        \
    X(all_missing, resolve, DROP_FINALIZER, Failed, "ClaimDeleted", GOING;               \
      o->source.exists = o->class.exists = false; o->agents.any_node = "")               \
    X(pending, pending, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                     \
    X(pending_node_no_agent, pending_node, DELETE_PRIME, Failed, "ClaimDeleted", GOING;  \
      o->agents.on_prime = false)                                                        \
    X(pending_deleting, pending, RELEASE_PRIME, Failed, "ClaimDeleted", GOING;           \
      o->prime.deleting = true)                                                          \
    X(pending_released, pending, REST, Failed, "ClaimDeleted", GOING;                    \
      o->prime.deleting = true; o->prime.finalizer = false)                              \
    X(foreign_prime, pending, DROP_FINALIZER, Failed, "ClaimDeleted", GOING;             \
      o->prime.ours = false)                                                             \
    X(bound_no_fill, bound, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                 \
    X(running, running, CANCEL_FILL, Failed, "ClaimDeleted", GOING)                      \
    X(not_asked, fill, CANCEL_FILL, Failed, "ClaimDeleted", GOING)                       \
    X(agent_away, running, REST, Failed, "AgentLost", GOING; o->agents.on_prime = false) \
    X(node_gone, running, DELETE_PRIME, Failed, "ClaimDeleted", GOING;                   \
      o->agents.on_prime = false; o->agents.prime_node_gone = true)                      \
    X(agent_silent, fill, REST, Failed, "ClaimDeleted", GOING; o->view.lost = 1;         \
      o->view.at_ms = AT_MS)                                                             \
    X(cancelled, fill, DELETE_PRIME, Failed, "ClaimDeleted", GOING;                      \
      o->view.state = DC_VIEW_CANCELLED)                                                 \
    X(failed, failed, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                       \
    X(succeeded, succeeded, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                 \
    X(retained, failed, RECLAIM_DELETE, Failed, "ClaimDeleted", GOING;                   \
      o->volume.retain = true)                                                           \
    X(retained_static, failed, DELETE_PRIME, Failed, "ClaimDeleted", GOING;              \
      o->volume.retain = true; o->volume.provisioned = false)                            \
    X(retained_dying, failed, RECLAIM_DELETE, Failed, "ClaimDeleted", GOING;             \
      o->volume.retain = o->volume.deleting = true)                                      \
    X(retained_rebound, rebound, DELETE_PRIME, Failed, "ClaimDeleted", GOING;            \
      o->volume.retain = true)                                                           \
    X(retained_taken, failed, DELETE_PRIME, Failed, "ClaimDeleted", GOING;               \
      o->volume.retain = true; o->volume.claim_uid = "x")                                \
    X(populated, populated, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                 \
    X(rebound, rebound, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                     \
    X(done, done, DELETE_PRIME, Failed, "ClaimDeleted", GOING)                           \
    X(gone_pending, pending, DELETE_PRIME, Failed, "ClaimDeleted", GONE)                 \
    X(gone_running, running, CANCEL_FILL, Failed, "ClaimDeleted", GONE)                  \
    X(gone_nothing, resolve, FORGET, Failed, "ClaimDeleted", GONE)

CASES(PLAN_CHANGE)

static void test_table(void **state)
{
    static const struct plan_case cases[] = {CASES(PLAN_ROW)};

    (void)state;
    plan_table(cases, DC_LEN(cases));
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(dc_action_name(DC_ACT_REST), "REST");
    assert_string_equal(dc_action_name(DC_ACT_DROP_FINALIZER), "DROP_FINALIZER");
    assert_string_equal(dc_phase_name(DC_PHASE_NONE), "");
    assert_string_equal(dc_phase_name(DC_PHASE_Failed), "Failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
