// SPDX-License-Identifier: Apache-2.0
/* filter/digest.h - the checksum of all bytes that pass. Sits right behind the source. */
#pragma once
#include "base/digest.h"
#include "decant/stage.h"

/* algorithm: as dc_digest_new(). *ret pulls from up, which stays the pipeline's to close. */
int dc_filter_digest_new(struct dc_stage *up, const char *algorithm, struct dc_stage **ret,
                         struct dc_err *err);

/* "algorithm:hex" of everything, once the stage has answered END. Only once. */
int dc_filter_digest_finish(struct dc_stage *st, char ret[DC_DIGEST_TEXT], struct dc_err *err);
