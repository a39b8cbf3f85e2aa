/* net_test.h - what the tests of the runtime share: every test runs with both waiting rooms, with
 * and without helping. */
#ifndef NET_TEST_H
#define NET_TEST_H

#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kiwi/net.h"
#include "support/suite.h"

/* The limit of every wait: a lost wake-up fails, it does not hang.  Slow builds have more time, as check's own
 * limits are longer there. */
static inline int limit_ms(void)
{
    const char *times = getenv("CK_TIMEOUT_MULTIPLIER");
    int factor = times != NULL ? atoi(times) : 1;
    return 10000 * (factor > 1 ? factor : 1);
}
#define LIMIT_MS limit_ms()

typedef struct pair {
    kiwi_net *net;
    kiwi_id listener, client, server;
    int port;
} pair;

/* Without epoll the default room, which is poll then, takes its place. */
#if defined(HAVE_SYS_EPOLL_H) && defined(HAVE_EPOLL_CREATE1)
enum { HAS_EPOLL = 1, EPOLL_IF_ANY = KIWI_ROOM_EPOLL };
#else
enum { HAS_EPOLL = 0, EPOLL_IF_ANY = KIWI_ROOM_DEFAULT };
#endif

static const kiwi_net_options test_modes[] = {
    {.workers = 4, .room = (kiwi_net_room)EPOLL_IF_ANY, .help = KIWI_ON},
    {.workers = 4, .room = (kiwi_net_room)EPOLL_IF_ANY, .help = KIWI_OFF},
    {.workers = 4, .room = KIWI_ROOM_POLL, .help = KIWI_ON},
    {.workers = 4, .room = KIWI_ROOM_POLL, .help = KIWI_OFF},
    {.workers = 1, .room = KIWI_ROOM_DEFAULT, .help = KIWI_OFF},
};

#define FOR_MODES(mode)                                                                                                \
    for (const kiwi_net_options *mode = test_modes; mode < test_modes + sizeof(test_modes) / sizeof(test_modes[0]);    \
         mode++)

/* For kn_resolve_ask: LOCAL_NAME is an ordinary name, of 127.0.0.1, whatever the machine knows. */
#define LOCAL_NAME "local.test"

static inline int local_look_up(const char *host, const char *service, const struct addrinfo *hints,
                                struct addrinfo **out)
{
    bool local = host != NULL && strcmp(host, LOCAL_NAME) == 0;
    return getaddrinfo(local ? "127.0.0.1" : host, service, hints, out);
}

static inline kiwi_result await(kiwi_net *net, kiwi_id id)
{
    kiwi_result out;
    ck_assert_int_gt(id, 0);
    ck_assert_int_eq(kiwi_task_await(net, id, LIMIT_MS, &out), 0);
    return out;
}

/* Await and expect an integer. */
static inline int64_t await_int(kiwi_net *net, kiwi_id id)
{
    kiwi_result out = await(net, id);
    ck_assert_msg(out.state == KIWI_TASK_COMPLETED, "%s", out.message);
    ck_assert_int_eq(out.kind, KIWI_RESULT_INTEGER);
    return out.integer;
}

/* Await and expect the fault `text`. */
static inline void await_fault(kiwi_net *net, kiwi_id id, const char *text)
{
    kiwi_result out = await(net, id);
    ck_assert_int_eq(out.state, KIWI_TASK_FAULTED);
    ck_assert_str_eq(out.message, text);
}

/* Await and expect the bytes `text`. */
static inline void await_bytes(kiwi_net *net, kiwi_id id, const char *text)
{
    kiwi_result out = await(net, id);
    ck_assert_msg(out.state == KIWI_TASK_COMPLETED, "%s", out.message);
    ck_assert_int_eq(out.kind, KIWI_RESULT_BYTES);
    ck_assert_uint_eq(out.size, strlen(text));
    ck_assert(out.size == 0 || memcmp(out.bytes, text, out.size) == 0);
    free(out.bytes);
}

static inline int listen_local(kiwi_net *net, kiwi_id *listener)
{
    kiwi_socket_info info;
    *listener = await_int(net, kiwi_tcp_listen(net, "127.0.0.1", 0, 128));
    ck_assert_int_eq(kiwi_socket_info_get(net, *listener, &info), 0);
    ck_assert_int_gt(info.local_port, 0);
    return info.local_port;
}

/* One more connection to p->listener. */
static inline void connect_pair(pair *p)
{
    kiwi_id accept = kiwi_tcp_accept(p->net, p->listener);
    p->client = await_int(p->net, kiwi_tcp_connect(p->net, "127.0.0.1", p->port, 0));
    p->server = await_int(p->net, accept);
}

static inline pair pair_open(const kiwi_net_options *mode)
{
    pair p = {0};
    ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
    p.port = listen_local(p.net, &p.listener);
    connect_pair(&p);
    return p;
}

#endif
