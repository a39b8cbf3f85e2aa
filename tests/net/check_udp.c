/* check_udp.c - datagrams: whole, with their sender; binding, limits, names; closing in every
 * state. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "net/asked.h"
#include "net/resolve.h"
#include "net_test.h"

static kiwi_net *net_open(const kiwi_net_options *mode)
{
    kiwi_net *net = NULL;
    ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
    return net;
}

static kiwi_id udp_open(kiwi_net *net)
{
    kiwi_id socket;
    ck_assert_int_eq(kiwi_udp_open(net, &socket, NULL), 0);
    return socket;
}

static int port_of(kiwi_net *net, kiwi_id socket)
{
    kiwi_socket_info info;
    ck_assert_int_eq(kiwi_socket_info_get(net, socket, &info), 0);
    ck_assert(info.udp && !info.listener && !info.tls);
    ck_assert_int_gt(info.local_port, 0);
    return info.local_port;
}

static kiwi_id udp_bind(kiwi_net *net, const char *host, int *port)
{
    kiwi_id socket = await_int(net, kiwi_udp_bind(net, host, *port));
    *port = port_of(net, socket);
    return socket;
}

static void send_text(kiwi_net *net, kiwi_id socket, const char *host, int port, const char *text)
{
    ck_assert_int_eq(await_int(net, kiwi_udp_send(net, socket, host, port, text, strlen(text))), (int64_t)strlen(text));
}

/* Expect the datagram `text` from `host` and `port`. */
static void check_datagram(kiwi_result *r, const char *text, const char *host, int port)
{
    ck_assert_msg(r->state == KIWI_TASK_COMPLETED, "%s", r->message);
    ck_assert_int_eq(r->kind, KIWI_RESULT_DATAGRAM);
    ck_assert_uint_eq(r->size, strlen(text));
    ck_assert_int_eq(memcmp(r->bytes, text, r->size), 0);
    ck_assert_str_eq((const char *)r->bytes + r->size, host);
    ck_assert_int_eq(r->integer, port);
    free(r->bytes);
}

static void expect(kiwi_net *net, kiwi_id task, const char *text, const char *host, int port)
{
    kiwi_result r = await(net, task);
    check_datagram(&r, text, host, port);
}

START_TEST(datagrams_arrive_whole_and_in_order_with_their_sender)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port), client = udp_open(net);
        kiwi_id first = kiwi_udp_recv(net, server, 0), second = kiwi_udp_recv(net, server, 0);
        send_text(net, client, "127.0.0.1", port, "one");
        send_text(net, client, "127.0.0.1", port, "");
        send_text(net, client, "localhost", port, "three");
        int from = port_of(net, client);
        expect(net, first, "one", "127.0.0.1", from);
        expect(net, second, "", "127.0.0.1", from);
        expect(net, kiwi_udp_recv(net, server, 0), "three", "127.0.0.1", from);
        send_text(net, server, "127.0.0.1", from, "back");
        expect(net, kiwi_udp_recv(net, client, 0), "back", "127.0.0.1", port);
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_socket_info_get(net, server, &info), 0);
        ck_assert_uint_eq(info.bytes_in, 8);
        ck_assert_uint_eq(info.bytes_out, 4);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_fresh_socket_talks_to_ipv4_and_to_ipv6)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        kiwi_result r = await(net, kiwi_udp_bind(net, "::1", 0));
        if (r.state == KIWI_TASK_FAULTED) { /* a machine without IPv6 */
            kiwi_net_close(net);
            continue;
        }
        int six = port_of(net, r.integer), four = 0, both = 0;
        kiwi_id server4 = udp_bind(net, "127.0.0.1", &four), any = udp_bind(net, "", &both);
        kiwi_id client = udp_open(net);
        int from = port_of(net, client);
        send_text(net, client, "::1", six, "six");
        send_text(net, client, "127.0.0.1", four, "four");
        send_text(net, client, "::1", both, "a");
        send_text(net, client, "127.0.0.1", both, "b");
        expect(net, kiwi_udp_recv(net, r.integer, 0), "six", "::1", from);
        expect(net, kiwi_udp_recv(net, server4, 0), "four", "127.0.0.1", from);
        expect(net, kiwi_udp_recv(net, any, 0), "a", "::1", from);
        expect(net, kiwi_udp_recv(net, any, 0), "b", "127.0.0.1", from);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(broadcasts_are_allowed)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0;
        kiwi_id server = udp_bind(net, "0.0.0.0", &port), client = udp_open(net);
        send_text(net, client, "127.255.255.255", port, "to all");
        expect(net, kiwi_udp_recv(net, server, LIMIT_MS), "to all", "127.0.0.1", port_of(net, client));
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(the_largest_datagram_goes_and_a_larger_one_faults)
{
    enum { LARGEST = 65507 }; /* 65535 less the headers of IPv4 and UDP */
    char *data = malloc(LARGEST + 10000);
    ck_assert_ptr_nonnull(data);
    for (int i = 0; i < LARGEST + 10000; i++)
        data[i] = (char)(i * 7 % 251);
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        char text[128];
        int port = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port), client = udp_open(net);
        ck_assert_int_eq(await_int(net, kiwi_udp_send(net, client, "127.0.0.1", port, data, LARGEST)), LARGEST);
        kiwi_result r = await(net, kiwi_udp_recv(net, server, 0));
        ck_assert_uint_eq(r.size, LARGEST);
        ck_assert_int_eq(memcmp(r.bytes, data, LARGEST), 0);
        free(r.bytes);
        (void)snprintf(text, sizeof(text), "Cannot send to 127.0.0.1:%d: Message too long", port);
        await_fault(net, kiwi_udp_send(net, client, "127.0.0.1", port, data, LARGEST + 1), text);
        await_fault(net, kiwi_udp_send(net, client, "127.0.0.1", port, data, LARGEST + 10000), text);
        kiwi_net_close(net);
    }
    free(data);
}
END_TEST

