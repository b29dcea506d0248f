// SPDX-License-Identifier: Apache-2.0
/* tests/lib/http_server.c - see http_server.h. A thread accepts, a thread a connection answers. */
#include "lib/http_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, MAX_REQUESTS = 256, HEAD_MAX = 8192 };

struct t_server {
    const struct t_reply *script;
    size_t n;
    int listener, stop[2]; /* the pipe's reading end becomes readable at the stop */
    pthread_t acceptor;
    char url[512];

    pthread_mutex_t lock; /* all below */
    pthread_t thread[MAX_CONNECTIONS];
    size_t n_threads, n_requests;
    char *request[MAX_REQUESTS];
};

struct connection {
    struct t_server *s;
    int fd;
};

/* Wait until fd is ready or the server stops; false: it stops. */
static bool wait_for(struct t_server *s, int fd, short events)
{
    struct pollfd p[2] = {{.fd = s->stop[0], .events = POLLIN}, {.fd = fd, .events = events}};

    return poll(p, 2, -1) > 0 && !p[0].revents;
}

static bool send_all(struct connection *c, const char *data, size_t len, size_t fragment)
{
    while (len > 0) {
        size_t want = fragment && fragment < len ? fragment : len;

        if (!wait_for(c->s, c->fd, POLLOUT))
            return false;
        ssize_t n = send(c->fd, data, want, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Read one request's head; false: the peer has gone. */
static bool read_head(struct connection *c, char head[HEAD_MAX])
{
    size_t len = 0;

    while (len < HEAD_MAX - 1) {
        if (!wait_for(c->s, c->fd, POLLIN) || recv(c->fd, head + len, 1, 0) != 1)
            return false;
        head[++len] = '\0';
        if (len >= 4 && memcmp(head + len - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

static const struct t_reply *next_reply(struct t_server *s, const char *head)
{
    pthread_mutex_lock(&s->lock);
    size_t i = s->n_requests++;
    if (i < MAX_REQUESTS)
        s->request[i] = strdup(head);
    pthread_mutex_unlock(&s->lock);
    return &s->script[i < s->n ? i : s->n - 1];
}

/* The value of a header of the request, cut at its line end; NULL: none. */
static const char *header_of(const char *head, const char *name, char value[256])
{
    const char *at = strcasestr(head, name);

    if (!at)
        return NULL;
    at += strlen(name);
    snprintf(value, 256, "%.*s", (int)strcspn(at, "\r"), at);
    return value;
}

struct part {
    size_t first, len;
    bool partial;
};

static struct part part_of(const struct t_reply *r, const char *head)
{
    struct part p = {0, r->len, false};
    char range[256], if_range[256];

    if (r->ignore_range || (r->status && r->status != 206) ||
        !header_of(head, "\nRange: ", range))
        return p;
    if (!r->deaf && header_of(head, "\nIf-Range: ", if_range)) {
        const char *known = if_range[0] == '"' ? r->etag : r->last_modified;

        if (!known || strcmp(known, if_range) != 0)
            return p;
    }
    char *end = NULL;
    size_t first = strtoul(range + strlen("bytes="), &end, 10), last = r->len - 1;
    if (*end != '-' || first >= r->len)
        return p;
    if (end[1])
        last = strtoul(end + 1, NULL, 10);
    if (last >= r->len)
        last = r->len - 1;
    if (r->part_max && last - first >= r->part_max)
        last = first + r->part_max - 1;
    return (struct part){first, last - first + 1, true};
}

static bool send_head(struct connection *c, const struct t_reply *r, struct part p)
{
    char out[4096];
    int n =
        snprintf(out, sizeof out, "HTTP/1.1 %d Whatever\r\n%s",
                 r->status ? r->status : (p.partial ? 206 : 200), r->headers ? r->headers : "");

    if (!r->ignore_range)
        n += snprintf(out + n, sizeof out - n, "Accept-Ranges: bytes\r\n");
    if (r->etag)
        n += snprintf(out + n, sizeof out - n, "ETag: %s\r\n", r->etag);
    if (r->last_modified)
        n += snprintf(out + n, sizeof out - n, "Last-Modified: %s\r\n", r->last_modified);
    if (r->date)
        n += snprintf(out + n, sizeof out - n, "Date: %s\r\n", r->date);
    if (p.partial)
        n += snprintf(out + n, sizeof out - n, "Content-Range: bytes %zu-%zu/%zu\r\n",
                      p.first + r->wrong_range, p.first + r->wrong_range + p.len - 1,
                      r->len + r->wrong_total);
    if (r->chunked)
        n += snprintf(out + n, sizeof out - n, "Transfer-Encoding: chunked\r\n");
    else if (!r->no_length)
        n += snprintf(out + n, sizeof out - n, "Content-Length: %zu\r\n",
                      p.len + r->more_length);
    n += snprintf(out + n, sizeof out - n, "\r\n");
    assert((size_t)n < sizeof out);
    return send_all(c, out, (size_t)n, 0);
}

static bool send_chunked(struct connection *c, const struct t_reply *r, const char *data,
                         size_t len)
{
    while (len > 0) {
        size_t want = len < 5000 ? len : 5000; /* odd on purpose */
        char line[32];
        int n = snprintf(line, sizeof line, "%zx\r\n", want);

        if (!send_all(c, line, (size_t)n, 0) || !send_all(c, data, want, r->fragment) ||
            !send_all(c, "\r\n", 2, 0))
            return false;
        data += want;
        len -= want;
    }
    return r->cut || send_all(c, "0\r\n\r\n", 5, 0);
}

/* Answer one request; false: the connection ends here. */
static bool answer(struct connection *c, const struct t_reply *r, const char *head)
{
    struct part p = part_of(r, head);
    size_t len = p.len;

    if (r->silent || !send_head(c, r, p))
        return false;
    if (strncmp(head, "HEAD ", 5) == 0)
        return true;
    if (r->cut && r->cut_after < len)
        len = r->cut_after;
    if (r->stall && r->stall_after < len)
        len = r->stall_after;

    const char *data = (const char *)r->body + p.first;
    bool sent =
        r->chunked ? send_chunked(c, r, data, len) : send_all(c, data, len, r->fragment);
    if (r->stall)
        (void)wait_for(c->s, -1, 0); /* until the stop */
    return sent && !r->cut && !r->stall && !r->no_length && r->more_length == 0;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    char *head = malloc(HEAD_MAX);
    int on = 1;

    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (read_head(c, head) && answer(c, next_reply(c->s, head), head))
        ;
    close(c->fd);
    free(head);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct t_server *s = arg;

    while (wait_for(s, s->listener, POLLIN)) {
        int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        struct connection *c = malloc(sizeof *c);
        assert(s->n_threads < MAX_CONNECTIONS);
        *c = (struct connection){s, fd};
        if (pthread_create(&s->thread[s->n_threads], NULL, serve, c) != 0)
            abort();
        s->n_threads++;
    }
    return NULL;
}

struct t_server *t_server_start(const struct t_reply *script, size_t n)
{
    struct t_server *s = calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    if (!s)
        abort();
    s->script = script;
    s->n = n;
    pthread_mutex_init(&s->lock, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(s->listener, 64) != 0 || pipe(s->stop) != 0 ||
        pthread_create(&s->acceptor, NULL, accept_all, s) != 0)
        abort();
    return s;
}

void t_server_stop(struct t_server *s)
{
    if (!s)
        return;
    close(s->stop[1]);
    pthread_join(s->acceptor, NULL);
    for (size_t i = 0; i < s->n_threads; i++)
        pthread_join(s->thread[i], NULL);
    close(s->listener);
    close(s->stop[0]);
    for (size_t i = 0; i < MAX_REQUESTS; i++)
        free(s->request[i]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *t_server_url(struct t_server *s, const char *path)
{
    struct sockaddr_in at = {0};
    socklen_t len = sizeof at;

    if (getsockname(s->listener, (struct sockaddr *)&at, &len) != 0)
        abort();
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d%s", ntohs(at.sin_port), path);
    return s->url;
}

size_t t_server_requests(struct t_server *s)
{
    pthread_mutex_lock(&s->lock);
    size_t n = s->n_requests;
    pthread_mutex_unlock(&s->lock);
    return n;
}

const char *t_server_request(struct t_server *s, size_t i)
{
    pthread_mutex_lock(&s->lock);
    const char *head = i < MAX_REQUESTS ? s->request[i] : NULL;
    pthread_mutex_unlock(&s->lock);
    return head;
}
