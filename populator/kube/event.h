// SPDX-License-Identifier: Apache-2.0
/*
 * kube/event.h - Events on objects: what `kubectl describe` and `kubectl get events` show.
 *
 * The same event on the same object (type, reason and message) is one Event whose count and
 * last time are raised, at most every few seconds. Sending is best effort, never waited for,
 * and bounded: an Event that cannot be sent is told to `failed` and forgotten.
 */
#pragma once
#include <stdint.h>

#include "base/json.h"
#include "decant/err.h"
#include "kube/client.h"

#define DC_KUBE_EVENT_MESSAGE 1024 /* bytes; longer ones are cut. Event validation, v1.36 */
#define DC_KUBE_EVENT_REASON  128

struct dc_kube_events; /* a recorder */

enum dc_kube_event_type { DC_KUBE_NORMAL, DC_KUBE_WARNING };

struct dc_kube_events_spec {
    const char *component; /* "decant-controller": source.component and reportingComponent   */
    const char *instance;  /* the pod's or host's name: reportingInstance                    */
    uint32_t again_ms;     /* shortest time between two updates of one Event; 0: 5 s         */
    uint32_t remembered;   /* how many are remembered to be counted up; 0: 2048. What is not
                              remembered any more becomes a new Event                        */
    /* Optional. One could not be sent: for the log. */
    void (*failed)(void *arg, const struct dc_err *err);
    void *arg;
};

/* kube must outlive the recorder. Strings are copied. */
int dc_kube_events_new(struct dc_kube *kube, const struct dc_kube_events_spec *spec,
                       struct dc_kube_events **ret, struct dc_err *err);
/* What is not sent by now is dropped. NULL is allowed. */
void dc_kube_events_free(struct dc_kube_events *events);

/*
 * Tell something about object, which has apiVersion, kind and metadata with name and uid
 * (the objects of a cache do). reason is CamelCase, at most DC_KUBE_EVENT_REASON - 1 bytes;
 * message is for people; invalid UTF-8 in it is replaced. DC_BAD_INPUT: the object or reason
 * cannot be used. DC_BUSY: too many in flight; this one is dropped. DC_NO_MEMORY. The caller
 * may ignore all three.
 */
int dc_kube_event(struct dc_kube_events *events, const json_t *object,
                  enum dc_kube_event_type type, const char *reason, const char *message,
                  struct dc_err *err);
