// SPDX-License-Identifier: Apache-2.0
/*
 * node/engine.c - one fill on a writer's loop, waited for by the job's thread.
 *
 * What is posted to the loop lives in a struct on the waiting thread's stack, so the wait ends
 * only when the fill is over and every post has run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/num.h"
#include "decant/cleanup.h"
#include "decant/fill.h"
#include "node/agent.h"
#include "node/space.h"

#define WAIT_MS 60000u

/* KubeVirt's VMs run as this user and group (STO-1, STO-6). */
#define QEMU_ID   107
#define QEMU_MODE 0660

static const char image_name[] = "disk.img";

struct run {
    struct dc_agent *agent;
    struct dc_job *job;
    struct dc_loop *loop;
    struct dc_fill_spec spec;
    struct dc_loop_work start, cancel;
    struct dc_fill *fill; /* the loop's thread only */

    /* Under the table's lock. */
    bool over, cancel_posted, cancel_ran;
    struct dc_err err;
};

static void on_progress(void *arg, const struct dc_fill_progress *progress)
{
    struct run *r = arg;

    dc_job_progress(r->agent->table, r->job, progress);
}

static void run_over(struct run *r, const struct dc_err *err)
{
    struct dc_table *t = r->agent->table;

    pthread_mutex_lock(&t->lock);
    r->err = *err;
    r->over = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock); /* from here r may be gone */
}

static void on_done(void *arg, const struct dc_fill_progress *progress,
                    const struct dc_err *err)
{
    struct run *r = arg;

    r->fill = NULL;
    dc_job_progress(r->agent->table, r->job, progress);
    run_over(r, err);
}

static void do_start(struct dc_loop_work *w)
{
    struct run *r = dc_container_of(w, struct run, start);
    const struct dc_fill_events events = {on_progress, on_done, r};
    struct dc_err err = {0};

    if (dc_fill_start(r->loop, &r->spec, &events, &r->fill, &err) != 0)
        run_over(r, &err);
}

static void do_cancel(struct dc_loop_work *w)
{
    struct run *r = dc_container_of(w, struct run, cancel);
    struct dc_table *t = r->agent->table;

    if (r->fill)
        dc_fill_cancel(r->fill);
    pthread_mutex_lock(&t->lock);
    r->cancel_ran = true;
    pthread_cond_broadcast(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

static int run_wait(struct run *r, struct dc_err *err)
{
    struct dc_table *t = r->agent->table;

    dc_loop_post(r->loop, &r->start);
    pthread_mutex_lock(&t->lock);
    while (!r->over || r->cancel_posted != r->cancel_ran) {
        if (r->job->cancel && !r->cancel_posted && !r->over) {
            r->cancel_posted = true;
            pthread_mutex_unlock(&t->lock);
            dc_loop_post(r->loop, &r->cancel);
            pthread_mutex_lock(&t->lock);
            continue;
        }
        dc_table_wait_locked(t, WAIT_MS);
    }
    pthread_mutex_unlock(&t->lock);
    *err = r->err;
    return err->kind == DC_OK ? 0 : -1;
}

/* What an earlier try left is in the way of a free-space check. */
static int prepare_file(const char *path, const char *dir, uint64_t capacity,
                        struct dc_space *ret, struct dc_err *err)
{
    struct statvfs fs;

    if (unlink(path) != 0 && errno != ENOENT)
        return dc_fail(err, DC_DEVICE, errno, "remove the old %s", path);
    if (statvfs(dir, &fs) != 0)
        return dc_fail(err, DC_DEVICE, errno, "free space of %s", dir);
    *ret = dc_space_of((uint64_t)fs.f_bavail * fs.f_frsize, capacity);
    return 0;
}

static int finish_file(const char *path, struct dc_err *err)
{
    dc_autoclose int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open %s", path);
    if (fchown(fd, QEMU_ID, QEMU_ID) != 0 || fchmod(fd, QEMU_MODE) != 0 || fsync(fd) != 0)
        return dc_fail(err, DC_DEVICE, errno, "owner %d:%d and mode %o of %s", QEMU_ID, QEMU_ID,
                       QEMU_MODE, path);
    return 0;
}

/* The engine knows the image and the file; what the claim must ask for is more than either. */
static void explain(struct run *r, uint64_t capacity, struct dc_err *err)
{
    char image[DC_SIZE_TEXT], room[DC_SIZE_TEXT], needed[DC_SIZE_TEXT];
    uint64_t max = r->spec.max_bytes;
    struct dc_job_view view;

    dc_job_look(r->agent->table, r->job, &view);
    if (err->kind != DC_NO_SPACE || view.progress.image <= max)
        return;
    uint64_t bytes = dc_space_needed(view.progress.image, false, capacity, max);
    dc_err_clear(err);
    dc_fail(err, DC_NO_SPACE, 0,
            "the image needs %llu bytes (%s) and the volume's file system has room for %s; use "
            "a claim of at least %llu bytes (%s)",
            (unsigned long long)view.progress.image, dc_size_text(view.progress.image, image),
            dc_size_text(max, room), (unsigned long long)bytes, dc_size_text(bytes, needed));
}

static int fill_block(struct run *r, struct dc_err *err)
{
    r->spec.target = DC_TARGET_DEVICE;
    r->spec.target_path = r->job->record.paths.target;
    return run_wait(r, err);
}

static int fill_file(struct run *r, uint64_t capacity, struct dc_err *err)
{
    const char *dir = r->job->record.paths.target;
    dc_autofree char *path = dc_asprintf("%s/%s", dir, image_name);
    struct dc_space space;

    if (!path)
        return dc_fail(err, DC_NO_MEMORY, 0, "path of %s", image_name);
    if (prepare_file(path, dir, capacity, &space, err) != 0)
        return -1;
    if (space.max == 0)
        return dc_fail(err, DC_NO_SPACE, 0, "the file system at %s is full", dir);
    r->spec.target = DC_TARGET_FILE;
    r->spec.target_path = path;
    r->spec.file_bytes = space.file;
    r->spec.max_bytes = space.max;
    if (run_wait(r, err) == 0)
        return finish_file(path, err);
    explain(r, capacity, err);
    return -1;
}

int dc_engine_run(struct dc_agent *agent, struct dc_job *job, const struct dc_request *req,
                  struct dc_err *err)
{
    const Decant__V1alpha1__StartFillRequest *msg = req->msg;
    struct run r = {
        .agent = agent,
        .job = job,
        .loop = dc_writers_next(agent->writers),
        .spec = {.id = job->record.fill_id,
                 .source = req->source,
                 .checksum = msg->checksum[0] ? msg->checksum : NULL,
                 .validator = msg->validator[0] ? msg->validator : NULL},
        .start.run = do_start,
        .cancel.run = do_cancel,
    };

    if (req->volume.block)
        return fill_block(&r, err);
    return fill_file(&r, msg->volume->capacity_bytes, err);
}
