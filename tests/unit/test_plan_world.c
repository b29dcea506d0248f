// SPDX-License-Identifier: Apache-2.0
/*
 * unit/test_plan_world.c - every order of events of one claim, with stale caches, faults, and a
 * crash of the controller after every step.
 *
 * All states of the model that can be reached are visited once; in each the invariants hold, and
 * from each the way on without further faults leads to a good end.
 */
#include "plan_world.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_STATES (1u << 20)

/* --- All states --- */

struct states {
    struct world *world;
    bool *good;
    uint32_t *table; /* index + 1; 0: free */
    size_t n;
};

static uint32_t *slot_of(struct states *all, const struct world *w)
{
    const uint8_t *bytes = (const uint8_t *)w;
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < sizeof *w; i++)
        h = (h ^ bytes[i]) * 0x100000001b3u;
    for (size_t at = (h ^ h >> 32) % (2 * MAX_STATES);; at = (at + 1) % (2 * MAX_STATES))
        if (!all->table[at] || memcmp(&all->world[all->table[at] - 1], w, sizeof *w) == 0)
            return &all->table[at];
}

static void check(const struct world *w)
{
    const struct volume_state *v = &w->api.v;

    if (v->exists && v->owner == USER) {
        assert_true(v->complete); /* I1 */
        assert_false(w->agent.state == DC_VIEW_RUNNING && w->agent.epoch == v->epoch);
    }
    if (w->api.u.bound)
        assert_true(v->exists && v->owner == USER);
    assert_true(w->writes <= 2); /* I12 */
    /* I5: nothing of ours without a mark on U, so that U cannot go before it. */
    if (w->api.p.exists && w->api.u.exists && !w->api.u.bound)
        assert_true(w->api.u.finalizer);
}

static void visit(struct states *all, const struct world *w)
{
    uint32_t *slot = slot_of(all, w);

    if (*slot)
        return;
    check(w);
    assert_true(all->n < MAX_STATES);
    all->world[all->n] = *w;
    *slot = (uint32_t)++all->n;
}

static void explore(struct states *all, const struct world *first)
{
    visit(all, first);
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < WORLD_STEPS; k++) {
            struct world next = all->world[i];

            if (world_step(&next, k))
                visit(all, &next);
        }
}

/* Nothing moves any more: is it an end that one may be left with? */
static bool good_end(const struct world *w)
{
    const struct objects *a = &w->api;

    if (a->p.exists)
        return false;
    if (!a->u.exists)
        return !a->v.exists;
    return a->u.bound && a->v.complete && !a->u.finalizer;
}

static bool go_on(struct world *w)
{
    struct world before = *w;

    for (size_t k = 0; k < WORLD_FAIR_STEPS; k++)
        if (world_step(w, k) && memcmp(w, &before, sizeof before) != 0)
            return true;
    return false;
}

/* I13: from every state the way without further faults comes to a good end. */
static void all_end_well(struct states *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct world w = all->world[i];
        unsigned hops = 0;

        while (!all->good[*slot_of(all, &w) - 1] && go_on(&w))
            assert_true(++hops < 200);
        if (!all->good[*slot_of(all, &w) - 1] && !good_end(&w))
            fail_msg("state %zu comes to no good end: U %d%d%d%d P %d%d%d%d V %d%d%d", i,
                     w.api.u.exists, w.api.u.deleting, w.api.u.finalizer, w.api.u.bound,
                     w.api.p.exists, w.api.p.deleting, w.api.p.phase, w.api.p.failed,
                     w.api.v.exists, w.api.v.owner, w.api.v.complete);
        all->good[i] = true;
    }
}

static void test_world(void **state)
{
    struct states all = {
        .world = calloc(MAX_STATES, sizeof *all.world),
        .good = calloc(MAX_STATES, sizeof *all.good),
        .table = calloc((size_t)2 * MAX_STATES, sizeof *all.table),
    };
    struct world first;

    (void)state;
    memset(&first, 0, sizeof first);
    first.api.u.exists = 1;
    first.fails = first.restarts = first.prime_losses = first.volume_losses = 1;
    first.seen = first.api;
    explore(&all, &first);
    all_end_well(&all);
    print_message("%zu states\n", all.n);
    free(all.world);
    free(all.good);
    free(all.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_world)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
