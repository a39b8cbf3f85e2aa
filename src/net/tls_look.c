/* tls_look.c - what a TLS session knows of its peer.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "net/sock.h"
#include "net/tls.h"
#include "net/wake.h"

void kiwi_tls_peer_free(kiwi_tls_peer *peer)
{
    if (peer == NULL)
        return;
    for (size_t i = 0; i < peer->name_count; i++)
        free(peer->names[i]);
    for (size_t i = 0; i < peer->chain_count; i++)
        free(peer->chain[i].bytes);
    free(peer->names);
    free(peer->chain);
    free(peer->subject);
    free(peer->issuer);
    free(peer);
}

/* What may be done with a session of a socket: 0 or an errno. */
typedef int (*look)(kn_tls *session, const char *kind, void *out);

/* The open connection `id` over TLS: look at its session in a turn of that, without the lock.  ENOENT: there is none. */
static int look_into(kiwi_net *net, kiwi_id id, look see, const char *kind, void *out)
{
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, id);
    int error = sock == NULL || sock->session == NULL ? ENOENT : 0;
    if (error == 0) {
        sock->refs++; /* keeps the session */
        kn_wake_unlock(net);
        kn_tls_take(sock->session);
        error = see(sock->session, kind, out);
        kn_tls_pass(sock->session);
        kn_lock(net);
        kn_sock_unref(net, sock);
    }
    kn_wake_unlock(net);
    return error;
}

static int describe_peer(kn_tls *session, const char *kind, void *out)
{
    (void)kind;
    return kn_tls_describe_peer(session, out);
}

int kiwi_tls_peer_get(kiwi_net *net, kiwi_id socket, kiwi_tls_peer **out)
{
    if (out == NULL)
        return EINVAL;
    kiwi_tls_peer *peer = calloc(1, sizeof(*peer));
    int error = peer == NULL ? ENOMEM : look_into(net, socket, describe_peer, NULL, peer);
    *out = error == 0 ? peer : NULL;
    if (error != 0)
        kiwi_tls_peer_free(peer);
    return error;
}

static int bind_channel(kn_tls *session, const char *kind, void *out)
{
    return kn_tls_bind(session, kind, out);
}

int kiwi_tls_channel_binding(kiwi_net *net, kiwi_id socket, const char *kind, kiwi_tls_binding *out)
{
    if (kind == NULL || out == NULL)
        return EINVAL;
    *out = (kiwi_tls_binding){.size = 0};
    return look_into(net, socket, bind_channel, kind, out);
}
