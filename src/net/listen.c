/* listen.c - listeners over TCP, TLS and Unix sockets.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/bind.h"
#include "net/fd.h"
#include "net/inherit.h"
#include "net/proxy.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

static int queue_size(int64_t backlog)
{
    return backlog < 1 ? 1 : backlog > SOMAXCONN ? SOMAXCONN : (int)backlog;
}

/* The options as a listener keeps them, malloc'ed; NULL: memory is short. */
static kiwi_socket_options *options_copy(const kiwi_socket_options *options)
{
    kiwi_socket_options *own = malloc(sizeof(*own));
    if (own == NULL)
        return NULL;
    *own = *options;
    own->local_host = own->trusted = NULL; /* the caller's, and of no use here */
    return own;
}

/* A hidden listener, whose options are not refused.  NULL: memory is short. */
static kn_sock *listener_new(kiwi_net *net, bool tls, int handshake_ms, const kiwi_socket_options *options)
{
    bool proxied = options != NULL && options->proxy != KIWI_PROXY_OFF;
    kiwi_socket_options *own = options == NULL ? NULL : options_copy(options);
    kn_proxy *proxy = proxied ? kn_proxy_new(options) : NULL;
    kn_sock *sock = NULL;
    kn_lock(net);
    if ((options == NULL || own != NULL) && (!proxied || proxy != NULL))
        sock = kn_sock_new(net, -1, tls);
    if (sock == NULL) {
        free(own);
        kn_proxy_free(proxy);
    } else {
        sock->options = own;
        sock->proxy = proxy;
        sock->proxied = proxied;
        sock->listener = true;
        sock->handshake_ms = handshake_ms > 0 ? handshake_ms : KN_HANDSHAKE_MS;
    }
    kn_wake_unlock(net);
    return sock;
}

/* A task that says what is wrong with the options; 0: nothing. */
static kiwi_id refused(kiwi_net *net, const kiwi_socket_options *options)
{
    kiwi_result out = {0};
    if (!kn_proxy_refused(options, &out))
        return 0;
    kn_lock(net);
    kiwi_id id = kn_task_faulted(net, &out);
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_tcp_listen_with(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                             const kiwi_socket_options *options)
{
    kiwi_id id = refused(net, options);
    if (id != 0)
        return id;
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
    kiwi_id id = refused(net, options);
    if (id != 0)
        return id;
    return kn_inherit_submit(net, listener_new(net, false, 0, options), name, index, NULL);
}

int kiwi_tcp_stop_new(kiwi_net *net, kiwi_id listener)
{
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, listener);
    int error = ENOENT;
    if (sock != NULL && sock->listener) /* locked: a call that does not wait */
        error = sock->local || sock->shared ? ENOTSUP : kn_fd_stop_new(sock->fd);
    kn_wake_unlock(net);
    return error;
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

/* What a listener over TLS is to be; NULL: *id is a task that says what is wrong with its options, or memory is short. */
static kn_tls_settings *allowed(kiwi_net *net, const kiwi_tls_options *options, kiwi_id *id)
{
    *id = refused(net, options == NULL ? NULL : options->socket);
    kn_tls_settings *settings = *id != 0 ? NULL : settings_new(net, options);
    if (settings == NULL && *id == 0)
        *id = no_memory(net);
    return settings;
}

static kn_sock *tls_listener_new(kiwi_net *net, const kiwi_tls_options *options, const kiwi_socket_options *socket)
{
    return listener_new(net, true, options == NULL ? 0 : options->timeout_ms, socket);
}

kiwi_id kiwi_tls_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog, const kiwi_tls_options *options)
{
    kiwi_id id;
    kn_tls_settings *settings = allowed(net, options, &id);
    if (settings == NULL)
        return id;
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
    kiwi_id id;
    kn_tls_settings *settings = allowed(net, options, &id);
    if (settings == NULL)
        return id;
    kn_sock *sock = tls_listener_new(net, options, options == NULL ? NULL : options->socket);
    return kn_inherit_submit(net, sock, name, index, settings);
}
