// SPDX-License-Identifier: Apache-2.0
/* base/name.h - names that others give and that become parts of paths. Pure. */
#pragma once
#include <stdbool.h>

#define DC_CSI_NAME_MAX 63 /* bytes of a CSI plugin's name */

/*
 * A CSI plugin's name: letters, digits, "-" and ".", at most 63 bytes, a letter or digit at both
 * ends. Source: CSI spec v1.12.0, GetPluginInfoResponse.
 */
bool dc_csi_name_ok(const char *name);
