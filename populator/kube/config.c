// SPDX-License-Identifier: Apache-2.0
/* kube/config.c - which configuration to take, and the one of a pod. */
#include "kube/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "decant/cleanup.h"
#include "kube/file.h"

#define NAMESPACE_MAX_BYTES 256 /* a DNS label has 63 */

static void wipe(char **s)
{
    if (*s)
        explicit_bzero(*s, strlen(*s));
    free(*s);
}

void dc_kube_config_done(struct dc_kube_config *config)
{
    wipe(&config->token);
    wipe(&config->key_pem);
    free(config->server);
    free(config->ca_file);
    free(config->ca_pem);
    free(config->cert_file);
    free(config->cert_pem);
    free(config->key_file);
    free(config->token_file);
    free(config->ns);
    *config = (struct dc_kube_config){0};
}

static int pod_namespace(const char *dir, char **ret, struct dc_err *err)
{
    dc_autofree char *path = dc_asprintf("%s/namespace", dir);
    size_t len = 0;

    if (!path)
        return dc_fail(err, DC_NO_MEMORY, 0, "service account");
    if (dc_kube_file_read(path, NAMESPACE_MAX_BYTES, ret, &len, err) != 0)
        return -1;
    (*ret)[strcspn(*ret, " \t\r\n")] = '\0';
    return 0;
}

static int check_readable(const char *path, struct dc_err *err)
{
    if (access(path, R_OK) != 0)
        return dc_fail(err, DC_NOT_FOUND, 0,
                       "%s is missing: does the pod have a service account token?", path);
    return 0;
}

int dc_kube_config_in_cluster(const char *host, const char *port, const char *dir,
                              struct dc_kube_config *ret, struct dc_err *err)
{
    DC_AUTO(dc_kube_config_done) struct dc_kube_config c = {0};

    if (!host || !*host || !port || !*port)
        return dc_fail(
            err, DC_NOT_FOUND, 0,
            "not in a pod: KUBERNETES_SERVICE_HOST or KUBERNETES_SERVICE_PORT is not set");
    /* An IPv6 address stands in brackets in a URL. */
    c.server = dc_asprintf(strchr(host, ':') ? "https://[%s]:%s" : "https://%s:%s", host, port);
    c.ca_file = dc_asprintf("%s/ca.crt", dir);
    c.token_file = dc_asprintf("%s/token", dir);
    if (!c.server || !c.ca_file || !c.token_file)
        return dc_fail(err, DC_NO_MEMORY, 0, "service account");
    if (check_readable(c.token_file, err) != 0 || check_readable(c.ca_file, err) != 0 ||
        pod_namespace(dir, &c.ns, err) != 0)
        return -1;
    *ret = c;
    c = (struct dc_kube_config){0};
    return 0;
}

/* The first of the files in $KUBECONFIG that exists; kubectl would merge them all. */
static int from_list(const char *list, struct dc_kube_config *ret, struct dc_err *err)
{
    dc_autofree char *copy = strdup(list);
    char *rest = copy;

    if (!copy)
        return dc_fail(err, DC_NO_MEMORY, 0, "KUBECONFIG");
    for (char *path = strsep(&rest, ":"); path; path = strsep(&rest, ":")) {
        if (*path && access(path, F_OK) == 0)
            return dc_kube_config_file(path, NULL, ret, err);
    }
    return dc_fail(err, DC_NOT_FOUND, 0, "no file of KUBECONFIG=%s exists", list);
}

int dc_kube_config_load(const char *path, struct dc_kube_config *ret, struct dc_err *err)
{
    const char *list = getenv("KUBECONFIG"), *home = getenv("HOME");
    const char *host = getenv("KUBERNETES_SERVICE_HOST");

    if (path)
        return dc_kube_config_file(path, NULL, ret, err);
    if (list && *list)
        return from_list(list, ret, err);
    if (host && *host)
        return dc_kube_config_in_cluster(host, getenv("KUBERNETES_SERVICE_PORT"),
                                         DC_KUBE_SERVICE_ACCOUNT, ret, err);

    dc_autofree char *file = dc_asprintf("%s/.kube/config", home ? home : "");
    if (file && home && access(file, F_OK) == 0)
        return dc_kube_config_file(file, NULL, ret, err);
    return dc_fail(
        err, DC_NOT_FOUND, 0,
        "no way to a Kubernetes API server: no file was given, KUBECONFIG is not set, "
        "this is no pod (KUBERNETES_SERVICE_HOST), and there is no ~/.kube/config");
}
