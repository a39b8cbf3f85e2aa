/* check_handed.c - sockets that were handed over: what the variables say, which one is meant, and taking them. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/handed.h"
#include "net_test.h"

enum { SELF = 4711 };

static kn_handed_list read_list(const char *pid, const char *fds, const char *names)
{
    kn_handed_list list;
    ck_assert(kn_handed_read(pid, fds, names, SELF, &list));
    return list;
}

static void check_none(const char *pid, const char *fds, const char *text)
{
    char why[192];
    kn_handed_list list = read_list(pid, fds, "a:b");
    ck_assert_int_eq(list.count, 0);
    ck_assert_int_eq(kn_handed_find(&list, NULL, 0, why, sizeof(why)), -1);
    ck_assert_str_eq(why, text);
    kn_handed_fini(&list);
}

START_TEST(what_is_meant_for_another_process_or_is_no_number_hands_nothing_over)
{
    check_none(NULL, "2", "No socket was handed over: LISTEN_PID is not set");
    check_none("4711", NULL, "No socket was handed over: LISTEN_FDS is not set");
    check_none("47", "2", "No socket was handed over: LISTEN_PID is '47', another process");
    check_none("4711x", "2", "No socket was handed over: LISTEN_PID is '4711x', another process");
    check_none("4711", "0", "No socket was handed over: LISTEN_FDS is '0'");
    check_none("4711", "-1", "No socket was handed over: LISTEN_FDS is '-1'");
    check_none("4711", " 2", "No socket was handed over: LISTEN_FDS is ' 2'");
    check_none("4711", "1025", "No socket was handed over: LISTEN_FDS is '1025'");
    check_none("4711", "99999999999999999999", "No socket was handed over: LISTEN_FDS is '99999999999999999999'");
}
END_TEST

START_TEST(one_is_found_by_number_or_by_name)
{
    char why[192];
    kn_handed_list list = read_list("4711", "4", "web:admin::web");
    ck_assert_int_eq(kn_handed_find(&list, NULL, 0, why, sizeof(why)), 0);
    ck_assert_int_eq(kn_handed_find(&list, NULL, 3, why, sizeof(why)), 3);
    ck_assert_int_eq(kn_handed_find(&list, "admin", 0, why, sizeof(why)), 1);
    ck_assert_int_eq(kn_handed_find(&list, "web", 0, why, sizeof(why)), 0);
    list.taken[0] = true; /* the next of the name */
    ck_assert_int_eq(kn_handed_find(&list, "web", 0, why, sizeof(why)), 3);
    list.taken[3] = true; /* none is free: the first is told to be taken */
    ck_assert_int_eq(kn_handed_find(&list, "web", 0, why, sizeof(why)), 0);
    ck_assert_int_eq(kn_handed_find(&list, "", 0, why, sizeof(why)), -1);
    ck_assert_int_eq(kn_handed_find(&list, NULL, 4, why, sizeof(why)), -1);
    ck_assert_str_eq(why, "No inherited socket 4, there are 4: 0 'web', 1 'admin', 2, 3 'web'");
    ck_assert_int_eq(kn_handed_find(&list, NULL, -1, why, sizeof(why)), -1);
    ck_assert_int_eq(kn_handed_find(&list, "we", 0, why, sizeof(why)), -1);
    ck_assert_str_eq(why, "No inherited socket 'we', there are 4: 0 'web', 1 'admin', 2, 3 'web'");
    kn_handed_fini(&list);
}
END_TEST

START_TEST(names_may_be_missing_and_the_text_is_cut)
{
    char why[192];
    kn_handed_list list = read_list("4711", "1024", NULL);
    ck_assert_int_eq(kn_handed_find(&list, NULL, 1023, why, sizeof(why)), 1023);
    ck_assert_int_eq(kn_handed_find(&list, "web", 0, why, sizeof(why)), -1);
    ck_assert_uint_eq(strlen(why), sizeof(why) - 1);
    kn_handed_fini(&list);
    list = read_list("4711", "2", "one"); /* fewer than there are */
    ck_assert_int_eq(kn_handed_find(&list, "one", 0, why, sizeof(why)), 0);
    ck_assert_int_eq(kn_handed_find(&list, "two", 0, why, sizeof(why)), -1);
    ck_assert_str_eq(why, "No inherited socket 'two', there are 2: 0 'one', 1");
    kn_handed_fini(&list);
}
END_TEST

/* A listener on the loopback as descriptor `at`; its port. */
static int listen_at(int at)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(here);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&here, size), 0);
    ck_assert_int_eq(listen(fd, 16), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&here, &size), 0);
    ck_assert_int_eq(dup2(fd, at), at);
    (void)close(fd);
    return ntohs(here.sin_port);
}

