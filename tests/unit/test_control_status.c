// SPDX-License-Identifier: Apache-2.0
/* unit/test_control_status.c - a Population's status, and a volume as agents are told it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "control/status.h"
#include "control/volume.h"

static json_t *make(enum dc_phase phase, const struct dc_fill_memory *fill, const char *digest)
{
    const struct dc_telling tell = {.phase = phase, .reason = "Why", .message = "because"};
    const struct dc_status_fields f = {
        .tell = &tell,
        .fill = fill,
        .facts = {.node = "node-1", .digest = digest, .attempt = 2},
        .last_error = "",
        .since = "2026-01-31T12:00:00Z",
    };
    json_t *status = dc_status_make(&f);

    assert_non_null(status);
    return status;
}

static void test_filling(void **state)
{
    const struct dc_fill_memory fill = {
        .total_bytes = 3000, .durable_bytes = 1265, .rate = DC_MIB};
    dc_autojson json_t *s = make(DC_PHASE_Filling, &fill, "");
    const json_t *condition = json_array_get(json_object_get(s, "conditions"), 0);

    (void)state;
    assert_string_equal(dc_json_str(s, "phase"), "Filling");
    assert_string_equal(dc_json_str(s, "progress"), "42.17%");
    assert_int_equal(dc_json_int(s, "bytesDone"), 1265);
    assert_int_equal(dc_json_int(s, "bytesTotal"), 3000);
    assert_string_equal(dc_json_str(s, "rate"), "1.00 MiB/s");
    assert_string_equal(dc_json_str(s, "node"), "node-1");
    assert_int_equal(dc_json_int(s, "attempt"), 2);
    assert_true(json_is_null(json_object_get(s, "digest")));
    assert_true(json_is_null(json_object_get(s, "lastError")));
    assert_string_equal(dc_json_str(condition, "type"), "Populated");
    assert_string_equal(dc_json_str(condition, "status"), "False");
    assert_string_equal(dc_json_str(condition, "reason"), "Why");
    assert_string_equal(dc_json_str(condition, "message"), "because");
}

/* All written is not all verified. */
static void test_not_yet_all(void **state)
{
    const struct dc_fill_memory fill = {.total_bytes = 10, .durable_bytes = 12};
    dc_autojson json_t *s = make(DC_PHASE_Filling, &fill, "");

    (void)state;
    assert_string_equal(dc_json_str(s, "progress"), "99.99%");
}

/* What a compressed image holds is not known: the percentage is that of the download. */
static void test_size_unknown(void **state)
{
    const struct dc_fill_memory fill = {
        .durable_bytes = 5000, .served_bytes = 400, .pulled_bytes = 100};
    dc_autojson json_t *s = make(DC_PHASE_Filling, &fill, "");

    (void)state;
    assert_string_equal(dc_json_str(s, "progress"), "25.00%");
    assert_int_equal(dc_json_int(s, "bytesDone"), 5000);
    assert_true(json_is_null(json_object_get(s, "bytesTotal")));
}

/* A controller that knows nothing of the fill leaves what another one wrote. */
static void test_succeeded(void **state)
{
    const struct dc_fill_memory nothing = {0};
    dc_autojson json_t *s = make(DC_PHASE_Succeeded, &nothing, "sha256:ab");
    const json_t *condition = json_array_get(json_object_get(s, "conditions"), 0);

    (void)state;
    assert_string_equal(dc_json_str(s, "progress"), "100.00%");
    assert_string_equal(dc_json_str(s, "digest"), "sha256:ab");
    assert_null(json_object_get(s, "bytesDone"));
    assert_true(json_is_null(json_object_get(s, "rate")));
    assert_string_equal(dc_json_str(condition, "status"), "True");
}

static json_t *parse(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);

    assert_non_null(j);
    return j;
}

static void test_volume(void **state)
{
    dc_autojson json_t *volume = parse(
        "{\"metadata\":{\"name\":\"v\"},\"spec\":{\"volumeMode\":\"Block\",\"accessModes\":"
        "[\"ReadWriteMany\"],\"mountOptions\":[\"noatime\"],\"csi\":{\"driver\":\"d\","
        "\"volumeHandle\":\"h\",\"fsType\":\"xfs\",\"volumeAttributes\":{\"a\":\"1\",\"b\":"
        "\"2\"}}}}");
    dc_autojson json_t *claim =
        parse("{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"1Mi\"}}}}");
    struct dc_volume_message m;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_volume_message(volume, claim, &m, &err), 0);
    assert_string_equal(m.volume.driver, "d");
    assert_string_equal(m.volume.volume_handle, "h");
    assert_string_equal(m.volume.pv_name, "v");
    assert_int_equal(m.volume.mode, DECANT__V1ALPHA1__VOLUME_MODE__BLOCK);
    assert_string_equal(m.volume.fs_type, "xfs");
    assert_string_equal(m.volume.access_mode, "ReadWriteMany");
    assert_int_equal(m.volume.capacity_bytes, DC_MIB);
    assert_int_equal(m.volume.n_mount_options, 1);
    assert_string_equal(m.volume.mount_options[0], "noatime");
    assert_int_equal(m.volume.n_volume_context, 2);
    assert_string_equal(m.volume.volume_context[1]->key, "b");
    dc_volume_message_done(&m);
}

static void test_volume_refused(void **state)
{
    dc_autojson json_t *local =
        parse("{\"metadata\":{\"name\":\"v\"},\"spec\":{\"local\":{}}}");
    dc_autojson json_t *secret =
        parse("{\"metadata\":{\"name\":\"v\"},\"spec\":{\"csi\":{\"driver\":\"d\","
              "\"nodeStageSecretRef\":{\"name\":\"s\"}}}}");
    struct dc_volume_message m;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_volume_message(local, NULL, &m, &err), -1);
    assert_int_equal(err.kind, DC_UNSUPPORTED);
    dc_err_clear(&err);
    assert_int_equal(dc_volume_message(secret, NULL, &m, &err), -1);
    assert_non_null(strstr(err.msg, "nodeStageSecretRef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filling),      cmocka_unit_test(test_not_yet_all),
        cmocka_unit_test(test_size_unknown), cmocka_unit_test(test_succeeded),
        cmocka_unit_test(test_volume),       cmocka_unit_test(test_volume_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
