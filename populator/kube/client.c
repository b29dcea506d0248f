// SPDX-License-Identifier: Apache-2.0
/*
 * kube/client.c - one request from start to answer.
 *
 *     start -> sent -> (told to wait -> sent again)* -> done
 *
 * Ways to fail: no connection, no answer in time, an answer that is no JSON or too large (all
 * DC_KUBE_UNKNOWN), a definite refusal (kube/status.h).
 */
#include "kube/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "kube/request.h"
#include "kube/status.h"
#include "kube/transport.h"

#define CALL_TIMEOUT_MS 30000
#define REPLY_MAX       (64 * DC_MIB) /* 500 objects of 128 KiB; one has 1.5 MiB at most */

struct dc_kube {
    struct dc_kube_transport transport;
    char *name; /* fieldManager */
    struct dc_kube_call *calls;
    struct dc_kube_stats stats;
};

struct dc_kube_call {
    struct dc_kube *kube;
    struct dc_kube_call *next, *prev;
    struct dc_kube_asked asked; /* its strings are the next three */
    char *ns, *name, *subresource;
    struct dc_kube_wire wire;
    dc_kube_done_fn *done;
    void *arg;
    struct dc_http_req *req;    /* NULL: nothing is under way */
    struct dc_loop_timer timer; /* until the next try         */
    struct dc_buf reply;
    uint32_t retry_after_s;
    uint64_t started_ns, deadline_ns;
    unsigned tries;
    bool distrusted;   /* the 401 has had its second try */
    struct dc_err err; /* why nothing could be sent      */
};

struct dc_kube_transport *dc_kube_transport_of(struct dc_kube *kube)
{
    return &kube->transport;
}

int dc_kube_new(struct dc_loop *loop, const struct dc_kube_config *config, const char *name,
                struct dc_kube **ret, struct dc_err *err)
{
    struct dc_kube *kube = calloc(1, sizeof *kube);

    if (!kube)
        return dc_fail(err, DC_NO_MEMORY, 0, "Kubernetes client");
    kube->name = strdup(name);
    if (!kube->name)
        (void)dc_fail(err, DC_NO_MEMORY, 0, "Kubernetes client");
    if (!kube->name || dc_kube_transport_init(&kube->transport, loop, config, name, err) != 0) {
        dc_kube_free(kube);
        return -1;
    }
    *ret = kube;
    return 0;
}

static void call_free(struct dc_kube_call *call)
{
    free(call->ns);
    free(call->name);
    free(call->subresource);
    dc_kube_wire_done(&call->wire);
    dc_buf_free(&call->reply);
    free(call);
}

static void call_free_at(struct dc_kube_call **call)
{
    if (*call)
        call_free(*call);
}

static void call_link(struct dc_kube_call *call)
{
    struct dc_kube *kube = call->kube;

    call->next = kube->calls;
    if (kube->calls)
        kube->calls->prev = call;
    kube->calls = call;
    kube->stats.running++;
}

static void call_unlink(struct dc_kube_call *call)
{
    struct dc_kube *kube = call->kube;

    if (call->prev)
        call->prev->next = call->next;
    else
        kube->calls = call->next;
    if (call->next)
        call->next->prev = call->prev;
    kube->stats.running--;
}

void dc_kube_cancel(struct dc_kube_call *call)
{
    if (!call)
        return;
    if (call->req)
        dc_http_cancel(call->req);
    dc_loop_timer_disarm(call->kube->transport.loop, &call->timer);
    call_unlink(call);
    call_free(call);
}

void dc_kube_free(struct dc_kube *kube)
{
    if (!kube)
        return;
    while (kube->calls)
        dc_kube_cancel(kube->calls);
    dc_kube_transport_done(&kube->transport);
    free(kube->name);
    free(kube);
}

void dc_kube_stats(const struct dc_kube *kube, struct dc_kube_stats *ret)
{
    *ret = kube->stats;
}

/* --- The answer --- */

/* The call is gone when this returns; whatever the callback starts is another one. */
static void call_finish(struct dc_kube_call *call, const struct dc_kube_reply *reply)
{
    struct dc_kube_stats *stats = &call->kube->stats;

    dc_loop_timer_disarm(call->kube->transport.loop, &call->timer);
    call_unlink(call);
    stats->calls++;
    stats->failed += reply->answer == DC_KUBE_UNKNOWN;
    stats->call_ms += (dc_clock_ns() - call->started_ns) / DC_NS_PER_MS;
    call->done(call->arg, reply);
    call_free(call);
}

/* No usable answer: why is a failure of the transport. */
static void call_finish_unknown(struct dc_kube_call *call, int status, const struct dc_err *why)
{
    struct dc_kube_reply reply = {.answer = DC_KUBE_UNKNOWN, .status = status};
    bool told = why->kind == DC_TIMEOUT || why->kind == DC_NO_MEMORY;

    (void)dc_fail(&reply.err, told ? why->kind : DC_UNAVAILABLE, 0, "%s %s: %s",
                  call->asked.verb, dc_kube_resource(call->asked.ref.kind)->plural, why->msg);
    call_finish(call, &reply);
}

