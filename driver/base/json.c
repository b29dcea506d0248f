// SPDX-License-Identifier: Apache-2.0
/* base/json.c - reading JSON that somebody else wrote, over jansson. */
#include "base/json.h"

#include <string.h>

int dc_json_parse(const char *text, size_t len, json_t **ret, struct dc_err *err)
{
    json_error_t why;
    /* One annotation with an escaped NUL must not make a whole list unreadable. */
    json_t *j = json_loadb(text, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why);

    if (!j)
        return dc_fail(err, DC_CORRUPT, 0, "not valid JSON, line %d: %s", why.line, why.text);
    *ret = j;
    return 0;
}

char *dc_json_text(const json_t *j)
{
    return json_dumps(j, JSON_COMPACT);
}

json_t *dc_json_at(const json_t *j, const char *path)
{
    while (j && *path) {
        size_t len = strcspn(path, ".");

        j = json_object_getn(j, path, len);
        path += len + (path[len] == '.');
    }
    return (json_t *)j;
}

const char *dc_json_str(const json_t *j, const char *path)
{
    const json_t *v = dc_json_at(j, path);
    const char *s = json_string_value(v);

    return s && strlen(s) == json_string_length(v) ? s : NULL;
}

int64_t dc_json_int(const json_t *j, const char *path)
{
    return json_integer_value(dc_json_at(j, path));
}

bool dc_json_bool(const json_t *j, const char *path)
{
    return json_is_true(dc_json_at(j, path));
}

const char *dc_json_text_or_empty(const json_t *j, const char *path)
{
    const char *s = dc_json_str(j, path);

    return s ? s : "";
}

static const char *metadata_of(const json_t *object, const char *map, const char *key)
{
    const json_t *v = json_object_get(dc_json_at(object, map), key);
    const char *s = json_string_value(v);

    return s && strlen(s) == json_string_length(v) ? s : NULL;
}

const char *dc_json_annotation(const json_t *object, const char *key)
{
    return metadata_of(object, "metadata.annotations", key);
}

const char *dc_json_label(const json_t *object, const char *key)
{
    return metadata_of(object, "metadata.labels", key);
}
