// SPDX-License-Identifier: Apache-2.0
/* attach/paths.h - our directories below kubelet's: made before a call, gone after it. */
#pragma once
#include "attach/attach.h"
#include "decant/err.h"

/* Start of the names of our own directories among kubelet's. */
#define DC_CSI_PREFIX "decant-"

/* Make path and what leads to it. */
int dc_paths_make(const char *path, struct dc_err *err);
/* Make what leads to path. */
int dc_paths_make_parent(const char *path, struct dc_err *err);

/*
 * Remove path, an empty directory or file that is no mount point, and above it those of our own
 * directories that are empty now. Absent is fine. DC_DEVICE says what is still there.
 */
int dc_paths_remove(const char *path, struct dc_err *err);
