// SPDX-License-Identifier: Apache-2.0
/* fill/pipeline.c - which stages stand on which. */
#include "fill/pipeline.h"

#include <string.h>

#include "base/num.h"
#include "filter/filter.h"
#include "format/format.h"

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

enum dc_pull pipeline_head(struct pipeline *p, struct dc_source_info *ret_info,
                           struct dc_err *err)
{
    const void *head = NULL;
    size_t len = 0;
    enum dc_pull got = dc_filter_peek_head(p->peek, &head, &len, err);

    if (got != DC_PULL_SPAN)
        return got;
    dc_format_recognise(head, len, &p->source->info);
    *ret_info = p->source->info;
    return dc_format_check(ret_info, len, err) == 0 ? DC_PULL_SPAN : DC_PULL_FAIL;
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
