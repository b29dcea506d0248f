// SPDX-License-Identifier: Apache-2.0
/* csi/capability.c - how a volume is to be used: a checked VolumeCapability as plain data. */
#include "csi/capability.h"

#include <string.h>

#include "base/buf.h"
#include "base/num.h"

#include "csi/fields.h"

#define MODE(name) CSI__V1__VOLUME_CAPABILITY__ACCESS_MODE__MODE__##name

/* What each access mode means on one node; a mode that is not here is not known. */
static const struct {
    int mode;
    bool reader_only, many_targets;
} modes[] = {
    {MODE(SINGLE_NODE_WRITER), false, false},
    {MODE(SINGLE_NODE_READER_ONLY), true, false},
    {MODE(MULTI_NODE_READER_ONLY), true, true},
    {MODE(MULTI_NODE_SINGLE_WRITER), false, true},
    {MODE(MULTI_NODE_MULTI_WRITER), false, true},
    {MODE(SINGLE_NODE_SINGLE_WRITER), false, false},
    {MODE(SINGLE_NODE_MULTI_WRITER), false, true},
};

static int parse_mode(const char *field, const Csi__V1__VolumeCapability *cap, struct dc_cap *c,
                      struct dc_err *err)
{
    if (!cap->access_mode || cap->access_mode->mode == MODE(UNKNOWN))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s.access_mode is missing", field);

    for (size_t i = 0; i < DC_LEN(modes); i++) {
        if (modes[i].mode != (int)cap->access_mode->mode)
            continue;
        c->reader_only = modes[i].reader_only;
        c->many_targets = modes[i].many_targets;
        return 0;
    }
    return dc_fail(err, DC_BAD_INPUT, 0, "%s.access_mode is %d, which is not known", field,
                   (int)cap->access_mode->mode);
}

static int parse_mount(const char *field, const Csi__V1__VolumeCapability__MountVolume *mount,
                       struct dc_cap *c, struct dc_err *err)
{
    if (strcmp(mount->fs_type, "ext4") == 0)
        c->fs = "ext4";
    else if (strcmp(mount->fs_type, "xfs") == 0)
        c->fs = "xfs";
    else if (mount->fs_type[0] != '\0')
        return dc_fail(err, DC_BAD_INPUT, 0, "%s.fs_type is '%.64s', expected ext4 or xfs",
                       field, mount->fs_type);

    if (mount->volume_mount_group[0] != '\0')
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "%s.volume_mount_group is set, but the driver has no VOLUME_MOUNT_GROUP",
                       field);
    c->flags = mount->mount_flags;
    c->n_flags = mount->n_mount_flags;
    return dc_field_list("mount_flags", c->n_flags, c->flags, err);
}

static int take_digest(struct dc_cap *c, int mode, struct dc_err *err)
{
    dc_autobuf struct dc_buf all = DC_BUF(2 * DC_CSI_MAP_MAX + 64);
    dc_buf_addf(&all, "%d %s %d", c->block, c->fs, mode);
    for (size_t i = 0; i < c->n_flags; i++) {
        dc_buf_add(&all, "", 1); /* the NUL between two flags keeps them apart */
        dc_buf_adds(&all, c->flags[i]);
    }
    if (all.failed)
        return dc_fail(err, DC_BAD_INPUT, 0, "mount_flags are too many");
    return dc_sha256_hex(all.data, all.len, c->digest, err);
}

int dc_cap_parse(const char *field, const Csi__V1__VolumeCapability *cap, struct dc_cap *ret,
                 struct dc_err *err)
{
    struct dc_cap c = {.fs = ""};

    if (!cap)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s is missing", field);
    switch ((int)cap->access_type_case) {
    case CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_BLOCK:
        c.block = true;
        break;
    case CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE_MOUNT:
        if (parse_mount(field, cap->mount, &c, err) != 0)
            return -1;
        break;
    case CSI__V1__VOLUME_CAPABILITY__ACCESS_TYPE__NOT_SET:
    default:
        return dc_fail(err, DC_BAD_INPUT, 0, "%s.access_type is missing: block or mount",
                       field);
    }
    if (parse_mode(field, cap, &c, err) != 0 ||
        take_digest(&c, (int)cap->access_mode->mode, err) != 0)
        return -1;
    *ret = c;
    return 0;
}

int dc_caps_check(size_t n, Csi__V1__VolumeCapability *const *caps, bool *ret_wants_xfs,
                  struct dc_err *err)
{
    bool xfs = false;

    if (n == 0)
        return dc_fail(err, DC_BAD_INPUT, 0, "volume_capabilities is missing");
    for (size_t i = 0; i < n; i++) {
        struct dc_cap c;

        if (dc_cap_parse("volume_capabilities", caps[i], &c, err) != 0)
            return -1;
        xfs = xfs || strcmp(c.fs, "xfs") == 0;
    }
    *ret_wants_xfs = xfs;
    return 0;
}
