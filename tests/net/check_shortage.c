/* check_shortage.c - single system calls that fail: descriptors and memory that are short for a
 * while, slow look-ups, a state folder that cannot be read or written. */
#include "config.h"

#include <stdio.h>

#if defined(HAVE_LINK_WRAP)

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "contexts.h"
#include "faults.h"
#include "net/resolve.h"
#include "net/room.h"
#include "net/state.h"
#include "net/tls.h"
#include "net/wake.h"
#include "net_test.h"
#include "support/ca.h"

enum { FOLDER_MAX = PATH_MAX - 32 };

typedef struct fault {
    fault_site site;
    int error;
} fault;

START_TEST(a_listener_outlives_a_shortage_of_descriptors)
{
    FOR_MODES(mode)
    {
        kiwi_result out;
        pair p = pair_open(mode);
        fault_arm(FAULT_accept, EMFILE, 1, LONG_MAX);
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        kiwi_id client = kiwi_tcp_connect(p.net, "127.0.0.1", p.port, 0);
        int error = kiwi_task_await(p.net, accept, 200, &out);
        long tries = fault_disarm();
        ck_assert_int_eq(error, ETIMEDOUT);
        ck_assert_int_ge(tries, 1);
        ck_assert_int_le(tries, 10); /* it does not spin */
        (void)await_int(p.net, client);
        (void)await_int(p.net, accept);
        kiwi_net_close(p.net);
    }
}
END_TEST

static int fd_of(kiwi_net *net, kiwi_id id)
{
    kn_lock(net);
    const kn_entry *entry = kb_map_get(&net->table, id);
    int fd = ((const kn_sock *)(const void *)entry)->fd;
    kn_wake_unlock(net);
    return fd;
}

/* Received, and no memory to keep it: what is received next must not look like its continuation. */
START_TEST(bytes_that_are_lost_leave_no_hole)
{
    FOR_MODES(mode)
    {
        kiwi_result out;
        pair p = pair_open(mode);
        int peer = fd_of(p.net, p.client);
        kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10);
        ck_assert_int_eq(kiwi_task_await(p.net, got, 50, &out), ETIMEDOUT); /* it waits, in whatever way it does */
        fault_arm(FAULT_memory, ENOMEM, 1, LONG_MAX);
        bool sent = send(peer, "lost", 4, 0) == 4;
        int error = kiwi_task_await(p.net, got, LIMIT_MS, &out);
        (void)fault_disarm();
        ck_assert(sent && error == 0);
        ck_assert(out.fault == KIWI_FAULT_SYSTEM && out.sys == ENOMEM);
        ck_assert_int_eq(send(peer, "more\n", 5, 0), 5);
        out = await(p.net, kiwi_tcp_recv_line(p.net, p.server, 10));
        ck_assert_int_eq(out.fault, KIWI_FAULT_TRUNCATED);
        ck_assert_str_eq(out.message, "received bytes were lost: there was no memory for them");
        ck_assert_int_eq(await(p.net, kiwi_tcp_recv(p.net, p.server, 10)).fault, KIWI_FAULT_TRUNCATED);
        kiwi_net_close(p.net);
    }
}
END_TEST

/* The system takes a part of a send and has no memory for the rest: what is sent next would be taken for that. */
START_TEST(a_send_that_memory_cuts_short_is_the_last)
{
    FOR_MODES(mode)
    {
        kiwi_result out;
        static char much[32 << 20];
        pair p = pair_open(mode);
        kiwi_id put = kiwi_tcp_send(p.net, p.client, much, sizeof(much));
        ck_assert_int_eq(kiwi_task_await(p.net, put, 50, &out), ETIMEDOUT); /* nobody receives */
        fault_arm(FAULT_send, ENOBUFS, 1, LONG_MAX);
        int error = 0;
        for (int i = 0; i < 1000 && error == 0; i++) {
            out = (kiwi_result){0};
            error = kiwi_task_await(p.net, kiwi_tcp_recv(p.net, p.server, 65536), 100, &out);
            free(out.bytes);
        }
        error = kiwi_task_await(p.net, put, LIMIT_MS, &out);
        (void)fault_disarm();
        ck_assert(error == 0 && out.fault == KIWI_FAULT_SYSTEM && out.sys == ENOBUFS);
        out = await(p.net, kiwi_tcp_send(p.net, p.client, "x", 1));
        ck_assert_int_eq(out.fault, KIWI_FAULT_TRUNCATED);
        ck_assert_str_eq(out.message, "a send was cut short");
        kiwi_net_close(p.net);
    }
}
END_TEST

