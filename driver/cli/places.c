// SPDX-License-Identifier: Apache-2.0
/* cli/places.c - the words SOURCE and TARGET, and who logs in there. */
#include "cli/places.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/num.h"
#include "decant/cleanup.h"

/* A bundle of all authorities of the world has 250 KB. */
#define CA_MAX (4 * DC_MIB)

/* --- Source --- */

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static int http_take(const char *word, struct cli_source *src, struct dc_err *err)
{
    DC_AUTO(dc_url_done) struct dc_url url = {0};

    if (dc_url_parse(word, &url, err) != 0)
        return -1;
    src->spec.kind = DC_SOURCE_HTTP;
    src->spec.url = word;
    memcpy(src->name, url.name, sizeof src->name);
    return 0;
}

static int file_take(const char *word, struct cli_source *src, struct dc_err *err)
{
    const char *path = word;

    if (begins(word, "file:"))
        path += strlen("file:");
    else if (strstr(word, "://"))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "SOURCE \"%s\": expected http://, https://, file: or a path", word);
    if (strncmp(path, "//", 2) == 0 && path != word) {
        path += 2;
        if (path[0] != '/')
            return dc_fail(err, DC_BAD_INPUT, 0,
                           "SOURCE \"%s\" names a host; expected file:///PATH or file:PATH",
                           word);
    }
    if (path[0] == '\0')
        return dc_fail(err, DC_BAD_INPUT, 0, "SOURCE \"%s\" names no file", word);
    if (strcmp(path, "-") == 0)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "SOURCE \"-\": standard input cannot be read yet; a file of this name "
                       "is ./-");
    src->spec.kind = DC_SOURCE_FILE;
    src->spec.url = path;
    (void)snprintf(src->name, sizeof src->name, "%s", path);
    return 0;
}

static int user_take(const char *user, struct cli_source *src, struct dc_err *err)
{
    const char *colon = strchr(user, ':'), *password = getenv("DECANT_PASSWORD");

    if (colon)
        password = colon + 1;
    if (!password)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "--user %s: the password is missing; put it into the environment "
                       "variable DECANT_PASSWORD",
                       user);
    src->user = strndup(user, strcspn(user, ":"));
    src->password = strdup(password);
    if (!src->user || !src->password)
        return dc_fail(err, DC_NO_MEMORY, 0, "user");
    src->spec.user = src->user;
    src->spec.password = src->password;
    return 0;
}

static int ca_take(const char *path, struct cli_source *src, struct dc_err *err)
{
    dc_autobuf struct dc_buf pem = DC_BUF(CA_MAX);
    dc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    char piece[4096];
    ssize_t n = fd < 0 ? -1 : 0;

    while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0) {
        if (!dc_buf_add(&pem, piece, (size_t)n))
            return dc_fail(err, DC_BAD_INPUT, 0, "--ca-file %s is larger than 4 MiB", path);
    }
    if (n < 0)
        return dc_fail(err, DC_BAD_INPUT, errno, "--ca-file %s", path);
    if (!pem.data || !strstr(pem.data, "-----BEGIN CERTIFICATE-----"))
        return dc_fail(err, DC_BAD_INPUT, 0, "--ca-file %s holds no certificate in PEM", path);
    src->ca_pem = dc_buf_steal(&pem);
    src->spec.ca_pem = src->ca_pem;
    return src->ca_pem ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "certificates");
}

static int headers_check(const struct dc_opt_list *headers, struct dc_err *err)
{
    for (size_t i = 0; i < headers->n; i++) {
        size_t name = strcspn(headers->item[i], ": \t\r\n");

        if (name == 0 || headers->item[i][name] != ':' || strpbrk(headers->item[i], "\r\n"))
            return dc_fail(err, DC_BAD_INPUT, 0,
                           "--header number %zu is not of the form \"Name: value\"", i + 1);
    }
    return 0;
}

static int web_options_take(const struct cli_settings *s, struct cli_source *src,
                            struct dc_err *err)
{
    if (headers_check(&s->headers, err) != 0 ||
        (s->user && user_take(s->user, src, err) != 0) ||
        (s->ca_file && ca_take(s->ca_file, src, err) != 0))
        return -1;
    if (src->spec.kind != DC_SOURCE_HTTP && (s->headers.n > 0 || s->user || s->ca_file))
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "--header, --user and --ca-file are for http:// and https:// only");
    if (s->headers.n > 0)
        src->spec.headers = s->headers.item;
    return 0;
}

int cli_source_take(const struct cli_settings *s, struct cli_source *ret, struct dc_err *err)
{
    bool http = begins(s->source, "http://") || begins(s->source, "https://");
    struct cli_source *src = ret;

    *src = (struct cli_source){0};
    if ((http ? http_take : file_take)(s->source, src, err) == 0 &&
        web_options_take(s, src, err) == 0)
        return 0;
    cli_source_done(src);
    return -1;
}

void cli_source_done(struct cli_source *src)
{
    if (src->password)
        explicit_bzero(src->password, strlen(src->password));
    free(src->password);
    free(src->user);
    free(src->ca_pem);
    *src = (struct cli_source){0};
}

/* --- Target --- */

static bool same_thing(const char *source, const struct stat *target)
{
    struct stat st;

    if (stat(source, &st) != 0)
        return false;
    if (S_ISBLK(st.st_mode) && S_ISBLK(target->st_mode))
        return st.st_rdev == target->st_rdev;
    return st.st_dev == target->st_dev && st.st_ino == target->st_ino;
}

static int kind_of(const struct cli_settings *s, const struct cli_source *source,
                   enum dc_target_kind *ret, struct dc_err *err)
{
    struct stat st;
    int rc = stat(s->target, &st);

    *ret = DC_TARGET_FILE;
    if (rc != 0 && errno == ENOENT)
        return 0; /* to be made; whether that works is seen when it is */
    if (rc != 0)
        return dc_fail(err, DC_DEVICE, errno, "TARGET %s", s->target);
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return dc_fail(err, DC_DEVICE, 0,
                       "TARGET %s is neither a block device nor a regular file", s->target);
    if (source->spec.kind == DC_SOURCE_FILE && same_thing(source->spec.url, &st))
        return dc_fail(err, DC_BAD_INPUT, 0, "SOURCE and TARGET are the same");
    if (S_ISBLK(st.st_mode))
        *ret = DC_TARGET_DEVICE;
    return 0;
}

int cli_target_take(const struct cli_settings *s, const struct cli_source *source,
                    struct cli_target *ret, struct dc_err *err)
{
    struct cli_target t = {0};

    if (kind_of(s, source, &t.kind, err) != 0)
        return -1;
    if (t.kind == DC_TARGET_DEVICE && s->size > 0)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "--size is for a regular file; %s is a block device and has its size",
                       s->target);
    t.path = realpath(s->target, NULL);
    if (!t.path)
        t.path = strdup(s->target);
    if (!t.path)
        return dc_fail(err, DC_NO_MEMORY, 0, "target");
    *ret = t;
    return 0;
}

void cli_target_done(struct cli_target *t)
{
    free(t->path);
    *t = (struct cli_target){0};
}
