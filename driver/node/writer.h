// SPDX-License-Identifier: Apache-2.0
/* node/writer.h - threads that each own a loop and the fills on it. */
#pragma once
#include "decant/err.h"
#include "net/loop.h"

struct dc_writers;

#define DC_WRITERS_MAX 16

/* n threads, 1 to 16. */
int dc_writers_new(unsigned n, struct dc_writers **ret, struct dc_err *err);
/* No fill may run any more. NULL is allowed. */
void dc_writers_free(struct dc_writers *w);
/* The loop for the next fill: in turn. Any thread. */
struct dc_loop *dc_writers_next(struct dc_writers *w);
