/* inherit.h - sockets that whoever started the process has opened: an operation on a hidden socket, because the files of
 * a certificate may take time.
 *
 * Place: net layer, a kind of operation; handed.h knows which there are. */
#ifndef KN_INHERIT_H
#define KN_INHERIT_H

#include "net/state.h"

/* Let hidden `sock`, which is taken over (NULL: memory was short), a listener, be the one that is called `name`, or (NULL)
 * number `index`: a task that gives its id.  Without `settings`, which are taken over, of a listener over TLS, it may become
 * a connection.  Not locked. */
kiwi_id kn_inherit_submit(kiwi_net *net, kn_sock *sock, const char *name, int64_t index, kn_tls_settings *settings);

#endif
