/* sock.h - a socket's life: made, found, shut, and its descriptor closed by whoever lets go last.
 *
 * Place: net layer; with op.h the floor on which the kinds of operations stand.  All functions: locked. */
#ifndef KN_SOCK_H
#define KN_SOCK_H

#include "net/state.h"

/* A hidden socket over `fd` (-1: none yet), which it takes over.  NULL: memory is short, and `fd` is still the
 * caller's. */
kn_sock *kn_sock_new(kiwi_net *net, int fd, bool tls);
/* The open socket `id` of that sort, not of UDP; NULL: none. */
kn_sock *kn_sock_find(kiwi_net *net, kiwi_id id, bool listener, bool tls);
/* The open socket `id`, of any sort. */
kn_sock *kn_sock_any(kiwi_net *net, kiwi_id id);
/* The key of its events in the room. */
uint64_t kn_sock_key(const kiwi_net *net, const kn_sock *sock);
/* The operation at the head of a side; NULL: none. */
kn_op *kn_sock_head(const kn_sock *sock, int side);
/* Replace the descriptor; the old one is closed. */
void kn_sock_set_fd(kiwi_net *net, kn_sock *sock, int fd);

/* Give it this TLS context (NULL: none) in place of the one it has; a reference is taken. */
void kn_sock_set_context(kn_sock *sock, kn_tls_context *context);

/* Bytes were put ahead, or taken from there: count them with what the runtime keeps. */
void kn_sock_count_ahead(kiwi_net *net, kn_sock *sock);

/* Nobody will take what is ahead of a socket that is closing: free it, unless a thread is still in a receive. */
void kn_sock_drop_ahead(kiwi_net *net, kn_sock *sock);

/* Give the descriptor away: it is the caller's, the socket has none any more. */
int kn_sock_yield_fd(kiwi_net *net, kn_sock *sock);

/* Take the socket out of the table: its id ends, its operations go on. */
void kn_sock_hide(kiwi_net *net, kn_sock *sock);

/* Closing in two halves.  First: end all its operations with "Socket closed" and take it out of the table. */
void kn_sock_abort(kiwi_net *net, kn_sock *sock);
/* Second: get threads out that are in a step of it, and drop the open reference. */
void kn_sock_shut(kiwi_net *net, kn_sock *sock);
/* Both halves at once; nothing if it is closing already. */
void kn_sock_close(kiwi_net *net, kn_sock *sock);
/* kn_kind.ended of operations whose hidden socket has served its purpose: it is closed. */
void kn_sock_served(kiwi_net *net, kn_sock *sock, const kiwi_result *out);
/* Drop the reference of a step. */
void kn_sock_unref(kiwi_net *net, kn_sock *sock);

#endif
