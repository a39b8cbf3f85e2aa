/* shake.c - see shake.h. */
#include "config.h"

#include "net/shake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/accept.h"
#include "net/addr.h"
#include "net/fault.h"
#include "net/op.h"
#include "net/sock.h"
#include "net/wake.h"

void kn_shake_note(kn_failures *failures, const struct sockaddr_in6 *peer, const kiwi_result *out)
{
    failures->count++;
    free(failures->last);
    failures->last = kn_fault_keep(out);
    failures->client = *peer;
}

void kn_shake_describe(const kn_failures *failures, char failure[192], char host[46], int *port)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    if (failures->last == NULL)
        return;
    (void)snprintf(failure, 192, "%s", failures->last->text);
    memcpy(&address, &failures->client, sizeof(failures->client));
    kn_addr_describe(&address, host, 46, port);
}

static void give_way(kiwi_net *net, const kn_sock *listener)
{
    kiwi_result out = {0};
    const kb_link *oldest = kb_list_first(&listener->silent);
    if (oldest == NULL)
        oldest = kb_list_first(&listener->shaking);
    kn_fault(&out, KIWI_FAULT_TIMEOUT, 0, "the client was silent while others came");
    kn_op_fail(net, kn_sock_head(KB_OWNER(oldest, kn_sock, shake), KN_WRITE), &out);
}

void kn_shake_enter(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer)
{
    kn_locked(net);
    if (listener->shakes >= KN_SHAKES_MAX)
        give_way(net, listener);
    sock->client = *peer;
    sock->listener_of = listener;
    kb_list_push(&listener->silent, &sock->shake);
    listener->shakes++;
}

void kn_shake_heard(kn_op *op)
{
    kn_sock *sock = op->sock, *listener = sock->listener_of;
    if (!op->begun || listener == NULL || op->abandoned)
        return;
    kb_list_remove(&sock->shake);
    kb_list_push(&listener->shaking, &sock->shake);
}

kn_sock *kn_shake_leave(kn_sock *sock)
{
    kn_sock *listener = sock->listener_of;
    kb_list_remove(&sock->shake);
    listener->shakes--;
    sock->listener_of = NULL;
    return listener;
}

void kn_shake_done(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    kn_sock *listener = kn_shake_leave(sock);
    sock->listener_of = listener;
    kb_list_push(&listener->accepted, &sock->shake);
    listener->untaken++;
    kn_accept_hand_out(net, listener);
    kn_accept_resume(net, listener);
}

void kn_shake_drop(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    kn_sock *listener = kn_shake_leave(sock);
    kn_sock_close(net, sock);
    kn_accept_resume(net, listener);
}
