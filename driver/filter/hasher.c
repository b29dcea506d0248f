// SPDX-License-Identifier: Apache-2.0
/* filter/hasher.c - a ring of bytes between the one who adds and the thread that computes. */
#include "filter/hasher.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/num.h"
#include "decant/cleanup.h"

struct hasher {
    char *ring;
    size_t cap;
    pthread_t thread;
    bool running; /* the thread is to be joined; the owner's */

    /* Only the thread's while it runs, then the owner's. */
    struct dc_digest *digest;
    struct dc_err err;

    pthread_mutex_t lock; /* all below; held for counting, never for bytes */
    pthread_cond_t more, less;
    size_t at, len; /* bytes in the ring: the oldest one, and how many */
    enum { HASHER_OPEN, HASHER_ENDED, HASHER_DROPPED } state;
};

/* Wait for bytes in one piece. 0: there are no more. */
static size_t piece_wait(struct hasher *h, const char **ret)
{
    pthread_mutex_lock(&h->lock);
    while (h->len == 0 && h->state == HASHER_OPEN)
        pthread_cond_wait(&h->more, &h->lock);
    size_t n = DC_MIN(h->len, h->cap - h->at);
    n = DC_MIN(n,
               DC_MAX(h->cap / 4, (size_t)1)); /* so that there is room again before the end */
    *ret = h->ring + h->at;
    if (h->state == HASHER_DROPPED)
        n = 0;
    pthread_mutex_unlock(&h->lock);
    return n;
}

static void piece_done(struct hasher *h, size_t n)
{
    pthread_mutex_lock(&h->lock);
    h->at = (h->at + n) % h->cap;
    h->len -= n;
    pthread_cond_signal(&h->less);
    pthread_mutex_unlock(&h->lock);
}

static void *hasher_run(void *arg)
{
    struct hasher *h = arg;
    const char *piece = NULL;
    size_t n;

    while ((n = piece_wait(h, &piece)) > 0) {
        if (h->err.kind == DC_OK) /* else only make room: hasher_finish() tells */
            (void)dc_digest_add(h->digest, piece, n, &h->err);
        piece_done(h, n);
    }
    return NULL;
}

static void hasher_free_at(struct hasher **h)
{
    hasher_free(*h);
}

int hasher_new(const char *algorithm, size_t ring_bytes, struct hasher **ret,
               struct dc_err *err)
{
    DC_AUTO(hasher_free_at) struct hasher *h = calloc(1, sizeof *h);

    assert(ring_bytes > 0);
    if (!h)
        return dc_fail(err, DC_NO_MEMORY, 0, "digest");
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->more, NULL);
    pthread_cond_init(&h->less, NULL);
    if (dc_digest_new(algorithm, &h->digest, err) != 0)
        return -1;
    h->cap = ring_bytes;
    h->ring = malloc(ring_bytes);
    if (!h->ring)
        return dc_fail(err, DC_NO_MEMORY, 0, "digest");
    int rc = pthread_create(&h->thread, NULL, hasher_run, h);
    if (rc != 0)
        return dc_fail(err, DC_NO_MEMORY, rc, "start a thread for the digest");
    h->running = true;
    *ret = dc_steal(h);
    return 0;
}

/* Wait for a free piece of the ring. */
static size_t room_wait(struct hasher *h, char **ret)
{
    pthread_mutex_lock(&h->lock);
    while (h->len == h->cap)
        pthread_cond_wait(&h->less, &h->lock);
    size_t end = (h->at + h->len) % h->cap;
    size_t n = DC_MIN(h->cap - h->len, h->cap - end);
    pthread_mutex_unlock(&h->lock);
    *ret = h->ring + end;
    return n;
}

void hasher_add(struct hasher *h, const void *data, size_t len)
{
    const char *from = data;

    assert(h->running);
    while (len > 0) {
        char *to = NULL;
        size_t room = room_wait(h, &to), n = DC_MIN(room, len);

        memcpy(to, from, n); /* free until it is counted: the thread does not look there */
        pthread_mutex_lock(&h->lock);
        h->len += n;
        pthread_cond_signal(&h->more);
        pthread_mutex_unlock(&h->lock);
        from += n;
        len -= n;
    }
}

static void hasher_join(struct hasher *h, int state)
{
    if (!h->running)
        return;
    pthread_mutex_lock(&h->lock);
    h->state = state;
    pthread_cond_signal(&h->more);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    h->running = false;
}

int hasher_finish(struct hasher *h, char ret[DC_DIGEST_TEXT], struct dc_err *err)
{
    hasher_join(h, HASHER_ENDED);
    if (h->err.kind != DC_OK) {
        *err = h->err;
        return -1;
    }
    return dc_digest_finish(h->digest, ret, err);
}

void hasher_free(struct hasher *h)
{
    if (!h)
        return;
    hasher_join(h, HASHER_DROPPED);
    pthread_cond_destroy(&h->less);
    pthread_cond_destroy(&h->more);
    pthread_mutex_destroy(&h->lock);
    dc_digest_free(h->digest);
    free(h->ring);
    free(h);
}
