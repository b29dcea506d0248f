// SPDX-License-Identifier: Apache-2.0
/* base/name.c - names that others give and that become parts of paths. */
#include "base/name.h"

#include <string.h>

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool dc_csi_name_ok(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > DC_CSI_NAME_MAX || !is_alnum(name[0]) || !is_alnum(name[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_alnum(name[i]) && name[i] != '-' && name[i] != '.')
            return false;
    return true;
}
