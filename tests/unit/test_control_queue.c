// SPDX-License-Identifier: Apache-2.0
/* unit/test_control_queue.c - once at most, never twice at a time, later after a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/queue.h"

static void test_once(void **state)
{
    struct dc_queue q = {0};
    struct dc_queue_item a = {0}, b = {0};

    (void)state;
    assert_null(dc_queue_take(&q, 0));
    dc_queue_add(&q, &a);
    dc_queue_add(&q, &b);
    dc_queue_add(&q, &a);
    assert_ptr_equal(dc_queue_take(&q, 0), &a);
    assert_ptr_equal(dc_queue_take(&q, 0), &b);
    assert_null(dc_queue_take(&q, 0));
}

/* What comes while an item runs makes it run once more, afterwards. */
static void test_never_twice_at_a_time(void **state)
{
    struct dc_queue q = {0};
    struct dc_queue_item a = {0};

    (void)state;
    dc_queue_add(&q, &a);
    assert_ptr_equal(dc_queue_take(&q, 0), &a);
    dc_queue_add(&q, &a);
    dc_queue_add(&q, &a);
    assert_null(dc_queue_take(&q, 0));
    dc_queue_done(&q, &a, 5000, 0);
    assert_ptr_equal(dc_queue_take(&q, 0), &a); /* the wait does not count any more */
    dc_queue_done(&q, &a, 0, 0);
    assert_null(dc_queue_take(&q, 0));
    assert_int_equal(a.state, DC_QUEUE_IDLE);
}

static void test_delays(void **state)
{
    struct dc_queue q = {0};
    struct dc_queue_item item[3] = {0};
    static const uint64_t waits[] = {300, 100, 200};

    (void)state;
    assert_int_equal(dc_queue_wait_ms(&q, 0), UINT64_MAX);
    for (int i = 0; i < 3; i++) {
        dc_queue_add(&q, &item[i]);
        (void)dc_queue_take(&q, 1000);
        dc_queue_done(&q, &item[i], waits[i], 1000);
    }
    assert_int_equal(dc_queue_wait_ms(&q, 1000), 100);
    assert_null(dc_queue_take(&q, 1099));
    assert_ptr_equal(dc_queue_take(&q, 1250), &item[1]);
    assert_ptr_equal(dc_queue_take(&q, 1250), &item[2]);
    assert_null(dc_queue_take(&q, 1250));
    assert_int_equal(dc_queue_wait_ms(&q, 1400), 0);
    dc_queue_add(&q, &item[0]); /* something came: no more waiting */
    assert_ptr_equal(dc_queue_take(&q, 0), &item[0]);
}

static uint64_t fail_once(struct dc_queue *q, struct dc_queue_item *item, uint8_t jitter)
{
    dc_queue_add(q, item);
    (void)dc_queue_take(q, 0);
    dc_queue_failed(q, item, 0, jitter);
    return dc_queue_wait_ms(q, 0);
}

static void test_backoff(void **state)
{
    struct dc_queue q = {0};
    struct dc_queue_item a = {0};

    (void)state;
    assert_int_equal(fail_once(&q, &a, 0), 37); /* 50 ms less 25 % */
    assert_int_equal(fail_once(&q, &a, 0), 75);
    assert_int_equal(fail_once(&q, &a, 255), 250); /* 200 ms and 25 % more */
    for (int i = 0; i < 100; i++)
        (void)fail_once(&q, &a, 0);
    assert_int_equal(fail_once(&q, &a, 255), 37500); /* 30 s and 25 % more */
    dc_queue_add(&q, &a);
    (void)dc_queue_take(&q, 0);
    dc_queue_progress(&q, &a); /* forgets the failures, and is due at once */
    assert_ptr_equal(dc_queue_take(&q, 0), &a);
    dc_queue_failed(&q, &a, 0, 0);
    assert_int_equal(dc_queue_wait_ms(&q, 0), 37);
}

/* What failed waits, also when something came while it ran. */
static void test_failed_again(void **state)
{
    struct dc_queue q = {0};
    struct dc_queue_item a = {0};

    (void)state;
    dc_queue_add(&q, &a);
    (void)dc_queue_take(&q, 0);
    dc_queue_add(&q, &a);
    dc_queue_failed(&q, &a, 0, 0);
    assert_null(dc_queue_take(&q, 0));
    assert_ptr_equal(dc_queue_take(&q, 37), &a);
}

static void test_remove(void **state)
{
    struct dc_queue q = {0};
    struct dc_queue_item item[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        dc_queue_add(&q, &item[i]);
    dc_queue_remove(&q, &item[1]);
    assert_ptr_equal(dc_queue_take(&q, 0), &item[0]);
    dc_queue_done(&q, &item[0], 10, 0);
    dc_queue_remove(&q, &item[0]);
    dc_queue_remove(&q, &item[0]);
    assert_ptr_equal(dc_queue_take(&q, 100), &item[2]);
    dc_queue_remove(&q, &item[2]);
    assert_null(dc_queue_take(&q, 100));
    assert_int_equal(dc_queue_wait_ms(&q, 0), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),   cmocka_unit_test(test_never_twice_at_a_time),
        cmocka_unit_test(test_delays), cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_remove), cmocka_unit_test(test_failed_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
