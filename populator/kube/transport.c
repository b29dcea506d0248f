// SPDX-License-Identifier: Apache-2.0
/* kube/transport.c - one HTTP request to the API server. */
#include "kube/transport.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "decant/cleanup.h"
#include "net/backoff.h"

int dc_kube_transport_init(struct dc_kube_transport *t, struct dc_loop *loop,
                           const struct dc_kube_config *config, const char *name,
                           struct dc_err *err)
{
    *t = (struct dc_kube_transport){.loop = loop, .config = config};
    t->user_agent = dc_asprintf("User-Agent: %s/%s", name, DECANT_VERSION);
    if (!t->user_agent)
        return dc_fail(err, DC_NO_MEMORY, 0, "Kubernetes client");
    if (dc_kube_token_init(&t->token, config->token_file, config->token, err) != 0)
        return -1;
    return dc_http_new(loop, &t->http, err);
}

void dc_kube_transport_done(struct dc_kube_transport *t)
{
    dc_http_free(t->http);
    dc_kube_token_done(&t->token);
    free(t->user_agent);
    *t = (struct dc_kube_transport){0};
}

int dc_kube_transport_send(struct dc_kube_transport *t, const struct dc_kube_send *send,
                           const struct dc_http_events *events, struct dc_http_req **ret,
                           struct dc_err *err)
{
    const struct dc_kube_config *c = t->config;
    dc_autofree char *url = dc_asprintf("%s%s", c->server, send->path);
    dc_autofree char *type =
        send->content_type ? dc_asprintf("Content-Type: %s", send->content_type) : NULL;
    const char *headers[] = {t->user_agent, send->accept, type, NULL};

    if (!url || (send->content_type && !type))
        return dc_fail(err, DC_NO_MEMORY, 0, "request to the API server");
    if (dc_kube_token_refresh(&t->token, err) != 0)
        return -1;

    struct dc_http_spec spec = {
        .method = send->method,
        .url = url,
        .headers = headers,
        .body = send->body,
        .body_len = send->body ? strlen(send->body) : 0,
        .bearer = t->token.text,
        .ca_file = c->ca_file,
        .ca_pem = c->ca_pem,
        .cert_file = c->cert_file,
        .key_file = c->key_file,
        .cert_pem = c->cert_pem,
        .key_pem = c->key_pem,
        .insecure = c->insecure,
        .total_timeout_ms = send->total_timeout_ms,
    };
    return dc_http_start(t->http, &spec, events, ret, err);
}

uint64_t dc_kube_wait_ms(unsigned attempt)
{
    static const struct dc_backoff backoff = {.base_ms = 100, .cap_ms = 5000};

    return dc_backoff_ms(&backoff, attempt, arc4random());
}
