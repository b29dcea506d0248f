// SPDX-License-Identifier: Apache-2.0
/* kube/base64.c - RFC 4648 section 4, decoding. */
#include "kube/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decant/cleanup.h"

/* 0..63; -1: not of the alphabet */
static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * How many '=' and white space, and nothing else, end the text; -1: something else is there.
 */
static int padding_of(const char *s)
{
    int pad = 0;

    for (; *s; s++) {
        if (*s == '=')
            pad++;
        else if (!is_space(*s))
            return -1;
    }
    return pad;
}

int dc_kube_base64(const char *text, char **ret, size_t *ret_len, struct dc_err *err)
{
    dc_autofree char *out = malloc(strlen(text) / 4 * 3 + 4);
    size_t len = 0, digits = 0;
    uint32_t bits = 0;

    if (!out)
        return dc_fail(err, DC_NO_MEMORY, 0, "base64");
    for (; *text && *text != '='; text++) {
        int digit = digit_of(*text);

        if (is_space(*text))
            continue;
        if (digit < 0)
            return dc_fail(err, DC_BAD_INPUT, 0, "not base64: digit %zu is no digit",
                           digits + 1);
        bits = bits << 6 | (uint32_t)digit;
        digits++;
        if (digits % 4 != 1)
            out[len++] = (char)(bits >> (6 - 2 * ((digits + 3) % 4)) & 0xff);
    }

    int pad = padding_of(text);
    if (digits % 4 == 1 || pad != (int)((4 - digits % 4) % 4))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "not base64: it ends in the middle or goes on behind");
    if (!ret_len && memchr(out, 0, len))
        return dc_fail(err, DC_BAD_INPUT, 0, "base64 of a text with a NUL in it");
    out[len] = '\0';
    if (ret_len)
        *ret_len = len;
    *ret = dc_steal(out);
    return 0;
}
