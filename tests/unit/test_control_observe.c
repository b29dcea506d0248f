// SPDX-License-Identifier: Apache-2.0
/* unit/test_control_observe.c - objects of the cluster as the plan sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "control/observe.h"

#define P_UID "p-1"

/* One of each, as they are while P is Bound and its fill is recorded. */
static const char claim_text[] =
    "{'metadata':{'namespace':'ns','name':'disk','uid':'u-1','resourceVersion':'10','"
    "finalizers':"
    "['kubernetes.io/pvc-protection','populator.cdi.kubevirt.io/populate-target-protection'],"
    "'annotations':{'volume.kubernetes.io/storage-provisioner':'csi.example',"
    "'volume.kubernetes.io/selected-node':'node-1'}},'spec':{'volumeMode':'Block',"
    "'storageClassName':'fast','resources':{'requests':{'storage':'1Gi'}},'dataSourceRef':"
    "{'apiGroup':'populator.cdi.kubevirt.io','kind':'Import','name':'image'}}}";
static const char prime_text[] =
    "{'metadata':{'namespace':'hidden','name':'prime-u-1','uid':'" P_UID
    "','resourceVersion':'20',"
    "'finalizers':['populator.cdi.kubevirt.io/prime-protection'],'labels':{"
    "'populator.cdi.kubevirt.io/managed-by':'decant-controller',"
    "'populator.cdi.kubevirt.io/claim-uid':'u-1'},'annotations':{"
    "'populator.cdi.kubevirt.io/claim':'ns/disk','populator.cdi.kubevirt.io/node':'node-1',"
    "'populator.cdi.kubevirt.io/generation':'3','populator.cdi.kubevirt.io/attempt':'2',"
    "'populator.cdi.kubevirt.io/"
    "source':'{\\\"uid\\\":\\\"s-1\\\",\\\"generation\\\":4,\\\"spec\\\":{"
    "\\\"http\\\":{\\\"url\\\":\\\"http://h/a\\\",\\\"secretRef\\\":\\\"login\\\"}}}'}},"
    "'spec':{'volumeName':'v'},'status':{'phase':'Bound'}}";
static const char volume_text[] =
    "{'metadata':{'name':'v','uid':'v-1','resourceVersion':'30','annotations':{"
    "'pv.kubernetes.io/provisioned-by':'csi.example'}},'spec':{'volumeMode':'Block','capacity':"
    "{'storage':'2Gi'},'persistentVolumeReclaimPolicy':'Delete','claimRef':{'uid':'" P_UID "'},"
    "'nodeAffinity':{'required':{'nodeSelectorTerms':[{'matchExpressions':[{'key':'host',"
    "'operator':'In','values':['one']}]}]}}}}";
static const char class_text[] =
    "{'metadata':{'name':'fast','uid':'c-1','resourceVersion':'1'},'provisioner':'csi.example',"
    "'volumeBindingMode':'WaitForFirstConsumer'}";
static const char driver_text[] = "{'metadata':{'name':'csi.example','uid':'d-1',"
                                  "'resourceVersion':'1'},'spec':{'attachRequired':false}}";
static const char import_text[] =
    "{'kind':'Import','metadata':{'namespace':'ns','name':'image','uid':'s-1','generation':5,"
    "'resourceVersion':'1'},'spec':{'http':{'url':'http://h/b'}}}";
static const char node_text[] =
    "{'metadata':{'name':'node-1','uid':'n-1','resourceVersion':'1','labels':{'host':'one'}}}";
static const char pod_text[] =
    "{'metadata':{'namespace':'sys','name':'agent','uid':'a-1','resourceVersion':'1'},'spec':"
    "{'nodeName':'node-1','containers':[{'ports':[{'name':'fills','containerPort':7000}]}]},"
    "'status':{'podIP':'10.0.0.1','conditions':[{'type':'Ready','status':'True'}]}}";

struct world {
    struct dc_kube_cache *claims, *volumes, *classes, *drivers, *imports, *attachments, *nodes,
        *pods;
    struct dc_caches caches;
    struct dc_entries entries;
    struct dc_entry *e;
};

/* JSON with ' for " */
static json_t *parse(const char *text)
{
    char *copy = strdup(text);
    json_t *j;

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    j = json_loads(copy, 0, NULL);
    if (!j)
        fail_msg("not JSON: %s", copy);
    free(copy);
    return j;
}

