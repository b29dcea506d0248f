// SPDX-License-Identifier: Apache-2.0
/* csi/driver_fixture.c - a decant-csi process of a test, and calls to it. */
#include "driver_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "attach/paths.h"
#include "base/clock.h"

#define CALL_MS 30000

void driver_require(void)
{
    if (geteuid() == 0 && access("/dev/loop-control", F_OK) == 0 && getenv("DECANT_CSI"))
        return;
    puts("skipped: needs root, loop devices and $DECANT_CSI, the program to test");
    exit(77);
}

static void nap(void)
{
    const struct timespec t = {.tv_nsec = 20 * 1000 * 1000};

    (void)nanosleep(&t, NULL);
}

/* With a client of its own: one that failed to connect would wait a second before it tries again. */
static int probe(struct driver *d)
{
    Csi__V1__ProbeRequest req = CSI__V1__PROBE_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;
    struct dc_err err = {0};
    char target[160];
    int status = -1;

    dc_rpc_client_free(d->client);
    d->client = NULL;
    (void)snprintf(target, sizeof target, "unix://%s", d->socket);
    assert_int_equal(dc_rpc_client_new(target, NULL, &d->client, &err), 0);
    if (dc_rpc_call(d->client, &csi__v1__identity__descriptor, "Probe", &req.base, 1000, &reply,
                    &status, &err) == 0)
        protobuf_c_message_free_unpacked(reply, NULL);
    return status;
}

