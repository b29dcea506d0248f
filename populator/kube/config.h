// SPDX-License-Identifier: Apache-2.0
/* kube/config.h - where the API server is and who we are: a kubeconfig, or a pod's account. */
#pragma once
#include <stdbool.h>

#include "decant/err.h"

#define DC_KUBE_SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

/*
 * Strings are owned; NULL: not set. Of a pair _file / _pem at most one is set. Files are read
 * again for each new connection, so that a rotated one is taken up without a restart.
 */
struct dc_kube_config {
    char *server;           /* "https://10.0.0.1:443", without a slash at its end     */
    char *ca_file, *ca_pem; /* both NULL: the system's                               */
    char *cert_file, *cert_pem;
    char *key_file, *key_pem;
    char *token;      /* fixed; never logged                                   */
    char *token_file; /* looked at before each request; wins over token        */
    char *ns;         /* the context's or the pod's namespace; "default"       */
    bool insecure;    /* do not verify the server                              */
};

/*
 * The usual order: the file `path` when not NULL; else $KUBECONFIG; else the pod's service
 * account; else $HOME/.kube/config. When there is nothing at all: DC_NOT_FOUND, with the
 * list of what was tried. Reads the environment: before threads are started.
 */
int dc_kube_config_load(const char *path, struct dc_kube_config *ret, struct dc_err *err);

/*
 * A kubeconfig file; context NULL: its current-context. Paths in it are relative to its
 * folder. DC_NOT_FOUND: no such file, context, cluster or user. DC_BAD_INPUT: not a
 * kubeconfig, with the line where the YAML is wrong. DC_UNSUPPORTED: exec, auth-provider,
 * basic authentication, impersonation, proxy-url or tls-server-name in what the context
 * uses; the text names the key.
 *
 * Format: client.authentication and clientcmd/api/v1 Config, Kubernetes v1.36.
 */
int dc_kube_config_file(const char *path, const char *context, struct dc_kube_config *ret,
                        struct dc_err *err);

/*
 * What a pod has: KUBERNETES_SERVICE_HOST and _PORT as given, and the files token, ca.crt
 * and namespace in dir (DC_KUBE_SERVICE_ACCOUNT). DC_NOT_FOUND: not in a pod, or a file is
 * missing.
 */
int dc_kube_config_in_cluster(const char *host, const char *port, const char *dir,
                              struct dc_kube_config *ret, struct dc_err *err);

/* Overwrites the secrets, frees the strings and zeroes *config. */
void dc_kube_config_done(struct dc_kube_config *config);
