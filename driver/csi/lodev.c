// SPDX-License-Identifier: Apache-2.0
/* csi/lodev.c - loop devices, found again by the identity of the file behind them. */
#include "csi/lodev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "base/num.h"
#include "decant/cleanup.h"
#include "decant/log.h"

#define LOOP_MAJOR 7
/* Others take free devices too; each loss is one more look. */
#define ATTACH_TRIES 64
/* Scanners such as udev open a device for a moment: this long we wait for them. */
#define DETACH_TRIES   100
#define DETACH_WAIT_NS (10 * 1000 * 1000)

#define LOOP_SYSFS "/sys/block"

static void close_dir_at(DIR **d)
{
    if (*d)
        (void)closedir(*d);
}

/* One line of /sys/block/loopN/loop/NAME; false when the device is not attached. */
static bool sysfs_read(int number, const char *name, char *buf, size_t size)
{
    char path[96];

    (void)snprintf(path, sizeof path, LOOP_SYSFS "/loop%d/loop/%s", number, name);
    dc_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, buf, size - 1);
    if (n <= 0)
        return false;
    buf[n] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    return true;
}

static bool is_attached(int number)
{
    char text[8];

    return sysfs_read(number, "autoclear", text, sizeof text);
}

/* devtmpfs makes the node; a /dev of a container may be a plain directory that lacks it. */
static int open_node(int number, int flags)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/dev/loop%d", number);
    int fd = open(path, flags | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mknod(path, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number)) != 0 &&
        errno != EEXIST)
        return -1;
    return open(path, flags | O_CLOEXEC);
}

static void describe(int number, struct dc_lodev *ret)
{
    char dio[8] = "";

    *ret = (struct dc_lodev){.rdev = makedev(LOOP_MAJOR, (unsigned)number)};
    (void)snprintf(ret->path, sizeof ret->path, "/dev/loop%d", number);
    ret->direct = sysfs_read(number, "dio", dio, sizeof dio) && strcmp(dio, "1") == 0;
}

/* Whether loopN has this file behind it, with this access. */
static bool backs(int number, const struct stat *image, bool readonly)
{
    struct loop_info64 info;

    if (!is_attached(number))
        return false;
    dc_autoclose int fd = open_node(number, O_RDONLY);
    if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) != 0)
        return false;
    return info.lo_device == image->st_dev && info.lo_inode == image->st_ino &&
           ((info.lo_flags & LO_FLAGS_READ_ONLY) != 0) == readonly;
}

/* The number of the first loop device that fn() likes, -1 when there is none. */
static int find_number(bool (*fn)(int number, const void *arg), const void *arg)
{
    DC_AUTO(close_dir_at) DIR *dir = opendir(LOOP_SYSFS);

    if (!dir)
        return -1;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        uint64_t number;

        if (strncmp(e->d_name, "loop", 4) == 0 && dc_parse_u64(e->d_name + 4, &number) &&
            number <= INT32_MAX && fn((int)number, arg))
            return (int)number;
    }
    return -1;
}

struct image {
    struct stat st;
    bool readonly;
};

static bool backs_image(int number, const void *arg)
{
    const struct image *image = arg;

    return backs(number, &image->st, image->readonly);
}

static int number_of(int image_fd, bool readonly, int *ret, struct dc_err *err)
{
    struct image image = {.readonly = readonly};

    if (fstat(image_fd, &image.st) != 0)
        return dc_fail(err, DC_DEVICE, errno, "stat of a volume's image");
    *ret = find_number(backs_image, &image);
    return 0;
}

int dc_lodev_find(int image_fd, bool readonly, struct dc_lodev *ret, bool *ret_found,
                  struct dc_err *err)
{
    int number;

    if (number_of(image_fd, readonly, &number, err) != 0)
        return -1;
    if (number >= 0)
        describe(number, ret);
    *ret_found = number >= 0;
    return 0;
}

/* A device that was told to go with its last user stays after all. */
static int keep(int number, struct dc_err *err)
{
    struct loop_info64 info;

    dc_autoclose int fd = open_node(number, O_RDONLY);
    if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) != 0)
        return dc_fail(err, DC_DEVICE, errno, "look at /dev/loop%d", number);
    if (!(info.lo_flags & LO_FLAGS_AUTOCLEAR))
        return 0;
    info.lo_flags &= ~(unsigned)LO_FLAGS_AUTOCLEAR;
    if (ioctl(fd, LOOP_SET_STATUS64, &info) != 0)
        return dc_fail(err, DC_DEVICE, errno, "keep /dev/loop%d", number);
    return 0;
}

