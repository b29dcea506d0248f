// SPDX-License-Identifier: Apache-2.0
/*
 * base/quantity.c - Kubernetes resource quantities in bytes.
 *
 * Grammar (Kubernetes API reference, "Quantity"): [+-] digits [. digits] and one of
 *   Ki Mi Gi Ti Pi Ei | m "" k M G T P E | e N | E N
 * Everything is done in integers: digits x 10^-places x 10^exponent x 1024^power, rounded up.
 */
#include <string.h>

#include "base/num.h"

struct suffix {
    const char *text;
    int exponent; /* of 10   */
    int power;    /* of 1024 */
};

static const struct suffix suffixes[] = {
    {"", 0, 0},   {"m", -3, 0}, {"k", 3, 0},  {"M", 6, 0},  {"G", 9, 0},
    {"T", 12, 0}, {"P", 15, 0}, {"E", 18, 0}, {"Ki", 0, 1}, {"Mi", 0, 2},
    {"Gi", 0, 3}, {"Ti", 0, 4}, {"Pi", 0, 5}, {"Ei", 0, 6},
};

/* Read "12.5" as 125 with one place. Digits past what 128 bits hold are refused. */
static const char *digits_read(const char *s, unsigned __int128 *ret, int *ret_places)
{
    unsigned __int128 n = 0;
    int places = 0, seen = 0;
    bool dot = false;

    for (; (*s >= '0' && *s <= '9') || (*s == '.' && !dot); s++) {
        if (*s == '.') {
            dot = true;
            continue;
        }
        if (++seen > 27) /* 10^27 x 1024^6 stays below 2^128 only after scaling: refuse early */
            return NULL;
        n = n * 10 + (unsigned)(*s - '0');
        places += dot;
    }
    if (seen == 0)
        return NULL;
    *ret = n;
    *ret_places = places;
    return s;
}

static bool suffix_read(const char *s, struct suffix *ret)
{
    uint64_t n;

    for (size_t i = 0; i < DC_LEN(suffixes); i++) {
        if (strcmp(s, suffixes[i].text) == 0) {
            *ret = suffixes[i];
            return true;
        }
    }
    if (*s != 'e' && *s != 'E')
        return false;
    bool negative = s[1] == '-';
    s += 1 + (s[1] == '-' || s[1] == '+');
    if (!dc_parse_u64(s, &n) || n > 18)
        return false;
    *ret = (struct suffix){"", negative ? -(int)n : (int)n, 0};
    return true;
}

bool dc_parse_quantity(const char *s, uint64_t *ret)
{
    const unsigned __int128 limit = INT64_MAX;
    unsigned __int128 n;
    struct suffix suffix;
    int places;
    bool inexact = false;

    if (*s == '+')
        s++;
    s = digits_read(s, &n, &places);
    if (!s || !suffix_read(s, &suffix))
        return false;

    for (int i = 0; i < suffix.power; i++) {
        if (n > limit * limit / 1024)
            return false;
        n *= 1024;
    }
    int exponent = suffix.exponent - places;
    for (; exponent > 0; exponent--) {
        if (n > limit)
            return false;
        n *= 10;
    }
    for (; exponent < 0; exponent++) {
        inexact = inexact || n % 10 != 0;
        n /= 10;
    }
    n += inexact;
    if (n > limit)
        return false;
    *ret = (uint64_t)n;
    return true;
}
