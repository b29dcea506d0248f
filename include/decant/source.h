// SPDX-License-Identifier: Apache-2.0
/* decant/source.h - where an image comes from, as plain data. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum dc_source_kind {
    DC_SOURCE_HTTP, /* http:// or https:// */
    DC_SOURCE_FILE, /* a path              */
};

/* All strings are borrowed by the call that takes the spec, and copied by it. */
struct dc_source_spec {
    enum dc_source_kind kind;
    const char *url;             /* HTTP: the URL; FILE: the path                          */
    const char *user, *password; /* HTTP basic authentication; NULL: none. Never logged    */
    const char *const *headers;  /* HTTP: whole lines, NULL-terminated; NULL. Never logged */
    const char *ca_pem;          /* HTTPS: PEM text; NULL: the system's                    */
};

/* What a look at the head of a source tells. */
struct dc_source_info {
    char format[16];        /* "raw", "qcow2", "gzip", ...: by its magic, not by its name  */
    uint64_t served_bytes;  /* 0: not known                                                */
    uint64_t virtual_bytes; /* what a volume must hold; 0: not known                       */
    char validator[256];    /* strong ETag, else Last-Modified, as sent; "": none          */
    bool seekable;          /* answers ranges                                              */
};
