/* check_resolve.c - name look-ups: they fail with a reason, and hang without holding up anything
 * else. */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/resolve.h"
#include "net_test.h"

/* The fault of a connect that took too long. */
static const char *late_at(const char *host, int port)
{
    static char text[128];
    (void)snprintf(text, sizeof(text), "Cannot connect to %s:%d: Connection timed out", host, port);
    return text;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* held: look-ups of "hang" do not return */

static int look_up(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    if (host != NULL && strncmp(host, "hang", 4) == 0) {
        (void)pthread_mutex_lock(&gate);
        (void)pthread_mutex_unlock(&gate);
        return EAI_AGAIN;
    }
    if (host != NULL && strcmp(host, "nowhere.test") == 0)
        return EAI_NONAME;
    if (host != NULL && strcmp(host, "both.test") == 0)
        host = NULL; /* ::1 and 127.0.0.1 */
    return getaddrinfo(host, service, hints, out);
}

START_TEST(a_failed_look_up_faults_with_its_reason)
{
    kn_resolve_ask = look_up;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        char text[128];
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_result r = await(net, kiwi_tcp_connect(net, "nowhere.test", 80, 0));
        (void)snprintf(text, sizeof(text), "Cannot connect to nowhere.test:80: %s", gai_strerror(EAI_NONAME));
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        ck_assert_str_eq(r.message, text);
        r = await(net, kiwi_tcp_listen(net, "nowhere.test", 8080, 1));
        (void)snprintf(text, sizeof(text), "Cannot listen on nowhere.test:8080: %s", gai_strerror(EAI_NONAME));
        ck_assert_str_eq(r.message, text);
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(i1_look_ups_that_hang_delay_neither_echoes_nor_close)
{
    kn_resolve_ask = look_up;
    ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id hanging[10];
        for (int i = 0; i < 10; i++)
            hanging[i] = kiwi_tcp_connect(p.net, "hang.test", 80, i < 5 ? 0 : 50);
        kiwi_id listening = kiwi_tcp_listen(p.net, "hang.test", 0, 1);
        (void)kiwi_tls_listen(p.net, "hang.test", 0, 1, NULL);
        for (int i = 0; i < 50; i++) {
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 100);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4));
            await_bytes(p.net, got, "ping");
        }
        for (int i = 5; i < 10; i++)
            await_fault(p.net, hanging[i], "Cannot connect to hang.test:80: Connection timed out");
        ck_assert_int_eq(kiwi_task_status(p.net, hanging[0]), KIWI_TASK_RUNNING);
        ck_assert_int_eq(kiwi_task_status(p.net, listening), KIWI_TASK_RUNNING);
        kiwi_net_close(p.net);
    }
    ck_assert_int_eq(pthread_mutex_unlock(&gate), 0); /* the look-ups end, and find nobody */
}
END_TEST