START_TEST(what_cannot_be_done_faults_with_its_reason)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        char text[128];
        int port = 0;
        kiwi_id taken = udp_bind(net, "127.0.0.1", &port);
        (void)snprintf(text, sizeof(text), "Cannot bind to 127.0.0.1:%d: Address already in use", port);
        await_fault(net, kiwi_udp_bind(net, "127.0.0.1", port), text);
        await_fault(net, kiwi_udp_bind(net, "192.0.2.1", 0),
                    "Cannot bind to 192.0.2.1:0: Cannot assign requested address");
        await_fault(net, kiwi_udp_bind(net, "127.0.0.1", 65536), "Invalid port 65536: expected 0 to 65535.");
        await_fault(net, kiwi_udp_send(net, taken, "127.0.0.1", -1, "x", 1), "Invalid port -1: expected 0 to 65535.");
        await_fault(net, kiwi_udp_send(net, taken, "127.0.0.1", 0, "x", 1),
                    "Cannot send to 127.0.0.1:0: Invalid argument");
        await_fault(net, kiwi_udp_send(net, taken, "::1", 9, "x", 1), /* from an IPv4 socket */
                    "Cannot send to ::1:9: Address family not supported by protocol");
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(ids_of_tcp_and_udp_are_strangers_to_each_other)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id udp = udp_open(p.net);
        await_fault(p.net, kiwi_udp_recv(p.net, p.client, 0), "Invalid socket");
        await_fault(p.net, kiwi_udp_send(p.net, p.client, "127.0.0.1", 9, "x", 1), "Invalid socket");
        await_fault(p.net, kiwi_tcp_recv(p.net, udp, 9), "Invalid socket");
        await_fault(p.net, kiwi_tcp_send(p.net, udp, "x", 1), "Invalid socket");
        await_fault(p.net, kiwi_tcp_accept(p.net, udp), "Invalid server socket");
        await_fault(p.net, kiwi_socket_shutdown(p.net, udp), "Invalid socket");
        kiwi_udp_close(p.net, p.client);
        kiwi_tcp_close(p.net, udp);
        ck_assert_int_eq(kiwi_task_status(p.net, p.client), KIWI_TASK_COMPLETED);
        ck_assert_int_eq(kiwi_task_status(p.net, udp), KIWI_TASK_COMPLETED);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_receive_ends_at_its_limit_and_the_next_one_works)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port), client = udp_open(net);
        await_fault(net, kiwi_udp_recv(net, server, 20), "timed out");
        kiwi_id short_one = kiwi_udp_recv(net, server, 20), long_one = kiwi_udp_recv(net, server, LIMIT_MS);
        await_fault(net, short_one, "timed out");
        send_text(net, client, "127.0.0.1", port, "late");
        expect(net, long_one, "late", "127.0.0.1", port_of(net, client));
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(of_two_limits_the_earlier_one_counts)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port);
        ck_assert_int_eq(kiwi_socket_timeout(net, server, 3 * LIMIT_MS), 0);
        await_fault(net, kiwi_udp_recv(net, server, 20), "timed out");
        ck_assert_int_eq(kiwi_socket_timeout(net, server, 20), 0);
        await_fault(net, kiwi_udp_recv(net, server, 3 * LIMIT_MS), "timed out");
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(close_faults_pending_receives_and_frees_the_port)
{
    enum { SOCKETS = 12 }; /* more than there are blocking places */
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        kiwi_id sockets[SOCKETS], first[SOCKETS], second[SOCKETS];
        int ports[SOCKETS];
        for (int i = 0; i < SOCKETS; i++) {
            ports[i] = 0;
            sockets[i] = udp_bind(net, "127.0.0.1", &ports[i]);
            first[i] = kiwi_udp_recv(net, sockets[i], 0);
            second[i] = kiwi_udp_recv(net, sockets[i], 0);
        }
        kiwi_net_flush(net);
        /* So the pool has got going. */
        send_text(net, sockets[0], "127.0.0.1", ports[SOCKETS - 1], "x");
        expect(net, first[SOCKETS - 1], "x", "127.0.0.1", ports[0]);
        for (int i = 0; i < SOCKETS; i++) {
            kiwi_udp_close(net, sockets[i]);
            ck_assert_int_eq(kiwi_task_status(net, second[i]), KIWI_TASK_FAULTED);
            await_fault(net, second[i], "Socket closed");
            if (i != SOCKETS - 1)
                await_fault(net, first[i], "Socket closed");
            (void)await_int(net, kiwi_udp_bind(net, "127.0.0.1", ports[i]));
        }
        await_fault(net, kiwi_udp_recv(net, sockets[0], 0), "Invalid socket");
        kiwi_udp_close(net, sockets[0]);
        ck_assert_uint_eq(kiwi_net_pending(net), 0);
        kiwi_net_close(net);
    }
}
END_TEST