static void call_finish_status(struct dc_kube_call *call, int status)
{
    struct dc_kube_reply reply = {.status = status};
    dc_autojson json_t *body = NULL;
    struct dc_err why = {0};

    if (call->reply.len > 0 &&
        dc_json_parse(call->reply.data, call->reply.len, &body, &why) != 0 && status < 300) {
        call_finish_unknown(call, status, &why);
        return;
    }
    reply.answer = dc_kube_status_answer(&call->asked, status, body);
    reply.body = body;
    if (reply.answer != DC_KUBE_DONE)
        (void)dc_kube_status_fail(&call->asked, status, body, &reply.err);
    call_finish(call, &reply);
}

/* Try again later, unless the time does not reach. */
static bool call_again(struct dc_kube_call *call, uint64_t wait_ms)
{
    if (dc_clock_ns() + wait_ms * DC_NS_PER_MS >= call->deadline_ns)
        return false;
    call->tries++;
    call->kube->stats.retries++;
    dc_loop_timer_arm(call->kube->transport.loop, &call->timer, wait_ms);
    return true;
}

static void http_done(void *arg, int status, const struct dc_err *err)
{
    struct dc_kube_call *call = arg;
    struct dc_err large = {0};

    call->req = NULL;
    if (err->kind != DC_OK) {
        call_finish_unknown(call, status, err);
        return;
    }
    if (call->reply.failed) {
        (void)dc_fail(&large, DC_UNAVAILABLE, 0, "answer above %llu MiB, or out of memory",
                      REPLY_MAX / DC_MIB);
        call_finish_unknown(call, status, &large);
        return;
    }
    if (dc_kube_status_again(status, call->retry_after_s)) {
        uint64_t wait_ms = dc_kube_wait_ms(call->tries) + call->retry_after_s * 1000ull;

        if (call_again(call, wait_ms))
            return;
    }
    if (status == 401 && call->kube->transport.token.path && !call->distrusted) {
        call->distrusted = true;
        dc_kube_token_distrust(&call->kube->transport.token);
        if (call_again(call, 0))
            return;
    }
    call_finish_status(call, status);
}

static bool http_head(void *arg, const struct dc_http_head *head)
{
    struct dc_kube_call *call = arg;

    call->retry_after_s = head->retry_after_s;
    return true;
}

static enum dc_http_take http_body(void *arg, const void *data, size_t len)
{
    struct dc_kube_call *call = arg;

    return dc_buf_add(&call->reply, data, len) ? DC_HTTP_TAKEN : DC_HTTP_STOP;
}

static void call_send(struct dc_kube_call *call)
{
    struct dc_http_events events = {
        .head = http_head, .body = http_body, .done = http_done, .arg = call};
    uint64_t now = dc_clock_ns();
    uint64_t left_ms = now < call->deadline_ns ? (call->deadline_ns - now) / DC_NS_PER_MS : 0;

    dc_buf_reset(&call->reply);
    call->retry_after_s = 0;
    call->wire.send.total_timeout_ms = (uint32_t)left_ms + 1;
    /* A failure is told by the timer: done() never runs inside dc_kube_start(). */
    if (dc_kube_transport_send(&call->kube->transport, &call->wire.send, &events, &call->req,
                               &call->err) != 0)
        dc_loop_timer_arm(call->kube->transport.loop, &call->timer, 0);
}

static void timer_fired(struct dc_loop_timer *t)
{
    struct dc_kube_call *call = dc_container_of(t, struct dc_kube_call, timer);

    if (call->err.kind != DC_OK)
        call_finish_unknown(call, 0, &call->err);
    else
        call_send(call);
}

/* --- The request --- */

static int copy(const char *s, char **ret, struct dc_err *err)
{
    if (!s)
        return 0;
    *ret = strdup(s);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "request");
}

static int build(struct dc_kube_call *call, const struct dc_kube_request *r, struct dc_err *err)
{
    if (dc_kube_wire_build(r, call->kube->name, &call->wire, err) != 0 ||
        copy(r->ref.ns, &call->ns, err) != 0 || copy(r->ref.name, &call->name, err) != 0 ||
        copy(r->ref.subresource, &call->subresource, err) != 0)
        return -1;
    call->asked = (struct dc_kube_asked){
        .verb = dc_kube_verb_name(r->verb),
        .ref = {r->ref.kind, call->ns, call->name, call->subresource},
        .json_patch = r->verb == DC_KUBE_JSON_PATCH,
    };
    return 0;
}

int dc_kube_start(struct dc_kube *kube, const struct dc_kube_request *request,
                  dc_kube_done_fn *done, void *arg, struct dc_kube_call **ret,
                  struct dc_err *err)
{
    uint32_t timeout_ms = request->timeout_ms ? request->timeout_ms : CALL_TIMEOUT_MS;
    DC_AUTO(call_free_at) struct dc_kube_call *call = calloc(1, sizeof *call);

    if (!call)
        return dc_fail(err, DC_NO_MEMORY, 0, "request");
    call->kube = kube;
    call->reply = DC_BUF(REPLY_MAX);
    call->done = done;
    call->arg = arg;
    call->timer.fire = timer_fired;
    call->started_ns = dc_clock_ns();
    call->deadline_ns = call->started_ns + timeout_ms * DC_NS_PER_MS;
    if (build(call, request, err) != 0)
        return -1;
    call_link(call);
    call_send(call);
    if (ret)
        *ret = call;
    (void)dc_steal(call);
    return 0;
}
