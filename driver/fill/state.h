// SPDX-License-Identifier: Apache-2.0
/* fill/state.h - one fill: shared by its states (fill.c) and its writing (copy.c). */
#pragma once
#include "base/digest.h"
#include "decant/fill.h"
#include "decant/sink.h"
#include "fill/pipeline.h"
#include "net/loop.h"
#include "sink/sinks.h"

enum fill_state {
    FILL_OPEN,  /* waiting for the head of the source            */
    FILL_PLACE, /* sizes compared, target opened                 */
    FILL_WRITE,
    FILL_DRAIN,  /* nothing new; what is in flight comes home     */
    FILL_SYNC,   /* flush; back to WRITE, or on when all is there */
    FILL_FINISH, /* totals and checksum                           */
    FILL_ABORT,  /* failed or cancelled; as DRAIN                 */
    FILL_DONE,
    FILL_FAILED,
};

struct dc_fill {
    char id[65];
    enum fill_state state;
    struct dc_err err; /* the first failure */
    bool cancelled;
    struct dc_loop *loop;
    struct dc_fill_events ev;
    struct dc_loop_timer kick, tick; /* run soon; progress and checkpoints */
    struct dc_loop_fd sink_fd;

    enum dc_target_kind target_kind;
    char *target_path;
    uint64_t file_bytes, max_bytes;
    char checksum[DC_DIGEST_TEXT]; /* as wanted, in lower case; "": none */
    struct dc_sink_ways ways;

    struct pipeline pipe;
    struct dc_source_info info;
    struct dc_target target; /* fd -1 while closed */
    struct dc_sink *sink;
    uint64_t limit;              /* bytes that the image may have             */
    uint64_t image;              /* bytes of it that have been pulled         */
    uint64_t zero_off, zero_len; /* zeros seen and not yet put; len 0: none */
    bool zero_closed;            /* they grow no more                         */
    bool ended;                  /* the image has ended, its tail is pending  */
    uint64_t zeroed;             /* bytes put as zeros                        */
    bool syncing;                /* a flush is under way                      */
    uint64_t synced_ns;          /* when the last flush ended                 */
    struct dc_fill_progress told;
};

/* --- copy.c --- */

/* Open the target once the source is known. */
enum fill_state fill_place(struct dc_fill *f);
/* Move spans from the pipeline to the sink until one of them has to wait. */
enum fill_state fill_write(struct dc_fill *f);

/* Run the fill again in the next turn of the loop. */
void fill_kick(struct dc_fill *f);