static struct dc_kube_cache *cache(enum dc_kube_kind kind)
{
    const struct dc_kube_cache_events nobody = {0};
    struct dc_kube_cache *made = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_kube_cache_new(kind, NULL, &nobody, &made, &err), 0);
    return made;
}

static void put(struct dc_kube_cache *c, const char *text)
{
    dc_autojson json_t *object = parse(text);
    struct dc_err err = {0};

    assert_int_equal(dc_kube_cache_put(c, object, &err), 0);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);

    w->caches.claims = w->claims = cache(DC_KUBE_PVC);
    w->caches.volumes = w->volumes = cache(DC_KUBE_PV);
    w->caches.classes = w->classes = cache(DC_KUBE_STORAGECLASS);
    w->caches.drivers = w->drivers = cache(DC_KUBE_CSIDRIVER);
    w->caches.imports = w->imports = cache(DC_KUBE_IMPORT);
    w->caches.attachments = w->attachments = cache(DC_KUBE_VOLUMEATTACHMENT);
    w->caches.nodes = w->nodes = cache(DC_KUBE_NODE);
    w->caches.pods = w->pods = cache(DC_KUBE_POD);
    w->e = dc_entry_get(&w->entries, "u-1");
    *state = w;
    return 0;
}

static void fill_up(struct world *w)
{
    put(w->claims, claim_text);
    put(w->claims, prime_text);
    put(w->volumes, volume_text);
    put(w->classes, class_text);
    put(w->drivers, driver_text);
    put(w->imports, import_text);
    put(w->nodes, node_text);
    put(w->pods, pod_text);
}

static int tear_down(void **state)
{
    struct world *w = *state;

    dc_entry_free(&w->entries, w->e);
    dc_kube_cache_free(w->claims);
    dc_kube_cache_free(w->volumes);
    dc_kube_cache_free(w->classes);
    dc_kube_cache_free(w->drivers);
    dc_kube_cache_free(w->imports);
    dc_kube_cache_free(w->attachments);
    dc_kube_cache_free(w->nodes);
    dc_kube_cache_free(w->pods);
    free(w);
    return 0;
}

static void look(struct world *w, struct dc_sight *s)
{
    static const struct dc_opt_list drivers = {.item = {"other", "csi.example"}, .n = 2};
    const struct dc_observe_config config = {"hidden", &drivers};
    struct dc_err err = {0};

    assert_int_equal(dc_observe(&config, &w->caches, w->e, 1000, 7, s, &err), 0);
}

static void test_all(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    const struct dc_observed *o = &s.seen;

    fill_up(*state);
    look(*state, &s);
    assert_true(o->claim.exists && o->claim.finalizer && o->claim.block && !o->claim.deleting);
    assert_true(o->claim.announced);
    assert_int_equal(o->claim.request_bytes, DC_GIB);
    assert_string_equal(o->claim.selected_node, "node-1");
    assert_string_equal(o->claim.class_name, "fast");
    assert_true(o->class.exists && o->class.csi && o->class.direct);
    assert_true(o->class.wait_for_consumer && !o->class.attach_required);
    assert_true(o->source.exists);
    assert_int_equal(o->source.generation, 5);
    assert_true(o->prime.exists && o->prime.ours && o->prime.finalizer);
    assert_int_equal(o->prime.phase, DC_PRIME_BOUND);
    assert_int_equal(o->prime.generation, 3);
    assert_int_equal(o->prime.attempt, 2);
    assert_int_equal(o->prime.source_generation, 4);
    assert_true(o->volume.exists && o->volume.provisioned && o->volume.block);
    assert_false(o->volume.retain || o->volume.attached || o->volume.populated);
    assert_int_equal(o->volume.capacity_bytes, 2 * DC_GIB);
    assert_string_equal(o->volume.claim_uid, P_UID);
    assert_string_equal(o->agents.any_node, "node-1");
    assert_string_equal(o->agents.fit_node, "node-1");
    assert_true(o->agents.on_selected && o->agents.on_prime && !o->agents.prime_node_gone);
    assert_string_equal(o->any_direct, "other, csi.example");
    /* P's note of S counts, not S as it is now: that one names a Secret. */
    assert_int_equal(o->secrets.state, DC_SECRETS_UNREAD);
}

