// SPDX-License-Identifier: Apache-2.0
/* perf/fill/fill_once.c - fill one target from one URL and print how long it took. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/num.h"
#include "decant/fill.h"
#include "net/loop.h"

struct run {
    struct dc_loop *loop;
    struct dc_fill_progress progress;
    struct dc_err err;
};

static void on_done(void *arg, const struct dc_fill_progress *progress,
                    const struct dc_err *err)
{
    struct run *r = arg;

    r->progress = *progress;
    r->err = *err;
    dc_loop_stop(r->loop);
}

static double cpu_seconds(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static long peak_kib(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* One line: seconds, MiB/s of the volume, CPU seconds, peak MiB, bytes, digest. */
int main(int argc, char **argv)
{
    struct run r = {0};
    struct dc_fill *fill = NULL;
    struct dc_err err = {0};
    struct stat st;

    if (argc != 3) {
        fprintf(stderr, "usage: fill_once URL|PATH TARGET\n");
        return 2;
    }
    bool device = stat(argv[2], &st) == 0 && S_ISBLK(st.st_mode);
    bool http = strncmp(argv[1], "http", 4) == 0;
    const struct dc_fill_spec spec = {
        .id = "perf",
        .source = {.kind = http ? DC_SOURCE_HTTP : DC_SOURCE_FILE, .url = argv[1]},
        .target = device ? DC_TARGET_DEVICE : DC_TARGET_FILE,
        .target_path = argv[2]};
    const struct dc_fill_events ev = {.done = on_done, .arg = &r};
    uint64_t begin = dc_clock_ns();

    if (dc_loop_new(&r.loop, &err) != 0 ||
        dc_fill_start(r.loop, &spec, &ev, &fill, &err) != 0 || dc_loop_run(r.loop, &err) != 0)
        r.err = err;
    dc_loop_free(r.loop);
    if (r.err.kind != DC_OK) {
        fprintf(stderr, "fill_once: %s: %s\n", dc_err_name(r.err.kind), r.err.msg);
        return 1;
    }
    double seconds = (double)(dc_clock_ns() - begin) / (double)DC_NS_PER_S;
    printf("%.3f s %.0f MiB/s %.2f cpu-s %ld MiB %" PRIu64 " bytes %s\n", seconds,
           (double)r.progress.durable / (double)DC_MIB / seconds, cpu_seconds(),
           peak_kib() / 1024, r.progress.durable, r.progress.digest);
    return 0;
}
