// SPDX-License-Identifier: Apache-2.0
/* node/watch.c - WatchFill: the status now and after each change, until the fill has ended. */
#include "base/clock.h"
#include "node/agent.h"

/* Five a second; a change of phase is told at once. */
#define PACE_MS 200u
/* Each watch keeps a worker of the server; a quarter is left for the calls that decide. */
#define WATCHERS_MAX (3 * DC_TABLE_RUNNING_MAX)

static int send_status(struct dc_agent *agent, struct dc_rpc_call *call,
                       const struct dc_job *job, struct dc_err *err)
{
    Decant__V1alpha1__FillStatus *status = dc_node_status_new(agent, job);

    if (!status)
        return dc_fail(err, DC_NO_MEMORY, 0, "status");
    int rc = dc_rpc_send(call, &status->base, err);
    decant__v1alpha1__fill_status__free_unpacked(status, NULL);
    return rc;
}

/* Sleep until the phase is another, or PACE_MS have passed and something else has changed. */
static void pace(struct dc_agent *agent, struct dc_rpc_call *call, const struct dc_job *job,
                 const struct dc_job_view *told)
{
    uint64_t earliest = dc_clock_ns() + PACE_MS * DC_NS_PER_MS;
    struct dc_job_view v = *told;

    while (v.phase == told->phase && !dc_rpc_cancelled(call) &&
           !dc_table_stopping(agent->table)) {
        if (v.version != told->version && dc_clock_ns() >= earliest)
            return;
        dc_job_wait(agent->table, job, v.version, PACE_MS);
        dc_job_look(agent->table, job, &v);
    }
}

static int watch(struct dc_agent *agent, struct dc_rpc_call *call, const struct dc_job *job,
                 struct dc_err *err)
{
    struct dc_job_view v;

    for (;;) {
        dc_job_look(agent->table, job, &v);
        if (send_status(agent, call, job, err) != 0)
            return -1;
        if (dc_phase_ended(v.phase))
            return 0;
        pace(agent, call, job, &v);
        if (dc_rpc_cancelled(call))
            return dc_fail(err, DC_CANCELLED, 0, "the watcher is gone");
        if (dc_table_stopping(agent->table))
            return dc_fail(err, DC_UNAVAILABLE, 0, "the agent is stopping");
    }
}

int dc_node_watch(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                  struct dc_err *err)
{
    const Decant__V1alpha1__WatchFillRequest *req =
        (const Decant__V1alpha1__WatchFillRequest *)msg;
    struct dc_agent *agent = service;
    struct dc_job *job = dc_table_find(agent->table, req->fill_id);
    int rc;

    if (!job)
        return dc_fail(err, DC_NOT_FOUND, 0, "no fill %s on this node", req->fill_id);
    if (atomic_fetch_add(&agent->watchers, 1) < WATCHERS_MAX)
        rc = watch(agent, call, job, err);
    else
        rc =
            dc_fail(err, DC_UNAVAILABLE, 0, "%d fills are being watched already", WATCHERS_MAX);
    atomic_fetch_sub(&agent->watchers, 1);
    dc_job_unref(agent->table, job);
    return rc;
}
