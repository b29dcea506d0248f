// SPDX-License-Identifier: Apache-2.0
/* csi/driver.c - the reference driver: its settings, and what its services share. */
#include "csi/driver.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "proto/msg.h"

#define TOPOLOGY_TEXT_MAX 63 /* bytes of a key's prefix and of a value: CSI spec, "Topology" */

/* A topology value becomes a label of the Node. */
static bool label_ok(const char *s)
{
    size_t len = strlen(s);

    if (len == 0 || len > TOPOLOGY_TEXT_MAX || !isalnum((unsigned char)s[0]) ||
        !isalnum((unsigned char)s[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-_.", s[i]))
            return false;
    return true;
}

int dc_csi_driver_init(struct dc_csi_driver *d, const char *name, const char *node_id,
                       struct dc_err *err)
{
    if (!dc_csi_name_ok(name) || strlen(name) + strlen("topology.") > TOPOLOGY_TEXT_MAX)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "driver name '%.100s': expected a domain name of at most %zu letters, "
                       "digits, '-' and '.'",
                       name, TOPOLOGY_TEXT_MAX - strlen("topology."));
    if (!label_ok(node_id))
        return dc_fail(
            err, DC_BAD_INPUT, 0,
            "node id '%.100s': it becomes a label, expected at most %d letters, digits, "
            "'-', '_' and '.'",
            node_id, TOPOLOGY_TEXT_MAX);
    *d = (struct dc_csi_driver){.name = name, .node_id = node_id};
    (void)snprintf(d->topology_key, sizeof d->topology_key, "topology.%s/node", name);
    dc_busy_init(&d->busy);
    return 0;
}

void dc_csi_driver_done(struct dc_csi_driver *d)
{
    dc_busy_done(&d->busy);
}

Csi__V1__Topology *dc_csi_topology(const struct dc_csi_driver *d)
{
    const struct dc_kv here = {d->topology_key, d->node_id};
    Csi__V1__Topology *t = dc_msg_new(&csi__v1__topology__descriptor);
    struct dc_err ignored = {0}; /* it can only be memory */

    if (!t)
        return NULL;
    if (dc_msg_map(&csi__v1__topology__segments_entry__descriptor, (struct dc_kvs){&here, 1},
                   &t->n_segments, &t->segments, &ignored) != 0) {
        protobuf_c_message_free_unpacked(&t->base, NULL);
        return NULL;
    }
    return t;
}