START_TEST(names_are_looked_up_and_addresses_tried_in_turn)
{
    kn_resolve_ask = look_up;
    FOR_MODES(mode)
    {
        pair p = pair_open(mode); /* 127.0.0.1 only; the name may give ::1 first */
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        (void)await_int(p.net, kiwi_tcp_connect(p.net, "both.test", p.port, 0));
        (void)await_int(p.net, accept);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(localhost_and_names_below_it_are_told_from_others)
{
    static const char *const local[] = {"localhost",     "LocalHost",    "localhost.",    "a.localhost",
                                        "A.b.LOCALHOST", "x.localhost.", "1.2.localhost", "127.0.0.1.localhost"};
    static const char *const other[] = {"",           ".",           "localhos",     "localhost.example",
                                        "xlocalhost", ".localhost",  "a..localhost", "localhost..",
                                        "local.host", "localhost:1", "localhost ",   "127.0.0.1"};
    for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
        ck_assert_msg(kn_resolve_is_localhost(local[i]), "%s", local[i]);
    for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
        ck_assert_msg(!kn_resolve_is_localhost(other[i]), "%s", other[i]);
}
END_TEST

static int not_asked(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    (void)host;
    (void)service;
    (void)hints;
    (void)out;
    return EAI_NONAME;
}

/* Listen at `host`, connect to it as `other`; the address of the listener must be `address`. */
static void check_local(kiwi_net *net, const char *host, const char *other, const char *address)
{
    kiwi_socket_info info;
    kiwi_id listener = await_int(net, kiwi_tcp_listen(net, host, 0, 1));
    ck_assert_int_eq(kiwi_socket_info_get(net, listener, &info), 0);
    ck_assert_str_eq(info.local_host, address);
    kiwi_id accept = kiwi_tcp_accept(net, listener);
    (void)await_int(net, kiwi_tcp_connect(net, other, info.local_port, 0));
    (void)await_int(net, accept);
}

START_TEST(localhost_is_this_machine_without_asking_the_system)
{
    kn_resolve_ask = not_asked;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kn_addresses *addresses;
        int sys = 1;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        check_local(net, "localhost", "127.0.0.1", "127.0.0.1");
        check_local(net, "127.0.0.1", "web.localhost", "127.0.0.1");
        ck_assert_int_eq(kn_resolve("LOCALHOST.", 80, true, false, &addresses, &sys), 0);
        ck_assert_uint_eq(addresses->count, 2);
        ck_assert_int_eq(addresses->at[0].addr.ss_family, AF_INET);
        ck_assert_int_eq(addresses->at[1].addr.ss_family, AF_INET6);
        free(addresses);
        kiwi_net_close(net);
    }
}
END_TEST

/* ---- Many look-ups ------------------------------------------------------------------------------ */

static atomic_int asked; /* how often "same.test" was */

static int count_asked(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    if (strcmp(host, "same.test") == 0) {
        atomic_fetch_add(&asked, 1);
        host = "127.0.0.1";
        (void)pthread_mutex_lock(&gate); /* until all have asked */
        (void)pthread_mutex_unlock(&gate);
    }
    return look_up(host, service, hints, out);
}

START_TEST(a_name_that_many_need_is_looked_up_once)
{
    enum { CALLERS = 50 };
    kn_resolve_ask = count_asked;
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id connects[CALLERS], gone;
        atomic_store(&asked, 0);
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
        for (int i = 0; i < CALLERS; i++)
            connects[i] = kiwi_tcp_connect(p.net, "same.test", p.port, 0);
        gone = kiwi_tcp_connect(p.net, "same.test", p.port, 20);
        await_fault(p.net, gone, late_at("same.test", p.port));
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0);
        for (int i = 0; i < CALLERS; i++)
            (void)await_int(p.net, connects[i]);
        ck_assert_int_eq(atomic_load(&asked), 1);
        kiwi_net_close(p.net);
    }
}
END_TEST

static int expect_a_label(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    return getaddrinfo(strcmp(host, "xn--bcher-kva.test") == 0 ? "127.0.0.1" : "nowhere.invalid", service, hints, out);
}

