/* proxy.h - connections that come through proxies, which tell by a header whose they are (header.h).
 *
 * Place: net layer, a kind of operation without a task. */
#ifndef KN_PROXY_H
#define KN_PROXY_H

#include "net/state.h"

/* What a listener does about headers, as its options say.  NULL: memory is short, or options->trusted is invalid. */
kn_proxy *kn_proxy_new(const kiwi_socket_options *options);
void kn_proxy_free(kn_proxy *proxy);
/* What is wrong with the options, in *out; false: nothing. */
bool kn_proxy_refused(const kiwi_socket_options *options, kiwi_result *out);

/* Begin with the header of hidden `sock`, which `listener` has accepted from `peer`.  In the end it shakes hands, is on the
 * listener's `accepted` list, or was closed and counted.  Locked. */
void kn_proxy_begin(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer);
/* What is known of `sock` by headers.  Locked. */
void kn_proxy_describe(const kn_sock *sock, kiwi_socket_info *out);

#endif
