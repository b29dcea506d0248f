// SPDX-License-Identifier: Apache-2.0
/*
 * kube/kubeconfig.c - one context of a kubeconfig.
 *
 * Only the context, cluster and user that are used are looked at: an exec plugin of another
 * user does no harm. What we do not support there is refused rather than skipped: skipping
 * it would be to talk to the server as somebody else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "kube/base64.h"
#include "kube/config.h"
#include "kube/yaml_tree.h"

/* What is read of one file. */
struct kubeconfig {
    const char *path;
    json_t *tree;
};

/* clusters[name].cluster and its like. */
static int named(const struct kubeconfig *k, const char *list, const char *member,
                 const char *name, json_t **ret, struct dc_err *err)
{
    json_t *items = json_object_get(k->tree, list), *item;
    size_t i;

    json_array_foreach (items, i, item) {
        json_t *value = json_object_get(item, member);

        if (strcmp(dc_json_text_or_empty(item, "name"), name) == 0 && json_is_object(value)) {
            *ret = value;
            return 0;
        }
    }
    return dc_fail(err, DC_NOT_FOUND, 0, "no \"%s\" in %s", name, list);
}

static int refuse(const json_t *map, const char *const *keys, struct dc_err *err)
{
    for (; *keys; keys++) {
        const json_t *v = json_object_get(map, *keys);
        const char *s = json_string_value(v);

        if (v && !json_is_null(v) && !(s && !*s))
            return dc_fail(err, DC_UNSUPPORTED, 0,
                           "\"%s\" is not supported; use a token, a tokenFile or a client "
                           "certificate",
                           *keys);
    }
    return 0;
}

/* A member that must be a text when it is there; *ret NULL: it is not there, or is empty. */
static int text_of(const json_t *map, const char *key, const char **ret, struct dc_err *err)
{
    const json_t *v = json_object_get(map, key);

    if (v && !json_is_null(v) && !json_is_string(v))
        return dc_fail(err, DC_BAD_INPUT, 0, "\"%s\" must be a text (in quotes)", key);
    *ret = json_string_length(v) > 0 ? json_string_value(v) : NULL;
    return 0;
}

static int copy_text(const json_t *map, const char *key, char **ret, struct dc_err *err)
{
    const char *s = NULL;

    if (text_of(map, key, &s, err) != 0)
        return -1;
    if (!s)
        return 0;
    *ret = strdup(s);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "kubeconfig");
}

/* A path, relative to the folder of the kubeconfig. */
static int copy_path(const struct kubeconfig *k, const json_t *map, const char *key, char **ret,
                     struct dc_err *err)
{
    const char *s = NULL, *slash = strrchr(k->path, '/');

    if (text_of(map, key, &s, err) != 0)
        return -1;
    if (!s)
        return 0;
    *ret = s[0] == '/' || !slash ? strdup(s)
                                 : dc_asprintf("%.*s/%s", (int)(slash - k->path), k->path, s);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "kubeconfig");
}

/* KEY-data as base64 of PEM, or else KEY as a path: the data wins, as in kubectl. */
static int copy_pem(const struct kubeconfig *k, const json_t *map, const char *key,
                    char **ret_file, char **ret_pem, struct dc_err *err)
{
    dc_autofree char *data_key = dc_asprintf("%s-data", key);
    const char *data = NULL;

    if (!data_key)
        return dc_fail(err, DC_NO_MEMORY, 0, "kubeconfig");
    if (text_of(map, data_key, &data, err) != 0)
        return -1;
    if (!data)
        return copy_path(k, map, key, ret_file, err);
    if (dc_kube_base64(data, ret_pem, NULL, err) != 0)
        return dc_wrap(err, "%s", data_key);
    return 0;
}

static int read_cluster(const struct kubeconfig *k, const char *name, struct dc_kube_config *c,
                        struct dc_err *err)
{
    static const char *const unsupported[] = {"proxy-url", "tls-server-name", NULL};
    json_t *cluster = NULL;

