// SPDX-License-Identifier: Apache-2.0
/* unit/test_loop.c - watchers, timers, posted work and hooks, also when they remove each other. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "net/loop.h"

static struct dc_loop *make(void)
{
    struct dc_loop *loop = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_loop_new(&loop, &err), 0);
    return loop;
}

static void turn(struct dc_loop *loop, int max_wait_ms)
{
    struct dc_err err = {0};

    assert_int_equal(dc_loop_step(loop, max_wait_ms, &err), 0);
}

struct pair {
    struct dc_loop *loop;
    struct dc_loop_fd a, b;
    int fired;
};

static void a_ready(struct dc_loop_fd *w, uint32_t events)
{
    struct pair *p = dc_container_of(w, struct pair, a);

    assert_true(events & EPOLLIN);
    p->fired++;
    dc_loop_fd_remove(p->loop, &p->b);
    dc_loop_fd_remove(p->loop, &p->a);
}

static void b_ready(struct dc_loop_fd *w, uint32_t events)
{
    struct pair *p = dc_container_of(w, struct pair, b);

    (void)events;
    p->fired++;
    dc_loop_fd_remove(p->loop, &p->a);
    dc_loop_fd_remove(p->loop, &p->b);
}

/* Both are ready in one batch; whichever runs first takes the other away. */
static void a_watcher_may_remove_another(void **state)
{
    struct dc_err err = {0};
    struct pair p = {.loop = make()};

    (void)state;
    p.a =
        (struct dc_loop_fd){.ready = a_ready, .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN};
    p.b =
        (struct dc_loop_fd){.ready = b_ready, .fd = eventfd(1, EFD_CLOEXEC), .events = EPOLLIN};
    assert_int_equal(dc_loop_fd_add(p.loop, &p.a, &err), 0);
    assert_int_equal(dc_loop_fd_add(p.loop, &p.b, &err), 0);
    turn(p.loop, 1000);
    turn(p.loop, 0);
    assert_int_equal(p.fired, 1);
    assert_false(p.a.added || p.b.added);
    dc_close_at(&p.a.fd);
    dc_close_at(&p.b.fd);
    dc_loop_free(p.loop);
}

static void change_and_bad_fd(void **state)
{
    struct dc_err err = {0};
    struct pair p = {.loop = make()};

    (void)state;
    p.a = (struct dc_loop_fd){.ready = a_ready, .fd = eventfd(1, EFD_CLOEXEC), .events = 0};
    assert_int_equal(dc_loop_fd_add(p.loop, &p.a, &err), 0);
    turn(p.loop, 0);
    assert_int_equal(p.fired, 0);
    assert_int_equal(dc_loop_fd_change(p.loop, &p.a, EPOLLIN, &err), 0);
    turn(p.loop, 0);
    assert_int_equal(p.fired, 1);
    dc_close_at(&p.a.fd);

    p.b = (struct dc_loop_fd){.ready = b_ready, .fd = 9999, .events = EPOLLIN};
    assert_int_equal(dc_loop_fd_add(p.loop, &p.b, &err), -1);
    assert_int_equal(err.kind, DC_INTERNAL);
    assert_false(p.b.added);
    dc_loop_free(p.loop);
}

/* The names of the timers that have fired, in order. */
struct order {
    char text[8];
    size_t n;
};

struct tick {
    struct dc_loop_timer t;
    struct dc_loop *loop;
    struct tick *other;
    struct order *order;
    char name;
    bool again;
};

static void tick_fire(struct dc_loop_timer *t)
{
    struct tick *k = dc_container_of(t, struct tick, t);

    k->order->text[k->order->n++] = k->name;
    if (k->other)
        dc_loop_timer_disarm(k->loop, &k->other->t);
    if (k->again)
        dc_loop_timer_arm(k->loop, &k->t, 0);
}

