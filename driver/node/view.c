// SPDX-License-Identifier: Apache-2.0
/* node/view.c - what a job shows of itself, and how others wait for it to change. */
#include <time.h>

#include "base/clock.h"
#include "node/table.h"

bool dc_phase_ended(Decant__V1alpha1__FillPhase phase)
{
    return phase == DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED ||
           phase == DECANT__V1ALPHA1__FILL_PHASE__FAILED;
}

void dc_job_look(struct dc_table *t, const struct dc_job *job, struct dc_job_view *ret)
{
    pthread_mutex_lock(&t->lock);
    *ret = job->view;
    if (!dc_phase_ended(ret->phase))
        ret->elapsed_ms = (dc_clock_ns() - job->since_ns) / DC_NS_PER_MS;
    pthread_mutex_unlock(&t->lock);
}

bool dc_job_cancelled(struct dc_table *t, const struct dc_job *job)
{
    pthread_mutex_lock(&t->lock);
    bool cancelled = job->cancel;
    pthread_mutex_unlock(&t->lock);
    return cancelled;
}

void dc_table_wait_locked(struct dc_table *t, uint32_t timeout_ms)
{
    uint64_t until = dc_clock_ns() + timeout_ms * DC_NS_PER_MS;
    struct timespec ts = {.tv_sec = (time_t)(until / DC_NS_PER_S),
                          .tv_nsec = (long)(until % DC_NS_PER_S)};

    (void)pthread_cond_timedwait(&t->changed, &t->lock, &ts); /* callers look again anyway */
}

void dc_job_wait(struct dc_table *t, const struct dc_job *job, unsigned version,
                 uint32_t timeout_ms)
{
    uint64_t until = dc_clock_ns() + timeout_ms * DC_NS_PER_MS;

    pthread_mutex_lock(&t->lock);
    for (uint64_t now; job->view.version == version && (now = dc_clock_ns()) < until;)
        dc_table_wait_locked(t, (uint32_t)((until - now) / DC_NS_PER_MS) + 1);
    pthread_mutex_unlock(&t->lock);
}

static void changed(struct dc_table *t, struct dc_job *job)
{
    job->view.version++;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

void dc_job_progress(struct dc_table *t, struct dc_job *job,
                     const struct dc_fill_progress *progress)
{
    pthread_mutex_lock(&t->lock);
    job->view.progress = *progress;
    if (progress->state == DC_FILL_FLUSHING)
        job->view.phase = DECANT__V1ALPHA1__FILL_PHASE__FLUSHING;
    changed(t, job);
}

void dc_job_phase(struct dc_table *t, struct dc_job *job, Decant__V1alpha1__FillPhase phase)
{
    pthread_mutex_lock(&t->lock);
    job->view.phase = phase;
    changed(t, job);
}

void dc_job_trouble(struct dc_table *t, struct dc_job *job, const struct dc_err *err)
{
    pthread_mutex_lock(&t->lock);
    job->view.err = *err;
    changed(t, job);
}
