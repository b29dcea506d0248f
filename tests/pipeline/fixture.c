// SPDX-License-Identifier: Apache-2.0
/* pipeline/fixture.c - see fixture.h. */
#include "pipeline/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lib/image.h"

/* Nothing that a watcher would see has changed. */
static bool same(const struct dc_fill_progress *a, const struct dc_fill_progress *b)
{
    return a->state == b->state && a->total == b->total && a->pulled == b->pulled &&
           a->written == b->written && a->durable == b->durable && a->retries == b->retries;
}

static void on_progress(void *arg, const struct dc_fill_progress *progress)
{
    struct t_fill *t = arg;

    assert_false(t->ended);
    assert_true(progress->durable <= progress->written);
    assert_true(progress->durable >= t->progress.durable);
    assert_true(t->told == 0 || !same(progress, &t->progress));
    t->progress = *progress;
    t->told++;
}

static void on_done(void *arg, const struct dc_fill_progress *progress,
                    const struct dc_err *err)
{
    struct t_fill *t = arg;

    assert_false(t->ended);
    assert_int_equal(progress->state, DC_FILL_ENDED);
    t->progress = *progress;
    t->err = *err;
    t->ended = true;
}

static int start(struct t_fill *t, const struct dc_fill_spec *spec, struct dc_err *err)
{
    const struct dc_fill_events ev = {.progress = on_progress, .done = on_done, .arg = t};

    *t = (struct t_fill){0};
    if (dc_loop_new(&t->loop, err) != 0)
        return -1;
    if (dc_fill_start(t->loop, spec, &ev, &t->fill, err) == 0)
        return 0;
    dc_loop_free(t->loop);
    t->loop = NULL;
    return -1;
}

void t_fill_start(struct t_fill *t, const struct dc_fill_spec *spec)
{
    struct dc_err err = {0};

    if (start(t, spec, &err) != 0)
        fail_msg("start: %s", err.msg);
}

int t_fill_try(struct t_fill *t, const struct dc_fill_spec *spec, struct dc_err *err)
{
    if (start(t, spec, err) != 0)
        return -1;
    t_fill_wait(t);
    return 0;
}

void t_fill_turn(struct t_fill *t, int ms)
{
    struct dc_err err = {0};

    assert_int_equal(dc_loop_step(t->loop, ms, &err), 0);
}

void t_fill_wait(struct t_fill *t)
{
    uint64_t end = dc_clock_ns() + 20 * DC_NS_PER_S;

    while (!t->ended && dc_clock_ns() < end)
        t_fill_turn(t, 1000);
    assert_true(t->ended);
    dc_loop_free(t->loop);
    t->loop = NULL;
}

void t_fill_run(struct t_fill *t, const struct dc_fill_spec *spec, enum dc_err_kind want)
{
    t_fill_start(t, spec);
    t_fill_wait(t);
    if (t->err.kind != want)
        print_message("ended with %s: %s\n", dc_err_name(t->err.kind), t->err.msg);
    assert_int_equal(t->err.kind, want);
}

int t_place_open(void **state)
{
    struct t_place *p = calloc(1, sizeof *p);

    snprintf(p->dir, sizeof p->dir, "/var/tmp/decant-fill-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->path, sizeof p->path, "%s/disk.img", p->dir);
    p->image = t_image_new(T_PLACE_BYTES, true);
    *state = p;
    return 0;
}

int t_place_close(void **state)
{
    struct t_place *p = *state;

    unlink(p->path);
    rmdir(p->dir);
    free(p->image);
    free(p);
    return 0;
}

void t_place_fill(const struct t_place *p, const struct t_reply *script, size_t n,
                  enum dc_err_kind want, struct t_fill *t)
{
    struct t_server *s = t_server_start(script, n);
    const struct dc_fill_spec spec = {
        .id = "test",
        .source = {.kind = DC_SOURCE_HTTP, .url = t_server_url(s, "/disk.img?key=t0ken")},
        .target = DC_TARGET_FILE,
        .target_path = p->path,
        .retry_max_ms = 1};

    t_fill_run(t, &spec, want);
    assert_null(strstr(t->err.msg, "t0ken"));
    t_server_stop(s);
}
