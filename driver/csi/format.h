// SPDX-License-Identifier: Apache-2.0
/* csi/format.h - a file system on a volume, made once and never over data. */
#pragma once
#include "csi/store.h"
#include "decant/err.h"

/*
 * See to it that the volume, with its image open at image and attached as device, has the file
 * system that is asked for ("ext4", "xfs"; "": what there is, or ext4). v->fs says which it has.
 *
 * mkfs runs only on an image that was never written, or where a former mkfs was cut short:
 * the record says so before it starts. DC_PRECONDITION: there is something else on it.
 */
int dc_format(struct dc_store *store, struct dc_volume *v, int image, const char *device,
              const char *fs, struct dc_err *err);