START_TEST(names_with_other_letters_are_looked_up_as_a_labels)
{
#if !defined(HAVE_GNUTLS) /* which maps them */
    kiwi_net *net;
    ck_assert_int_eq(kiwi_net_open(NULL, &net), 0);
    ck_assert_int_eq(await(net, kiwi_tcp_connect(net,
                                                 "b\xc3\xbc"
                                                 "cher.test",
                                                 1, 0))
                         .fault,
                     KIWI_FAULT_RESOLVE);
    kiwi_net_close(net);
    return;
#endif
    kn_resolve_ask = expect_a_label;
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        (void)await_int(p.net, kiwi_tcp_connect(p.net,
                                                "b\xc3\xbc"
                                                "cher.test",
                                                p.port, 0));
        (void)await_int(p.net, kiwi_tcp_connect(p.net,
                                                "B\xc3\x9c"
                                                "CHER.test",
                                                p.port, 0));
        kiwi_result r = await(p.net, kiwi_tcp_connect(p.net, "\xff\xfe.test", p.port, 0));
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(sixty_three_silent_names_do_not_delay_the_next)
{
    enum { SILENT = 63 };
    kn_resolve_ask = look_up;
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        char name[32];
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
        for (int i = 0; i < SILENT; i++) {
            (void)snprintf(name, sizeof(name), "hang%d.test", i);
            (void)kiwi_tcp_connect(p.net, name, p.port, 0);
        }
        kiwi_result r = await(p.net, kiwi_tcp_connect(p.net, "nowhere.test", p.port, 0));
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(look_ups_that_nobody_waits_for_leave_the_queue)
{
    enum { SILENT = 64, LATE = 200 };
    kn_resolve_ask = look_up;
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        char name[32];
        kiwi_id waiting[LATE];
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
        for (int i = 0; i < SILENT; i++) {
            (void)snprintf(name, sizeof(name), "hang%d.test", i);
            (void)kiwi_tcp_connect(p.net, name, p.port, 0);
        }
        for (int i = 0; i < LATE; i++) { /* each would take a thread for as long as its turn lasts */
            (void)snprintf(name, sizeof(name), "hangs-late%d.test", i);
            waiting[i] = kiwi_tcp_connect(p.net, name, p.port, 30);
        }
        kiwi_id good = kiwi_tcp_connect(p.net, "nowhere.test", p.port, 0);
        for (int i = 0; i < LATE; i++)
            ck_assert_int_eq(await(p.net, waiting[i]).fault, KIWI_FAULT_TIMEOUT);
        ck_assert_int_eq(kiwi_task_status(p.net, good), KIWI_TASK_RUNNING);
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0); /* a thread is free: `good` is all there is */
        ck_assert_int_eq(await(p.net, good).fault, KIWI_FAULT_RESOLVE);
        kiwi_net_close(p.net);
    }
}
END_TEST

/* ---- Many addresses ----------------------------------------------------------------------------- */

static struct addrinfo *made(const char *address, const char *port, struct addrinfo *next)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *out;
    ck_assert_int_eq(getaddrinfo(address, port, &hints, &out), 0);
    out->ai_next = next;
    return out;
}

/* "two.test": 127.0.0.1, which is silent, and 127.0.0.2.  "many.test": 127.0.0.100 to 139, where nobody
 * listens, and 127.0.0.2. */
static int several(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    char address[32];
    if (strcmp(host, "two.test") == 0) {
        *out = made("127.0.0.1", service, made("127.0.0.2", service, NULL));
        return 0;
    }
    if (strcmp(host, "many.test") != 0)
        return look_up(host, service, hints, out);
    *out = made("127.0.0.2", service, NULL);
    for (int i = 139; i >= 100; i--) {
        (void)snprintf(address, sizeof(address), "127.0.0.%d", i);
        *out = made(address, service, *out);
    }
    return 0;
}

/* A listener at 127.0.0.1:*port whose queue is full, so that the system answers no more; and one of the runtime
 * at 127.0.0.2.  fds: to be closed. */
static kiwi_id beside_silence(kiwi_net *net, int *port, int fds[4])
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert(fds[0] >= 0 && bind(fds[0], (const struct sockaddr *)&at, sizeof(at)) == 0 && listen(fds[0], 0) == 0 &&
              getsockname(fds[0], (struct sockaddr *)&at, &size) == 0);
    *port = ntohs(at.sin_port);
    for (int i = 1; i < 4; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        ck_assert_int_ge(fds[i], 0);
        ck_assert_int_eq(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
        (void)connect(fds[i], (const struct sockaddr *)&at, sizeof(at));
    }
    return await_int(net, kiwi_tcp_listen(net, "127.0.0.2", *port, 16));
}

