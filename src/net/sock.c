/* sock.c - a socket's life: made, found, closed by shutdown(), freed by whoever lets go last.  The
 * contracts are in sock.h. */
#include "config.h"

#include "net/sock.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/op.h"
#include "net/proxy.h"
#include "net/task.h"
#include "net/wake.h"

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
    assert(slot->sock == sock);
    slot_renew(net, sock);
    slot->sock = NULL;
    slot->next_free = net->slot_free;
    net->slot_free = sock->slot + 1;
}

/* ---- Life ----------------------------------------------------------------------------------- */

kn_sock *kn_sock_new(kiwi_net *net, int fd, bool tls)
{
    kn_locked(net);
    kn_sock *sock = calloc(1, sizeof(*sock));
    if (sock == NULL)
        return NULL;
    if (!slot_take(net, sock)) {
        free(sock);
        return NULL;
    }
    sock->entry.is_socket = true;
    sock->fd = fd;
    sock->tls = tls;
    sock->refs = 1;
    sock->linger_ms = -1;
    sock->events[KN_READ] = sock->events[KN_WRITE] = 1; /* may be ready: nobody has looked yet */
    kb_list_init(&sock->side[KN_READ]);
    kb_list_init(&sock->side[KN_WRITE]);
    kb_list_init(&sock->resolving);
    kb_list_init(&sock->silent);
    kb_list_init(&sock->shaking);
    kb_list_init(&sock->accepted);
    kb_list_push(&net->socks, &sock->all);
    return sock;
}

kn_sock *kn_sock_any(kiwi_net *net, kiwi_id id)
{
    kn_locked(net);
    kn_entry *entry = kb_map_get(&net->table, id);
    return entry != NULL && entry->is_socket ? (kn_sock *)(void *)entry : NULL;
}

kn_sock *kn_sock_find(kiwi_net *net, kiwi_id id, bool listener, bool tls)
{
    kn_locked(net);
    kn_sock *sock = kn_sock_any(net, id);
    return sock != NULL && sock->listener == listener && sock->tls == tls && !sock->udp ? sock : NULL;
}

uint64_t kn_sock_key(const kiwi_net *net, const kn_sock *sock)
{
    return (uint64_t)net->slots[sock->slot].generation << 32 | sock->slot;
}

kn_op *kn_sock_head(const kn_sock *sock, int side)
{
    const kb_link *link = kb_list_first(&sock->side[side]);
    return link == NULL ? NULL : KB_OWNER(link, kn_op, queue);
}

void kn_sock_set_fd(kiwi_net *net, kn_sock *sock, int fd)
{
    kn_locked(net);
    if (sock->fd >= 0) {
        net->room_kind->forget(net->room, sock->fd, &sock->place);
        (void)close(sock->fd);
        slot_renew(net, sock);
    }
    sock->fd = fd;
    sock->registered = sock->hup = false;
    sock->dry[KN_READ] = sock->dry[KN_WRITE] = 0;
}

void kn_sock_set_context(kn_sock *sock, kn_tls_context *context)
{
    kn_tls_context *old = sock->context;
    sock->context = context == NULL ? NULL : kn_tls_context_ref(context);
    kn_tls_context_unref(old);
}

void kn_sock_count_ahead(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    size_t ahead = sock->ahead.room;
    kn_task_hold(net, (ptrdiff_t)ahead - (ptrdiff_t)sock->ahead_held);
    sock->ahead_held = ahead;
}

void kn_sock_drop_ahead(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    if (!sock->closing || !kb_list_empty(&sock->side[KN_READ]))
        return;
    kn_ahead_free(&sock->ahead);
    kn_sock_count_ahead(net, sock);
}

int kn_sock_yield_fd(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    int fd = sock->fd;
    assert(fd >= 0);
    net->room_kind->forget(net->room, fd, &sock->place);
    slot_renew(net, sock);
    sock->fd = -1;
    return fd;
}

