// SPDX-License-Identifier: Apache-2.0
/* node/service.c - StartFill, CancelFill, ListFills, ReleaseFill. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "decant/cleanup.h"
#include "node/agent.h"

/* How long StartFill waits for an older fill to be gone: less than its caller's deadline. */
#define START_WAIT_MS 10000u
/* How often a waiting handler looks whether its caller is still there. */
#define LOOK_MS  200u
#define LIST_MAX 512

static int status_or_fail(struct dc_agent *agent, const struct dc_job *job,
                          ProtobufCMessage *reply, struct dc_err *err)
{
    if (dc_node_status(agent, job, (Decant__V1alpha1__FillStatus *)reply))
        return 0;
    return dc_fail(err, DC_NO_MEMORY, 0, "status");
}

/* Wait for a job's end; false when until_ns came first, the caller left or the agent stops. */
static bool wait_ended(struct dc_agent *agent, struct dc_rpc_call *call,
                       const struct dc_job *job, uint64_t until_ns, struct dc_job_view *ret)
{
    for (;;) {
        dc_job_look(agent->table, job, ret);
        if (dc_phase_ended(ret->phase))
            return true;
        if (dc_rpc_cancelled(call) || dc_clock_ns() >= until_ns ||
            dc_table_stopping(agent->table))
            return false;
        dc_job_wait(agent->table, job, ret->version, LOOK_MS);
    }
}

/* What stands in the way of a StartFill must be gone first. */
static int wait_other(struct dc_agent *agent, struct dc_rpc_call *call, struct dc_job *other,
                      uint64_t until_ns, struct dc_err *err)
{
    struct dc_job_view v;
    bool gone = wait_ended(agent, call, other, until_ns, &v);
    int rc = 0;

    if (!gone)
        rc = dc_fail(err, DC_BUSY, 0,
                     "generation %lld of fill %s is still being taken off volume %s%s%s",
                     (long long)other->record.generation, other->record.fill_id,
                     other->record.volume_id, v.err.msg[0] ? ": " : "", v.err.msg);
    dc_job_unref(agent->table, other);
    return rc;
}

/* Takes req, also on failure. */
static int start(struct dc_agent *agent, struct dc_rpc_call *call, struct dc_job *fresh,
                 struct dc_request *req, ProtobufCMessage *reply, struct dc_err *err)
{
    uint64_t until = dc_clock_ns() + START_WAIT_MS * DC_NS_PER_MS;
    struct dc_job *other;
    enum dc_admit answer;
    int rc = 0;

    while ((answer = dc_table_admit(agent->table, fresh, &other, err)) == DC_ADMIT_WAIT)
        if (wait_other(agent, call, other, until, err) != 0) {
            dc_request_free(req);
            return -1;
        }
    if (answer == DC_ADMIT_NEW) {
        rc = dc_job_start(agent, fresh, req, err);
        return rc == 0 ? status_or_fail(agent, fresh, reply, err) : -1;
    }
    dc_request_free(req);
    if (answer == DC_ADMIT_FAIL)
        return -1;
    rc = status_or_fail(agent, other, reply, err);
    dc_job_unref(agent->table, other);
    return rc;
}

static int record_of(const struct dc_agent *agent, const struct dc_request *req,
                     struct dc_journal_record *ret, struct dc_err *err)
{
    const Decant__V1alpha1__StartFillRequest *msg = req->msg;

    *ret = (struct dc_journal_record){.generation = msg->generation};
    (void)snprintf(ret->fill_id, sizeof ret->fill_id, "%s", msg->fill_id);
    (void)snprintf(ret->claim, sizeof ret->claim, "%s", msg->claim);
    (void)snprintf(ret->driver, sizeof ret->driver, "%s", msg->volume->driver);
    (void)snprintf(ret->volume_id, sizeof ret->volume_id, "%s", msg->volume->volume_handle);
    return dc_csi_paths(agent->kubelet_dir, &req->volume, msg->fill_id, &ret->paths, err);
}

static int on_start(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                    ProtobufCMessage *reply, struct dc_err *err)
{
    struct dc_agent *agent = service;
    struct dc_journal_record record;
    struct dc_request *req;

    if (dc_request_new((const Decant__V1alpha1__StartFillRequest *)msg, &req, err) != 0)
        return -1;
    struct dc_job *fresh =
        record_of(agent, req, &record, err) == 0 ? dc_job_new(&record) : NULL;
    if (!fresh) {
        dc_request_free(req);
        return err->kind != DC_OK ? -1 : dc_fail(err, DC_NO_MEMORY, 0, "fill");
    }
    int rc = start(agent, call, fresh, req, reply, err);
    dc_job_unref(agent->table, fresh);
    return rc;
}