enum { WATCHED_FDS = 256 };

/* Note which descriptors are open. */
static void note_open(bool open[WATCHED_FDS])
{
    for (int fd = 0; fd < WATCHED_FDS; fd++)
        open[fd] = fcntl(fd, F_GETFD) >= 0;
}

/* Those opened since `before` was noted: programs do not inherit them, and no pipe blocks. */
static void expect_private(const bool before[WATCHED_FDS])
{
    int pipes = 0;
    for (int fd = 0; fd < WATCHED_FDS; fd++) {
        struct stat info;
        int flags = fcntl(fd, F_GETFD);
        if (before[fd] || flags < 0)
            continue;
        ck_assert_msg((flags & FD_CLOEXEC) != 0, "descriptor %d would be inherited", fd);
        ck_assert_int_eq(fstat(fd, &info), 0);
        if (!S_ISFIFO(info.st_mode))
            continue;
        pipes++;
        ck_assert_msg((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0, "pipe %d would block", fd);
    }
    ck_assert_int_eq(pipes, 4); /* both ends of the kick and of the alarm */
}

START_TEST(no_runtime_opens_with_pipes_that_would_block_or_be_inherited)
{
    long hits = 1;
    for (long n = 1; hits > 0; n++) {
        kiwi_net *net;
        bool open[WATCHED_FDS];
        int before = fault_descriptors();
        note_open(open);
        fault_arm(FAULT_fcntl, EINVAL, n, n);
        int error = kiwi_net_open(NULL, &net);
        hits = fault_disarm();
        ck_assert_int_eq(error, hits > 0 ? EINVAL : 0);
        if (error == 0)
            expect_private(open);
        kiwi_net_close(net);
        ck_assert_int_eq(fault_descriptors(), before);
    }
}
END_TEST

START_TEST(a_connect_whose_outcome_cannot_be_asked_for_fails)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_tcp_close(p.net, p.listener);
        fault_arm(FAULT_getsockopt, ENOBUFS, 1, LONG_MAX);
        kiwi_result out = {0};
        kiwi_id id = kiwi_tcp_connect(p.net, "127.0.0.1", p.port, 0);
        int error = kiwi_task_await(p.net, id, LIMIT_MS, &out);
        long hits = fault_disarm();
        ck_assert_int_eq(error, 0);
        ck_assert_int_eq(out.state, KIWI_TASK_FAULTED); /* connect() itself may say so first */
        ck_assert_int_eq(out.sys, hits > 0 ? ENOBUFS : ECONNREFUSED);
        kiwi_net_close(p.net);
    }
}
END_TEST

static pair pair_tls(const kiwi_net_options *mode)
{
    pair p = {0};
    kiwi_socket_info info;
    /* Not writable: the development certificate lives in memory, and nobody's is touched. */
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/nonexistent", 1), 0);
    ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
    p.listener = await_int(p.net, kiwi_tls_listen(p.net, "127.0.0.1", 0, 16, NULL));
    ck_assert_int_eq(kiwi_socket_info_get(p.net, p.listener, &info), 0);
    kiwi_id accept = kiwi_tls_accept(p.net, p.listener);
    p.client = await_int(p.net, kiwi_tls_connect(p.net, "127.0.0.1", info.local_port, NULL, NULL));
    p.server = await_int(p.net, accept);
    return p;
}

/* Without room to read ahead a receive takes one record; it must not think that this was all. */
START_TEST(no_record_is_forgotten_where_reading_ahead_has_no_memory)
{
    enum { RECORD = 16384, SIZE = RECORD + 100 };
    static char data[SIZE];
    FOR_MODES(mode)
    {
        kiwi_result out;
        pair p = pair_tls(mode);
        kiwi_id first = kiwi_tls_recv(p.net, p.client, 1); /* so that the room knows the socket */
        ck_assert_int_eq(kiwi_task_await(p.net, first, 20, &out), ETIMEDOUT);
        (void)await_int(p.net, kiwi_tls_send(p.net, p.server, "x", 1));
        await_bytes(p.net, first, "x");
        (void)await_int(p.net, kiwi_tls_send(p.net, p.server, data, SIZE));
        kiwi_net_wait(p.net, 20 * KB_US_PER_MS, false); /* the room has told of it */
        fault_arm(FAULT_memory, ENOMEM, 1, 2);
        kiwi_id id = kiwi_tls_recv(p.net, p.client, RECORD);
        int error = kiwi_task_await(p.net, id, LIMIT_MS, &out);
        (void)fault_disarm();
        ck_assert_int_eq(error, 0);
        ck_assert_msg(out.state == KIWI_TASK_COMPLETED, "%s", out.message);
        size_t got = out.size;
        free(out.bytes);
        while (got < SIZE) {
            out = await(p.net, kiwi_tls_recv(p.net, p.client, RECORD));
            ck_assert_msg(out.size > 0, "%s", out.message);
            got += out.size;
            free(out.bytes);
        }
        kiwi_net_close(p.net);
    }
}
END_TEST

