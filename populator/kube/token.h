// SPDX-License-Identifier: Apache-2.0
/* kube/token.h - a bearer token from a file that is replaced while we run. */
#pragma once
#include <stdbool.h>
#include <sys/stat.h>

#include "decant/err.h"

struct dc_kube_token {
    const char *path; /* borrowed; NULL: there is no file, and text is what it is          */
    char *text;       /* owned; NULL: none (yet)                                           */
    struct stat seen; /* of the file when it was read: device, inode, size and time tell   */
};

/* fixed is copied. Both NULL: no token at all. */
int dc_kube_token_init(struct dc_kube_token *t, const char *path, const char *fixed,
                       struct dc_err *err);
void dc_kube_token_done(struct dc_kube_token *t);

/*
 * Read the file again when it has changed since (one stat(2), in memory on a node). A file
 * that has gone or is empty leaves the token as it was, and fails only while there is none
 * at all: kubelet replaces it by a rename, other tools are less careful.
 */
int dc_kube_token_refresh(struct dc_kube_token *t, struct dc_err *err);
/* The server refused it: read the file again at the next refresh, changed or not. */
void dc_kube_token_distrust(struct dc_kube_token *t);
