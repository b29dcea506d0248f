// SPDX-License-Identifier: Apache-2.0
/*
 * filter/hasher.h - a digest on a thread of its own: the loop copies, the thread computes.
 *
 * One owner adds, finishes and frees; what was added belongs to the hasher. Its memory is fixed.
 */
#pragma once
#include <stddef.h>

#include "base/digest.h"

struct hasher;

/*
 * algorithm as in dc_digest_new(); ring_bytes: added and not yet computed, at most. The thread
 * inherits the signal mask.
 */
int hasher_new(const char *algorithm, size_t ring_bytes, struct hasher **ret,
               struct dc_err *err);
/* Waits while the ring is full: for less time than computing the digest here would take. */
void hasher_add(struct hasher *h, const void *data, size_t len);
/* The digest of all that was added, once that is computed; then only hasher_free(). */
int hasher_finish(struct hasher *h, char ret[DC_DIGEST_TEXT], struct dc_err *err);
/* What is not computed yet never will be. NULL is allowed. */
void hasher_free(struct hasher *h);
