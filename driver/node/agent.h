// SPDX-License-Identifier: Apache-2.0
/* node/agent.h - the agent: fills volumes of this node when it is told to. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#include "decant/err.h"
#include "node/request.h"
#include "node/table.h"
#include "node/writer.h"
#include "proto/rpc.h"

struct dc_agent_config {
    const char *node_name;
    const char *endpoint;    /* of the service: see dc_rpc_server_config */
    const char *tls_dir;     /* NULL: endpoint is a unix socket (tests)  */
    const char *kubelet_dir; /* where drivers' sockets and volumes are   */
    const char *state_dir;   /* for the journal                          */
    unsigned writers;
    uint32_t stop_ms; /* how long a stop waits for drivers, at most   */
};

/* Its parts belong to the files of this room; main() sees start, port and stop. */
struct dc_agent {
    const char *kubelet_dir, *state_dir;
    uint32_t stop_ms;
    int lock_fd; /* of state_dir */
    struct dc_table *table;
    struct dc_writers *writers;
    struct dc_rpc_server *server;
    struct dc_rpc_service service;
    _Atomic unsigned watchers;
};

/* Bring back what a crash left, then serve. Strings in config must outlive the agent. */
int dc_agent_start(const struct dc_agent_config *config, struct dc_agent **ret,
                   struct dc_err *err);
int dc_agent_port(const struct dc_agent *agent);
/*
 * Take no calls, end all fills, detach their volumes, free. NULL is allowed. False: a driver did
 * not answer in stop_ms, and a thread of ours still waits for it. Nothing is freed then: leave the
 * process (the journal tells the next agent what is attached), or ask again.
 */
bool dc_agent_stop(struct dc_agent *agent);

/* --- Between the files of this room --- */

/*
 * job.c: run a job that is in the table, on a thread of its own; req NULL: only detach. req is
 * taken in any case; the job is ended on failure. The caller keeps its reference.
 */
int dc_job_start(struct dc_agent *agent, struct dc_job *job, struct dc_request *req,
                 struct dc_err *err);

/* engine.c: fill the attached volume and wait for it. The job's thread. */
int dc_engine_run(struct dc_agent *agent, struct dc_job *job, const struct dc_request *req,
                  struct dc_err *err);

/* service.c, watch.c, probe.c: the methods of decant.v1alpha1.Fills. */
const struct dc_rpc_method *dc_node_methods(void);
int dc_node_watch(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                  struct dc_err *err);
int dc_node_probe(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                  ProtobufCMessage *reply, struct dc_err *err);

/* status.c: false when out of memory. The message's strings are from malloc. */
bool dc_node_status(struct dc_agent *agent, const struct dc_job *job,
                    Decant__V1alpha1__FillStatus *ret);
/* The same as a message of its own, or NULL. */
Decant__V1alpha1__FillStatus *dc_node_status_new(struct dc_agent *agent,
                                                 const struct dc_job *job);
/* NULL when out of memory. */
Decant__V1alpha1__FillError *dc_node_error(const struct dc_err *err);
