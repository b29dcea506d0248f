// SPDX-License-Identifier: Apache-2.0
/*
 * csi/fields.h - what a CSI request's fields may hold: required, sizes, characters.
 *
 * Source: CSI spec v1.12.0, "Size Limits" and "Required vs. Optional". All failures are
 * DC_BAD_INPUT and name the field as the .proto does.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "decant/err.h"

#define DC_CSI_TEXT_MAX 128  /* bytes of a string field, unless its comment says otherwise */
#define DC_CSI_MAP_MAX  4096 /* bytes of a map<string, string>, keys and values            */
#define DC_CSI_NODE_MAX 256  /* bytes of node_id                                           */

/* Present and at most DC_CSI_TEXT_MAX bytes. */
int dc_field_text(const char *field, const char *value, struct dc_err *err);
/* A volume's name: as above, and no control characters but tab, line feed and return. */
int dc_field_name(const char *field, const char *value, struct dc_err *err);
/* Present, absolute, without a ".." component, and short enough for the kernel. */
int dc_field_path(const char *field, const char *value, struct dc_err *err);
/* n pairs laid out as protobuf-c does it for any map<string, string>. */
int dc_field_map(const char *field, size_t n, const void *entries, struct dc_err *err);
/* The same limit for a list of strings. */
int dc_field_list(const char *field, size_t n, char *const *items, struct dc_err *err);
