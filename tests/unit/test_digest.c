// SPDX-License-Identifier: Apache-2.0
/* base/digest.c: known answers, and every way a checksum can be written wrongly. */
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/num.h"

static void known_answers(void **state)
{
    /* FIPS 180-2 and RFC 1321: the digests of "abc". */
    static const char *const want[][2] = {
        {"md5", "md5:900150983cd24fb0d6963f7d28e17f72"},
        {"sha1", "sha1:a9993e364706816aba3e25717850c26c9cd0d89d"},
        {"sha256", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"sha512", "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                   "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(want); i++) {
        struct dc_err err = {0};
        struct dc_digest *d;
        char text[DC_DIGEST_TEXT];

        assert_int_equal(dc_digest_new(want[i][0], &d, &err), 0);
        assert_int_equal(dc_digest_add(d, "a", 1, &err), 0);
        assert_int_equal(dc_digest_add(d, "bc", 2, &err), 0);
        assert_int_equal(dc_digest_finish(d, text, &err), 0);
        assert_string_equal(text, want[i][1]);
        dc_digest_free(d);
    }
}

static void short_form(void **state)
{
    struct dc_err err = {0};
    char hex[DC_SHA256_HEX];

    (void)state;
    assert_int_equal(dc_sha256_hex("abc", 3, hex, &err), 0);
    assert_string_equal(hex,
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void unknown_algorithm_is_named(void **state)
{
    struct dc_err err = {0};
    struct dc_digest *d;

    (void)state;
    assert_int_equal(dc_digest_new("crc32", &d, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    assert_non_null(strstr(err.msg, "crc32"));
}

static void checksums_are_checked(void **state)
{
    static const struct {
        const char *text, *want,
            *complaint; /* want NULL: refused, with complaint in the text */
    } cases[] = {
        {"md5:900150983CD24FB0D6963F7D28E17F72", "md5:900150983cd24fb0d6963f7d28e17f72", NULL},
        {"SHA1:a9993e364706816aba3e25717850c26c9cd0d89d",
         "sha1:a9993e364706816aba3e25717850c26c9cd0d89d", NULL},
        {"900150983cd24fb0d6963f7d28e17f72", NULL, "has no algorithm"},
        {"crc32:00000000", NULL, "\"crc32\" is not known"},
        {"md5:900150983cd24fb0d6963f7d28e17f7", NULL, "32 hexadecimal digits, not 31"},
        {"md5:", NULL, "32 hexadecimal digits, not 0"},
        {"md5:900150983cd24fb0d6963f7d28e17f7g", NULL, "not hexadecimal"},
        {"md5:md5:900150983cd24fb0d6963f7d28e17f", NULL, "not hexadecimal"},
        {"", NULL, "has no algorithm"},
    };

    (void)state;
    for (size_t i = 0; i < DC_LEN(cases); i++) {
        struct dc_err err = {0};
        char text[DC_DIGEST_TEXT] = "untouched";
        int rc = dc_checksum_parse(cases[i].text, text, &err);

        assert_int_equal(rc, cases[i].want ? 0 : -1);
        assert_string_equal(text, cases[i].want ? cases[i].want : "untouched");
        if (!cases[i].want)
            assert_non_null(strstr(err.msg, cases[i].complaint));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(short_form),
        cmocka_unit_test(unknown_algorithm_is_named),
        cmocka_unit_test(checksums_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
