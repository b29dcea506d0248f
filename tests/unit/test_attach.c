// SPDX-License-Identifier: Apache-2.0
/* unit/test_attach.c - the vendor client against a plugin that does as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "attach/attach.h"
#include "attach_fixture.h"
#include "base/num.h"
#include "dir_fixture.h"
#include "proto/csi.pb-c.h"

static const struct dc_kv secret[] = {{"key", "hush"}};
static const struct dc_kv publish_secret[] = {{"key", "psst"}};
static const struct dc_kv context[] = {{"device", "/dev/x"}};
static const struct dc_kv pool[] = {{"pool", "fast"}};
static const char *const flags[] = {"noatime"};

static const struct dc_csi_volume volume = {
    .driver = "fake.test",
    .volume_id = "handle/with:odd signs",
    .pv_name = "pv-1",
    .fs_type = "xfs",
    .mount_flags = flags,
    .n_mount_flags = 1,
    .access_mode = "ReadWriteOncePod",
    .volume_context = {pool, 1},
    .publish_context = {context, 1},
    .stage_secrets = {secret, 1},
    .publish_secrets = {publish_secret, 1},
};

/* A plugin, a client of it, and the paths of one fill. */
struct bench {
    char dir[FIXTURE_DIR];
    struct fake_plugin plugin;
    struct dc_csi_node *node;
    struct dc_csi_paths paths;
    struct dc_err err;
};

static void bench_open(struct bench *b)
{
    fixture_dir(b->dir);
    b->plugin.name = "fake.test";
    fake_start(&b->plugin, b->dir);
    assert_int_equal(dc_csi_node_open(b->dir, "fake.test", &b->node, &b->err), 0);
    assert_int_equal(dc_csi_paths(b->dir, &volume, "fill-1", &b->paths, &b->err), 0);
}

static void bench_close(struct bench *b)
{
    dc_csi_node_free(b->node);
    fake_stop(&b->plugin);
    fixture_remove(b->dir);
}

static int bench_attach(struct bench *b, const struct dc_csi_volume *v)
{
    fake_sync(&b->plugin);
    int rc = dc_csi_attach(b->node, v, &b->paths, &b->err);
    fake_sync(&b->plugin);
    return rc;
}

static int bench_detach(struct bench *b)
{
    fake_sync(&b->plugin);
    int rc = dc_csi_detach(b->node, volume.volume_id, &b->paths, &b->err);
    fake_sync(&b->plugin);
    return rc;
}

/* Of ours nothing is left below the CSI directory; kubelet's own directories may be. */
static void assert_clean(const struct bench *b)
{
    char csi[128];
    struct stat st;

    (void)snprintf(csi, sizeof csi, "%s/plugins/kubernetes.io", b->dir);
    if (stat(csi, &st) == 0)
        assert_true(fake_left_nothing(csi));
}

static void test_attach_and_detach(void **state)
{
    struct bench b = {.plugin.stages = true};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), 0);
    assert_string_equal(b.plugin.calls, "sp");
    assert_string_equal(b.plugin.staging, b.paths.staging);
    assert_string_equal(b.plugin.publish_staging, b.paths.staging);
    assert_string_equal(b.plugin.target, b.paths.target);
    assert_string_equal(b.plugin.secret, "hush");
    assert_string_equal(b.plugin.context, "/dev/x");
    assert_string_equal(b.plugin.volume_context, "fast");
    assert_string_equal(b.plugin.publish_secret, "psst");
    assert_string_equal(b.plugin.publish_context, "/dev/x");
    assert_string_equal(b.plugin.publish_volume_context, "fast");
    assert_string_equal(b.plugin.fs, "xfs");
    assert_string_equal(b.plugin.flag, "noatime");
    assert_int_equal(b.plugin.mode,
                     CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_WRITER);

    assert_int_equal(bench_detach(&b), 0);
    assert_string_equal(b.plugin.calls, "sput");
    assert_clean(&b);
    assert_int_equal(bench_detach(&b), 0);
    bench_close(&b);
}

/* A driver that knows more access modes is asked for the exact one. */
static void test_driver_with_more_modes(void **state)
{
    struct bench b = {.plugin = {.stages = true, .multi = true}};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), 0);
    assert_int_equal(b.plugin.mode,
                     CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_SINGLE_WRITER);
    assert_int_equal(bench_detach(&b), 0);
    bench_close(&b);
}

