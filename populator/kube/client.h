// SPDX-License-Identifier: Apache-2.0
/*
 * kube/client.h - requests to one API server, many at once, on a loop.
 *
 * A request is started, and its answer comes later to a callback on the loop's thread. There
 * is no client-side rate limit: the server's own (429) is obeyed. What the server says it
 * has not done (429, or 503 with Retry-After) is sent again here, with back-off, until the
 * request's time is over; so is, once, what it answers with 401, after the token file has
 * been read again. Anything else comes to the caller, who looks again and decides again.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "decant/err.h"
#include "kube/config.h"
#include "kube/resource.h"
#include "net/loop.h"

struct dc_kube;      /* a connection pool to one API server */
struct dc_kube_call; /* one request                         */

/*
 * config is borrowed for the life of the client. name ("decant-controller") is copied; it is
 * the User-Agent and the fieldManager of all writes.
 */
int dc_kube_new(struct dc_loop *loop, const struct dc_kube_config *config, const char *name,
                struct dc_kube **ret, struct dc_err *err);
/*
 * Cancels what runs, without callbacks. Watches and recorders are to be ended before. Not from
 * inside a callback. NULL is allowed.
 */
void dc_kube_free(struct dc_kube *kube);

enum dc_kube_verb {
    DC_KUBE_GET,         /* an object                                                    */
    DC_KUBE_LIST,        /* a collection, one page: metadata.continue says if there is more */
    DC_KUBE_CREATE,      /* body: the object                                             */
    DC_KUBE_REPLACE,     /* body: the object, with resourceVersion                       */
    DC_KUBE_JSON_PATCH,  /* body: an array of operations, see kube/patch.h. RFC 6902     */
    DC_KUBE_MERGE_PATCH, /* body: an object. RFC 7386                                    */
    DC_KUBE_APPLY,       /* body: the fields we own. Server-side apply, forced           */
    DC_KUBE_DELETE,
};

enum dc_kube_propagation {
    DC_KUBE_BACKGROUND, /* dependents go later */
    DC_KUBE_FOREGROUND, /* dependents go first */
    DC_KUBE_ORPHAN,     /* dependents stay     */
};

/* Everything is borrowed by dc_kube_start() and copied where it is needed later. */
struct dc_kube_request {
    enum dc_kube_verb verb;
    struct dc_kube_ref ref;
    const json_t *body;         /* as the verb says; NULL for GET, LIST, DELETE               */
    const char *label_selector; /* LIST; NULL: none                                           */
    const char *field_selector; /* LIST; NULL: none                                           */
    const char *page;           /* LIST: metadata.continue of the page before; NULL: first    */
    uint32_t limit;             /* LIST: objects in a page; 0: 500                            */
    bool metadata_only;         /* GET, LIST: objects have metadata and no more               */
    const char *uid;            /* DELETE: only the object with this UID; NULL: any           */
    const char *resource_version; /* DELETE: only when it is still this; NULL: any            */
    enum dc_kube_propagation propagation; /* DELETE                                           */
    uint32_t timeout_ms; /* for all tries together; 0: 30 s                            */
};

/* What came of it. Enough to decide on; the texts are in err. */
enum dc_kube_answer {
    DC_KUBE_DONE,      /* 2xx                                                                 */
    DC_KUBE_NOT_FOUND, /* 404: no such object (or no such kind: the CRDs are not installed)   */
    DC_KUBE_EXISTS,    /* 409 AlreadyExists                                                   */
    DC_KUBE_CONFLICT,  /* 409 Conflict, or a failed `test` or missing path of a JSON Patch:
                          somebody else was there first. Look again, then decide again        */
    DC_KUBE_DENIED,    /* 401, 403; also what an admission plugin or a quota refused          */
    DC_KUBE_INVALID,   /* 400, 405, 413, 415, 422: the request is wrong; again does not help  */
    DC_KUBE_EXPIRED,   /* 410: the resourceVersion or page is too old; list again             */
    DC_KUBE_UNKNOWN,   /* no answer, or 5xx, or still 429: it may have been done or not       */
};

/* Borrowed by the callback: json_incref() what is to be kept. */
struct dc_kube_reply {
    enum dc_kube_answer answer;
    int status;   /* of HTTP; 0: none came                                                    */
    json_t *body; /* the object, list or Status; NULL when nothing readable came. DELETE: the
                     object when finalizers still hold it, else mostly a Status               */
    /*
     * DC_OK with DC_KUBE_DONE, and the text else: verb, resource, namespace/name, what
     * the server said, what to do. Kinds: NOT_FOUND -> DC_NOT_FOUND, EXISTS ->
     * DC_EXISTS, CONFLICT -> DC_BUSY, DENIED -> DC_DENIED, INVALID -> DC_BAD_INPUT,
     * EXPIRED -> DC_CHANGED, UNKNOWN -> DC_UNAVAILABLE or DC_TIMEOUT. dc_err_reason() of
     * these speaks of sources: for an Event take a reason of your own.
     */
    struct dc_err err;
};

/*
 * Called exactly once, on the loop's thread, unless cancelled; never from inside
 * dc_kube_start().
 */
typedef void dc_kube_done_fn(void *arg, const struct dc_kube_reply *reply);

/*
 * Start a request. *ret is valid until done is called or dc_kube_cancel(); ret may be NULL.
 * What is wrong with the request itself fails here (DC_BAD_INPUT); all else comes through
 * done. Inside done new requests may be started and others cancelled.
 */
int dc_kube_start(struct dc_kube *kube, const struct dc_kube_request *request,
                  dc_kube_done_fn *done, void *arg, struct dc_kube_call **ret,
                  struct dc_err *err);

/* No callback any more. The server may have done it, or may still do it. NULL is allowed. */
void dc_kube_cancel(struct dc_kube_call *call);

/* For metrics. Counts since the start. */
struct dc_kube_stats {
    uint64_t calls;   /* finished                                        */
    uint64_t retries; /* sent again by the client                        */
    uint64_t failed;  /* finished with DC_KUBE_UNKNOWN                   */
    uint64_t call_ms; /* the sum over all finished, waiting for retries too */
    unsigned running;
};
void dc_kube_stats(const struct dc_kube *kube, struct dc_kube_stats *ret);

const char *dc_kube_answer_name(enum dc_kube_answer answer); /* static: "CONFLICT" */
