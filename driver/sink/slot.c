// SPDX-License-Identifier: Apache-2.0
/* sink/slot.c - what a completed request means. */
#include "sink/slot.h"

#include <errno.h>
#include <inttypes.h>

/* A device, file system or kernel that does not know this way of zeroing. */
static bool is_refusal(int64_t res)
{
    return res == -EOPNOTSUPP || res == -EINVAL || res == -ENOSYS || res == -ENODEV ||
           res == -ENOTTY;
}

static enum dc_slot_next zero_advance(struct dc_slot *s, int64_t res, struct dc_err *err)
{
    if (res == 0) {
        s->done = s->len;
        return DC_SLOT_DONE;
    }
    if (is_refusal(res)) {
        s->how++;
        return DC_SLOT_AGAIN;
    }
    (void)dc_fail(err, DC_DEVICE, (int)-res, "zero %" PRIu64 " bytes at %" PRIu64, s->len,
                  s->off);
    return DC_SLOT_FAILED;
}

enum dc_slot_next dc_slot_advance(struct dc_slot *slot, int64_t res, uint64_t asked,
                                  uint32_t block, struct dc_err *err)
{
    if (res == -EAGAIN || res == -EINTR)
        return DC_SLOT_AGAIN;
    if (slot->kind == DC_SPAN_ZERO && slot->how != DC_ZERO_WRITE)
        return zero_advance(slot, res, err);

    if (res <= 0 || (uint64_t)res > asked || (uint64_t)res % block != 0) {
        int sys = res < 0 ? (int)-res : EIO;
        (void)dc_fail(err, sys == ENOSPC ? DC_NO_SPACE : DC_DEVICE, sys,
                      "write %" PRIu64 " bytes at %" PRIu64 " (result %" PRId64 ")", asked,
                      slot->off + slot->done, res);
        return DC_SLOT_FAILED;
    }
    slot->done += (uint64_t)res;
    return slot->done < slot->len ? DC_SLOT_AGAIN : DC_SLOT_DONE; /* short writes go on */
}
