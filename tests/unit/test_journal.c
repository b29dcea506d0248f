// SPDX-License-Identifier: Apache-2.0
/* test_journal.c - records that survive, records that are damaged. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
    static const char *const names[] = {"f-1.json", "f-2.json", "f-3.json.tmp", "bad.json",
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
    .paths = {"/k/decant-pv", "/k/decant-pv/f"},
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

#define RECORD(fill, driver, target)                                                 \
    "{\"version\": 1, \"fill\": \"" fill "\", \"generation\": 1, \"claim\": \"c\", " \
    "\"driver\": \"" driver                                                          \
    "\", \"volume\": \"v\", \"staging\": \"/k/decant-p\", \"target\": \"" target "\"}"

/* What is damaged is set aside, told once and stops nobody; what is half-written never counted. */
static void damaged(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\": 2, \"fill\": \"bad\"}",
        "{\"version\": 1, \"fill\": \"bad\"}",
        RECORD("../x", "d", "/k/decant-p/f"),
        RECORD("f-1", "d", "/k/decant-p/f"), /* of another fill */
        RECORD("bad", "../d", "/k/decant-p/f"),
        RECORD("bad", "d", "/etc"),
        RECORD("bad", "d", "decant-p/f"),
    };
    struct dc_err err = {0};
    struct found f = {0};
    char path[256], aside[256];

    assert_int_equal(dc_journal_save(*state, &sample, &err), 0);
    write_text(*state, "f-3.json.tmp", "{");
    snprintf(path, sizeof path, "%s/bad.json", (char *)*state);
    snprintf(aside, sizeof aside, "%s/bad.json.bad", (char *)*state);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(*state, "bad.json", texts[i]);
        for (int again = 0; again < 2; again++) {
            f.n = 0;
            assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
            assert_int_equal(f.n, 1);
            assert_string_equal(f.last.fill_id, "f-1");
        }
        assert_int_not_equal(access(path, F_OK), 0);
        assert_int_equal(unlink(aside), 0);
    }
    write_text(*state, "bad.json", RECORD("bad", "d", "/k/decant-p/f")); /* that is right */
    f.n = 0;
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(f.n, 2);
}

/* A pipe or a directory where a record should be does not hold up the start. */
static void no_files(void **state)
{
    struct dc_err err = {0};
    struct found f = {0};
    char path[256];

    snprintf(path, sizeof path, "%s/bad.json", (char *)*state);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/bad.json.bad", (char *)*state);
    assert_int_equal(unlink(path), 0); /* the pipe */
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(f.n, 0);
}

/* Nothing is attached when it cannot be written down, and nothing is left of the try. */
static void full_disk(void **state)
{
    struct rlimit old, none = {0};
    struct dc_err err = {0};
    struct found f = {0};

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    none.rlim_max = old.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    int rc = dc_journal_save(*state, &sample, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(rc, -1);
    assert_non_null(strstr(err.msg, "what is to be attached"));
    dc_err_clear(&err);
    assert_int_equal(dc_journal_load(*state, take, &f, &err), 0);
    assert_int_equal(f.n, 0);
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
        cmocka_unit_test_setup_teardown(damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(no_files, setup, teardown),
        cmocka_unit_test_setup_teardown(full_disk, setup, teardown),
        cmocka_unit_test(no_directory),
        cmocka_unit_test(fill_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
