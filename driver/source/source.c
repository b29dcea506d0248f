// SPDX-License-Identifier: Apache-2.0
/* source/source.c - which source reads which kind. */
#include "source/source.h"

#include "base/num.h"

static const struct {
    enum dc_source_kind kind;
    int (*open)(struct dc_loop *loop, const struct dc_source_spec *spec,
                const struct dc_source_ways *ways, struct dc_waker waker,
                struct dc_source **ret, struct dc_err *err);
} kinds[] = {
    {DC_SOURCE_HTTP, dc_source_http_open},
    {DC_SOURCE_FILE, dc_source_file_open},
};

void dc_source_ways_default(struct dc_source_ways *ret)
{
    *ret = (struct dc_source_ways){
        .buffer_bytes = 2 * DC_MIB, /* one block to pull while the next comes in */
        .max_tries = 6,
        .backoff = {.base_ms = 200, .cap_ms = 10000},
        .stall_timeout_s = 30,
    };
}

int dc_source_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                   const struct dc_source_ways *ways, struct dc_waker waker,
                   struct dc_source **ret, struct dc_err *err)
{
    if (!spec->url || !spec->url[0])
        return dc_fail(err, DC_BAD_INPUT, 0, "the source has no url");
    for (size_t i = 0; i < DC_LEN(kinds); i++) {
        if (kinds[i].kind == spec->kind)
            return kinds[i].open(loop, spec, ways, waker, ret, err);
    }
    return dc_fail(err, DC_UNSUPPORTED, 0, "sources of kind %d are not known here",
                   (int)spec->kind);
}