void kn_sock_unref(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    assert(sock->refs > 0);
    if (--sock->refs > 0)
        return;
    assert(sock->closing);
    assert(kb_list_empty(&sock->side[KN_READ]) && kb_list_empty(&sock->side[KN_WRITE]));
    kn_tls_free(sock->session);
    kn_tls_context_unref(sock->context);
    kn_task_hold(net, -(ptrdiff_t)sock->ahead_held);
    kn_ahead_free(&sock->ahead);
    free(sock->handshakes.last);
    kn_proxy_free(sock->proxy);
    free(sock->origin);
    free(sock->host);
    free(sock->options);
    free(sock->file); /* its file stays: kn_close_file() was not asked */
    kn_asked_free(sock->asked);
    kn_sock_set_fd(net, sock, -1);
    slot_give(net, sock);
    kb_list_remove(&sock->all);
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
        kn_op_end(net, KB_OWNER(link, kn_op, queue), &out);
    }
}

/* Does `op` wait, for a thread or in a call?  Else a thread is in a step of it that ends soon. */
static bool waits(const kn_op *op)
{
    return op->state != KN_RUNNING || op->how == KN_BLOCK || op->worker != NULL;
}

/* Is there a send that nobody will carry out any more?  `all`: one whose step ends soon counts, too. */
static bool leaves_unsent(const kn_sock *sock, bool all)
{
    if (sock->udp)
        return false;
    for (const kb_link *link = sock->side[KN_WRITE].next; link != &sock->side[KN_WRITE]; link = link->next) {
        const kn_op *op = KB_OWNER(link, kn_op, queue);
        if (op->kind->sends && op->u.send.size > 0 && (all || waits(op)))
            return true;
    }
    return false;
}

void kn_sock_hide(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    if (sock->entry.id > 0)
        (void)kb_map_take(&net->table, sock->entry.id);
    sock->entry.id = 0;
}

void kn_sock_abort(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    sock->closing = true;
    sock->cut = sock->cut || leaves_unsent(sock, false);
    kn_sock_hide(net, sock);
    abort_all(net, &sock->side[KN_READ]);
    abort_all(net, &sock->side[KN_WRITE]);
    abort_all(net, &sock->resolving);
    for (kb_link *link; (link = kb_list_pop(&sock->silent)) != NULL || (link = kb_list_pop(&sock->shaking)) != NULL ||
                        (link = kb_list_pop(&sock->accepted)) != NULL;) {
        kn_sock *hidden = KB_OWNER(link, kn_sock, shake);
        hidden->listener_of = NULL;
        kn_sock_close(net, hidden);
    }
    sock->shakes = sock->untaken = 0;
    kn_sock_drop_ahead(net, sock);
}

/* Get threads out of steps and calls.  poll() in another thread keeps the connection open until it returns:
 * there the peer is told now.  shutdown() fails where the peer has gone. */
static void get_out(const kiwi_net *net, kn_sock *sock)
{
    const kn_op *first = kn_sock_head(sock, KN_WRITE);
    bool alone = sock->refs - sock->own_ref == 1 && net->room_kind->edge;
    if (alone || sock->shared) /* whoever accepts waits in poll(), and is called out of it */
        return;
    /* Cut short: no FIN, if that can be helped, because close() resets the connection.  A send that waits in its call
     * has more than the peer takes, and the FIN comes behind that. */
    bool in_call = first != NULL && first->how == KN_BLOCK;
    (void)shutdown(sock->fd, sock->cut && !in_call ? SHUT_RD : SHUT_RDWR);
}

void kn_sock_shut(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    sock->cut = sock->cut || leaves_unsent(sock, true);
    if (sock->fd >= 0) {
        if (sock->cut)
            kn_fd_will_reset(sock->fd);
        get_out(net, sock);
        net->room_kind->forget(net->room, sock->fd, &sock->place);
        if (!net->room_kind->edge)
            kn_wake_leader(net);
    }
    kn_sock_unref(net, sock);
}

void kn_sock_close(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    if (sock->closing)
        return;
    assert(sock->refs > 0 && sock->linger == NULL);
    kn_sock_abort(net, sock);
    kn_sock_shut(net, sock);
}

void kn_sock_served(kiwi_net *net, kn_sock *sock, const kiwi_result *out)
{
    (void)out;
    kn_sock_close(net, sock);
}
