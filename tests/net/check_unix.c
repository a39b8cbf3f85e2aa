/* check_unix.c - Unix sockets: files that come and go, queues that are full; and messages over any stream. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net_test.h"

static char folder[] = "/tmp/kiwi-unix-XXXXXX";

static const char *at(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void make_folder(void)
{
    (void)strcpy(folder, "/tmp/kiwi-unix-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
    ck_assert_int_eq(rmdir(folder), 0); /* nothing is left behind */
}

static bool is_there(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

static kiwi_net *open_net(const kiwi_net_options *mode)
{
    kiwi_net *net;
    ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
    return net;
}

static pair unix_pair(const kiwi_net_options *mode, const char *path)
{
    pair p = {.net = open_net(mode)};
    p.listener = await_int(p.net, kiwi_unix_listen(p.net, path, 8, -1));
    kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
    p.client = await_int(p.net, kiwi_unix_connect(p.net, path, 0));
    p.server = await_int(p.net, accept);
    return p;
}

START_TEST(a_unix_socket_is_a_stream_like_others)
{
    make_folder();
    FOR_MODES(mode)
    {
        pair p = unix_pair(mode, at("s"));
        kiwi_id got = kiwi_tcp_recv(p.net, p.server, 100);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4));
        await_bytes(p.net, got, "ping");
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.server, "last", 4));
        kiwi_tcp_close(p.net, p.server);
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.client, 100), "last");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.client, 100), "");
        ck_assert(is_there(at("s")));
        kiwi_tcp_close(p.net, p.listener);
        ck_assert(!is_there(at("s")));
        await_fault(p.net, kiwi_tcp_send(p.net, p.listener, "x", 1), "Invalid socket");
        kiwi_net_close(p.net);
    }
    remove_folder();
}
END_TEST

START_TEST(a_pair_is_connected_both_ways)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = open_net(mode);
        kiwi_id ends[2];
        kiwi_result why;
        ck_assert_int_eq(kiwi_socket_pair(net, ends, &why), 0);
        ck_assert(why.state == KIWI_TASK_COMPLETED && ends[0] > 0 && ends[1] > ends[0]);
        ck_assert_int_eq(kiwi_task_status(net, ends[0]), KIWI_TASK_COMPLETED);
        for (int i = 0; i < 2; i++) {
            kiwi_id got = kiwi_tcp_recv(net, ends[i], 100); /* waits */
            (void)await_int(net, kiwi_tcp_send(net, ends[1 - i], "ping", 4));
            await_bytes(net, got, "ping");
        }
        (void)await_int(net, kiwi_tcp_send(net, ends[0], "last", 4));
        ck_assert_int_eq(await(net, kiwi_socket_shutdown(net, ends[0])).state, KIWI_TASK_COMPLETED);
        await_bytes(net, kiwi_tcp_recv_all(net, ends[1], 100), "last");
        kiwi_id pending = kiwi_tcp_recv(net, ends[0], 100);
        kiwi_tcp_close(net, ends[1]);
        await_bytes(net, pending, "");
        await_fault(net, kiwi_tcp_accept(net, ends[0]), "Invalid server socket");
        kiwi_net_close(net);
    }
}
END_TEST

/* How many descriptors are open, and the highest of them in *last. */
static int descriptors(int *last)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0) {
            count++;
            *last = fd;
        }
    return count;
}

START_TEST(without_descriptors_there_is_no_pair_and_nothing_is_lost)
{
    kiwi_net *net = open_net(test_modes);
    kiwi_id ends[2] = {7, 7};
    kiwi_result why;
    struct rlimit limit;
    int last = 0, count = descriptors(&last);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)last + 2; /* room for one at the end, and for those before it */
    for (int fd = 0; fd < last; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)dup2(last, fd);
    count = descriptors(&last);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(kiwi_socket_pair(net, ends, &why), EMFILE);
    ck_assert(why.fault == KIWI_FAULT_SYSTEM && why.sys == EMFILE && ends[0] == 0 && ends[1] == 0);
    ck_assert_int_eq(descriptors(&last), count);
    kiwi_net_close(net);
}
END_TEST

