// SPDX-License-Identifier: Apache-2.0
/* control/status_text.c - a Population's status. Field names: deploy/crds/populations.yaml. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/num.h"
#include "control/status.h"

static bool is_over(const struct dc_status_fields *f)
{
    return f->tell->phase == DC_PHASE_Succeeded || f->tell->phase == DC_PHASE_Rebinding;
}

/*
 * What is not known takes the field off (null in a merge patch), except at the end: a controller
 * that was started again does not know what the one before has written.
 */
static void put(json_t *status, const struct dc_status_fields *f, const char *key,
                json_t *value)
{
    if (!value && is_over(f))
        return;
    (void)json_object_set_new(status, key, value ? value : json_null());
}

static json_t *text(const char *s)
{
    return s[0] ? json_string(s) : NULL;
}

static json_t *progress(const struct dc_status_fields *f)
{
    uint64_t total = f->fill->total_bytes, done = f->fill->durable_bytes;

    if (total == 0) { /* a compressed image: only what is served has a known size */
        total = f->fill->served_bytes;
        done = f->fill->pulled_bytes;
    }
    if (is_over(f))
        return json_string("100.00%");
    if (f->tell->phase != DC_PHASE_Filling || total == 0)
        return NULL;
    /* 100 % is said by those who have verified it. */
    double percent = 100.0 * (double)DC_MIN(done, total) / (double)total;
    return json_sprintf("%.2f%%", DC_MIN(percent, 99.99));
}

static json_t *rate(const struct dc_status_fields *f)
{
    char size[DC_SIZE_TEXT];

    if (f->tell->phase != DC_PHASE_Filling || f->fill->rate == 0)
        return NULL;
    return json_sprintf("%s/s", dc_size_text(f->fill->rate, size));
}

static json_t *number(uint64_t n)
{
    return n > 0 && n <= INT64_MAX ? json_integer((json_int_t)n) : NULL;
}

json_t *dc_status_make(const struct dc_status_fields *f)
{
    const char *done = f->tell->phase == DC_PHASE_Succeeded ? "True" : "False";
    json_t *status =
        json_pack("{ss s[{ss ss ss ss ss}]}", "phase", dc_phase_name(f->tell->phase),
                  "conditions", "type", "Populated", "status", done, "reason", f->tell->reason,
                  "message", f->tell->message, "lastTransitionTime", f->since);

    if (!status)
        return NULL;
    put(status, f, "progress", progress(f));
    put(status, f, "bytesDone", number(f->fill->durable_bytes));
    put(status, f, "bytesTotal", number(f->fill->total_bytes));
    put(status, f, "node", text(f->facts.node));
    put(status, f, "attempt", number((uint64_t)f->facts.attempt));
    put(status, f, "digest", text(f->facts.digest));
    /* These two end with the fill, whatever was known. */
    json_t *gone = rate(f);
    (void)json_object_set_new(status, "rate", gone ? gone : json_null());
    gone = text(f->last_error);
    (void)json_object_set_new(status, "lastError", gone ? gone : json_null());
    return status;
}
