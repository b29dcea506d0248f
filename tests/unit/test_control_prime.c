// SPDX-License-Identifier: Apache-2.0
/* unit/test_control_prime.c - the hidden claim as it is sent, and the patches with their tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "control/names.h"
#include "control/prime.h"

static json_t *parse(const char *text)
{
    json_t *j = json_loads(text, 0, NULL);

    assert_non_null(j);
    return j;
}

static const char claim_text[] =
    "{\"metadata\":{\"namespace\":\"ns\",\"name\":\"disk\",\"uid\":\"u-1\",\"resourceVersion\":"
    "\"9\",\"labels\":{\"app\":\"x\"},\"annotations\":{\"populator.cdi.kubevirt.io/"
    "retry\":\"2\"}},"
    "\"spec\":{\"accessModes\":[\"ReadWriteMany\"],\"resources\":{\"requests\":{\"storage\":"
    "\"1Gi\"}},\"storageClassName\":\"fast\",\"volumeMode\":\"Block\","
    "\"volumeAttributesClassName\":"
    "\"gold\",\"dataSourceRef\":{\"apiGroup\":\"populator.cdi.kubevirt.io\",\"kind\":"
    "\"Import\","
    "\"name\":\"image\"}}}";
static const char source_text[] =
    "{\"kind\":\"Import\",\"metadata\":{\"name\":\"image\",\"uid\":\"s-1\",\"generation\":3},"
    "\"spec\":{\"http\":{\"url\":\"http://h/a\",\"secretRef\":\"login\"}}}";

static json_t *make(const char *node)
{
    dc_autojson json_t *claim = parse(claim_text);
    dc_autojson json_t *source = parse(source_text);
    const struct dc_prime_spec spec = {claim, source, "hidden", node, "\"etag\"", 2};
    struct dc_err err = {0};
    json_t *prime = NULL;

    assert_int_equal(dc_prime_make(&spec, &prime, &err), 0);
    return prime;
}

static void test_make(void **state)
{
    dc_autojson json_t *p = make("");

    (void)state;
    assert_string_equal(dc_json_str(p, "metadata.name"), "prime-u-1");
    assert_string_equal(dc_json_str(p, "metadata.namespace"), "hidden");
    assert_true(dc_is_prime(p, "hidden"));
    assert_false(dc_is_prime(p, "ns"));
    assert_string_equal(dc_json_label(p, "velero.io/exclude-from-backup"), "true");
    assert_string_equal(dc_json_label(p, DC_LABEL_CLAIM_UID), "u-1");
    assert_string_equal(dc_json_annotation(p, DC_NOTE_CLAIM), "ns/disk");
    assert_string_equal(dc_json_annotation(p, DC_NOTE_ATTEMPT), "2");
    assert_string_equal(dc_json_annotation(p, DC_NOTE_RETRY), "2");
    assert_null(dc_json_annotation(p, DC_NOTE_SELECTED_NODE));
    assert_null(dc_json_annotation(p, DC_NOTE_NODE));
    assert_string_equal(
        json_string_value(json_array_get(dc_json_at(p, "metadata.finalizers"), 0)),
        DC_PRIME_FINALIZER);
    assert_string_equal(dc_json_str(p, "spec.volumeAttributesClassName"), "gold");
    assert_string_equal(dc_json_str(p, "spec.resources.requests.storage"), "1Gi");
    assert_null(dc_json_at(p, "spec.dataSourceRef")); /* or it would wait for itself */
    assert_null(dc_json_label(p, "app"));
}

static void test_node(void **state)
{
    dc_autojson json_t *p = make("node-1");

    (void)state;
    assert_string_equal(dc_json_annotation(p, DC_NOTE_SELECTED_NODE), "node-1");
    assert_string_equal(dc_json_annotation(p, DC_NOTE_NODE), "node-1");
    assert_string_equal(dc_json_annotation(p, DC_NOTE_GENERATION), "1");
}

static void test_source(void **state)
{
    dc_autojson json_t *p = make("");
    dc_autojson json_t *bad =
        parse("{\"metadata\":{\"annotations\":{\"" DC_NOTE_SOURCE "\":\"{\"}}}");
    dc_autojson json_t *none = parse("{}");
    dc_autojson json_t *used = NULL;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_prime_source(p, &used, &err), 0);
    assert_string_equal(dc_json_str(used, "uid"), "s-1");
    assert_int_equal(dc_json_int(used, "generation"), 3);
    assert_string_equal(dc_json_str(used, "validator"), "\"etag\"");
    assert_string_equal(dc_json_str(used, "spec.http.secretRef"), "login");
    assert_int_equal(dc_prime_source(none, &used, &err), -1);
    assert_int_equal(err.kind, DC_CORRUPT);
    dc_err_clear(&err);
    assert_int_equal(dc_prime_source(bad, &used, &err), -1);
}