START_TEST(a_closed_runtime_leaves_no_file_and_waits_for_no_reader)
{
    make_folder();
    FOR_MODES(mode)
    {
        pair p = unix_pair(mode, at("s"));
        static const char much[30000];
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, much, sizeof(much)));
        kiwi_tcp_close(p.net, p.client);
        kiwi_net_close(p.net);
        ck_assert(!is_there(at("s")));
    }
    remove_folder();
}
END_TEST

/* A socket's file behind which nobody is. */
static void leave_behind(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)strcpy(name.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    (void)close(fd);
}

START_TEST(only_what_nobody_listens_at_gives_way)
{
    make_folder();
    char text[400];
    FOR_MODES(mode)
    {
        kiwi_net *net = open_net(mode);
        leave_behind(at("s"));
        kiwi_id first = await_int(net, kiwi_unix_listen(net, at("s"), 8, 0600)), accept = kiwi_tcp_accept(net, first);
        (void)snprintf(text, sizeof(text), "Cannot listen on %s: Address already in use", at("s"));
        await_fault(net, kiwi_unix_listen(net, at("s"), 8, -1), text);
        ck_assert_int_eq(kiwi_task_status(net, accept), KIWI_TASK_RUNNING); /* it did not notice */
        int fd = open(at("file"), O_CREAT | O_WRONLY, 0600);
        (void)close(fd);
        (void)snprintf(text, sizeof(text), "Cannot listen on %s: Address already in use", at("file"));
        await_fault(net, kiwi_unix_listen(net, at("file"), 8, -1), text);
        (void)unlink(at("file"));
        kiwi_tcp_close(net, first);
        kiwi_net_close(net);
    }
    remove_folder();
}
END_TEST

START_TEST(a_file_that_took_the_place_stays)
{
    make_folder();
    kiwi_net *net = open_net(test_modes);
    kiwi_id first = await_int(net, kiwi_unix_listen(net, at("s"), 8, -1));
    (void)unlink(at("s"));
    leave_behind(at("s"));
    kiwi_tcp_close(net, first);
    ck_assert(is_there(at("s")));
    (void)unlink(at("s"));
    kiwi_net_close(net);
    remove_folder();
}
END_TEST

START_TEST(the_file_has_the_mode_that_was_asked_for)
{
    make_folder();
    struct stat s;
    kiwi_net *net = open_net(test_modes);
    kiwi_id id = await_int(net, kiwi_unix_listen(net, at("s"), 8, 0660));
    ck_assert(stat(at("s"), &s) == 0 && (s.st_mode & 0777) == 0660);
    kiwi_tcp_close(net, id);
    mode_t old = umask(077);
    id = await_int(net, kiwi_unix_listen(net, at("s"), 8, -1));
    (void)umask(old);
    ck_assert(stat(at("s"), &s) == 0 && (s.st_mode & 077) == 0);
    kiwi_net_close(net);
    remove_folder();
}
END_TEST

START_TEST(the_file_of_a_relative_path_is_found_again)
{
    make_folder();
    ck_assert_int_eq(chdir(folder), 0);
    kiwi_net *net = open_net(test_modes);
    kiwi_id listener = await_int(net, kiwi_unix_listen(net, "s", 8, -1));
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert(is_there(at("s")));
    kiwi_tcp_close(net, listener);
    ck_assert(!is_there(at("s")));
    kiwi_net_close(net);
    remove_folder();
}
END_TEST

START_TEST(bad_paths_are_faults)
{
    make_folder();
    char longest[200], text[400];
    (void)memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    kiwi_net *net = open_net(test_modes);
    (void)snprintf(text, sizeof(text), "Cannot listen on %.120s: File name too long", longest);
    await_fault(net, kiwi_unix_listen(net, longest, 8, -1), text);
    (void)snprintf(text, sizeof(text), "Cannot connect to %.120s: File name too long", longest);
    await_fault(net, kiwi_unix_connect(net, longest, 0), text);
    await_fault(net, kiwi_unix_listen(net, "", 8, -1), "Cannot listen on : No such file or directory");
    await_fault(net, kiwi_unix_connect(net, NULL, 0), "Invalid host: NULL.");
    await_fault(net, kiwi_unix_listen(net, NULL, 1, -1), "Invalid host: NULL.");
    kiwi_result r = await(net, kiwi_unix_connect(net, at("none"), 0));
    ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ENOENT);
    leave_behind(at("s"));
    r = await(net, kiwi_unix_connect(net, at("s"), 0));
    ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ECONNREFUSED);
    (void)unlink(at("s"));
    kiwi_net_close(net);
    remove_folder();
}
END_TEST

