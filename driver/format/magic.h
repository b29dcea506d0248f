// SPDX-License-Identifier: Apache-2.0
/* format/magic.h - what an image is, by its first bytes and never by its name. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "decant/err.h"

#define DC_MAGIC_HEAD 4096 /* bytes of the head that tell all formats apart */

enum dc_format {
    DC_FORMAT_RAW, /* none of the others, also file systems, partition tables, ISOs */
    DC_FORMAT_QCOW2,
    DC_FORMAT_VMDK,
    DC_FORMAT_VDI,
    DC_FORMAT_VHD,
    DC_FORMAT_VHDX,
    DC_FORMAT_GZIP,
    DC_FORMAT_ZSTD,
    DC_FORMAT_XZ,
    DC_FORMAT_BZIP2,
    DC_FORMAT_LZ4,
    DC_FORMAT_ZIP,
    DC_FORMAT_TAR,
    DC_FORMAT_HTML, /* a web page, where an image was expected */
};

/* head: the first len bytes (fewer than DC_MAGIC_HEAD only when there are no more). */
enum dc_format dc_magic_format(const void *head, size_t len);

const char *dc_format_name(enum dc_format format); /* "qcow2" */

/*
 * What a volume must hold, when the head alone says it: for raw, served; for qcow2, the size in
 * its header (QEMU docs/interop/qcow2.txt, bytes 24-31). 0: not known.
 */
uint64_t dc_magic_virtual_bytes(enum dc_format format, const void *head, size_t len,
                                uint64_t served);

/* Whether this version can fill a volume from it; if not, why and what to do: DC_UNSUPPORTED. */
int dc_format_check(enum dc_format format, struct dc_err *err);
