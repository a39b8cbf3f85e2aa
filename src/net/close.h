/* close.h - closing a socket that the program knows.
 *
 * Place: net layer, above the kinds of operations. */
#ifndef KN_CLOSE_H
#define KN_CLOSE_H

#include "net/state.h"

/* All of kiwi_tcp_close().  Locked; lets go of the lock meanwhile. */
void kn_close_sock(kiwi_net *net, kn_sock *sock);
/* Remove the file of a listener, before it is closed: nobody shall find it who is not accepted any more.  Locked;
 * lets go meanwhile, so that `sock` may be gone.  false: it has none, and nothing was done. */
bool kn_close_file(kiwi_net *net, kn_sock *sock);
/* Before `sock` ends: send what is queued and needs no waiting.  Lets go of the lock meanwhile.  false: another thread has
 * closed the socket.  Locked. */
bool kn_close_send_now(kiwi_net *net, kn_sock *sock);

#endif