START_TEST(a_silent_address_delays_the_next_by_a_quarter_of_a_second)
{
    kn_resolve_ask = several;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_socket_info info;
        int port, fds[4];
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_id listener = beside_silence(net, &port, fds);
        int64_t start_us = kb_clock_us();
        kiwi_id client = await_int(net, kiwi_tcp_connect(net, "two.test", port, 5000));
        int64_t took_us = kb_clock_us() - start_us;
        ck_assert_int_ge(took_us, 240 * KB_US_PER_MS);
        ck_assert_int_lt(took_us, 4 * KB_US_PER_S);
        kiwi_id server = await_int(net, kiwi_tcp_accept(net, listener));
        ck_assert_int_eq(kiwi_socket_info_get(net, client, &info), 0);
        ck_assert_str_eq(info.peer_host, "127.0.0.2");
        (void)await_int(net, kiwi_tcp_send(net, client, "hello", 5));
        await_bytes(net, kiwi_tcp_recv(net, server, 9), "hello");
        /* The same with a limit that the silent one would have used up, and closed on the way. */
        await_fault(net, kiwi_tcp_connect(net, "two.test", port, 100), late_at("two.test", port));
        (void)kiwi_tcp_connect(net, "two.test", port, 0);
        kiwi_net_close(net);
        for (int i = 0; i < 4; i++)
            (void)close(fds[i]);
    }
}
END_TEST

