/* listen.c - listeners over TCP, TLS and Unix sockets.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bind.h"
#include "net/inherit.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

static int queue_size(int64_t backlog)
{
    return backlog < 1 ? 1 : backlog > SOMAXCONN ? SOMAXCONN : (int)backlog;
}

/* A hidden listener.  NULL: memory is short. */
static kn_sock *listener_new(kiwi_net *net, bool tls, int handshake_ms, const kiwi_socket_options *options)
{
    kiwi_socket_options *own = options == NULL ? NULL : malloc(sizeof(*own));
    if (options != NULL && own == NULL)
        return NULL;
    if (own != NULL) {
        *own = *options;
        own->local_host = NULL; /* the caller's, and of no use here */
    }
    kn_lock(net);
    kn_sock *sock = kn_sock_new(net, -1, tls);
    if (sock == NULL) {
        free(own);
    } else {
        sock->options = own;
        sock->listener = true;
        sock->handshake_ms = handshake_ms > 0 ? handshake_ms : KN_HANDSHAKE_MS;
    }
    kn_wake_unlock(net);
    return sock;
}

kiwi_id kiwi_tcp_listen_with(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                             const kiwi_socket_options *options)
{
    return kn_bind_submit(net, listener_new(net, false, 0, options), host, port, queue_size(backlog), NULL);
}

kiwi_id kiwi_tcp_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog)
{
    return kiwi_tcp_listen_with(net, host, port, backlog, NULL);
}

kiwi_id kiwi_unix_listen(kiwi_net *net, const char *path, int64_t backlog, int mode)
{
    return kn_bind_submit_local(net, listener_new(net, false, 0, NULL), path, queue_size(backlog), mode, NULL);
}

kiwi_id kiwi_tcp_inherited(kiwi_net *net, const char *name, int64_t index, const kiwi_socket_options *options)
{
    return kn_inherit_submit(net, listener_new(net, false, 0, options), name, index, NULL);
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static kiwi_id no_memory(kiwi_net *net)
{
    kn_lock(net);
    kiwi_id id = kn_task_no_memory(net);
    kn_wake_unlock(net);
    return id;
}

/* NULL: memory is short. */
static kn_tls_settings *settings_new(const kiwi_net *net, const kiwi_tls_options *options)
{
    kn_tls_settings *settings = kn_tls_settings_new(options, true);
    if (settings != NULL && net->shared) {
        settings->shared = true;
        memcpy(settings->secret, net->secret, sizeof(settings->secret));
    }
    return settings;
}

static kn_sock *tls_listener_new(kiwi_net *net, const kiwi_tls_options *options, const kiwi_socket_options *socket)
{
    return listener_new(net, true, options == NULL ? 0 : options->timeout_ms, socket);
}

kiwi_id kiwi_tls_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog, const kiwi_tls_options *options)
{
    kn_tls_settings *settings = settings_new(net, options);
    if (settings == NULL)
        return no_memory(net);
    kn_sock *sock = tls_listener_new(net, options, options == NULL ? NULL : options->socket);
    return kn_bind_submit(net, sock, host, port, queue_size(backlog), settings);
}

kiwi_id kiwi_tls_unix_listen(kiwi_net *net, const char *path, int64_t backlog, int mode,
                             const kiwi_tls_options *options)
{
    kn_tls_settings *settings = settings_new(net, options);
    if (settings == NULL)
        return no_memory(net);
    return kn_bind_submit_local(net, tls_listener_new(net, options, NULL), path, queue_size(backlog), mode, settings);
}

kiwi_id kiwi_tls_inherited(kiwi_net *net, const char *name, int64_t index, const kiwi_tls_options *options)
{
    kn_tls_settings *settings = kn_tls_settings_new(options, true);
    if (settings == NULL)
        return no_memory(net);
    kn_sock *sock = tls_listener_new(net, options, options == NULL ? NULL : options->socket);
    return kn_inherit_submit(net, sock, name, index, settings);
}
