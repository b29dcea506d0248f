// SPDX-License-Identifier: Apache-2.0
/* test_table.c - who may write which volume: every order of calls that could let two of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "node/table.h"

static struct dc_job *job(const char *fill, int64_t generation, const char *volume)
{
    struct dc_journal_record r = {.generation = generation, .claim = "ns/c", .driver = "d"};

    snprintf(r.fill_id, sizeof r.fill_id, "%s", fill);
    snprintf(r.volume_id, sizeof r.volume_id, "%s", volume);
    struct dc_job *made = dc_job_new(&r);
    assert_non_null(made);
    return made;
}

enum verb { START, CANCEL, RELEASE, FINISH, RECOVER };

/* What is done, and the answer: an admit for START, else an error kind (DC_OK: none). */
struct step {
    enum verb verb;
    const char *fill;
    int64_t generation;
    const char *volume;
    int answer;
    enum dc_err_kind kind;
};

/* As the job's thread would: the table's reference stays, the thread's goes. */
static void finish(struct dc_table *t, const char *fill)
{
    const struct dc_err err = {.kind = DC_CANCELLED};
    struct dc_job *found = t->jobs;

    while (found && strcmp(found->record.fill_id, fill) != 0)
        found = found->next;
    assert_non_null(found);
    dc_job_end(t, dc_job_ref(t, found), &err);
}

static void start(struct dc_table *t, const struct step *s)
{
    struct dc_job *fresh = job(s->fill, s->generation, s->volume), *other = NULL;
    struct dc_err err = {0};
    enum dc_admit answer = dc_table_admit(t, fresh, &other, &err);

    assert_int_equal(answer, s->answer);
    assert_int_equal(err.kind, s->kind);
    if (answer == DC_ADMIT_WAIT)
        assert_true(other->cancel || other->recovering);
    dc_job_unref(t, other);
    dc_job_unref(t, fresh);
}

static void take_step(struct dc_table *t, const struct step *s)
{
    struct dc_job *other = NULL;
    struct dc_err err = {0};

    switch (s->verb) {
    case START:
        start(t, s);
        return;
    case CANCEL:
        (void)dc_table_cancel(t, s->fill, s->generation, &other, &err);
        if (other)
            assert_true(other->cancel);
        dc_job_unref(t, other);
        break;
    case RELEASE:
        (void)dc_table_release(t, s->fill, &err);
        break;
    case FINISH:
        finish(t, s->fill);
        break;
    case RECOVER:
        other = job(s->fill, s->generation, s->volume);
        dc_table_recover(t, other);
        dc_job_unref(t, other);
        break;
    }
    assert_int_equal(err.kind, s->kind);
}

