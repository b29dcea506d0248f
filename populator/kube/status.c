// SPDX-License-Identifier: Apache-2.0
/* kube/status.c - answers of the API server: what they mean, and words for a person. */
#include "kube/status.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"

const char *dc_kube_verb_name(enum dc_kube_verb verb)
{
    switch (verb) {
    case DC_KUBE_GET:
        return "get";
    case DC_KUBE_LIST:
        return "list";
    case DC_KUBE_CREATE:
        return "create";
    case DC_KUBE_REPLACE:
        return "update";
    case DC_KUBE_JSON_PATCH:
    case DC_KUBE_MERGE_PATCH:
    case DC_KUBE_APPLY:
        return "patch";
    case DC_KUBE_DELETE:
        return "delete";
    }
    return "?";
}

const char *dc_kube_answer_name(enum dc_kube_answer answer)
{
    static const char *const names[] = {
        [DC_KUBE_DONE] = "DONE",       [DC_KUBE_NOT_FOUND] = "NOT_FOUND",
        [DC_KUBE_EXISTS] = "EXISTS",   [DC_KUBE_CONFLICT] = "CONFLICT",
        [DC_KUBE_DENIED] = "DENIED",   [DC_KUBE_INVALID] = "INVALID",
        [DC_KUBE_EXPIRED] = "EXPIRED", [DC_KUBE_UNKNOWN] = "UNKNOWN",
    };
    return names[answer];
}

/*
 * A JSON Patch whose test fails, or whose path is missing, is answered with 422 Invalid and
 * nothing else to tell it by: the object's own validation names kind and causes in details,
 * the patch has none. apiserver/pkg/endpoints/handlers/patch.go, applyJSPatch, v1.36.
 */
static bool is_failed_test(const struct dc_kube_asked *asked, int http, const json_t *body)
{
    return asked->json_patch && http == 422 && !dc_json_at(body, "details.causes") &&
           !dc_json_str(body, "details.kind");
}

enum dc_kube_answer dc_kube_status_answer(const struct dc_kube_asked *asked, int http,
                                          const json_t *body)
{
    if (http >= 200 && http < 300)
        return DC_KUBE_DONE;
    switch (http) {
    case 401:
    case 403:
        return DC_KUBE_DENIED;
    case 404:
        return DC_KUBE_NOT_FOUND;
    case 409:
        return strcmp(dc_json_text_or_empty(body, "reason"), "AlreadyExists") == 0
                   ? DC_KUBE_EXISTS
                   : DC_KUBE_CONFLICT;
    case 410:
        return DC_KUBE_EXPIRED;
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
        return DC_KUBE_INVALID;
    case 422:
        return is_failed_test(asked, http, body) ? DC_KUBE_CONFLICT : DC_KUBE_INVALID;
    default:
        return DC_KUBE_UNKNOWN;
    }
}

static enum dc_err_kind kind_of(enum dc_kube_answer answer, int http)
{
    switch (answer) {
    case DC_KUBE_NOT_FOUND:
        return DC_NOT_FOUND;
    case DC_KUBE_EXISTS:
        return DC_EXISTS;
    case DC_KUBE_CONFLICT:
        return DC_BUSY;
    case DC_KUBE_DENIED:
        return DC_DENIED;
    case DC_KUBE_INVALID:
        return DC_BAD_INPUT;
    case DC_KUBE_EXPIRED:
        return DC_CHANGED;
    case DC_KUBE_DONE:
    case DC_KUBE_UNKNOWN:
        break;
    }
    return http == 504 ? DC_TIMEOUT : DC_UNAVAILABLE;
}

#define TARGET_MAX 400 /* of "plural/subresource namespace/name", for a text */

static void target_text(const struct dc_kube_ref *ref, char ret[TARGET_MAX])
{
    const char *slash = ref->ns && ref->name ? "/" : "";

    (void)snprintf(ret, TARGET_MAX, "%s%s%s %s%s%s", dc_kube_resource(ref->kind)->plural,
                   ref->subresource ? "/" : "", ref->subresource ? ref->subresource : "",
                   ref->ns ? ref->ns : "", slash, ref->name ? ref->name : "");
    size_t len = strlen(ret);
    if (len > 0 && ret[len - 1] == ' ')
        ret[len - 1] = '\0';
}

/*
 * The authorizer's own words; quotas and admission plugins answer 403 too, but not like this.
 */
static bool is_rbac(const char *message)
{
    return strstr(message, " cannot ") != NULL;
}

static int fail_denied(const struct dc_kube_asked *asked, int http, const char *target,
                       const char *message, struct dc_err *err)
{
    const struct dc_kube_resource *r = dc_kube_resource(asked->ref.kind);
    const char *sub = asked->ref.subresource;

    if (http == 401)
        return dc_fail(
            err, DC_DENIED, 0,
            "%s %s: the API server does not accept our credentials; check the token or "
            "client certificate (expired?)",
            asked->verb, target);
    if (!is_rbac(message))
        return dc_fail(err, DC_DENIED, 0, "%s %s: %s", asked->verb, target, message);
    return dc_fail(
        err, DC_DENIED, 0,
        "%s %s: not allowed; a %s must allow verb \"%s\" on resource \"%s%s%s\" in API "
        "group \"%s\": %s",
        asked->verb, target, asked->ref.ns ? "Role or ClusterRole" : "ClusterRole", asked->verb,
        r->plural, sub ? "/" : "", sub ? sub : "", r->group, message);
}

int dc_kube_status_fail(const struct dc_kube_asked *asked, int http, const json_t *body,
                        struct dc_err *err)
{
    enum dc_kube_answer answer = dc_kube_status_answer(asked, http, body);
    const struct dc_kube_resource *r = dc_kube_resource(asked->ref.kind);
    const char *message = dc_json_text_or_empty(body, "message");
    char target[TARGET_MAX];

    target_text(&asked->ref, target);
    if (!*message)
        message = "no reason given";
    if (answer == DC_KUBE_DENIED)
        return fail_denied(asked, http, target, message, err);
    /* The kind itself is unknown: then the Status has no name. */
    if (answer == DC_KUBE_NOT_FOUND && !dc_json_str(body, "details.name"))
        return dc_fail(err, DC_NOT_FOUND, 0, "%s %s: the API server has no %s in %s%s: %s",
                       asked->verb, target, r->plural, r->api_version,
                       strcmp(r->group, DC_KUBE_GROUP) == 0 ? "; are Decant's CRDs installed?"
                                                            : "",
                       message);
    if (is_failed_test(asked, http, body))
        return dc_fail(err, DC_BUSY, 0, "%s %s: it is not any more what it was (a test failed)",
                       asked->verb, target);
    return dc_fail(err, kind_of(answer, http), 0, "%s %s: %s (%d)", asked->verb, target,
                   message, http);
}

bool dc_kube_status_again(int http, uint32_t retry_after_s)
{
    return http == 429 || (http == 503 && retry_after_s > 0);
}
