// SPDX-License-Identifier: Apache-2.0
/* unit/plan_world.c - see plan_world.h. */
#include "plan_world.h"

/* --- What the controller sees and does --- */

static const char *epoch_uid(uint8_t epoch)
{
    static const char *const uids[] = {"", "p-1", "p-2", "p-3", "p-4", "p-5"};

    assert_true(epoch < DC_LEN(uids));
    return uids[epoch];
}

static void see(const struct world *w, struct dc_observed *o)
{
    const struct objects *s = &w->seen;

    at_resolve(o);
    o->claim.exists = s->u.exists;
    o->claim.deleting = s->u.deleting;
    o->claim.finalizer = s->u.finalizer;
    o->claim.volume_name = s->u.bound ? "v" : "";
    o->claim.bind_completed = s->u.bound;
    o->prime.exists = o->prime.ours = s->p.exists;
    o->prime.deleting = s->p.deleting;
    o->prime.finalizer = s->p.finalizer;
    o->prime.phase = s->p.phase;
    o->prime.uid = epoch_uid(s->p.epoch);
    o->prime.volume_name = s->p.phase == DC_PRIME_PENDING ? "" : "v";
    o->prime.node = s->p.node ? "node-1" : "";
    o->prime.generation = s->p.generation;
    o->prime.populated = s->p.populated ? "sha256:ab" : "";
    o->prime.failed_reason = s->p.failed ? "SourceUnreachable" : "";
    o->prime.source_uid = "s-1";
    o->prime.source_generation = 1;
    o->volume.exists = s->v.exists;
    o->volume.provisioned = o->volume.block = true;
    o->volume.populated = s->v.owner == USER;
    o->volume.capacity_bytes = 64 * DC_MIB;
    o->volume.claim_uid = s->v.owner == USER ? "u-1" : epoch_uid(s->v.epoch);
    o->agents.fit_node = "node-1";
    o->agents.on_prime = s->p.node;
    if (w->view.epoch == s->p.epoch && w->view.generation == s->p.generation)
        o->view = (struct dc_obs_view){.state = w->view.state,
                                       .digest = "sha256:ab",
                                       .reason = "SourceUnreachable",
                                       .message = "why",
                                       .retryable = true};
}

static void settle_claim(struct claim_state *u)
{
    if (u->exists && u->deleting && !u->finalizer)
        *u = (struct claim_state){0};
}

static void settle_prime(struct prime_state *p)
{
    uint8_t epoch = p->epoch;

    if (p->exists && p->deleting && !p->finalizer)
        *p = (struct prime_state){.epoch = epoch};
}

static void write_claim(struct world *w, uint8_t finalizer)
{
    if (w->api.u.exists) {
        w->api.u.finalizer = finalizer;
        w->writes++;
        settle_claim(&w->api.u);
    }
    w->seen.u = w->api.u;
}

static bool same_prime(const struct world *w)
{
    return w->api.p.exists && w->api.p.epoch == w->seen.p.epoch;
}

static void create_prime(struct world *w)
{
    if (!w->api.p.exists)
        w->api.p = (struct prime_state){
            .exists = 1, .epoch = (uint8_t)(w->api.p.epoch + 1), .finalizer = 1};
    w->seen.p = w->api.p;
}

static void record_fill(struct world *w, const struct dc_action *a)
{
    if (!same_prime(w) || w->api.p.generation != w->seen.p.generation)
        return;
    assert_true(a->generation > w->api.p.generation);
    w->api.p.node = 1;
    w->api.p.generation = (uint8_t)a->generation;
    w->seen.p = w->api.p;
}

