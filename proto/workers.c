// SPDX-License-Identifier: Apache-2.0
/* proto/workers.c - a bounded pool of threads with a bounded queue, made when needed. */
#include <stdlib.h>

#include "decant/cleanup.h"
#include "proto/priv.h"

#define THREADS_MAX 256

struct dc_rpc_workers {
    pthread_mutex_t lock; /* guards all below; nothing else is taken under it */
    pthread_cond_t work;
    struct dc_rpc_job *first, **last;
    unsigned n_queued, queue_max;
    unsigned n_running, n_threads, threads_max;
    bool stopping;
    pthread_t threads[THREADS_MAX];
};

int dc_rpc_workers_new(unsigned threads, unsigned queue, struct dc_rpc_workers **ret,
                       struct dc_err *err)
{
    if (threads < 1 || threads > THREADS_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0, "%u workers: expected 1 to %d", threads,
                       THREADS_MAX);

    dc_autofree struct dc_rpc_workers *w = calloc(1, sizeof *w);
    if (!w)
        return dc_fail(err, DC_NO_MEMORY, 0, "workers");
    w->threads_max = threads;
    w->queue_max = queue;
    w->last = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    *ret = dc_steal(w);
    return 0;
}

static void *worker_main(void *arg)
{
    struct dc_rpc_workers *w = arg;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->first && !w->stopping)
            pthread_cond_wait(&w->work, &w->lock);

        struct dc_rpc_job *job = w->first;
        if (!job)
            break;
        w->first = job->next;
        if (!w->first)
            w->last = &w->first;
        w->n_queued--;
        w->n_running++;
        pthread_mutex_unlock(&w->lock);
        job->run(job);
        pthread_mutex_lock(&w->lock);
        w->n_running--;
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Room for one more: a thread that is free or can be made, or a place in the queue. */
static bool workers_room(struct dc_rpc_workers *w)
{
    unsigned have = w->n_queued + w->n_running;

    if (w->stopping)
        return false;
    if (have >= w->n_threads && w->n_threads < w->threads_max &&
        pthread_create(&w->threads[w->n_threads], NULL, worker_main, w) == 0)
        w->n_threads++;
    return w->n_threads > 0 && have < w->n_threads + w->queue_max;
}

bool dc_rpc_workers_submit(struct dc_rpc_workers *w, struct dc_rpc_job *job)
{
    pthread_mutex_lock(&w->lock);
    bool room = workers_room(w);
    if (room) {
        job->next = NULL;
        *w->last = job;
        w->last = &job->next;
        w->n_queued++;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

void dc_rpc_workers_free(struct dc_rpc_workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->n_threads; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
