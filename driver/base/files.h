// SPDX-License-Identifier: Apache-2.0
/*
 * base/files.h - small files and flat directories that survive a crash.
 *
 * ENOSPC and EDQUOT are DC_EXHAUSTED, EFBIG is DC_NO_SPACE, the rest DC_DEVICE.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "decant/err.h"

/* The kind that an errno of a file operation is told as. */
enum dc_err_kind dc_file_kind(int sys);

/* Replace dir/name by text: after a crash it is the old or the new, and after 0 the new. */
int dc_file_write(int dir, const char *name, const char *text, struct dc_err *err);

/*
 * All of dir/name, at most max bytes, from malloc; *ret is NULL when it is absent. DC_CORRUPT when
 * it is larger or no regular file.
 */
int dc_file_read(int dir, const char *name, size_t max, char **ret, struct dc_err *err);

/* Make what was created, renamed and removed in dir durable. */
int dc_dir_sync(int dir, struct dc_err *err);

/* Remove dir/name with the files in it; a directory in it is an error. Absent is fine. */
int dc_dir_erase(int dir, const char *name, struct dc_err *err);

/* Call fn for each name in dir but "." and ".."; its -1 ends the walk. */
int dc_dir_each(int dir, int (*fn)(void *arg, const char *name, struct dc_err *err), void *arg,
                struct dc_err *err);
