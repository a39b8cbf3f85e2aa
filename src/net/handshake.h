/* handshake.h - the handshakes of accepted connections, on hidden sockets.
 *
 * Place: net layer, a kind of operation without a task. */
#ifndef KN_HANDSHAKE_H
#define KN_HANDSHAKE_H

#include "net/state.h"

/* Begin the handshake of hidden `sock`, which `listener` has accepted from `peer`.  In the end it is on the listener's
 * `accepted` list, or closed and counted.  Where too many shake hands the oldest gives way, first of those that are
 * silent.  Locked. */
void kn_handshake_begin(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer);

#endif