enum try_answer { TRY_DONE, TRY_AGAIN, TRY_FAIL };

static enum try_answer try_attach(int control, const struct loop_config *config,
                                  int *ret_number, struct dc_err *err)
{
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0) {
        dc_fail(err, DC_EXHAUSTED, errno, "no free loop device on this node");
        return TRY_FAIL;
    }
    dc_autoclose int fd = open_node(number, O_RDWR);
    if (fd < 0) {
        dc_fail(err, DC_DEVICE, errno, "open /dev/loop%d", number);
        return TRY_FAIL;
    }
    if (ioctl(fd, LOOP_CONFIGURE, config) == 0) {
        *ret_number = number;
        return TRY_DONE;
    }
    if (errno == EBUSY || errno == ENXIO)
        return TRY_AGAIN; /* somebody else was quicker */
    dc_fail(err, DC_DEVICE, errno, "set up /dev/loop%d", number);
    return TRY_FAIL;
}

int dc_lodev_attach(int image_fd, const char *label, bool readonly, struct dc_lodev *ret,
                    struct dc_err *err)
{
    int number;

    if (number_of(image_fd, readonly, &number, err) != 0)
        return -1;
    if (number >= 0 && keep(number, err) != 0)
        return -1;
    if (number >= 0) {
        describe(number, ret);
        return 0;
    }

    struct loop_config config = {.fd = (uint32_t)image_fd, .block_size = 512};
    config.info.lo_flags = LO_FLAGS_DIRECT_IO | (readonly ? LO_FLAGS_READ_ONLY : 0u);
    (void)snprintf((char *)config.info.lo_file_name, sizeof config.info.lo_file_name, "%s",
                   label);

    dc_autoclose int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return dc_fail(err, DC_DEVICE, errno,
                       "open /dev/loop-control: load the kernel's loop module on this node");

    enum try_answer answer = TRY_AGAIN;
    for (int i = 0; i < ATTACH_TRIES && answer == TRY_AGAIN; i++)
        answer = try_attach(control, &config, &number, err);
    if (answer == TRY_AGAIN)
        return dc_fail(err, DC_EXHAUSTED, 0, "other processes took %d loop devices before us",
                       ATTACH_TRIES);
    if (answer == TRY_FAIL)
        return -1;
    describe(number, ret);
    return 0;
}

/* The kernel takes a device down when its last user closes it; we are one until here. */
static int clear(int number, struct dc_err *err)
{
    dc_autoclose int fd = open_node(number, O_RDONLY);

    if (fd < 0)
        return dc_fail(err, DC_DEVICE, errno, "open /dev/loop%d", number);
    if (ioctl(fd, LOOP_CLR_FD) != 0 && errno != ENXIO)
        return dc_fail(err, errno == EBUSY ? DC_PRECONDITION : DC_DEVICE, errno,
                       "take down /dev/loop%d", number);
    return 0;
}

int dc_lodev_detach(int image_fd, bool readonly, struct dc_err *err)
{
    const struct timespec wait = {.tv_nsec = DETACH_WAIT_NS};
    int number;

    if (number_of(image_fd, readonly, &number, err) != 0)
        return -1;
    if (number < 0)
        return 0;
    if (clear(number, err) != 0)
        return -1;

    for (int i = 0; i < DETACH_TRIES; i++) {
        int now;

        if (number_of(image_fd, readonly, &now, err) != 0)
            return -1;
        if (now < 0)
            return 0;
        (void)nanosleep(&wait, NULL);
    }
    return dc_fail(err, DC_PRECONDITION, 0,
                   "/dev/loop%d is still open; end whatever uses it (fuser /dev/loop%d)",
                   number, number);
}

static bool backing_deleted(int number, const void *arg)
{
    static const char tail[] = " (deleted)";
    const char *dir = arg;
    char file[4096];

    if (!sysfs_read(number, "backing_file", file, sizeof file))
        return false;
    size_t len = strlen(file), cut = strlen(dir);
    return len > sizeof tail && strcmp(file + len - (sizeof tail - 1), tail) == 0 &&
           strncmp(file, dir, cut) == 0 && file[cut] == '/';
}

/* A look at all of them, each cleared at most once: one with a user left only goes later. */
static bool clear_deleted(int number, const void *arg)
{
    struct dc_err err = {0};

    if (backing_deleted(number, arg) && clear(number, &err) != 0)
        dc_log_err(DC_LOG_WARN, "csi", "ignoring: loop device of a deleted image", &err, NULL);
    return false;
}

void dc_lodev_sweep_deleted(const char *dir)
{
    (void)find_number(clear_deleted, dir);
}
