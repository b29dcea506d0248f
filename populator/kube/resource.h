// SPDX-License-Identifier: Apache-2.0
/* kube/resource.h - the resources of the API that Decant touches, and their paths. */
#pragma once
#include <stdbool.h>

#include "decant/err.h"

#define DC_KUBE_GROUP "populator.cdi.kubevirt.io"

/*
 * enum name, group ("" is the core group), version, plural, kind, namespaced. Kubernetes API
 * reference, v1.36. Events are those of the core group: they are the same objects as those
 * of events.k8s.io, but count, firstTimestamp and lastTimestamp, which kubectl prints, may
 * be written.
 */
#define DC_KUBE_RESOURCES(X)                                                             \
    X(PVC, "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", true)            \
    X(PV, "", "v1", "persistentvolumes", "PersistentVolume", false)                      \
    X(NODE, "", "v1", "nodes", "Node", false)                                            \
    X(POD, "", "v1", "pods", "Pod", true)                                                \
    X(SECRET, "", "v1", "secrets", "Secret", true)                                       \
    X(CONFIGMAP, "", "v1", "configmaps", "ConfigMap", true)                              \
    X(EVENT, "", "v1", "events", "Event", true)                                          \
    X(NAMESPACE, "", "v1", "namespaces", "Namespace", false)                             \
    X(STORAGECLASS, "storage.k8s.io", "v1", "storageclasses", "StorageClass", false)     \
    X(CSIDRIVER, "storage.k8s.io", "v1", "csidrivers", "CSIDriver", false)               \
    X(CSINODE, "storage.k8s.io", "v1", "csinodes", "CSINode", false)                     \
    X(VOLUMEATTACHMENT, "storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", \
      false)                                                                             \
    X(LEASE, "coordination.k8s.io", "v1", "leases", "Lease", true)                       \
    X(IMPORT, DC_KUBE_GROUP, "v1alpha1", "imports", "Import", true)                      \
    X(CLONE, DC_KUBE_GROUP, "v1alpha1", "clones", "Clone", true)                         \
    X(UPLOAD, DC_KUBE_GROUP, "v1alpha1", "uploads", "Upload", true)                      \
    X(POPULATION, DC_KUBE_GROUP, "v1alpha1", "populations", "Population", true)

enum dc_kube_kind {
#define X(name, group, version, plural, kind, namespaced) DC_KUBE_##name,
    DC_KUBE_RESOURCES(X)
#undef X
};

#define DC_KUBE_KINDS (DC_KUBE_POPULATION + 1) /* how many there are */

struct dc_kube_resource {
    const char *group, *version, *plural;
    const char *kind;        /* "PersistentVolumeClaim"                              */
    const char *api_version; /* "v1", "storage.k8s.io/v1": the field of the objects  */
    bool namespaced;
};

/* Static, never NULL. */
const struct dc_kube_resource *dc_kube_resource(enum dc_kube_kind kind);

/*
 * The row for an object's group ("" or NULL: core) and kind, as dataSourceRef names them.
 * False when there is none; then *ret is untouched. Versions are not looked at.
 */
bool dc_kube_kind_of(const char *group, const char *kind, enum dc_kube_kind *ret);

/* What a request is about. Strings are borrowed by the call that takes it. */
struct dc_kube_ref {
    enum dc_kube_kind kind;
    const char *ns;          /* NULL: cluster-scoped, or a list of all namespaces        */
    const char *name;        /* NULL: the collection                                     */
    const char *subresource; /* "status"; NULL: the object itself. Needs a name          */
};

/*
 * "/api/v1/namespaces/NS/persistentvolumeclaims/NAME/status". *ret is the caller's to
 * free(). Names often come from what a user wrote: a namespace or name that could leave its
 * place in the path ("..", "a/b", "%2f", "") is DC_BAD_INPUT, and what is left is
 * percent-encoded. Also DC_BAD_INPUT: a namespace for a cluster-scoped kind, a name without
 * one for a namespaced kind.
 */
int dc_kube_path(const struct dc_kube_ref *ref, char **ret, struct dc_err *err);

/* Percent-encode all but unreserved characters (RFC 3986 section 2.3); NULL: out of memory. */
char *dc_kube_escape(const char *s);