typedef struct waiting {
    kiwi_net *net;
    kiwi_id id;
    atomic_bool go;
    int error;
} waiting;

static void *wait_later(void *arg)
{
    const struct timespec nap = {.tv_nsec = 30000000};
    waiting *w = arg;
    kiwi_result out = {0};
    do
        (void)nanosleep(&nap, NULL);
    while (!atomic_load(&w->go));
    w->error = kiwi_task_await(w->net, w->id, LIMIT_MS, &out);
    free(out.bytes);
    return NULL;
}

static void be_quiet(void *data, const char *text)
{
    (void)data;
    (void)text;
}

/* One thread leads the room while the other sleeps; when it leaves, no worker can take over. */
START_TEST(without_workers_the_lead_goes_to_another_thread_that_waits)
{
    kiwi_net_options mode = test_modes[0];
    mode.log = be_quiet;
    kiwi_result out;
    waiting w = {.error = -1};
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, wait_later, &w), 0);
    fault_arm(FAULT_pthread_create, EAGAIN, 1, LONG_MAX); /* check itself starts no threads */
    pair p = pair_open(&mode), other = p;
    connect_pair(&other);
    w.net = p.net;
    w.id = kiwi_tcp_recv(p.net, other.server, 9);
    kiwi_id mine = kiwi_tcp_recv(p.net, p.server, 9);
    atomic_store(&w.go, true);
    ck_assert_int_eq(kiwi_task_await(p.net, mine, 200, &out), ETIMEDOUT);
    (void)kiwi_tcp_send(p.net, other.client, "x", 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_gt(fault_disarm(), 0);
    ck_assert_int_eq(w.error, 0);
    kiwi_net_close(p.net);
}
END_TEST

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held: look-ups do not return */

static int slow_look_up(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)pthread_mutex_lock(&gate);
    (void)pthread_mutex_unlock(&gate);
    return local_look_up(host, service, hints, out);
}

START_TEST(a_look_up_that_takes_long_delays_only_its_connect)
{
    kn_resolve_ask = slow_look_up;
    for (int i = 0; i < 2; i++) {
        pair p = pair_open(&test_modes[i]);
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
        kiwi_id slow = kiwi_tcp_connect(p.net, LOCAL_NAME, p.port, 0);
        for (int echo = 0; echo < 20; echo++) {
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4));
            await_bytes(p.net, got, "ping");
        }
        ck_assert_int_eq(kiwi_task_status(p.net, slow), KIWI_TASK_RUNNING);
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0);
        (void)await_int(p.net, slow);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_poll_room_without_memory_for_its_list_looks_again)
{
    enum { WATCHED = 100 };
    kn_room *room;
    kn_event events[KN_ROOM_BATCH];
    unsigned notes[WATCHED] = {0};
    int kick[2], fds[WATCHED][2];
    ck_assert_int_eq(pipe(kick), 0);
    ck_assert_int_eq(kn_room_poll.open(kick[0], &room), 0);
    for (int i = 0; i < WATCHED; i++) {
        ck_assert_int_eq(pipe(fds[i]), 0);
        ck_assert_int_eq(kn_room_poll.watch(room, fds[i][0], (uint64_t)i + 1, true, false, &notes[i]), 0);
    }
    ck_assert_int_eq(write(fds[WATCHED - 1][1], "x", 1), 1);
    fault_arm(FAULT_memory, ENOMEM, 1, LONG_MAX);
    int64_t start_us = kb_clock_us();
    int count = kn_room_poll.wait(room, events, LIMIT_MS);
    ck_assert_int_gt(fault_disarm(), 0);
    ck_assert_int_eq(count, 0); /* it was not among those that could be watched */
    ck_assert_int_lt(kb_clock_us() - start_us, LIMIT_MS / 2 * KB_US_PER_MS);
    ck_assert_int_eq(kn_room_poll.wait(room, events, LIMIT_MS), 1);
    ck_assert_uint_eq(events[0].key, WATCHED);
    kn_room_poll.close(room);
    for (int i = 0; i < WATCHED; i++)
        (void)(close(fds[i][0]) + close(fds[i][1]));
    (void)(close(kick[0]) + close(kick[1]));
}
END_TEST