/* ---- Names ----------------------------------------------------------------------------------- */

/* Held: look-ups of "hang.test" do not return. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static int fake_look_up(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    if (strcmp(host, "hang.test") == 0) {
        (void)pthread_mutex_lock(&gate);
        (void)pthread_mutex_unlock(&gate);
        return getaddrinfo("127.0.0.1", service, hints, out);
    }
    if (strcmp(host, "nowhere.test") == 0)
        return EAI_NONAME;
    return getaddrinfo(host, service, hints, out);
}

START_TEST(an_unknown_name_faults)
{
    kn_resolve_ask = fake_look_up;
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        char text[128];
        (void)snprintf(text, sizeof(text), "Cannot bind to nowhere.test:0: %s", gai_strerror(EAI_NONAME));
        await_fault(net, kiwi_udp_bind(net, "nowhere.test", 0), text);
        (void)snprintf(text, sizeof(text), "Cannot send to nowhere.test:9: %s", gai_strerror(EAI_NONAME));
        await_fault(net, kiwi_udp_send(net, udp_open(net), "nowhere.test", 9, "x", 1), text);
        int port = 0;
        (void)udp_bind(net, "localhost", &port);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_look_up_that_hangs_holds_up_no_other_datagram)
{
    kn_resolve_ask = fake_look_up;
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port), client = udp_open(net);
        kiwi_id doomed = udp_open(net);
        int from = port_of(net, client);
        ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
        kiwi_id hanging = kiwi_udp_send(net, client, "hang.test", port, "slow", 4);
        kiwi_id lost = kiwi_udp_send(net, doomed, "hang.test", port, "lost", 4);
        kiwi_id binding = kiwi_udp_bind(net, "hang.test", 0);
        send_text(net, client, "127.0.0.1", port, "quick");
        expect(net, kiwi_udp_recv(net, server, 0), "quick", "127.0.0.1", from);
        kiwi_udp_close(net, doomed);
        await_fault(net, lost, "Socket closed");
        ck_assert_int_eq(kiwi_task_status(net, hanging), KIWI_TASK_RUNNING);
        ck_assert_int_eq(pthread_mutex_unlock(&gate), 0);
        ck_assert_int_eq(await_int(net, hanging), 4);
        expect(net, kiwi_udp_recv(net, server, 0), "slow", "127.0.0.1", from);
        (void)port_of(net, await_int(net, binding));
        /* Closing the runtime ends it, looked up or not. */
        (void)kiwi_udp_bind(net, "hang.test", 0);
        kiwi_net_close(net);
    }
}
END_TEST

