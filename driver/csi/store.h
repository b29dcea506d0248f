// SPDX-License-Identifier: Apache-2.0
/*
 * csi/store.h - volumes on disk: a directory each, no database.
 *
 *   DIR/lock                   held while a driver runs here
 *   DIR/volumes/ID/image       the volume's bytes, sparse
 *   DIR/volumes/ID/meta.json   what it is (csi/record.h)
 *   DIR/volumes/ID/places.json where it is staged and published on this node
 *   DIR/volumes/ID.new         being created: becomes ID by one rename, or is swept away
 *   DIR/volumes/ID.del         being deleted: was ID until one rename, and is swept away
 *
 * A directory that vanished below a running driver (an unmounted disk) is told as such
 * (DC_UNAVAILABLE), and never as "no such volume". Any thread; calls for one volume must not
 * overlap (csi/busy.h).
 */
#pragma once
#include <stdint.h>

#include "csi/record.h"
#include "decant/err.h"

struct dc_store;

/*
 * Open the store at dir, made when only its last component is missing. DC_BUSY when another
 * driver works on it. Sweeps away what a crash left (dc_store_sweep).
 */
int dc_store_open(const char *dir, struct dc_store **ret, struct dc_err *err);
void dc_store_close(struct dc_store *store); /* NULL is allowed */

/* 0 while the directory that was opened is still there. */
int dc_store_alive(const struct dc_store *store, struct dc_err *err);
/* Bytes that are free for volumes' content. */
int dc_store_free_bytes(const struct dc_store *store, uint64_t *ret, struct dc_err *err);

/* The volume, or DC_NOT_FOUND. Any text is a possible id. */
int dc_store_load(const struct dc_store *store, const char *id, struct dc_volume *ret,
                  struct dc_err *err);
/* Make a volume of v->size zeros; there must be none of this id. All or nothing. */
int dc_store_create(const struct dc_store *store, const struct dc_volume *v,
                    struct dc_err *err);
/* Write the record of a volume anew. */
int dc_store_save(const struct dc_store *store, const struct dc_volume *v, struct dc_err *err);
/* Delete the volume, its loop devices first; one that is not there is fine. */
int dc_store_remove(const struct dc_store *store, const char *id, struct dc_err *err);
/* Open the volume's image for reading and writing. */
int dc_store_image(const struct dc_store *store, const char *id, int *ret_fd,
                   struct dc_err *err);

int dc_store_places(const struct dc_store *store, const char *id, struct dc_places *ret,
                    struct dc_err *err);
int dc_store_save_places(const struct dc_store *store, const char *id,
                         const struct dc_places *p, struct dc_err *err);

/* Ids of all volumes, sorted. */
struct dc_ids {
    char (*id)[DC_VOLUME_ID];
    size_t n;
};
int dc_store_list(const struct dc_store *store, struct dc_ids *ret, struct dc_err *err);
void dc_ids_free(struct dc_ids *ids);