/* Nothing of it is on this node, nor will be by this generation. */
static int reply_unknown(const Decant__V1alpha1__CancelFillRequest *req,
                         ProtobufCMessage *reply, struct dc_err *err)
{
    Decant__V1alpha1__FillStatus *status = (Decant__V1alpha1__FillStatus *)reply;
    struct dc_err why = {0};

    dc_fail(&why, DC_CANCELLED, 0, "no such fill on this node");
    status->fill_id = strdup(req->fill_id);
    status->generation = req->generation;
    status->phase = DECANT__V1ALPHA1__FILL_PHASE__FAILED;
    status->error = dc_node_error(&why);
    if (!status->fill_id || !status->error)
        return dc_fail(err, DC_NO_MEMORY, 0, "status");
    return 0;
}

static int on_cancel(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                     ProtobufCMessage *reply, struct dc_err *err)
{
    const Decant__V1alpha1__CancelFillRequest *req =
        (const Decant__V1alpha1__CancelFillRequest *)msg;
    struct dc_agent *agent = service;
    struct dc_job *job;
    struct dc_job_view v;

    if (!dc_fill_id_valid(req->fill_id))
        return dc_fail(err, DC_BAD_INPUT, 0, "CancelFill: fill_id is not one");
    if (dc_table_cancel(agent->table, req->fill_id, req->generation, &job, err) != 0)
        return -1;
    if (!job)
        return reply_unknown(req, reply, err);
    int rc =
        wait_ended(agent, call, job, UINT64_MAX, &v)
            ? status_or_fail(agent, job, reply, err)
            : dc_fail(err, DC_UNAVAILABLE, 0, "fill %s is not off volume %s yet; ask again%s%s",
                      req->fill_id, job->record.volume_id, v.err.msg[0] ? ": " : "", v.err.msg);
    dc_job_unref(agent->table, job);
    return rc;
}

static int on_release(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                      ProtobufCMessage *reply, struct dc_err *err)
{
    const Decant__V1alpha1__ReleaseFillRequest *req =
        (const Decant__V1alpha1__ReleaseFillRequest *)msg;
    struct dc_agent *agent = service;

    (void)call, (void)reply;
    return dc_table_release(agent->table, req->fill_id, err);
}

static int list(struct dc_agent *agent, struct dc_job *const *jobs, size_t n,
                Decant__V1alpha1__ListFillsResponse *r, struct dc_err *err)
{
    r->fills = calloc(n + 1, sizeof *r->fills);
    for (size_t i = 0; r->fills && i < n; i++) {
        r->fills[i] = dc_node_status_new(agent, jobs[i]);
        if (!r->fills[i])
            return dc_fail(err, DC_NO_MEMORY, 0, "list");
        r->n_fills++; /* what is counted is freed with the reply */
    }
    return r->fills ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "list");
}

static int on_list(void *service, struct dc_rpc_call *call, const ProtobufCMessage *msg,
                   ProtobufCMessage *reply, struct dc_err *err)
{
    struct dc_agent *agent = service;
    dc_autofree struct dc_job **jobs = calloc(LIST_MAX, sizeof *jobs);

    (void)call, (void)msg;
    if (!jobs)
        return dc_fail(err, DC_NO_MEMORY, 0, "list");
    size_t n = dc_table_list(agent->table, jobs, LIST_MAX);
    int rc = list(agent, jobs, n, (Decant__V1alpha1__ListFillsResponse *)reply, err);
    for (size_t i = 0; i < n; i++)
        dc_job_unref(agent->table, jobs[i]);
    return rc;
}

const struct dc_rpc_method *dc_node_methods(void)
{
    static const struct dc_rpc_method methods[] = {
        {.name = "StartFill", .unary = on_start},
        {.name = "WatchFill", .stream = dc_node_watch},
        {.name = "ListFills", .unary = on_list},
        {.name = "CancelFill", .unary = on_cancel},
        {.name = "ReleaseFill", .unary = on_release},
        {.name = "ProbeSource", .unary = dc_node_probe},
        {0},
    };

    return methods;
}
