// SPDX-License-Identifier: Apache-2.0
/* unit/kube_fixture.h - a Kubernetes client on a loop, before a server that plays a script. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "kube/client.h"
#include "lib/http_server.h"

#define BODY(text) .body = (text), .len = sizeof(text) - 1

struct kube_fixture {
    struct dc_loop *loop;
    struct t_server *server;
    struct dc_kube_config config;
    struct dc_kube *kube;
};

/* The script is borrowed until kube_end(). */
void kube_begin(struct kube_fixture *fx, const struct t_reply *script, size_t n);
void kube_end(struct kube_fixture *fx);
/* Run the loop; whether *n reaches want within ms. */
bool kube_reaches(struct kube_fixture *fx, const unsigned *n, unsigned want, uint64_t ms);