static void start_fill(struct world *w, const struct dc_action *a)
{
    struct fill_state *f = &w->agent;
    bool volume = w->api.v.exists && w->api.v.epoch == w->seen.p.epoch;

    /* I2: nothing is asked of an agent that is not on P already. */
    if (same_prime(w))
        assert_true(a->generation <= w->api.p.generation);
    if (f->epoch != w->seen.p.epoch || f->generation < a->generation)
        *f = (struct fill_state){w->seen.p.epoch, (uint8_t)a->generation,
                                 volume ? DC_VIEW_RUNNING : DC_VIEW_FAILED};
    w->view = *f;
    w->view.generation = (uint8_t)a->generation;
    if (f->generation > a->generation)
        w->view.state = DC_VIEW_FAILED; /* fenced */
}

static void cancel_fill(struct world *w, const struct dc_action *a)
{
    if (w->agent.epoch == w->seen.p.epoch)
        w->agent.state = DC_VIEW_CANCELLED;
    w->view = (struct fill_state){w->seen.p.epoch, (uint8_t)a->generation, DC_VIEW_CANCELLED};
}

static void mark_prime(struct world *w, bool populated)
{
    if (!same_prime(w) || w->api.p.generation != w->seen.p.generation)
        return;
    if (populated)
        w->api.p.populated = 1;
    else
        w->api.p.failed = 1;
    w->seen.p = w->api.p;
}

static void rebind(struct world *w)
{
    const struct claim_state *u = &w->api.u;
    struct volume_state *v = &w->api.v;

    w->seen.u = *u;
    if (u->exists && !u->deleting && !u->bound && v->exists && v->owner == PRIME &&
        v->epoch == w->seen.p.epoch)
        v->owner = USER;
    w->seen.v = *v;
}

static void delete_prime(struct world *w, bool release)
{
    const struct volume_state *v = &w->api.v;

    if (same_prime(w)) {
        bool names = v->exists && v->owner == PRIME && v->epoch == w->api.p.epoch;

        /* I3: a P that V names goes only with what nobody waits for, and never under a writer. */
        if (names && !release) {
            assert_false(w->api.p.populated && w->api.u.exists && !w->api.u.deleting);
            assert_false(w->agent.epoch == v->epoch && w->agent.state == DC_VIEW_RUNNING);
        }
        if (release)
            w->api.p.finalizer = 0;
        else
            w->api.p.deleting = 1;
        settle_prime(&w->api.p);
    }
    w->seen.p = w->api.p;
}

static bool controller(struct world *w)
{
    struct dc_observed o;
    struct dc_action a;

    see(w, &o);
    dc_plan(&o, &a);
    switch ((int)a.kind) {
    case DC_ACT_ADD_FINALIZER:
    case DC_ACT_DROP_FINALIZER:
        write_claim(w, a.kind == DC_ACT_ADD_FINALIZER);
        return true;
    case DC_ACT_CREATE_PRIME:
        create_prime(w);
        return true;
    case DC_ACT_RECORD_FILL:
        record_fill(w, &a);
        return true;
    case DC_ACT_START_FILL:
        start_fill(w, &a);
        return true;
    case DC_ACT_RECORD_DONE:
    case DC_ACT_RECORD_FAILED:
        mark_prime(w, a.kind == DC_ACT_RECORD_DONE);
        return true;
    case DC_ACT_REBIND:
        rebind(w);
        return true;
    case DC_ACT_CANCEL_FILL:
        cancel_fill(w, &a);
        return true;
    case DC_ACT_DELETE_PRIME:
    case DC_ACT_RELEASE_PRIME:
        delete_prime(w, a.kind == DC_ACT_RELEASE_PRIME);
        return true;
    default:
        return false;
    }
}

/* --- What the rest of the world does --- */

static bool catch_up_claim(struct world *w)
{
    w->seen.u = w->api.u;
    return true;
}

static bool catch_up_prime(struct world *w)
{
    w->seen.p = w->api.p;
    return true;
}

static bool catch_up_volume(struct world *w)
{
    w->seen.v = w->api.v;
    return true;
}

