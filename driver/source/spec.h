// SPDX-License-Identifier: Apache-2.0
/* source/spec.h - a source spec that owns its strings. */
#pragma once
#include "decant/err.h"
#include "decant/source.h"

struct source_spec {
    struct dc_source_spec spec; /* points into what stands below */
    char *url, *user, *password, *ca_pem;
    char **headers; /* NULL-terminated, or NULL */
};

int source_spec_copy(const struct dc_source_spec *from, struct source_spec *ret,
                     struct dc_err *err);
void source_spec_done(struct source_spec *s); /* wipes the password and the headers */
