// SPDX-License-Identifier: Apache-2.0
/* net/multi.c - sockets and timers of a curl multi handle, driven by the loop. */
#include "net/multi.h"

#include <sys/epoll.h>

#include "base/num.h"
#include "decant/cleanup.h"

/* One socket of curl's, from its first interest until CURL_POLL_REMOVE. */
struct http_socket {
    struct dc_loop_fd w;
    struct dc_http *http;
};

void http_enter(struct dc_http *http)
{
    http->busy++;
}

/* Only where the loop called us: a user's own call never runs another request's done(). */
static void http_collect(struct dc_http *http)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (msg->msg == CURLMSG_DONE)
            http_transfer_ended(msg->easy_handle, msg->data.result);
    }
}

static void http_destroy(struct dc_http *http)
{
    dc_loop_timer_disarm(http->loop, &http->timer);
    dc_loop_timer_disarm(http->loop, &http->defer);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    if (http->global)
        curl_global_cleanup();
    free(http);
}

/*
 * A socket callback that fails makes curl refuse all further work on the multi handle. The
 * requests are told; those that come later get a new one.
 */
static void http_break_down(struct dc_http *http)
{
    struct dc_err err = {0};

    (void)dc_fail(&err, DC_NO_MEMORY, 0, "no resources to watch a connection");
    http_fail_all(http, &err);
    http_sweep(http); /* takes them out; adds none while it is broken */
    curl_multi_cleanup(http->multi);
    http->multi = NULL;
    http->broken = false;
    dc_loop_timer_disarm(http->loop, &http->timer);
    http_sweep(http);
}

void http_leave(struct dc_http *http)
{
    if (http->busy == 1) {
        http_sweep(http);
        if (http->broken)
            http_break_down(http);
    }
    http->busy--;
    if (http->busy == 0 && http->dying)
        http_destroy(http);
}

static void socket_ready(struct dc_loop_fd *w, uint32_t events)
{
    struct http_socket *s = dc_container_of(w, struct http_socket, w);
    struct dc_http *http = s->http;
    int mask = 0, running;

    if (events & EPOLLIN)
        mask |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        mask |= CURL_CSELECT_OUT;
    if (events & (EPOLLERR | EPOLLHUP))
        mask |= CURL_CSELECT_ERR;
    http_enter(http);
    (void)curl_multi_socket_action(http->multi, w->fd, mask, &running); /* s may be gone now */
    http_collect(http);
    http_leave(http);
}

static uint32_t socket_events(int what)
{
    switch (what) {
    case CURL_POLL_IN:
        return EPOLLIN;
    case CURL_POLL_OUT:
        return EPOLLOUT;
    case CURL_POLL_INOUT:
        return EPOLLIN | EPOLLOUT;
    default:
        return 0;
    }
}

static int socket_watch(struct dc_http *http, curl_socket_t fd, int what, struct http_socket *s)
{
    struct dc_err err = {0};

    if (s)
        return dc_loop_fd_change(http->loop, &s->w, socket_events(what), &err);

    dc_autofree struct http_socket *made = calloc(1, sizeof *made);
    if (!made)
        return -1;
    *made = (struct http_socket){
        .w = {.ready = socket_ready, .fd = fd, .events = socket_events(what)}, .http = http};
    if (dc_loop_fd_add(http->loop, &made->w, &err) != 0)
        return -1;
    (void)curl_multi_assign(http->multi, fd,
                            dc_steal(made)); /* fails for unknown sockets only */
    return 0;
}

/* curl's word on what it waits for. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sock)
{
    struct dc_http *http = arg;
    struct http_socket *s = sock;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (s)
            dc_loop_fd_remove(http->loop, &s->w);
        free(s);
        return 0;
    }
    if (socket_watch(http, fd, what, s) == 0)
        return 0;
    http->broken = true;
    return -1;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct dc_http *http = arg;

    (void)multi;
    if (timeout_ms < 0)
        dc_loop_timer_disarm(http->loop, &http->timer);
    else
        dc_loop_timer_arm(http->loop, &http->timer, (uint64_t)timeout_ms);
    return 0;
}

static void timer_fire(struct dc_loop_timer *t)
{
    struct dc_http *http = dc_container_of(t, struct dc_http, timer);
    int running;

    http_enter(http);
    (void)curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    http_collect(http);
    http_leave(http);
}

static void defer_fire(struct dc_loop_timer *t)
{
    struct dc_http *http = dc_container_of(t, struct dc_http, defer);

    http_enter(http);
    http_resume_all(http);
    http_collect(http);
    http_leave(http);
}

int http_multi(struct dc_http *http, struct dc_err *err)
{
    if (http->multi)
        return 0;
    http->multi = curl_multi_init();
    if (!http->multi)
        return dc_fail(err, DC_NO_MEMORY, 0, "http client");
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    return 0;
}

int dc_http_new(struct dc_loop *loop, struct dc_http **ret, struct dc_err *err)
{
    struct dc_http *http = calloc(1, sizeof *http);

    if (!http)
        return dc_fail(err, DC_NO_MEMORY, 0, "http client");
    *http = (struct dc_http){.loop = loop, .timer.fire = timer_fire, .defer.fire = defer_fire};
    /* Counted by curl, thread-safe since 7.84. */
    http->global = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!http->global || http_multi(http, err) != 0) {
        http_destroy(http);
        return err->kind != DC_OK ? -1 : dc_fail(err, DC_NO_MEMORY, 0, "http client");
    }
    *ret = http;
    return 0;
}

void dc_http_free(struct dc_http *http)
{
    if (!http)
        return;
    http_enter(http);
    http->dying = true;
    http_leave(http);
}
