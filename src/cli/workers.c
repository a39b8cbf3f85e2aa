/* workers.c - see workers.h.
 *
 * One thread, one loop: signals are blocked but for the time in pselect(), so that none comes between a look at what it
 * would have changed and the wait.  A pipe for each worker stays for all processes that have its number. */
#include "config.h"

#include "cli/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/output.h"

enum {
    LINE_MAX_SIZE = 4096, /* bytes of a line that come out together */
    RESTART_MS = 1000,    /* after which a worker is started again; and what it must have run for */
};

typedef struct worker {
    pid_t pid;          /* 0: none runs */
    int64_t started_ms; /* when the last one was */
    int64_t again_ms;   /* when the next one will be; 0: none will */
    int code;           /* exit code of the last one */
    int out[2];         /* the pipe that is its standard error */
    char line[LINE_MAX_SIZE];
    size_t size;  /* of the line so far */
    bool flooded; /* the begin of the line is out already */
} worker;

static volatile sig_atomic_t got_term, got_hup, got_int, hung_up;

static const int caught[] = {SIGCHLD, SIGTERM, SIGHUP, SIGINT};
enum { CAUGHT = sizeof(caught) / sizeof(caught[0]) };
static struct sigaction before[CAUGHT]; /* what they did when the parent began */

static void on_signal(int number, siginfo_t *info, void *context)
{
    (void)context;
    bool by_process = info->si_code == SI_USER || info->si_code == SI_QUEUE;
    if (number == SIGTERM)
        got_term = 1;
    else if (number == SIGHUP)
        *(by_process ? &got_hup : &hung_up) = 1;
    else if (number == SIGINT)
        got_int = by_process ? 2 : 1; /* a terminal has told the workers as well */
}

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- What workers say ------------------------------------------------------------------------ */

/* Write the line so far of worker `number`, in one piece. */
static void put_line(worker *w, int number)
{
    char text[LINE_MAX_SIZE + 16];
    int head = w->flooded ? 0 : snprintf(text, sizeof(text), "[%d] ", number);
    memcpy(text + head, w->line, w->size);
    (void)kc_output_to(STDERR_FILENO, text, (size_t)head + w->size); /* or nobody reads it */
    w->flooded = w->size > 0 && w->line[w->size - 1] != '\n';
    w->size = 0;
}

static void take_output(worker *w, int number, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        w->line[w->size++] = bytes[i];
        if (bytes[i] == '\n' || w->size == sizeof(w->line))
            put_line(w, number);
    }
}

/* Pass on what has come. */
static void read_output(worker *w, int number)
{
    char bytes[LINE_MAX_SIZE];
    for (ssize_t n; (n = read(w->out[0], bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR);)
        take_output(w, number, bytes, n > 0 ? (size_t)n : 0);
}

/* The last line of a worker that has ended may want its end. */
static void end_output(worker *w, int number)
{
    read_output(w, number);
    if (w->size > 0 || w->flooded)
        take_output(w, number, "\n", 1);
}

/* ---- Starting -------------------------------------------------------------------------------- */

static bool make_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return false;
    for (int i = 0; i < 2; i++)
        (void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
    (void)fcntl(fds[0], F_SETFL, O_NONBLOCK);
    return true;
}

/* What was handed to this process for itself is the worker's now. */
static void take_over_environment(pid_t parent)
{
    static const char *const names[] = {"LISTEN_PID", "WATCHDOG_PID"};
    char old[32], own[32];
    (void)snprintf(old, sizeof(old), "%ld", (long)parent);
    (void)snprintf(own, sizeof(own), "%ld", (long)getpid());
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && strcmp(value, old) == 0)
            (void)setenv(names[i], own, 1);
    }
}

/* In the worker: leave nothing of the parent's. */
static void become_worker(worker all[], int count, const worker *self, pid_t parent, const sigset_t *mask)
{
    (void)dup2(self->out[1], STDERR_FILENO);
    for (int i = 0; i < count; i++) {
        (void)close(all[i].out[0]);
        (void)close(all[i].out[1]);
    }
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaction(caught[i], &before[i], NULL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    take_over_environment(parent);
}

/* true: this is the worker. */
static bool start(worker all[], int count, int index, const sigset_t *mask)
{
    worker *w = &all[index];
    pid_t parent = getpid();
    w->started_ms = now_ms();
    w->again_ms = 0;
    w->pid = fork();
    if (w->pid == 0) {
        become_worker(all, count, w, parent, mask);
        return true;
    }
    if (w->pid < 0) {
        fprintf(stderr, "kiwi: worker %d cannot be started: %s\n", index + 1, strerror(errno));
        w->pid = 0;
        w->again_ms = w->started_ms + RESTART_MS;
    }
    return false;
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* Note how `w` has ended, and whether another one takes its place. */
static void note_end(worker *w, int number, int status, bool stopping)
{
    bool killed = WIFSIGNALED(status);
    int64_t now = now_ms();
    end_output(w, number);
    w->code = killed ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    bool again = !stopping && w->code != 0 && (killed || now - w->started_ms >= RESTART_MS);
    w->again_ms = again ? now + RESTART_MS : 0;
    if (again && killed)
        fprintf(stderr, "kiwi: worker %d (process %ld) was killed by signal %d, another one takes its place\n", number,
                (long)w->pid, WTERMSIG(status));
    else if (again)
        fprintf(stderr, "kiwi: worker %d (process %ld) has failed with code %d, another one takes its place\n", number,
                (long)w->pid, w->code);
    w->pid = 0;
}

static void reap(worker all[], int count, bool stopping)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < count; i++)
            if (all[i].pid == pid)
                note_end(&all[i], i + 1, status, stopping);
}

