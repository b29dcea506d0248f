// SPDX-License-Identifier: Apache-2.0
/*
 * kube/yaml_tree.c - events of libyaml, one by one, into a JSON tree.
 *
 * Everything that makes YAML dangerous or surprising is refused, with its line: aliases (the
 * bombs), tags, merge keys by way of aliases, two documents, duplicate keys.
 */
#include "kube/yaml_tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/json.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "kube/file.h"

struct loader {
    yaml_parser_t parser;
    json_t *open[DC_YAML_MAX_DEPTH]; /* owned; the collections around the next event       */
    char *key[DC_YAML_MAX_DEPTH];    /* owned; of a mapping: the key that waits for a value */
    int depth;
    int nodes, documents;
    json_t *root; /* owned; the finished document */
};

static void loader_done(struct loader *l)
{
    for (int i = 0; i < l->depth; i++) {
        json_decref(l->open[i]);
        free(l->key[i]);
    }
    json_decref(l->root);
    yaml_parser_delete(&l->parser);
}

static int fail_at(const yaml_mark_t *mark, struct dc_err *err, const char *what)
{
    return dc_fail(err, DC_BAD_INPUT, 0, "line %zu: %s", mark->line + 1, what);
}

static bool one_of(const char *s, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(s, *words) == 0)
            return true;
    }
    return false;
}

/* [-+]? [0-9]+, and for floats a '.', digits or an exponent. YAML 1.2.2 section 10.3.2. */
static bool looks_integer(const char *s)
{
    s += *s == '-' || *s == '+';
    return *s && s[strspn(s, "0123456789")] == '\0';
}

static bool looks_float(const char *s)
{
    s += *s == '-' || *s == '+';
    size_t whole = strspn(s, "0123456789");
    s += whole;
    size_t part = *s == '.' ? strspn(s + 1, "0123456789") : 0;
    s += *s == '.' ? part + 1 : 0;
    if (whole + part == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        return looks_integer(s) && *s != '-' && *s != '+';
    }
    return *s == '\0';
}

/* An unquoted scalar, by the core schema; octal and hexadecimal numbers stay strings. */
static int plain_scalar(const yaml_event_t *ev, json_t **ret, struct dc_err *err)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"true", "True", "TRUE", NULL};
    static const char *const falses[] = {"false", "False", "FALSE", NULL};
    const char *s = (const char *)ev->data.scalar.value;

    if (one_of(s, nulls)) {
        *ret = json_null();
    } else if (one_of(s, trues) || one_of(s, falses)) {
        *ret = json_boolean(one_of(s, trues));
    } else if (looks_integer(s)) {
        errno = 0;
        long long n = strtoll(s, NULL, 10);
        if (errno == ERANGE)
            return fail_at(&ev->start_mark, err,
                           "number above 64 bits; quote it if it is a text");
        *ret = json_integer(n);
    } else if (looks_float(s)) {
        *ret = json_real(strtod(s, NULL)); /* NULL for what no double holds */
    } else {
        *ret = json_string(s);
    }
    return 0;
}

static int scalar(const yaml_event_t *ev, json_t **ret, struct dc_err *err)
{
    const char *s = (const char *)ev->data.scalar.value;
    json_t *v = NULL;

    if (memchr(s, 0, ev->data.scalar.length))
        return fail_at(&ev->start_mark, err, "NUL character");
    if (ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        v = json_string(s);
    else if (plain_scalar(ev, &v, err) != 0)
        return -1;
    if (!v)
        return fail_at(&ev->start_mark, err, "number out of range, or out of memory");
    *ret = v;
    return 0;
}

/* A scalar where a mapping waits for a key. */
static int take_key(struct loader *l, const yaml_event_t *ev, struct dc_err *err)
{
    const char *s = (const char *)ev->data.scalar.value;
    int top = l->depth - 1;

    if (memchr(s, 0, ev->data.scalar.length))
        return fail_at(&ev->start_mark, err, "NUL character");
    if (json_object_get(l->open[top], s))
        return dc_fail(err, DC_BAD_INPUT, 0, "line %zu: key \"%.64s\" stands here twice",
                       ev->start_mark.line + 1, s);
    l->key[top] = strdup(s);
    if (!l->key[top])
        return dc_fail(err, DC_NO_MEMORY, 0, "YAML");
    return 0;
}

static bool wants_key(const struct loader *l)
{
    return l->depth > 0 && json_is_object(l->open[l->depth - 1]) && !l->key[l->depth - 1];
}

/* Put a finished value where it belongs. Steals v. */
static int place(struct loader *l, json_t *v, struct dc_err *err)
{
    int top = l->depth - 1, rc = 0;

    if (top < 0) {
        l->root = v;
        return 0;
    }
    if (json_is_array(l->open[top])) {
        rc = json_array_append_new(l->open[top], v);
    } else {
        rc = json_object_set_new(l->open[top], l->key[top], v);
        free(dc_steal(l->key[top]));
    }
    return rc == 0 ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "YAML");
}