/* Where a registrar says that the driver is, it is looked for, and only there. */
static void test_registrar_is_asked(void **state)
{
    static const struct {
        const char *type, *name, *path; /* path: behind the kubelet's directory */
        bool scheme, found;
    } cases[] = {
        {"CSIPlugin", "fake.test", "/plugins/fake.test/csi.sock", false, true},
        {"CSIPlugin", "fake.test", "/plugins/fake.test/csi.sock", true, true},
        {"CSIPlugin", "fake.test", "/nowhere.sock", true, false},
        {"CSIPlugin", "other.test", "/nowhere.sock", true, true}, /* not about this driver */
        {"DRAPlugin", "fake.test", "/nowhere.sock", true, true},
    };
    struct fake_plugin plugin = {.name = "fake.test"};
    char dir[FIXTURE_DIR];

    (void)state;
    fixture_dir(dir);
    fake_start(&plugin, dir);
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        char endpoint[256];
        struct fake_registrar r = {cases[i].type, cases[i].name, endpoint, {0}, NULL};
        struct dc_csi_node *node = NULL;
        struct dc_err err = {0};

        (void)snprintf(endpoint, sizeof endpoint, "%s%s%s", cases[i].scheme ? "unix://" : "",
                       dir, cases[i].path);
        fake_register(&r, dir);
        int rc = dc_csi_node_open(dir, "fake.test", &node, &err);
        assert_int_equal(rc == 0, cases[i].found);
        if (rc != 0)
            assert_non_null(strstr(err.msg, cases[i].path));
        dc_csi_node_free(node);
        fake_unregister(&r);
    }
    fake_stop(&plugin);
    fixture_remove(dir);
}

static void test_driver_without_stage(void **state)
{
    struct bench b = {.plugin.stages = false};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), 0);
    assert_string_equal(b.plugin.calls, "p");
    assert_string_equal(b.plugin.publish_staging, "");
    assert_int_equal(bench_detach(&b), 0);
    assert_string_equal(b.plugin.calls, "pu");
    assert_clean(&b);
    bench_close(&b);
}

/* A driver that leaves its target behind: we remove it, as kubelet does. */
static void test_forgetful_driver(void **state)
{
    struct bench b = {.plugin = {.stages = true, .forgetful = true}};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), 0);
    assert_int_equal(bench_detach(&b), 0);
    assert_clean(&b);
    bench_close(&b);
}

/* Which calls follow a failure, by what the failure leaves. */
static void test_failures_are_undone(void **state)
{
    static const struct {
        bool in_stage;
        enum dc_err_kind answer, told;
        const char *calls;
    } cases[] = {
        {true, DC_TIMEOUT, DC_TIMEOUT, "st"}, /* uncertain: it may be staged  */
        {true, DC_INTERNAL, DC_DEVICE, "s"},  /* final: nothing is            */
        {true, DC_BAD_INPUT, DC_UNSUPPORTED, "s"},     {true, DC_NOT_FOUND, DC_DEVICE, "s"},
        {true, DC_PRECONDITION, DC_PRECONDITION, "s"}, {false, DC_TIMEOUT, DC_TIMEOUT, "sput"},
        {false, DC_INTERNAL, DC_DEVICE, "spt"},        {false, DC_EXISTS, DC_DEVICE, "spt"},
        {false, DC_DENIED, DC_DENIED, "spt"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct bench b = {.plugin.stages = true};

        bench_open(&b);
        if (cases[i].in_stage) {
            b.plugin.stage.kind = cases[i].answer;
            b.plugin.stage.fails = -1;
        } else {
            b.plugin.publish.kind = cases[i].answer;
            b.plugin.publish.fails = -1;
        }
        assert_int_equal(bench_attach(&b, &volume), -1);
        assert_int_equal(b.err.kind, cases[i].told);
        assert_non_null(strstr(b.err.msg, "as told"));
        assert_string_equal(b.plugin.calls, cases[i].calls);
        assert_clean(&b);
        bench_close(&b);
    }
}

static void test_aborted_is_repeated(void **state)
{
    struct bench b = {.plugin = {.stages = true,
                                 .stage = {DC_BUSY, 1, DC_OK},
                                 .unpublish = {DC_BUSY, 1, DC_OK}}};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), 0);
    assert_string_equal(b.plugin.calls, "ssp");
    assert_int_equal(bench_detach(&b), 0);
    assert_string_equal(b.plugin.calls, "sspuut");
    bench_close(&b);
}

