// SPDX-License-Identifier: Apache-2.0
/* cli/copy.c - decant copy: one fill, watched. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/places.h"
#include "cli/report.h"
#include "cli/stop.h"

struct copy {
    const struct cli_settings *s;
    struct cli_source source;
    struct cli_target target;
    struct dc_loop *loop;
    struct cli_stop *stop;
    struct dc_fill *fill; /* NULL: not started, or ended */
    struct cli_display display;
    struct cli_result result;
    char last_words[512];
};

static void on_progress(void *arg, const struct dc_fill_progress *progress)
{
    struct copy *c = arg;

    cli_display_take(&c->display, progress);
}

static void on_done(void *arg, const struct dc_fill_progress *progress,
                    const struct dc_err *err)
{
    struct copy *c = arg;

    c->fill = NULL;
    c->result.progress = *progress;
    c->result.err = *err;
    c->result.code = cli_exit_of(err, progress->format);
    cli_display_take(&c->display, progress);
    dc_loop_stop(c->loop);
}

static void on_stop(void *arg)
{
    struct copy *c = arg;

    if (c->fill)
        dc_fill_cancel(c->fill);
}

static int copy_start(struct copy *c, struct dc_err *err)
{
    const struct dc_fill_spec spec = {.id = "copy",
                                      .source = c->source.spec,
                                      .target = c->target.kind,
                                      .target_path = c->target.path,
                                      .file_bytes = c->s->size,
                                      .max_bytes = c->s->size,
                                      .checksum = c->s->checksum,
                                      .memory_bytes = c->s->memory};
    const struct dc_fill_events ev = {.progress = on_progress, .done = on_done, .arg = c};

    (void)snprintf(c->last_words, sizeof c->last_words,
                   "\ndecant: interrupted\ndecant: the target %.400s is incomplete; do not use "
                   "it\n",
                   c->s->target);
    if (dc_loop_new(&c->loop, err) != 0 ||
        cli_stop_start(c->loop, on_stop, c, c->last_words, &c->stop, err) != 0)
        return -1;
    return dc_fill_start(c->loop, &spec, &ev, &c->fill, err);
}

static void copy_run(struct copy *c)
{
    uint64_t begin = dc_clock_ns();
    struct dc_err err = {0};

    c->result.source = c->source.name;
    c->result.target = c->s->target;
    if (copy_start(c, &err) == 0) {
        cli_display_open(&c->display, c->loop, (enum cli_progress)c->s->progress);
        int rc = dc_loop_run(c->loop, &err);
        if (rc == 0)
            cli_display_close(&c->display, c->result.code == CLI_OK);
    }
    if (err.kind != DC_OK) {
        c->result.err = err;
        c->result.code = cli_exit_of(&err, "");
    }
    cli_stop_end(c->stop);
    dc_loop_free(c->loop);
    c->result.seconds = (double)(dc_clock_ns() - begin) / (double)DC_NS_PER_S;
}

/* What the command line alone can be wrong about. */
static int copy_prepare(struct copy *c, struct dc_err *err)
{
    char checksum[DC_DIGEST_TEXT];

    if (c->s->checksum && dc_checksum_parse(c->s->checksum, checksum, err) != 0)
        return dc_wrap(err, "--checksum");
    if (cli_source_take(c->s, &c->source, err) != 0)
        return -1;
    return cli_target_take(c->s, &c->source, &c->target, err);
}

enum cli_exit cli_copy(const struct cli_settings *s)
{
    struct copy c = {.s = s};
    struct dc_err err = {0};
    enum cli_exit code;

    if (copy_prepare(&c, &err) == 0) {
        copy_run(&c);
        code = c.result.code;
        if (!cli_report_copy(&c.result, c.target.kind == DC_TARGET_DEVICE,
                             (enum cli_output)s->output) &&
            code == CLI_OK)
            code = CLI_INTERNAL;
    } else {
        fprintf(stderr, "decant copy: %s\n", err.msg);
        code = err.kind == DC_BAD_INPUT ? CLI_USAGE : cli_exit_of(&err, "");
    }
    cli_source_done(&c.source);
    cli_target_done(&c.target);
    return code;
}
