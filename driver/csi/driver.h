// SPDX-License-Identifier: Apache-2.0
/* csi/driver.h - the reference driver: its settings, its volumes, its services. */
#pragma once
#include "base/name.h"
#include "csi/busy.h"
#include "csi/store.h"
#include "proto/csi.pb-c.h"
#include "proto/rpc.h"

#define DC_TOPOLOGY_KEY_SIZE (sizeof "topology." + DC_CSI_NAME_MAX + sizeof "/node")

/* Lives in main(); the services get a pointer to it. */
struct dc_csi_driver {
    const char *name; /* CSI driver name */
    const char *node_id;
    char topology_key[DC_TOPOLOGY_KEY_SIZE]; /* "topology.NAME/node"          */
    const char *socket;                      /* path, as kubelet is told it   */
    struct dc_store *store;
    struct dc_busy busy;
};

/* Check the names and set the topology key. Strings are borrowed. */
int dc_csi_driver_init(struct dc_csi_driver *d, const char *name, const char *node_id,
                       struct dc_err *err);
void dc_csi_driver_done(struct dc_csi_driver *d);

/* Where this driver's volumes are: on its node. NULL: out of memory. */
Csi__V1__Topology *dc_csi_topology(const struct dc_csi_driver *d);

/* Method tables; their service pointer is a struct dc_csi_driver. */
extern const struct dc_rpc_method dc_csi_identity_methods[];
extern const struct dc_rpc_method dc_csi_controller_methods[];
extern const struct dc_rpc_method dc_csi_node_methods[];

/* What kubelet asks on a socket of its own: csi/register.c. */
struct dc_rpc_service dc_csi_registration_service(struct dc_csi_driver *d);
