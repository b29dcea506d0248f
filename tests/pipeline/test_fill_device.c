// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_fill_device.c - images of every awkward size onto devices full of garbage. */
#include "pipeline/fixture.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/num.h"
#include "lib/http_server.h"
#include "lib/image.h"

#define DEVICE_BYTES (8 * DC_MIB)

static struct dc_fill_spec spec_of(const char *url, const char *path)
{
    return (struct dc_fill_spec){.id = "test",
                                 .source = {.kind = DC_SOURCE_HTTP, .url = url},
                                 .target = DC_TARGET_DEVICE,
                                 .target_path = path};
}

static void digest_of(const char *algorithm, const void *data, size_t len, char *ret)
{
    struct dc_digest *d = NULL;
    struct dc_err err = {0};

    assert_int_equal(dc_digest_new(algorithm, &d, &err), 0);
    assert_int_equal(dc_digest_add(d, data, len, &err), 0);
    assert_int_equal(dc_digest_finish(d, ret, &err), 0);
    dc_digest_free(d);
}

/* One image over a given connection; the device must end equal to it, its tail zero. */
static void fill_one(struct t_device *d, const struct t_reply *reply)
{
    struct t_server *s = t_server_start(reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/disk.img"), d->path);
    char want[DC_DIGEST_TEXT];
    struct t_fill t;

    t_device_dirty(d);
    t_fill_run(&t, &spec, DC_OK);
    assert_true(t_same(d->path, reply->body, reply->len, d->bytes));
    digest_of("sha256", reply->body, reply->len, want);
    assert_string_equal(t.progress.digest, want);
    assert_int_equal(t.progress.pulled, reply->len);
    assert_int_equal(t.progress.durable, d->bytes);
    assert_int_equal(t.progress.written, d->bytes);
    t_server_stop(s);
}

static void sizes(void **state, unsigned block)
{
    static const size_t size[] = {1,
                                  511,
                                  512,
                                  513,
                                  4095,
                                  4096,
                                  4097,
                                  65536 + 1,
                                  DC_MIB - 1,
                                  DC_MIB,
                                  DC_MIB + 1,
                                  3 * DC_MIB + 777,
                                  8 * DC_MIB - 1,
                                  DEVICE_BYTES};
    struct t_device d;

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, block))
        skip();
    for (size_t i = 0; i < DC_LEN(size); i++) {
        char *image = t_image_new(size[i], i % 2);

        fill_one(&d, &(struct t_reply){.body = image, .len = size[i], .etag = "\"1\""});
        fill_one(&d, &(struct t_reply){.body = image, .len = size[i], .chunked = true});
        free(image);
    }
    t_device_close(&d);
}

static void every_size_on_512(void **state)
{
    sizes(state, 512);
}

static void every_size_on_4096(void **state)
{
    sizes(state, 4096);
}

static void every_fragment(void **state)
{
    static const struct {
        size_t fragment, size;
    } rows[] = {{1, 70001}, {7, 200003}, {4096, 3 * DC_MIB + 5}, {65537, 5 * DC_MIB}};
    struct t_device d;

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    for (size_t i = 0; i < DC_LEN(rows); i++) {
        char *image = t_image_new(rows[i].size, true);

        fill_one(&d, &(struct t_reply){
                         .body = image, .len = rows[i].size, .fragment = rows[i].fragment});
        free(image);
    }
    t_device_close(&d);
}

static void only_zeros(void **state)
{
    static char zeros[3 * 1024 * 1024 + 1];
    struct t_device d;

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    fill_one(&d, &(struct t_reply){.body = zeros, .len = sizeof zeros});
    fill_one(&d, &(struct t_reply){.body = zeros, .len = 1});
    t_device_close(&d);
}

static void little_memory_is_enough(void **state)
{
    struct t_device d;
    char *image = t_image_new(3 * DC_MIB + 777, true);
    const struct t_reply reply = {.body = image, .len = 3 * DC_MIB + 777};

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    spec.memory_bytes = DC_MIB;
    t_fill_run(&t, &spec, DC_OK);
    assert_true(t_same(d.path, image, reply.len, d.bytes));
    t_server_stop(s);
    t_device_close(&d);
    free(image);
}

/* Refused before the first write: the garbage is untouched, and the size needed is named. */
static void too_large_is_refused_first(void **state)
{
    struct t_device d;
    char *image = t_image_new(DEVICE_BYTES + 1, false), *garbage = malloc(DEVICE_BYTES);
    const struct t_reply reply = {.body = image, .len = DEVICE_BYTES + 1};

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    t_fill_run(&t, &spec, DC_NO_SPACE);
    assert_non_null(strstr(t.err.msg, "8388609"));
    memset(garbage, 0xa5, DEVICE_BYTES);
    assert_true(t_same(d.path, garbage, DEVICE_BYTES, DEVICE_BYTES));
    t_server_stop(s);
    t_device_close(&d);
    free(image);
    free(garbage);
}

