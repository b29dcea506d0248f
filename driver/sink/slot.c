// SPDX-License-Identifier: Apache-2.0
/* sink/slot.c - what a completion means. No I/O here: a table of results tests every branch. */
#include "sink/slot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/num.h"

/* One request may not keep the kernel busy for long: a cancel waits for it. */
#define MAX_ZERO_REQUEST (256 * DC_MIB)

uint64_t slot_request(const struct slot *s, uint64_t buf_bytes)
{
    uint64_t most =
        s->how == SLOT_PUNCH || s->how == SLOT_ZERO_RANGE ? MAX_ZERO_REQUEST : buf_bytes;

    return DC_MIN(s->len - s->done, most);
}

enum dc_err_kind slot_err_kind(int sys)
{
    return sys == ENOSPC || sys == EDQUOT || sys == EFBIG ? DC_NO_SPACE : DC_DEVICE;
}

static enum slot_next slot_fail(const struct slot *s, int res, uint64_t requested,
                                struct dc_err *err)
{
    static const char *const doing[] = {"write", "punch", "zero", "write zeros to"};
    int sys = res < 0 ? -res : EIO;

    if (slot_err_kind(sys) == DC_NO_SPACE)
        (void)dc_fail(err, DC_NO_SPACE, sys,
                      "the storage of the volume is full at byte %" PRIu64
                      " of the image; make room there or use a larger volume",
                      s->off + s->done);
    else
        (void)dc_fail(err, DC_DEVICE, sys, "%s %" PRIu64 " bytes at %" PRIu64 " (result %d)",
                      doing[s->how], requested, s->off + s->done, res);
    return SLOT_FAILED;
}

enum slot_next slot_advance(struct slot *s, int res, uint64_t requested, struct dc_err *err)
{
    bool by_range = s->how == SLOT_PUNCH || s->how == SLOT_ZERO_RANGE;

    if (res == -EAGAIN || res == -EINTR)
        return SLOT_RESUBMIT;
    if (by_range && (res == -EOPNOTSUPP || res == -EINVAL || res == -ENOSYS || res == -ENOTTY))
        return SLOT_DEGRADE;
    if (by_range ? res != 0 : res <= 0)
        return slot_fail(s, res, requested, err);

    /* Short writes go on, to the end or to the reason: a full file system writes what fits. */
    s->done += by_range ? requested : (uint64_t)res;
    return s->done < s->len ? SLOT_RESUBMIT : SLOT_DONE;
}
