// SPDX-License-Identifier: Apache-2.0
/* unit/test_magic.c - formats by their first bytes, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "format/format.h"

static const struct row {
    const char *name;
    size_t off, len;
    const char *bytes;
    enum dc_err_kind want;
    const char *says;
} rows[] = {
    {"raw", 0, 4, "\xeb\x63\x90\x10", DC_OK, ""},
    {"raw", 510, 2, "\x55\xaa", DC_OK, ""},
    {"raw", 0, 6, "LUKS\xba\xbe", DC_OK, ""},
    {"qcow2", 0, 8, "QFI\xfb\0\0\0\3", DC_UNSUPPORTED, "qemu-img convert -O raw"},
    {"qed", 0, 4, "QED\0", DC_UNSUPPORTED, "QED"},
    {"vmdk", 0, 4, "KDMV", DC_UNSUPPORTED, "VMDK"},
    {"vmdk", 0, 21, "# Disk DescriptorFile", DC_UNSUPPORTED, "VMDK"},
    {"vdi", 64, 4, "\x7f\x10\xda\xbe", DC_UNSUPPORTED, "VDI"},
    {"vhd", 0, 8, "conectix", DC_UNSUPPORTED, "VHD"},
    {"vhdx", 0, 8, "vhdxfile", DC_UNSUPPORTED, "VHDX"},
    {"gzip", 0, 2, "\x1f\x8b", DC_OK, ""},
    {"zstd", 0, 4, "\x28\xb5\x2f\xfd", DC_OK, ""},
    {"zstd", 0, 4, "\x5e\x2a\x4d\x18", DC_OK, ""},
    {"xz", 0, 6,
     "\xfd"
     "7zXZ\0",
     DC_OK, ""},
    {"bzip2", 0, 4, "BZh9", DC_OK, ""},
    {"raw", 0, 4, "BZh0", DC_OK, ""},
    {"lz4", 0, 4, "\x04\x22\x4d\x18", DC_UNSUPPORTED, "unlz4"},
    {"7z", 0, 6, "7z\xbc\xaf\x27\x1c", DC_UNSUPPORTED, "7z"},
    {"zip", 0, 4, "PK\3\4", DC_UNSUPPORTED, "unzip"},
    {"tar", 257, 5, "ustar", DC_UNSUPPORTED, "tar"},
    {"html", 0, 14, "<!DOCTYPE HTML", DC_BAD_INPUT, "web page"},
    {"html", 0, 11, "\xef\xbb\xbf \r\n<html", DC_BAD_INPUT, "web page"},
};

static void known_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct dc_source_info info = {.served_bytes = 4711};
        struct dc_err err = {0};
        char head[DC_MAGIC_BYTES] = {0};

        memcpy(head + rows[i].off, rows[i].bytes, rows[i].len);
        dc_format_recognise(head, sizeof head, &info);
        assert_string_equal(info.format, rows[i].name);
        (void)dc_format_check(&info, sizeof head, &err);
        assert_int_equal(err.kind, rows[i].want);
        assert_non_null(strstr(err.msg, rows[i].says));
        if (rows[i].want == DC_OK) /* what compressed data holds is not known yet */
            assert_int_equal(info.virtual_bytes, strcmp(info.format, "raw") == 0 ? 4711 : 0);

        /* Cut short, a magic is no magic, and nothing is read behind the end. */
        char *exact = malloc(rows[i].off + rows[i].len - 1);
        memcpy(exact, head, rows[i].off + rows[i].len - 1);
        dc_format_recognise(exact, rows[i].off + rows[i].len - 1, &info);
        free(exact);
    }
}

static void qcow2_tells_its_size(void **state)
{
    struct dc_source_info info = {.served_bytes = 100};
    char head[DC_MAGIC_BYTES] = "QFI\xfb\0\0\0\3";

    (void)state;
    head[27] = 1;
    head[31] = 5;
    dc_format_recognise(head, sizeof head, &info);
    assert_int_equal(info.virtual_bytes, (1ull << 32) + 5);
    dc_format_recognise(head, 31, &info);
    assert_int_equal(info.virtual_bytes, 0);
}

static void nothing_at_all(void **state)
{
    struct dc_source_info info = {0};
    struct dc_err err = {0};

    (void)state;
    dc_format_recognise("", 0, &info);
    assert_string_equal(info.format, "raw");
    assert_int_equal(dc_format_check(&info, 0, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_formats),
        cmocka_unit_test(qcow2_tells_its_size),
        cmocka_unit_test(nothing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
