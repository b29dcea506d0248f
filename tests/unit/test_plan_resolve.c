// SPDX-License-Identifier: Apache-2.0
/* unit/test_plan_resolve.c - what is refused, waited for and done before there is a P. */
#include "plan_fixture.h"

#define CASES(X)                                                                              \
    X(all_there, resolve, CREATE_PRIME, Provisioning, "Provisioning", )                       \
    X(finalizer_first, resolve, ADD_FINALIZER, NONE, "", o->claim.finalizer = false)          \
    X(finalizer_before_source, resolve, ADD_FINALIZER, NONE, "", o->claim.finalizer = false;  \
      o->source.exists = false)                                                               \
    X(not_announced, resolve, REST, Pending, "WaitForCluster",                                \
      o->claim.finalizer = o->claim.announced = false)                                        \
    X(not_announced_node, consumer, REST, Pending, "WaitForCluster",                          \
      o->claim.finalizer = o->claim.announced = false)                                        \
    X(not_announced_no_node, consumer, ADD_FINALIZER, NONE, "",                               \
      o->claim.finalizer = o->claim.announced = false;                                        \
      o->claim.selected_node = "")                                                            \
    X(announcement_gone, resolve, CREATE_PRIME, Provisioning, "Provisioning",                 \
      o->claim.announced = false)                                                             \
    X(clone, resolve, REST, Failed, "Unsupported", o->claim.source_kind = "Clone")            \
    X(other_namespace, resolve, REST, Failed, "CrossNamespaceSource",                         \
      o->claim.source_ns = "elsewhere")                                                       \
    X(own_namespace, resolve, CREATE_PRIME, Provisioning, "Provisioning",                     \
      o->claim.source_ns = "ns")                                                              \
    X(selector, resolve, REST, Failed, "SelectorUnsupported", o->claim.selector = true)       \
    X(empty_class, resolve, REST, Failed, "NoDynamicProvisioning", o->claim.class_name = "")  \
    X(no_class, resolve, REST, Pending, "NoStorageClass", o->claim.class_name = NULL)         \
    X(missing_class, resolve, REST, Pending, "StorageClassNotFound", o->class.exists = false) \
    X(not_csi, resolve, REST, Pending, "NotCSI", o->class.csi = false;                        \
      o->claim.finalizer = false)                                                             \
    X(not_direct, resolve, REST, Pending, "DriverNotDirect", o->class.direct = false)         \
    X(attach, resolve, REST, Pending, "AttachUnsupported", o->class.attach_required = true)   \
    X(missing_source, resolve, REST, Pending, "SourceObjectNotFound",                         \
      o->source.exists = false)                                                               \
    X(bad_source, resolve, REST, Failed, "InvalidSource", o->source.refusal = "no url")       \
    X(no_agent, resolve, REST, Pending, "NoAgent", o->agents.any_node = "")                   \
    X(no_pod_yet, consumer, REST, Pending, "WaitForFirstConsumer",                            \
      o->claim.selected_node = "")                                                            \
    X(no_agent_there, consumer, REST, Pending, "NoAgent", o->agents.on_selected = false)      \
    X(consumer, consumer, CREATE_PRIME, Provisioning, "Provisioning", )                       \
    X(secrets, resolve, READ_SECRETS, NONE, "", o->secrets.state = DC_SECRETS_UNREAD)         \
    X(missing_secret, resolve, REST, Resolving, "SecretNotFound",                             \
      o->secrets.state = DC_SECRETS_MISSING;                                                  \
      o->secrets.tries = 1; o->secrets.at_ms = AT_MS)                                         \
    X(secret_again, resolve, READ_SECRETS, Resolving, "SecretNotFound",                       \
      o->secrets.state = DC_SECRETS_MISSING;                                                  \
      o->secrets.tries = 1; o->secrets.at_ms = AT_MS - 1000)                                  \
    X(not_probed, resolve, PROBE, Resolving, "Probing", o->probe.state = DC_PROBE_NONE)       \
    X(probe_wrong, resolve, REST, Failed, "SourceNotFound", o->probe.state = DC_PROBE_FAILED; \
      o->probe.reason = "SourceNotFound"; o->probe.tries = 1)                                 \
    X(probe_waits, resolve, REST, Resolving, "Timeout", o->probe.state = DC_PROBE_FAILED;     \
      o->probe.reason = "Timeout"; o->probe.retryable = true; o->probe.tries = 1;             \
      o->probe.at_ms = AT_MS)                                                                 \
    X(probe_again, resolve, PROBE, Resolving, "Timeout", o->probe.state = DC_PROBE_FAILED;    \
      o->probe.reason = "Timeout"; o->probe.retryable = true; o->probe.tries = 1;             \
      o->probe.at_ms = AT_MS - 1000)                                                          \
    X(probe_given_up, resolve, REST, Failed, "Timeout", o->probe.state = DC_PROBE_FAILED;     \
      o->probe.reason = "Timeout"; o->probe.retryable = true;                                 \
      o->probe.tries = DC_PLAN_MAX_TRIES; o->probe.at_ms = 0)                                 \
    X(too_small, resolve, REST, Failed, "ClaimTooSmall", o->probe.virtual_bytes++)            \
    X(too_small_for_files, resolve, REST, Failed, "ClaimTooSmall", o->claim.block = false)    \
    X(fits_with_overhead, resolve, CREATE_PRIME, Provisioning, "Provisioning",                \
      o->claim.block = false;                                                                 \
      o->claim.request_bytes = 69 * DC_MIB)                                                   \
    X(size_unknown, resolve, CREATE_PRIME, Provisioning, "Provisioning",                      \
      o->probe.virtual_bytes = 0)                                                             \
    X(lost_one, resolve, REST, Provisioning, "Provisioning", o->restarts = 1;                 \
      o->discarded_ms = AT_MS)                                                                \
    X(lost_one_before, resolve, CREATE_PRIME, Provisioning, "Provisioning", o->restarts = 1;  \
      o->discarded_ms = AT_MS - 1000)                                                         \
    X(lost_too_many, resolve, REST, Failed, "GivenUp", o->restarts = DC_PLAN_MAX_TRIES)