static void tell_all(const worker all[], int count, int number)
{
    for (int i = 0; i < count; i++)
        if (all[i].pid > 0)
            (void)kill(all[i].pid, number);
}

/* Pass signals on.  true: they end the whole. */
static bool forward_signals(const worker all[], int count)
{
    bool stop = got_term != 0 || got_int != 0 || hung_up != 0;
    if (got_term != 0)
        tell_all(all, count, SIGTERM);
    if (got_hup != 0)
        tell_all(all, count, SIGHUP);
    if (got_int == 2)
        tell_all(all, count, SIGINT);
    got_term = got_hup = got_int = hung_up = 0;
    return stop;
}

static int worst(const worker all[], int count)
{
    int code = 0;
    for (int i = 0; i < count; i++)
        code = all[i].code > code ? all[i].code : code;
    return code;
}

/* ---- The loop -------------------------------------------------------------------------------- */

/* Start those that are due.  Gives when the next one is (0: none will be), or -1: this is a worker. */
static int64_t start_due(worker all[], int count, const sigset_t *mask)
{
    int64_t next = 0;
    for (int i = 0; i < count; i++) {
        if (all[i].again_ms > 0 && all[i].again_ms <= now_ms() && start(all, count, i, mask))
            return -1;
        if (all[i].again_ms > 0 && (next == 0 || all[i].again_ms < next))
            next = all[i].again_ms;
    }
    return next;
}

/* Wait for output, for a signal, or until `until_ms` (0: no limit). */
static void wait_for_events(worker all[], int count, int64_t until_ms, const sigset_t *mask)
{
    fd_set set;
    int most = 0;
    int64_t left_ms = until_ms == 0 ? 0 : until_ms - now_ms();
    struct timespec limit = {.tv_sec = left_ms > 0 ? (time_t)(left_ms / 1000) : 0,
                             .tv_nsec = left_ms > 0 ? (long)(left_ms % 1000) * 1000000 : 0};
    FD_ZERO(&set);
    for (int i = 0; i < count; i++) {
        FD_SET(all[i].out[0], &set);
        most = all[i].out[0] > most ? all[i].out[0] : most;
    }
    if (pselect(most + 1, &set, NULL, NULL, until_ms == 0 ? NULL : &limit, mask) <= 0)
        return;
    for (int i = 0; i < count; i++)
        if (FD_ISSET(all[i].out[0], &set))
            read_output(&all[i], i + 1);
}

static bool any_runs(const worker all[], int count)
{
    for (int i = 0; i < count; i++)
        if (all[i].pid > 0 || all[i].again_ms > 0)
            return true;
    return false;
}

/* true: this is a worker. */
static bool attend(worker all[], int count, const sigset_t *mask)
{
    bool stopping = false;
    while (any_runs(all, count)) {
        int64_t next = stopping ? 0 : start_due(all, count, mask);
        if (next < 0)
            return true;
        wait_for_events(all, count, next, mask);
        stopping = forward_signals(all, count) || stopping;
        reap(all, count, stopping);
        for (int i = 0; stopping && i < count; i++)
            all[i].again_ms = 0;
    }
    return false;
}

/* *mask: what was blocked before, and is while waiting, and in the workers. */
static void catch_signals(sigset_t *mask)
{
    struct sigaction now = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigset_t set;
    (void)sigemptyset(&now.sa_mask);
    (void)sigemptyset(&set);
    for (size_t i = 0; i < CAUGHT; i++) {
        (void)sigaddset(&set, caught[i]);
        (void)sigaction(caught[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN || caught[i] == SIGCHLD) /* nohup means it */
            (void)sigaction(caught[i], &now, NULL);
    }
    (void)sigprocmask(SIG_BLOCK, &set, mask);
}

static bool make_secret(unsigned char secret[KIWI_SECRET_SIZE])
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && read(fd, secret, KIWI_SECRET_SIZE) == KIWI_SECRET_SIZE;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

bool kc_workers_split(int count, unsigned char secret[KIWI_SECRET_SIZE], int *code)
{
    sigset_t mask;
    worker *all = calloc((size_t)count, sizeof(*all));
    bool ready = all != NULL && make_secret(secret);
    for (int i = 0; ready && i < count; i++) {
        ready = make_pipe(all[i].out) && all[i].out[0] < FD_SETSIZE;
        all[i].again_ms = 1; /* at once */
    }
    *code = 2;
    if (!ready) {
        fprintf(stderr, "kiwi: workers cannot be started: %s\n", strerror(errno));
        free(all);
        return false;
    }
    catch_signals(&mask);
    bool is_worker = attend(all, count, &mask);
    if (!is_worker)
        *code = worst(all, count);
    free(all);
    return is_worker;
}
