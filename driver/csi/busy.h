// SPDX-License-Identifier: Apache-2.0
/* csi/busy.h - one call at a time for one volume; a second one is told to come back. */
#pragma once
#include <pthread.h>

#include "decant/err.h"

struct dc_busy_entry;

/* The volumes that a call works on now. Zero and dc_busy_init() before use. */
struct dc_busy {
    pthread_mutex_t lock; /* guards entries; nothing else is locked while it is held */
    struct dc_busy_entry *entries;
};

void dc_busy_init(struct dc_busy *busy);
void dc_busy_done(struct dc_busy *busy);

/* A volume held by this call: on the caller's stack, until dc_busy_leave(). */
struct dc_busy_entry {
    struct dc_busy *busy; /* NULL: holds nothing */
    const char *id;       /* borrowed            */
    struct dc_busy_entry *next;
};

/* DC_BUSY (CSI: ABORTED) when another call has the volume. Any thread. */
int dc_busy_enter(struct dc_busy *busy, const char *id, struct dc_busy_entry *entry,
                  struct dc_err *err);
void dc_busy_leave(struct dc_busy_entry *entry);