START_TEST(all_addresses_of_a_name_are_tried)
{
    kn_resolve_ask = several;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_id listener = await_int(net, kiwi_tcp_listen(net, "127.0.0.2", 0, 16));
        ck_assert_int_eq(kiwi_socket_info_get(net, listener, &info), 0);
        (void)await_int(net, kiwi_tcp_connect(net, "many.test", info.local_port, 5000));
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(the_two_families_take_turns)
{
    static const int before[] = {6, 6, 6, 4, 4}, after[] = {6, 4, 6, 4, 6};
    kn_addresses *a = calloc(1, sizeof(*a) + 5 * sizeof(a->at[0]));
    ck_assert_ptr_nonnull(a);
    a->count = 5;
    for (size_t i = 0; i < 5; i++) {
        a->at[i].addr.ss_family = before[i] == 6 ? AF_INET6 : AF_INET;
        a->at[i].size = (socklen_t)i; /* tells them apart */
    }
    kn_resolve_alternate(a);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(a->at[i].addr.ss_family, after[i] == 6 ? AF_INET6 : AF_INET);
    ck_assert(a->at[0].size == 0 && a->at[2].size == 1 && a->at[4].size == 2 && a->at[1].size == 3);
    free(a);
}
END_TEST

/* The first of the ports from which the system takes those of clients. */
static int first_port(void)
{
    int low = 32768;
    FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    if (file != NULL) {
        char line[64];
        if (fgets(line, sizeof(line), file) != NULL)
            low = (int)strtol(line, NULL, 10);
        (void)fclose(file);
    }
    return low;
}

/* Sooner or later the system chooses the port that is asked for as the client's own: after some 10,000 times where
 * it counts upwards. */
START_TEST(a_socket_that_connects_to_itself_is_refused)
{
    enum { TIMES = 35000 };
    kiwi_net *net;
    int port = first_port() + 2000;
    ck_assert_int_eq(kiwi_net_open(&test_modes[0], &net), 0);
    for (int i = 0; i < TIMES; i++) {
        kiwi_result r = await(net, kiwi_tcp_connect(net, "127.0.0.1", port, 0));
        if (r.state != KIWI_TASK_COMPLETED)
            continue;
        kiwi_socket_info info; /* somebody else's port, then */
        ck_assert_int_eq(kiwi_socket_info_get(net, r.integer, &info), 0);
        ck_assert_int_ne(info.local_port, port);
        break;
    }
    kiwi_net_close(net);
}
END_TEST

/* ---- Addresses for their own sake ------------------------------------------------------------ */

static void await_lines(kiwi_net *net, kiwi_id id, const char *lines)
{
    kiwi_result r = await(net, id);
    ck_assert_msg(r.state == KIWI_TASK_COMPLETED, "%s", r.message);
    ck_assert_int_eq(r.kind, KIWI_RESULT_LINES);
    ck_assert_uint_eq(r.size, strlen(lines));
    ck_assert(memcmp(r.bytes, lines, r.size) == 0);
    free(r.bytes);
}

START_TEST(a_name_gives_its_addresses)
{
    kn_resolve_ask = look_up;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        await_lines(net, kiwi_resolve(net, "localhost", KIWI_FAMILY_ANY), "127.0.0.1\n::1\n");
        await_lines(net, kiwi_resolve(net, "2001:DB8::0:1", KIWI_FAMILY_IPV6), "2001:db8::1\n");
        await_lines(net, kiwi_resolve(net, "both.test", KIWI_FAMILY_IPV4), "127.0.0.1\n");
        await_lines(net, kiwi_resolve(net, "both.test", KIWI_FAMILY_IPV6), "::1\n");
        kiwi_result r = await(net, kiwi_resolve(net, "192.0.2.1", KIWI_FAMILY_IPV6));
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        ck_assert_str_eq(r.message, "Cannot resolve 192.0.2.1: it has no IPv6 address");
        char text[128];
        (void)snprintf(text, sizeof(text), "Cannot resolve nowhere.test: %s", gai_strerror(EAI_NONAME));
        await_fault(net, kiwi_resolve(net, "nowhere.test", KIWI_FAMILY_ANY), text);
        await_fault(net, kiwi_resolve(net, NULL, KIWI_FAMILY_ANY), "Invalid host: NULL.");
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_look_up_for_addresses_is_shared_limited_and_cancelled)
{
    enum { CALLERS = 20 };
    kn_resolve_ask = count_asked;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_id ids[CALLERS];
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        atomic_store(&asked, 0);
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
        for (int i = 0; i < CALLERS; i++)
            ids[i] = kiwi_resolve(net, "same.test", KIWI_FAMILY_ANY);
        kiwi_id late = kiwi_resolve(net, "same.test", KIWI_FAMILY_ANY);
        ck_assert_int_eq(kiwi_task_timeout(net, late, 20), 0);
        await_fault(net, late, "Cannot resolve same.test: Connection timed out");
        ck_assert_int_eq(kiwi_task_cancel(net, ids[0]), 0);
        ck_assert_int_eq(await(net, ids[0]).fault, KIWI_FAULT_CANCELLED);
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0);
        for (int i = 1; i < CALLERS; i++)
            await_lines(net, ids[i], "127.0.0.1\n");
        ck_assert_int_eq(atomic_load(&asked), 1);
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0); /* one that is under way when the runtime closes */
        (void)kiwi_resolve(net, "hang.test", KIWI_FAMILY_ANY);
        kiwi_net_close(net);
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0);
    }
}
END_TEST

SUITE_MAIN("resolve", 60, a_name_gives_its_addresses, a_look_up_for_addresses_is_shared_limited_and_cancelled,
           a_failed_look_up_faults_with_its_reason, i1_look_ups_that_hang_delay_neither_echoes_nor_close,
           names_are_looked_up_and_addresses_tried_in_turn, localhost_and_names_below_it_are_told_from_others,
           localhost_is_this_machine_without_asking_the_system, a_name_that_many_need_is_looked_up_once,
           names_with_other_letters_are_looked_up_as_a_labels, sixty_three_silent_names_do_not_delay_the_next,
           look_ups_that_nobody_waits_for_leave_the_queue, a_silent_address_delays_the_next_by_a_quarter_of_a_second,
           all_addresses_of_a_name_are_tried, the_two_families_take_turns, a_socket_that_connects_to_itself_is_refused)
