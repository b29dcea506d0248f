// SPDX-License-Identifier: Apache-2.0
/* control/main.c - decant-controller: settings, signals, one loop. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/num.h"
#include "base/opts.h"
#include "control/control.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "proto/rpc.h"

struct settings {
    const char *kubeconfig, *log_level;
    struct dc_control_config control;
    struct dc_opt_list direct_drivers;
};

struct signals {
    struct dc_loop_fd watch; /* first member */
    struct dc_loop *loop;
};

static void on_signal(struct dc_loop_fd *w, uint32_t events)
{
    struct signals *s = (struct signals *)w;
    struct signalfd_siginfo info;

    (void)events;
    if (read(w->fd, &info, sizeof info) == (ssize_t)sizeof info)
        dc_log(DC_LOG_INFO, "control", "ending", {"signal", strsignal((int)info.ssi_signo)});
    dc_loop_stop(s->loop);
}

/* Before any thread is there, so that all inherit the mask. */
static int block_signals(struct dc_err *err)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return dc_fail(err, DC_INTERNAL, errno, "block signals");
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : dc_fail(err, DC_INTERNAL, errno, "signalfd");
}

static int run_loop(struct settings *s, struct dc_loop *loop, int signals_fd,
                    struct dc_err *err)
{
    DC_AUTO(dc_kube_config_done) struct dc_kube_config kubeconfig = {0};
    struct signals signals = {{on_signal, .fd = signals_fd, .events = EPOLLIN}, loop};
    struct dc_control *control = NULL;
    struct dc_kube *kube = NULL;
    int rc;

    if (dc_kube_config_load(s->kubeconfig, &kubeconfig, err) != 0 ||
        dc_loop_fd_add(loop, &signals.watch, err) != 0)
        return -1;
    rc = dc_kube_new(loop, &kubeconfig, DC_CONTROLLER, &kube, err);
    if (rc == 0)
        rc = dc_control_new(&s->control, loop, kube, &control, err);
    if (rc == 0) {
        dc_log(DC_LOG_INFO, "control", "started", {"server", kubeconfig.server});
        rc = dc_loop_run(loop, err);
    }
    dc_control_free(control);
    dc_kube_free(kube);
    dc_loop_fd_remove(loop, &signals.watch);
    return rc;
}

static int run(struct settings *s, struct dc_err *err)
{
    dc_autoclose int signals_fd = block_signals(err);
    struct dc_loop *loop = NULL;

    if (signals_fd < 0)
        return -1;
    dc_rpc_init();
    int rc = dc_loop_new(&loop, err);
    if (rc == 0)
        rc = run_loop(s, loop, signals_fd, err);
    dc_loop_free(loop);
    dc_rpc_exit();
    return rc;
}

static enum dc_opts_answer parse(struct settings *s, int argc, char **argv)
{
    const struct dc_opt opts[] = {
        {.name = "kubeconfig",
         .kind = DC_OPT_STRING,
         .value = &s->kubeconfig,
         .arg = "FILE",
         .help = "How to reach the API server. Default: $KUBECONFIG, else the service account "
                 "of the pod that this runs in."},
        {.name = "namespace",
         .kind = DC_OPT_STRING,
         .value = &s->control.ns,
         .arg = "NAME",
         .help = "Where the decant-node agents run. Default: decant-system."},
        {.name = "volumes-namespace",
         .kind = DC_OPT_STRING,
         .value = &s->control.volumes_ns,
         .arg = "NAME",
         .help = "The hidden namespace, in which volumes are claimed until they are filled. "
                 "Users must have no rights there. Default: decant-volumes."},
        {.name = "tls-dir",
         .kind = DC_OPT_STRING,
         .value = &s->control.tls_dir,
         .arg = "DIR",
         .required = true,
         .help =
             "Holds ca.crt, tls.crt and tls.key for the calls to the agents. Files are read "
             "again when they change."},
        {.name = "direct-driver",
         .kind = DC_OPT_LIST,
         .value = &s->direct_drivers,
         .arg = "NAME",
         .help = "A CSI driver whose node plugin the agents may call themselves. May be given "
                 "several times. Claims of other drivers are told that they cannot be filled "
                 "yet."},
        {.name = "log-level",
         .kind = DC_OPT_STRING,
         .value = &s->log_level,
         .arg = "LEVEL",
         .help = "debug, info, warn or error. Default: info."},
        {0},
    };
    const struct dc_program program = {
        .name = DC_CONTROLLER, .summary = "fills volumes that claims ask for", .opts = opts};

    return dc_opts_parse(&program, argc, argv);
}

int main(int argc, char **argv)
{
    struct settings s = {
        .log_level = "info",
        .control = {.ns = "decant-system", .volumes_ns = "decant-volumes"},
    };
    char host[128] = "";
    struct dc_err err = {0};
    enum dc_opts_answer answer = parse(&s, argc, argv);

    if (answer != DC_OPTS_RUN)
        return answer == DC_OPTS_EXIT_OK ? 0 : 2;
    int level = dc_log_level_parse(s.log_level);
    if (level < 0) {
        (void)fprintf(stderr, "--log-level %s: expected debug, info, warn or error\n",
                      s.log_level);
        return 2;
    }
    dc_log_set_threshold((enum dc_log_level)level);
    (void)gethostname(host, sizeof host - 1); /* only a name in Events */
    s.control.instance = host[0] ? host : DC_CONTROLLER;
    s.control.direct_drivers = &s.direct_drivers;
    if (run(&s, &err) == 0)
        return 0;
    dc_log_err(DC_LOG_ERROR, "control", "stopped", &err, NULL);
    return 1;
}
