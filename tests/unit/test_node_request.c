// SPDX-License-Identifier: Apache-2.0
/* unit/test_node_request.c - all that StartFill says reaches the driver and the engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "node/request.h"

static char *text(const char *s)
{
    return (char *)(uintptr_t)s; /* messages do not know const; these are only read */
}

/* One entry of each map, of four types that look the same. */
#define ENTRY(type, name, field, number)                                \
    Decant__V1alpha1__Volume__##type##Entry name, *name##_list = &name; \
    decant__v1alpha1__volume__##field##_entry__init(&name);             \
    name.key = text("k" number);                                        \
    name.value = text("v" number);                                      \
    volume.field = &name##_list;                                        \
    volume.n_##field = 1

static void assert_pair(struct dc_kvs list, const char *key, const char *value)
{
    assert_int_equal(list.n, 1);
    assert_string_equal(list.v[0].key, key);
    assert_string_equal(list.v[0].value, value);
}

static void nothing_is_lost(void **state)
{
    Decant__V1alpha1__StartFillRequest msg = DECANT__V1ALPHA1__START_FILL_REQUEST__INIT;
    Decant__V1alpha1__Volume volume = DECANT__V1ALPHA1__VOLUME__INIT;
    Decant__V1alpha1__Source source = DECANT__V1ALPHA1__SOURCE__INIT;
    Decant__V1alpha1__HttpSource http = DECANT__V1ALPHA1__HTTP_SOURCE__INIT;
    char *headers[] = {text("A: 1"), text("B: 2")}, *options[] = {text("noatime")};
    struct dc_request *r = NULL;
    struct dc_err err = {0};
    ENTRY(VolumeContext, a, volume_context, "1");
    ENTRY(PublishContext, b, publish_context, "2");
    ENTRY(StageSecrets, c, stage_secrets, "3");
    ENTRY(PublishSecrets, d, publish_secrets, "4");

    (void)state;
    http.url = text("http://h/");
    http.user = text("me");
    http.password = text("secret");
    http.ca_bundle = text("PEM");
    http.headers = headers;
    http.n_headers = 2;
    source.kind_case = DECANT__V1ALPHA1__SOURCE__KIND_HTTP;
    source.http = &http;
    volume.driver = text("d.example");
    volume.volume_handle = text("handle");
    volume.pv_name = text("pv");
    volume.mode = DECANT__V1ALPHA1__VOLUME_MODE__FILESYSTEM;
    volume.fs_type = text("xfs");
    volume.access_mode = text("ReadWriteMany");
    volume.mount_options = options;
    volume.n_mount_options = 1;
    msg.fill_id = text("f");
    msg.generation = 1;
    msg.claim = text("ns/c");
    msg.volume = &volume;
    msg.source = &source;

    assert_int_equal(dc_request_new(&msg, &r, &err), 0);
    memset(&http, 0, sizeof http); /* the request has its own */
    assert_string_equal(r->source.url, "http://h/");
    assert_string_equal(r->source.user, "me");
    assert_string_equal(r->source.password, "secret");
    assert_string_equal(r->source.ca_pem, "PEM");
    assert_string_equal(r->source.headers[1], "B: 2");
    assert_null(r->source.headers[2]);
    assert_string_equal(r->volume.driver, "d.example");
    assert_string_equal(r->volume.volume_id, "handle");
    assert_string_equal(r->volume.pv_name, "pv");
    assert_false(r->volume.block);
    assert_string_equal(r->volume.fs_type, "xfs");
    assert_string_equal(r->volume.access_mode, "ReadWriteMany");
    assert_int_equal(r->volume.n_mount_flags, 1);
    assert_string_equal(r->volume.mount_flags[0], "noatime");
    assert_pair(r->volume.volume_context, "k1", "v1");
    assert_pair(r->volume.publish_context, "k2", "v2");
    assert_pair(r->volume.stage_secrets, "k3", "v3");
    assert_pair(r->volume.publish_secrets, "k4", "v4");
    dc_request_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
