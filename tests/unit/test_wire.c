// SPDX-License-Identifier: Apache-2.0
/* test_wire.c - foreign protobuf bytes, well-formed and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "proto/decant.pb-c.h"
#include "proto/wire.h"

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static void texts(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool text;
    } cases[] = {
        {"", 0, true},
        {"abc", 3, true},
        {"a\0c", 3, false},
        {"\xc3\xa4", 2, true},
        {"\xc3", 1, false},             /* cut */
        {"\xc0\xaf", 2, false},         /* overlong '/' */
        {"\xe0\x80\xaf", 3, false},     /* overlong, three bytes */
        {"\xed\xa0\x80", 3, false},     /* surrogate */
        {"\xe2\x82\xac", 3, true},      /* euro sign */
        {"\xf0\x9f\x98\x80", 4, true},  /* above the base plane */
        {"\xf0\x80\x80\x80", 4, false}, /* overlong, four bytes */
        {"\xf4\x90\x80\x80", 4, false}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", 4, false},
        {"\x80", 1, false},
        {"\xe2\x28\xa1", 3, false},
        {"\xe2\x82\x28", 3, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(dc_wire_is_text((const uint8_t *)cases[i].bytes, cases[i].len),
                         cases[i].text);
}

static void fields(void **state)
{
    static const struct {
        const uint8_t *bytes;
        size_t len;
        enum dc_wire_next next;
        uint32_t number;
        uint64_t value;
    } cases[] = {
        {BYTES(""), DC_WIRE_END, 0, 0},
        {BYTES("\x08\x96\x01"), DC_WIRE_FIELD, 1, 150},
        {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), DC_WIRE_FIELD, 1, UINT64_MAX},
        {BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), DC_WIRE_BAD, 0, 0},
        {BYTES("\x08\x80"), DC_WIRE_BAD, 0, 0},
        {BYTES("\x0d\x01\x02\x03\x04"), DC_WIRE_FIELD, 1, 0x04030201},
        {BYTES("\x0d\x01\x02\x03"), DC_WIRE_BAD, 0, 0},
        {BYTES("\x09\x01\0\0\0\0\0\0\x80"), DC_WIRE_FIELD, 1, 0x8000000000000001},
        {BYTES("\x00\x01"), DC_WIRE_BAD, 0, 0},                     /* number 0     */
        {BYTES("\x0b"), DC_WIRE_BAD, 0, 0},                         /* group        */
        {BYTES("\x0f\x00"), DC_WIRE_BAD, 0, 0},                     /* no such type */
        {BYTES("\x88\x80\x80\x80\x80\x00\x01"), DC_WIRE_BAD, 0, 0}, /* key too long */
        {BYTES("\xf8\xff\xff\xff\x0f\x01"), DC_WIRE_FIELD, 536870911, 1},
        {BYTES("\x0a\x05xxxx"), DC_WIRE_BAD, 0, 0},                     /* cut          */
        {BYTES("\x0a\xff\xff\xff\xff\x0fxxxx"), DC_WIRE_BAD, 0, 0},     /* 4 GiB        */
        {BYTES("\x0a\x84\x80\x80\x80\x80\x00xxxx"), DC_WIRE_BAD, 0, 0}, /* length of 6 bytes */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dc_wire w = {cases[i].bytes, cases[i].bytes + cases[i].len};
        struct dc_wire_field f = {0};

        assert_int_equal(dc_wire_next(&w, &f), cases[i].next);
        assert_int_equal(f.number, cases[i].number);
        assert_true(f.value == cases[i].value);
    }
}

/* Strings are looked at wherever they are: in a message, in a map's key, in a repeated field. */
static void whole_messages(void **state)
{
    static const struct {
        const uint8_t *bytes;
        size_t len;
        const char *complaint; /* NULL: none */
    } cases[] = {
        {BYTES("\x0a\x03"
               "abc"),
         NULL},
        {BYTES("\x0a\x03"
               "a\0c"),
         "fill_id"},
        {BYTES("\x22\x05\x0a\x03"
               "a\xffz"),
         "driver"},
        {BYTES("\x22\x07\x42\x05\x0a\x03"
               "k\0y"),
         "key"},
        {BYTES("\x22\x07\x42\x05\x12\x03"
               "v\0l"),
         "value"},
        {BYTES("\x22\x03\x32\x01\xff"), "mount_options"},
        {BYTES("\xfa\x01\x01\xff"), NULL}, /* unknown field: not ours to judge */
        {BYTES("\x22\x05\x0a\x09"
               "abc"),
         "not well-formed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dc_err err = {0};
        int rc = dc_wire_check(&decant__v1alpha1__start_fill_request__descriptor,
                               cases[i].bytes, cases[i].len, &err);

        assert_int_equal(rc, cases[i].complaint ? -1 : 0);
        if (cases[i].complaint)
            assert_non_null(strstr(err.msg, cases[i].complaint));
    }
}

/* A message that may hold itself (nested_type of a descriptor), wrapped depth times. */
static size_t nest(uint8_t *buf, size_t cap, unsigned depth)
{
    size_t at = cap;

    for (unsigned i = 0; i < depth; i++) {
        size_t len = cap - at;

        if (len >= 128)
            buf[--at] = (uint8_t)(len >> 7);
        buf[--at] = (uint8_t)(len >= 128 ? (len & 0x7f) | 0x80 : len);
        buf[--at] = 3 << 3 | 2;
    }
    memmove(buf, buf + at, cap - at);
    return cap - at;
}

static void depth(void **state)
{
    uint8_t buf[4096];
    struct dc_err ok = {0}, deep = {0};
    const ProtobufCMessageDescriptor *desc = &google__protobuf__descriptor_proto__descriptor;

    (void)state;
    assert_int_equal(dc_wire_check(desc, buf, nest(buf, sizeof buf, 16), &ok), 0);
    assert_int_equal(dc_wire_check(desc, buf, nest(buf, sizeof buf, 17), &deep), -1);
    assert_non_null(strstr(deep.msg, "nested"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(fields),
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
