// SPDX-License-Identifier: Apache-2.0
/* node/agent.c - the agent's parts put together and taken apart. */
#include "node/agent.h"

#include <stdlib.h>

#include "decant/cleanup.h"
#include "decant/fill.h"
#include "decant/log.h"

/* Handlers may wait, and watches do; threads are made when they are needed. */
#define WORKERS 256
#define QUEUE   128

/* The common name in the controller's certificate. */
#define CONTROLLER "decant-controller"

/* Watchers leave at once when the agent stops; this is for calls that are being answered. */
#define GRACE_MS 1000

static void recover(void *arg, const struct dc_journal_record *record)
{
    struct dc_agent *agent = arg;
    struct dc_job *job = dc_job_new(record);
    struct dc_err err = {0};

    if (!job) {
        dc_log(DC_LOG_ERROR, "node", "no memory to detach what a crash left",
               {"fill", record->fill_id});
        return;
    }
    dc_table_recover(agent->table, job);
    if (dc_job_start(agent, job, NULL, &err) != 0)
        dc_log_err(DC_LOG_ERROR, "node", "cannot detach what a crash left", &err, NULL);
    dc_job_unref(agent->table, job);
}

static int serve(struct dc_agent *agent, const struct dc_agent_config *config,
                 struct dc_err *err)
{
    agent->service = (struct dc_rpc_service){
        .desc = &decant__v1alpha1__fills__descriptor,
        .methods = dc_node_methods(),
        .service = agent,
    };
    const struct dc_rpc_server_config rpc = {
        .endpoint = config->endpoint,
        .tls = {.dir = config->tls_dir, .peer_name = config->tls_dir ? CONTROLLER : NULL},
        .services = &agent->service,
        .n_services = 1,
        .workers = WORKERS,
        .queue = QUEUE,
        .log_calls = true,
    };
    return dc_rpc_server_start(&rpc, &agent->server, err);
}

static void agent_stop_at(struct dc_agent **agent)
{
    (void)dc_agent_stop(*agent); /* what hangs keeps the agent until the process ends */
}

int dc_agent_start(const struct dc_agent_config *config, struct dc_agent **ret,
                   struct dc_err *err)
{
    DC_AUTO(agent_stop_at) struct dc_agent *agent = calloc(1, sizeof *agent);

    if (!agent)
        return dc_fail(err, DC_NO_MEMORY, 0, "agent");
    agent->lock_fd = -1;
    agent->kubelet_dir = config->kubelet_dir;
    agent->state_dir = config->state_dir;
    agent->stop_ms = config->stop_ms;
    if (dc_journal_open(config->state_dir, &agent->lock_fd, err) != 0 ||
        dc_table_new(&agent->table, err) != 0 ||
        dc_writers_new(config->writers, &agent->writers, err) != 0 ||
        dc_journal_load(config->state_dir, recover, agent, err) != 0 ||
        serve(agent, config, err) != 0)
        return -1;
    *ret = dc_steal(agent);
    return 0;
}

int dc_agent_port(const struct dc_agent *agent)
{
    return dc_rpc_server_port(agent->server);
}

bool dc_agent_stop(struct dc_agent *agent)
{
    if (!agent)
        return true;
    if (agent->table)
        dc_table_stop(agent->table);
    dc_rpc_server_stop(dc_steal(agent->server), GRACE_MS);
    if (agent->table && !dc_table_wait_idle(agent->table, agent->stop_ms))
        return false;
    dc_writers_free(agent->writers);
    dc_table_free(agent->table);
    dc_close_at(&agent->lock_fd); /* last: until here volumes may be attached */
    free(agent);
    return true;
}
