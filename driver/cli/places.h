// SPDX-License-Identifier: Apache-2.0
/* cli/places.h - the words SOURCE and TARGET, and who logs in there. */
#pragma once
#include "cli/options.h"
#include "decant/fill.h"
#include "net/url.h"

struct cli_source {
    struct dc_source_spec spec; /* points into this struct and argv */
    char *ca_pem, *user, *password;
    char name[DC_URL_NAME]; /* for people: without user, password and query */
};

/* DC_BAD_INPUT: the command line is wrong. *ret ends in cli_source_done(). */
int cli_source_take(const struct cli_settings *s, struct cli_source *ret, struct dc_err *err);
void cli_source_done(struct cli_source *src); /* a zeroed one is allowed */

struct cli_target {
    enum dc_target_kind kind;
    char *path; /* malloc'ed; links are followed */
};

/* DC_BAD_INPUT: the command line is wrong; DC_DEVICE: what is there cannot be a target. */
int cli_target_take(const struct cli_settings *s, const struct cli_source *source,
                    struct cli_target *ret, struct dc_err *err);
void cli_target_done(struct cli_target *t);
