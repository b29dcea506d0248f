// SPDX-License-Identifier: Apache-2.0
/* test_journal.c - records that survive, records that cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "node/journal.h"

struct found {
    unsigned n;
    struct dc_journal_record last;
};

static void take(void *arg, const struct dc_journal_record *record)
{
    struct found *f = arg;

    f->n++;
    f->last = *record;
}

static int setup(void **state)
{
    char *dir = strdup("/tmp/decant-journal.XXXXXX");

    *state = dir;
    return dir && mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    char path[256];
    static const char *const names[] = {"f-1.json", "f-2.json", "f-3.json.new", "bad.json",
                                        "lock"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", (char *)*state, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(*state), 0); /* nothing else is left behind */
    free(*state);
    return 0;
}

static const struct dc_journal_record sample = {
    .fill_id = "f-1",
    .generation = 9007199254740993, /* more than a double holds */
    .claim = "ns/\"claim\" \xc3\xa4",
    .driver = "driver.example",
    .volume_id = "vol/1",
    .paths = {"/k/staging", "/k/target"},
};

static void write_text(const char *dir, const char *name, const char *text)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void round_trip(void **state)
{
    struct dc_journal_record second = sample;
    struct dc_err err = {0};
    struct found f = {0};
    struct stat st;
    int lock, second_lock;
    struct dc_err busy = {0};
    char path[256];

    memcpy(second.fill_id, "f-2", sizeof "f-2");
    assert_int_equal(dc_journal_open(*state, &lock, &err), 0);
    assert_int_equal(dc_journal_open(*state, &second_lock, &busy), -1);
    assert_int_equal(busy.kind, DC_BUSY);
    close(lock);
    assert_int_equal(dc_journal_open(*state, &lock, &err), 0); /* after a crash, say */
    close(lock);
    assert_int_equal(dc_journal_save(*state, &sample, &err), 0);
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(f.n, 1);
    assert_memory_equal(&f.last, &sample, sizeof sample);
    snprintf(path, sizeof path, "%s/f-1.json", (char *)*state);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);

    assert_int_equal(dc_journal_save(*state, &second, &err), 0);
    assert_int_equal(dc_journal_save(*state, &second, &err), 0); /* replaces */
    f.n = 0;
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(f.n, 2);
    assert_int_equal(dc_journal_remove(*state, "f-1", &err), 0);
    assert_int_equal(dc_journal_remove(*state, "f-2", &err), 0);
    assert_int_equal(dc_journal_remove(*state, "f-2", &err), 0); /* again */
    f.n = 0;
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(f.n, 0);
}

/* What cannot be read is passed over and stays; a half-written record never counted. */
static void unreadable(void **state)
{
    static const char bad_name[] = "{\"version\": 1, \"fill\": \"../x\", \"generation\": 1, "
                                   "\"claim\": \"c\", \"driver\": \"d\", \"volume\": \"v\", "
                                   "\"staging\": \"s\", \"target\": \"t\"}";
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\": 2, \"fill\": \"bad\"}",
        "{\"version\": 1, \"fill\": \"bad\"}",
        bad_name,
    };
    struct dc_err err = {0};
    struct found f = {0};
    char path[256];

    assert_int_equal(dc_journal_save(*state, &sample, &err), 0);
    write_text(*state, "f-3.json.new", "{");
    snprintf(path, sizeof path, "%s/bad.json", (char *)*state);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(*state, "bad.json", texts[i]);
        f.n = 0;
        assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
        assert_int_equal(f.n, 1);
        assert_int_equal(access(path, F_OK), 0);
    }
}

static void no_directory(void **state)
{
    struct dc_err save = {0}, load = {0}, open = {0};
    int lock;

    (void)state;
    assert_int_equal(dc_journal_save("/nonexistent", &sample, &save), -1);
    assert_int_equal(save.kind, DC_DEVICE);
    assert_int_equal(dc_journal_load("/nonexistent", take, NULL, &load), -1);
    assert_int_equal(dc_journal_open("/nonexistent/deeper", &lock, &open), -1);
}

static void fill_ids(void **state)
{
    static const struct {
        const char *id;
        bool valid;
    } cases[] = {
        {"0b8e6c1a-6a7e-4f6b-9d0c-1f2e3d4c5b6a", true},
        {"a.b_c-D", true},
        {"", false},
        {".hidden", false},
        {"..", false},
        {"a/b", false},
        {"a b", false},
        {"\xc3\xa4", false},
        {"0123456789012345678901234567890123456789012345678901234567890123", true},
        {"01234567890123456789012345678901234567890123456789012345678901234", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(dc_fill_id_valid(cases[i].id), cases[i].valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(unreadable, setup, teardown),
        cmocka_unit_test(no_directory),
        cmocka_unit_test(fill_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
