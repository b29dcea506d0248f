// SPDX-License-Identifier: Apache-2.0
/* csi/main.c - decant-csi: the reference CSI driver, sparse files behind loop devices. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/opts.h"
#include "csi/driver.h"
#include "decant/log.h"

#define WORKERS  16
#define QUEUE    256
#define GRACE_MS 10000
#define SCHEME   "unix://"

struct settings {
    const char *endpoint, *node_id, *data_dir, *driver_name, *registration, *log_level;
};

/* Both "unix:///a/b.sock" and "/a/b.sock" mean that path; NULL for anything else. */
static const char *socket_path(const char *endpoint)
{
    if (strncmp(endpoint, SCHEME, strlen(SCHEME)) == 0)
        endpoint += strlen(SCHEME);
    return endpoint[0] == '/' ? endpoint : NULL;
}

/* Where kubelet is told of the driver: what was given, or in the folder that was given. */
static char *registration_endpoint(const struct settings *s)
{
    const char *path = socket_path(s->registration);
    struct stat st;

    if (!path)
        return NULL;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return dc_asprintf(SCHEME "%s/%s-reg.sock", path, s->driver_name);
    return dc_asprintf(SCHEME "%s", path);
}

static int start(const char *endpoint, const struct dc_rpc_service *services, unsigned n,
                 struct dc_rpc_server **ret, struct dc_err *err)
{
    const struct dc_rpc_server_config config = {
        .endpoint = endpoint,
        .services = services,
        .n_services = n,
        .workers = WORKERS,
        .queue = QUEUE,
        .log_calls = true,
    };

    if (dc_rpc_server_start(&config, ret, err) != 0)
        return dc_wrap(err, "listen on %s", endpoint);
    return 0;
}

/* Serve until a signal says to stop. */
static int serve(const struct settings *s, struct dc_csi_driver *d, const sigset_t *stop,
                 struct dc_err *err)
{
    const struct dc_rpc_service csi[] = {
        {&csi__v1__identity__descriptor, dc_csi_identity_methods, d},
        {&csi__v1__controller__descriptor, dc_csi_controller_methods, d},
        {&csi__v1__node__descriptor, dc_csi_node_methods, d},
    };
    const struct dc_rpc_service registration[] = {dc_csi_registration_service(d)};
    struct dc_rpc_server *server = NULL, *registrar = NULL;
    int sig = 0;

    dc_autofree char *endpoint = dc_asprintf(SCHEME "%s", d->socket);
    dc_autofree char *told = s->registration ? registration_endpoint(s) : NULL;
    if (!endpoint)
        return dc_fail(err, DC_NO_MEMORY, 0, "endpoint");
    if (s->registration && !told)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "--kubelet-registration '%s': expected unix:///PATH or a directory",
                       s->registration);

    /* Kubelet calls the driver as soon as it is told of it. */
    int rc = start(endpoint, csi, 3, &server, err);
    if (rc == 0 && told)
        rc = start(told, registration, 1, &registrar, err);
    if (rc == 0) {
        dc_log(DC_LOG_INFO, "csi", "ready", {"driver", d->name}, {"node", d->node_id},
               {"endpoint", endpoint}, {"registration", told}, {"version", DECANT_VERSION});
        (void)sigwait(stop, &sig);
        dc_log(DC_LOG_INFO, "csi", "stopping", {"signal", strsignal(sig)});
    }
    dc_rpc_server_stop(registrar, 0);
    dc_rpc_server_stop(server, GRACE_MS);
    return rc;
}

static int run(const struct settings *s, const sigset_t *stop, struct dc_err *err)
{
    struct dc_csi_driver d;

    if (dc_csi_driver_init(&d, s->driver_name, s->node_id, err) != 0)
        return -1;
    d.socket = socket_path(s->endpoint);
    if (!d.socket)
        return dc_fail(err, DC_BAD_INPUT, 0, "--endpoint '%s': expected unix:///PATH.sock",
                       s->endpoint);
    if (dc_store_open(s->data_dir, &d.store, err) != 0)
        return -1;
    int rc = serve(s, &d, stop, err);
    dc_store_close(d.store);
    dc_csi_driver_done(&d);
    return rc;
}

static void block_signals(sigset_t *ret)
{
    (void)sigemptyset(ret);
    (void)sigaddset(ret, SIGTERM);
    (void)sigaddset(ret, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, ret,
                          NULL); /* before the first thread, which inherits it */
    (void)signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct settings s = {.endpoint = getenv("CSI_ENDPOINT"),
                         .driver_name = "csi.decant.dev",
                         .log_level = "info"};
    const struct dc_opt opts[] = {
        {.name = "endpoint",
         .kind = DC_OPT_STRING,
         .value = &s.endpoint,
         .arg = "unix:///PATH.sock",
         .required = s.endpoint == NULL,
         .help = "Socket to serve CSI on. Default: $CSI_ENDPOINT."},
        {.name = "node-id",
         .kind = DC_OPT_STRING,
         .value = &s.node_id,
         .arg = "NAME",
         .required = true,
         .help = "Name of this node: NodeGetInfo's node_id, and the value of the topology key "
                 "topology.DRIVER/node, which ties volumes to it."},
        {.name = "data-dir",
         .kind = DC_OPT_STRING,
         .value = &s.data_dir,
         .arg = "DIR",
         .required = true,
         .help =
             "Where the volumes are: a directory of this driver alone, on a file system with "
             "sparse files. Made when only its last part is missing."},
        {.name = "driver-name",
         .kind = DC_OPT_STRING,
         .value = &s.driver_name,
         .arg = "NAME",
         .help = "Name of the CSI driver, at most 54 bytes. Default: csi.decant.dev."},
        {.name = "kubelet-registration",
         .kind = DC_OPT_STRING,
         .value = &s.registration,
         .arg = "PATH",
         .help = "Socket (or a directory, usually /var/lib/kubelet/plugins_registry, for "
                 "DRIVER-reg.sock in it) on which kubelet learns of the driver; no registrar "
                 "sidecar is needed. Default: none."},
        {.name = "log-level",
         .kind = DC_OPT_STRING,
         .value = &s.log_level,
         .arg = "LEVEL",
         .help = "debug, info, warn or error. Default: info."},
        {.name = NULL},
    };
    const struct dc_program program = {
        .name = "decant-csi",
        .summary = "CSI driver whose volumes are sparse files on one node",
        .opts = opts};
    struct dc_err err = {0};
    sigset_t stop;

    enum dc_opts_answer answer = dc_opts_parse(&program, argc, argv);
    if (answer != DC_OPTS_RUN)
        return answer == DC_OPTS_EXIT_OK ? 0 : 2;
    int level = dc_log_level_parse(s.log_level);
    if (level < 0) {
        (void)fprintf(stderr,
                      "decant-csi: --log-level '%s': expected debug, info, warn or error\n",
                      s.log_level);
        return 2;
    }
    dc_log_set_threshold((enum dc_log_level)level);
    block_signals(&stop);

    dc_rpc_init();
    int rc = run(&s, &stop, &err);
    dc_rpc_exit();
    if (rc != 0)
        dc_log_err(DC_LOG_ERROR, "csi", "cannot run", &err, NULL);
    return rc == 0 ? 0 : 1;
}
