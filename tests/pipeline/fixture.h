// SPDX-License-Identifier: Apache-2.0
/* pipeline/fixture.h - one fill from start to end, on a loop of its own. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decant/fill.h"
#include "net/loop.h"

struct t_fill {
    struct dc_loop *loop;
    struct dc_fill *fill;
    struct dc_fill_progress progress; /* the last one; of the end once it has ended */
    struct dc_err err;
    bool ended;
    unsigned told; /* how often progress() came */
};

/* Start; the loop is made when there is none. */
void t_fill_start(struct t_fill *t, const struct dc_fill_spec *spec);
/* Run the loop until the end, for 20 seconds at most. Frees the loop. */
void t_fill_wait(struct t_fill *t);
/* Both; asserts the kind of the end. */
void t_fill_run(struct t_fill *t, const struct dc_fill_spec *spec, enum dc_err_kind want);
/* Start and wait without asserting: -1 and *err when it could not start, 0: t->err tells. */
int t_fill_try(struct t_fill *t, const struct dc_fill_spec *spec, struct dc_err *err);
void t_fill_turn(struct t_fill *t, int ms);
