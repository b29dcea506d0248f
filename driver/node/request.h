// SPDX-License-Identifier: Apache-2.0
/* node/request.h - a StartFillRequest, checked, kept, and in the words of csi/ and fill/. */
#pragma once
#include "attach/attach.h"
#include "decant/err.h"
#include "decant/source.h"
#include "proto/decant.pb-c.h"

/* Owns the message and the lists that point into it. Holds secrets: freed when the fill ends. */
struct dc_request {
    Decant__V1alpha1__StartFillRequest *msg;
    struct dc_csi_volume volume;
    struct dc_source_spec source;
    struct dc_kv *pairs;  /* of all four maps   */
    const char **headers; /* NULL-terminated    */
};

/* DC_BAD_INPUT names the field; DC_UNSUPPORTED says what is not done yet. */
int dc_request_new(const Decant__V1alpha1__StartFillRequest *req, struct dc_request **ret,
                   struct dc_err *err);
void dc_request_free(struct dc_request *r); /* NULL is allowed */

/*
 * A source in the engine's words, borrowed from msg. *ret_headers is made of malloc, the spec
 * points to it, and the caller frees it after the spec.
 */
int dc_request_source(const Decant__V1alpha1__Source *msg, Decant__V1alpha1__ContentType type,
                      struct dc_source_spec *ret, const char ***ret_headers,
                      struct dc_err *err);
