// SPDX-License-Identifier: Apache-2.0
/* base/num.c - numbers: zero detection, decimal parsing, sizes for people. */
#include "base/num.h"

#include <stdio.h>
#include <string.h>

bool dc_all_zero(const void *p, size_t len)
{
    const uint8_t *b = p;

    /* memcmp against itself shifted by one: glibc's vector code does the work. */
    return len == 0 || (b[0] == 0 && memcmp(b, b + 1, len - 1) == 0);
}

bool dc_parse_u64(const char *s, uint64_t *ret)
{
    uint64_t n = 0;

    if (*s == '\0')
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || !dc_mul(n, 10, &n) || !dc_add(n, (uint64_t)(*s - '0'), &n))
            return false;
    }
    *ret = n;
    return true;
}

const char *dc_size_text(uint64_t bytes, char ret[DC_SIZE_TEXT])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    if (bytes < DC_KIB) {
        (void)snprintf(ret, DC_SIZE_TEXT, "%u bytes", (unsigned)bytes);
        return ret;
    }
    double n = (double)bytes / 1024;
    size_t unit = 0;
    while (n >= 1024 && unit + 1 < DC_LEN(units)) {
        n /= 1024;
        unit++;
    }
    (void)snprintf(ret, DC_SIZE_TEXT, n < 10 ? "%.2f %s" : "%.1f %s", n, units[unit]);
    return ret;
}
