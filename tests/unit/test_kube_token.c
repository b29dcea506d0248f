// SPDX-License-Identifier: Apache-2.0
/* A token file that is replaced, emptied, removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "kube/token.h"

static char dir[] = "/tmp/decant-token.XXXXXX";
static char path[64], other[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/token", dir);
    (void)snprintf(other, sizeof other, "%s/new", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

/* As kubelet does it: a new file is moved over the old one. */
static void put(const char *text)
{
    FILE *f = fopen(other, "w");
    assert_non_null(f);
    (void)fputs(text, f);
    (void)fclose(f);
    assert_int_equal(rename(other, path), 0);
}

static void test_rotation(void **state)
{
    struct dc_kube_token t;
    struct dc_err err = {0};
    (void)state;

    assert_int_equal(dc_kube_token_init(&t, path, "fixed", &err), 0);
    assert_int_equal(dc_kube_token_refresh(&t, &err), -1); /* no file, and never had one */
    assert_int_equal(err.kind, DC_UNAVAILABLE);
    dc_err_clear(&err);

    put("\n");
    assert_int_equal(dc_kube_token_refresh(&t, &err), -1);
    dc_err_clear(&err);
    put("first\n");
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_string_equal(t.text, "first");
    put("other"); /* as long as the first, and as soon */
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_string_equal(t.text, "other");

    put(""); /* half-written: the old one stays */
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_string_equal(t.text, "other");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_string_equal(t.text, "other");

    put("third");
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_string_equal(t.text, "third");
    dc_kube_token_done(&t);
}

static void test_distrust(void **state)
{
    struct dc_kube_token t;
    struct dc_err err = {0};
    const char *before;
    (void)state;

    put("same");
    assert_int_equal(dc_kube_token_init(&t, path, NULL, &err), 0);
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    before = t.text;
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_ptr_equal(t.text, before); /* not read again */
    assert_int_equal(t.seen.st_size, 4);
    dc_kube_token_distrust(&t);
    assert_int_equal(t.seen.st_size, 0);
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_int_equal(t.seen.st_size, 4);
    dc_kube_token_done(&t);
}

static void test_fixed(void **state)
{
    struct dc_kube_token t;
    struct dc_err err = {0};
    (void)state;

    assert_int_equal(dc_kube_token_init(&t, NULL, "fixed", &err), 0);
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_string_equal(t.text, "fixed");
    dc_kube_token_done(&t);
    assert_int_equal(dc_kube_token_init(&t, NULL, NULL, &err), 0);
    assert_int_equal(dc_kube_token_refresh(&t, &err), 0);
    assert_null(t.text);
    dc_kube_token_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_distrust),
        cmocka_unit_test(test_fixed),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
