// SPDX-License-Identifier: Apache-2.0
/*
 * proto/unix.c - a listening unix socket of our own.
 *
 * gRPC's own would unlink a live server's socket, and the first server's shutdown the second's.
 * Here a lock on PATH.lock says who owns the path, and the socket has mode 0600 from the start.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/buf.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "proto/priv.h"

#define BACKLOG 64

struct dc_rpc_unix {
    struct sockaddr_un addr;
    int lock_fd, fd, stop_fd;
    dev_t dev; /* of the socket we made: what is there at the end may be another's */
    ino_t ino;
    pthread_t thread;
    bool thread_runs;
    void (*accepted)(void *arg, int fd);
    void *arg;
};

static int lock_path(const char *path, int *ret, struct dc_err *err)
{
    dc_autofree char *lock = dc_asprintf("%s.lock", path);

    if (!lock)
        return dc_fail(err, DC_NO_MEMORY, 0, "lock of %s", path);
    dc_autoclose int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", lock);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return dc_fail(err, DC_BUSY, 0, "another process serves %s (it holds %s)", path, lock);
    *ret = dc_steal_fd(&fd);
    return 0;
}

/* A server that takes no lock of ours may live behind the path all the same. */
static bool answers(const struct sockaddr_un *addr)
{
    dc_autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    return connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0 || errno == EAGAIN;
}

static int remove_stale(const struct sockaddr_un *addr, struct dc_err *err)
{
    struct stat st;

    if (lstat(addr->sun_path, &st) != 0)
        return errno == ENOENT ? 0
                               : dc_fail(err, DC_DEVICE, errno, "look at %s", addr->sun_path);
    if (!S_ISSOCK(st.st_mode))
        return dc_fail(err, DC_EXISTS, 0, "%s exists and is not a socket", addr->sun_path);
    if (answers(addr))
        return dc_fail(err, DC_BUSY, 0, "another process serves %s", addr->sun_path);
    if (unlink(addr->sun_path) != 0 && errno != ENOENT)
        return dc_fail(err, DC_DEVICE, errno, "remove the stale %s", addr->sun_path);
    return 0;
}

static int bind_path(struct dc_rpc_unix *u, struct dc_err *err)
{
    struct stat st;

    u->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (u->fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "unix socket");
    /* bind() gives the file the mode of the socket, less the umask: never wider, not even once. */
    if (fchmod(u->fd, 0600) != 0 ||
        bind(u->fd, (struct sockaddr *)&u->addr, sizeof u->addr) != 0 ||
        listen(u->fd, BACKLOG) != 0 || lstat(u->addr.sun_path, &st) != 0)
        return dc_fail(err, DC_DEVICE, errno, "listen on %s", u->addr.sun_path);
    u->dev = st.st_dev;
    u->ino = st.st_ino;
    return 0;
}

static void unix_free_at(struct dc_rpc_unix **u)
{
    dc_rpc_unix_free(*u);
}

int dc_rpc_unix_listen(const char *path, struct dc_rpc_unix **ret, struct dc_err *err)
{
    DC_AUTO(unix_free_at) struct dc_rpc_unix *u = calloc(1, sizeof *u);

    if (!u)
        return dc_fail(err, DC_NO_MEMORY, 0, "socket %s", path);
    *u = (struct dc_rpc_unix){
        .addr.sun_family = AF_UNIX, .lock_fd = -1, .fd = -1, .stop_fd = -1};
    if (path[0] != '/' || strlen(path) >= sizeof u->addr.sun_path)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "socket path %s: expected an absolute path of at most %zu bytes", path,
                       sizeof u->addr.sun_path - 1);
    memcpy(u->addr.sun_path, path, strlen(path));

    u->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (u->stop_fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "eventfd");
    if (lock_path(path, &u->lock_fd, err) != 0 || remove_stale(&u->addr, err) != 0 ||
        bind_path(u, err) != 0)
        return -1;
    *ret = dc_steal(u);
    return 0;
}

static void *accept_main(void *arg)
{
    struct dc_rpc_unix *u = arg;
    struct pollfd fds[] = {{.fd = u->fd, .events = POLLIN},
                           {.fd = u->stop_fd, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[1].revents)
            break;
        int fd = accept4(u->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            u->accepted(u->arg, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            dc_debug("proto", "accept on %s: errno %d", u->addr.sun_path, errno);
            (void)poll(&fds[1], 1, 100); /* the connection waits; do not spin on it */
        }
    }
    return NULL;
}

int dc_rpc_unix_serve(struct dc_rpc_unix *u, void (*accepted)(void *arg, int fd), void *arg,
                      struct dc_err *err)
{
    u->accepted = accepted;
    u->arg = arg;
    int rc = pthread_create(&u->thread, NULL, accept_main, u);
    if (rc != 0)
        return dc_fail(err, DC_NO_MEMORY, rc, "thread for %s", u->addr.sun_path);
    u->thread_runs = true;
    return 0;
}

void dc_rpc_unix_stop(struct dc_rpc_unix *u)
{
    if (!u || !u->thread_runs)
        return;
    (void)eventfd_write(u->stop_fd, 1); /* cannot fail: the counter is 0 */
    pthread_join(u->thread, NULL);
    u->thread_runs = false;
}

void dc_rpc_unix_free(struct dc_rpc_unix *u)
{
    struct stat st;

    if (!u)
        return;
    dc_rpc_unix_stop(u);
    if (u->ino != 0 && lstat(u->addr.sun_path, &st) == 0 && st.st_dev == u->dev &&
        st.st_ino == u->ino)
        (void)unlink(u->addr.sun_path); /* a leftover is taken over at the next start */
    dc_close_at(&u->fd);
    dc_close_at(&u->stop_fd);
    dc_close_at(&u->lock_fd); /* last: until here the path is ours */
    free(u);
}
