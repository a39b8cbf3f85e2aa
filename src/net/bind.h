/* bind.h - binding listeners and UDP sockets: an operation on a hidden socket, because the look-up of a name may
 * take time.
 *
 * Place: net layer, a kind of operation. */
#ifndef KN_BIND_H
#define KN_BIND_H

#include "net/state.h"

/* Bind hidden `sock`, which is taken over (NULL: memory was short), to `host`:`port`: a task that
 * gives its id.  `backlog` 0: UDP, able to broadcast; else TCP, listening.  "" is every address.  `settings`, which are
 * taken over: of a listener over TLS, else NULL.  Not locked. */
kiwi_id kn_bind_submit(kiwi_net *net, kn_sock *sock, const char *host, int64_t port, int backlog,
                       kn_tls_settings *settings);
/* The same for a listener at `path`, a Unix socket; see kiwi_unix_listen(). */
kiwi_id kn_bind_submit_local(kiwi_net *net, kn_sock *sock, const char *path, int backlog, int mode,
                             kn_tls_settings *settings);
/* A new descriptor of UDP on every address and a port of the system's choice.  0 with *fd set, or
 * an errno.  Not locked. */
int kn_bind_fresh(int *fd);

#endif
