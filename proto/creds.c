// SPDX-License-Identifier: Apache-2.0
/* proto/creds.c - certificates from a directory, read again when they have changed. */
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "decant/log.h"
#include "proto/priv.h"

#define PEM_MAX (64u << 10) /* a bundle of some 40 certificates */

static const char *const file_names[] = {"ca.crt", "tls.crt", "tls.key"};

struct pems {
    char *text[3]; /* in the order of file_names */
    uint64_t stamp;
};

static void pems_done(struct pems *p)
{
    if (p->text[2])
        explicit_bzero(p->text[2], strlen(p->text[2]));
    for (size_t i = 0; i < DC_LEN(p->text); i++)
        free(p->text[i]);
}

static void file_close(FILE **f)
{
    if (*f)
        (void)fclose(*f); /* read only: nothing to lose */
}

static void x509_free_at(X509 **x)
{
    X509_free(*x);
}

static void bio_free_at(BIO **b)
{
    BIO_free(*b);
}

static void pkey_free_at(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

/* FNV-1a over what stat tells of the three; a Secret's update swaps a link, so inodes change. */
uint64_t dc_rpc_tls_stamp(const char *dir)
{
    uint64_t stamp = 14695981039346656037ull;

    for (size_t i = 0; i < DC_LEN(file_names); i++) {
        dc_autofree char *path = dc_asprintf("%s/%s", dir, file_names[i]);
        struct stat st = {0};

        if (path)
            (void)stat(path, &st); /* a missing file counts as zeroes; loading it says more */
        uint64_t parts[] = {st.st_ino, (uint64_t)st.st_size, (uint64_t)st.st_mtim.tv_sec,
                            (uint64_t)st.st_mtim.tv_nsec};
        for (size_t k = 0; k < DC_LEN(parts); k++)
            stamp = (stamp ^ parts[k]) * 1099511628211ull;
    }
    return stamp;
}

static int read_pem(const char *dir, const char *name, char **ret, struct dc_err *err)
{
    dc_autobuf struct dc_buf text = DC_BUF(PEM_MAX);
    dc_autofree char *path = dc_asprintf("%s/%s", dir, name);
    char part[4096];

    if (!path)
        return dc_fail(err, DC_NO_MEMORY, 0, "path of %s", name);
    DC_AUTO(file_close) FILE *f = fopen(path, "re");
    if (!f)
        return dc_fail(err, errno == ENOENT ? DC_NOT_FOUND : DC_DENIED, errno,
                       "open %s (the TLS directory needs ca.crt, tls.crt and tls.key)", path);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        dc_buf_add(&text, part, n);
    explicit_bzero(part, sizeof part);
    if (text.failed || text.len == 0 || ferror(f))
        return dc_fail(err, DC_BAD_INPUT, 0, "%s: expected PEM text of 1 to %u bytes", path,
                       PEM_MAX);
    *ret = dc_buf_steal(&text);
    return *ret ? 0 : dc_fail(err, DC_NO_MEMORY, 0, "%s", path);
}

/* A rotation seen half-way would otherwise fail every handshake with an unclear text. */
static int check_pair(const char *dir, const struct pems *p, struct dc_err *err)
{
    DC_AUTO(bio_free_at) BIO *crt = BIO_new_mem_buf(p->text[1], -1);
    DC_AUTO(bio_free_at) BIO *key = BIO_new_mem_buf(p->text[2], -1);
    DC_AUTO(x509_free_at) X509 *x = crt ? PEM_read_bio_X509(crt, NULL, NULL, NULL) : NULL;
    DC_AUTO(pkey_free_at)
    EVP_PKEY *k = key ? PEM_read_bio_PrivateKey(key, NULL, NULL, NULL) : NULL;

    if (!x || !k)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s/%s holds no PEM %s", dir,
                       x ? "tls.key" : "tls.crt", x ? "private key" : "certificate");
    if (X509_check_private_key(x, k) != 1)
        return dc_fail(err, DC_BAD_INPUT, 0, "%s/tls.key does not belong to tls.crt", dir);
    return 0;
}

