// SPDX-License-Identifier: Apache-2.0
/* pipeline/fixture.h - one fill from start to end, on a loop of its own. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "decant/fill.h"
#include "lib/http_server.h"
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

/* A folder for one test, with an image to serve. */
#define T_PLACE_BYTES (3 * DC_MIB + 777)
struct t_place {
    char dir[64], path[96]; /* path: of the target, not made yet */
    char *image;            /* T_PLACE_BYTES, with holes         */
};
int t_place_open(void **state);
int t_place_close(void **state);
/* Fill a file from this script, with short waits; the server is gone afterwards. */
void t_place_fill(const struct t_place *p, const struct t_reply *script, size_t n,
                  enum dc_err_kind want, struct t_fill *t);
