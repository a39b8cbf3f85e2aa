/* close.c - closing a socket that the program knows.  The contracts are in kiwi/net.h and close.h. */
#include "config.h"

#include "net/close.h"

#include "net/linger.h"
#include "net/pool.h"
#include "net/run.h"
#include "net/sock.h"
#include "net/wake.h"

/* The port must be free when the call returns: wait until the last thread has left the socket. */
static void await_freed(kiwi_net *net, const kn_sock *sock)
{
    uint32_t slot = sock->slot, generation = net->slots[slot].generation;
    uint64_t round = net->rounds;
    bool held = !net->room_kind->edge && net->in_room; /* poll() keeps the port until it returns */
    kn_sock_shut(net, net->slots[slot].sock);
    while (net->slots[slot].generation == generation)
        kn_wake_wait(net, &net->sock_freed, KB_NEVER);
    net->closers++;
    while (held && net->in_room && net->rounds == round)
        kn_wake_wait(net, &net->sock_freed, KB_NEVER);
    net->closers--;
}

bool kn_close_send_now(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    sock->refs++;
    for (kn_op *op; (op = kn_sock_head(sock, KN_WRITE)) != NULL;) {
        if (!op->kind->sends || op->state != KN_READY || op->heavy)
            break;
        kn_run_op(net, op, NULL, false);
    }
    bool open = !sock->closing;
    kn_sock_unref(net, sock);
    return open;
}

void kn_close_sock(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    if (!kn_close_send_now(net, sock)) /* not all that was submitted has been begun */
        return;
    kn_sock_abort(net, sock);
    if (sock->listener || sock->udp)
        await_freed(net, sock);
    else
        kn_linger_begin(net, sock);
    kn_pool_submitted(net);
}

bool kn_close_file(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    kn_file *file = sock->file;
    if (file == NULL)
        return false;
    sock->file = NULL;
    kn_wake_unlock(net);
    kn_unix_remove(file);
    kn_lock(net);
    return true;
}

static void close_id(kiwi_net *net, kiwi_id id, bool tls)
{
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, id);
    if (sock != NULL && sock->tls == tls && kn_close_file(net, sock))
        sock = kn_sock_any(net, id);
    if (sock != NULL && sock->tls == tls && !sock->udp)
        kn_close_sock(net, sock);
    kn_wake_unlock(net);
}

void kiwi_tcp_close(kiwi_net *net, kiwi_id socket)
{
    close_id(net, socket, false);
}

void kiwi_tls_close(kiwi_net *net, kiwi_id socket)
{
    close_id(net, socket, true);
}
