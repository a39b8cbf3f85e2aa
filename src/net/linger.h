/* linger.h - sockets that the program has closed, but whose completed sends are still on their way.
 *
 * Closing a descriptor with unread input makes the system reset the connection, and so does input that comes
 * later; a reset destroys what the peer has not taken yet.  So a socket with bytes unacknowledged or input unread
 * lingers: FIN goes out (over TLS after close_notify) and input is discarded, until the peer's FIN; or until
 * everything is acknowledged and nothing has come for a while; or until a limit.
 * After a send that was cut short FIN would be a lie: then the socket lingers until what was sent before is
 * acknowledged, and the connection is reset.
 *
 * Place: net layer, a kind of operation without a task; all functions: locked, unless they say
 * otherwise. */
#ifndef KN_LINGER_H
#define KN_LINGER_H

#include "net/state.h"

/* `sock` has been aborted: shut it now, or when it has lingered.  Lets go of the lock meanwhile. */
void kn_linger_begin(kiwi_net *net, kn_sock *sock);
/* Descriptors are short: end the socket of the runtime `data` that lingers for longest.  false: none does.  Not locked;
 * called by base/relief.h. */
bool kn_linger_relieve(void *data);
/* Wait, at most until `until_us`, for what lingering sockets have sent; then end them all. */
void kn_linger_farewell(kiwi_net *net, int64_t until_us);

#endif