static int begin(struct loader *l, json_t *v, const yaml_event_t *ev, struct dc_err *err)
{
    if (!v)
        return dc_fail(err, DC_NO_MEMORY, 0, "YAML");
    if (wants_key(l) || l->depth == DC_YAML_MAX_DEPTH) {
        json_decref(v);
        return fail_at(&ev->start_mark, err,
                       l->depth == DC_YAML_MAX_DEPTH ? "nested too deeply"
                                                     : "a key must be a plain text");
    }
    l->open[l->depth] = v;
    l->key[l->depth] = NULL;
    l->depth++;
    return 0;
}

static int check_event(struct loader *l, const yaml_event_t *ev, const yaml_char_t *anchor,
                       const yaml_char_t *tag, struct dc_err *err)
{
    if (anchor)
        return fail_at(&ev->start_mark, err, "anchors (&) are not supported; repeat the value");
    if (tag)
        return fail_at(&ev->start_mark, err, "tags (!) are not supported");
    if (++l->nodes > DC_YAML_MAX_NODES)
        return fail_at(&ev->start_mark, err, "too many values");
    return 0;
}

static int take_scalar(struct loader *l, const yaml_event_t *ev, struct dc_err *err)
{
    json_t *v = NULL;

    if (check_event(l, ev, ev->data.scalar.anchor, ev->data.scalar.tag, err) != 0)
        return -1;
    if (wants_key(l))
        return take_key(l, ev, err);
    if (scalar(ev, &v, err) != 0)
        return -1;
    return place(l, v, err);
}

static int take_event(struct loader *l, const yaml_event_t *ev, struct dc_err *err)
{
    switch (ev->type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    case YAML_DOCUMENT_START_EVENT:
        return l->documents++ == 0 ? 0 : fail_at(&ev->start_mark, err, "a second document");
    case YAML_ALIAS_EVENT:
        return fail_at(&ev->start_mark, err, "aliases (*) are not supported; repeat the value");
    case YAML_SCALAR_EVENT:
        return take_scalar(l, ev, err);
    case YAML_SEQUENCE_START_EVENT:
        if (check_event(l, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag,
                        err) != 0)
            return -1;
        return begin(l, json_array(), ev, err);
    case YAML_MAPPING_START_EVENT:
        if (check_event(l, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag,
                        err) != 0)
            return -1;
        return begin(l, json_object(), ev, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        l->depth--;
        return place(l, dc_steal(l->open[l->depth]), err);
    }
    return 0;
}

static int load(struct loader *l, struct dc_err *err)
{
    for (bool end = false; !end;) {
        yaml_event_t ev;

        if (!yaml_parser_parse(&l->parser, &ev))
            return dc_fail(err, DC_BAD_INPUT, 0, "line %zu: %s",
                           l->parser.problem_mark.line + 1,
                           l->parser.problem ? l->parser.problem : "not YAML");
        end = ev.type == YAML_STREAM_END_EVENT;
        int rc = take_event(l, &ev, err);
        yaml_event_delete(&ev);
        if (rc != 0)
            return -1;
    }
    return 0;
}

int dc_yaml_parse(const char *text, size_t len, json_t **ret, struct dc_err *err)
{
    DC_AUTO(loader_done) struct loader l = {0};

    if (len > DC_YAML_MAX_BYTES)
        return dc_fail(err, DC_BAD_INPUT, 0, "more than %d bytes of YAML", DC_YAML_MAX_BYTES);
    if (!yaml_parser_initialize(&l.parser))
        return dc_fail(err, DC_NO_MEMORY, 0, "YAML");
    yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, len);
    if (load(&l, err) != 0)
        return -1;
    *ret = l.root ? dc_steal(l.root) : json_null();
    return 0;
}

int dc_yaml_file(const char *path, json_t **ret, struct dc_err *err)
{
    dc_autofree char *text = NULL;
    size_t len = 0;

    if (dc_kube_file_read(path, DC_YAML_MAX_BYTES, &text, &len, err) != 0)
        return -1;
    int rc = dc_yaml_parse(text, len, ret, err);
    explicit_bzero(text, len);
    return rc == 0 ? 0 : dc_wrap(err, "%s", path);
}
