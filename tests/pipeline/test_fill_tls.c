// SPDX-License-Identifier: Apache-2.0
/* pipeline/test_fill_tls.c - https: whom it trusts, and that it is not left for http. */
#include "pipeline/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/image.h"

extern char **environ;

enum { BYTES = 300001 };

struct tls {
    char dir[64], image_path[96], moved_path[96], cert[96], key[96], target[96], url[64];
    char *image, pem[8192];
    pid_t pid;
};

/* openssl as a child; its standard output at the other end of *ret_out, when asked for. */
static pid_t openssl(const char *dir, char *const argv[], int *ret_out)
{
    posix_spawn_file_actions_t actions;
    int out[2];
    pid_t pid;

    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, dir);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    assert_int_equal(posix_spawnp(&pid, "openssl", &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(out[1]);
    if (ret_out)
        *ret_out = out[0];
    else
        close(out[0]);
    return pid;
}

/* A whole answer, as the server sends it. */
static void save(const char *path, const char *head, const void *body, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, head, strlen(head)), strlen(head));
    assert_int_equal(write(fd, body, len), len);
    close(fd);
}

/* "ACCEPT 127.0.0.1:PORT" is the server's first word. */
static unsigned port_of(int out)
{
    char said[256] = "";
    size_t len = 0;
    unsigned long port = 0;

    while (port == 0 && len < sizeof said - 1) {
        ssize_t n = read(out, said + len, 1);

        if (n <= 0)
            break;
        len += (size_t)n;
        char *colon = said[len - 1] == '\n' ? strrchr(said, ':') : NULL;
        if (colon)
            port = strtoul(colon + 1, NULL, 10);
    }
    close(out);
    return (unsigned)port;
}

static int tls_open(void **state)
{
    struct tls *t = calloc(1, sizeof *t);
    int out = -1, status = 0;

    snprintf(t->dir, sizeof t->dir, "/var/tmp/decant-tls-XXXXXX");
    assert_non_null(mkdtemp(t->dir));
    snprintf(t->cert, sizeof t->cert, "%s/cert.pem", t->dir);
    snprintf(t->key, sizeof t->key, "%s/key.pem", t->dir);
    snprintf(t->image_path, sizeof t->image_path, "%s/disk.img", t->dir);
    snprintf(t->target, sizeof t->target, "%s/target", t->dir);
    t->image = t_image_new(BYTES, false);
    save(t->image_path, "HTTP/1.0 200 OK\r\nContent-Length: 300001\r\n\r\n", t->image, BYTES);
    snprintf(t->moved_path, sizeof t->moved_path, "%s/moved", t->dir);
    save(t->moved_path, "HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1:1/x\r\n\r\n", "", 0);

    char *make[] = {"openssl",
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-subj",
                    "/CN=test",
                    "-addext",
                    "subjectAltName=IP:127.0.0.1",
                    "-keyout",
                    t->key,
                    "-out",
                    t->cert,
                    NULL};
    waitpid(openssl(t->dir, make, NULL), &status, 0);
    assert_int_equal(status, 0);
    int fd = open(t->cert, O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, t->pem, sizeof t->pem - 1) > 0);
    close(fd);

    char *serve[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-HTTP",
                     "-cert",   t->cert,    "-key",    t->key,        NULL};
    t->pid = openssl(t->dir, serve, &out);
    unsigned port = port_of(out);
    assert_true(port > 0);
    snprintf(t->url, sizeof t->url, "https://127.0.0.1:%u/disk.img", port);
    *state = t;
    return 0;
}

static int tls_close(void **state)
{
    struct tls *t = *state;

    kill(t->pid, SIGKILL);
    waitpid(t->pid, NULL, 0);
    unlink(t->cert);
    unlink(t->key);
    unlink(t->image_path);
    unlink(t->moved_path);
    unlink(t->target);
    rmdir(t->dir);
    free(t->image);
    free(t);
    return 0;
}

static struct dc_fill_spec spec_of(const struct tls *t, const char *ca)
{
    return (struct dc_fill_spec){
        .source = {.kind = DC_SOURCE_HTTP, .url = t->url, .ca_pem = ca},
        .target = DC_TARGET_FILE,
        .target_path = t->target};
}

static void a_given_ca_is_trusted(void **state)
{
    const struct tls *t = *state;
    const struct dc_fill_spec spec = spec_of(t, t->pem);
    struct t_fill f;

    t_fill_run(&f, &spec, DC_OK);
    assert_true(t_same(t->target, t->image, BYTES, BYTES));
}

static void an_unknown_ca_is_refused(void **state)
{
    const struct tls *t = *state;
    const struct dc_fill_spec spec = spec_of(t, NULL);
    struct t_fill f;

    t_fill_run(&f, &spec, DC_DENIED);
    assert_non_null(strstr(f.err.msg, "give the CA"));
    assert_int_equal(f.progress.retries, 0);
    assert_int_equal(access(t->target, F_OK), -1);
}

static void a_ca_that_is_none_is_refused(void **state)
{
    const struct tls *t = *state;
    const struct dc_fill_spec spec = spec_of(t, "not PEM");
    struct t_fill f;

    t_fill_run(&f, &spec, DC_BAD_INPUT);
}

/* Anybody on the way could then put another image in its place. */
static void http_does_not_follow_https(void **state)
{
    struct tls *t = *state;
    struct dc_fill_spec spec = spec_of(t, t->pem);
    struct t_fill f;

    memcpy(strstr(t->url, "disk.img"), "moved", sizeof "moved");
    t_fill_run(&f, &spec, DC_DENIED);
    assert_non_null(strstr(f.err.msg, "https to http"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, tls_open, tls_close)
    const struct CMUnitTest tests[] = {
        TEST(a_given_ca_is_trusted),
        TEST(an_unknown_ca_is_refused),
        TEST(http_does_not_follow_https),
        TEST(a_ca_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
