// SPDX-License-Identifier: Apache-2.0
/* csi/driver_fixture.h - a decant-csi process of a test, and calls to it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "attach/attach.h"
#include "proto/csi.pb-c.h"
#include "proto/rpc.h"

#define DRIVER_ID 64

/* A node: kubelet's directory, the driver's data and the process. Nothing here is a mock. */
struct driver {
    char dir[64];
    char kubelet[96], data[96], socket[128];
    const char *node_id;
    pid_t pid;
    struct dc_rpc_client *client;
};

/* Ends the test program with 77 where there is no root or no loop device. */
void driver_require(void);

/* A new directory and a driver on it that answers. */
void driver_open(struct driver *d, const char *node_id);
/* Kill -9 it, start it again on the same directory. */
void driver_crash(struct driver *d);
/* Stop it in order; fail when a volume, mount or loop device of it is left. Remove all. */
void driver_close(struct driver *d);

/* --- Calls; they answer the gRPC status. --- */

int driver_create(struct driver *d, const char *name, uint64_t bytes, char ret_id[DRIVER_ID]);
int driver_delete(struct driver *d, const char *id);

/* How a volume is used, for the calls below. */
struct use {
    bool block, readonly;
    const char *fs, *flag;
    int mode; /* 0: SINGLE_NODE_WRITER */
};
int driver_stage(struct driver *d, const char *id, const char *path, struct use use);
int driver_unstage(struct driver *d, const char *id, const char *path);
int driver_publish(struct driver *d, const char *id, const char *staging, const char *target,
                   struct use use);
int driver_unpublish(struct driver *d, const char *id, const char *target);
/* Total bytes, or -1 with the status in *ret_status. */
int64_t driver_stats(struct driver *d, const char *id, const char *path, int *ret_status);

/* Path of a volume's image, and what it takes on the disk. */
uint64_t driver_allocated(const struct driver *d, const char *id);
/* Loop devices whose image is this driver's. */
int driver_loops(const struct driver *d);
/* d->dir/NAME; good until the next call but seven. */
const char *driver_path(const struct driver *d, const char *name);
