/* check_child.c - child processes: their ends and outputs arrive while no thread sits there. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "net_test.h"

/* A child that runs `command` in the shell, with its output in `out` unless that is -1. */
static pid_t shell(const char *command, int out)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    if (out >= 0)
        (void)dup2(out, STDOUT_FILENO);
    (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

START_TEST(the_end_of_a_child_is_its_exit_code)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        ck_assert_int_eq(await_int(net, kiwi_process_wait(net, shell("exit 0", -1))), 0);
        ck_assert_int_eq(await_int(net, kiwi_process_wait(net, shell("sleep 0.05; exit 7", -1))), 7);
        pid_t pid = shell("exec sleep 60", -1);
        kiwi_id id = kiwi_process_wait(net, pid);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(await_int(net, id), 128 + SIGKILL);
        ck_assert_int_eq(await(net, kiwi_process_wait(net, pid)).sys, ECHILD);
        await_fault(net, kiwi_process_wait(net, 0), "No such child process");
        await_fault(net, kiwi_process_wait(net, INT64_MAX), "No such child process");
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(many_children_end_together_and_hold_up_no_socket)
{
    enum { CHILDREN = 64 };
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id ids[CHILDREN];
        pid_t pids[CHILDREN];
        for (int i = 0; i < CHILDREN; i++) {
            pids[i] = shell("exec sleep 60", -1);
            ids[i] = kiwi_process_wait(p.net, pids[i]);
        }
        kiwi_id got = kiwi_tcp_recv(p.net, p.server, 100);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4));
        await_bytes(p.net, got, "ping");
        for (int i = 0; i < CHILDREN; i++)
            ck_assert_int_eq(kill(pids[i], SIGKILL), 0);
        for (int i = 0; i < CHILDREN; i++)
            ck_assert_int_eq(await_int(p.net, ids[i]), 128 + SIGKILL);
        kiwi_net_close(p.net);
    }
}
END_TEST

/* A task that reads what `command` writes. */
static kiwi_id output(kiwi_net *net, const char *command, size_t max, pid_t *pid)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fcntl(ends[i], F_SETFD, FD_CLOEXEC), 0);
    *pid = shell(command, ends[1]);
    (void)close(ends[1]);
    return kiwi_pipe_read(net, ends[0], max);
}

START_TEST(a_pipe_is_read_to_its_end)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        pid_t pid;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        await_bytes(net, output(net, "printf abc; sleep 0.05; printf def", 100, &pid), "abcdef");
        (void)await_int(net, kiwi_process_wait(net, pid));
        await_bytes(net, output(net, "exit 3", 100, &pid), "");
        ck_assert_int_eq(await_int(net, kiwi_process_wait(net, pid)), 3);
        kiwi_result r = await(net, output(net, "head -c 3000000 /dev/zero", 3000000, &pid));
        ck_assert_uint_eq(r.size, 3000000);
        free(r.bytes);
        (void)await_int(net, kiwi_process_wait(net, pid));
        r = await(net, output(net, "exec cat /dev/zero", 3000000, &pid));
        ck_assert(r.state == KIWI_TASK_FAULTED && r.sys == ENOMEM);
        ck_assert_str_eq(r.message, "output is larger than 3000000 bytes");
        ck_assert_int_eq(await_int(net, kiwi_process_wait(net, pid)), 128 + SIGPIPE);
        await_fault(net, kiwi_pipe_read(net, -1, 10), "Invalid descriptor");
        ck_assert_uint_eq(kiwi_net_held(net), 0);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_child_without_a_descriptor_is_looked_at_again)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        struct rlimit limit;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        int next = open("/dev/null", O_RDONLY);
        ck_assert_int_ge(next, 0);
        (void)close(next);
        pid_t pid = shell("sleep 0.1; exit 5", -1);
        struct rlimit none = {(rlim_t)next, limit.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        kiwi_id id = kiwi_process_wait(net, pid);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        ck_assert_int_eq(await_int(net, id), 5);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(closing_waits_for_no_child)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        pid_t pid;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        (void)output(net, "exec sleep 60", 100, &pid);
        (void)kiwi_process_wait(net, pid);
        kiwi_net_flush(net);
        int64_t before_us = kb_clock_us();
        kiwi_net_close(net);
        ck_assert_int_lt(kb_clock_us() - before_us, 5 * KB_US_PER_S);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid); /* it was not reaped */
    }
}
END_TEST

SUITE_MAIN("child", 60, the_end_of_a_child_is_its_exit_code, many_children_end_together_and_hold_up_no_socket,
           a_pipe_is_read_to_its_end, a_child_without_a_descriptor_is_looked_at_again, closing_waits_for_no_child)
