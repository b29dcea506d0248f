// SPDX-License-Identifier: Apache-2.0
/* control/reach.c - which node has an agent, and which node can reach a volume. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "control/observe.h"

#define AGENT_PORT_NAME "fills"

static int agent_port(const json_t *pod)
{
    const json_t *container, *port;
    size_t i, k;

    json_array_foreach (dc_json_at(pod, "spec.containers"), i, container)
        json_array_foreach (json_object_get(container, "ports"), k, port)
            if (strcmp(dc_json_text_or_empty(port, "name"), AGENT_PORT_NAME) == 0)
                return (int)dc_json_int(port, "containerPort");
    return 0;
}

static bool is_ready(const json_t *pod)
{
    const json_t *condition;
    size_t i;

    json_array_foreach (dc_json_at(pod, "status.conditions"), i, condition)
        if (strcmp(dc_json_text_or_empty(condition, "type"), "Ready") == 0)
            return strcmp(dc_json_text_or_empty(condition, "status"), "True") == 0;
    return false;
}

bool dc_agent_pod_ready(const json_t *pod, struct dc_agent_pod *ret)
{
    struct dc_agent_pod found = {
        .node = dc_json_text_or_empty(pod, "spec.nodeName"),
        .address = dc_json_text_or_empty(pod, "status.podIP"),
        .port = agent_port(pod),
    };

    if (!found.node[0] || !found.address[0] || found.port <= 0 || found.port > UINT16_MAX)
        return false;
    if (dc_json_str(pod, "metadata.deletionTimestamp") || !is_ready(pod))
        return false;
    *ret = found;
    return true;
}

bool dc_agent_pod_on(const struct dc_kube_cache *pods, const char *node,
                     struct dc_agent_pod *ret)
{
    struct dc_agent_pod pod;

    for (void *it = dc_kube_cache_first(pods); it; it = dc_kube_cache_next(pods, it)) {
        if (!dc_agent_pod_ready(dc_kube_cache_object(it), &pod) || strcmp(pod.node, node) != 0)
            continue;
        *ret = pod;
        return true;
    }
    return false;
}

static bool is_one_of(const json_t *values, const char *value)
{
    const json_t *item;
    size_t i;

    json_array_foreach (values, i, item)
        if (json_string_value(item) && strcmp(json_string_value(item), value) == 0)
            return true;
    return false;
}

/* Gt and Lt: both sides are whole numbers. */
static bool compares(const json_t *values, const char *value, bool greater)
{
    const char *bound = json_string_value(json_array_get(values, 0));
    long long a, b;

    if (!bound || !value)
        return false;
    a = strtoll(value, NULL, 10);
    b = strtoll(bound, NULL, 10);
    return greater ? a > b : a < b;
}

static bool matches(const json_t *expression, const char *value)
{
    const char *op = dc_json_text_or_empty(expression, "operator");
    const json_t *values = json_object_get(expression, "values");

    if (strcmp(op, "In") == 0)
        return value && is_one_of(values, value);
    if (strcmp(op, "NotIn") == 0)
        return !value || !is_one_of(values, value);
    if (strcmp(op, "Exists") == 0)
        return value;
    if (strcmp(op, "DoesNotExist") == 0)
        return !value;
    if (strcmp(op, "Gt") == 0 || strcmp(op, "Lt") == 0)
        return compares(values, value, op[0] == 'G');
    return false;
}

static bool term_matches(const json_t *term, const json_t *node)
{
    const json_t *expression, *expressions = json_object_get(term, "matchExpressions");
    const json_t *fields = json_object_get(term, "matchFields");
    size_t i;

    if (json_array_size(expressions) + json_array_size(fields) == 0)
        return false; /* an empty term matches nothing */
    json_array_foreach (expressions, i, expression)
        if (!matches(expression, dc_json_label(node, dc_json_text_or_empty(expression, "key"))))
            return false;
    json_array_foreach (fields, i, expression)
        if (!matches(expression, dc_json_str(node, "metadata.name")))
            return false; /* metadata.name is the only field there is */
    return true;
}

bool dc_volume_fits_node(const json_t *volume, const json_t *node)
{
    const json_t *terms = dc_json_at(volume, "spec.nodeAffinity.required.nodeSelectorTerms");
    const json_t *term;
    size_t i;

    if (!terms)
        return true;
    json_array_foreach (terms, i, term)
        if (term_matches(term, node))
            return true;
    return false;
}
