// SPDX-License-Identifier: Apache-2.0
/*
 * attach/paths.c - where a volume is staged and published by us.
 *
 * Kubelet's layout, with names of our own at the same depth: some drivers take paths apart.
 *
 *   block  KUBELET/plugins/kubernetes.io/csi/volumeDevices/staging/decant-PV
 *          KUBELET/plugins/kubernetes.io/csi/volumeDevices/publish/decant-PV/FILL
 *   mount  KUBELET/plugins/kubernetes.io/csi/DRIVER/decant-SHA256(volume id)/globalmount
 *          KUBELET/plugins/kubernetes.io/csi/DRIVER/decant-SHA256(volume id)/FILL/mount
 */
#include "attach/paths.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/name.h"

#define CSI_DIR  "plugins/kubernetes.io/csi"
#define NAME_LEN 253 /* bytes of a Kubernetes object's name */

/* One component of a path, as Kubernetes names objects. */
static int check_name(const char *what, const char *name, struct dc_err *err)
{
    size_t len = name ? strlen(name) : 0;

    if (len > 0 && len <= NAME_LEN && name[0] != '.' && !strchr(name, '/'))
        return 0;
    return dc_fail(err, DC_BAD_INPUT, 0, "%s '%.64s' is no name of a Kubernetes object", what,
                   name ? name : "");
}

static bool fits(int written, size_t size)
{
    return written >= 0 && (size_t)written < size;
}

int dc_csi_paths(const char *kubelet_dir, const struct dc_csi_volume *volume,
                 const char *fill_id, struct dc_csi_paths *ret, struct dc_err *err)
{
    struct dc_csi_paths p;
    char hex[DC_SHA256_HEX];
    bool ok;

    if (check_name("persistent volume", volume->pv_name, err) != 0 ||
        check_name("fill", fill_id, err) != 0 ||
        dc_sha256_hex(volume->volume_id, strlen(volume->volume_id), hex, err) != 0)
        return -1;
    if (!dc_csi_name_ok(volume->driver))
        return dc_fail(err, DC_BAD_INPUT, 0, "'%.64s' is no name of a CSI driver",
                       volume->driver);
    if (kubelet_dir[0] != '/')
        return dc_fail(err, DC_BAD_INPUT, 0, "kubelet's directory '%.200s' is no absolute path",
                       kubelet_dir);

    if (volume->block)
        ok = fits(snprintf(p.staging, sizeof p.staging,
                           "%s/" CSI_DIR "/volumeDevices/staging/" DC_CSI_PREFIX "%s",
                           kubelet_dir, volume->pv_name),
                  sizeof p.staging) &&
             fits(snprintf(p.target, sizeof p.target,
                           "%s/" CSI_DIR "/volumeDevices/publish/" DC_CSI_PREFIX "%s/%s",
                           kubelet_dir, volume->pv_name, fill_id),
                  sizeof p.target);
    else
        ok = fits(snprintf(p.staging, sizeof p.staging,
                           "%s/" CSI_DIR "/%s/" DC_CSI_PREFIX "%s/globalmount", kubelet_dir,
                           volume->driver, hex),
                  sizeof p.staging) &&
             fits(snprintf(p.target, sizeof p.target,
                           "%s/" CSI_DIR "/%s/" DC_CSI_PREFIX "%s/%s/mount", kubelet_dir,
                           volume->driver, hex, fill_id),
                  sizeof p.target);
    if (!ok)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "kubelet's directory '%.200s' makes paths above %zu bytes", kubelet_dir,
                       sizeof p.target - 1);
    *ret = p;
    return 0;
}

static bool is_below_ours(const char *path)
{
    return path[0] == '/' && strstr(path, "/" DC_CSI_PREFIX);
}

bool dc_csi_paths_ok(const struct dc_csi_paths *paths)
{
    return is_below_ours(paths->staging) && is_below_ours(paths->target);
}

/* Every component up to the end of path[0..len). */
static int make_upto(const char *path, size_t len, struct dc_err *err)
{
    char part[sizeof((struct dc_csi_paths *)NULL)->target];

    if (len >= sizeof part)
        return dc_fail(err, DC_BAD_INPUT, 0, "path %s is too long", path);
    for (size_t i = 1; i <= len; i++) {
        if (i < len && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0750) != 0 && errno != EEXIST)
            return dc_fail(err, DC_DEVICE, errno, "make directory %s", part);
    }
    return 0;
}

int dc_paths_make(const char *path, struct dc_err *err)
{
    return make_upto(path, strlen(path), err);
}

int dc_paths_make_parent(const char *path, struct dc_err *err)
{
    return make_upto(path, (size_t)(strrchr(path, '/') - path), err);
}

/* Whether the last component of path is a directory that we made up. */
static bool is_own(const char *path)
{
    const char *name = strrchr(path, '/') + 1;

    return strncmp(name, DC_CSI_PREFIX, strlen(DC_CSI_PREFIX)) == 0;
}

int dc_paths_remove(const char *path, struct dc_err *err)
{
    char part[sizeof((struct dc_csi_paths *)NULL)->target];
    struct stat st;

    if (!is_below_ours(path) || (size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is no path of ours", path);
    if (lstat(path, &st) == 0) {
        int rc = S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path);
        if (rc != 0 && errno != ENOENT)
            return dc_fail(err, DC_DEVICE, errno, "remove %s", path);
    } else if (errno != ENOENT) {
        return dc_fail(err, DC_DEVICE, errno, "look at %s", path);
    }
    /* What is above may serve another fill: then it is not empty, and stays. */
    while (!is_own(part)) {
        *strrchr(part, '/') = '\0';
        if (rmdir(part) != 0 && errno != ENOENT)
            break;
    }
    return 0;
}