static void start(struct driver *d)
{
    char *program = getenv("DECANT_CSI"), registry[160], log[160], endpoint[160];
    posix_spawn_file_actions_t files;
    int status = -1;

    (void)snprintf(endpoint, sizeof endpoint, "unix://%s", d->socket);
    (void)snprintf(registry, sizeof registry, "%s/plugins_registry", d->kubelet);
    (void)snprintf(log, sizeof log, "%s/log", d->dir);
    char *argv[] = {program,
                    (char[]){"--endpoint"},
                    endpoint,
                    (char[]){"--node-id"},
                    (char *)(uintptr_t)d->node_id,
                    (char[]){"--data-dir"},
                    d->data,
                    (char[]){"--kubelet-registration"},
                    registry,
                    NULL};
    assert_int_equal(posix_spawn_file_actions_init(&files), 0);
    assert_int_equal(
        posix_spawn_file_actions_addopen(&files, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600),
        0);
    assert_int_equal(posix_spawn(&d->pid, program, &files, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&files);

    for (int i = 0; i < 500 && status != 0; i++) {
        nap();
        status = probe(d);
    }
    assert_int_equal(status, 0);
}

void driver_open(struct driver *d, const char *node_id)
{
    char target[160];
    struct dc_err err = {0};

    *d = (struct driver){.node_id = node_id};
    (void)snprintf(d->dir, sizeof d->dir, "/tmp/csi-driver.XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    (void)snprintf(d->kubelet, sizeof d->kubelet, "%s/kubelet", d->dir);
    (void)snprintf(d->data, sizeof d->data, "%s/data", d->dir);
    /* Not where it usually is: who looks for it has to ask the registry. */
    (void)snprintf(d->socket, sizeof d->socket, "%s/elsewhere.sock", d->dir);
    (void)snprintf(target, sizeof target, "%s/plugins_registry", d->kubelet);
    assert_int_equal(dc_paths_make(target, &err), 0);
    start(d);
}

static int wait_end(struct driver *d)
{
    int status;

    assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
    return status;
}

void driver_crash(struct driver *d)
{
    assert_int_equal(kill(d->pid, SIGKILL), 0);
    (void)wait_end(d);
    start(d);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int entries(const char *path)
{
    DIR *dir = opendir(path);
    int n = 0;

    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        n += e->d_name[0] != '.';
    (void)closedir(dir);
    return n;
}

static bool mounts_below(const char *dir)
{
    char line[4096];
    bool found = false;
    FILE *f = fopen("/proc/self/mountinfo", "re");

    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        found = found || strstr(line, dir);
    (void)fclose(f);
    return found;
}

void driver_close(struct driver *d)
{
    char volumes[128];

    uint64_t since = dc_clock_ns();
    assert_int_equal(kill(d->pid, SIGTERM), 0);
    assert_int_equal(wait_end(d), 0);
    assert_true(dc_clock_ns() - since < DC_NS_PER_S); /* an idle client holds up nothing */
    dc_rpc_client_free(d->client);
    (void)snprintf(volumes, sizeof volumes, "%s/volumes", d->data);
    assert_int_equal(entries(volumes), 0);
    assert_false(mounts_below(d->dir));
    assert_int_equal(driver_loops(d), 0);
    assert_int_equal(nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT), 0);
}

int driver_loops(const struct driver *d)
{
    glob_t g;
    int n = 0;

    if (glob("/sys/block/loop*/loop/backing_file", 0, NULL, &g) != 0)
        return 0;
    for (size_t i = 0; i < g.gl_pathc; i++) {
        char line[4096] = "";
        FILE *f = fopen(g.gl_pathv[i], "re");
        if (!f)
            continue;
        n += fgets(line, sizeof line, f) && strncmp(line, d->dir, strlen(d->dir)) == 0;
        (void)fclose(f);
    }
    globfree(&g);
    return n;
}

uint64_t driver_allocated(const struct driver *d, const char *id)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/volumes/%s/image", d->data, id);
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

const char *driver_path(const struct driver *d, const char *name)
{
    static char paths[8][160];
    static unsigned next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, sizeof paths[0], "%s/%s", d->dir, name);
    return path;
}

/* --- Calls --- */

static int call(struct driver *d, const ProtobufCServiceDescriptor *service, const char *method,
                const ProtobufCMessage *req, ProtobufCMessage **ret)
{
    struct dc_err err = {0};
    ProtobufCMessage *reply = NULL;
    int status = -1;

    if (dc_rpc_call(d->client, service, method, req, CALL_MS, &reply, &status, &err) != 0) {
        assert_true(err.msg[0] != '\0');
        return status;
    }
    if (ret)
        *ret = reply;
    else
        protobuf_c_message_free_unpacked(reply, NULL);
    return status;
}

static char *text(const char *s)
{
    return (char *)(uintptr_t)s; /* only read */
}

/* A capability in one piece, so that it lives as long as its use. */
struct capability {
    Csi__V1__VolumeCapability cap;
    Csi__V1__VolumeCapability__AccessMode mode;
    Csi__V1__VolumeCapability__BlockVolume block;
    Csi__V1__VolumeCapability__MountVolume mount;
    char *flag;
};

static Csi__V1__VolumeCapability *fill(struct capability *c, struct use use)
{
    csi__v1__volume_capability__init(&c->cap);
    csi__v1__volume_capability__access_mode__init(&c->mode);
    csi__v1__volume_capability__block_volume__init(&c->block);
    csi__v1__volume_capability__mount_volume__init(&c->mount);
    c->mode.mode = use.mode ? (Csi__V1__VolumeCapability__AccessMode__Mode)use.mode
                            : CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__SINGLE_NODE_WRITER;
    c->cap.access_mode = &c->mode;
    if (use.block) {
        c->cap.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK;
        c->cap.block = &c->block;
        return &c->cap;
    }
    if (use.fs)
        c->mount.fs_type = text(use.fs);
    if (use.flag) {
        c->flag = text(use.flag);
        c->mount.mount_flags = &c->flag;
        c->mount.n_mount_flags = 1;
    }
    c->cap.access_type_case = CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT;
    c->cap.mount = &c->mount;
    return &c->cap;
}

int driver_create(struct driver *d, const char *name, uint64_t bytes, char ret_id[DRIVER_ID])
{
    Csi__V1__CreateVolumeRequest req = CSI__V1__CREATE_VOLUME_REQUEST__INIT;
    Csi__V1__CapacityRange range = CSI__V1__CAPACITY_RANGE__INIT;
    struct capability c;
    Csi__V1__VolumeCapability *caps[] = {fill(&c, (struct use){.block = true})};
    ProtobufCMessage *reply = NULL;

    range.required_bytes = (int64_t)bytes;
    req.name = text(name);
    req.capacity_range = &range;
    req.volume_capabilities = caps;
    req.n_volume_capabilities = 1;
    int status = call(d, &csi__v1__controller__descriptor, "CreateVolume", &req.base, &reply);
    if (status == 0 && reply) {
        const Csi__V1__Volume *v = ((Csi__V1__CreateVolumeResponse *)reply)->volume;
        (void)snprintf(ret_id, DRIVER_ID, "%s", v->volume_id);
        assert_int_equal(v->n_accessible_topology, 1);
        assert_string_equal(v->accessible_topology[0]->segments[0]->value, d->node_id);
        protobuf_c_message_free_unpacked(reply, NULL);
    }
    return status;
}

int driver_delete(struct driver *d, const char *id)
{
    Csi__V1__DeleteVolumeRequest req = CSI__V1__DELETE_VOLUME_REQUEST__INIT;

    req.volume_id = text(id);
    return call(d, &csi__v1__controller__descriptor, "DeleteVolume", &req.base, NULL);
}

int driver_stage(struct driver *d, const char *id, const char *path, struct use use)
{
    Csi__V1__NodeStageVolumeRequest req = CSI__V1__NODE_STAGE_VOLUME_REQUEST__INIT;
    struct capability c;

    req.volume_id = text(id);
    req.staging_target_path = text(path);
    req.volume_capability = fill(&c, use);
    return call(d, &csi__v1__node__descriptor, "NodeStageVolume", &req.base, NULL);
}

int driver_unstage(struct driver *d, const char *id, const char *path)
{
    Csi__V1__NodeUnstageVolumeRequest req = CSI__V1__NODE_UNSTAGE_VOLUME_REQUEST__INIT;

    req.volume_id = text(id);
    req.staging_target_path = text(path);
    return call(d, &csi__v1__node__descriptor, "NodeUnstageVolume", &req.base, NULL);
}

int driver_publish(struct driver *d, const char *id, const char *staging, const char *target,
                   struct use use)
{
    Csi__V1__NodePublishVolumeRequest req = CSI__V1__NODE_PUBLISH_VOLUME_REQUEST__INIT;
    struct capability c;

    req.volume_id = text(id);
    req.staging_target_path = text(staging);
    req.target_path = text(target);
    req.volume_capability = fill(&c, use);
    req.readonly = use.readonly;
    return call(d, &csi__v1__node__descriptor, "NodePublishVolume", &req.base, NULL);
}

int driver_unpublish(struct driver *d, const char *id, const char *target)
{
    Csi__V1__NodeUnpublishVolumeRequest req = CSI__V1__NODE_UNPUBLISH_VOLUME_REQUEST__INIT;

    req.volume_id = text(id);
    req.target_path = text(target);
    return call(d, &csi__v1__node__descriptor, "NodeUnpublishVolume", &req.base, NULL);
}

int64_t driver_stats(struct driver *d, const char *id, const char *path, int *ret_status)
{
    Csi__V1__NodeGetVolumeStatsRequest req = CSI__V1__NODE_GET_VOLUME_STATS_REQUEST__INIT;
    ProtobufCMessage *reply = NULL;

    req.volume_id = text(id);
    req.volume_path = text(path);
    *ret_status = call(d, &csi__v1__node__descriptor, "NodeGetVolumeStats", &req.base, &reply);
    if (*ret_status != 0 || !reply)
        return -1;
    const Csi__V1__NodeGetVolumeStatsResponse *r =
        (const Csi__V1__NodeGetVolumeStatsResponse *)reply;
    int64_t total = r->usage[0]->total;
    protobuf_c_message_free_unpacked(reply, NULL);
    return total;
}
