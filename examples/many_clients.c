/* many_clients.c - drive many TCP clients, and the echo server they talk to, from one thread.
 *
 *   many_clients [CLIENTS [ROUNDS]]
 *
 * Each connection is a small state machine.  Its operations are watched with the connection as the
 * token, and kiwi_task_next() hands out whichever ends next: an event loop without descriptors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "kiwi/net.h"

enum { MESSAGE_BYTES = 64, LIMIT_MS = 20000 };

typedef enum { CONNECTING, SENDING, RECEIVING } doing;

typedef struct connection {
    kiwi_id socket;
    doing doing;
    bool server;
    int rounds;  /* client: still to do */
    size_t have; /* client: bytes of the answer */
} connection;

typedef struct party {
    kiwi_net *net;
    kiwi_id listener;
    connection acceptor; /* the token of accepts */
    connection *clients, *servers;
    int count, accepted, finished, failed;
    long echoed; /* bytes that came back */
} party;

static const char message[MESSAGE_BYTES + 1] = "The quick brown fox jumps over the lazy dog and runs far away...";

static kiwi_id advance(party *p, connection *c, const kiwi_result *result);

/* Go on with `c` when `task` ends; 0: there is none.  What has ended already is gone on with now. */
static void follow(party *p, connection *c, kiwi_id task)
{
    kiwi_result result;
    while (task != 0 && kiwi_task_watch(p->net, task, c, &result) == 0) {
        task = advance(p, c, &result);
        free(result.bytes);
    }
}

static kiwi_id finish(party *p, connection *c, bool good)
{
    kiwi_tcp_close(p->net, c->socket);
    if (!c->server) {
        p->finished++;
        p->failed += !good;
    }
    return 0;
}

static kiwi_id receive(party *p, connection *c, int64_t max)
{
    c->doing = RECEIVING;
    return kiwi_tcp_recv(p->net, c->socket, max);
}

static kiwi_id send_bytes(party *p, connection *c, const void *data, size_t size)
{
    c->doing = SENDING;
    return kiwi_tcp_send(p->net, c->socket, data, size);
}

static kiwi_id advance_acceptor(party *p, const kiwi_result *result)
{
    connection *c = &p->servers[p->accepted++];
    *c = (connection){.socket = result->integer, .server = true};
    follow(p, c, receive(p, c, 4096));
    return p->accepted < p->count ? kiwi_tcp_accept(p->net, p->listener) : 0;
}

static kiwi_id advance_server(party *p, connection *c, const kiwi_result *result)
{
    if (c->doing == SENDING)
        return receive(p, c, 4096);
    if (result->size == 0) /* the client has ended */
        return finish(p, c, true);
    return send_bytes(p, c, result->bytes, result->size);
}

static kiwi_id take_answer(party *p, connection *c, const kiwi_result *result)
{
    bool same = result->size > 0 && memcmp(result->bytes, message + c->have, result->size) == 0;
    c->have += result->size;
    p->echoed += (long)result->size;
    if (!same)
        return finish(p, c, false);
    if (c->have < MESSAGE_BYTES)
        return receive(p, c, (int64_t)(MESSAGE_BYTES - c->have));
    c->have = 0;
    return --c->rounds > 0 ? send_bytes(p, c, message, MESSAGE_BYTES) : finish(p, c, true);
}

static kiwi_id advance_client(party *p, connection *c, const kiwi_result *result)
{
    switch (c->doing) {
    case CONNECTING: c->socket = result->integer; return send_bytes(p, c, message, MESSAGE_BYTES);
    case SENDING: return receive(p, c, MESSAGE_BYTES);
    case RECEIVING: break;
    }
    return take_answer(p, c, result);
}

/* The operation of `c` has ended: begin the next one; its task, or 0. */
static kiwi_id advance(party *p, connection *c, const kiwi_result *result)
{
    if (result->state != KIWI_TASK_COMPLETED) {
        (void)fprintf(stderr, "%s: %s\n", c->server ? "server" : "client", result->message);
        return finish(p, c, false);
    }
    if (c == &p->acceptor)
        return advance_acceptor(p, result);
    return c->server ? advance_server(p, c, result) : advance_client(p, c, result);
}

static bool run(party *p, int rounds)
{
    kiwi_result result = {.id = 0};
    kiwi_socket_info info;
    kiwi_id listening = kiwi_tcp_listen(p->net, "127.0.0.1", 0, p->count);
    if (kiwi_task_await(p->net, listening, LIMIT_MS, &result) != 0 || result.state != KIWI_TASK_COMPLETED) {
        (void)fprintf(stderr, "%s\n", result.message);
        return false;
    }
    p->listener = result.integer;
    (void)kiwi_socket_info_get(p->net, p->listener, &info);
    p->acceptor.server = true;
    follow(p, &p->acceptor, kiwi_tcp_accept(p->net, p->listener));
    for (int i = 0; i < p->count; i++) {
        p->clients[i] = (connection){.rounds = rounds};
        follow(p, &p->clients[i], kiwi_tcp_connect(p->net, "127.0.0.1", info.local_port, LIMIT_MS));
    }
    while (p->finished < p->count && kiwi_task_next(p->net, LIMIT_MS, &result) == 0) {
        follow(p, result.token, advance(p, result.token, &result));
        free(result.bytes);
    }
    return p->finished == p->count && p->failed == 0;
}

/* Each client takes two descriptors here, its own and the server's. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* refused: fewer clients are served */
    }
}

int main(int argc, char **argv)
{
    party p = {.count = argc > 1 ? atoi(argv[1]) : 1000};
    int rounds = argc > 2 ? atoi(argv[2]) : 3;
    if (p.count < 1 || rounds < 1) {
        (void)fprintf(stderr, "usage: many_clients [CLIENTS [ROUNDS]]\n");
        return 2;
    }
    allow_descriptors();
    p.clients = calloc((size_t)p.count, sizeof(*p.clients));
    p.servers = calloc((size_t)p.count, sizeof(*p.servers));
    int error = p.clients == NULL || p.servers == NULL ? 1 : kiwi_net_open(NULL, &p.net);
    bool good = error == 0 && run(&p, rounds);
    kiwi_net_close(p.net);
    free(p.clients);
    free(p.servers);
    (void)printf("%d of %d clients served, %ld bytes echoed\n", p.finished - p.failed, p.count, p.echoed);
    return good ? 0 : 1;
}
