// SPDX-License-Identifier: Apache-2.0
/* test_rpc_tls.c - mutual TLS over TCP: who may call whom, and certificates that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rpc_fixture.h"

struct certs {
    char dir[64], node[96], controller[96];
    char other[64], other_controller[96]; /* of another authority */
};

static int setup(void **state)
{
    struct certs *c = calloc(1, sizeof *c);

    if (!c)
        return -1;
    snprintf(c->dir, sizeof c->dir, "/tmp/decant-certs.XXXXXX");
    snprintf(c->other, sizeof c->other, "/tmp/decant-certs.XXXXXX");
    if (!mkdtemp(c->dir) || !mkdtemp(c->other) || make_certs(c->dir) != 0 ||
        make_certs(c->other) != 0)
        return -1;
    snprintf(c->node, sizeof c->node, "%s/node", c->dir);
    snprintf(c->controller, sizeof c->controller, "%s/controller", c->dir);
    snprintf(c->other_controller, sizeof c->other_controller, "%s/controller", c->other);
    dc_rpc_init();
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    struct certs *c = *state;

    dc_rpc_exit();
    remove_tree(c->dir);
    remove_tree(c->other);
    free(c);
    return 0;
}

static void must_start(struct rpc_fixture *f, const struct certs *c)
{
    struct dc_err err = {0};

    if (fixture_start(f, 2, 2, c->node, &err) != 0)
        fail_msg("%s", err.msg);
}

/* Who calls with what, and what comes of it. */
static void who_may_call(void **state)
{
    const struct certs *c = *state;
    const struct {
        const char *dir, *server_name;
        enum dc_err_kind want;
    } cases[] = {
        {c->controller, "decant-node", DC_OK},
        {c->controller, "somebody-else", DC_UNAVAILABLE},     /* the server is not that one  */
        {c->node, "decant-node", DC_UNAVAILABLE},             /* its key is for servers only */
        {c->other_controller, "decant-node", DC_UNAVAILABLE}, /* another authority           */
    };
    struct rpc_fixture f;

    must_start(&f, c);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dc_rpc_tls tls = {cases[i].dir, cases[i].server_name};
        struct dc_rpc_client *client;
        struct dc_err err = {0};

        assert_int_equal(dc_rpc_client_new(f.endpoint, &tls, &client, &err), 0);
        (void)call_info(client, &err);
        assert_int_equal(err.kind, cases[i].want);
        dc_rpc_client_free(client);
    }
    fixture_stop(&f, 1000);
}

/* A certificate of the right authority with the wrong common name is told so. */
static void wrong_common_name(void **state)
{
    const struct certs *c = *state;
    struct rpc_fixture f;
    struct dc_rpc_client *client;
    struct dc_err err = {0}, denied = {0};
    struct dc_rpc_tls tls = {c->controller, "decant-node"};

    if (fixture_named(&f, c->node, "somebody-else", &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(dc_rpc_client_new(f.endpoint, &tls, &client, &err), 0);
    assert_int_equal(call_info(client, &denied), -1);
    assert_int_equal(denied.kind, DC_DENIED);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

/* Both sides take up certificates of a new authority; a connection that stands is kept. */
static void rotation(void **state)
{
    const struct certs *c = *state;
    struct rpc_fixture f;
    struct dc_rpc_client *client, *late;
    struct dc_err err = {0};
    struct dc_rpc_tls tls = {c->controller, "decant-node"};
    char ca[128];

    must_start(&f, c);
    assert_int_equal(dc_rpc_client_new(f.endpoint, &tls, &client, &err), 0);
    assert_int_equal(call_info(client, &err), 0);
    struct outcome o = {0};
    struct dc_rpc_async *call = async_probe(client, 0, &o);
    assert_true(wait_for(&f.entered, 1));

    snprintf(ca, sizeof ca, "%s/ca", c->dir);
    remove_tree(ca);
    assert_int_equal(make_certs(c->dir), 0);
    assert_int_equal(dc_rpc_client_new(f.endpoint, &tls, &late, &err), 0);
    assert_int_equal(call_info(late, &err), 0);
    assert_int_equal(call_info(client, &err), 0); /* by a new connection */
    f.gate = true;
    assert_true(wait_for(&o.done, 1)); /* by the old one */
    assert_int_equal(o.err.kind, DC_OK);
    dc_rpc_async_free(call);
    dc_rpc_client_free(late);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

/* A key that does not belong to its certificate is seen before it is used. */
static void half_rotated(void **state)
{
    const struct certs *c = *state;
    struct rpc_fixture f;
    struct dc_rpc_client *client;
    struct dc_err err = {0}, bad = {0};
    struct dc_rpc_tls tls = {c->controller, "decant-node"};
    char key[160], away[160];

    must_start(&f, c);
    assert_int_equal(dc_rpc_client_new(f.endpoint, &tls, &client, &err), 0);
    assert_int_equal(call_info(client, &err), 0);
    snprintf(key, sizeof key, "%s/tls.key", c->controller);
    snprintf(away, sizeof away, "%s/tls.key.away", c->controller);
    assert_int_equal(rename(key, away), 0);
    snprintf(away, sizeof away, "%s/tls.key", c->node);
    assert_int_equal(symlink(away, key), 0);

    assert_int_equal(call_info(client, &err), 0); /* with the old one */
    struct dc_rpc_client *late = NULL;
    assert_int_equal(dc_rpc_client_new(f.endpoint, &tls, &late, &bad), -1);
    assert_int_equal(bad.kind, DC_BAD_INPUT);
    assert_non_null(strstr(bad.msg, "does not belong"));
    assert_int_equal(unlink(key), 0);
    snprintf(away, sizeof away, "%s/tls.key.away", c->controller);
    assert_int_equal(rename(away, key), 0);
    dc_rpc_client_free(client);
    fixture_stop(&f, 1000);
}

static void port_taken(void **state)
{
    const struct certs *c = *state;
    struct rpc_fixture f;
    struct dc_rpc_server_config config = {.tls.dir = c->node, .workers = 1};
    struct dc_rpc_server *second;
    struct dc_err err = {0};

    must_start(&f, c);
    config.endpoint = f.endpoint;
    assert_int_equal(dc_rpc_server_start(&config, &second, &err), -1);
    assert_int_equal(err.kind, DC_BUSY);
    fixture_stop(&f, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_call), cmocka_unit_test(wrong_common_name),
        cmocka_unit_test(rotation),     cmocka_unit_test(half_rotated),
        cmocka_unit_test(port_taken),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
