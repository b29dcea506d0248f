// SPDX-License-Identifier: Apache-2.0
/* node/writer.c - threads that each own a loop and the fills on it. */
#include "node/writer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "decant/log.h"

struct writer {
    struct dc_loop *loop;
    pthread_t thread;
    bool runs;
};

struct dc_writers {
    unsigned n;
    _Atomic unsigned turn;
    struct writer v[DC_WRITERS_MAX];
};

static void *writer_main(void *arg)
{
    struct writer *w = arg;
    struct dc_err err = {0};

    /* Fills wait on this thread for ever when it is gone; better that all begin again. */
    if (dc_loop_run(w->loop, &err) != 0) {
        dc_log_err(DC_LOG_ERROR, "node", "a writer thread cannot go on; ending the agent", &err,
                   NULL);
        abort();
    }
    return NULL;
}

static int writer_start(struct writer *w, struct dc_err *err)
{
    if (dc_loop_new(&w->loop, err) != 0)
        return -1;
    int rc = pthread_create(&w->thread, NULL, writer_main, w);
    if (rc != 0)
        return dc_fail(err, DC_NO_MEMORY, rc, "writer thread");
    w->runs = true;
    return 0;
}

int dc_writers_new(unsigned n, struct dc_writers **ret, struct dc_err *err)
{
    struct dc_writers *w = calloc(1, sizeof *w);

    if (!w)
        return dc_fail(err, DC_NO_MEMORY, 0, "writers");
    w->n = n < 1 ? 1 : n > DC_WRITERS_MAX ? DC_WRITERS_MAX : n;
    for (unsigned i = 0; i < w->n; i++)
        if (writer_start(&w->v[i], err) != 0) {
            dc_writers_free(w);
            return -1;
        }
    *ret = w;
    return 0;
}

void dc_writers_free(struct dc_writers *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < w->n; i++) {
        if (w->v[i].runs) {
            dc_loop_stop(w->v[i].loop);
            pthread_join(w->v[i].thread, NULL);
        }
        dc_loop_free(w->v[i].loop);
    }
    free(w);
}

struct dc_loop *dc_writers_next(struct dc_writers *w)
{
    return w->v[atomic_fetch_add(&w->turn, 1) % w->n].loop;
}
