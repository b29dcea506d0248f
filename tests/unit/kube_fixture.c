// SPDX-License-Identifier: Apache-2.0
/* unit/kube_fixture.c - a Kubernetes client on a loop, before a server that plays a script. */
#include "unit/kube_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

void kube_begin(struct kube_fixture *fx, const struct t_reply *script, size_t n)
{
    struct dc_err err = {0};

    fx->server = t_server_start(script, n);
    fx->config = (struct dc_kube_config){.server = strdup(t_server_url(fx->server, ""))};
    assert_int_equal(dc_loop_new(&fx->loop, &err), 0);
    assert_int_equal(dc_kube_new(fx->loop, &fx->config, "test", &fx->kube, &err), 0);
}

void kube_end(struct kube_fixture *fx)
{
    dc_kube_free(fx->kube);
    dc_loop_free(fx->loop);
    t_server_stop(fx->server);
    dc_kube_config_done(&fx->config);
}

bool kube_reaches(struct kube_fixture *fx, const unsigned *n, unsigned want, uint64_t ms)
{
    uint64_t until = dc_clock_ns() + ms * DC_NS_PER_MS;
    struct dc_err err = {0};

    while (*n < want && dc_clock_ns() < until)
        assert_int_equal(dc_loop_step(fx->loop, 5, &err), 0);
    return *n >= want;
}