static void test_nothing(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};

    look(*state, &s);
    assert_false(s.seen.claim.exists || s.seen.prime.exists || s.seen.volume.exists);
    assert_null(s.seen.claim.class_name);
    assert_string_equal(s.seen.agents.any_node, "");
    assert_int_equal(s.seen.secrets.state, DC_SECRETS_READY);
}

/* U is gone, by whatever force: P still says whose it was. */
static void test_orphan(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    struct world *w = *state;

    put(w->claims, prime_text);
    look(w, &s);
    assert_false(s.seen.claim.exists);
    assert_true(s.seen.prime.ours);
    assert_string_equal(w->e->ns, "ns");
    assert_string_equal(w->e->name, "disk");
    assert_true(s.seen.agents.prime_node_gone);
}

static void test_foreign_prime(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    struct world *w = *state;

    put(w->claims, "{'metadata':{'namespace':'hidden','name':'prime-u-1','uid':'x',"
                   "'resourceVersion':'1'}}");
    look(w, &s);
    assert_true(s.seen.prime.exists);
    assert_false(s.seen.prime.ours);
}

/* An answer to our own write counts until the watch has caught up with it. */
static void test_own_writes(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    dc_autojson json_t *own = parse(claim_text);
    struct world *w = *state;

    fill_up(w);
    json_t *meta = json_object_get(own, "metadata");
    json_object_del(meta, "finalizers");
    json_object_set_new(meta, "resourceVersion", json_string("11"));
    dc_entry_keep(w->e, DC_OWN_CLAIM, own);
    look(w, &s);
    assert_false(s.seen.claim.finalizer);

    dc_sight_done(&s);
    dc_autojson json_t *older = parse(claim_text);
    dc_entry_seen(w->e, DC_OWN_CLAIM, older, false);
    look(w, &s);
    assert_false(s.seen.claim.finalizer); /* what the watch said was older */

    dc_sight_done(&s);
    dc_entry_seen(w->e, DC_OWN_CLAIM, older, true);
    look(w, &s);
    assert_true(s.seen.claim.finalizer); /* gone: only the cache counts */
}

/* Of a P that we made we may know before the cache does. U and V are there when the cache says so. */
static void test_own_before_cache(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    dc_autojson json_t *u = parse(claim_text), *p = parse(prime_text), *v = parse(volume_text);
    struct world *w = *state;

    dc_entry_keep(w->e, DC_OWN_CLAIM, u);
    dc_entry_keep(w->e, DC_OWN_PRIME, p);
    dc_entry_keep(w->e, DC_OWN_VOLUME, v);
    look(w, &s);
    assert_true(s.seen.prime.exists);
    assert_false(s.seen.claim.exists || s.seen.volume.exists);
}

static void test_gone_prime(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    struct world *w = *state;

    fill_up(w);
    (void)snprintf(w->e->gone, sizeof w->e->gone, P_UID);
    look(w, &s);
    assert_false(s.seen.prime.exists);
}

/* The watch may tell of a deletion before the answer to the DELETE is read. */
static void test_gone_before_answer(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    dc_autojson json_t *p = parse(prime_text);
    struct world *w = *state;

    put(w->claims, claim_text);
    dc_entry_seen(w->e, DC_OWN_PRIME, p, true);
    dc_entry_keep(w->e, DC_OWN_PRIME, p);
    look(w, &s);
    assert_false(s.seen.prime.exists);
}

static void test_attached(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    struct world *w = *state;

    fill_up(w);
    put(w->attachments, "{'metadata':{'name':'va','uid':'va-1','resourceVersion':'1'},'spec':"
                        "{'source':{'persistentVolumeName':'v'}}}");
    look(w, &s);
    assert_true(s.seen.volume.attached);
}

/* A fill counts for its P and its generation only. */
static void test_view(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    struct world *w = *state;

    fill_up(w);
    w->e->fill = (struct dc_fill_memory){.state = DC_VIEW_FAILED,
                                         .prime_uid = P_UID,
                                         .generation = 3,
                                         .reason = "SourceChanged"};
    look(w, &s);
    assert_int_equal(s.seen.view.state, DC_VIEW_FAILED);
    assert_true(s.seen.view.changed);
    dc_sight_done(&s);
    w->e->fill.generation = 2;
    look(w, &s);
    assert_int_equal(s.seen.view.state, DC_VIEW_NONE);
}

