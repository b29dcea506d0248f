// SPDX-License-Identifier: Apache-2.0
/* filter/fault.h - for tests: small fragments, stalls, and a failure at a chosen byte. */
#pragma once
#include "decant/stage.h"

struct dc_fault {
    size_t fragment;      /* at most so many bytes a pull; 0: as they come                */
    unsigned stall_every; /* answer WAIT before every nth span (then wake); 0: never      */
    uint64_t fail_at;     /* fail when this offset is reached; UINT64_MAX: never          */
    enum dc_err_kind fail_as;
    struct dc_waker waker; /* told after each stall; wake NULL: the caller asks by itself  */
};

/* *ret pulls from up, which stays the pipeline's to close. */
int dc_filter_fault_new(struct dc_stage *up, const struct dc_fault *fault,
                        struct dc_stage **ret, struct dc_err *err);
