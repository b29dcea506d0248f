// SPDX-License-Identifier: Apache-2.0
/* csi/mkfs.c - what a volume holds, and making a file system on an empty one. */
#include "csi/mkfs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "decant/cleanup.h"

/* linux/magic.h and Documentation/filesystems/ext4/super.rst: s_magic, little endian. */
#define EXT_MAGIC_OFF 1080
/* XFS Algorithms and Data Structures, "Superblocks": sb_magicnum, big endian "XFSB". */
#define XFS_MAGIC "XFSB"

#define WORDS_MAX 240 /* of what mkfs said: the end, where the reason is */

int dc_content_probe(int fd, enum dc_content *ret, struct dc_err *err)
{
    unsigned char head[2048] = {0};

    if (lseek(fd, 0, SEEK_DATA) < 0) {
        if (errno != ENXIO)
            return dc_fail(err, DC_DEVICE, errno, "look for data in an image");
        *ret = DC_CONTENT_EMPTY;
        return 0;
    }
    if (pread(fd, head, sizeof head, 0) < 0)
        return dc_fail(err, DC_DEVICE, errno, "read the head of an image");

    if (memcmp(head, XFS_MAGIC, 4) == 0)
        *ret = DC_CONTENT_XFS;
    else if (head[EXT_MAGIC_OFF] == 0x53 && head[EXT_MAGIC_OFF + 1] == 0xef)
        *ret = DC_CONTENT_EXT;
    else
        *ret = DC_CONTENT_OTHER;
    return 0;
}

/* Keep the end of what comes out of fd, on one line. */
static void read_words(int fd, char words[WORDS_MAX])
{
    char part[512];
    size_t len = 0;

    for (;;) {
        ssize_t got = read(fd, part, sizeof part);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        for (ssize_t i = 0; i < got; i++) {
            if (len == WORDS_MAX - 1) {
                memmove(words, words + 1, --len);
            }
            words[len++] = part[i] >= ' ' && part[i] < 0x7f ? part[i] : ' ';
        }
    }
    while (len > 0 && words[len - 1] == ' ')
        len--;
    words[len] = '\0';
}

/* Signals as a program expects them, its output into our pipe, nothing to read. */
static int spawn(char *const argv[], int out, pid_t *ret, struct dc_err *err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    char *const env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    if (posix_spawn_file_actions_init(&files) != 0 || posix_spawnattr_init(&attr) != 0)
        return dc_fail(err, DC_NO_MEMORY, 0, "start %s", argv[0]);
    int rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&files, out, 1);
    if (rc == 0)
        rc = posix_spawn_file_actions_adddup2(&files, out, 2);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(&attr, &none);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(&attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (rc == 0)
        rc = posix_spawnp(ret, argv[0], &files, &attr, argv, env);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attr);
    if (rc == ENOENT)
        return dc_fail(err, DC_UNSUPPORTED, 0, "%s is not installed on this node", argv[0]);
    return rc == 0 ? 0 : dc_fail(err, DC_INTERNAL, rc, "start %s", argv[0]);
}

static int run(char *const argv[], struct dc_err *err)
{
    int ends[2], status;
    char words[WORDS_MAX] = "";
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return dc_fail(err, DC_NO_MEMORY, errno, "pipe for %s", argv[0]);
    dc_autoclose int in = ends[0];
    int rc = spawn(argv, ends[1], &pid, err);
    (void)close(ends[1]);
    if (rc != 0)
        return -1;

    read_words(in, words);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return dc_fail(err, DC_INTERNAL, errno, "wait for %s", argv[0]);
    if (!WIFEXITED(status))
        return dc_fail(err, DC_DEVICE, 0, "%s was killed by signal %d", argv[0],
                       WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return dc_fail(err, DC_DEVICE, 0, "%s: exit %d: %s", argv[0], WEXITSTATUS(status),
                       words);
    return 0;
}

int dc_mkfs(const char *fs, const char *device, struct dc_err *err)
{
    char path[64];

    if (strlen(device) >= sizeof path)
        return dc_fail(err, DC_INTERNAL, 0, "device path %s is too long", device);
    memcpy(path, device, strlen(device) + 1);

    /* No discard: the image is a hole already. No reserve for root: it is no system disk. */
    char *const ext4[] = {"mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard", path, NULL};
    char *const xfs[] = {"mkfs.xfs", "-q", "-f", "-K", path, NULL};

    return run(strcmp(fs, "xfs") == 0 ? xfs : ext4, err);
}
