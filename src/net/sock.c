/* sock.c - a socket's life: made, found, closed by shutdown(), freed by whoever lets go last.  The
 * contracts are in state.h and kiwi/net.h. */
#include "config.h"

#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"

/* ---- Slots: keys of events that survive their socket ---------------------------------------- */

static bool slot_take(kiwi_net *net, kn_sock *sock)
{
    if (net->slot_free == 0) {
        uint32_t count = net->slot_count, size = count == 0 ? 64 : count * 2;
        kn_slot *more = size < count ? NULL : realloc(net->slots, size * sizeof(*more));
        if (more == NULL)
            return false;
        net->slots = more;
        net->slot_count = size;
        for (uint32_t i = size; i > count; i--) { /* generations begin at 1: key 0 is the kick */
            more[i - 1] = (kn_slot){.generation = 1, .next_free = net->slot_free};
            net->slot_free = i;
        }
    }
    sock->slot = net->slot_free - 1;
    kn_slot *slot = &net->slots[sock->slot];
    net->slot_free = slot->next_free;
    slot->sock = sock;
    return true;
}

/* Events that are told from now on under the old key are not this socket's any more. */
static void slot_renew(kiwi_net *net, const kn_sock *sock)
{
    kn_slot *slot = &net->slots[sock->slot];
    if (++slot->generation == 0)
        slot->generation = 1;
}

static void slot_give(kiwi_net *net, const kn_sock *sock)
{
    kn_slot *slot = &net->slots[sock->slot];
    slot_renew(net, sock);
    slot->sock = NULL;
    slot->next_free = net->slot_free;
    net->slot_free = sock->slot + 1;
}

/* ---- Life ----------------------------------------------------------------------------------- */

kn_sock *kn_sock_new(kiwi_net *net, int fd, bool tls)
{
    kn_sock *sock = calloc(1, sizeof(*sock));
    if (sock == NULL)
        return NULL;
    if (pthread_mutex_init(&sock->session_lock, NULL) != 0)
        goto fail_memory;
    if (!slot_take(net, sock))
        goto fail_lock;
    sock->entry.is_socket = true;
    sock->fd = fd;
    sock->tls = tls;
    sock->refs = 1;
    sock->events[KN_READ] = sock->events[KN_WRITE] = 1; /* may be ready: nobody has looked yet */
    kb_list_init(&sock->side[KN_READ]);
    kb_list_init(&sock->side[KN_WRITE]);
    kb_list_init(&sock->resolving);
    kb_list_init(&sock->shaking);
    kb_list_init(&sock->accepted);
    kb_list_push(&net->socks, &sock->all);
    return sock;

fail_lock:
    MUST(pthread_mutex_destroy(&sock->session_lock));
fail_memory:
    free(sock);
    return NULL;
}

kn_sock *kn_sock_any(kiwi_net *net, kiwi_id id)
{
    kn_entry *entry = kb_map_get(&net->table, id);
    return entry != NULL && entry->is_socket ? (kn_sock *)(void *)entry : NULL;
}

kn_sock *kn_sock_find(kiwi_net *net, kiwi_id id, bool listener, bool tls)
{
    kn_sock *sock = kn_sock_any(net, id);
    return sock != NULL && sock->listener == listener && sock->tls == tls && !sock->udp ? sock
                                                                                         : NULL;
}

void kn_sock_set_fd(kiwi_net *net, kn_sock *sock, int fd)
{
    if (sock->fd >= 0) {
        net->room_kind->forget(net->room, sock->fd, &sock->place);
        (void)close(sock->fd);
        slot_renew(net, sock);
    }
    sock->fd = fd;
    sock->registered = sock->hup = false;
    sock->dry[KN_READ] = sock->dry[KN_WRITE] = 0;
}

void kn_sock_unref(kiwi_net *net, kn_sock *sock)
{
    if (--sock->refs > 0)
        return;
    assert(sock->closing);
    assert(kb_list_empty(&sock->side[KN_READ]) && kb_list_empty(&sock->side[KN_WRITE]));
    kn_tls_free(sock->session);
    kn_tls_context_unref(sock->context);
    kn_sock_set_fd(net, sock, -1);
    slot_give(net, sock);
    kb_list_remove(&sock->all);
    MUST(pthread_mutex_destroy(&sock->session_lock));
    free(sock);
    MUST(pthread_cond_broadcast(&net->sock_freed));
}

/* ---- Closing -------------------------------------------------------------------------------- */

