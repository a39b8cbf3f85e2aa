/* check_input.c - input() while lines come late, for interpreters side by side, and when something fails. */
#include "config.h"

#include <stdio.h>

#include "support/suite.h"

#if defined(HAVE_LINK_WRAP)

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kiwi/kiwi.h"
#include "net/faults.h"

enum { LIMIT_S = 60, INTERPRETERS = 4, LINES = 200, SETUP_FAILED = 90 };

/* Exits with 0 if the lines were "one" and "two", 1 if an error was not caught. */
static const char three_fibers[] = "tasks = []\n"
                                   "for n in [1..3] do tasks.push(task::spawn(with () do return input() end)) end\n"
                                   "lines = []\n"
                                   "for t in tasks do lines.push(task::await(t)) end\n"
                                   "if lines != [\"one\", \"two\", \"\"] exit 9 end\n";

static const char one_line[] = "if input() != \"one\" exit 9 end\n";

/* Exits with the number of lines. */
static const char count_lines[] = "n = 0\n"
                                  "while input() != \"\" do\n"
                                  "  n += 1\n"
                                  "  task::sleep(0)\n"
                                  "end\n"
                                  "exit n\n";

typedef struct fault {
    fault_site site;
    int error;
    long first, last; /* first = 0: nothing fails */
} fault;

/* Run the script while something fails; its exit code.  *failed: did something? */
static int run(const char *script, const fault *f, bool *failed)
{
    kiwi_vm *vm = NULL;
    if (kiwi_vm_new(NULL, &vm) != 0)
        return SETUP_FAILED;
    if (f->first > 0)
        fault_arm(f->site, f->error, f->first, f->last);
    int code = kiwi_run_text(vm, "input.kiwi", script, strlen(script));
    *failed = fault_disarm() > 0;
    kiwi_vm_free(vm);
    return code;
}

static void nap(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
}

static void feed_late(int out)
{
    static const char *const pieces[] = {"on", "e\r", "\ntwo"};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        nap();
        (void)!write(out, pieces[i], strlen(pieces[i]));
    }
}

/* Nothing is there before the reader waits: in a build that a sanitizer slows down, too. */
static void feed_who_waits(int out)
{
    const char *times = getenv("CK_TIMEOUT_MULTIPLIER");
    for (int i = 50 * (times == NULL ? 1 : atoi(times)); i > 0; i--)
        nap();
    feed_late(out);
}

static void feed_at_once(int out)
{
    (void)!write(out, "one\n", 4);
}

/* What is run by a process with a time limit, whose standard input is fed by another. */
typedef struct job {
    int (*body)(const struct job *);
    void (*feed)(int out);
    const char *script;
    fault fault;
    bool failed; /* of the last run */
} job;

static int run_job(const job *j)
{
    bool failed;
    int code = run(j->script, &j->fault, &failed);
    return code + (failed ? 100 : 0);
}

static int fed(job *j)
{
    int ends[2], status = 0;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t reader = fork();
    ck_assert_int_ge(reader, 0);
    if (reader == 0) {
        (void)alarm(LIMIT_S);
        if (dup2(ends[0], STDIN_FILENO) != 0 || close(ends[0]) != 0 || close(ends[1]) != 0)
            _exit(SETUP_FAILED);
        _exit(j->body(j));
    }
    j->feed(ends[1]); /* its other side stays open, if the reader has ended */
    (void)close(ends[1]);
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    (void)close(ends[0]);
    ck_assert_msg(WIFEXITED(status), "failure %ld: ended by signal %d", j->fault.first, WTERMSIG(status));
    int code = WEXITSTATUS(status);
    j->failed = code >= 100;
    return code % 100;
}

START_TEST(lines_come_late_and_in_pieces)
{
    job j = {.body = run_job, .feed = feed_late, .script = three_fibers};
    ck_assert_int_eq(fed(&j), 0);
}
END_TEST

static void *count_on_a_thread(void *sum)
{
    bool failed;
    atomic_fetch_add((atomic_int *)sum, run(count_lines, &(fault){.first = 0}, &failed));
    return NULL;
}

static int count_together(const job *j)
{
    pthread_t threads[INTERPRETERS];
    atomic_int sum = 0;
    (void)j;
    for (int i = 0; i < INTERPRETERS; i++)
        if (pthread_create(&threads[i], NULL, count_on_a_thread, &sum) != 0)
            return SETUP_FAILED;
    for (int i = 0; i < INTERPRETERS; i++)
        (void)pthread_join(threads[i], NULL);
    return sum == LINES ? 0 : 9;
}

static void feed_many(int out)
{
    for (int i = 0; i < LINES; i++) {
        (void)!write(out, "some line\n", 10);
        if (i % 7 == 0)
            nap();
    }
}

START_TEST(interpreters_share_the_lines)
{
    job j = {.body = count_together, .feed = feed_many};
    ck_assert_int_eq(fed(&j), 0);
}
END_TEST

START_TEST(an_allocation_fails_while_lines_are_awaited)
{
    job j = {.body = run_job,
             .feed = feed_late,
             .script = three_fibers,
             .failed = true,
             .fault = {.site = FAULT_memory, .error = ENOMEM}};
    while (j.failed) {
        j.fault.first = ++j.fault.last;
        int code = fed(&j);
        ck_assert_msg(code == 0 || (code == 1 && j.failed), "allocation %ld: code %d", j.fault.first, code);
    }
    ck_assert_int_gt(j.fault.first, 50);
}
END_TEST

START_TEST(the_thread_cannot_be_started)
{
    static const fault_site sites[] = {FAULT_pipe, FAULT_pthread_cond_init, FAULT_pthread_create};
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        job j = {.body = run_job,
                 .feed = feed_who_waits,
                 .script = three_fibers,
                 .failed = true,
                 .fault = {.site = sites[i], .error = EAGAIN}};
        while (j.failed) {
            j.fault.first = ++j.fault.last;
            int code = fed(&j);
            ck_assert_msg(code == (j.failed ? 1 : 0), "call %ld of %d: code %d", j.fault.first, (int)sites[i], code);
        }
        ck_assert_int_gt(j.fault.first, 1);
    }
}
END_TEST

START_TEST(a_read_fails)
{
    static const struct {
        int error, code;
    } cases[] = {{EINTR, 0}, {EAGAIN, 0}, {EIO, 9}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        job j = {.body = run_job,
                 .feed = feed_at_once,
                 .script = one_line,
                 .fault = {.site = FAULT_read, .error = cases[i].error, .first = 1, .last = 1}};
        ck_assert_int_eq(fed(&j), cases[i].code);
        ck_assert(j.failed);
    }
}
END_TEST

SUITE_MAIN("input", 120, lines_come_late_and_in_pieces, interpreters_share_the_lines,
           an_allocation_fails_while_lines_are_awaited, the_thread_cannot_be_started, a_read_fails)

#else

int main(void)
{
    return puts("1..1\nok 1 - lines that come late # SKIP the linker has no --wrap") < 0;
}

#endif
