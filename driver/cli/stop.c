// SPDX-License-Identifier: Apache-2.0
/* cli/stop.c - SIGINT and SIGTERM. */
#include "cli/stop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "cli/exit.h"

/* What cli_stop_end() sends to the thread, and to it alone. */
#define END_SIGNAL SIGUSR1

struct cli_stop {
    struct dc_loop_work work; /* posted once */
    struct dc_loop *loop;
    void (*asked)(void *arg);
    void *arg;
    const char *last_words;
    pthread_t thread;
    sigset_t signals;
};

static void stop_asked(struct dc_loop_work *w)
{
    struct cli_stop *s = dc_container_of(w, struct cli_stop, work);

    s->asked(s->arg);
}

/* Wait for a signal for us; the end of the copy answers END_SIGNAL, the grace's end -1. */
static int stop_wait(const struct cli_stop *s, bool graced)
{
    const struct timespec grace = {.tv_nsec = CLI_GRACE_MS * (long)DC_NS_PER_MS};
    siginfo_t info;

    for (;;) {
        int got =
            graced ? sigtimedwait(&s->signals, &info, &grace) : sigwaitinfo(&s->signals, &info);

        if (got == END_SIGNAL && info.si_pid != getpid())
            continue; /* somebody else's */
        if (got >= 0 || errno == EAGAIN)
            return got;
    }
}

static void *stop_run(void *arg)
{
    struct cli_stop *s = arg;

    if (stop_wait(s, false) == END_SIGNAL)
        return NULL;
    dc_loop_post(s->loop, &s->work);
    for (;;) {
        int got = stop_wait(s, true);

        if (got == END_SIGNAL)
            return NULL;
        if (got < 0)
            break; /* a second Ctrl-C changes nothing */
    }
    ssize_t ignored = write(STDERR_FILENO, s->last_words, strlen(s->last_words));
    (void)ignored;
    _exit(CLI_INTERRUPTED);
}

static void signals_of(sigset_t *ret)
{
    sigemptyset(ret);
    sigaddset(ret, SIGINT);
    sigaddset(ret, SIGTERM);
    sigaddset(ret, END_SIGNAL);
}

void cli_stop_block(void)
{
    sigset_t signals;

    signals_of(&signals);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int cli_stop_start(struct dc_loop *loop, void (*asked)(void *arg), void *arg,
                   const char *last_words, struct cli_stop **ret, struct dc_err *err)
{
    struct cli_stop *s = calloc(1, sizeof *s);

    if (!s)
        return dc_fail(err, DC_NO_MEMORY, 0, "signals");
    *s = (struct cli_stop){.work.run = stop_asked,
                           .loop = loop,
                           .asked = asked,
                           .arg = arg,
                           .last_words = last_words};
    signals_of(&s->signals);
    int rc = pthread_create(&s->thread, NULL, stop_run, s);
    if (rc != 0) {
        free(s);
        return dc_fail(err, DC_INTERNAL, rc, "start a thread for signals");
    }
    *ret = s;
    return 0;
}

void cli_stop_end(struct cli_stop *s)
{
    if (!s)
        return;
    (void)pthread_kill(s->thread, END_SIGNAL);
    (void)pthread_join(s->thread, NULL);
    free(s);
}
