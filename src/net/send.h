/* send.h - sending: what other modules must know of it.
 *
 * Place: net layer, a kind of operation. */
#ifndef KN_SEND_H
#define KN_SEND_H

#include "net/state.h"

/* For kn_kind.refused of what ends or continues the stream of sends: after one that was cut short nothing may.
 * Locked. */
bool kn_send_refused(const kn_sock *sock, kiwi_result *out);

#endif
