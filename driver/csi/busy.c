// SPDX-License-Identifier: Apache-2.0
/* csi/busy.c - one call at a time for one volume; a second one is told to come back. */
#include "csi/busy.h"

#include <stdbool.h>
#include <string.h>

void dc_busy_init(struct dc_busy *busy)
{
    (void)pthread_mutex_init(&busy->lock, NULL); /* cannot fail with default attributes */
    busy->entries = NULL;
}

void dc_busy_done(struct dc_busy *busy)
{
    (void)pthread_mutex_destroy(&busy->lock);
}

int dc_busy_enter(struct dc_busy *busy, const char *id, struct dc_busy_entry *entry,
                  struct dc_err *err)
{
    bool taken = false;

    pthread_mutex_lock(&busy->lock);
    for (const struct dc_busy_entry *e = busy->entries; e && !taken; e = e->next)
        taken = strcmp(e->id, id) == 0;
    if (!taken) {
        *entry = (struct dc_busy_entry){busy, id, busy->entries};
        busy->entries = entry;
    }
    pthread_mutex_unlock(&busy->lock);

    if (taken)
        return dc_fail(err, DC_BUSY, 0,
                       "another call is working on volume %s: wait for it, then repeat", id);
    return 0;
}

void dc_busy_leave(struct dc_busy_entry *entry)
{
    struct dc_busy *busy = entry->busy;

    if (!busy)
        return;
    pthread_mutex_lock(&busy->lock);
    struct dc_busy_entry **at = &busy->entries;
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    pthread_mutex_unlock(&busy->lock);
    entry->busy = NULL;
}