/* The number of files in `folder`; `*inode` is that of the certificate, 0 if there is none. */
static int look_into(const char *folder, ino_t *inode)
{
    char path[PATH_MAX];
    struct stat info;
    int count = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    (void)closedir(dir);
    (void)snprintf(path, sizeof(path), "%s/development.pem", folder);
    *inode = stat(path, &info) == 0 ? info.st_ino : 0;
    return count;
}

/* Open a server context with the development certificate, call `n` failing.  `kept`: a good
 * certificate is there, and stays; otherwise it is made.  Gives how many calls failed. */
static long use_certificate(const char *folder, const fault *f, long n, bool kept)
{
    kn_tls_context *context = NULL;
    kb_error err = {.status = KB_OK};
    char path[PATH_MAX];
    ino_t before, after;
    (void)snprintf(path, sizeof(path), "%s/development.pem", folder);
    if (!kept)
        (void)unlink(path);
    (void)look_into(folder, &before);
    fault_arm(f->site, f->error, n, n);
    kb_status status = server_context(NULL, &context, &err);
    long hits = fault_disarm();
    bool no_memory = f->site == FAULT_memory && hits > 0;
    ck_assert_msg(status == (no_memory ? KB_ENOMEM : KB_OK), "site %d, error %d, call %ld: %s", f->site, f->error, n,
                  err.text);
    kn_tls_context_unref(context);
    int files = look_into(folder, &after);
    ck_assert_msg(files <= 1, "site %d, error %d, call %ld: %d files", f->site, f->error, n, files);
    if (kept)
        ck_assert_msg(after == before, "site %d, error %d, call %ld: replaced", f->site, f->error, n);
    return hits;
}

START_TEST(the_development_certificate_survives_failing_files)
{
    static const fault faults[] = {
        {FAULT_memory, ENOMEM},    {FAULT_open, EINTR},     {FAULT_open, EMFILE},  {FAULT_open, ENOMEM},
        {FAULT_fstat, EIO},        {FAULT_stat, EIO},       {FAULT_read, EINTR},   {FAULT_read, EIO},
        {FAULT_read, FAULT_SHORT}, {FAULT_write, EINTR},    {FAULT_write, ENOSPC}, {FAULT_write, FAULT_SHORT},
        {FAULT_mkdir, EACCES},     {FAULT_mkstemp, EMFILE}, {FAULT_fsync, EIO},    {FAULT_link, EPERM},
        {FAULT_rename, EACCES},    {FAULT_close, EIO},
    };
    char folder[FOLDER_MAX];
    kn_tls_context *context = NULL;
    ca *authority = ca_new(); /* its folder is the user's state folder */
    (void)snprintf(folder, sizeof(folder), "%s", ca_path(authority, "kiwi"));
    ck_assert_int_eq(server_context(NULL, &context, NULL), KB_OK);
    kn_tls_context_unref(context);
    int before = fault_descriptors();
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        for (int kept = 0; kept < 2; kept++) {
            if (kept == 1) { /* a good one is there */
                ck_assert_int_eq(server_context(NULL, &context, NULL), KB_OK);
                kn_tls_context_unref(context);
            }
            for (long n = 1; use_certificate(folder, &faults[i], n, kept == 1) > 0;)
                n++;
        }
    ck_assert_int_eq(fault_descriptors(), before);
    ca_free(authority);
}
END_TEST

/* Options with two names, whose files are the authority's. */
static kiwi_tls_options with_names(ca *authority, kiwi_tls_name names[2])
{
    const char *cert = ca_path(authority, "one.pem"), *key = ca_path(authority, "one.key");
    ca_issue(authority, "one", &(ca_spec){.dns = "one.example"});
    names[0] = (kiwi_tls_name){.name = "one.example", .cert = cert, .key = key};
    names[1] = (kiwi_tls_name){.name = "*.example", .cert = cert, .key = key};
    return (kiwi_tls_options){.cert = cert, .key = key, .names = names, .name_count = 2};
}

