/* shake.h - connections that a listener has accepted and not handed out: what comes before that, the header of a proxy or a
 * handshake, happens on hidden sockets, outside the listener's queue, so that a silent client delays nobody.
 *
 * Each has one operation on its write side meanwhile.  Place: net layer.  All functions: locked. */
#ifndef KN_SHAKE_H
#define KN_SHAKE_H

#include "net/state.h"

/* Hidden `sock`, which `listener` has accepted from `peer`, begins with `op`, which is not queued yet.  Where there are too many
 * the oldest gives way, first of those that are silent. */
void kn_shake_enter(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer);
/* The client of `op` has said something: it is not silent any more. */
void kn_shake_heard(kn_op *op);
/* What came before is done: it does not belong to the listener's any more.  The listener. */
kn_sock *kn_shake_leave(kn_sock *sock);
/* It may be handed out. */
void kn_shake_done(kiwi_net *net, kn_sock *sock);
/* It has failed, and is closed; who is told has been. */
void kn_shake_drop(kiwi_net *net, kn_sock *sock);

/* Clients that were dropped: how many, how the last one failed (without memory it is only counted), and who it was. */
void kn_shake_note(kn_failures *failures, const struct sockaddr_in6 *peer, const kiwi_result *out);
/* The last one, as kiwi_socket_info has it; nothing where there is none. */
void kn_shake_describe(const kn_failures *failures, char failure[192], char host[46], int *port);

#endif