CASES(PLAN_CHANGE)

static void test_table(void **state)
{
    static const struct plan_case cases[] = {CASES(PLAN_ROW)};

    (void)state;
    plan_table(cases, DC_LEN(cases));
}

/* P is made for a node only where the class waits for one; the look is from there too. */
static void test_node(void **state)
{
    struct dc_observed o;
    struct dc_action a;

    (void)state;
    at_consumer(&o);
    o.agents.any_node = "node-0";
    dc_plan(&o, &a);
    assert_string_equal(a.node, "node-1");
    at_resolve(&o);
    dc_plan(&o, &a);
    assert_string_equal(a.node, "");
    o.probe.state = DC_PROBE_NONE;
    dc_plan(&o, &a);
    assert_string_equal(a.node, "node-1");
}

static void test_size_told(void **state)
{
    struct dc_observed o;
    struct dc_action a;

    (void)state;
    at_resolve(&o);
    o.claim.request_bytes = 32 * DC_MIB;
    dc_plan(&o, &a);
    assert_non_null(strstr(a.tell.message, "at least 64Mi"));
    o.claim.block = false;
    dc_plan(&o, &a);
    assert_non_null(strstr(a.tell.message, "at least 69Mi"));
}

static void test_needed_bytes(void **state)
{
    static const struct {
        uint64_t image, block, files;
    } rows[] = {
        {0, 0, 0},
        {1, DC_MIB, 2 * DC_MIB},
        {47 * DC_MIB, 47 * DC_MIB, 50 * DC_MIB}, /* 47 / 0.94 is 50 exactly */
        {64 * DC_MIB, 64 * DC_MIB, 69 * DC_MIB},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX},
        {UINT64_MAX / 2, (UINT64_MAX / 2 + 1), UINT64_MAX},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        assert_int_equal(dc_plan_needed_bytes(rows[i].image, true), rows[i].block);
        assert_int_equal(dc_plan_needed_bytes(rows[i].image, false), rows[i].files);
    }
}

static void test_backoff(void **state)
{
    (void)state;
    assert_int_equal(dc_plan_backoff_ms(1, 0), 375);
    assert_int_equal(dc_plan_backoff_ms(1, 255), 625);
    assert_int_equal(dc_plan_backoff_ms(2, 0), 750);
    assert_int_equal(dc_plan_backoff_ms(1000, 0), 45000);
    assert_int_equal(dc_plan_backoff_ms(1000, 255), 75000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),     cmocka_unit_test(test_node),
        cmocka_unit_test(test_size_told), cmocka_unit_test(test_needed_bytes),
        cmocka_unit_test(test_backoff),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
