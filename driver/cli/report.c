// SPDX-License-Identifier: Apache-2.0
/* cli/report.c - what standard output tells at the end. */
#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/num.h"

struct cli_bytes cli_bytes_of(const struct dc_fill_progress *p, bool device)
{
    bool padded = !device && p->image > 0;
    struct cli_bytes b = {.durable = padded ? DC_MIN(p->durable, p->image) : p->durable};

    b.zero = DC_MIN(p->zero, b.durable);
    b.data = b.durable - b.zero;
    return b;
}

static bool print_json(json_t *made)
{
    dc_autojson json_t *j = made;
    dc_autofree char *text = j ? dc_json_text(j) : NULL;

    return text && printf("%s\n", text) >= 0 && fflush(stdout) == 0;
}

static json_t *text_or_null(const char *text)
{
    return text[0] ? json_string(text) : json_null();
}

static json_t *number_or_null(uint64_t n)
{
    return n > 0 ? json_integer((json_int_t)n) : json_null();
}

static json_t *error_json(const struct dc_err *err)
{
    if (err->kind == DC_OK)
        return json_null();
    return json_pack("{s:s, s:s}", "kind", dc_err_name(err->kind), "message", err->msg);
}

static json_t *copy_json(const struct cli_result *r, const struct cli_bytes *b)
{
    const struct dc_fill_progress *p = &r->progress;

    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:I, s:b, s:o}", "result",
        cli_exit_name(r->code), "source", r->source, "target", r->target, "format",
        text_or_null(p->format), "image", number_or_null(p->image), "pulled",
        (json_int_t)p->pulled, "data", (json_int_t)b->data, "zero", (json_int_t)b->zero,
        "durable", (json_int_t)b->durable, "seconds", r->seconds, "digest",
        text_or_null(p->digest), "validator", text_or_null(p->validator), "retries",
        (json_int_t)p->retries, "incomplete", r->code != CLI_OK && p->touched, "error",
        error_json(&r->err));
}

static bool copy_text(const struct cli_result *r, const struct cli_bytes *b)
{
    char pulled[DC_SIZE_TEXT], data[DC_SIZE_TEXT], zero[DC_SIZE_TEXT], rate[DC_SIZE_TEXT];
    const struct dc_fill_progress *p = &r->progress;
    double per_s = (double)b->durable / (r->seconds > 0.001 ? r->seconds : 0.001);

    printf("%s is complete and flushed\n"
           "  source  %s (%s), %s read, %" PRIu32 " retries\n"
           "  digest  %s\n",
           r->target, r->source, p->format, dc_size_text(p->pulled, pulled), p->retries,
           p->digest);
    printf("  target  %s data, %s zeros\n"
           "  time    %.1f s, %s/s\n",
           dc_size_text(b->data, data), dc_size_text(b->zero, zero), r->seconds,
           dc_size_text((uint64_t)per_s, rate));
    return fflush(stdout) == 0 && !ferror(stdout);
}

static void copy_complain(const struct cli_result *r)
{
    fprintf(stderr, "decant: %s\n", r->err.kind == DC_CANCELLED ? "interrupted" : r->err.msg);
    if (r->progress.touched)
        fprintf(stderr, "decant: the target %s is incomplete; do not use it\n", r->target);
    else
        fprintf(stderr, "decant: the target %s was not changed\n", r->target);
}

bool cli_report_copy(const struct cli_result *r, bool device, enum cli_output output)
{
    struct cli_bytes b = cli_bytes_of(&r->progress, device);

    if (r->code != CLI_OK)
        copy_complain(r);
    if (output == CLI_OUTPUT_JSON)
        return print_json(copy_json(r, &b));
    return r->code != CLI_OK || copy_text(r, &b);
}

/* --- inspect --- */

static json_t *inspect_json(const char *source, const struct dc_source_info *info,
                            const struct dc_err *err, enum cli_exit code)
{
    json_t *j = json_pack(
        "{s:s, s:s, s:o, s:o}", "result", cli_exit_name(code), "source", source, "refused",
        code == CLI_IMAGE ? json_string(err->msg) : json_null(), "error", error_json(err));

    if (j && info &&
        (json_object_set_new(j, "format", json_string(info->format)) != 0 ||
         json_object_set_new(j, "served_bytes", number_or_null(info->served_bytes)) != 0 ||
         json_object_set_new(j, "virtual_bytes", number_or_null(info->virtual_bytes)) != 0 ||
         json_object_set_new(j, "seekable", json_boolean(info->seekable)) != 0 ||
         json_object_set_new(j, "validator", text_or_null(info->validator)) != 0)) {
        json_decref(j);
        return NULL;
    }
    return j;
}

static const char *size_line(uint64_t bytes, char ret[DC_SIZE_TEXT + 32])
{
    char text[DC_SIZE_TEXT];

    (void)snprintf(ret, DC_SIZE_TEXT + 32, "not known");
    if (bytes > 0)
        (void)snprintf(ret, DC_SIZE_TEXT + 32, "%" PRIu64 " (%s)", bytes,
                       dc_size_text(bytes, text));
    return ret;
}

static bool inspect_text(const char *source, const struct dc_source_info *info,
                         const struct dc_err *err)
{
    char served[DC_SIZE_TEXT + 32], image[DC_SIZE_TEXT + 32];

    printf("source        %s\n"
           "format        %s\n"
           "served size   %s\n"
           "virtual size  %s\n",
           source, info->format, size_line(info->served_bytes, served),
           size_line(info->virtual_bytes, image));
    printf("seekable      %s\n"
           "validator     %s\n"
           "refused       %s\n",
           info->seekable ? "yes" : "no", info->validator[0] ? info->validator : "none",
           err->kind == DC_OK ? "no" : err->msg);
    return fflush(stdout) == 0 && !ferror(stdout);
}

bool cli_report_inspect(const char *source, const struct dc_source_info *info,
                        const struct dc_err *err, enum cli_exit code, enum cli_output output)
{
    if (!info || !info->format[0])
        info = NULL;
    if (err->kind != DC_OK && !(info && code == CLI_IMAGE))
        fprintf(stderr, "decant: %s\n", err->kind == DC_CANCELLED ? "interrupted" : err->msg);
    if (output == CLI_OUTPUT_JSON)
        return print_json(inspect_json(source, info, err, code));
    return !info || inspect_text(source, info, err);
}