/* Another generation of S makes what was found out about it void. */
static void test_basis(void **state)
{
    DC_AUTO(dc_sight_done) struct dc_sight s = {0};
    struct world *w = *state;

    fill_up(w);
    look(w, &s);
    w->e->probe.state = DC_PROBE_FAILED;
    w->e->restarts = 3;
    dc_sight_done(&s);
    look(w, &s);
    assert_int_equal(s.seen.probe.state, DC_PROBE_FAILED);
    dc_sight_done(&s);
    put(w->imports, "{'kind':'Import','metadata':{'namespace':'ns','name':'image','uid':'s-1',"
                    "'generation':6,'resourceVersion':'2'},'spec':{'blank':{}}}");
    look(w, &s);
    assert_int_equal(s.seen.probe.state, DC_PROBE_NONE);
    assert_int_equal(s.seen.restarts, 0);
    assert_non_null(strstr(s.seen.source.refusal, "spec.blank"));
}

static void test_fits_node(void **state)
{
    static const struct {
        const char *expression;
        bool fits;
    } rows[] = {
        {"{'key':'host','operator':'In','values':['two','one']}", true},
        {"{'key':'host','operator':'In','values':['two']}", false},
        {"{'key':'rack','operator':'In','values':['one']}", false},
        {"{'key':'host','operator':'NotIn','values':['two']}", true},
        {"{'key':'rack','operator':'NotIn','values':['two']}", true},
        {"{'key':'host','operator':'NotIn','values':['one']}", false},
        {"{'key':'host','operator':'Exists'}", true},
        {"{'key':'rack','operator':'Exists'}", false},
        {"{'key':'rack','operator':'DoesNotExist'}", true},
        {"{'key':'cpus','operator':'Gt','values':['3']}", true},
        {"{'key':'cpus','operator':'Lt','values':['3']}", false},
        {"{'key':'host','operator':'Like','values':['one']}", false},
    };
    dc_autojson json_t *node =
        parse("{'metadata':{'name':'n','labels':{'host':'one','cpus':'4'}}}");
    dc_autojson json_t *anywhere = parse("{'spec':{}}");

    (void)state;
    assert_true(dc_volume_fits_node(anywhere, node));
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        char text[512];

        (void)snprintf(text, sizeof text,
                       "{'spec':{'nodeAffinity':{'required':{'nodeSelectorTerms':[{},"
                       "{'matchExpressions':[%s]}]}}}}",
                       rows[i].expression);
        dc_autojson json_t *volume = parse(text);
        if (dc_volume_fits_node(volume, node) != rows[i].fits)
            fail_msg("%s", rows[i].expression);
    }
}

static void test_agent_pod(void **state)
{
    static const char *const breaks[] = {
        "{'metadata':{'deletionTimestamp':'now'}}",
        "{'spec':{'nodeName':null}}",
        "{'status':{'podIP':null}}",
        "{'status':{'conditions':[{'type':'Ready','status':'False'}]}}",
        "{'status':{'conditions':[]}}",
        "{'spec':{'containers':[{'ports':[{'name':'http','containerPort':1}]}]}}",
        "{'spec':{'containers':[{'ports':[{'name':'fills','containerPort':70000}]}]}}",
    };
    dc_autojson json_t *good = parse(pod_text);
    struct dc_agent_pod pod;

    (void)state;
    assert_true(dc_agent_pod_ready(good, &pod));
    assert_string_equal(pod.node, "node-1");
    assert_string_equal(pod.address, "10.0.0.1");
    assert_int_equal(pod.port, 7000);
    for (size_t i = 0; i < DC_LEN(breaks); i++) {
        dc_autojson json_t *bad = parse(pod_text);
        dc_autojson json_t *change = parse(breaks[i]);

        json_object_update_recursive(bad, change);
        if (dc_agent_pod_ready(bad, &pod))
            fail_msg("%s", breaks[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all),
        TEST(nothing),
        TEST(orphan),
        TEST(foreign_prime),
        TEST(own_writes),
        TEST(own_before_cache),
        TEST(gone_prime),
        TEST(gone_before_answer),
        TEST(attached),
        TEST(view),
        TEST(basis),
        cmocka_unit_test(test_fits_node),
        cmocka_unit_test(test_agent_pod),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