/* ---- The task table -------------------------------------------------------------------------- */

typedef struct waiting {
    kiwi_net *net;
    kiwi_id task;
    kiwi_result got;
    int code;
} waiting;

static void *wait_there(void *arg)
{
    waiting *w = arg;
    w->code = kiwi_task_await(w->net, w->task, LIMIT_MS, &w->got);
    return NULL;
}

START_TEST(several_threads_get_the_same_datagram_with_its_sender)
{
    enum { THREADS = 3 };
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0, served = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port), client = udp_open(net);
        kiwi_id task = kiwi_udp_recv(net, server, 0);
        waiting all[THREADS];
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++) {
            all[i] = (waiting){.net = net, .task = task};
            ck_assert_int_eq(pthread_create(&threads[i], NULL, wait_there, &all[i]), 0);
        }
        kiwi_result probe; /* gives the threads time to begin; a late one finds the task gone */
        ck_assert_int_eq(kiwi_task_await(net, task, 20, &probe), ETIMEDOUT);
        send_text(net, client, "127.0.0.1", port, "all");
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
            ck_assert(all[i].code == 0 || all[i].code == ENOENT);
            if (all[i].code != 0)
                continue;
            check_datagram(&all[i].got, "all", "127.0.0.1", port_of(net, client));
            served++;
        }
        ck_assert_int_gt(served, 0);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(hidden_tasks_are_neither_listed_nor_counted_but_pending)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        kiwi_id socket = udp_open(net), *ids;
        size_t count, running;
        kiwi_id shown = kiwi_udp_recv(net, socket, 0), hidden = kiwi_udp_recv(net, socket, 0);
        kiwi_task_hide(net, hidden);
        kiwi_task_hide(net, hidden); /* again: harmless */
        kiwi_task_hide(net, 12345);
        ck_assert_int_eq(kiwi_task_list(net, &ids, &count, &running), 0);
        ck_assert_uint_eq(count, 1);
        ck_assert_int_eq(ids[0], shown);
        free(ids);
        ck_assert_uint_eq(kiwi_task_running(net), 1);
        ck_assert_uint_eq(kiwi_net_pending(net), 2);
        kiwi_udp_close(net, socket);
        await_fault(net, hidden, "Socket closed");
        await_fault(net, shown, "Socket closed");
        ck_assert_uint_eq(kiwi_task_running(net), 0);
        kiwi_net_close(net);
    }
}
END_TEST

/* ---- Sending, receiving and closing at the same time ----------------------------------------- */

typedef struct storm {
    kiwi_net *net;
    int rounds;
    atomic_int failures, arrived;
} storm;

static bool ended(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    return id > 0 && kiwi_task_await(net, id, LIMIT_MS, out) == 0 && out->state != KIWI_TASK_RUNNING;
}

