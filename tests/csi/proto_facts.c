// SPDX-License-Identifier: Apache-2.0
/*
 * proto_facts.c - print what a compiled .proto says, one fact a line: OWNER, a tab, FACT. The
 * owner is the message, enum or service that the fact belongs to. Comments, options that do
 * not reach the wire and the order of things are no facts.
 *
 *     protoc -o x.desc x.proto && proto_facts x.desc PACKAGE | sort
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "decant/cleanup.h"
#include "google/protobuf/descriptor.pb-c.h"

#define DESC_MAX   (4u << 20)
#define CSI_SECRET 1059 /* the field option's number */

typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__EnumDescriptorProto Enum;
typedef Google__Protobuf__ServiceDescriptorProto Service;

/* The option's value on the wire is a varint after its key; protobuf-c keeps it as unknown. */
static bool is_secret(const Field *f)
{
    if (!f->options)
        return false;
    for (unsigned i = 0; i < f->options->base.n_unknown_fields; i++) {
        const ProtobufCMessageUnknownField *u = &f->options->base.unknown_fields[i];

        if (u->tag == CSI_SECRET)
            return u->len == 1 && u->data[0] == 1;
    }
    return false;
}

static void print_field(const char *owner, const Message *m, const Field *f)
{
    const char *oneof = "-";

    if (f->has_oneof_index && (size_t)f->oneof_index < m->n_oneof_decl)
        oneof = m->oneof_decl[f->oneof_index]->name;
    printf("%s\tfield %s = %d type %d %s label %d oneof %s%s\n", owner, f->name, f->number,
           (int)f->type, f->type_name ? f->type_name : "-", (int)f->label, oneof,
           is_secret(f) ? " secret" : "");
}

static void print_enum(const char *parent, const Enum *e)
{
    for (size_t i = 0; i < e->n_value; i++)
        printf("%s.%s\tvalue %s = %d\n", parent, e->name, e->value[i]->name,
               e->value[i]->number);
}

static void print_message(const char *parent, const Message *m)
{
    dc_autofree char *name = dc_asprintf("%s.%s", parent, m->name);

    if (!name)
        abort();
    printf("%s\tmessage%s\n", name, m->options && m->options->map_entry ? " map" : "");
    for (size_t i = 0; i < m->n_field; i++)
        print_field(name, m, m->field[i]);
    for (size_t i = 0; i < m->n_enum_type; i++)
        print_enum(name, m->enum_type[i]);
    for (size_t i = 0; i < m->n_nested_type; i++)
        print_message(name, m->nested_type[i]);
}

static void print_service(const char *package, const Service *s)
{
    for (size_t i = 0; i < s->n_method; i++)
        printf("%s.%s\trpc %s(%s%s) returns (%s%s)\n", package, s->name, s->method[i]->name,
               s->method[i]->client_streaming ? "stream " : "", s->method[i]->input_type,
               s->method[i]->server_streaming ? "stream " : "", s->method[i]->output_type);
}

static void print_file(const Google__Protobuf__FileDescriptorProto *f)
{
    for (size_t i = 0; i < f->n_message_type; i++)
        print_message(f->package, f->message_type[i]);
    for (size_t i = 0; i < f->n_enum_type; i++)
        print_enum(f->package, f->enum_type[i]);
    for (size_t i = 0; i < f->n_service; i++)
        print_service(f->package, f->service[i]);
}

int main(int argc, char **argv)
{
    static unsigned char bytes[DESC_MAX];
    bool found = false;

    if (argc != 3) {
        fprintf(stderr, "usage: proto_facts FILE.desc PACKAGE\n");
        return 2;
    }
    FILE *in = fopen(argv[1], "rb");
    if (!in) {
        perror(argv[1]);
        return 1;
    }
    size_t len = fread(bytes, 1, sizeof bytes, in);
    fclose(in);
    Google__Protobuf__FileDescriptorSet *set =
        google__protobuf__file_descriptor_set__unpack(NULL, len, bytes);
    for (size_t i = 0; set && i < set->n_file; i++)
        if (strcmp(set->file[i]->package, argv[2]) == 0) {
            print_file(set->file[i]);
            found = true;
        }
    if (set)
        google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
    if (!found)
        fprintf(stderr, "%s: no package %s in it\n", argv[1], argv[2]);
    return found ? 0 : 1;
}
