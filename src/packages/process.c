/* process.c - see process.h. */
#define _XOPEN_SOURCE 700 /* SIGXFSZ belongs to the XSI part of POSIX */
#include "config.h"

#include "packages/process.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/relief.h"
#include "net/fd.h"
#include "net/handed.h"

enum { MS_PER_S = 1000 };

extern char **environ;

/* ---- Starting ---------------------------------------------------------------------------------- */

/* What is ignored here for our own sake is not there; and no signal is blocked. */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t none, ours;
    (void)sigemptyset(&none);
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGPIPE);
    (void)sigaddset(&ours, SIGXFSZ);
    int error = posix_spawnattr_setsigmask(attr, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attr, &ours);
    return error != 0 ? error : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn(char *const argv[], const posix_spawn_file_actions_t *actions, pid_t *pid)
{
    posix_spawnattr_t attr;
    int error = posix_spawnattr_init(&attr);
    if (error != 0)
        return error;
    error = set_signals(&attr);
    if (error == 0)
        error = posix_spawnp(pid, argv[0], actions, &attr, argv, environ);
    (void)posix_spawnattr_destroy(&attr);
    return error;
}

/* A pipe whose writing end blocks, as programs expect. */
static int output_pipe(int ends[2])
{
    int error;
    do
        error = kn_fd_pipe(ends);
    while (kb_relief_ask(error));
    if (error == 0 && fcntl(ends[1], F_SETFL, 0) != 0)
        error = errno;
    return error;
}

static void close_both(const int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

static int spawn_into(char *const argv[], int out, int err, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (error == 0)
        error = posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    if (error == 0)
        error = spawn(argv, &actions, pid);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* Who has SIGCHLD ignored, as some that start us do, could never wait for a child. */
static void keep_children(void)
{
    struct sigaction now;
    if (sigaction(SIGCHLD, NULL, &now) == 0 && now.sa_handler == SIG_IGN) {
        now.sa_handler = SIG_DFL;
        (void)sigaction(SIGCHLD, &now, NULL);
    }
}

int kp_process_start(char *const argv[], pid_t *pid, int out[2])
{
    assert(argv[0] != NULL);
    int pipe_out[2] = {-1, -1}, pipe_err[2] = {-1, -1};
    keep_children();
    kn_handed_keep();
    if (out == NULL)
        return spawn(argv, NULL, pid);
    int error = output_pipe(pipe_out);
    if (error == 0)
        error = output_pipe(pipe_err);
    if (error == 0)
        error = spawn_into(argv, pipe_out[1], pipe_err[1], pid);
    if (error != 0) {
        close_both(pipe_out);
        close_both(pipe_err);
        return error;
    }
    (void)close(pipe_out[1]);
    (void)close(pipe_err[1]);
    out[0] = pipe_out[0];
    out[1] = pipe_err[0];
    return 0;
}

/* ---- Looking ----------------------------------------------------------------------------------- */

bool kp_process_runs(int64_t pid)
{
    return pid > 0 && pid == (pid_t)pid && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

/* The text of /proc/NAME; false: there is none. */
static bool read_proc(const char *name, char *text, size_t room)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = kp_disk_get(fd, text, room - 1);
    (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* When the system was started, in ms since the epoch: 0: not known. */
static int64_t boot_ms(void)
{
    char text[1 << 14];
    const char *at = read_proc("stat", text, sizeof(text)) ? strstr(text, "\nbtime ") : NULL;
    return at != NULL ? strtoll(at + 7, NULL, 10) * MS_PER_S : 0;
}

/* "PID (NAME) STATE PARENT ..." of proc(5): the name may hold anything. */
static bool read_process(const char *folder, int64_t boot, kp_process *p)
{
    enum { SKIPPED = 15, THREADS = 1, STARTED = 3, PAGES = 5 };
    char name[32], text[1024];
    (void)snprintf(name, sizeof(name), "%.16s/stat", folder);
    if (!read_proc(name, text, sizeof(text)))
        return false;
    char *open = strchr(text, '('), *close_at = strrchr(text, ')');
    if (open == NULL || close_at == NULL || close_at < open || close_at[1] != ' ' || close_at[2] == 'Z')
        return false;
    *p = (kp_process){.pid = (pid_t)strtol(text, NULL, 10)};
    (void)snprintf(p->name, sizeof(p->name), "%.*s", (int)(close_at - open - 1), open + 1);
    char *at = close_at + 3;
    p->parent = (pid_t)strtol(at, &at, 10);
    int64_t fields[PAGES + 1] = {0};
    for (int i = 0; i < SKIPPED; i++)
        (void)strtoll(at, &at, 10);
    for (int i = THREADS; i <= PAGES; i++)
        fields[i] = strtoll(at, &at, 10);
    p->threads = fields[THREADS];
    p->memory = fields[PAGES] * sysconf(_SC_PAGESIZE);
    p->started_ms = boot + fields[STARTED] * MS_PER_S / sysconf(_SC_CLK_TCK);
    return true;
}

int kp_process_list(kp_disk_bytes *found)
{
    kp_process p;
    int error = 0;
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        return errno;
    int64_t boot = boot_ms();
    for (const struct dirent *e; error == 0 && (e = readdir(dir)) != NULL;)
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && read_process(e->d_name, boot, &p))
            error = kp_disk_append(found, &p, sizeof(p));
    (void)closedir(dir);
    return error == 0 && found->size == 0 ? ENOENT : error; /* there is this process at least, where /proc is one */
}

/* ---- Ending ------------------------------------------------------------------------------------ */

/* Mark what has a marked parent; did that find any?  threads < 0: marked. */
static bool mark_below(kp_process *all, size_t count)
{
    bool found = false;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; all[i].threads >= 0 && k < count; k++)
            if (all[k].threads < 0 && all[k].pid == all[i].parent) {
                all[i].threads = -1;
                found = true;
                break;
            }
    return found;
}

/* End what `pid` has started. */
static void kill_below(pid_t pid)
{
    kp_disk_bytes found = {.data = NULL};
    if (kp_process_list(&found) == 0) {
        assert(found.size % sizeof(kp_process) == 0);
        kp_process *all = (kp_process *)(void *)found.data;
        size_t count = found.size / sizeof(*all);
        for (size_t i = 0; i < count; i++)
            if (all[i].pid == pid)
                all[i].threads = -1;
        while (mark_below(all, count))
            continue;
        for (size_t i = 0; i < count; i++)
            if (all[i].threads < 0 && all[i].pid != pid)
                (void)kill(all[i].pid, SIGKILL);
    }
    free(found.data);
}

int kp_process_kill(pid_t pid)
{
    assert(pid > 0);          /* others are groups, or everybody */
    (void)kill(pid, SIGSTOP); /* it starts no more */
    kill_below(pid);
    return kill(pid, SIGKILL) != 0 ? errno : 0;
}
