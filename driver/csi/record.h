// SPDX-License-Identifier: Apache-2.0
/*
 * csi/record.h - what the driver writes down about a volume: two small JSON documents.
 *
 *   meta.json    what the volume is; lives as long as it does
 *   places.json  where it is staged and published on this node; only good for one boot
 *
 * A place is recorded before it is made and forgotten after it is gone, so that a crash leaves a
 * record too many, never a mount nobody knows of. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "csi/fields.h"
#include "decant/cleanup.h"
#include "decant/err.h"

#define DC_RECORD_MAX (1u << 20) /* bytes of one document                              */
#define DC_PLACES_MAX 128        /* targets of one volume on this node at one time     */
#define DC_VOLUME_ID  40         /* "vol-", 32 digits, the NUL, rounded up             */
#define DC_BOOT_ID    40         /* /proc/sys/kernel/random/boot_id                    */

struct dc_volume {
    char id[DC_VOLUME_ID];
    char name[DC_CSI_TEXT_MAX + 1]; /* CreateVolume's                                       */
    uint64_t size;                  /* bytes of the image, whole sectors                    */
    uint64_t capacity;              /* bytes as told to the CO; at most a sector below size */
    char fs[8];                     /* file system on it; "": none known                    */
    char formatting[8];             /* mkfs of this was begun and not seen to end           */
};

/* The id of the volume of that name: the same answer every time. */
int dc_volume_id(const char *name, char ret[DC_VOLUME_ID], struct dc_err *err);
/* Whether an id could have come from dc_volume_id(); no other is ever part of a path. */
bool dc_volume_id_ok(const char *id);

char *dc_volume_encode(const struct dc_volume *v); /* NULL: out of memory */
int dc_volume_decode(const char *text, struct dc_volume *ret, struct dc_err *err);

struct dc_place {
    char *path; /* malloc */
    bool block, readonly, many_targets;
    char cap[DC_SHA256_HEX]; /* digest of the capability it was asked for with */
};

/* Where a volume is on this node. Zero-initialise; dc_places_free(). */
struct dc_places {
    struct dc_place staged; /* path NULL: it is not */
    struct dc_place *published;
    size_t n;
};

void dc_places_free(struct dc_places *p);
#define dc_autoplaces DC_AUTO(dc_places_free)

/* The place published at path, or NULL. */
struct dc_place *dc_places_at(const struct dc_places *p, const char *path);
/* Copy place into the list; path must not be in it. DC_EXHAUSTED above DC_PLACES_MAX. */
int dc_places_add(struct dc_places *p, const struct dc_place *place, struct dc_err *err);
void dc_places_drop(struct dc_places *p, const char *path);
/* Set where it is staged; NULL: nowhere. Copied. */
int dc_places_stage(struct dc_places *p, const struct dc_place *place, struct dc_err *err);

char *dc_places_encode(const struct dc_places *p, const char *boot_id);
/* What was written in another boot is over: *ret is then empty. */
int dc_places_decode(const char *text, const char *boot_id, struct dc_places *ret,
                     struct dc_err *err);
