// SPDX-License-Identifier: Apache-2.0
/* kube/base64.h - what the API keeps binary data in: the data of Secrets and of kubeconfigs. */
#pragma once
#include <stddef.h>

#include "decant/err.h"

/*
 * Decode standard base64 (RFC 4648 section 4); white space is skipped. *ret is from malloc
 * and has a NUL behind its *ret_len bytes. DC_BAD_INPUT: not base64; the text itself is not
 * told, since it often is a secret. ret_len may be NULL: then a NUL inside is DC_BAD_INPUT
 * too.
 */
int dc_kube_base64(const char *text, char **ret, size_t *ret_len, struct dc_err *err);