START_TEST(pairs_for_names_are_all_there_or_none_is)
{
    static const struct {
        fault f;
        kb_status status;
    } rows[] = {
        {{FAULT_memory, ENOMEM}, KB_ENOMEM}, {{FAULT_open, EMFILE}, KB_EIO},     {{FAULT_read, EIO}, KB_EIO},
        {{FAULT_read, EINTR}, KB_OK},        {{FAULT_read, FAULT_SHORT}, KB_OK},
    };
    ca *authority = ca_new();
    kiwi_tls_name names[2];
    kiwi_tls_options options = with_names(authority, names);
    int before = fault_descriptors();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (long n = 1, hits = 1; hits > 0; n++) {
            kn_tls_context *context = NULL;
            kb_error err = {.status = KB_OK};
            fault_arm(rows[i].f.site, rows[i].f.error, n, n);
            kb_status status = server_context(&options, &context, &err);
            hits = fault_disarm();
            ck_assert_msg(status == (hits > 0 ? rows[i].status : KB_OK), "row %zu, call %ld: %s", i, n, err.text);
            ck_assert_int_eq(context != NULL, status == KB_OK);
            kn_tls_context_unref(context);
        }
    ck_assert_int_eq(fault_descriptors(), before);
    ca_free(authority);
}
END_TEST

START_TEST(a_reload_without_memory_keeps_what_is_there)
{
    FOR_MODES(mode)
    {
        ca *authority = ca_new();
        kiwi_tls_name names[2];
        kiwi_tls_options options = with_names(authority, names);
        pair p = {.net = NULL};
        ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
        p.listener = await_int(p.net, kiwi_tls_listen(p.net, "127.0.0.1", 0, 16, &options));
        for (long n = 1, hits = 1; hits > 0; n++) {
            kiwi_result r = {0};
            fault_arm(FAULT_memory, ENOMEM, n, n);
            kiwi_id id = kiwi_tls_reload(p.net, p.listener);
            int error = id > 0 ? kiwi_task_await(p.net, id, 20000, &r) : ENOMEM;
            hits = fault_disarm();
            ck_assert_msg(error == 0 || (error == ENOMEM && hits > 0), "call %ld: %d", n, error);
            if (error == 0 && r.state == KIWI_TASK_FAULTED)
                ck_assert_msg(r.sys == ENOMEM && hits > 0, "call %ld: %s", n, r.message);
        }
        ck_assert_int_eq(await(p.net, kiwi_tls_reload(p.net, p.listener)).state, KIWI_TASK_COMPLETED);
        kiwi_net_close(p.net);
        ca_free(authority);
    }
}
END_TEST

START_TEST(failed_tls_connects_have_numbers_of_their_own_without_memory)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_result reason = {.fault = KIWI_FAULT_TLS, .tls = -5, .message = "no"}, r;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        for (long n = 1; n <= 2; n++) { /* the copy of the reason, its place in the map */
            fault_arm(FAULT_memory, ENOMEM, n, LONG_MAX);
            kiwi_id a = kiwi_tls_failed(net, &reason), b = kiwi_tls_failed(net, &reason);
            ck_assert_int_ge(fault_disarm(), n);
            ck_assert(a < 0 && b < 0 && a != b);
            ck_assert_int_eq(kiwi_task_status(net, a), KIWI_TASK_FAULTED);
            ck_assert_int_eq(kiwi_tls_error(net, a, &r), 0);
            ck_assert(r.state == KIWI_TASK_FAULTED && (r.sys == ENOMEM || r.tls == -5));
        }
        kiwi_net_close(net);
    }
}
END_TEST

SUITE_MAIN("shortage", 60, pairs_for_names_are_all_there_or_none_is, a_reload_without_memory_keeps_what_is_there,
           failed_tls_connects_have_numbers_of_their_own_without_memory, a_listener_outlives_a_shortage_of_descriptors,
           bytes_that_are_lost_leave_no_hole, a_send_that_memory_cuts_short_is_the_last,
           no_runtime_opens_with_pipes_that_would_block_or_be_inherited,
           no_record_is_forgotten_where_reading_ahead_has_no_memory, a_connect_whose_outcome_cannot_be_asked_for_fails,
           without_workers_the_lead_goes_to_another_thread_that_waits,
           a_look_up_that_takes_long_delays_only_its_connect, a_poll_room_without_memory_for_its_list_looks_again,
           the_development_certificate_survives_failing_files)

#else

int main(void)
{
    return puts("1..1\nok 1 - single faults # SKIP the linker has no --wrap") < 0;
}

#endif