static void *rage(void *arg) /* a socket that sends to itself, closed in each state in turn */
{
    storm *s = arg;
    kiwi_socket_info info;
    kiwi_result got, sent;
    kiwi_id socket;
    for (int i = 0; i < s->rounds; i++) {
        if (kiwi_udp_open(s->net, &socket, NULL) != 0 || kiwi_socket_info_get(s->net, socket, &info) != 0) {
            atomic_fetch_add(&s->failures, 1);
            continue;
        }
        kiwi_id recv = kiwi_udp_recv(s->net, socket, i % 7 == 0 ? 1 : 0);
        if (i % 3 == 0)
            kiwi_net_flush(s->net);
        kiwi_id send = kiwi_udp_send(s->net, socket, "127.0.0.1", info.local_port, "self", 4);
        if (i % 2 == 0)
            kiwi_udp_close(s->net, socket);
        if (!ended(s->net, send, &sent) || !ended(s->net, recv, &got))
            atomic_fetch_add(&s->failures, 1);
        else if (got.state == KIWI_TASK_COMPLETED && got.size == 4)
            atomic_fetch_add(&s->arrived, 1);
        free(got.bytes);
        kiwi_udp_close(s->net, socket);
    }
    return NULL;
}

START_TEST(a_storm_of_sockets_ends_every_task)
{
    enum { THREADS = 4, ROUNDS = 150 };
    FOR_MODES(mode)
    {
        storm s = {.net = net_open(mode), .rounds = ROUNDS};
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, rage, &s), 0);
        for (int i = 0; i < THREADS; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(atomic_load(&s.failures), 0);
        ck_assert_int_gt(atomic_load(&s.arrived), THREADS * ROUNDS / 4);
        ck_assert_uint_eq(kiwi_net_pending(s.net), 0);
        kiwi_net_close(s.net);
    }
}
END_TEST

/* ---- Which address was asked -------------------------------------------------------------------- */

START_TEST(answers_come_from_the_address_that_was_asked)
{
    static const char *const everywhere[] = {"", "0.0.0.0"};
    FOR_MODES(mode)
    {
        for (size_t i = 0; i < 2; i++) {
            kiwi_net *net = net_open(mode);
            int server_port = 0, client_port = 0;
            kiwi_id server = udp_bind(net, everywhere[i], &server_port);
            kiwi_id client = udp_bind(net, "127.0.0.1", &client_port);
            static const char *const asked[] = {"127.0.0.2", "127.0.0.1", "127.0.0.3"};
            for (size_t j = 0; j < 3; j++) {
                send_text(net, client, asked[j], server_port, "ask");
                expect(net, kiwi_udp_recv(net, server, LIMIT_MS), "ask", "127.0.0.1", client_port);
                send_text(net, server, "127.0.0.1", client_port, "answer");
                expect(net, kiwi_udp_recv(net, client, LIMIT_MS), "answer", asked[j], server_port);
            }
            kiwi_net_close(net);
        }
    }
}
END_TEST

START_TEST(the_last_thousand_peers_are_remembered)
{
    kn_asked *asked = NULL;
    struct in6_addr here = {.s6_addr = {[15] = 1}}, there = {.s6_addr = {[15] = 2}}, got;
    struct sockaddr_in6 peer = {.sin6_family = AF_INET6};
    got = kn_asked_find(NULL, &peer);
    ck_assert(IN6_IS_ADDR_UNSPECIFIED(&got));
    for (unsigned i = 0; i < KN_ASKED_MAX; i++) {
        peer.sin6_port = (in_port_t)i;
        kn_asked_note(&asked, &peer, &here);
    }
    peer.sin6_port = 0;
    kn_asked_note(&asked, &peer, &there); /* the oldest speaks again, */
    peer.sin6_port = KN_ASKED_MAX;
    kn_asked_note(&asked, &peer, &here); /* so that another one goes for a new one */
    for (unsigned i = 0; i <= KN_ASKED_MAX; i++) {
        peer.sin6_port = (in_port_t)i;
        got = kn_asked_find(asked, &peer);
        ck_assert_int_eq(got.s6_addr[15], i == 0 ? 2 : i == 1 ? 0 : 1);
    }
    kn_asked_free(asked);
}
END_TEST

