/* accept.h - accepting: connections that wait for an accept, and accepts that wait for a connection.
 *
 * Place: net layer, a kind of operation.  What comes before a connection is
 * handed out, the header of a proxy (proxy.h) or a handshake (handshake.h), happens outside the listener's queue.  All functions: locked. */
#ifndef KN_ACCEPT_H
#define KN_ACCEPT_H

#include "net/state.h"

/* Give what was accepted to whoever waits for it, oldest first. */
void kn_accept_hand_out(kiwi_net *net, kn_sock *listener);
/* `listener` holds one connection less: an accept that waited for that goes on. */
void kn_accept_resume(kiwi_net *net, kn_sock *listener);

#endif