    if (named(k, "clusters", "cluster", name, &cluster, err) != 0)
        return -1;
    if (refuse(cluster, unsupported, err) != 0 ||
        copy_text(cluster, "server", &c->server, err) != 0 ||
        copy_pem(k, cluster, "certificate-authority", &c->ca_file, &c->ca_pem, err) != 0)
        return dc_wrap(err, "cluster \"%s\"", name);
    if (!c->server ||
        (strncmp(c->server, "https://", 8) != 0 && strncmp(c->server, "http://", 7) != 0))
        return dc_fail(err, DC_BAD_INPUT, 0, "cluster \"%s\": server must be an https:// URL",
                       name);
    for (size_t len = strlen(c->server); c->server[len - 1] == '/'; len--)
        c->server[len - 1] = '\0';
    c->insecure = dc_json_bool(cluster, "insecure-skip-tls-verify");
    return 0;
}

static int read_user(const struct kubeconfig *k, const char *name, struct dc_kube_config *c,
                     struct dc_err *err)
{
    static const char *const unsupported[] = {
        "exec",   "auth-provider", "username",      "password", "as",
        "as-uid", "as-groups",     "as-user-extra", NULL};
    json_t *user = NULL;

    if (named(k, "users", "user", name, &user, err) != 0)
        return -1;
    if (refuse(user, unsupported, err) != 0 || copy_text(user, "token", &c->token, err) != 0 ||
        copy_path(k, user, "tokenFile", &c->token_file, err) != 0 ||
        copy_pem(k, user, "client-certificate", &c->cert_file, &c->cert_pem, err) != 0 ||
        copy_pem(k, user, "client-key", &c->key_file, &c->key_pem, err) != 0)
        return dc_wrap(err, "user \"%s\"", name);
    if ((c->cert_file || c->cert_pem) != (c->key_file || c->key_pem))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "user \"%s\": a client certificate and its key belong together", name);
    return 0;
}

static int read_context(const struct kubeconfig *k, const char *name, struct dc_kube_config *c,
                        struct dc_err *err)
{
    json_t *context = NULL;
    const char *cluster = NULL, *user = NULL;

    if (!name && text_of(k->tree, "current-context", &name, err) != 0)
        return -1;
    if (!name)
        return dc_fail(err, DC_NOT_FOUND, 0, "no current-context is set");
    if (named(k, "contexts", "context", name, &context, err) != 0)
        return -1;
    if (text_of(context, "cluster", &cluster, err) != 0 ||
        text_of(context, "user", &user, err) != 0 ||
        copy_text(context, "namespace", &c->ns, err) != 0)
        return dc_wrap(err, "context \"%s\"", name);
    if (!c->ns)
        c->ns = strdup("default");
    if (!c->ns)
        return dc_fail(err, DC_NO_MEMORY, 0, "kubeconfig");
    if (read_cluster(k, cluster ? cluster : "", c, err) != 0)
        return -1;
    return user ? read_user(k, user, c, err) : 0;
}

int dc_kube_config_file(const char *path, const char *context, struct dc_kube_config *ret,
                        struct dc_err *err)
{
    DC_AUTO(dc_kube_config_done) struct dc_kube_config c = {0};
    dc_autojson json_t *tree = NULL;

    if (dc_yaml_file(path, &tree, err) != 0)
        return -1;
    if (!json_is_object(tree) || (json_object_get(tree, "kind") &&
                                  strcmp(dc_json_text_or_empty(tree, "kind"), "Config") != 0))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is no kubeconfig: kind is not Config", path);

    struct kubeconfig k = {.path = path, .tree = tree};
    if (read_context(&k, context, &c, err) != 0)
        return dc_wrap(err, "%s", path);
    *ret = c;
    c = (struct dc_kube_config){0};
    return 0;
}
