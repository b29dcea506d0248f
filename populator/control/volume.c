// SPDX-License-Identifier: Apache-2.0
/* control/volume.c - see volume.h. */
#include "control/volume.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"

/* protobuf-c has no const; the message is only packed. */
static char *borrow(const char *s)
{
    return (char *)(uintptr_t)(s ? s : "");
}

static int take_context(const json_t *csi, struct dc_volume_message *m, struct dc_err *err)
{
    json_t *attributes = json_object_get(csi, "volumeAttributes"), *value;
    size_t n = json_object_size(attributes), i = 0;
    const char *key;

    if (n == 0)
        return 0;
    m->context = calloc(n, sizeof *m->context);
    m->volume.volume_context = calloc(n, sizeof *m->volume.volume_context);
    if (!m->context || !m->volume.volume_context)
        return dc_fail(err, DC_NO_MEMORY, 0, "volume attributes");
    json_object_foreach (attributes, key, value) {
        decant__v1alpha1__volume__volume_context_entry__init(&m->context[i]);
        m->context[i].key = borrow(key);
        m->context[i].value = borrow(json_string_value(value));
        m->volume.volume_context[i] = &m->context[i];
        i++;
    }
    m->volume.n_volume_context = n;
    return 0;
}

static int take_mount_options(const json_t *volume, struct dc_volume_message *m,
                              struct dc_err *err)
{
    const json_t *options = dc_json_at(volume, "spec.mountOptions"), *option;
    size_t i;

    if (json_array_size(options) == 0)
        return 0;
    m->volume.mount_options = calloc(json_array_size(options), sizeof(char *));
    if (!m->volume.mount_options)
        return dc_fail(err, DC_NO_MEMORY, 0, "mount options");
    json_array_foreach (options, i, option)
        m->volume.mount_options[i] = borrow(json_string_value(option));
    m->volume.n_mount_options = json_array_size(options);
    return 0;
}

static int check(const json_t *volume, const json_t *csi, struct dc_err *err)
{
    static const char *const secrets[] = {"nodeStageSecretRef", "nodePublishSecretRef"};
    const char *name = dc_json_text_or_empty(volume, "metadata.name");

    if (!csi)
        return dc_fail(err, DC_UNSUPPORTED, 0, "volume %s is not a CSI volume", name);
    for (size_t i = 0; i < DC_LEN(secrets); i++)
        if (json_object_get(csi, secrets[i]))
            return dc_fail(err, DC_UNSUPPORTED, 0,
                           "volume %s has a %s: drivers whose node calls need secrets are not "
                           "supported yet; use another storage class",
                           name, secrets[i]);
    return 0;
}

int dc_volume_message(const json_t *volume, const json_t *claim, struct dc_volume_message *ret,
                      struct dc_err *err)
{
    const json_t *csi = dc_json_at(volume, "spec.csi");
    const json_t *modes = dc_json_at(volume, "spec.accessModes");
    uint64_t capacity = 0;
    Decant__V1alpha1__Volume *v = &ret->volume;

    *ret = (struct dc_volume_message){0};
    decant__v1alpha1__volume__init(v);
    if (check(volume, csi, err) != 0)
        return -1;
    (void)dc_parse_quantity(dc_json_text_or_empty(claim, "spec.resources.requests.storage"),
                            &capacity);
    v->driver = borrow(dc_json_str(csi, "driver"));
    v->volume_handle = borrow(dc_json_str(csi, "volumeHandle"));
    v->pv_name = borrow(dc_json_str(volume, "metadata.name"));
    v->mode = strcmp(dc_json_text_or_empty(volume, "spec.volumeMode"), "Block") == 0
                  ? DECANT__V1ALPHA1__VOLUME_MODE__BLOCK
                  : DECANT__V1ALPHA1__VOLUME_MODE__FILESYSTEM;
    v->fs_type = borrow(dc_json_str(csi, "fsType"));
    v->access_mode = borrow(json_string_value(json_array_get(modes, 0)));
    v->capacity_bytes = capacity;
    if (take_context(csi, ret, err) == 0 && take_mount_options(volume, ret, err) == 0)
        return 0;
    dc_volume_message_done(ret);
    return -1;
}

void dc_volume_message_done(struct dc_volume_message *m)
{
    free(m->context);
    free(m->volume.volume_context);
    free(m->volume.mount_options);
    *m = (struct dc_volume_message){0};
}
