// SPDX-License-Identifier: Apache-2.0
/* kube/yaml_tree.h - YAML that somebody else wrote, as a JSON tree; the safe part of it. */
#pragma once
#include <stddef.h>

#include "base/json.h"
#include "decant/err.h"

#define DC_YAML_MAX_BYTES (1024 * 1024) /* a kubeconfig of 100 clusters has 0.5 MiB */
#define DC_YAML_MAX_DEPTH 32
#define DC_YAML_MAX_NODES 100000

/*
 * One document (JSON too, which is YAML) of at most DC_YAML_MAX_BYTES. *ret is a new
 * reference. An empty text is null. Plain scalars get their type by the core schema of YAML
 * 1.2 (null, bool, integer, float, else string); quoted ones are strings. DC_BAD_INPUT, with
 * the line: duplicate keys, keys that are no scalars, aliases and anchors, tags, a second
 * document, NUL characters, integers above 64 bits, and whatever is above a limit.
 */
int dc_yaml_parse(const char *text, size_t len, json_t **ret, struct dc_err *err);

/* The same from a file; DC_NOT_FOUND, DC_DENIED when it cannot be read. */
int dc_yaml_file(const char *path, json_t **ret, struct dc_err *err);