#define STORY_MAX 10
static const struct {
    const char *what;
    struct step steps[STORY_MAX];
} stories[] = {
    {"the same again is known",
     {{START, "a", 1, "v", DC_ADMIT_NEW, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_KNOWN, DC_OK},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_KNOWN, DC_OK}}},
    {"an older generation is fenced, running or forgotten",
     {{START, "a", 2, "v", DC_ADMIT_NEW, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_FAIL, DC_FENCED},
      {CANCEL, "a", 1, NULL, 0, DC_FENCED},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {RELEASE, "a", 0, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 2, "v", DC_ADMIT_NEW, DC_OK}}},
    {"a newer one waits for the older, which is told to end",
     {{START, "a", 1, "v", DC_ADMIT_NEW, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_WAIT, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_FAIL, DC_FENCED}, /* while it waits */
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_NEW, DC_OK}}},
    {"one writer a volume",
     {{START, "a", 1, "v", DC_ADMIT_NEW, DC_OK},
      {START, "b", 1, "v", DC_ADMIT_FAIL, DC_EXISTS},
      {START, "b", 1, "w", DC_ADMIT_NEW, DC_OK},
      {CANCEL, "a", 1, NULL, 0, DC_OK},
      {START, "c", 1, "v", DC_ADMIT_FAIL, DC_EXISTS}, /* cancelled is not yet gone */
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "c", 1, "v", DC_ADMIT_NEW, DC_OK}}},
    {"a start that comes after its own cancellation",
     {{CANCEL, "a", 3, NULL, 0, DC_OK},
      {START, "a", 3, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 2, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 4, "v", DC_ADMIT_NEW, DC_OK}}},
    {"cancelled and remembered: the same again is known, not begun",
     {{START, "a", 1, "v", DC_ADMIT_NEW, DC_OK},
      {CANCEL, "a", 1, NULL, 0, DC_OK},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_KNOWN, DC_OK},
      {RELEASE, "a", 0, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_FAIL, DC_FENCED}}},
    {"a start that waits for an older one to end is cancelled while it waits",
     {{START, "a", 1, "v", DC_ADMIT_NEW, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_WAIT, DC_OK},
      {CANCEL, "a", 2, NULL, 0, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_FAIL, DC_FENCED},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 3, "v", DC_ADMIT_NEW, DC_OK}}},
    {"release",
     {{RELEASE, "a", 0, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_NEW, DC_OK},
      {RELEASE, "a", 0, NULL, 0, DC_PRECONDITION},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {RELEASE, "a", 0, NULL, 0, DC_OK},
      {RELEASE, "a", 0, NULL, 0, DC_OK}}},
    {"what a crash left is in the way of its fill and of its volume",
     {{RECOVER, "a", 1, "v", 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_WAIT, DC_OK},
      {START, "b", 1, "v", DC_ADMIT_WAIT, DC_OK},
      {CANCEL, "a", 1, NULL, 0, DC_OK},
      {RELEASE, "a", 0, NULL, 0, DC_OK},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "b", 1, "v", DC_ADMIT_NEW, DC_OK}}},
    {"cancelled while it is what a crash left",
     {{RECOVER, "a", 1, "v", 0, DC_OK},
      {CANCEL, "a", 1, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 2, "v", DC_ADMIT_WAIT, DC_OK},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "a", 1, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 2, "v", DC_ADMIT_NEW, DC_OK}}},
    {"what a crash left fences the attempts before it",
     {{RECOVER, "a", 3, "v", 0, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_FAIL, DC_FENCED},
      {FINISH, "a", 0, NULL, 0, DC_OK},
      {START, "a", 2, "v", DC_ADMIT_FAIL, DC_FENCED},
      {START, "a", 3, "v", DC_ADMIT_NEW, DC_OK}}},
};

static void tell_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < DC_LEN(stories); i++) {
        struct dc_err err = {0};
        struct dc_table *t;

        print_message("%s\n", stories[i].what);
        assert_int_equal(dc_table_new(&t, &err), 0);
        for (size_t k = 0; k < STORY_MAX && stories[i].steps[k].fill; k++)
            take_step(t, &stories[i].steps[k]);
        dc_table_free(t);
    }
}

static void full_and_stopping(void **state)
{
    struct dc_err err = {0};
    struct dc_table *t;
    char name[16];

    (void)state;
    assert_int_equal(dc_table_new(&t, &err), 0);
    for (int i = 0; i <= DC_TABLE_RUNNING_MAX; i++) {
        snprintf(name, sizeof name, "f%d", i);
        bool full = i == DC_TABLE_RUNNING_MAX;
        take_step(t, &(struct step){START, name, 1, name, full ? DC_ADMIT_FAIL : DC_ADMIT_NEW,
                                    full ? DC_BUSY : DC_OK});
    }
    dc_table_stop(t);
    assert_true(dc_job_cancelled(t, t->jobs));
    take_step(t, &(struct step){START, "late", 1, "late", DC_ADMIT_FAIL, DC_UNAVAILABLE});
    dc_table_free(t);
}

/* Ended fills that nobody releases are forgotten at last, the oldest first. */
static void ended_are_bounded(void **state)
{
    struct dc_err err = {0};
    struct dc_job *list[1024], *found;
    struct dc_table *t;
    char name[16];

    (void)state;
    assert_int_equal(dc_table_new(&t, &err), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "f%d", i);
        take_step(t, &(struct step){START, name, 1, name, DC_ADMIT_NEW, DC_OK});
        finish(t, name);
    }
    size_t n = dc_table_list(t, list, DC_LEN(list));
    assert_int_equal(n, 256);
    for (size_t i = 0; i < n; i++)
        dc_job_unref(t, list[i]);
    assert_null(dc_table_find(t, "f0"));
    found = dc_table_find(t, "f299");
    assert_non_null(found);
    dc_job_unref(t, found);
    dc_table_free(t);
}

