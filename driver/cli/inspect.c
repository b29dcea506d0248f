// SPDX-License-Identifier: Apache-2.0
/* cli/inspect.c - decant inspect: a look at the first bytes of a source. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/places.h"
#include "cli/report.h"
#include "cli/stop.h"

struct inspect {
    struct dc_loop *loop;
    struct cli_stop *stop;
    struct dc_probe *probe; /* NULL: not started, or ended */
    struct dc_source_info info;
    struct dc_err err;
};

static void on_done(void *arg, const struct dc_source_info *info, const struct dc_err *err)
{
    struct inspect *i = arg;

    i->probe = NULL;
    i->info = *info;
    i->err = *err;
    dc_loop_stop(i->loop);
}

static void on_stop(void *arg)
{
    struct inspect *i = arg;

    if (!i->probe)
        return;
    dc_probe_cancel(i->probe);
    i->probe = NULL;
    (void)dc_fail(&i->err, DC_CANCELLED, 0, "interrupted");
    dc_loop_stop(i->loop);
}

static void inspect_run(struct inspect *i, const struct dc_source_spec *spec)
{
    const struct dc_probe_events ev = {.done = on_done, .arg = i};
    struct dc_err err = {0};

    if (dc_loop_new(&i->loop, &err) != 0 ||
        cli_stop_start(i->loop, on_stop, i, "\ndecant: interrupted\n", &i->stop, &err) != 0 ||
        dc_probe_start(i->loop, spec, &ev, &i->probe, &err) != 0 ||
        dc_loop_run(i->loop, &err) != 0)
        i->err = err;
    cli_stop_end(i->stop);
    dc_loop_free(i->loop);
}

enum cli_exit cli_inspect(const struct cli_settings *s)
{
    struct cli_source source;
    struct inspect i = {0};
    struct dc_err err = {0};

    if (cli_source_take(s, &source, &err) != 0) {
        fprintf(stderr, "decant inspect: %s\n", err.msg);
        return err.kind == DC_BAD_INPUT ? CLI_USAGE : cli_exit_of(&err, "");
    }
    inspect_run(&i, &source.spec);
    enum cli_exit code = cli_exit_of(&i.err, i.info.format);
    if (!cli_report_inspect(source.name, &i.info, &i.err, code, (enum cli_output)s->output) &&
        code == CLI_OK)
        code = CLI_INTERNAL;
    cli_source_done(&source);
    return code;
}
