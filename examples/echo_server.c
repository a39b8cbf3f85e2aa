/* echo_server.c - send back what each client sends; plain TCP or TLS.
 *
 *   echo_server HOST PORT [tls] [CLIENTS]
 *
 * PORT 0 lets the system choose; the port is printed.  Serves until SIGINT, or for CLIENTS clients.  The
 * certificate is that of KIWI_TLS_CERT and KIWI_TLS_KEY, or the development certificate.
 * One thread is enough: operations run in the runtime's pool, kiwi_task_next() says which one ended, and
 * the token of a watched task whose it was. */
#define _POSIX_C_SOURCE 200809L /* sigaction(), also with cc -std=c11 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kiwi/net.h"

enum { CHUNK = 65536 };

typedef struct client { /* the token of a client's task */
    kiwi_id socket;
    bool sending; /* the task that is running: a send, or a receive */
} client;

static kiwi_net *net;
static bool tls;
static kiwi_id listener;
static int accepting; /* its address is the token of the accept */
static long left;     /* clients still to serve; below 0: no limit */
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
    kiwi_net_wake(net); /* may be called here */
}

static kiwi_id receive(client *c)
{
    c->sending = false;
    return tls ? kiwi_tls_recv(net, c->socket, CHUNK) : kiwi_tcp_recv(net, c->socket, CHUNK);
}

static kiwi_id send_back(client *c, const kiwi_result *got)
{
    c->sending = true;
    return tls ? kiwi_tls_send(net, c->socket, got->bytes, got->size)
               : kiwi_tcp_send(net, c->socket, got->bytes, got->size);
}

static void leave(client *c)
{
    (tls ? kiwi_tls_close : kiwi_tcp_close)(net, c->socket);
    free(c);
    left -= left > 0;
}

/* A client's task has ended: start its next one, or give 0 at the end of the stream or a fault. */
static kiwi_id next_of_client(client *c, const kiwi_result *ended)
{
    bool good = ended->state == KIWI_TASK_COMPLETED;
    if (good && (c->sending || ended->size > 0))
        return c->sending ? receive(c) : send_back(c, ended);
    leave(c);
    return 0;
}

static void watch(kiwi_id task, void *token);

/* A client has come: serve it, and accept the next one. */
static kiwi_id next_of_listener(const kiwi_result *ended)
{
    client *c = ended->state == KIWI_TASK_COMPLETED ? calloc(1, sizeof(*c)) : NULL;
    if (c == NULL) {
        (void)fprintf(stderr, "accept: %s\n", ended->message);
        stop = 1;
        return 0;
    }
    c->socket = ended->integer;
    watch(receive(c), c);
    return tls ? kiwi_tls_accept(net, listener) : kiwi_tcp_accept(net, listener);
}

static kiwi_id next(kiwi_result *ended)
{
    kiwi_id task = ended->token == &accepting ? next_of_listener(ended) : next_of_client(ended->token, ended);
    free(ended->bytes);
    return task;
}

/* Have kiwi_task_next() tell of `task`; if it has ended at once, go on at once. */
static void watch(kiwi_id task, void *token)
{
    kiwi_result ended;
    while (task != 0 && kiwi_task_watch(net, task, token, &ended) == 0) {
        ended.token = token;
        task = next(&ended);
    }
}

int main(int argc, char **argv)
{
    kiwi_result ended = {.id = 0};
    kiwi_socket_info info = {.local_port = 0};
    struct sigaction action = {.sa_handler = on_signal};
    tls = argc > 3 && strcmp(argv[3], "tls") == 0;
    if (argc < 3 || kiwi_net_open(NULL, &net) != 0)
        return fprintf(stderr, "usage: echo_server HOST PORT [tls] [CLIENTS]\n"), 2;
    left = argc > 3 + tls ? strtol(argv[3 + tls], NULL, 10) : -1;
    long port = strtol(argv[2], NULL, 10);
    kiwi_id listening = tls ? kiwi_tls_listen(net, argv[1], port, 128, NULL) : kiwi_tcp_listen(net, argv[1], port, 128);
    if (kiwi_task_await(net, listening, -1, &ended) != 0 || ended.state != KIWI_TASK_COMPLETED)
        return fprintf(stderr, "listen: %s\n", ended.message), 1;
    listener = ended.integer;
    (void)sigaction(SIGINT, &action, NULL);
    (void)kiwi_socket_info_get(net, listener, &info);
    (void)printf("%d\n", info.local_port);
    (void)fflush(stdout);
    watch(tls ? kiwi_tls_accept(net, listener) : kiwi_tcp_accept(net, listener), &accepting);
    while (!stop && left != 0) {
        kiwi_net_wait(net, -1, false); /* until a task has ended, or the signal came */
        while (left != 0 && kiwi_task_next(net, 0, &ended) == 0)
            watch(next(&ended), ended.token);
    }
    kiwi_net_close(net);
    return 0;
}
