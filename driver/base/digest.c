// SPDX-License-Identifier: Apache-2.0
/* base/digest.c - checksums over a stream of bytes, written "sha256:HEX". */
#include "base/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "decant/cleanup.h"

static const struct {
    const char *name, *openssl;
    size_t bytes;
} algorithms[] = {
    {"md5", "MD5", 16},
    {"sha1", "SHA1", 20},
    {"sha256", "SHA256", 32},
    {"sha512", "SHA512", 64},
};

struct dc_digest {
    EVP_MD_CTX *ctx;
    const char *name;
};

/* Index into algorithms, or -1. */
static int algorithm_find(const char *name, size_t len)
{
    for (size_t i = 0; i < DC_LEN(algorithms); i++) {
        if (strlen(algorithms[i].name) == len &&
            strncasecmp(algorithms[i].name, name, len) == 0)
            return (int)i;
    }
    return -1;
}

static void digest_free_at(struct dc_digest **d)
{
    dc_digest_free(*d);
}

int dc_digest_new(const char *algorithm, struct dc_digest **ret, struct dc_err *err)
{
    int i = algorithm_find(algorithm, strlen(algorithm));
    if (i < 0)
        return dc_fail(
            err, DC_BAD_INPUT, 0,
            "checksum algorithm \"%.32s\" is not known; use md5, sha1, sha256 or sha512",
            algorithm);

    DC_AUTO(digest_free_at) struct dc_digest *d = calloc(1, sizeof *d);
    if (!d)
        return dc_fail(err, DC_NO_MEMORY, 0, "digest");
    d->name = algorithms[i].name;
    d->ctx = EVP_MD_CTX_new();
    if (!d->ctx ||
        EVP_DigestInit_ex(d->ctx, EVP_get_digestbyname(algorithms[i].openssl), NULL) != 1)
        return dc_fail(err, DC_INTERNAL, 0, "the crypto library offers no %s here",
                       algorithms[i].name);
    *ret = dc_steal(d);
    return 0;
}

int dc_digest_add(struct dc_digest *d, const void *data, size_t len, struct dc_err *err)
{
    if (EVP_DigestUpdate(d->ctx, data, len) != 1)
        return dc_fail(err, DC_INTERNAL, 0, "%s update", d->name);
    return 0;
}

int dc_digest_finish(struct dc_digest *d, char ret[DC_DIGEST_TEXT], struct dc_err *err)
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestFinal_ex(d->ctx, md, &len) != 1)
        return dc_fail(err, DC_INTERNAL, 0, "%s final", d->name);
    int n = snprintf(ret, DC_DIGEST_TEXT, "%s:", d->name);
    for (unsigned i = 0; i < len; i++)
        n += snprintf(ret + n, DC_DIGEST_TEXT - (size_t)n, "%02x", md[i]);
    return 0;
}

void dc_digest_free(struct dc_digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    free(d);
}

int dc_sha256_hex(const void *data, size_t len, char ret[DC_SHA256_HEX], struct dc_err *err)
{
    DC_AUTO(digest_free_at) struct dc_digest *d = NULL;
    char text[DC_DIGEST_TEXT];

    if (dc_digest_new("sha256", &d, err) != 0 || dc_digest_add(d, data, len, err) != 0 ||
        dc_digest_finish(d, text, err) != 0)
        return -1;
    memcpy(ret, text + strlen("sha256:"), DC_SHA256_HEX);
    return 0;
}

int dc_checksum_parse(const char *text, char ret[DC_DIGEST_TEXT], struct dc_err *err)
{
    const char *colon = strchr(text, ':');
    if (!colon)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "checksum \"%.80s\" has no algorithm; write it as ALGORITHM:HEX, "
                       "for example sha256:9f86d0…",
                       text);
    int i = algorithm_find(text, (size_t)(colon - text));
    if (i < 0)
        return dc_fail(
            err, DC_BAD_INPUT, 0,
            "checksum algorithm \"%.*s\" is not known; use md5, sha1, sha256 or sha512",
            (int)DC_MIN(colon - text, 32), text);

    const char *hex = colon + 1;
    size_t len = strlen(hex), want = algorithms[i].bytes * 2;
    if (strspn(hex, "0123456789abcdefABCDEF") != len)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "checksum \"%.160s\" has characters that are not hexadecimal digits",
                       text);
    if (len != want)
        return dc_fail(err, DC_BAD_INPUT, 0,
                       "a %s checksum has %zu hexadecimal digits, not %zu", algorithms[i].name,
                       want, len);

    int n = snprintf(ret, DC_DIGEST_TEXT, "%s:", algorithms[i].name);
    for (size_t k = 0; k <= len; k++)
        ret[(size_t)n + k] = (char)(hex[k] >= 'A' && hex[k] <= 'F' ? hex[k] | 0x20 : hex[k]);
    return 0;
}