/* The stream of a fill; an agent that was restarted does not know it any more. */
static bool catch_up_view(struct world *w)
{
    if (w->view.state != DC_VIEW_RUNNING)
        return false;
    bool known = w->agent.epoch == w->view.epoch && w->agent.generation == w->view.generation;
    w->view.state = known ? w->agent.state : DC_VIEW_FAILED;
    return true;
}

static bool provision(struct world *w)
{
    struct prime_state *p = &w->api.p;

    if (!p->exists || p->deleting || p->phase != DC_PRIME_PENDING || w->api.v.exists)
        return false;
    p->phase = DC_PRIME_BOUND;
    w->api.v = (struct volume_state){.exists = 1, .epoch = p->epoch, .owner = PRIME};
    return true;
}

static bool fill(struct world *w)
{
    struct volume_state *v = &w->api.v;
    bool volume = v->exists && v->epoch == w->agent.epoch;

    if (w->agent.state != DC_VIEW_RUNNING)
        return false;
    w->agent.state = volume ? DC_VIEW_SUCCEEDED : DC_VIEW_FAILED;
    if (volume)
        v->complete = 1;
    return true;
}

static bool bind_user(struct world *w)
{
    struct claim_state *u = &w->api.u;

    if (!u->exists || u->bound || w->api.v.owner != USER || !w->api.v.exists)
        return false;
    u->bound = 1;
    return true;
}

static bool lose_prime(struct world *w)
{
    struct prime_state *p = &w->api.p;
    const struct volume_state *v = &w->api.v;
    bool held = v->exists && v->owner == PRIME && v->epoch == p->epoch;

    if (!p->exists || p->phase != DC_PRIME_BOUND || held)
        return false;
    p->phase = DC_PRIME_LOST;
    return true;
}

/* Reclaim policy Delete: a volume whose claim is gone goes too. */
static bool reclaim(struct world *w)
{
    struct volume_state *v = &w->api.v;
    bool prime = w->api.p.exists && w->api.p.epoch == v->epoch;

    if (!v->exists || (v->owner == PRIME ? prime : w->api.u.exists))
        return false;
    *v = (struct volume_state){0};
    return true;
}

static bool user_deletes(struct world *w)
{
    if (!w->api.u.exists)
        return false;
    w->api.u.deleting = 1;
    settle_claim(&w->api.u);
    return true;
}

static bool controller_crashes(struct world *w)
{
    w->seen = w->api;
    w->view = (struct fill_state){0};
    return true;
}

static bool fill_fails(struct world *w)
{
    if (w->fails == 0 || w->agent.state != DC_VIEW_RUNNING)
        return false;
    w->fails--;
    w->agent.state = DC_VIEW_FAILED;
    return true;
}

static bool agent_restarts(struct world *w)
{
    if (w->restarts == 0 || w->agent.epoch == 0)
        return false;
    w->restarts--;
    w->agent = (struct fill_state){0};
    return true;
}

static bool prime_is_deleted(struct world *w)
{
    if (w->prime_losses == 0 || !w->api.p.exists)
        return false;
    w->prime_losses--;
    w->api.p.deleting = 1;
    settle_prime(&w->api.p);
    return true;
}

static bool volume_is_deleted(struct world *w)
{
    if (w->volume_losses == 0 || !w->api.v.exists || w->api.v.owner != PRIME)
        return false;
    w->volume_losses--;
    w->api.v = (struct volume_state){0};
    return true;
}

bool world_step(struct world *w, size_t step)
{
    static bool (*const steps[WORLD_STEPS])(struct world * w) = {
        catch_up_claim,
        catch_up_prime,
        catch_up_volume,
        catch_up_view,
        controller,
        provision,
        fill,
        bind_user,
        lose_prime,
        reclaim,
        user_deletes,
        controller_crashes,
        fill_fails,
        agent_restarts,
        prime_is_deleted,
        volume_is_deleted,
    };

    return steps[step](w);
}
