// SPDX-License-Identifier: Apache-2.0
/*
 * base/json.h - reading JSON that somebody else wrote, over jansson.
 *
 * Getters take a dotted path ("spec.claimRef.uid") and never fail: what is absent or of another
 * type answers NULL, 0 or false. A path component may not contain a dot: use dc_json_at() with
 * the keys one by one for labels and annotations. Strings with an embedded NUL answer NULL.
 */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decant/cleanup.h"
#include "decant/err.h"

static inline void dc_json_free_at(json_t **j)
{
    json_decref(*j);
}
/* A local that drops its reference at scope end (json_decref accepts NULL). */
#define dc_autojson DC_AUTO(dc_json_free_at)

/* Parse one whole document of at most len bytes. *ret is a new reference. DC_CORRUPT. */
int dc_json_parse(const char *text, size_t len, json_t **ret, struct dc_err *err);
/* Compact text from malloc, or NULL when out of memory. */
char *dc_json_text(const json_t *j);

/* Borrowed from j. */
json_t *dc_json_at(const json_t *j, const char *path);
const char *dc_json_str(const json_t *j, const char *path);
int64_t dc_json_int(const json_t *j, const char *path);
bool dc_json_bool(const json_t *j, const char *path);
/* dc_json_str() that answers "" instead of NULL. */
const char *dc_json_text_or_empty(const json_t *j, const char *path);

/* metadata.annotations[key] and metadata.labels[key] of a Kubernetes object; NULL when absent. */
const char *dc_json_annotation(const json_t *object, const char *key);
const char *dc_json_label(const json_t *object, const char *key);
