// SPDX-License-Identifier: Apache-2.0
/* fill/pipeline.c - which stages stand on which. */
#include "fill/pipeline.h"

#include <string.h>

#include "base/num.h"
#include "decode/decode.h"
#include "filter/filter.h"
#include "format/format.h"

enum { UNPACK_MAX = 2 };           /* what is packed more often is a mistake or an attack */
enum { ZERO_GRANULE = 64 * 1024 }; /* smaller holes cost more requests than they save bytes */

static int digests_open(struct pipeline *p, const char *algorithm, size_t ring_bytes,
                        struct dc_err *err)
{
    if (dc_filter_digest_open(p->top, "sha256", ring_bytes, &p->digest, err) != 0)
        return -1;
    p->top = p->wanted = p->digest;
    if (!algorithm || strcmp(algorithm, "sha256") == 0)
        return 0;
    if (dc_filter_digest_open(p->top, algorithm, ring_bytes, &p->wanted, err) != 0)
        return -1;
    p->top = p->wanted;
    return 0;
}

int pipeline_open(struct dc_loop *loop, const struct dc_source_spec *spec,
                  const struct dc_source_ways *ways, struct dc_waker waker, bool digests,
                  const char *algorithm, struct pipeline *ret, struct dc_err *err)
{
    struct pipeline p = {0};

    if (dc_source_open(loop, spec, ways, waker, &p.source, err) != 0)
        return -1;
    p.top = &p.source->st;
    if ((digests && digests_open(&p, algorithm, ways->buffer_bytes, err) != 0) ||
        dc_filter_peek_open(p.top, DC_MAGIC_BYTES, &p.peek, err) != 0) {
        pipeline_close(&p);
        return -1;
    }
    p.top = p.peek;
    *ret = p;
    return 0;
}

/* Another decoder on top, and a look at what comes out of it. */
static int unpack(struct pipeline *p, const struct dc_codec *codec, struct dc_err *err)
{
    /* Most sources are packed once: the outer one gets two thirds, a second one the rest. */
    const struct dc_decode_ways ways = {
        .memory_bytes = p->unpacks == 0 ? p->unpack_bytes / 3 * 2 : p->unpack_bytes / 3};
    struct dc_stage *made = NULL;

    if (p->unpacks == UNPACK_MAX)
        return dc_fail(err, DC_UNSUPPORTED, 0,
                       "the source is compressed more than twice; this version unpacks two "
                       "layers; unpack it once before it is served");
    if (dc_decode_open(p->top, codec, &ways, &made, err) != 0)
        return -1;
    p->top = made;
    if (dc_filter_peek_open(p->top, DC_MAGIC_BYTES, &made, err) != 0)
        return -1;
    p->top = p->peek = made;
    p->unpacks++;
    return 0;
}

/* What stands in the outermost layer is what the source is. */
static int layer_check(struct pipeline *p, const void *head, size_t len,
                       const struct dc_codec **ret, struct dc_err *err)
{
    struct dc_source_info layer = p->source->info;

    dc_format_recognise(head, len, &layer);
    if (p->unpacks == 0)
        p->source->info = layer;
    *ret = dc_decode_find(layer.format);
    if (dc_format_check(&layer, len, err) == 0)
        return 0;
    if (p->unpacks > 0)
        (void)dc_wrap(err, "inside the %s data", p->source->info.format);
    return -1;
}

enum dc_pull pipeline_head(struct pipeline *p, struct dc_source_info *ret_info,
                           struct dc_err *err)
{
    for (;;) {
        const struct dc_codec *codec = NULL;
        const void *head = NULL;
        size_t len = 0;
        enum dc_pull got = dc_filter_peek_head(p->peek, &head, &len, err);

        if (got != DC_PULL_SPAN)
            return got;
        int rc = layer_check(p, head, len, &codec, err);
        *ret_info = p->source->info;
        if (rc != 0)
            return DC_PULL_FAIL;
        if (!codec || p->unpack_bytes == 0)
            return DC_PULL_SPAN;
        if (unpack(p, codec, err) != 0)
            return DC_PULL_FAIL;
    }
}

int pipeline_build(struct pipeline *p, size_t block_bytes, struct dc_err *err)
{
    struct dc_stage *made = NULL;

    if (dc_format_raw_open(p->top, block_bytes, &made, err) != 0)
        return -1;
    p->top = made;
    if (dc_filter_zero_open(p->top, DC_MIN((size_t)ZERO_GRANULE, block_bytes), block_bytes,
                            &made, err) != 0)
        return -1;
    p->top = made;
    return 0;
}

void pipeline_close(struct pipeline *p)
{
    dc_stage_close(p->top);
    *p = (struct pipeline){0};
}
