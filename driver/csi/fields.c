// SPDX-License-Identifier: Apache-2.0
/* csi/fields.c - what a CSI request's fields may hold: required, sizes, characters. */
#include "csi/fields.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "proto/msg.h"

int dc_field_text(const char *field, const char *value, struct dc_err *err)
{
    size_t len = value ? strlen(value) : 0;

    if (len == 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is missing", field);
    if (len > DC_CSI_TEXT_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s has %zu bytes, at most %d are allowed", field,
                       len, DC_CSI_TEXT_MAX);
    return 0;
}

/* U+0000-0008, 000B, 000C, 000E-001F, 007F-009F. The last 32 are C2 80..C2 9F in UTF-8. */
static bool is_control(const unsigned char *at)
{
    if (at[0] < 0x20)
        return at[0] != '\t' && at[0] != '\n' && at[0] != '\r';
    return at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f);
}

int dc_field_name(const char *field, const char *value, struct dc_err *err)
{
    if (dc_field_text(field, value, err) != 0)
        return -1;
    for (const unsigned char *at = (const unsigned char *)value; *at; at++)
        if (is_control(at))
            return dc_fail(err, DC_BAD_INPUT, 0, "%s has a control character at byte %td",
                           field, (const char *)at - value);
    return 0;
}

static bool has_dotdot(const char *path)
{
    for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
        if (at[3] == '/' || at[3] == '\0')
            return true;
    return false;
}

int dc_field_path(const char *field, const char *value, struct dc_err *err)
{
    size_t len = value ? strlen(value) : 0;

    if (len == 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is missing", field);
    if (len >= PATH_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s has %zu bytes, at most %d are allowed", field,
                       len, PATH_MAX - 1);
    if (value[0] != '/' || has_dotdot(value))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "%s is '%.200s', expected an absolute path without '..'", field, value);
    return 0;
}

int dc_field_map(const char *field, size_t n, const void *entries, struct dc_err *err)
{
    const struct dc_msg_entry *const *e = entries;
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(e[i]->key) + strlen(e[i]->value);
    if (bytes > DC_CSI_MAP_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s holds %zu bytes, at most %d are allowed",
                       field, bytes, DC_CSI_MAP_MAX);
    return 0;
}

int dc_field_list(const char *field, size_t n, char *const *items, struct dc_err *err)
{
    size_t bytes = 0;

    for (size_t i = 0; i < n; i++)
        bytes += strlen(items[i]);
    if (bytes > DC_CSI_MAP_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s holds %zu bytes, at most %d are allowed",
                       field, bytes, DC_CSI_MAP_MAX);
    return 0;
}
