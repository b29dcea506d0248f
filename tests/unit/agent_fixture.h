// SPDX-License-Identifier: Apache-2.0
/*
 * agent_fixture.h - an agent, a CSI node plugin that can be told to fail, and a client, all in one
 * process below one temporary directory.
 *
 * The plugin stages nothing and publishes a plain directory, or a link to a block device. What was
 * in the directory is kept in DIR/kept when it is unpublished.
 */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/agent.h"

struct plugin {
    struct dc_rpc_server *server;
    const char *device; /* NULL: a directory is published */
    char kept[128];
    _Atomic int stages, publishes, unpublishes, unstages; /* calls that succeeded     */
    _Atomic int fail_stage, fail_unstage;                 /* calls to fail, from now */
    _Atomic bool hang_stage;                              /* calls do not answer      */
    _Atomic int hanging;                                  /* calls that did not, yet  */
    char secret[32];               /* stage_secrets["key"], as staged last */
    _Atomic int staged, published; /* 0 or 1: what is so now   */
};

struct agent_fixture {
    char dir[64], kubelet[96], state[96], endpoint[128];
    uint32_t stop_ms; /* set before agent_start(); 0: 20 s */
    struct plugin plugin;
    struct dc_rpc_service services[2];
    struct dc_agent *agent;
    struct dc_rpc_client *client;
};

void agent_setup(struct agent_fixture *f); /* directories and the plugin */
void agent_start(struct agent_fixture *f); /* the agent and its client   */
void agent_stop(struct agent_fixture *f);
void plugin_up(struct agent_fixture *f);
void plugin_down(struct agent_fixture *f);
void agent_teardown(struct agent_fixture *f); /* asserts that nothing is attached or recorded */

/* A request for claim "ns/claim" of volume "vol-1"; url is borrowed. */
struct fill_request {
    Decant__V1alpha1__StartFillRequest msg;
    Decant__V1alpha1__Volume volume;
    Decant__V1alpha1__Source source;
    Decant__V1alpha1__HttpSource http;
};
void fill_request(struct fill_request *r, const char *fill_id, int64_t generation, bool block,
                  const char *url);

/* Calls: NULL on failure, and *err says why. Free the reply. */
Decant__V1alpha1__FillStatus *call_start(struct agent_fixture *f, struct fill_request *r,
                                         struct dc_err *err);
Decant__V1alpha1__FillStatus *call_cancel(struct agent_fixture *f, const char *fill_id,
                                          int64_t generation, struct dc_err *err);
void free_status(Decant__V1alpha1__FillStatus *status);

/* Watch until the stream ends: the last status (NULL: none came), how many came, why it ended. */
struct watched {
    Decant__V1alpha1__FillStatus *last;
    _Atomic int n, done;
    struct dc_err err;
};
void watch_to_end(struct agent_fixture *f, const char *fill_id, struct watched *ret);
/* StartFill must be answered; the fill must end with this reason, or well with NULL. */
void begin_fill(struct agent_fixture *f, struct fill_request *r);
void expect_end(struct agent_fixture *f, const char *fill_id, const char *reason);
/* Wait up to 10 s for the job to be in the phase. */
void wait_phase(struct agent_fixture *f, const char *fill_id,
                Decant__V1alpha1__FillPhase phase);