static int pems_load(const char *dir, struct pems *ret, struct dc_err *err)
{
    DC_AUTO(pems_done) struct pems p = {.stamp = dc_rpc_tls_stamp(dir)};

    for (size_t i = 0; i < DC_LEN(file_names); i++)
        if (read_pem(dir, file_names[i], &p.text[i], err) != 0)
            return -1;
    if (check_pair(dir, &p, err) != 0)
        return -1;
    *ret = p;
    p = (struct pems){0};
    return 0;
}

int dc_rpc_client_creds(const char *tls_dir, grpc_channel_credentials **ret, struct dc_err *err)
{
    DC_AUTO(pems_done) struct pems p = {0};

    if (pems_load(tls_dir, &p, err) != 0)
        return -1;
    grpc_ssl_pem_key_cert_pair pair = {p.text[2], p.text[1]};
    *ret = grpc_ssl_credentials_create_ex(p.text[0], &pair, NULL, NULL);
    return *ret ? 0 : dc_fail(err, DC_INTERNAL, 0, "TLS credentials of %s", tls_dir);
}

struct dc_rpc_server_tls {
    char *dir;
    uint64_t stamp; /* of what was loaded last; the library calls under a lock of its own */
};

int dc_rpc_server_tls_new(const char *dir, struct dc_rpc_server_tls **ret, struct dc_err *err)
{
    DC_AUTO(pems_done) struct pems probe = {0};

    if (pems_load(dir, &probe, err) != 0)
        return -1;
    dc_autofree struct dc_rpc_server_tls *tls = calloc(1, sizeof *tls);
    dc_autofree char *copy = strdup(dir);
    if (!tls || !copy)
        return dc_fail(err, DC_NO_MEMORY, 0, "TLS of %s", dir);
    tls->dir = dc_steal(copy);
    *ret = dc_steal(tls);
    return 0;
}

void dc_rpc_server_tls_free(struct dc_rpc_server_tls *tls)
{
    if (!tls)
        return;
    free(tls->dir);
    free(tls);
}

/* Before each handshake. */
static grpc_ssl_certificate_config_reload_status fetch(void *arg,
                                                       grpc_ssl_server_certificate_config **ret)
{
    struct dc_rpc_server_tls *tls = arg;
    DC_AUTO(pems_done) struct pems p = {0};
    struct dc_err err = {0};
    uint64_t stamp = dc_rpc_tls_stamp(tls->dir);

    if (stamp == tls->stamp)
        return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    if (pems_load(tls->dir, &p, &err) != 0) {
        /* Nobody else can tell: the handshake that asked belongs to no call yet. */
        dc_log_err(DC_LOG_WARN, "proto", "ignoring changed certificates, keeping the old ones",
                   &err, NULL);
        return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_FAIL;
    }
    grpc_ssl_pem_key_cert_pair pair = {p.text[2], p.text[1]};
    *ret = grpc_ssl_server_certificate_config_create(p.text[0], &pair, 1);
    tls->stamp = p.stamp;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

int dc_rpc_server_tls_creds(struct dc_rpc_server_tls *tls, grpc_server_credentials **ret,
                            struct dc_err *err)
{
    grpc_ssl_server_credentials_options *options =
        grpc_ssl_server_credentials_create_options_using_config_fetcher(
            GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY, fetch, tls);

    *ret = grpc_ssl_server_credentials_create_with_options(options); /* takes options */
    return *ret ? 0 : dc_fail(err, DC_INTERNAL, 0, "TLS credentials of %s", tls->dir);
}

bool dc_rpc_peer_is(grpc_call *call, const char *common_name)
{
    grpc_auth_context *auth = grpc_call_auth_context(call);
    bool same = false;

    if (!auth)
        return false;
    grpc_auth_property_iterator it =
        grpc_auth_context_find_properties_by_name(auth, GRPC_X509_CN_PROPERTY_NAME);
    const grpc_auth_property *cn = grpc_auth_property_iterator_next(&it);
    if (cn && grpc_auth_context_peer_is_authenticated(auth))
        same = cn->value_length == strlen(common_name) &&
               memcmp(cn->value, common_name, cn->value_length) == 0;
    grpc_auth_context_release(auth);
    return same;
}
