// SPDX-License-Identifier: Apache-2.0
/* proto/msg.h - building protobuf-c messages on the heap, as the runtime frees them. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/kv.h"
#include "decant/err.h"

/* A message of that type, empty; NULL when out of memory. */
void *dc_msg_new(const ProtobufCMessageDescriptor *desc);
/* The same message again; NULL when out of memory. */
void *dc_msg_copy(const ProtobufCMessage *msg);
/* Make room for n pointers, all NULL, at *ret; -1 when out of memory. */
int dc_msg_list(size_t n, void *ret, struct dc_err *err);
/* Set *field to a copy of value; "" stays the shared empty string. */
int dc_msg_text(char **field, const char *value, struct dc_err *err);

/*
 * Every map<string, string> entry of protobuf-c 1.4 has this layout: members in the order of
 * their numbers behind the base. tests/unit/test_msg.c compares it with the generated types.
 */
struct dc_msg_entry {
    ProtobufCMessage base;
    char *key;
    char *value;
};

/*
 * Fill a map<string, string> field: its count and its array, whose entries are of type entry.
 * What was added is counted, so that freeing the message frees it, on failure too.
 */
int dc_msg_map(const ProtobufCMessageDescriptor *entry, struct dc_kvs pairs, size_t *n,
               void *entries, struct dc_err *err);
/* The same for repeated string. */
int dc_msg_texts(const char *const *items, size_t count, size_t *n, char ***ret,
                 struct dc_err *err);
/* The value of key, or NULL. The last one of several counts, as protobuf wants it. */
const char *dc_map_get(size_t n, const void *entries, const char *key);