static void abort_all(kiwi_net *net, kb_link *queue)
{
    for (kb_link *link = queue->next, *next; link != queue; link = next) {
        kiwi_result out = {0};
        next = link->next;
        kn_fault(&out, KIWI_FAULT_CLOSED, 0, "Socket closed");
        kn_op_abort(net, KB_OWNER(link, kn_op, queue), &out);
    }
}

void kn_sock_abort(kiwi_net *net, kn_sock *sock)
{
    sock->closing = true;
    if (sock->entry.id > 0)
        (void)kb_map_take(&net->table, sock->entry.id);
    abort_all(net, &sock->side[KN_READ]);
    abort_all(net, &sock->side[KN_WRITE]);
    abort_all(net, &sock->resolving);
    for (kb_link *link; (link = kb_list_pop(&sock->shaking)) != NULL ||
                        (link = kb_list_pop(&sock->accepted)) != NULL;) {
        kn_sock *hidden = KB_OWNER(link, kn_sock, shake);
        hidden->listener_of = NULL;
        kn_sock_close(net, hidden);
    }
    sock->held = 0;
}

void kn_sock_shut(kiwi_net *net, kn_sock *sock)
{
    if (sock->fd >= 0) {
        if (sock->refs > 1) /* a thread is in a step, or waits there: get it out */
            (void)shutdown(sock->fd, SHUT_RDWR); /* fails where the peer has gone */
        net->room_kind->forget(net->room, sock->fd, &sock->place);
    }
    kn_sock_unref(net, sock);
}

void kn_sock_close(kiwi_net *net, kn_sock *sock)
{
    if (sock->closing)
        return;
    kn_sock_abort(net, sock);
    kn_sock_shut(net, sock);
}

/* Tell the peer, if that needs no waiting and no record is half sent. */
static void say_bye(kn_sock *sock)
{
    kb_status status = KB_OK;
    kb_error err;
    kb_lock(&sock->session_lock);
    if (!kn_tls_unflushed(sock->session))
        (void)kn_tls_bye(sock->session, &status, &err);
    kb_unlock(&sock->session_lock);
}

/* The port must be free when the call returns: wait until the last thread has left the socket. */
static void await_freed(kiwi_net *net, const kn_sock *sock)
{
    uint32_t slot = sock->slot, generation = net->slots[slot].generation;
    kn_sock_shut(net, net->slots[slot].sock);
    while (net->slots[slot].generation == generation)
        kb_cond_until(&net->sock_freed, &net->lock, KB_NEVER);
    if (net->room_kind->edge)
        return;
    /* poll() keeps what it waits for, and the port with it, until it returns. */
    uint64_t round = net->rounds;
    kn_lead_kick(net);
    net->closers++;
    while (net->in_room && net->rounds == round)
        kb_cond_until(&net->sock_freed, &net->lock, KB_NEVER);
    net->closers--;
}

/* What needs no waiting is sent first: a lazy runtime has not begun all that was submitted.
 * False: another thread has closed the socket meanwhile.  Locked. */
static bool send_queued(kiwi_net *net, kn_sock *sock)
{
    sock->refs++;
    for (kb_link *link; net->help && (link = kb_list_first(&sock->side[KN_WRITE])) != NULL;) {
        kn_op *op = KB_OWNER(link, kn_op, queue);
        bool sends = op->kind == KN_OP_SEND || op->kind == KN_OP_SEND_TO;
        if (!sends || op->state != KN_READY || op->heavy)
            break;
        kn_op_run(net, op, NULL, false);
    }
    bool open = !sock->closing;
    kn_sock_unref(net, sock);
    return open;
}

void kn_sock_close_id(kiwi_net *net, kn_sock *sock)
{
    if (!send_queued(net, sock))
        return;
    kn_sock_abort(net, sock);
    if (sock->listener || sock->udp) {
        await_freed(net, sock);
        return;
    }
    if (sock->session != NULL) {
        kb_unlock(&net->lock);
        say_bye(sock); /* the open reference is still ours: nobody frees it */
        kb_lock(&net->lock);
    }
    kn_sock_shut(net, sock);
}

static void close_id(kiwi_net *net, kiwi_id id, bool tls)
{
    kb_lock(&net->lock);
    kn_sock *sock = kn_sock_any(net, id);
    if (sock != NULL && sock->tls == tls && !sock->udp)
        kn_sock_close_id(net, sock);
    kb_unlock(&net->lock);
}

void kiwi_tcp_close(kiwi_net *net, kiwi_id socket)
{
    close_id(net, socket, false);
}

void kiwi_tls_close(kiwi_net *net, kiwi_id socket)
{
    close_id(net, socket, true);
}
