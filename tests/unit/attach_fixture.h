// SPDX-License-Identifier: Apache-2.0
/* unit/attach_fixture.h - a node plugin that does as it is told. */
#pragma once
#include <pthread.h>
#include <stdbool.h>

#include "attach/attach.h"
#include "proto/rpc.h"

/*
 * A node plugin of the name "fake.test" at KUBELET/plugins/fake.test/csi.sock. Publish makes a
 * directory at the target, unpublish removes it. It writes down what it is asked, one letter a
 * call: s stage, p publish, u unpublish, t unstage.
 */
struct fake_plugin {
    const char *name; /* what GetPluginInfo says                                 */
    bool stages;      /* has STAGE_UNSTAGE_VOLUME                                */
    bool multi;       /* has SINGLE_NODE_MULTI_WRITER                            */
    bool starting;    /* Probe says not ready                                    */
    bool forgetful;   /* unpublish does not remove the target                    */
    /* The first `fails` calls (-1: all) fail with kind; then all with `then`, unless it is DC_OK. */
    struct fake_answer {
        enum dc_err_kind kind;
        int fails;
        enum dc_err_kind then;
    } stage, publish, unpublish, unstage;
    char calls[64];
    char staging[512], publish_staging[512], target[512]; /* as asked last */
    char fs[32], flag[32], secret[32], context[32], volume_context[32];
    char publish_secret[32], publish_context[32], publish_volume_context[32];
    int mode;
    bool block;
    pthread_mutex_t lock; /* held by a call; see fake_sync() */
    struct dc_rpc_service services[2];
    struct dc_rpc_server *server;
};

void fake_start(struct fake_plugin *f, const char *kubelet_dir);
void fake_stop(struct fake_plugin *f);

/* A registrar for "fake.test" that says this of it. */
struct fake_registrar {
    const char *type, *name, *endpoint;
    struct dc_rpc_service service;
    struct dc_rpc_server *server;
};
void fake_register(struct fake_registrar *r, const char *kubelet_dir);
void fake_unregister(struct fake_registrar *r);
/* Whether there is nothing below dir but directories called as kubelet calls them. */
bool fake_left_nothing(const char *dir);
/*
 * Between the test's access to the plugin and a call: no sanitizer sees through the library that
 * the one comes after the other.
 */
void fake_sync(struct fake_plugin *f);
