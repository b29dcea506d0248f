// SPDX-License-Identifier: Apache-2.0
/* base/log.c - one logging call, with fields: level=info room=fill msg="..." key=value */
#include "decant/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 4096

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* The one global: a threshold, read on every line from any thread. */
static _Atomic int threshold = DC_LOG_INFO;

struct line {
    size_t len;
    char text[LINE_MAX_BYTES];
};

static void line_add(struct line *l, const char *s, size_t len)
{
    size_t room = sizeof l->text - 1 - l->len; /* one kept for the newline */

    if (len > room)
        len = room;
    memcpy(l->text + l->len, s, len);
    l->len += len;
}

static void line_adds(struct line *l, const char *s)
{
    line_add(l, s, strlen(s));
}

static bool is_plain(const char *s)
{
    if (*s == '\0')
        return false;
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return true;
}

static void line_add_value(struct line *l, const char *s)
{
    if (!s)
        s = "-";
    if (is_plain(s)) {
        line_adds(l, s);
        return;
    }
    line_adds(l, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        char esc[8];

        if (c == '"' || c == '\\')
            (void)snprintf(esc, sizeof esc, "\\%c", c);
        else if (c == '\n')
            (void)snprintf(esc, sizeof esc, "\\n");
        else if (c < ' ' || c == 0x7f)
            (void)snprintf(esc, sizeof esc, "\\x%02x", c);
        else
            (void)snprintf(esc, sizeof esc, "%c", c);
        line_adds(l, esc);
    }
    line_adds(l, "\"");
}

static void line_add_field(struct line *l, const char *key, const char *value)
{
    line_adds(l, " ");
    line_adds(l, key);
    line_adds(l, "=");
    line_add_value(l, value);
}

static void line_begin(struct line *l, enum dc_log_level level, const char *room,
                       const char *msg, const struct dc_field *fields)
{
    char when[DC_RFC3339_SIZE];

    l->len = 0;
    dc_clock_rfc3339(dc_clock_wall_ms(), true, when);
    line_adds(l, "time=");
    line_adds(l, when);
    line_add_field(l, "level", level_names[level]);
    line_add_field(l, "room", room);
    line_add_field(l, "msg", msg);
    for (; fields && fields->key; fields++)
        line_add_field(l, fields->key, fields->value);
}

static void line_end(struct line *l)
{
    l->text[l->len++] = '\n';
    /* Nowhere to tell that the log itself cannot be written. */
    ssize_t ignored = write(STDERR_FILENO, l->text, l->len);
    (void)ignored;
}

void dc_log_fields(enum dc_log_level level, const char *room, const char *msg,
                   const struct dc_field *fields)
{
    struct line l;

    if (level < dc_log_threshold())
        return;
    line_begin(&l, level, room, msg, fields);
    line_end(&l);
}

void dc_log_err(enum dc_log_level level, const char *room, const char *msg,
                const struct dc_err *err, const struct dc_field *fields)
{
    struct line l;

    if (level < dc_log_threshold())
        return;
    line_begin(&l, level, room, msg, fields);
    line_add_field(&l, "kind", dc_err_name(err->kind));
    line_add_field(&l, "at", err->at);
    line_add_field(&l, "error", err->msg);
    line_end(&l);
}

void dc_debug_line(const char *room, const char *fmt, ...)
{
    char msg[1024];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    dc_log_fields(DC_LOG_DEBUG, room, msg, NULL);
}

void dc_log_set_threshold(enum dc_log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

enum dc_log_level dc_log_threshold(void)
{
    return (enum dc_log_level)atomic_load_explicit(&threshold, memory_order_relaxed);
}

int dc_log_level_parse(const char *name)
{
    for (int i = 0; i < (int)(sizeof level_names / sizeof level_names[0]); i++) {
        if (strcmp(level_names[i], name) == 0)
            return i;
    }
    return -1;
}
