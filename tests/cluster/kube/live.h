// SPDX-License-Identifier: Apache-2.0
/* cluster/kube/live.h - one client of a real API server, and short ways to ask it. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

#include "decant/err.h"
#include "kube/client.h"
#include "kube/patch.h"

extern struct dc_loop *live_loop;
extern struct dc_kube_config live_config;
extern struct dc_kube *live_kube;
extern char
    live_run[64]; /* the value of the label decant-test, and the beginning of all names */

int live_set_up(void **state);
int live_tear_down(void **state);

/* Run the loop until *flag, for 20 s at most. */
void live_await(const bool *flag);

struct live_answer {
    bool come;
    enum dc_kube_answer answer;
    json_t *body; /* the receiver's */
    struct dc_err err;
};

struct live_answer live_ask_of(struct dc_kube *client, const struct dc_kube_request *request);
/* Ask, and want this answer; the body is the caller's. */
json_t *live_ask(enum dc_kube_answer want, const struct dc_kube_request *request);

/* A name of this run; valid until the next call. */
const char *live_name_of(const char *suffix);

/* ConfigMaps of this run, by the suffix of their name. */
struct dc_kube_ref live_config_map(const char *suffix);
json_t *live_config_map_body(const char *suffix, const char *value);
json_t *live_create(const char *suffix);
json_t *live_get(const char *suffix);
void live_patch(enum dc_kube_answer want, const char *suffix, const struct dc_kube_patch *p);
void live_remove_map(enum dc_kube_answer want, const char *suffix, const char *uid);
