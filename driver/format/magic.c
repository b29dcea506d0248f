// SPDX-License-Identifier: Apache-2.0
/*
 * format/magic.c - formats by their first bytes.
 *
 * Sources of the numbers: qcow2 "docs/interop/qcow2.txt" of QEMU; VDI, VHD, VHDX, VMDK and QED
 * as QEMU's block drivers probe them; gzip RFC 1952; zstd and its skippable frames RFC 8878;
 * xz-file-format 1.2.0; lz4 frame format 1.6; zip APPNOTE 6.3; tar POSIX.1-1988.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "format/format.h"

#define WEB_PAGE "html"

static const struct magic {
    const char *name;
    size_t off, len;
    const char *bytes;
    const char *what, *hint; /* "the source is WHAT; ...; HINT"; NULL: it can be unpacked */
} magics[] = {
#define CONVERT "convert it with: qemu-img convert -O raw"
    {"qcow2", 0, 4, "QFI\xfb", "a qcow2 image", CONVERT},
    {"qed", 0, 4, "QED\0", "a QED image", CONVERT},
    {"vmdk", 0, 4, "KDMV", "a VMDK image", CONVERT},
    {"vmdk", 0, 4, "COWD", "a VMDK image", CONVERT},
    {"vmdk", 0, 21, "# Disk DescriptorFile", "a VMDK image", CONVERT},
    {"vdi", 64, 4, "\x7f\x10\xda\xbe", "a VDI image", CONVERT},
    {"vhdx", 0, 8, "vhdxfile", "a VHDX image", CONVERT},
    {"vhd", 0, 8, "conectix", "a VHD image", CONVERT},
    {"gzip", 0, 2, "\x1f\x8b", NULL, NULL},
    {"zstd", 0, 4, "\x28\xb5\x2f\xfd", NULL, NULL},
    {"xz", 0, 6,
     "\xfd"
     "7zXZ\0",
     NULL, NULL},
    {"lz4", 0, 4, "\x04\x22\x4d\x18", "compressed with lz4", "unpack it first with: unlz4"},
    {"7z", 0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it first"},
    {"zip", 0, 4, "PK\3\4", "a zip archive", "unpack it first with: unzip"},
    {"zip", 0, 4, "PK\5\6", "a zip archive", "unpack it first with: unzip"},
    {"tar", 257, 5, "ustar", "a tar archive", "a disk image is expected: unpack it first"},
};

/* Magics with a range in them: "BZh" and a level; 0x184d2a50..5f, a zstd skippable frame. */
static const struct magic bzip2 = {.name = "bzip2"};

static const struct magic *magic_ranged(const uint8_t *head, size_t len)
{
    if (len >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9')
        return &bzip2;
    if (len >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0) {
        for (size_t i = 0; i < DC_LEN(magics); i++) {
            if (strcmp(magics[i].name, "zstd") == 0)
                return &magics[i];
        }
    }
    return NULL;
}

static const struct magic *magic_find(const uint8_t *head, size_t len)
{
    for (size_t i = 0; i < DC_LEN(magics); i++) {
        const struct magic *m = &magics[i];

        if (m->off + m->len <= len && memcmp(head + m->off, m->bytes, m->len) == 0)
            return m;
    }
    return magic_ranged(head, len);
}

static bool is_web_page(const char *head, size_t len)
{
    static const char *const starts[] = {"<!doctype html", "<html", "<head", "<body"};

    if (len >= 3 && memcmp(head, "\xef\xbb\xbf", 3) == 0) {
        head += 3;
        len -= 3;
    }
    while (len > 0 && memchr(" \t\r\n", head[0], 4)) {
        head++;
        len--;
    }
    for (size_t i = 0; i < DC_LEN(starts); i++) {
        if (len >= strlen(starts[i]) && strncasecmp(head, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

void dc_format_recognise(const void *head, size_t len, struct dc_source_info *ret)
{
    const struct magic *m = magic_find(head, len);
    const char *name = m ? m->name : is_web_page(head, len) ? WEB_PAGE : "raw";

    snprintf(ret->format, sizeof ret->format, "%s", name);
    ret->virtual_bytes = 0;
    if (!m)
        ret->virtual_bytes = ret->served_bytes;
    else if (strcmp(name, "qcow2") == 0 && len >= 32)
        ret->virtual_bytes = dc_be64((const uint8_t *)head + 24);
}

int dc_format_check(const struct dc_source_info *info, size_t head_len, struct dc_err *err)
{
    if (head_len == 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "the source is empty; expected a disk image");
    if (strcmp(info->format, "raw") == 0)
        return 0;
    if (strcmp(info->format, WEB_PAGE) == 0)
        return dc_fail(
            err, DC_BAD_INPUT, 0,
            "the server sent a web page, not a disk image; check the url: it may lead "
            "to a login, a listing or a download page");

    const struct magic *m = &bzip2;
    for (size_t i = 0; i < DC_LEN(magics); i++) {
        if (strcmp(magics[i].name, info->format) == 0) {
            m = &magics[i];
            break;
        }
    }
    if (!m->what)
        return 0;
    return dc_fail(err, DC_UNSUPPORTED, 0,
                   "the source is %s; this version fills raw images, plain or compressed with "
                   "gzip, zstd, xz or bzip2; %s",
                   m->what, m->hint);
}