START_TEST(a_full_queue_is_waited_for)
{
    make_folder();
    enum { CLIENTS = 6 };
    FOR_MODES(mode)
    {
        kiwi_net *net = open_net(mode);
        kiwi_id listener = await_int(net, kiwi_unix_listen(net, at("s"), 1, -1)), ids[CLIENTS];
        for (int i = 0; i < CLIENTS; i++)
            ids[i] = kiwi_unix_connect(net, at("s"), 0);
        for (int i = 0; i < CLIENTS; i++)
            (void)await_int(net, kiwi_tcp_accept(net, listener));
        for (int i = 0; i < CLIENTS; i++)
            (void)await_int(net, ids[i]);
        for (int i = 0; i < CLIENTS; i++)
            ids[i] = kiwi_unix_connect(net, at("s"), 100);
        int late = 0;
        for (int i = 0; i < CLIENTS; i++)
            late += await(net, ids[i]).fault == KIWI_FAULT_TIMEOUT;
#if defined(__linux__) /* elsewhere a full queue refuses */
        ck_assert_int_ge(late, 1);
#endif
        kiwi_tcp_close(net, listener);
        kiwi_net_close(net);
    }
    remove_folder();
}
END_TEST

START_TEST(abstract_names_have_no_file)
{
    make_folder();
#if defined(HAVE_ABSTRACT_SOCKETS)
    char name[64], text[128];
    (void)snprintf(name, sizeof(name), "@kiwi-test-%ld", (long)getpid());
    pair p = unix_pair(test_modes, name);
    ck_assert(!is_there(name));
    (void)snprintf(text, sizeof(text), "Cannot listen on %s: Address already in use", name);
    await_fault(p.net, kiwi_unix_listen(p.net, name, 1, -1), text);
    kiwi_net_close(p.net);
#endif
    remove_folder();
}
END_TEST

/* ---- Messages ---------------------------------------------------------------------------------- */

static void send_bytes(const pair *p, const char *bytes, size_t size)
{
    ck_assert_int_eq(await_int(p->net, kiwi_tcp_send(p->net, p->client, bytes, size)), (int64_t)size);
}
#define SEND(p, literal) send_bytes(p, literal, sizeof(literal) - 1)

START_TEST(messages_keep_their_borders)
{
    make_folder();
    FOR_MODES(mode)
    {
        pair p = unix_pair(mode, at("s"));
        kiwi_id first = kiwi_tcp_recv_message(p.net, p.server, 100), second = kiwi_tcp_recv_message(p.net, p.server, 3);
        SEND(&p, "\0\0");
        SEND(&p, "\0\3a");
        SEND(&p, "bc\0\0\0\0\0\0\0\5hello");
        await_bytes(p.net, first, "abc");
        await_bytes(p.net, second, "");
        await_bytes(p.net, kiwi_tcp_recv_message(p.net, p.server, 5), "hello");
        SEND(&p, "\0\0\0\1xrest");
        await_bytes(p.net, kiwi_tcp_recv_message(p.net, p.server, 5), "x");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "rest");
        kiwi_tcp_close(p.net, p.client);
        ck_assert_int_eq(await(p.net, kiwi_tcp_recv_message(p.net, p.server, 5)).kind, KIWI_RESULT_NONE);
        ck_assert_uint_eq(kiwi_net_held(p.net), 0);
        kiwi_net_close(p.net);
    }
    remove_folder();
}
END_TEST

