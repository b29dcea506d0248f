// SPDX-License-Identifier: Apache-2.0
/* control/entry.c - see entry.h. */
#include "control/entry.h"

#include <assert.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"

/* tsearch() compares what it is given: entries, of which only the UID is looked at. */
static int by_uid(const void *a, const void *b)
{
    const struct dc_entry *x = a, *y = b;

    return strcmp(x->uid, y->uid);
}

static bool make_key(struct dc_entry *key, const char *uid)
{
    size_t len = strlen(uid);

    if (len == 0 || len >= sizeof key->uid)
        return false;
    memcpy(key->uid, uid, len + 1);
    return true;
}

struct dc_entry *dc_entry_find(const struct dc_entries *all, const char *uid)
{
    struct dc_entry key;
    void *const *at = NULL;

    if (make_key(&key, uid))
        at = tfind(&key, (void *const *)&all->tree, by_uid);
    return at ? *at : NULL;
}

struct dc_entry *dc_entry_get(struct dc_entries *all, const char *uid)
{
    struct dc_entry *e = dc_entry_find(all, uid);

    if (e)
        return e;
    e = calloc(1, sizeof *e);
    if (!e || !make_key(e, uid) || !tsearch(e, &all->tree, by_uid)) {
        free(e);
        return NULL;
    }
    e->next = all->first;
    if (e->next)
        e->next->prev = e;
    all->first = e;
    all->count++;
    return e;
}

void dc_entry_free(struct dc_entries *all, struct dc_entry *e)
{
    assert(e->item.state == DC_QUEUE_IDLE && !e->run && !e->fill.watch && !e->status);
    (void)tdelete(e, &all->tree, by_uid); /* answers the parent, which nobody needs */
    if (e->prev)
        e->prev->next = e->next;
    else
        all->first = e->next;
    if (e->next)
        e->next->prev = e->prev;
    all->count--;

    dc_credentials_done(&e->secrets.have);
    for (size_t i = 0; i < DC_OWNS; i++)
        json_decref(e->own[i]);
    free(e->ns);
    free(e->name);
    free(e->source_name);
    free(e->basis);
    free(e);
}

static bool set(char **s, const char *value)
{
    if (*s && strcmp(*s, value) == 0)
        return true;
    char *copy = strdup(value);
    if (!copy)
        return false;
    free(*s);
    *s = copy;
    return true;
}

bool dc_entry_learn(struct dc_entry *e, const char *ns, const char *name, const char *source)
{
    return set(&e->ns, ns) && set(&e->name, name) && set(&e->source_name, source);
}

void dc_entry_forget_secrets(struct dc_entry *e)
{
    dc_credentials_done(&e->secrets.have);
    e->secrets = (struct dc_secrets_memory){0};
}

bool dc_entry_rebase(struct dc_entry *e, const char *basis)
{
    if (e->basis && strcmp(e->basis, basis) == 0)
        return true;
    if (!set(&e->basis, basis))
        return false;
    dc_entry_forget_secrets(e);
    e->probe = (struct dc_probe_memory){0};
    e->restarts = 0;
    return true;
}

uint64_t dc_object_version(const json_t *object)
{
    const char *text = dc_json_str(object, "metadata.resourceVersion");
    uint64_t version = 0;

    return text && dc_parse_u64(text, &version) ? version : 0;
}

static bool same_uid(const json_t *a, const json_t *b)
{
    return strcmp(dc_json_text_or_empty(a, "metadata.uid"),
                  dc_json_text_or_empty(b, "metadata.uid")) == 0;
}

void dc_entry_keep(struct dc_entry *e, enum dc_own which, json_t *object)
{
    if (!object || !json_object_get(object, "metadata"))
        return;
    json_decref(e->own[which]);
    e->own[which] = json_incref(object);
}

void dc_entry_seen(struct dc_entry *e, enum dc_own which, const json_t *object, bool gone)
{
    json_t *own = e->own[which];

    /* So that an answer which is still to come does not bring it back. */
    if (gone && which == DC_OWN_PRIME)
        (void)snprintf(e->gone, sizeof e->gone, "%s",
                       dc_json_text_or_empty(object, "metadata.uid"));
    if (!own || !same_uid(own, object))
        return;
    if (!gone && dc_object_version(object) < dc_object_version(own))
        return;
    json_decref(own);
    e->own[which] = NULL;
}

json_t *dc_entry_newest(const struct dc_entry *e, enum dc_own which, json_t *cached)
{
    json_t *own = e->own[which];

    if (!own)
        return cached;
    if (!cached) /* only P is made by us: the others are gone when the cache says so */
        return which == DC_OWN_PRIME ? own : NULL;
    return dc_object_version(own) >= dc_object_version(cached) ? own : cached;
}
