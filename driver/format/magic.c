// SPDX-License-Identifier: Apache-2.0
/* format/magic.c - what an image is, by its first bytes and never by its name. */
#include "format/magic.h"

#include <string.h>
#include <strings.h>

#include "base/num.h"

/*
 * Sources of the magics: QEMU docs/interop/qcow2.txt; VMware "Virtual Disk Format 5.0";
 * VirtualBox VDICore.h; Microsoft "Virtual Hard Disk Image Format" and [MS-VHDX]; RFC 1952; RFC
 * 8878; "The .xz File Format" 1.1; bzip2, lz4 frame format 1.6.3; PKWARE APPNOTE 6.3; POSIX ustar.
 */
static const struct magic {
    enum dc_format format;
    size_t at, len;
    const char *bytes;
} magics[] = {
    {DC_FORMAT_QCOW2, 0, 4, "QFI\xfb"},
    {DC_FORMAT_VMDK, 0, 4, "KDMV"},
    {DC_FORMAT_VMDK, 0, 4, "COWD"},
    {DC_FORMAT_VMDK, 0, 21, "# Disk DescriptorFile"},
    {DC_FORMAT_VDI, 64, 4, "\x7f\x10\xda\xbe"},
    {DC_FORMAT_VHD, 0, 8, "conectix"}, /* dynamic; a fixed one has its footer at the end */
    {DC_FORMAT_VHDX, 0, 8, "vhdxfile"},
    {DC_FORMAT_GZIP, 0, 3, "\x1f\x8b\x08"},
    {DC_FORMAT_ZSTD, 0, 4, "\x28\xb5\x2f\xfd"},
    {DC_FORMAT_XZ, 0, 6,
     "\xfd"
     "7zXZ\0"},
    {DC_FORMAT_BZIP2, 0, 3, "BZh"},
    {DC_FORMAT_LZ4, 0, 4, "\x04\x22\x4d\x18"},
    {DC_FORMAT_ZIP, 0, 4, "PK\x03\x04"},
    {DC_FORMAT_TAR, 257, 5, "ustar"},
};

static const struct {
    const char *name;
    const char *advice; /* what a person can do about it; NULL: it can be filled from */
} formats[] = {
    [DC_FORMAT_RAW] = {"raw", NULL},
    [DC_FORMAT_QCOW2] = {"qcow2", "convert it with: qemu-img convert -O raw"},
    [DC_FORMAT_VMDK] = {"vmdk", "convert it with: qemu-img convert -O raw"},
    [DC_FORMAT_VDI] = {"vdi", "convert it with: qemu-img convert -O raw"},
    [DC_FORMAT_VHD] = {"vhd", "convert it with: qemu-img convert -O raw"},
    [DC_FORMAT_VHDX] = {"vhdx", "convert it with: qemu-img convert -O raw"},
    [DC_FORMAT_GZIP] = {"gzip", "serve it decompressed (gzip -d)"},
    [DC_FORMAT_ZSTD] = {"zstd", "serve it decompressed (zstd -d)"},
    [DC_FORMAT_XZ] = {"xz", "serve it decompressed (xz -d)"},
    [DC_FORMAT_BZIP2] = {"bzip2", "serve it decompressed (bzip2 -d)"},
    [DC_FORMAT_LZ4] = {"lz4", "serve it decompressed (lz4 -d)"},
    [DC_FORMAT_ZIP] = {"zip", "serve the image that is in it"},
    [DC_FORMAT_TAR] = {"tar", "serve the image that is in it"},
    [DC_FORMAT_HTML] = {"html", "check the URL: a log-in or error page came instead"},
};

/* A page that a server sends with status 200 instead of the file. */
static bool is_html(const char *head, size_t len)
{
    static const char *const starts[] = {"<!doctype html", "<html"};
    size_t skip = 0;

    if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0)
        skip = 3;
    while (skip < len && head[skip] != '\0' && strchr(" \t\r\n", head[skip]))
        skip++;
    for (size_t i = 0; i < DC_LEN(starts); i++) {
        size_t n = strlen(starts[i]);
        if (len - skip >= n && strncasecmp(head + skip, starts[i], n) == 0)
            return true;
    }
    return false;
}

enum dc_format dc_magic_format(const void *head, size_t len)
{
    const char *bytes = head;

    for (size_t i = 0; i < DC_LEN(magics); i++) {
        const struct magic *m = &magics[i];
        if (len >= m->at + m->len && memcmp(bytes + m->at, m->bytes, m->len) == 0)
            return m->format;
    }
    return is_html(bytes, len) ? DC_FORMAT_HTML : DC_FORMAT_RAW;
}

const char *dc_format_name(enum dc_format format)
{
    return formats[format].name;
}

uint64_t dc_magic_virtual_bytes(enum dc_format format, const void *head, size_t len,
                                uint64_t served)
{
    if (format == DC_FORMAT_RAW)
        return served;
    if (format == DC_FORMAT_QCOW2 && len >= 32)
        return dc_be64((const uint8_t *)head + 24);
    return 0;
}

int dc_format_check(enum dc_format format, struct dc_err *err)
{
    if (!formats[format].advice)
        return 0;
    if (format == DC_FORMAT_HTML)
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "the server sent a web page, not a disk image; %s",
                       formats[format].advice);
    return dc_fail(err, DC_UNSUPPORTED, 0,
                   "the source is a %s file, and this version fills from raw images only; %s",
                   formats[format].name, formats[format].advice);
}
