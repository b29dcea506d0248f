// SPDX-License-Identifier: Apache-2.0
/* kube/token.c - re-read a token file when it has changed. */
#include "kube/token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decant/cleanup.h"
#include "kube/file.h"

#define TOKEN_MAX_BYTES (64 * 1024) /* a service account's has 1 to 2 KiB */

static void forget(char **text)
{
    if (*text)
        explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

int dc_kube_token_init(struct dc_kube_token *t, const char *path, const char *fixed,
                       struct dc_err *err)
{
    *t = (struct dc_kube_token){.path = path};
    if (!path && fixed) {
        t->text = strdup(fixed);
        if (!t->text)
            return dc_fail(err, DC_NO_MEMORY, 0, "token");
    }
    return 0;
}

void dc_kube_token_done(struct dc_kube_token *t)
{
    forget(&t->text);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int read_token(struct dc_kube_token *t, const struct stat *now, struct dc_err *err)
{
    char *text = NULL;
    size_t len = 0;

    if (dc_kube_file_read(t->path, TOKEN_MAX_BYTES, &text, &len, err) != 0)
        return -1;
    text[strcspn(text, " \t\r\n")] = '\0';
    if (!*text) {
        free(text);
        return dc_fail(err, DC_UNAVAILABLE, 0, "%s is empty, a bearer token is expected",
                       t->path);
    }
    forget(&t->text);
    t->text = text;
    t->seen = *now;
    return 0;
}

int dc_kube_token_refresh(struct dc_kube_token *t, struct dc_err *err)
{
    struct dc_err why = {0};
    struct stat now;

    if (!t->path)
        return 0;
    if (stat(t->path, &now) != 0)
        (void)dc_fail(&why, DC_UNAVAILABLE, errno, "token file %s", t->path);
    else if (t->text && same_file(&now, &t->seen))
        return 0;
    else
        (void)read_token(t, &now, &why);

    if (why.kind == DC_OK || t->text)
        return 0; /* ignoring why: the token at hand is as good as it gets */
    *err = why;
    return -1;
}

void dc_kube_token_distrust(struct dc_kube_token *t)
{
    t->seen = (struct stat){0};
}