START_TEST(a_connected_socket_hears_its_peer_alone)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = net_open(mode);
        int port = 0;
        kiwi_id server = udp_bind(net, "127.0.0.1", &port), client = udp_open(net), stranger = udp_open(net);
        await_fault(net, kiwi_udp_write(net, client, "x", 1), "Cannot send: Destination address required");
        kiwi_result r = await(net, kiwi_udp_connect(net, client, "localhost", port));
        ck_assert_msg(r.state == KIWI_TASK_COMPLETED && r.kind == KIWI_RESULT_NONE, "%s", r.message);
        int from = port_of(net, client);
        kiwi_id pending = kiwi_udp_recv(net, client, 0);
        send_text(net, stranger, "127.0.0.1", from, "from a stranger");
        ck_assert_int_eq(await_int(net, kiwi_udp_write(net, client, "ping", 4)), 4);
        expect(net, kiwi_udp_recv(net, server, 0), "ping", "127.0.0.1", from);
        send_text(net, server, "127.0.0.1", from, "pong");
        expect(net, pending, "pong", "127.0.0.1", port);
        kiwi_udp_close(net, server);
        pending = kiwi_udp_recv(net, client, 0);
        (void)await(net, kiwi_udp_write(net, client, "anybody?", 8));
        ck_assert_int_eq(await(net, pending).sys, ECONNREFUSED);
        r = await(net, kiwi_udp_connect(net, client, "127.0.0.1", 70000));
        ck_assert_str_eq(r.message, "Invalid port 70000: expected 0 to 65535.");
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(groups_and_options_are_those_of_open_sockets)
{
    kiwi_net *net = net_open(&test_modes[0]);
    kiwi_result r;
    kiwi_id socket = udp_open(net), tcp = 0;
    (void)listen_local(net, &tcp);
    ck_assert_int_eq(kiwi_udp_group(net, tcp, "239.1.2.3", NULL, true, &r), ENOENT);
    ck_assert_str_eq(r.message, "Invalid socket");
    ck_assert_int_eq(kiwi_udp_group(net, socket, "223.1.2.3", NULL, true, &r), EINVAL);
    ck_assert_str_eq(r.message, "No address of a group: '223.1.2.3'.");
    ck_assert_int_eq(kiwi_udp_group(net, socket, "239.1.2.3", "no-such", true, &r), EINVAL);
    ck_assert_str_eq(r.message, "No such interface: 'no-such'.");
    ck_assert_int_ne(kiwi_udp_group(net, socket, "239.1.2.3", "127.0.0.1", false, &r), 0); /* never joined */
    ck_assert_int_eq(r.fault, KIWI_FAULT_SYSTEM);
    ck_assert_int_eq(kiwi_udp_set(net, socket, KIWI_UDP_TTL, 255, &r), 0);
    ck_assert_int_eq(kiwi_udp_set(net, socket, KIWI_UDP_TTL, 256, &r), EINVAL);
    ck_assert_int_eq(kiwi_udp_set(net, socket, KIWI_UDP_BROADCAST, 2, &r), EINVAL);
    ck_assert_int_eq(kiwi_udp_set(net, socket, KIWI_UDP_BROADCAST, 0, &r), 0);
    ck_assert_int_eq(await(net, kiwi_udp_send(net, socket, "127.255.255.255", 9, "x", 1)).sys, EACCES);
    kiwi_udp_close(net, socket);
    ck_assert_int_eq(kiwi_udp_set(net, socket, KIWI_UDP_TTL, 1, NULL), ENOENT);
    kiwi_net_close(net);
}
END_TEST

SUITE_MAIN("udp", 60, datagrams_arrive_whole_and_in_order_with_their_sender, a_fresh_socket_talks_to_ipv4_and_to_ipv6,
           broadcasts_are_allowed, the_largest_datagram_goes_and_a_larger_one_faults,
           what_cannot_be_done_faults_with_its_reason, ids_of_tcp_and_udp_are_strangers_to_each_other,
           a_receive_ends_at_its_limit_and_the_next_one_works, of_two_limits_the_earlier_one_counts,
           close_faults_pending_receives_and_frees_the_port, an_unknown_name_faults,
           a_look_up_that_hangs_holds_up_no_other_datagram, several_threads_get_the_same_datagram_with_its_sender,
           hidden_tasks_are_neither_listed_nor_counted_but_pending, a_storm_of_sockets_ends_every_task,
           answers_come_from_the_address_that_was_asked, the_last_thousand_peers_are_remembered,
           a_connected_socket_hears_its_peer_alone, groups_and_options_are_those_of_open_sockets)