/* The operation on path; NULL: there is none. */
static const json_t *op(const json_t *patch, const char *name, const char *path)
{
    const json_t *item;
    size_t i;

    json_array_foreach (patch, i, item)
        if (strcmp(dc_json_text_or_empty(item, "op"), name) == 0 &&
            strcmp(dc_json_text_or_empty(item, "path"), path) == 0)
            return item;
    return NULL;
}

#define NOTE(key) "/metadata/annotations/populator.cdi.kubevirt.io~1" key

static void test_rebind(void **state)
{
    dc_autojson json_t *claim = parse(claim_text);
    dc_autojson json_t *prime = parse("{\"metadata\":{\"uid\":\"p-1\",\"annotations\":{"
                                      "\"" DC_NOTE_POPULATED "\":\"sha256:ab\"}}}");
    dc_autojson json_t *volume = parse("{\"metadata\":{\"name\":\"v\",\"uid\":\"v-1\","
                                       "\"resourceVersion\":\"7\",\"annotations\":{}}}");
    dc_autojson json_t *bare =
        parse("{\"metadata\":{\"name\":\"v\",\"uid\":\"v-1\",\"resourceVersion\":\"7\"}}");
    dc_autojson json_t *patch = NULL;
    dc_autojson json_t *other = NULL;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(dc_volume_rebind(volume, prime, claim, &patch, &err), 0);
    assert_string_equal(dc_json_str(op(patch, "test", "/metadata/resourceVersion"), "value"),
                        "7");
    assert_string_equal(dc_json_str(op(patch, "test", "/metadata/uid"), "value"), "v-1");
    assert_string_equal(dc_json_str(op(patch, "test", "/spec/claimRef/uid"), "value"), "p-1");
    const json_t *ref = op(patch, "replace", "/spec/claimRef");
    assert_string_equal(dc_json_str(ref, "value.uid"), "u-1");
    assert_string_equal(dc_json_str(ref, "value.namespace"), "ns");
    assert_string_equal(dc_json_str(ref, "value.name"), "disk");
    assert_string_equal(dc_json_str(ref, "value.resourceVersion"), "9");
    assert_string_equal(dc_json_str(op(patch, "add", NOTE("populated-from")), "value"),
                        "ns/image");
    assert_string_equal(dc_json_str(op(patch, "add", NOTE("populated")), "value"), "sha256:ab");
    assert_null(op(patch, "add", "/metadata/annotations"));

    assert_int_equal(dc_volume_rebind(bare, prime, claim, &other, &err), 0);
    assert_non_null(op(other, "add", "/metadata/annotations"));
}

static void test_records(void **state)
{
    dc_autojson json_t *p = make("node-1");
    dc_autojson json_t *fill = NULL;
    dc_autojson json_t *done = NULL;
    dc_autojson json_t *failed = NULL;
    struct dc_err err = {0};

    (void)state;
    json_object_set_new(json_object_get(p, "metadata"), "uid", json_string("p-1"));
    assert_int_equal(dc_prime_record_fill(p, "node-1", 2, &fill, &err), 0);
    assert_string_equal(dc_json_str(op(fill, "test", "/metadata/uid"), "value"), "p-1");
    assert_string_equal(dc_json_str(op(fill, "test", NOTE("generation")), "value"), "1");
    assert_string_equal(dc_json_str(op(fill, "add", NOTE("generation")), "value"), "2");
    assert_int_equal(dc_prime_record_done(p, "sha256:ab", &done, &err), 0);
    assert_string_equal(dc_json_str(op(done, "test", NOTE("generation")), "value"), "1");
    assert_string_equal(dc_json_str(op(done, "add", NOTE("populated")), "value"), "sha256:ab");
    assert_int_equal(dc_prime_record_failed(p, "Why", "so \"it\" is", &failed, &err), 0);
    dc_autojson json_t *note = parse(dc_json_str(op(failed, "add", NOTE("failed")), "value"));
    assert_string_equal(dc_json_str(note, "message"), "so \"it\" is");
}

static void test_label_value(void **state)
{
    char label[DC_LABEL_SIZE], other[DC_LABEL_SIZE];
    char name[101];

    (void)state;
    assert_string_equal(dc_label_value("disk", label), "disk");
    memset(name, 'a', 100);
    name[100] = '\0';
    dc_label_value(name, label);
    assert_int_equal(strlen(label), 63);
    name[99] = 'b';
    assert_string_not_equal(dc_label_value(name, other), label);
    memset(name + 40, '.', 20); /* a value may not have a dot before its last part */
    dc_label_value(name, label);
    assert_null(strstr(label, ".-"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make),    cmocka_unit_test(test_node),
        cmocka_unit_test(test_source),  cmocka_unit_test(test_rebind),
        cmocka_unit_test(test_records), cmocka_unit_test(test_label_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
