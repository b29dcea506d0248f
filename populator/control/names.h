// SPDX-License-Identifier: Apache-2.0
/* control/names.h - the names by which our objects and marks are known in the cluster. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"

#define DC_CONTROLLER "decant-controller"
#define DC_PREFIX     "populator.cdi.kubevirt.io/"

#define DC_CLAIM_FINALIZER DC_PREFIX "populate-target-protection"
#define DC_PRIME_FINALIZER DC_PREFIX "prime-protection"

/* Labels of P. */
#define DC_LABEL_MANAGED_BY DC_PREFIX "managed-by"
#define DC_LABEL_CLAIM_NS   DC_PREFIX "claim-namespace"
#define DC_LABEL_CLAIM_NAME DC_PREFIX "claim-name"
#define DC_LABEL_CLAIM_UID  DC_PREFIX "claim-uid"
#define DC_LABEL_NO_BACKUP  "velero.io/exclude-from-backup"

/* Annotations of P. */
#define DC_NOTE_CLAIM  DC_PREFIX "claim"  /* namespace/name of U                       */
#define DC_NOTE_SOURCE DC_PREFIX "source" /* S as it was used: see control/prime.h     */
#define DC_NOTE_NODE   DC_PREFIX "node"   /* where the fill runs                       */
#define DC_NOTE_GENERATION \
    DC_PREFIX "generation"                      /* fencing number of the latest fill         */
#define DC_NOTE_ATTEMPT   DC_PREFIX "attempt"   /* which P of U this is, from 1              */
#define DC_NOTE_RETRY     DC_PREFIX "retry"     /* on U: a person's wish; on P: U's then     */
#define DC_NOTE_POPULATED DC_PREFIX "populated" /* completion marker: the digest; also on V  */
#define DC_NOTE_FAILED    DC_PREFIX "failed"    /* {"reason","message"}: ended for good      */

/* Annotation of V: "namespace/name" of S. */
#define DC_NOTE_POPULATED_FROM DC_PREFIX "populated-from"

/* The cluster's own. */
#define DC_NOTE_PROVISIONER    "volume.kubernetes.io/storage-provisioner"
#define DC_NOTE_SELECTED_NODE  "volume.kubernetes.io/selected-node"
#define DC_NOTE_BIND_COMPLETED "pv.kubernetes.io/bind-completed"
#define DC_NOTE_PROVISIONED_BY "pv.kubernetes.io/provisioned-by"

#define DC_UID_SIZE        64
#define DC_PRIME_NAME_SIZE (DC_UID_SIZE + 8)
/* "prime-<uid>". A UID that does not fit (none does in practice) is cut. */
const char *dc_prime_name(const char *uid, char ret[DC_PRIME_NAME_SIZE]);

#define DC_LABEL_SIZE 64
/* A label value for a name of any length: itself, or its beginning and a hash of the whole. */
const char *dc_label_value(const char *name, char ret[DC_LABEL_SIZE]);

/* Whether a PersistentVolumeClaim's dataSourceRef names a kind of our group. */
bool dc_is_our_claim(const json_t *claim);
/* Whether it is a P: in the hidden namespace, with our label. */
bool dc_is_prime(const json_t *claim, const char *volumes_ns);