static void timers_fire_in_order(void **state)
{
    struct dc_loop *loop = make();
    static const uint64_t delay[] = {60, 20, 40, 20}; /* arming four may take some ms */
    struct order order = {0};
    struct tick k[4];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        k[i] = (struct tick){
            .t.fire = tick_fire, .loop = loop, .order = &order, .name = (char)('a' + i)};
        dc_loop_timer_arm(loop, &k[i].t, delay[i]);
    }
    while (order.n < 4)
        turn(loop, 100);
    assert_string_equal(order.text, "bdca");
    dc_loop_free(loop);
}

static void a_timer_may_disarm_another_and_rearm_itself(void **state)
{
    struct dc_loop *loop = make();
    struct order order = {0};
    struct tick b = {.t.fire = tick_fire, .loop = loop, .order = &order, .name = 'b'};
    struct tick a = {.t.fire = tick_fire,
                     .loop = loop,
                     .order = &order,
                     .name = 'a',
                     .other = &b,
                     .again = true};

    (void)state;
    dc_loop_timer_arm(loop, &a.t, 0);
    dc_loop_timer_arm(loop, &b.t, 0);
    turn(loop, 0); /* a once: its second time belongs to the next turn; b never */
    assert_string_equal(order.text, "a");
    assert_true(a.t.armed);
    assert_false(b.t.armed);
    dc_loop_timer_disarm(loop, &a.t);
    dc_loop_timer_disarm(loop, &a.t);
    uint64_t before = dc_clock_ns();
    turn(loop, 5);
    assert_true(dc_clock_ns() - before >= 4 * DC_NS_PER_MS);
    assert_string_equal(order.text, "a");
    dc_loop_free(loop);
}

struct job {
    struct dc_loop_work w;
    struct dc_loop *loop;
    int *runs;
    bool again;
};

static void job_run(struct dc_loop_work *w)
{
    struct job *j = dc_container_of(w, struct job, w);

    ++*j->runs;
    if (j->again) {
        j->again = false;
        dc_loop_post(j->loop, &j->w);
    } else if (*j->runs == 3) {
        dc_loop_stop(j->loop);
    }
}

static void *post_two(void *arg)
{
    struct job *j = arg;

    dc_loop_post(j[0].loop, &j[0].w);
    dc_loop_post(j[1].loop, &j[1].w);
    return NULL;
}

static void work_comes_from_other_threads(void **state)
{
    struct dc_loop *loop = make();
    struct dc_err err = {0};
    int runs = 0;
    struct job j[2] = {{.w.run = job_run, .loop = loop, .runs = &runs, .again = true},
                       {.w.run = job_run, .loop = loop, .runs = &runs}};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, post_two, j), 0);
    assert_int_equal(dc_loop_run(loop, &err), 0);
    pthread_join(thread, NULL);
    assert_int_equal(runs, 3);
    dc_loop_stop(loop); /* before the run: it returns at once */
    assert_int_equal(dc_loop_run(loop, &err), 0);
    dc_loop_free(loop);
}

struct hook {
    struct dc_loop_hook h;
    int runs;
};

static void hook_run(struct dc_loop_hook *h)
{
    dc_container_of(h, struct hook, h)->runs++;
}

static void hooks_run_before_sleep(void **state)
{
    struct dc_loop *loop = make();
    struct hook h[9] = {0};
    struct dc_err err = {0};

    (void)state;
    for (size_t i = 0; i < 9; i++)
        h[i].h.before_sleep = hook_run;
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(dc_loop_hook_add(loop, &h[i].h, &err), 0);
    assert_int_equal(dc_loop_hook_add(loop, &h[8].h, &err), -1);
    turn(loop, 0);
    dc_loop_hook_remove(loop, &h[3].h);
    dc_loop_hook_remove(loop, &h[3].h);
    turn(loop, 0);
    assert_int_equal(h[3].runs, 1);
    assert_int_equal(h[7].runs, 2);
    assert_int_equal(h[8].runs, 0);
    dc_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watcher_may_remove_another),
        cmocka_unit_test(change_and_bad_fd),
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(a_timer_may_disarm_another_and_rearm_itself),
        cmocka_unit_test(work_comes_from_other_threads),
        cmocka_unit_test(hooks_run_before_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
