// SPDX-License-Identifier: Apache-2.0
/*
 * node/table.h - the fills that this agent knows, and who may write which volume.
 *
 * One lock guards the table and what is shared of each job; one condition tells of every change.
 * No other lock is taken under it.
 */
#pragma once
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "decant/fill.h"
#include "node/fence.h"
#include "node/journal.h"
#include "proto/decant.pb-c.h"

/* Fills that run at once; each has a thread that mostly sleeps. */
#define DC_TABLE_RUNNING_MAX 64

/* What others may see of a job. */
struct dc_job_view {
    Decant__V1alpha1__FillPhase phase;
    struct dc_fill_progress progress;
    struct dc_err err;   /* why it FAILED, or the latest trouble while RELEASING */
    uint64_t elapsed_ms; /* since StartFill                                      */
    unsigned version;    /* changes when something else here does                */
};

struct dc_job {
    /* Never changed after dc_table_admit(); paths by the job's own thread before that. */
    struct dc_journal_record record;
    bool recovering; /* left by a crash: only detached, not shown to anybody */

    /* Under the table's lock. */
    struct dc_job_view view;
    uint64_t since_ns;
    bool cancel;
    unsigned refs;
    struct dc_job *next;
};

struct dc_table {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct dc_job *jobs;
    struct dc_fences fences;
    unsigned n_running, n_ended;
    bool stopping;
};

int dc_table_new(struct dc_table **ret, struct dc_err *err);
void dc_table_free(struct dc_table *t); /* NULL is allowed; nothing may run any more */

/* Not yet in the table; one reference. */
struct dc_job *dc_job_new(const struct dc_journal_record *record);
struct dc_job *dc_job_ref(struct dc_table *t, struct dc_job *job);
void dc_job_unref(struct dc_table *t, struct dc_job *job);

enum dc_admit {
    DC_ADMIT_NEW,   /* fresh is in the table, which has its own reference: run it     */
    DC_ADMIT_KNOWN, /* *ret_other is this very fill; a reference, to be dropped       */
    DC_ADMIT_WAIT,  /* *ret_other must end first (it was told to); then ask again     */
    DC_ADMIT_FAIL,  /* DC_FENCED, DC_EXISTS, DC_BUSY, DC_UNAVAILABLE                  */
};

/* Decide about a StartFill. fresh has the fill, generation, driver and volume that are asked. */
enum dc_admit dc_table_admit(struct dc_table *t, struct dc_job *fresh,
                             struct dc_job **ret_other, struct dc_err *err);

/* Put in a job that a crash left: it is in the way of its fill and of its volume until it ends. */
void dc_table_recover(struct dc_table *t, struct dc_job *fresh);

/*
 * Tell a fill to end, and fence this generation and all older ones. *ret is a reference, or NULL
 * when nothing of the fill is known. DC_FENCED when a newer generation runs.
 */
int dc_table_cancel(struct dc_table *t, const char *fill_id, int64_t generation,
                    struct dc_job **ret, struct dc_err *err);
/* Forget an ended fill. DC_PRECONDITION while it runs. */
int dc_table_release(struct dc_table *t, const char *fill_id, struct dc_err *err);
/* A reference, or NULL: not known, or only being recovered. */
struct dc_job *dc_table_find(struct dc_table *t, const char *fill_id);
/* References to all that are shown, at most max; how many. */
size_t dc_table_list(struct dc_table *t, struct dc_job **ret, size_t max);

/* Refuse new fills and tell all to end. */
void dc_table_stop(struct dc_table *t);
bool dc_table_stopping(struct dc_table *t);
/* Wait until no job runs; false when timeout_ms were too few. */
bool dc_table_wait_idle(struct dc_table *t, uint32_t timeout_ms);

/* --- A job --- */

bool dc_phase_ended(Decant__V1alpha1__FillPhase phase);
void dc_job_look(struct dc_table *t, const struct dc_job *job, struct dc_job_view *ret);
bool dc_job_cancelled(struct dc_table *t, const struct dc_job *job);
/* Wait until the view is not `version` any more, or timeout_ms have passed. */
void dc_job_wait(struct dc_table *t, const struct dc_job *job, unsigned version,
                 uint32_t timeout_ms);

/* By the job's own thread, or its fill's. */
void dc_job_progress(struct dc_table *t, struct dc_job *job,
                     const struct dc_fill_progress *progress);
void dc_job_phase(struct dc_table *t, struct dc_job *job, Decant__V1alpha1__FillPhase phase);
/* Trouble that the job goes on in spite of. */
void dc_job_trouble(struct dc_table *t, struct dc_job *job, const struct dc_err *err);
/*
 * The last word: DC_OK is SUCCEEDED. A recovered job leaves the table. Drops the caller's
 * reference, since the table itself may be gone as soon as nothing runs.
 */
void dc_job_end(struct dc_table *t, struct dc_job *job, const struct dc_err *err);

/* Under t->lock: wait for a change of anything, or until timeout_ms have passed. */
void dc_table_wait_locked(struct dc_table *t, uint32_t timeout_ms);
