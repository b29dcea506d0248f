// SPDX-License-Identifier: Apache-2.0
/* unit/test_plan_fill.c - which agent fills, how often, and when it is given up. */
#include "plan_fixture.h"

#define CASES(X)                                                                            \
    X(choose, bound, RECORD_FILL, NONE, "", )                                               \
    X(no_node_fits, bound, REST, Filling, "NoAgent", o->agents.fit_node = "")               \
    X(start, fill, START_FILL, Filling, "Filling", )                                        \
    X(start_without_source, fill, START_FILL, Filling, "Filling", o->source.exists = false) \
    X(agent_away, fill, REST, Filling, "AgentLost", o->agents.on_prime = false)             \
    X(agent_silent, fill, REST, Filling, "AgentUnreachable", o->view.lost = 1;              \
      o->view.at_ms = AT_MS)                                                                \
    X(agent_again, fill, START_FILL, Filling, "AgentUnreachable", o->view.lost = 1;         \
      o->view.at_ms = AT_MS - 1000)                                                         \
    X(secrets, fill, READ_SECRETS, NONE, "", o->secrets.state = DC_SECRETS_UNREAD)          \
    X(secret_gone, fill, REST, Filling, "SecretNotFound",                                   \
      o->secrets.state = DC_SECRETS_MISSING;                                                \
      o->secrets.tries = 1; o->secrets.at_ms = AT_MS)                                       \
    X(running, running, REST, Filling, "Filling", )                                         \
    X(running_agent_away, running, REST, Filling, "Filling", o->agents.on_prime = false)    \
    X(succeeded, succeeded, RECORD_DONE, Rebinding, "Filled", )                             \
    X(failed_waits, failed, REST, Filling, "SourceUnreachable", )                           \
    X(failed_again, failed, RECORD_FILL, Filling, "SourceUnreachable",                      \
      o->view.at_ms = AT_MS - 1000)                                                         \
    X(failed_for_good, failed, RECORD_FAILED, Failed, "SourceUnreachable",                  \
      o->view.retryable = false)                                                            \
    X(failed_too_often, failed, RECORD_FAILED, Failed, "SourceUnreachable",                 \
      o->prime.generation = DC_PLAN_MAX_TRIES)                                              \
    X(changed, failed, DELETE_PRIME, Pending, "SourceChanged", o->view.changed = true)      \
    X(changed_too_often, failed, RECORD_FAILED, Failed, "SourceChanged",                    \
      o->view.changed = true;                                                               \
      o->restarts = DC_PLAN_MAX_TRIES - 1)                                                  \
    X(cancelled_in_vain, fill, RECORD_FILL, NONE, "", o->view.state = DC_VIEW_CANCELLED)

CASES(PLAN_CHANGE)

static void test_table(void **state)
{
    static const struct plan_case cases[] = {CASES(PLAN_ROW)};

    (void)state;
    plan_table(cases, DC_LEN(cases));
}

/* I2: another try keeps its node and has a higher number. */
static void test_generation(void **state)
{
    struct dc_observed o;
    struct dc_action a;

    (void)state;
    at_bound(&o);
    dc_plan(&o, &a);
    assert_int_equal(a.generation, 1);
    assert_string_equal(a.node, "node-1");

    at_failed(&o);
    o.view.at_ms = 0;
    o.prime.generation = 3;
    o.agents.fit_node = "node-0";
    o.agents.any_node = "node-0";
    dc_plan(&o, &a);
    assert_int_equal(a.kind, DC_ACT_RECORD_FILL);
    assert_int_equal(a.generation, 4);
    assert_string_equal(a.node, "node-1");
}

static void test_waits(void **state)
{
    struct dc_observed o;
    struct dc_action a;

    (void)state;
    at_failed(&o);
    o.view.at_ms = AT_MS - 100;
    dc_plan(&o, &a);
    assert_int_equal(a.kind, DC_ACT_REST);
    assert_int_equal(a.wait_ms, dc_plan_backoff_ms(1, 128) - 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_generation),
        cmocka_unit_test(test_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
