// SPDX-License-Identifier: Apache-2.0
/* sink/null.h - a sink that keeps nothing: what a pipeline can do without a device. */
#pragma once
#include "decant/sink.h"

/* size: what it claims to hold, bytes. */
int dc_sink_null_new(uint64_t size, struct dc_sink **ret, struct dc_err *err);
