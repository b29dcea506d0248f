// SPDX-License-Identifier: Apache-2.0
/* node/table.c - the fills that this agent knows, and who may write which volume. */
#include "node/table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "decant/cleanup.h"

/* Ended fills that the controller has not released: beyond, the oldest are forgotten. */
#define ENDED_MAX 256

int dc_table_new(struct dc_table **ret, struct dc_err *err)
{
    struct dc_table *t = calloc(1, sizeof *t);
    pthread_condattr_t monotonic;

    if (!t)
        return dc_fail(err, DC_NO_MEMORY, 0, "job table");
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *ret = t;
    return 0;
}

/* Out of line: inlined twice in one function, gcc 12 takes it for a use after free. */
__attribute__((noinline)) static void unref(struct dc_job *job)
{
    if (--job->refs == 0)
        free(job);
}

void dc_table_free(struct dc_table *t)
{
    if (!t)
        return;
    while (t->jobs) {
        struct dc_job *job = t->jobs;

        t->jobs = job->next;
        unref(job);
    }
    dc_fences_free(&t->fences);
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

struct dc_job *dc_job_new(const struct dc_journal_record *record)
{
    struct dc_job *job = calloc(1, sizeof *job);

    if (!job)
        return NULL;
    job->record = *record;
    job->refs = 1;
    job->since_ns = dc_clock_ns();
    job->view.phase = DECANT__V1ALPHA1__FILL_PHASE__ATTACHING;
    return job;
}

struct dc_job *dc_job_ref(struct dc_table *t, struct dc_job *job)
{
    pthread_mutex_lock(&t->lock);
    job->refs++;
    pthread_mutex_unlock(&t->lock);
    return job;
}

void dc_job_unref(struct dc_table *t, struct dc_job *job)
{
    if (!job)
        return;
    pthread_mutex_lock(&t->lock);
    unref(job);
    pthread_mutex_unlock(&t->lock);
}

/* --- Under the lock --- */

static bool ended(const struct dc_job *job)
{
    return dc_phase_ended(job->view.phase);
}

static struct dc_job *hold(struct dc_job *job)
{
    job->refs++;
    return job;
}

static struct dc_job *find(const struct dc_table *t, const char *fill_id)
{
    struct dc_job *job = t->jobs;

    while (job && strcmp(job->record.fill_id, fill_id) != 0)
        job = job->next;
    return job;
}

static struct dc_job *writer_of(const struct dc_table *t, const struct dc_journal_record *r)
{
    for (struct dc_job *job = t->jobs; job; job = job->next)
        if (!ended(job) && strcmp(job->record.driver, r->driver) == 0 &&
            strcmp(job->record.volume_id, r->volume_id) == 0)
            return job;
    return NULL;
}

static void drop(struct dc_table *t, struct dc_job *job)
{
    struct dc_job **at = &t->jobs;

    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    t->n_ended -= ended(job);
    unref(job);
}

/* The list is newest first, so the last ended one is the oldest. */
static void forget_oldest(struct dc_table *t)
{
    struct dc_job *oldest = NULL;

    for (struct dc_job *job = t->jobs; job; job = job->next)
        if (ended(job))
            oldest = job;
    if (oldest)
        drop(t, oldest);
}

/* Whether job, which may be NULL, is this very attempt, and not what is left of it or another. */
static bool is_this(const struct dc_job *job, int64_t generation)
{
    return job && !job->recovering && job->record.generation == generation;
}

static enum dc_admit admit_known(struct dc_table *t, struct dc_job *job, int64_t generation,
                                 struct dc_job **ret_other)
{
    if (is_this(job, generation)) {
        *ret_other = hold(job);
        return DC_ADMIT_KNOWN;
    }
    if (!ended(job)) {
        job->cancel = true;
        pthread_cond_broadcast(&t->changed);
        *ret_other = hold(job);
        return DC_ADMIT_WAIT;
    }
    drop(t, job);
    return DC_ADMIT_NEW;
}

static int check_fence(struct dc_table *t, const struct dc_journal_record *r,
                       const struct dc_job *same, struct dc_err *err)
{
    struct dc_fence *fence = dc_fence_get(&t->fences, r->fill_id);

    if (!fence)
        return dc_fail(err, DC_NO_MEMORY, 0, "fence");
    if (r->generation < fence->seen)
        return dc_fail(err, DC_FENCED, 0,
                       "fill %s: generation %lld is over, %lld has been seen", r->fill_id,
                       (long long)r->generation, (long long)fence->seen);
    if (r->generation <= fence->cancelled && !is_this(same, r->generation))
        return dc_fail(err, DC_FENCED, 0, "fill %s: generation %lld has been cancelled",
                       r->fill_id, (long long)r->generation);
    fence->seen = r->generation;
    return 0;
}

static int check_room(struct dc_table *t, const struct dc_job *other, struct dc_err *err)
{
    if (other)
        return dc_fail(err, DC_EXISTS, 0, "volume %s is being written by fill %s (claim %s)",
                       other->record.volume_id, other->record.fill_id, other->record.claim);
    if (t->n_running >= DC_TABLE_RUNNING_MAX)
        return dc_fail(err, DC_BUSY, 0, "%d fills run on this node already; try again later",
                       DC_TABLE_RUNNING_MAX);
    return 0;
}

static void insert(struct dc_table *t, struct dc_job *fresh)
{
    fresh->next = t->jobs;
    t->jobs = hold(fresh);
    t->n_running++;
}

static enum dc_admit admit(struct dc_table *t, struct dc_job *fresh, struct dc_job **ret_other,
                           struct dc_err *err)
{
    struct dc_job *same = find(t, fresh->record.fill_id), *other;

    if (t->stopping) {
        dc_fail(err, DC_UNAVAILABLE, 0, "the agent is stopping");
        return DC_ADMIT_FAIL;
    }
    if (check_fence(t, &fresh->record, same, err) != 0)
        return DC_ADMIT_FAIL;
    if (same) {
        enum dc_admit answer = admit_known(t, same, fresh->record.generation, ret_other);

        if (answer != DC_ADMIT_NEW)
            return answer;
    }
    other = writer_of(t, &fresh->record);
    if (other && other->recovering) {
        *ret_other = hold(other);
        return DC_ADMIT_WAIT;
    }
    if (check_room(t, other, err) != 0)
        return DC_ADMIT_FAIL;
    insert(t, fresh);
    return DC_ADMIT_NEW;
}

static int cancel(struct dc_table *t, const char *fill_id, int64_t generation,
                  struct dc_job **ret, struct dc_err *err)
{
    struct dc_fence *fence = dc_fence_get(&t->fences, fill_id);
    struct dc_job *job = find(t, fill_id);

    if (!fence)
        return dc_fail(err, DC_NO_MEMORY, 0, "fence");
    if (job && !job->recovering && generation < job->record.generation)
        return dc_fail(err, DC_FENCED, 0,
                       "fill %s: generation %lld cannot cancel generation %lld", fill_id,
                       (long long)generation, (long long)job->record.generation);
    if (generation > fence->cancelled)
        fence->cancelled = generation;
    if (job)
        job->cancel = true;
    pthread_cond_broadcast(&t->changed);
    *ret = job ? hold(job) : NULL;
    return 0;
}

/* --- Outside --- */

enum dc_admit dc_table_admit(struct dc_table *t, struct dc_job *fresh,
                             struct dc_job **ret_other, struct dc_err *err)
{
    pthread_mutex_lock(&t->lock);
    enum dc_admit answer = admit(t, fresh, ret_other, err);
    pthread_mutex_unlock(&t->lock);
    return answer;
}

void dc_table_recover(struct dc_table *t, struct dc_job *fresh)
{
    pthread_mutex_lock(&t->lock);
    struct dc_fence *fence = dc_fence_get(&t->fences, fresh->record.fill_id);
    if (fence) /* else out of memory: what waits for the job comes after it all the same */
        fence->seen = fresh->record.generation;
    fresh->recovering = true;
    insert(t, fresh);
    pthread_mutex_unlock(&t->lock);
}

int dc_table_cancel(struct dc_table *t, const char *fill_id, int64_t generation,
                    struct dc_job **ret, struct dc_err *err)
{
    pthread_mutex_lock(&t->lock);
    int rc = cancel(t, fill_id, generation, ret, err);
    pthread_mutex_unlock(&t->lock);
    return rc;
}

int dc_table_release(struct dc_table *t, const char *fill_id, struct dc_err *err)
{
    int rc = 0;

    pthread_mutex_lock(&t->lock);
    struct dc_job *job = find(t, fill_id);
    if (job && ended(job))
        drop(t, job);
    else if (job && !job->recovering)
        rc = dc_fail(err, DC_PRECONDITION, 0, "fill %s still runs: cancel it first", fill_id);
    pthread_mutex_unlock(&t->lock);
    return rc;
}

struct dc_job *dc_table_find(struct dc_table *t, const char *fill_id)
{
    pthread_mutex_lock(&t->lock);
    struct dc_job *job = find(t, fill_id);
    if (job)
        job = job->recovering ? NULL : hold(job);
    pthread_mutex_unlock(&t->lock);
    return job;
}

size_t dc_table_list(struct dc_table *t, struct dc_job **ret, size_t max)
{
    size_t n = 0;

    pthread_mutex_lock(&t->lock);
    for (struct dc_job *job = t->jobs; job && n < max; job = job->next)
        if (!job->recovering)
            ret[n++] = hold(job);
    pthread_mutex_unlock(&t->lock);
    return n;
}

void dc_table_stop(struct dc_table *t)
{
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    for (struct dc_job *job = t->jobs; job; job = job->next)
        job->cancel = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

bool dc_table_stopping(struct dc_table *t)
{
    pthread_mutex_lock(&t->lock);
    bool stopping = t->stopping;
    pthread_mutex_unlock(&t->lock);
    return stopping;
}

bool dc_table_wait_idle(struct dc_table *t, uint32_t timeout_ms)
{
    uint64_t until = dc_clock_ns() + timeout_ms * DC_NS_PER_MS;

    pthread_mutex_lock(&t->lock);
    for (uint64_t now; t->n_running > 0 && (now = dc_clock_ns()) < until;)
        dc_table_wait_locked(t, (uint32_t)((until - now) / DC_NS_PER_MS) + 1);
    bool idle = t->n_running == 0;
    pthread_mutex_unlock(&t->lock);
    return idle;
}

void dc_job_end(struct dc_table *t, struct dc_job *job, const struct dc_err *err)
{
    pthread_mutex_lock(&t->lock);
    job->view.phase = err->kind == DC_OK ? DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED
                                         : DECANT__V1ALPHA1__FILL_PHASE__FAILED;
    job->view.err = *err;
    job->view.elapsed_ms = (dc_clock_ns() - job->since_ns) / DC_NS_PER_MS;
    job->view.version++;
    t->n_running--;
    t->n_ended++;
    if (job->recovering)
        drop(t, job);
    else if (t->n_ended > ENDED_MAX)
        forget_oldest(t);
    unref(job);
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}
