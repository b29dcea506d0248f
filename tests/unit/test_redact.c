// SPDX-License-Identifier: Apache-2.0
/* test_redact.c - what a logged message shows, and that every secret field is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "google/protobuf/descriptor.pb-c.h"
#include "proto/csi.pb-c.h"
#include "proto/decant.pb-c.h"
#include "proto/redact.h"

static char *text_of(const ProtobufCMessage *msg)
{
    size_t len = protobuf_c_message_get_packed_size(msg);
    uint8_t *packed = malloc(len + 1);
    struct dc_buf out = DC_BUF(4096);

    assert_non_null(packed);
    protobuf_c_message_pack(msg, packed);
    dc_redact_text(msg->descriptor, packed, len, &out);
    free(packed);
    return dc_buf_steal(&out);
}

static void hides_secrets(void **state)
{
    Csi__V1__NodeStageVolumeRequest req = CSI__V1__NODE_STAGE_VOLUME_REQUEST__INIT;
    Csi__V1__NodeStageVolumeRequest__SecretsEntry secret =
        CSI__V1__NODE_STAGE_VOLUME_REQUEST__SECRETS_ENTRY__INIT;
    Csi__V1__NodeStageVolumeRequest__SecretsEntry *secrets[] = {&secret};

    (void)state;
    req.volume_id = (char *)(uintptr_t) "vol \"1\"";
    secret.key = (char *)(uintptr_t) "user-key";
    secret.value = (char *)(uintptr_t) "hunter2";
    req.secrets = secrets;
    req.n_secrets = 1;
    char *text = text_of(&req.base);
    assert_string_equal(text, "{volume_id:\"vol \\x221\\x22\",secrets:<hidden>}");
    free(text);
}

static void hides_urls(void **state)
{
    static const struct {
        const char *url, *shown;
    } cases[] = {
        {"http://h/p", "\"http://\"\"h/p\""},
        {"https://me:pw@h/p?sig=abc#x", "\"https://\"\"h/p\""},
        {"https://me:p@w@h/p", "\"https://\"\"h/p\""},
        {"h?token", "\"\"\"h\""},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        Decant__V1alpha1__HttpSource http = DECANT__V1ALPHA1__HTTP_SOURCE__INIT;
        char *headers[] = {(char *)(uintptr_t) "Authorization: Bearer abc"};
        char want[128];

        http.url = (char *)(uintptr_t)cases[i].url;
        http.password = (char *)(uintptr_t) "abc";
        http.headers = headers;
        http.n_headers = 1;
        snprintf(want, sizeof want, "{url:%s,password:<hidden>,headers:<hidden>}",
                 cases[i].shown);
        char *text = text_of(&http.base);
        assert_string_equal(text, want);
        free(text);
    }
}

static void cuts(void **state)
{
    Csi__V1__GetPluginInfoResponse info = CSI__V1__GET_PLUGIN_INFO_RESPONSE__INIT;
    char name[1000];

    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    info.name = name;
    char *text = text_of(&info.base);
    assert_true(strlen(text) < 200);
    assert_non_null(strstr(text, "x\"..."));
    free(text);
}

static Google__Protobuf__FileDescriptorSet *descriptors(void)
{
    static uint8_t bytes[1 << 20];
    FILE *f = fopen(DECANT_PROTO_DESC, "rb");

    assert_non_null(f);
    size_t len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    return google__protobuf__file_descriptor_set__unpack(NULL, len, bytes);
}

/* The extension csi_secret is field 1059 of the options; the generated code does not know it. */
static bool marked(const Google__Protobuf__FieldDescriptorProto *field)
{
    for (unsigned i = 0; field->options && i < field->options->base.n_unknown_fields; i++)
        if (field->options->base.unknown_fields[i].tag == 1059)
            return true;
    return false;
}

/* How many fields of the message are hidden; in csi.v1 just those that are marked. */
static unsigned count_hidden(const Google__Protobuf__DescriptorProto *msg, bool csi)
{
    unsigned found = 0;

    for (size_t i = 0; i < msg->n_field; i++) {
        bool hidden = dc_redact_is_secret(msg->field[i]->name);

        if (csi)
            assert_int_equal(marked(msg->field[i]), hidden);
        found += hidden;
    }
    return found;
}

static void every_marked_field_is_known(void **state)
{
    Google__Protobuf__FileDescriptorSet *set = descriptors();
    unsigned found = 0;

    (void)state;
    assert_non_null(set);
    for (size_t i = 0; i < set->n_file; i++)
        for (size_t m = 0; m < set->file[i]->n_message_type; m++)
            found += count_hidden(set->file[i]->message_type[m],
                                  strcmp(set->file[i]->package, "csi.v1") == 0);
    assert_int_equal(found, 17 + 4); /* of csi.v1 without SnapshotMetadata, and our own */
    google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hides_secrets),
        cmocka_unit_test(hides_urls),
        cmocka_unit_test(cuts),
        cmocka_unit_test(every_marked_field_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
