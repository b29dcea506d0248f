// SPDX-License-Identifier: Apache-2.0
/* decant/log.h - one logging call, with fields: level=info room=fill msg="..." key=value */
#pragma once
#include "decant/err.h"

enum dc_log_level { DC_LOG_DEBUG, DC_LOG_INFO, DC_LOG_WARN, DC_LOG_ERROR };

/* A field of a log line. Values are quoted and escaped when they need to be. */
struct dc_field {
    const char *key;   /* a plain word; NULL ends a list */
    const char *value; /* NULL is written as "-"; never a secret: nothing is redacted */
};

/*
 * Write one line to standard error: time, level, room, msg, fields. Whole lines: one write(2)
 * each, cut at 4 KiB. Any thread.
 *
 *     dc_log(DC_LOG_INFO, "fill", "volume filled", {"fill", id}, {"bytes", n});
 */
#define dc_log(level, room, msg, ...)     \
    dc_log_fields((level), (room), (msg), \
                  (const struct dc_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, NULL}})
void dc_log_fields(enum dc_log_level level, const char *room, const char *msg,
                   const struct dc_field *fields);

/* A debug line, printf style. Free when the threshold is above DEBUG. */
#define dc_debug(room, ...)                     \
    do {                                        \
        if (dc_log_threshold() <= DC_LOG_DEBUG) \
            dc_debug_line((room), __VA_ARGS__); \
    } while (0)
void dc_debug_line(const char *room, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Log a failure with its kind and place, once, by whoever owns the job, RPC or reconcile. */
void dc_log_err(enum dc_log_level level, const char *room, const char *msg,
                const struct dc_err *err, const struct dc_field *fields);

/* Lines below the threshold are dropped. Starts at INFO. Any thread. */
void dc_log_set_threshold(enum dc_log_level level);
enum dc_log_level dc_log_threshold(void);
/* "debug", "info", "warn", "error" -> level; -1 for anything else. */
int dc_log_level_parse(const char *name);
