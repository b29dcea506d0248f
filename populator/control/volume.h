// SPDX-License-Identifier: Apache-2.0
/* control/volume.h - a PersistentVolume as the agent's service has it. */
#pragma once

#include "base/json.h"
#include "decant/err.h"
#include "proto/decant.pb-c.h"

/* Borrows from the objects; the arrays in it are owned: dc_volume_message_done(). */
struct dc_volume_message {
    Decant__V1alpha1__Volume volume;
    Decant__V1alpha1__Volume__VolumeContextEntry *context;
};

/*
 * DC_UNSUPPORTED: not a CSI volume, or one whose node calls need secrets, which this version
 * does not hand on. DC_NO_MEMORY.
 */
int dc_volume_message(const json_t *volume, const json_t *claim, struct dc_volume_message *ret,
                      struct dc_err *err);
void dc_volume_message_done(struct dc_volume_message *m);
