// SPDX-License-Identifier: Apache-2.0
/*
 * decant/fill.h - fill one volume from one source: the engine's front door.
 *
 * A fill lives on a dc_loop (driver/net/loop.h) and belongs to that loop's thread. Many fills
 * share one loop; each owns its sink, its buffers and its connections. Memory is fixed at start.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "decant/err.h"
#include "decant/source.h"

struct dc_loop;
struct dc_fill;

enum dc_target_kind {
    DC_TARGET_DEVICE, /* a block device, opened exclusively; its tail is zeroed        */
    DC_TARGET_FILE,   /* a regular file, made or replaced; sparse where the image is   */
};

struct dc_fill_spec {
    const char *id; /* for logs; at most 64 bytes */
    struct dc_source_spec source;
    enum dc_target_kind target;
    const char *target_path;
    /*
     * FILE: the size that the file gets, when the image is not larger; 0: the image's.
     * FILE: max_bytes: an image above it is refused before the first write; 0: no limit.
     */
    uint64_t file_bytes, max_bytes;
    const char *checksum;  /* "sha256:HEX" of the bytes as served; NULL: none asked          */
    const char *validator; /* the source must still be this one; NULL: any                   */
    uint64_t memory_bytes; /* for buffers; 0: 64 MiB at most, and less where that is as fast */
    uint32_t retry_max_ms; /* the longest wait before a retry of the download; 0: 10 s       */
};

enum dc_fill_state { DC_FILL_OPENING, DC_FILL_WRITING, DC_FILL_FLUSHING, DC_FILL_ENDED };

/* A copy of where a fill stands. Bytes; only durable is progress that survives a crash. */
struct dc_fill_progress {
    enum dc_fill_state state;
    uint64_t total;      /* of the source as served; 0: not known */
    uint64_t image;      /* virtual size; 0: not known before the end */
    uint64_t pulled;     /* of the source as served */
    uint64_t written;    /* of the volume, completed */
    uint64_t durable;    /* of the volume, flushed */
    uint64_t zero;       /* part of written that was zeroed, tail included */
    uint32_t retries;    /* of the download */
    bool touched;        /* the target may no longer hold what it held */
    char format[16];     /* of the source; "": not known */
    char digest[160];    /* "sha256:HEX" of the bytes as served, once ENDED well */
    char validator[256]; /* of the source */
};

struct dc_fill_events {
    /* Optional. Something changed; at most every 100 ms. */
    void (*progress)(void *arg, const struct dc_fill_progress *progress);
    /*
     * Required. Exactly once: everything is durable and verified (DC_OK), or why not. Nothing
     * of the target is open any more. The fill is freed on return.
     */
    void (*done)(void *arg, const struct dc_fill_progress *progress, const struct dc_err *err);
    void *arg;
};

/*
 * Start. Wrong specs fail at once (DC_BAD_INPUT); what the world answers comes through done().
 * Strings in spec are copied. A target that is mounted or held by somebody is DC_BUSY; one that
 * is too small is DC_NO_SPACE and says the size that is needed, before the first write.
 */
int dc_fill_start(struct dc_loop *loop, const struct dc_fill_spec *spec,
                  const struct dc_fill_events *events, struct dc_fill **ret,
                  struct dc_err *err);

/* Ask it to end; done() comes with DC_CANCELLED once nothing is in flight. */
void dc_fill_cancel(struct dc_fill *fill);

/* --- Looking without writing --- */

struct dc_probe;

struct dc_probe_events {
    /* Exactly once. err DC_OK: info is set. DC_UNSUPPORTED: info is set, a fill would be refused. */
    void (*done)(void *arg, const struct dc_source_info *info, const struct dc_err *err);
    void *arg;
};

int dc_probe_start(struct dc_loop *loop, const struct dc_source_spec *spec,
                   const struct dc_probe_events *events, struct dc_probe **ret,
                   struct dc_err *err);
void dc_probe_cancel(struct dc_probe *probe); /* no callback any more */