/* Descriptor 0 is at hand in every process: as inetd hands a listener over. */
START_TEST(a_listener_as_standard_input_is_taken_once)
{
    for (size_t i = 0; i < sizeof(test_modes) / sizeof(test_modes[0]); i += 3) { /* the list is the process's */
        kiwi_net *net = NULL;
        if (fork() != 0)
            continue;
        int port = listen_at(STDIN_FILENO);
        ck_assert_int_eq(kiwi_net_open(&test_modes[i], &net), 0);
        kiwi_id listener = await_int(net, kiwi_tcp_inherited(net, NULL, 0, NULL));
        await_fault(net, kiwi_tcp_inherited(net, NULL, 0, NULL),
                    "Cannot take inherited socket 0: it has been taken before");
        await_fault(net, kiwi_tcp_inherited(net, "web", 0, NULL), "No inherited socket 'web', there are 1: 0");
        kiwi_id accept = kiwi_tcp_accept(net, listener);
        kiwi_id client = await_int(net, kiwi_tcp_connect(net, "127.0.0.1", port, 0));
        kiwi_id server = await_int(net, accept);
        ck_assert_int_eq(await_int(net, kiwi_tcp_send(net, client, "ping", 4)), 4);
        await_bytes(net, kiwi_tcp_recv(net, server, 100), "ping");
        char byte;
        ck_assert_int_eq(read(STDIN_FILENO, &byte, 1), 0); /* /dev/null took its place */
        kiwi_net_close(net);
        _exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int status = -1;
        ck_assert_int_gt(waitpid(-1, &status, 0), 0);
        ck_assert_int_eq(status, 0);
    }
}
END_TEST

/* Others listen there, too: closing must not end that for them, whoever waits in it. */
START_TEST(closing_leaves_the_listener_to_others_who_have_it)
{
    for (size_t i = 0; i < sizeof(test_modes) / sizeof(test_modes[0]); i++) {
        kiwi_net *net = NULL;
        if (fork() != 0) {
            int status = -1;
            ck_assert_int_gt(waitpid(-1, &status, 0), 0);
            ck_assert_int_eq(status, 0);
            continue;
        }
        int port = listen_at(STDIN_FILENO), other = dup(STDIN_FILENO);
        ck_assert_int_eq(kiwi_net_open(&test_modes[i], &net), 0);
        kiwi_id listener = await_int(net, kiwi_tcp_inherited(net, NULL, 0, NULL));
        kiwi_id pending = kiwi_tcp_accept(net, listener);
        (void)kiwi_net_wait_pending(net, 20000, false); /* let it wait where it waits */
        kiwi_tcp_close(net, listener);
        await_fault(net, pending, "Socket closed");
        (void)await_int(net, kiwi_tcp_connect(net, "127.0.0.1", port, LIMIT_MS));
        int flags = fcntl(other, F_GETFL);
        ck_assert_int_eq(fcntl(other, F_SETFL, flags & ~O_NONBLOCK), 0);
        ck_assert_int_ge(accept(other, NULL, NULL), 0);
        kiwi_net_close(net);
        _exit(0);
    }
}
END_TEST

START_TEST(what_is_no_stream_socket_is_refused)
{
    char why[192];
    kn_handed handed;
    int fds[2], datagram = socket(AF_INET, SOCK_DGRAM, 0), fresh = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    ck_assert_int_eq(dup2(datagram, STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(kn_handed_take(NULL, 0, false, &handed, why, sizeof(why)), ENOENT);
    ck_assert_str_eq(why, "No socket was handed over: LISTEN_FDS is not set, and standard input is no socket");
    if (fork() == 0) { /* who has been forked has a list of its own */
        ck_assert_int_eq(dup2(fresh, STDIN_FILENO), STDIN_FILENO);
        ck_assert_int_eq(kn_handed_take(NULL, 0, false, &handed, why, sizeof(why)), EINVAL);
        ck_assert_str_eq(why, "Cannot take inherited socket 0: it neither listens nor is connected");
        ck_assert_int_eq(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
        ck_assert_int_eq(kn_handed_take(NULL, 0, true, &handed, why, sizeof(why)), EINVAL);
        ck_assert_str_eq(why, "Cannot take inherited socket 0: it is a connection, not a listener");
        ck_assert_int_eq(kn_handed_take(NULL, 0, false, &handed, why, sizeof(why)), 0);
        ck_assert(!handed.listener && handed.local && handed.fd > STDERR_FILENO);
        ck_assert_int_eq(fcntl(handed.fd, F_GETFD), FD_CLOEXEC);
        _exit(0);
    }
    int status = -1;
    ck_assert_int_gt(waitpid(-1, &status, 0), 0);
    ck_assert_int_eq(status, 0);
}
END_TEST

SUITE_MAIN("handed", 60, what_is_meant_for_another_process_or_is_no_number_hands_nothing_over,
           one_is_found_by_number_or_by_name, names_may_be_missing_and_the_text_is_cut,
           a_listener_as_standard_input_is_taken_once, closing_leaves_the_listener_to_others_who_have_it,
           what_is_no_stream_socket_is_refused)
