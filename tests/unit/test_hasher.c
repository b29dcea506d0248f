// SPDX-License-Identifier: Apache-2.0
/* unit/test_hasher.c - the same digest through a ring of any size, and every way to leave early. */
#include "filter/hasher.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

enum { BYTES = 300007 };

/* What pthread_create answers instead of doing it; 0: it does it. */
static int refuse;

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);

int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
    /* Not __real_pthread_create: a sanitizer's own one has to be found. */
    __typeof__(&pthread_create) real = NULL;

    *(void **)&real = dlsym(RTLD_DEFAULT, "pthread_create");
    return refuse ? refuse : real(t, a, f, arg);
}

static char *bytes_new(void)
{
    char *bytes = malloc(BYTES);

    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    return bytes;
}

static void digest_of(const char *algorithm, const char *bytes, size_t len, char *ret)
{
    struct dc_digest *d = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_digest_new(algorithm, &d, &err), 0);
    assert_int_equal(dc_digest_add(d, bytes, len, &err), 0);
    assert_int_equal(dc_digest_finish(d, ret, &err), 0);
    dc_digest_free(d);
}

static void any_ring_and_any_pieces(void **state)
{
    static const size_t ring[] = {1, 3, 1000, 65536, 2 * BYTES};
    static const size_t piece[] = {0, 1, 7, 4096, 100003, BYTES};
    char *bytes = bytes_new(), want[DC_DIGEST_TEXT], got[DC_DIGEST_TEXT];

    (void)state;
    for (size_t i = 0; i < DC_LEN(ring) * DC_LEN(piece); i++) {
        size_t cap = ring[i % DC_LEN(ring)], step = piece[i / DC_LEN(ring)];
        size_t len = cap < 1000 || step < 7 ? 2003 : BYTES; /* a byte a turn takes its time */
        struct hasher *h = NULL;
        struct dc_err err = {0};

        len = step == 0 ? 0 : len;
        assert_int_equal(hasher_new("sha256", cap, &h, &err), 0);
        hasher_add(h, bytes, 0);
        for (size_t at = 0; at < len; at += step)
            hasher_add(h, bytes + at, DC_MIN(step, len - at));
        assert_int_equal(hasher_finish(h, got, &err), 0);
        digest_of("sha256", bytes, len, want);
        assert_string_equal(got, want);
        hasher_free(h);
    }
    free(bytes);
}

/* The adder is faster than the thread: the ring is nearly full all the time. */
static void a_full_ring_loses_nothing(void **state)
{
    enum { PIECE = 10000, PIECES = 3000 };
    static char piece[PIECE];
    char want[DC_DIGEST_TEXT], got[DC_DIGEST_TEXT];
    struct hasher *h = NULL;
    struct dc_digest *d = NULL;
    struct dc_err err = {0};

    (void)state;
    memset(piece, 'x', sizeof piece);
    assert_int_equal(dc_digest_new("sha512", &d, &err), 0);
    assert_int_equal(hasher_new("sha512", 48 * 1024 + 1, &h, &err), 0);
    for (int i = 0; i < PIECES; i++)
        assert_int_equal(dc_digest_add(d, piece, sizeof piece, &err), 0);
    for (int i = 0; i < PIECES; i++)
        hasher_add(h, piece, sizeof piece);
    assert_int_equal(dc_digest_finish(d, want, &err), 0);
    assert_int_equal(hasher_finish(h, got, &err), 0);
    assert_string_equal(got, want);
    hasher_free(h);
    dc_digest_free(d);
}

/* A cancelled fill: what waits in the ring is dropped, and nobody waits for it. */
static void may_be_freed_at_any_time(void **state)
{
    char *bytes = bytes_new();

    (void)state;
    hasher_free(NULL);
    for (size_t i = 0; i < 50; i++) {
        struct hasher *h = NULL;
        struct dc_err err = {0};

        assert_int_equal(hasher_new("md5", 100000, &h, &err), 0);
        if (i > 0)
            hasher_add(h, bytes, i * 5000);
        hasher_free(h);
    }
    free(bytes);
}

static void what_cannot_start_says_so(void **state)
{
    struct hasher *h = NULL;
    struct dc_err err = {0};

    (void)state;
    assert_int_equal(hasher_new("crc", 100, &h, &err), -1);
    assert_int_equal(err.kind, DC_BAD_INPUT);
    dc_err_clear(&err);
    refuse = EAGAIN;
    assert_int_equal(hasher_new("md5", 100, &h, &err), -1);
    refuse = 0;
    assert_int_equal(err.kind, DC_NO_MEMORY);
    assert_int_equal(err.sys, EAGAIN);
    assert_null(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_ring_and_any_pieces),
        cmocka_unit_test(a_full_ring_loses_nothing),
        cmocka_unit_test(may_be_freed_at_any_time),
        cmocka_unit_test(what_cannot_start_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
