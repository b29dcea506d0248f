// SPDX-License-Identifier: Apache-2.0
/* kube/file.h - small files, whole: tokens, kubeconfigs. */
#pragma once
#include <stddef.h>

#include "decant/err.h"

/*
 * Read a file of at most max bytes. *ret is from malloc, with a NUL behind its *ret_len bytes.
 * DC_NOT_FOUND, DC_DENIED, DC_BAD_INPUT (too large, a folder), DC_UNAVAILABLE.
 */
int dc_kube_file_read(const char *path, size_t max, char **ret, size_t *ret_len,
                      struct dc_err *err);
