// SPDX-License-Identifier: Apache-2.0
/*
 * node/job.c - one fill from StartFill to its end, on a thread of its own.
 *
 *   journal -> stage, publish -> fill (on a writer) -> unpublish, unstage -> journal removed
 *
 * The thread blocks in CSI calls and else sleeps. The volume counts as written until the journal's
 * record is gone, so nobody else can begin with it while anything of ours may still be attached:
 * a detach that fails is tried again until it succeeds or the agent stops, and then the next agent
 * finds the record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/log.h"
#include "node/agent.h"

#define DETACH_RETRY_MS     500u
#define DETACH_RETRY_MAX_MS 30000u

/* CSI calls and logging need little of it; sanitizers triple that. */
#define STACK_BYTES (1u << 20)

struct job_run {
    struct dc_agent *agent;
    struct dc_job *job;
    struct dc_request *req;
    struct dc_csi_node *node;
    bool journalled;
};

static const char *decimal(char text[24], uint64_t n)
{
    (void)snprintf(text, 24, "%llu", (unsigned long long)n);
    return text;
}

static void log_begin(const struct job_run *r)
{
    const struct dc_journal_record *rec = &r->job->record;
    char generation[24];

    dc_log(DC_LOG_INFO, "node",
           r->job->recovering ? "detaching what a crash left" : "fill begins",
           {"fill", rec->fill_id}, {"claim", rec->claim},
           {"generation", decimal(generation, (uint64_t)rec->generation)},
           {"driver", rec->driver}, {"volume", rec->volume_id});
}

static void log_end(const struct job_run *r, const struct dc_err *err)
{
    const struct dc_journal_record *rec = &r->job->record;
    struct dc_job_view v;
    char bytes[24], ms[24];

    dc_job_look(r->agent->table, r->job, &v);
    const struct dc_field fields[] = {
        {"fill", rec->fill_id},
        {"claim", rec->claim},
        {"bytes", decimal(bytes, v.progress.durable)},
        {"ms", decimal(ms, v.elapsed_ms)},
        {"digest", v.progress.digest[0] ? v.progress.digest : NULL},
        {NULL, NULL},
    };
    if (r->job->recovering && err->kind == DC_CANCELLED)
        dc_log_fields(DC_LOG_INFO, "node", "detached what a crash left", fields);
    else if (err->kind == DC_OK)
        dc_log_fields(DC_LOG_INFO, "node", "fill ends: succeeded", fields);
    else if (err->kind == DC_CANCELLED)
        dc_log_fields(DC_LOG_INFO, "node", "fill ends: cancelled", fields);
    else
        dc_log_err(DC_LOG_ERROR, "node", "fill ends: failed", err, fields);
}

static int check_cancelled(const struct job_run *r, struct dc_err *err)
{
    if (!dc_job_cancelled(r->agent->table, r->job))
        return 0;
    return dc_fail(err, DC_CANCELLED, 0, "the fill was cancelled");
}

static int job_fill(struct job_run *r, struct dc_err *err)
{
    struct dc_journal_record *rec = &r->job->record;

    if (check_cancelled(r, err) != 0)
        return -1;
    if (dc_csi_node_open(r->agent->kubelet_dir, rec->driver, &r->node, err) != 0)
        return dc_wrap(err, "reach the CSI driver %s", rec->driver);
    if (dc_journal_save(r->agent->state_dir, rec, err) != 0)
        return -1;
    r->journalled = true;
    if (dc_csi_attach(r->node, &r->req->volume, &rec->paths, err) != 0)
        return dc_wrap(err, "attach volume %s", rec->volume_id);
    if (check_cancelled(r, err) != 0)
        return -1;
    dc_job_phase(r->agent->table, r->job, DECANT__V1ALPHA1__FILL_PHASE__WRITING);
    return dc_engine_run(r->agent, r->job, r->req, err);
}

static int detach_once(struct job_run *r, struct dc_err *err)
{
    const struct dc_journal_record *rec = &r->job->record;

    if (!r->node && dc_csi_node_open(r->agent->kubelet_dir, rec->driver, &r->node, err) != 0)
        return -1;
    if (dc_csi_detach(r->node, rec->volume_id, &rec->paths, err) != 0)
        return -1;
    return dc_journal_remove(r->agent->state_dir, rec->fill_id, err);
}

/* Sleep, but not while the agent wants to stop. */
static void nap(struct dc_table *t, uint32_t ms)
{
    uint64_t until = dc_clock_ns() + ms * DC_NS_PER_MS;

    pthread_mutex_lock(&t->lock);
    for (uint64_t now; !t->stopping && (now = dc_clock_ns()) < until;)
        dc_table_wait_locked(t, (uint32_t)((until - now) / DC_NS_PER_MS) + 1);
    pthread_mutex_unlock(&t->lock);
}

/* False: the agent stops first; the record stays for the next one. */
static bool job_detach(struct job_run *r)
{
    struct dc_table *t = r->agent->table;

    for (uint32_t delay = DETACH_RETRY_MS;; delay = DC_MIN(2 * delay, DETACH_RETRY_MAX_MS)) {
        const struct dc_field fields[] = {{"fill", r->job->record.fill_id},
                                          {"claim", r->job->record.claim},
                                          {"volume", r->job->record.volume_id},
                                          {NULL, NULL}};
        struct dc_err err = {0};

        if (detach_once(r, &err) == 0)
            return true;
        dc_job_trouble(t, r->job, &err);
        dc_log_err(DC_LOG_WARN, "node", "cannot detach, trying again", &err, fields);
        if (dc_table_stopping(t))
            return false;
        nap(t, delay);
    }
}

static void job_run(struct job_run *r)
{
    struct dc_err err = {0};

    log_begin(r);
    if (r->req) {
        (void)job_fill(r, &err); /* err says all */
        dc_request_free(r->req);
        r->req = NULL;
    } else {
        r->journalled = true;
        dc_fail(&err, DC_CANCELLED, 0, "the agent was restarted");
    }
    dc_job_phase(r->agent->table, r->job, DECANT__V1ALPHA1__FILL_PHASE__RELEASING);
    if (r->journalled && !job_detach(r)) {
        dc_err_clear(&err);
        dc_fail(&err, DC_UNAVAILABLE, 0, "the agent stopped before it could detach the volume");
    }
    dc_csi_node_free(r->node);
    log_end(r, &err);
    dc_job_end(r->agent->table, r->job, &err);
}

static void *job_main(void *arg)
{
    struct job_run r = *(struct job_run *)arg;

    free(arg);
    job_run(&r);
    return NULL;
}

static int thread_new(struct job_run *r, struct dc_err *err)
{
    pthread_attr_t attr;
    pthread_t thread;

    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    int rc = pthread_create(&thread, &attr, job_main, r);
    pthread_attr_destroy(&attr);
    return rc == 0 ? 0 : dc_fail(err, DC_NO_MEMORY, rc, "thread for a fill");
}

int dc_job_start(struct dc_agent *agent, struct dc_job *job, struct dc_request *req,
                 struct dc_err *err)
{
    struct job_run *r = malloc(sizeof *r);

    (void)dc_job_ref(agent->table, job);
    if (r)
        *r = (struct job_run){.agent = agent, .job = job, .req = req};
    if (r && thread_new(r, err) == 0)
        return 0;
    if (!r)
        dc_fail(err, DC_NO_MEMORY, 0, "fill");
    free(r);
    dc_request_free(req);
    dc_job_end(agent->table, job, err);
    return -1;
}