START_TEST(a_message_that_cannot_be_leaves_the_stream_as_it_was)
{
    make_folder();
    FOR_MODES(mode)
    {
        pair p = unix_pair(mode, at("s"));
        SEND(&p, "\0\0\0\5hello");
        kiwi_result r = await(p.net, kiwi_tcp_recv_message(p.net, p.server, 4));
        ck_assert_int_eq(r.fault, KIWI_FAULT_TOO_LONG);
        ck_assert_str_eq(r.message, "A message of 5 bytes is too large: at most 4.");
        await_bytes(p.net, kiwi_tcp_recv_message(p.net, p.server, 5), "hello");
        SEND(&p, "\xFF\xFF\xFF\xFF");
        r = await(p.net, kiwi_tcp_recv_message(p.net, p.server, INT32_MAX));
        ck_assert_str_eq(r.message, "A message of 4294967295 bytes is too large: at most 2147483647.");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "\xFF\xFF\xFF\xFF");

        SEND(&p, "\0\0\0\5he"); /* time runs out within */
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.server, 50), 0);
        ck_assert_int_eq(await(p.net, kiwi_tcp_recv_message(p.net, p.server, 5)).fault, KIWI_FAULT_TIMEOUT);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.server, 0), 0);
        SEND(&p, "llo");
        await_bytes(p.net, kiwi_tcp_recv_message(p.net, p.server, 5), "hello");

        SEND(&p, "\0\0\0\5he"); /* and so does the stream */
        kiwi_tcp_close(p.net, p.client);
        ck_assert_int_eq(await(p.net, kiwi_tcp_recv_message(p.net, p.server, 5)).fault, KIWI_FAULT_TRUNCATED);
        r = await(p.net, kiwi_tcp_recv(p.net, p.server, 4));
        ck_assert_uint_eq(r.size, 4);
        free(r.bytes);
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 4), "he");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 4), "");
        kiwi_net_close(p.net);
    }
    remove_folder();
}
END_TEST

START_TEST(large_messages_come_through_and_are_paid_for_as_they_come)
{
    make_folder();
    enum { LARGE = 5 << 20 };
    FOR_MODES(mode)
    {
        pair p = unix_pair(mode, at("s"));
        unsigned char *data = calloc(1, LARGE + 4);
        data[1] = LARGE >> 16;
        data[LARGE] = 7;
        kiwi_id got = kiwi_tcp_recv_message(p.net, p.server, LARGE),
                sent = kiwi_tcp_send(p.net, p.client, data, LARGE + 4);
        kiwi_result r = await(p.net, got);
        ck_assert(r.kind == KIWI_RESULT_BYTES && r.size == LARGE && r.bytes[LARGE - 4] == 7);
        free(r.bytes);
        (void)await_int(p.net, sent);
        SEND(&p, "\x7F\xFF\xFF\xFF only this");
        got = kiwi_tcp_recv_message(p.net, p.server, INT32_MAX);
        (void)kiwi_task_await(p.net, got, 50, &r);
        ck_assert_uint_le(kiwi_net_held(p.net), 1 << 16);
        free(data);
        kiwi_net_close(p.net);
    }
    remove_folder();
}
END_TEST

START_TEST(i4_closing_ends_a_message_that_waits)
{
    make_folder();
    FOR_MODES(mode)
    {
        pair p = unix_pair(mode, at("s"));
        SEND(&p, "\0\0\0\5he");
        kiwi_id got = kiwi_tcp_recv_message(p.net, p.server, 5);
        kiwi_tcp_close(p.net, p.server);
        await_fault(p.net, got, "Socket closed");
        await_fault(p.net, kiwi_tcp_recv_message(p.net, p.server, 5), "Invalid socket");
        ck_assert_int_eq(await(p.net, kiwi_tcp_recv_message(p.net, p.client, -1)).fault, KIWI_FAULT_INVALID);
        kiwi_net_close(p.net);
    }
    remove_folder();
}
END_TEST

SUITE_MAIN("unix", 60, a_unix_socket_is_a_stream_like_others, a_pair_is_connected_both_ways,
           without_descriptors_there_is_no_pair_and_nothing_is_lost,
           a_closed_runtime_leaves_no_file_and_waits_for_no_reader, only_what_nobody_listens_at_gives_way,
           a_file_that_took_the_place_stays, the_file_has_the_mode_that_was_asked_for,
           the_file_of_a_relative_path_is_found_again, bad_paths_are_faults, a_full_queue_is_waited_for,
           abstract_names_have_no_file, messages_keep_their_borders,
           a_message_that_cannot_be_leaves_the_stream_as_it_was,
           large_messages_come_through_and_are_paid_for_as_they_come, i4_closing_ends_a_message_that_waits)
