// SPDX-License-Identifier: Apache-2.0
/* The cache: what it holds and what it tells, event by event and list by list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "base/json.h"
#include "kube/cache.h"

static char told[1024]; /* "+n/a.1 ~n/a.1>2 -n/a.2 " */

static void changed(void *arg, enum dc_kube_change change, json_t *old, json_t *now)
{
    const json_t *some = now ? now : old;
    struct dc_kube_cache **cache = arg;
    size_t len = strlen(told);

    assert_int_equal(change, !old ? DC_KUBE_ADDED : now ? DC_KUBE_MODIFIED : DC_KUBE_DELETED);
    if (now)
        assert_ptr_equal(dc_kube_cache_get(*cache, dc_json_str(now, "metadata.namespace"),
                                           dc_json_str(now, "metadata.name")),
                         now);
    (void)snprintf(
        told + len, sizeof told - len, "%c%s/%s.%s%s%s ", "+~-"[change],
        dc_json_text_or_empty(some, "metadata.namespace"), dc_json_str(some, "metadata.name"),
        dc_json_str(old ? old : now, "metadata.resourceVersion"), old && now ? ">" : "",
        old && now ? dc_json_str(now, "metadata.resourceVersion") : "");
}

static void is_told(const char *want)
{
    assert_string_equal(told, want);
    told[0] = '\0';
}

static void trim(json_t *object)
{
    (void)json_object_del(object, "spec");
}

static struct dc_kube_cache *cache;

static int set_up(void **state)
{
    const struct dc_kube_cache_events events = {.changed = changed, .arg = &cache};
    struct dc_err err = {0};
    (void)state;
    told[0] = '\0';
    return dc_kube_cache_new(DC_KUBE_PVC, trim, &events, &cache, &err);
}

static int tear_down(void **state)
{
    (void)state;
    dc_kube_cache_free(cache);
    return 0;
}

static json_t *object(const char *name, const char *uid, const char *version)
{
    return json_pack("{s:{s:s, s:s, s:s, s:s, s:[{}]}, s:{s:i}}", "metadata", "namespace", "n",
                     "name", name, "uid", uid, "resourceVersion", version, "managedFields",
                     "spec", "x", 1);
}

static void put(const char *name, const char *uid, const char *version)
{
    dc_autojson json_t *j = object(name, uid, version);
    struct dc_err err = {0};
    assert_int_equal(dc_kube_cache_put(cache, j, &err), 0);
}

static void drop(const char *name, const char *uid)
{
    dc_autojson json_t *j = object(name, uid, "99");
    struct dc_err err = {0};
    assert_int_equal(dc_kube_cache_drop(cache, j, &err), 0);
}

static void test_events(void **state)
{
    (void)state;
    put("a", "u1", "1");
    is_told("+n/a.1 ");
    dc_autojson json_t *kept = json_incref(dc_kube_cache_get(cache, "n", "a"));
    assert_ptr_equal(dc_kube_cache_by_uid(cache, "u1"), kept);
    assert_null(dc_json_at(kept, "metadata.managedFields"));
    assert_null(dc_json_at(kept, "spec"));
    assert_string_equal(dc_json_str(kept, "kind"), "PersistentVolumeClaim");
    assert_string_equal(dc_json_str(kept, "apiVersion"), "v1");

    put("a", "u1", "1");
    is_told(""); /* a watch may repeat itself */
    put("a", "u1", "2");
    is_told("~n/a.1>2 ");
    assert_string_equal(dc_json_str(kept, "metadata.resourceVersion"), "1"); /* a snapshot */
    put("a", "u2", "3");
    is_told("-n/a.2 +n/a.3 ");
    assert_null(dc_kube_cache_by_uid(cache, "u1"));
    drop("a", "u1"); /* late: another one lives there now */
    drop("zz", "u9");
    is_told("");
    drop("a", "u2");
    is_told("-n/a.3 ");
    assert_int_equal(dc_kube_cache_count(cache), 0);
    assert_null(dc_kube_cache_by_uid(cache, "u2"));
}

static void page(json_t *items)
{
    dc_autojson json_t *owned = items;
    struct dc_err err = {0};
    assert_int_equal(dc_kube_cache_list_page(cache, owned, &err), 0);
}

static void test_lists(void **state)
{
    struct dc_err err = {0};
    size_t n = 0;
    (void)state;

    put("same", "u1", "1");
    put("newer", "u2", "2");
    put("gone", "u3", "3");
    put("again", "u4", "4");
    json_t *same = dc_kube_cache_get(cache, "n", "same");
    told[0] = '\0';

    assert_int_equal(dc_kube_cache_list_begin(cache, &err), 0);
    page(json_pack("[o]", object("forgotten", "u0", "0")));
    assert_int_equal(dc_kube_cache_list_begin(cache, &err), 0);
    page(json_pack("[o, o]", object("same", "u1", "1"), object("newer", "u2", "8")));
    page(json_pack("[o, o]", object("again", "u5", "9"), object("new", "u6", "7")));
    is_told("");
    assert_int_equal(dc_kube_cache_count(cache), 4); /* still the old state */
    assert_non_null(dc_kube_cache_get(cache, "n", "gone"));

    dc_kube_cache_list_commit(cache);
    is_told("-n/gone.3 -n/again.4 ~n/newer.2>8 +n/again.9 +n/new.7 ");
    assert_ptr_equal(dc_kube_cache_get(cache, "n", "same"), same);
    assert_null(dc_kube_cache_by_uid(cache, "u4"));
    for (void *it = dc_kube_cache_first(cache); it; it = dc_kube_cache_next(cache, it), n++)
        assert_non_null(dc_json_str(dc_kube_cache_object(it), "kind"));
    assert_int_equal(n, 4);
}

static void test_broken(void **state)
{
    dc_autojson json_t *no_uid = json_pack("{s:{s:s}}", "metadata", "name", "a");
    dc_autojson json_t *no_name = json_pack("{s:{s:s}}", "metadata", "uid", "u");
    dc_autojson json_t *items = json_pack("[o, O]", object("a", "u", "1"), no_name);
    struct dc_err err = {0};
    (void)state;

    assert_int_equal(dc_kube_cache_put(cache, no_uid, &err), -1);
    assert_int_equal(err.kind, DC_CORRUPT);
    dc_err_clear(&err);
    assert_int_equal(dc_kube_cache_drop(cache, no_name, &err), -1);
    dc_err_clear(&err);
    assert_int_equal(dc_kube_cache_list_begin(cache, &err), 0);
    assert_int_equal(dc_kube_cache_list_page(cache, items, &err), -1);
    assert_non_null(strstr(err.msg, "item 1 of a list"));
    assert_int_equal(dc_kube_cache_count(cache), 0);
    is_told("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
