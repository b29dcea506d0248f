// SPDX-License-Identifier: Apache-2.0
/* tests/lib/pack.h - compress with the libraries' own encoders. Link with decant_decode. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Members, frames and streams are appended; free(data) in the end. */
struct t_packed {
    uint8_t *data;
    size_t len;
};

typedef void t_pack(struct t_packed *p, const void *data, size_t len);

t_pack t_pack_gzip, t_pack_zstd, t_pack_xz, t_pack_bzip2;
/* With every optional field of a header: extra, name, comment, header checksum. */
t_pack t_pack_gzip_fields;
/* Blocks of 64 KiB with their sizes in the headers: what can be unpacked in parallel. */
t_pack t_pack_xz_blocks;
/* Windows, dictionaries and blocks of 2^log bytes; bzip2 knows only its largest. */
void t_pack_zstd_window(struct t_packed *p, const void *data, size_t len, int log);
void t_pack_xz_dictionary(struct t_packed *p, const void *data, size_t len, int log);

void t_pack_add(struct t_packed *p, const void *bytes, size_t len);
