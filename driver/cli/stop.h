// SPDX-License-Identifier: Apache-2.0
/*
 * cli/stop.h - SIGINT and SIGTERM: the copy is asked to end, and is not waited for for ever.
 *
 * A thread of its own takes the signals, so that they are heard while the loop is held up by
 * a slow disk.
 */
#pragma once
#include "net/loop.h"

#define CLI_GRACE_MS 800 /* then the process ends, whatever still hangs: a second is promised */

struct cli_stop;

/* First of all in main(): the signals wait until somebody asks for them. */
void cli_stop_block(void);
/*
 * Before any other thread is started. asked: once, in the loop's thread. last_words: told on
 * standard error when the grace is over and the process exits with CLI_INTERRUPTED; borrowed.
 */
int cli_stop_start(struct dc_loop *loop, void (*asked)(void *arg), void *arg,
                   const char *last_words, struct cli_stop **ret, struct dc_err *err);
/* Before the loop is freed. NULL is allowed. */
void cli_stop_end(struct cli_stop *s);
