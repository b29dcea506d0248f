// SPDX-License-Identifier: Apache-2.0
/* Kubeconfigs good and bad, and the files of a pod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "kube/config.h"

static char dir[] = "/tmp/decant-kubeconfig.XXXXXX";

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? chdir(dir) : -1;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"config", "token", "ca.crt", "namespace"};
    (void)state;
    for (size_t i = 0; i < DC_LEN(names); i++)
        (void)unlink(names[i]);
    return rmdir(dir);
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
}

#define CONTEXTS                                                                              \
    "apiVersion: v1\nkind: Config\ncurrent-context: b\ncontexts:\n"                           \
    "- {name: a, context: {cluster: ca, user: ua, namespace: there}}\n"                       \
    "- {name: b, context: {cluster: cb, user: ub}}\n"                                         \
    "- {name: nobody, context: {cluster: cb}}\n"                                              \
    "- {name: lost, context: {cluster: none, user: ub}}\n"                                    \
    "- {name: plugin, context: {cluster: cb, user: ux}}\n"                                    \
    "clusters:\n"                                                                             \
    "- {name: ca, cluster: {server: 'https://a:6443/', certificate-authority: pki/ca.crt}}\n" \
    "- {name: cb, cluster: {server: 'https://b', certificate-authority-data: Q0E=, "          \
    "insecure-skip-tls-verify: true}}\n"                                                      \
    "users:\n"                                                                                \
    "- {name: ua, user: {tokenFile: /run/token}}\n"                                           \
    "- {name: ub, user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ, token: "   \
    "'123'}}\n"                                                                               \
    "- {name: ux, user: {exec: {command: rm}}}\n"

static void test_contexts(void **state)
{
    DC_AUTO(dc_kube_config_done) struct dc_kube_config b = {0}, a = {0}, nobody = {0};
    struct dc_err err = {0};
    char file[128], want[128];
    (void)state;

    put("config", CONTEXTS);
    (void)snprintf(file, sizeof file, "%s/config", dir);
    (void)snprintf(want, sizeof want, "%s/pki/ca.crt", dir);
    assert_int_equal(dc_kube_config_file("config", NULL, &b, &err), 0);
    assert_string_equal(b.server, "https://b");
    assert_string_equal(b.ca_pem, "CA");
    assert_string_equal(b.cert_pem, "CERT");
    assert_string_equal(b.key_pem, "KEY");
    assert_string_equal(b.token, "123");
    assert_string_equal(b.ns, "default");
    assert_true(b.insecure);
    assert_int_equal(dc_kube_config_file(file, "a", &a, &err), 0);
    assert_string_equal(a.server, "https://a:6443");
    assert_string_equal(a.ca_file, want);
    assert_string_equal(a.token_file, "/run/token");
    assert_string_equal(a.ns, "there");
    assert_false(a.insecure);
    assert_int_equal(dc_kube_config_file(file, "nobody", &nobody, &err), 0);
    assert_null(nobody.token);
}

static void test_refused(void **state)
{
#define ONE(cluster, user)                                                        \
    "current-context: x\ncontexts: [{name: x, context: {cluster: x, user: x}}]\n" \
    "clusters: [{name: x, cluster: {" cluster "}}]\nusers: [{name: x, user: {" user "}}]\n"
#define SERVER "server: 'https://h'"
    static const struct {
        const char *text, *context;
        enum dc_err_kind kind;
        const char *why;
    } rows[] = {
        {CONTEXTS, "none", DC_NOT_FOUND, "no \"none\" in contexts"},
        {CONTEXTS, "lost", DC_NOT_FOUND, "no \"none\" in clusters"},
        {CONTEXTS, "plugin", DC_UNSUPPORTED, "user \"ux\": \"exec\" is not supported"},
        {"kind: Config", NULL, DC_NOT_FOUND, "no current-context"},
        {"kind: Pod", NULL, DC_BAD_INPUT, "no kubeconfig"},
        {"- a", NULL, DC_BAD_INPUT, "no kubeconfig"},
        {"a: 1\na: 2", NULL, DC_BAD_INPUT, "config: line 2"},
        {"current-context: 3", NULL, DC_BAD_INPUT, "must be a text"},
        {ONE("", ""), NULL, DC_BAD_INPUT, "https:// URL"},
        {ONE("server: 'ftp://x'", ""), NULL, DC_BAD_INPUT, "https:// URL"},
        {ONE(SERVER ", proxy-url: 'http://p'", ""), NULL, DC_UNSUPPORTED, "proxy-url"},
        {ONE(SERVER ", tls-server-name: n", ""), NULL, DC_UNSUPPORTED, "tls-server-name"},
        {ONE(SERVER, "username: u, password: p"), NULL, DC_UNSUPPORTED, "username"},
        {ONE(SERVER, "as: root"), NULL, DC_UNSUPPORTED, "\"as\""},
        {ONE(SERVER, "auth-provider: {name: gcp}"), NULL, DC_UNSUPPORTED, "auth-provider"},
        {ONE(SERVER, "token: 123"), NULL, DC_BAD_INPUT, "\"token\" must be a text"},
        {ONE(SERVER, "client-certificate: c"), NULL, DC_BAD_INPUT, "belong together"},
        {ONE(SERVER ", certificate-authority-data: '?'", ""), NULL, DC_BAD_INPUT,
         "certificate-authority-data: not base64"},
    };
    (void)state;
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        struct dc_kube_config c = {0};
        struct dc_err err = {0};

        put("config", rows[i].text);
        if (dc_kube_config_file("config", rows[i].context, &c, &err) != -1)
            fail_msg("row %zu was taken", i);
        assert_int_equal(err.kind, rows[i].kind);
        assert_null(c.server);
        if (!strstr(err.msg, rows[i].why))
            fail_msg("row %zu: got \"%s\"", i, err.msg);
    }
}

static void test_pod(void **state)
{
    struct dc_err err = {0};
    DC_AUTO(dc_kube_config_done) struct dc_kube_config c = {0}, six = {0};
    (void)state;

    assert_int_equal(dc_kube_config_in_cluster(NULL, "443", dir, &c, &err), -1);
    assert_int_equal(err.kind, DC_NOT_FOUND);
    dc_err_clear(&err);
    put("ca.crt", "CA");
    put("namespace", "decant\n");
    assert_int_equal(dc_kube_config_in_cluster("10.0.0.1", "443", dir, &c, &err), -1);
    assert_non_null(strstr(err.msg, "/token is missing"));
    dc_err_clear(&err);
    put("token", "t");
    assert_int_equal(dc_kube_config_in_cluster("10.0.0.1", "443", dir, &c, &err), 0);
    assert_string_equal(c.server, "https://10.0.0.1:443");
    assert_string_equal(c.ns, "decant");
    assert_string_equal(strrchr(c.token_file, '/'), "/token");
    assert_string_equal(strrchr(c.ca_file, '/'), "/ca.crt");
    assert_int_equal(dc_kube_config_in_cluster("fd00::1", "443", dir, &six, &err), 0);
    assert_string_equal(six.server, "https://[fd00::1]:443");
}

static void test_order(void **state)
{
    struct dc_err err = {0};
    DC_AUTO(dc_kube_config_done) struct dc_kube_config c = {0}, d = {0}, e = {0};
    (void)state;

    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBECONFIG");
    setenv("HOME", "/nonexistent", 1);
    assert_int_equal(dc_kube_config_load(NULL, &c, &err), -1);
    assert_int_equal(err.kind, DC_NOT_FOUND);
    dc_err_clear(&err);
    put("config", CONTEXTS);
    assert_int_equal(dc_kube_config_load("config", &c, &err), 0);
    setenv("KUBECONFIG", "/nonexistent::config", 1);
    assert_int_equal(dc_kube_config_load(NULL, &d, &err), 0);
    assert_string_equal(d.server, "https://b");
    setenv("KUBECONFIG", "/nonexistent", 1);
    assert_int_equal(dc_kube_config_load(NULL, &e, &err), -1);
    assert_non_null(strstr(err.msg, "KUBECONFIG=/nonexistent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_pod),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
