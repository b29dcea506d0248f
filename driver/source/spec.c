// SPDX-License-Identifier: Apache-2.0
/* source/spec.c - deep copies of a source spec. */
#include "source/spec.h"

#include <string.h>

#include "decant/cleanup.h"

static void wipe(char *s)
{
    if (s)
        explicit_bzero(s, strlen(s));
    free(s);
}

void source_spec_done(struct source_spec *s)
{
    for (size_t i = 0; s->headers && s->headers[i]; i++)
        wipe(s->headers[i]);
    free(s->headers);
    wipe(s->password);
    free(s->user);
    free(s->ca_pem);
    free(s->url);
    *s = (struct source_spec){0};
}

static bool copy_text(const char *from, char **ret)
{
    *ret = from ? strdup(from) : NULL;
    return !from || *ret;
}

static bool copy_list(const char *const *from, char ***ret)
{
    size_t n = 0;

    if (!from)
        return true;
    while (from[n])
        n++;
    char **list = calloc(n + 1, sizeof *list);
    *ret = list;
    if (!list)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!copy_text(from[i], &list[i]))
            return false;
    }
    return true;
}

int source_spec_copy(const struct dc_source_spec *from, struct source_spec *ret,
                     struct dc_err *err)
{
    struct source_spec s = {0};

    if (!copy_text(from->url, &s.url) || !copy_text(from->user, &s.user) ||
        !copy_text(from->password, &s.password) || !copy_text(from->ca_pem, &s.ca_pem) ||
        !copy_list(from->headers, &s.headers)) {
        source_spec_done(&s);
        return dc_fail(err, DC_NO_MEMORY, 0, "source");
    }
    s.spec = (struct dc_source_spec){.kind = from->kind,
                                     .url = s.url,
                                     .user = s.user,
                                     .password = s.password,
                                     .headers = (const char *const *)s.headers,
                                     .ca_pem = s.ca_pem};
    *ret = s;
    return 0;
}