/* Only those that are remembered count: releasing some makes room for others. */
static void released_do_not_count(void **state)
{
    struct dc_err err = {0};
    struct dc_job *list[64];
    struct dc_table *t;
    char name[16];

    (void)state;
    assert_int_equal(dc_table_new(&t, &err), 0);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "f%d", i);
        take_step(t, &(struct step){START, name, 1, name, DC_ADMIT_NEW, DC_OK});
        finish(t, name);
        if (i < 290)
            take_step(t, &(struct step){RELEASE, name, 1, name, 0, DC_OK});
    }
    size_t n = dc_table_list(t, list, DC_LEN(list));
    assert_int_equal(n, 10);
    for (size_t i = 0; i < n; i++)
        dc_job_unref(t, list[i]);
    dc_table_free(t);
}

/* What a crash left is nobody's fill: it is in the way, and goes without a word. */
static void recovered_is_not_shown(void **state)
{
    struct dc_err err = {0};
    struct dc_job *list[4];
    struct dc_table *t;

    (void)state;
    assert_int_equal(dc_table_new(&t, &err), 0);
    take_step(t, &(struct step){RECOVER, "a", 2, "v", 0, DC_OK});
    take_step(t, &(struct step){CANCEL, "a", 1, NULL, 0, DC_OK});
    assert_null(dc_table_find(t, "a"));
    assert_int_equal(dc_table_list(t, list, DC_LEN(list)), 0);
    finish(t, "a");
    assert_null(t->jobs);
    assert_true(dc_table_wait_idle(t, 0));
    dc_table_free(t);
}

/* A volume's name is its driver's alone. */
static void drivers_are_apart(void **state)
{
    struct dc_err err = {0};
    struct dc_job *other = NULL, *mine = job("a", 1, "v"), *theirs = job("b", 1, "v");
    struct dc_table *t;

    (void)state;
    assert_int_equal(dc_table_new(&t, &err), 0);
    memcpy(theirs->record.driver, "e", sizeof "e");
    assert_int_equal(dc_table_admit(t, mine, &other, &err), DC_ADMIT_NEW);
    assert_int_equal(dc_table_admit(t, theirs, &other, &err), DC_ADMIT_NEW);
    dc_job_unref(t, mine);
    dc_job_unref(t, theirs);
    dc_table_free(t);
}

static void fences_are_bounded(void **state)
{
    struct dc_fences f = {0};
    char name[16];

    (void)state;
    dc_fence_get(&f, "kept")->seen = 7;
    for (int i = 0; i < DC_FENCES_MAX + 10; i++) {
        snprintf(name, sizeof name, "f%d", i);
        assert_non_null(dc_fence_get(&f, name));
        assert_int_equal(dc_fence_get(&f, "kept")->seen, 7); /* used, so not forgotten */
    }
    assert_int_equal(f.n, DC_FENCES_MAX);
    dc_fences_free(&f);
}

static void views(void **state)
{
    const struct dc_fill_progress p = {.state = DC_FILL_FLUSHING, .durable = 5};
    const struct dc_err ok = {0};
    struct dc_err err = {0};
    struct dc_job_view v;
    struct dc_table *t;

    (void)state;
    assert_int_equal(dc_table_new(&t, &err), 0);
    take_step(t, &(struct step){START, "a", 1, "v", DC_ADMIT_NEW, DC_OK});
    struct dc_job *a = dc_table_find(t, "a");
    dc_job_wait(t, a, 0, 10); /* nothing changes: comes back all the same */
    dc_job_progress(t, a, &p);
    dc_job_look(t, a, &v);
    assert_int_equal(v.phase, DECANT__V1ALPHA1__FILL_PHASE__FLUSHING);
    assert_int_equal(v.progress.durable, 5);
    assert_int_equal(v.version, 1);
    dc_job_wait(t, a, 0, 10000); /* has changed: at once */
    assert_false(dc_table_wait_idle(t, 10));
    dc_job_end(t, dc_job_ref(t, a), &ok);
    dc_job_look(t, a, &v);
    assert_int_equal(v.phase, DECANT__V1ALPHA1__FILL_PHASE__SUCCEEDED);
    assert_true(dc_table_wait_idle(t, 0));
    dc_job_unref(t, a);
    dc_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tell_stories),           cmocka_unit_test(full_and_stopping),
        cmocka_unit_test(ended_are_bounded),      cmocka_unit_test(released_do_not_count),
        cmocka_unit_test(recovered_is_not_shown), cmocka_unit_test(drivers_are_apart),
        cmocka_unit_test(fences_are_bounded),     cmocka_unit_test(views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
