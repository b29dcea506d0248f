// SPDX-License-Identifier: Apache-2.0
/* base/kv.h - a list of pairs of strings, borrowed. */
#pragma once

struct dc_kv {
    const char *key, *value;
};

/* v may be NULL when n is 0. */
struct dc_kvs {
    const struct dc_kv *v;
    unsigned n;
};
