// SPDX-License-Identifier: Apache-2.0
/* node/status.c - a job as the message that the controller gets. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "node/agent.h"

Decant__V1alpha1__FillError *dc_node_error(const struct dc_err *err)
{
    Decant__V1alpha1__FillError *e = malloc(sizeof *e);

    if (!e)
        return NULL;
    decant__v1alpha1__fill_error__init(e);
    e->reason = strdup(dc_err_reason(err->kind));
    e->message = strdup(err->msg);
    e->retryable = dc_err_retryable(err->kind);
    if (e->reason && e->message)
        return e;
    free(e->reason);
    free(e->message);
    free(e);
    return NULL;
}

static void take_progress(const struct dc_fill_progress *p, Decant__V1alpha1__FillStatus *ret)
{
    ret->total_bytes = p->total;
    ret->image_bytes = p->image;
    ret->pulled_bytes = p->pulled;
    ret->durable_bytes = p->durable;
    ret->zero_bytes = DC_MIN(p->zero, p->durable);
    ret->retries = p->retries;
}

bool dc_node_status(struct dc_agent *agent, const struct dc_job *job,
                    Decant__V1alpha1__FillStatus *ret)
{
    struct dc_job_view v;
    bool ok;

    dc_job_look(agent->table, job, &v);
    ret->generation = job->record.generation;
    ret->phase = v.phase;
    ret->elapsed_ms = (uint32_t)DC_MIN(v.elapsed_ms, UINT32_MAX);
    take_progress(&v.progress, ret);
    ret->fill_id = strdup(job->record.fill_id);
    ok = ret->fill_id;
    if (ok && v.phase == DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED) {
        ret->digest = strdup(v.progress.digest);
        ok = ret->digest;
    }
    if (ok && v.phase == DECANT__V1ALPHA1__FILL_PHASE__FAILED) {
        ret->error = dc_node_error(&v.err);
        ok = ret->error;
    }
    return ok;
}

Decant__V1alpha1__FillStatus *dc_node_status_new(struct dc_agent *agent,
                                                 const struct dc_job *job)
{
    Decant__V1alpha1__FillStatus *status = malloc(sizeof *status);

    if (!status)
        return NULL;
    decant__v1alpha1__fill_status__init(status);
    if (dc_node_status(agent, job, status))
        return status;
    decant__v1alpha1__fill_status__free_unpacked(status, NULL);
    return NULL;
}
