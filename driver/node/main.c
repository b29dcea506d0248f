// SPDX-License-Identifier: Apache-2.0
/* node/main.c - decant-node: signals, start, stop. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/opts.h"
#include "decant/log.h"
#include "node/agent.h"

/* Well within the 60 s that deploy/node leaves between SIGTERM and SIGKILL. */
#define STOP_MS 20000

struct settings {
    struct dc_agent_config agent;
    uint64_t writers;
    const char *log_level;
};

static enum dc_opts_answer parse(struct settings *s, int argc, char **argv)
{
    const struct dc_opt opts[] = {
        {.name = "node-name",
         .kind = DC_OPT_STRING,
         .value = &s->agent.node_name,
         .arg = "NAME",
         .required = true,
         .help = "Name of this node in Kubernetes, for the log."},
        {.name = "listen",
         .kind = DC_OPT_STRING,
         .value = &s->agent.endpoint,
         .arg = "ADDR:PORT",
         .required = true,
         .help = "Where decant-controller reaches this agent."},
        {.name = "tls-dir",
         .kind = DC_OPT_STRING,
         .value = &s->agent.tls_dir,
         .arg = "DIR",
         .required = true,
         .help = "Directory with ca.crt, tls.crt and tls.key; read again when they change."},
        {.name = "kubelet-dir",
         .kind = DC_OPT_STRING,
         .value = &s->agent.kubelet_dir,
         .arg = "DIR",
         .help =
             "kubelet's root directory, by default /var/lib/kubelet: CSI sockets are looked "
             "for in it and volumes are staged below it."},
        {.name = "state-dir",
         .kind = DC_OPT_STRING,
         .value = &s->agent.state_dir,
         .arg = "DIR",
         .help = "Directory on this node for the record of what is attached, by default "
                 "/var/lib/decant. It must survive a restart."},
        {.name = "writers",
         .kind = DC_OPT_U64,
         .value = &s->writers,
         .arg = "N",
         .min = 1,
         .max = DC_WRITERS_MAX,
         .help = "Threads that write volumes, by default 2; each serves many fills."},
        {.name = "log-level",
         .kind = DC_OPT_STRING,
         .value = &s->log_level,
         .arg = "LEVEL",
         .help = "debug, info, warn or error; by default info."},
        {0},
    };
    const struct dc_program program = {
        .name = "decant-node", .summary = "Fills volumes of this node.", .opts = opts};

    return dc_opts_parse(&program, argc, argv);
}

static int run(const struct settings *s, const sigset_t *signals)
{
    struct dc_agent *agent;
    struct dc_err err = {0};
    char port[16];

    if (dc_agent_start(&s->agent, &agent, &err) != 0) {
        dc_log_err(DC_LOG_ERROR, "node", "cannot start", &err, NULL);
        return 1;
    }
    (void)snprintf(port, sizeof port, "%d", dc_agent_port(agent));
    dc_log(DC_LOG_INFO, "node", "serving", {"node", s->agent.node_name}, {"port", port},
           {"version", DECANT_VERSION});

    int got = sigwaitinfo(signals, NULL);
    dc_log(DC_LOG_INFO, "node", "stopping: ending fills and detaching their volumes",
           {"signal", got == SIGTERM ? "TERM" : "INT"});
    if (!dc_agent_stop(agent)) {
        dc_log(DC_LOG_WARN, "node",
               "a CSI driver does not answer: the next start detaches what is still attached");
        _exit(0); /* the threads that wait for it use what a return would take away */
    }
    dc_log(DC_LOG_INFO, "node", "stopped");
    return 0;
}

int main(int argc, char **argv)
{
    struct settings s = {
        .agent = {.kubelet_dir = "/var/lib/kubelet",
                  .state_dir = "/var/lib/decant",
                  .stop_ms = STOP_MS},
        .writers = 2,
        .log_level = "info",
    };
    sigset_t signals;

    switch (parse(&s, argc, argv)) {
    case DC_OPTS_EXIT_OK:
        return 0;
    case DC_OPTS_EXIT_USAGE:
        return 2;
    case DC_OPTS_RUN:
        break;
    }
    int level = dc_log_level_parse(s.log_level);
    if (level < 0) {
        (void)fprintf(stderr,
                      "decant-node: --log-level %s: expected debug, info, warn or error\n",
                      s.log_level);
        return 2;
    }
    dc_log_set_threshold((enum dc_log_level)level);
    s.agent.writers = (unsigned)s.writers;

    /* Every thread inherits this; main alone takes the signals. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);

    dc_rpc_init();
    int rc = run(&s, &signals);
    dc_rpc_exit();
    return rc;
}