/* First uncertain, then final: the first may have happened all the same. */
static void test_doubt_outlives_a_final_answer(void **state)
{
    struct bench b = {.plugin = {.stages = true, .stage = {DC_BUSY, 1, DC_INTERNAL}}};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), -1);
    assert_int_equal(b.err.kind, DC_DEVICE);
    assert_string_equal(b.plugin.calls, "sst");
    assert_clean(&b);
    bench_close(&b);
}

static void test_undo_that_fails_is_told(void **state)
{
    struct bench b = {.plugin = {.stages = true,
                                 .publish = {DC_INTERNAL, -1, DC_OK},
                                 .unstage = {DC_INTERNAL, -1, DC_OK}}};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_attach(&b, &volume), -1);
    assert_string_equal(b.plugin.calls, "spt");
    assert_non_null(strstr(b.err.msg, "still staged at"));
    assert_non_null(strstr(b.err.msg, "NodePublishVolume"));

    /* Whoever comes again finishes it. */
    b.plugin.unstage.fails = 0;
    dc_err_clear(&b.err);
    assert_int_equal(bench_detach(&b), 0);
    assert_clean(&b);
    bench_close(&b);
}

static void test_detach_of_a_deleted_volume(void **state)
{
    struct bench b = {.plugin = {.stages = true,
                                 .unpublish = {DC_NOT_FOUND, -1, DC_OK},
                                 .unstage = {DC_NOT_FOUND, -1, DC_OK}}};

    (void)state;
    bench_open(&b);
    assert_int_equal(bench_detach(&b), 0);
    assert_string_equal(b.plugin.calls, "ut");
    bench_close(&b);
}

/*
 * The fake publishes a directory, which is no block device. As kubelet does, a block volume's
 * staging path is sent to a driver that does not stage, too.
 */
static void test_target_is_checked(void **state)
{
    struct bench b = {.plugin.stages = false};
    struct dc_csi_volume block = volume;

    (void)state;
    bench_open(&b);
    block.block = true;
    assert_int_equal(dc_csi_paths(b.dir, &block, "fill-1", &b.paths, &b.err), 0);
    assert_int_equal(bench_attach(&b, &block), -1);
    assert_int_equal(b.err.kind, DC_DEVICE);
    assert_non_null(strstr(b.err.msg, "no block device"));
    assert_true(b.plugin.block);
    assert_string_equal(b.plugin.publish_staging, b.paths.staging);
    assert_string_equal(b.plugin.calls, "pu");
    assert_clean(&b);
    bench_close(&b);
}

static void test_open_refuses(void **state)
{
    struct fake_plugin wrong = {.name = "other.test"},
                       starting = {.name = "fake.test", .starting = true};
    struct dc_csi_node *node = NULL;
    struct dc_err err = {0};
    char dir[FIXTURE_DIR];

    (void)state;
    fixture_dir(dir);
    assert_int_equal(dc_csi_node_open(dir, "../x", &node, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);

    dc_err_clear(&err);
    assert_int_equal(dc_csi_node_open(dir, "fake.test", &node, &err), -1);
    assert_int_equal(err.kind, DC_UNAVAILABLE);
    assert_non_null(strstr(err.msg, "plugins/fake.test/csi.sock"));

    dc_err_clear(&err);
    fake_start(&wrong, dir);
    assert_int_equal(dc_csi_node_open(dir, "fake.test", &node, &err), -1);
    assert_non_null(strstr(err.msg, "other.test"));
    fake_stop(&wrong);

    dc_err_clear(&err);
    fake_start(&starting, dir);
    assert_int_equal(dc_csi_node_open(dir, "fake.test", &node, &err), -1);
    assert_non_null(strstr(err.msg, "starting"));
    fake_stop(&starting);
    assert_null(node);
    fixture_remove(dir);
}

static int group_begin(void **state)
{
    (void)state;
    dc_rpc_init();
    return 0;
}

static int group_end(void **state)
{
    (void)state;
    dc_rpc_exit();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attach_and_detach),
        cmocka_unit_test(test_driver_with_more_modes),
        cmocka_unit_test(test_registrar_is_asked),
        cmocka_unit_test(test_driver_without_stage),
        cmocka_unit_test(test_forgetful_driver),
        cmocka_unit_test(test_failures_are_undone),
        cmocka_unit_test(test_aborted_is_repeated),
        cmocka_unit_test(test_doubt_outlives_a_final_answer),
        cmocka_unit_test(test_undo_that_fails_is_told),
        cmocka_unit_test(test_detach_of_a_deleted_volume),
        cmocka_unit_test(test_target_is_checked),
        cmocka_unit_test(test_open_refuses),
    };
    return cmocka_run_group_tests(tests, group_begin, group_end);
}
