// SPDX-License-Identifier: Apache-2.0
/* proto/msg.c - building protobuf-c messages on the heap, as the runtime frees them. */
#include "proto/msg.h"

#include <stdlib.h>
#include <string.h>

#include "decant/cleanup.h"

void *dc_msg_new(const ProtobufCMessageDescriptor *desc)
{
    ProtobufCMessage *msg = calloc(1, desc->sizeof_message);

    if (msg)
        protobuf_c_message_init(desc, msg);
    return msg;
}

void *dc_msg_copy(const ProtobufCMessage *msg)
{
    size_t size = protobuf_c_message_get_packed_size(msg);
    dc_autofree uint8_t *bytes = malloc(size + 1);

    if (!bytes)
        return NULL;
    (void)protobuf_c_message_pack(msg, bytes);
    return protobuf_c_message_unpack(msg->descriptor, NULL, size, bytes);
}

int dc_msg_list(size_t n, void *ret, struct dc_err *err)
{
    void *list = calloc(n ? n : 1, sizeof(void *));

    if (!list)
        return dc_fail(err, DC_NO_MEMORY, 0, "list of %zu messages", n);
    memcpy(ret, &list, sizeof list);
    return 0;
}

int dc_msg_text(char **field, const char *value, struct dc_err *err)
{
    if (!value || value[0] == '\0')
        return 0;
    char *copy = strdup(value);
    if (!copy)
        return dc_fail(err, DC_NO_MEMORY, 0, "string of a message");
    *field = copy;
    return 0;
}

int dc_msg_map(const ProtobufCMessageDescriptor *entry, struct dc_kvs pairs, size_t *n,
               void *entries, struct dc_err *err)
{
    struct dc_msg_entry **list;

    if (pairs.n == 0)
        return 0;
    if (dc_msg_list(pairs.n, &list, err) != 0)
        return -1;
    memcpy(entries, &list, sizeof list);
    for (unsigned i = 0; i < pairs.n; i++) {
        struct dc_msg_entry *e = dc_msg_new(entry);
        if (!e)
            return dc_fail(err, DC_NO_MEMORY, 0, "map of a message");
        list[(*n)++] = e;
        if (dc_msg_text(&e->key, pairs.v[i].key, err) != 0 ||
            dc_msg_text(&e->value, pairs.v[i].value, err) != 0)
            return -1;
    }
    return 0;
}

int dc_msg_texts(const char *const *items, size_t count, size_t *n, char ***ret,
                 struct dc_err *err)
{
    if (count == 0)
        return 0;
    if (dc_msg_list(count, ret, err) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        char *copy = strdup(items[i]);
        if (!copy)
            return dc_fail(err, DC_NO_MEMORY, 0, "list of a message");
        (*ret)[(*n)++] = copy;
    }
    return 0;
}

const char *dc_map_get(size_t n, const void *entries, const char *key)
{
    const struct dc_msg_entry *const *e = entries;

    while (n-- > 0)
        if (strcmp(e[n]->key, key) == 0)
            return e[n]->value;
    return NULL;
}