/* Nobody said how large it is: found out when it does not fit any more. */
static void too_large_is_found_late(void **state)
{
    struct t_device d;
    char *image = t_image_new(DEVICE_BYTES + 1, false);
    const struct t_reply reply = {.body = image, .len = DEVICE_BYTES + 1, .chunked = true};

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    t_fill_run(&t, &spec, DC_NO_SPACE);
    assert_non_null(strstr(t.err.msg, "more than"));
    t_server_stop(s);
    t_device_close(&d);
    free(image);
}

static void a_held_device_is_busy(void **state)
{
    struct t_device d;
    const struct t_reply reply = {.body = "x", .len = 1};

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    int held = open(d.path, O_RDONLY | O_EXCL | O_CLOEXEC);
    assert_true(held >= 0);
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    t_fill_run(&t, &spec, DC_BUSY);
    assert_non_null(strstr(t.err.msg, d.path));
    close(held);
    t_fill_run(&t, &spec, DC_OK); /* nothing is left behind that would hold it */
    t_server_stop(s);
    t_device_close(&d);
}

static void a_read_only_device_fails(void **state)
{
    struct t_device d;
    const struct t_reply reply = {.body = "x", .len = 1};
    int on = 1;

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    assert_int_equal(ioctl(d.fd, BLKROSET, &on), 0);
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    t_fill_run(&t, &spec, DC_DEVICE);
    on = 0;
    assert_int_equal(ioctl(d.fd, BLKROSET, &on), 0); /* the number will be used again */
    t_server_stop(s);
    t_device_close(&d);
}

static void a_cancel_takes_no_second(void **state)
{
    struct t_device d;
    char *image = t_image_new(4 * DC_MIB, false);
    const struct t_reply reply = {
        .body = image, .len = 4 * DC_MIB, .stall = true, .stall_after = 3 * DC_MIB};

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    t_fill_start(&t, &spec);
    uint64_t end = dc_clock_ns() + 10 * DC_NS_PER_S;
    while (t.progress.durable == 0 && dc_clock_ns() < end)
        t_fill_turn(&t, 100);
    assert_true(t.progress.durable > 0); /* a checkpoint in mid-fill */
    dc_fill_cancel(t.fill);
    dc_fill_cancel(t.fill);
    assert_false(t.ended);
    uint64_t begin = dc_clock_ns();
    t_fill_wait(&t);
    assert_true(dc_clock_ns() - begin < DC_NS_PER_S);
    assert_int_equal(t.err.kind, DC_CANCELLED);
    t_server_stop(s);
    t_device_close(&d);
    free(image);
}

/* In every state that the machine can be in, the flush among them. */
static void a_cancel_may_come_at_any_turn(void **state)
{
    struct t_device d;
    char *image = t_image_new(3 * DC_MIB, false);
    const struct t_reply reply = {.body = image, .len = 3 * DC_MIB};

    (void)state;
    if (!t_device_open(&d, DEVICE_BYTES, 512))
        skip();
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), d.path);
    struct t_fill t;

    for (int turns = 0, ended_well = 0; ended_well < 5; turns = t.err.kind ? turns + 1 : 0) {
        assert_true(turns < 5000);
        t_fill_start(&t, &spec);
        for (int i = 0; i < turns && !t.ended; i++)
            t_fill_turn(&t, 1000);
        if (!t.ended)
            dc_fill_cancel(t.fill);
        t_fill_wait(&t);
        assert_true(t.err.kind == DC_OK || t.err.kind == DC_CANCELLED);
        ended_well += t.err.kind == DC_OK;
    }
    assert_true(t_same(d.path, image, reply.len, d.bytes));
    t_server_stop(s);
    t_device_close(&d);
    free(image);
}

/* No device, but a file on a file system that is smaller than the image. */
static void a_full_file_system_is_told(void **state)
{
    char dir[] = "/var/tmp/decant-full-XXXXXX", path[64];
    char *image = t_image_new(3 * DC_MIB, false);
    const struct t_reply reply = {.body = image, .len = 3 * DC_MIB};
    struct t_fill t;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/disk.img", dir);
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", dir, "tmpfs", 0, "size=1m") != 0)
        skip();
    struct t_server *s = t_server_start(&reply, 1);
    struct dc_fill_spec spec = spec_of(t_server_url(s, "/x"), path);

    spec.target = DC_TARGET_FILE;
    t_fill_run(&t, &spec, DC_NO_SPACE);
    assert_non_null(strstr(t.err.msg, "larger volume"));
    t_server_stop(s);
    assert_int_equal(umount(dir), 0);
    rmdir(dir);
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_on_512),
        cmocka_unit_test(every_size_on_4096),
        cmocka_unit_test(every_fragment),
        cmocka_unit_test(only_zeros),
        cmocka_unit_test(little_memory_is_enough),
        cmocka_unit_test(too_large_is_refused_first),
        cmocka_unit_test(too_large_is_found_late),
        cmocka_unit_test(a_held_device_is_busy),
        cmocka_unit_test(a_read_only_device_fails),
        cmocka_unit_test(a_cancel_takes_no_second),
        cmocka_unit_test(a_cancel_may_come_at_any_turn),
        cmocka_unit_test(a_full_file_system_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
