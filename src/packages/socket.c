/* socket.c - packages socket and tls: check the arguments, call the runtime (specification, "socket / tls";
 * task-and-network.md sections 5 and 6).  The two differ in the functions of the runtime and in the names that
 * error texts give to their primitives. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "packages/host.h"
#include "packages/packages.h"

/* May the script use the network, and is the runtime there?  false: thrown. */
static bool network(kw_vm *vm)
{
    return kp_allowed(vm, "socket") && kp_net(vm) != NULL;
}

static kw_result task(kw_call *call, kiwi_id id)
{
    return kw_return(call, kw_int(id));
}

/* ---- Options of tls -------------------------------------------------------------------------------------- */

typedef struct option {
    const char *name;
    kw_type type;
    size_t offset; /* in kiwi_tls_options */
} option;

static const option tls_option_table[] = {
    {"cert", KW_STRING, offsetof(kiwi_tls_options, cert)},
    {"key", KW_STRING, offsetof(kiwi_tls_options, key)},
    {"ca", KW_STRING, offsetof(kiwi_tls_options, ca)},
    {"client_ca", KW_STRING, offsetof(kiwi_tls_options, client_ca)},
    {"alpn", KW_STRING, offsetof(kiwi_tls_options, alpn)},
    {"verify", KW_BOOL, offsetof(kiwi_tls_options, verify)},
    {"allow_truncation", KW_BOOL, offsetof(kiwi_tls_options, allow_truncation)},
    {"timeout_ms", KW_INT, offsetof(kiwi_tls_options, timeout_ms)},
};
enum { TLS_OPTIONS = sizeof(tls_option_table) / sizeof(tls_option_table[0]) };

static bool store_option(kw_vm *vm, const option *o, kw_value v, kiwi_tls_options *options)
{
    char *field = (char *)options + o->offset;
    if (!kw_is(v, o->type)) {
        kw_throw(vm, "InvalidOperationError", "Option '%s' must be of type %s, not %s.", o->name,
                 kw_type_name(o->type), kw_type_name((kw_type)v.tag));
        return false;
    }
    if (o->type == KW_STRING) {
        const char *text = v.as.string->text;
        memcpy(field, &text, sizeof(text));
    } else if (strcmp(o->name, "verify") == 0) {
        options->verify = v.as.i != 0 ? KIWI_ON : KIWI_OFF;
    } else if (o->type == KW_BOOL) {
        options->allow_truncation = v.as.i != 0;
    } else if (v.as.i < 0 || v.as.i > INT32_MAX) {
        kw_throw(vm, "InvalidOperationError", "Option 'timeout_ms' is out of range: %lld.",
                 (long long)v.as.i);
        return false;
    } else {
        options->timeout_ms = (int)v.as.i;
    }
    return true;
}

/* Read the hashmap at argument `at` (missing or null: no options). */
static bool tls_options(kw_vm *vm, const kw_call *call, uint32_t at, const char *function,
                        kiwi_tls_options *options)
{
    *options = (kiwi_tls_options){.cert = NULL};
    if (kw_is(kw_arg(call, at), KW_NULL))
        return true;
    if (!kp_is_type(vm, call, at, KW_MAP, function))
        return false;
    uint32_t next = 0;
    for (kw_entry *e; (e = kw_map_next(kw_arg(call, at).as.map, &next)) != NULL;) {
        const option *o = tls_option_table;
        while (o < tls_option_table + TLS_OPTIONS &&
               !(kw_is(e->key, KW_STRING) && strcmp(e->key.as.string->text, o->name) == 0))
            o++;
        if (o == tls_option_table + TLS_OPTIONS) {
            kw_string *shown = kw_to_display(vm, e->key);
            kw_throw(vm, "InvalidOperationError", "Unknown TLS option '%s'.",
                     shown != NULL ? shown->text : "?");
            return false;
        }
        if (!store_option(vm, o, e->value, options))
            return false;
    }
    return true;
}

/* ---- Listening and connecting ---------------------------------------------------------------------------- */

static const int64_t default_backlog = 128, default_max = 4096, default_tls_port = 443,
                     no_timeout = 0;

static kw_result socket_tcpserver(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__socket_tcpserver__";
    const char *host = kp_host_arg(vm, call, 0, name);
    int64_t port, backlog;
    if (host == NULL || !kp_int_arg(vm, call, 1, name, NULL, &port) ||
        !kp_int_arg(vm, call, 2, name, &default_backlog, &backlog) || !kp_port_ok(vm, port, 0) ||
        !network(vm))
        return KW_THROWN;
    return kp_await_own(vm, call, kiwi_tcp_listen(kp_net(vm), host, port, backlog), KP_AS_IS);
}

static kw_result tls_tcpserver(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__tlssocket_tcpserver__";
    const char *host = kp_host_arg(vm, call, 0, name);
    int64_t port, backlog;
    kiwi_tls_options options;
    if (host == NULL || !kp_int_arg(vm, call, 1, name, NULL, &port) ||
        !kp_int_arg(vm, call, 2, name, &default_backlog, &backlog) || !kp_port_ok(vm, port, 0) ||
        !tls_options(vm, call, 3, name, &options) || !network(vm))
        return KW_THROWN;
    return kp_await_own(vm, call, kiwi_tls_listen(kp_net(vm), host, port, backlog, &options),
                        KP_AS_IS);
}

static kw_result socket_tcpconnect(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__socket_tcpconnect__";
    const char *host = kp_host_arg(vm, call, 0, name);
    int64_t port, timeout;
    if (host == NULL || !kp_int_arg(vm, call, 1, name, NULL, &port) ||
        !kp_int_arg(vm, call, 2, name, &no_timeout, &timeout) || !kp_port_ok(vm, port, 1) || !network(vm))
        return KW_THROWN;
    if (timeout < 0 || timeout > INT32_MAX)
        return kw_throw(vm, "InvalidOperationError", "Invalid time limit %lld.",
                        (long long)timeout);
    return kp_await_own(vm, call, kiwi_tcp_connect(kp_net(vm), host, port, (int)timeout), KP_AS_IS);
}

static kw_result tls_tcpconnect(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__tlssocket_tcpconnect__";
    const char *host = kp_host_arg(vm, call, 0, name);
    int64_t port;
    const char *sni = NULL;
    kiwi_tls_options options;
    if (host == NULL || !kp_int_arg(vm, call, 1, name, &default_tls_port, &port))
        return KW_THROWN;
    if (!kw_is(kw_arg(call, 2), KW_NULL) && (sni = kp_host_arg(vm, call, 2, name)) == NULL)
        return KW_THROWN;
    if (!kp_port_ok(vm, port, 1) || !tls_options(vm, call, 3, name, &options) || !network(vm))
        return KW_THROWN;
    return kp_await_own(vm, call, kiwi_tls_connect(kp_net(vm), host, port, sni, &options),
                        KP_TLS_CONNECT);
}

/* ---- Operations on sockets: one body for both packages ---------------------------------------------------- */

static kw_result accepting(kw_vm *vm, kw_call *call, const char *name,
                           kiwi_id (*accept)(kiwi_net *, kiwi_id))
{
    int64_t id;
    if (!kp_int_arg(vm, call, 0, name, NULL, &id) || !network(vm))
        return KW_THROWN;
    return task(call, accept(kp_net(vm), id));
}

static kw_result receiving(kw_vm *vm, kw_call *call, const char *name,
                           kiwi_id (*recv)(kiwi_net *, kiwi_id, int64_t))
{
    int64_t id, max;
    if (!kp_int_arg(vm, call, 0, name, NULL, &id) || !kp_int_arg(vm, call, 1, name, &default_max, &max) ||
        !network(vm))
        return KW_THROWN;
    return task(call, recv(kp_net(vm), id, max));
}

static kw_result sending(kw_vm *vm, kw_call *call, const char *name,
                         kiwi_id (*send)(kiwi_net *, kiwi_id, const void *, size_t))
{
    int64_t id;
    if (!kp_int_arg(vm, call, 0, name, NULL, &id) || !kp_is_type(vm, call, 1, KW_BYTES, name) ||
        !network(vm))
        return KW_THROWN;
    const kw_bytes *data = call->args[1].as.bytes;
    return task(call, send(kp_net(vm), id, data->data, data->size));
}

static kw_result closing(kw_vm *vm, kw_call *call, const char *name,
                         void (*close)(kiwi_net *, kiwi_id))
{
    int64_t id;
    if (!kp_int_arg(vm, call, 0, name, NULL, &id) || !network(vm))
        return KW_THROWN;
    close(kp_net(vm), id);
    return KW_DONE;
}

static kw_result socket_accept(kw_vm *vm, kw_call *call)
{
    return accepting(vm, call, "__socket_accept__", kiwi_tcp_accept);
}
static kw_result tls_accept(kw_vm *vm, kw_call *call)
{
    return accepting(vm, call, "__tlssocket_accept__", kiwi_tls_accept);
}
static kw_result socket_recv(kw_vm *vm, kw_call *call)
{
    return receiving(vm, call, "__socket_recv__", kiwi_tcp_recv);
}
static kw_result tls_recv(kw_vm *vm, kw_call *call)
{
    return receiving(vm, call, "__tlssocket_recv__", kiwi_tls_recv);
}
static kw_result socket_send(kw_vm *vm, kw_call *call)
{
    return sending(vm, call, "__socket_send__", kiwi_tcp_send);
}
static kw_result tls_send(kw_vm *vm, kw_call *call)
{
    return sending(vm, call, "__tlssocket_send__", kiwi_tls_send);
}
static kw_result socket_close(kw_vm *vm, kw_call *call)
{
    return closing(vm, call, "__socket_close__", kiwi_tcp_close);
}
static kw_result tls_close(kw_vm *vm, kw_call *call)
{
    return closing(vm, call, "__tlssocket_close__", kiwi_tls_close);
}

/* ---- Beyond the specification ------------------------------------------------------------------------------ */

static kw_result invalid_socket(kw_vm *vm)
{
    return kw_throw(vm, "SystemError", "Invalid socket");
}

/* The id of an open socket of the right package.  false: thrown. */
static bool open_socket(kw_vm *vm, kw_call *call, const char *name, bool tls, kiwi_id *id,
                        kiwi_socket_info *info)
{
    if (!kp_int_arg(vm, call, 0, name, NULL, id) || !network(vm))
        return false;
    if (kiwi_socket_info_get(kp_net(vm), *id, info) == 0 && info->tls == tls && !info->udp)
        return true;
    (void)invalid_socket(vm);
    return false;
}

static kw_result describing(kw_vm *vm, kw_call *call, const char *name, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    if (!open_socket(vm, call, name, tls, &id, &info))
        return KW_THROWN;
    return kp_give_info(vm, call, &info);
}

static kw_result limiting(kw_vm *vm, kw_call *call, const char *name, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    int64_t ms;
    if (!open_socket(vm, call, name, tls, &id, &info) || !kp_int_arg(vm, call, 1, name, NULL, &ms))
        return KW_THROWN;
    if (ms < 0 || ms > INT32_MAX)
        return kw_throw(vm, "InvalidOperationError", "Invalid time limit %lld.", (long long)ms);
    return kiwi_socket_timeout(kp_net(vm), id, ms) == 0 ? KW_DONE : invalid_socket(vm);
}

static kw_result half_closing(kw_vm *vm, kw_call *call, const char *name, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    if (!open_socket(vm, call, name, tls, &id, &info))
        return KW_THROWN;
    return task(call, kiwi_socket_shutdown(kp_net(vm), id));
}

static kw_result socket_info(kw_vm *vm, kw_call *call)
{
    return describing(vm, call, "__socket_info__", false);
}
static kw_result tls_info(kw_vm *vm, kw_call *call)
{
    return describing(vm, call, "__tlssocket_info__", true);
}
static kw_result socket_timeout(kw_vm *vm, kw_call *call)
{
    return limiting(vm, call, "__socket_timeout__", false);
}
static kw_result tls_timeout(kw_vm *vm, kw_call *call)
{
    return limiting(vm, call, "__tlssocket_timeout__", true);
}
static kw_result socket_shutdown(kw_vm *vm, kw_call *call)
{
    return half_closing(vm, call, "__socket_shutdown__", false);
}
static kw_result tls_shutdown(kw_vm *vm, kw_call *call)
{
    return half_closing(vm, call, "__tlssocket_shutdown__", true);
}

static kw_result tls_error(kw_vm *vm, kw_call *call)
{
    int64_t id;
    kiwi_result result;
    if (!kp_int_arg(vm, call, 0, "__tlssocket_error__", NULL, &id) || !network(vm))
        return KW_THROWN;
    if (kiwi_tls_error(kp_net(vm), id, &result) != 0)
        return KW_DONE;
    return kw_return(call, kw_string_c(vm, result.message));
}

void kp_socket_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"tcpserver", socket_tcpserver, 2, 3,
         "tcpserver(host, port, backlog = 128): listen; the socket's id"},
        {"tcpconnect", socket_tcpconnect, 2, 3,
         "tcpconnect(host, port, timeout_ms = 0): connect; the socket's id"},
        {"accept", socket_accept, 1, 1, "accept(id): task of the next connection's id"},
        {"recv", socket_recv, 1, 2,
         "recv(id, max = 4096): task of the bytes received; none at the end"},
        {"send", socket_send, 2, 2, "send(id, bytes): task of the number of bytes sent"},
        {"close", socket_close, 1, 1, "close(id): close; pending tasks fault"},
        {"info", socket_info, 1, 1, "info(id): hashmap with addresses, ports and byte counts"},
        {"timeout", socket_timeout, 2, 2,
         "timeout(id, ms): limit of pending and later operations; 0: none"},
        {"shutdown", socket_shutdown, 1, 1, "shutdown(id): task; send FIN and keep receiving"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "socket", functions);
}

void kp_tls_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"tcpserver", tls_tcpserver, 2, 4,
         "tcpserver(host, port, backlog = 128, options = {}): listen"},
        {"tcpconnect", tls_tcpconnect, 1, 4,
         "tcpconnect(host, port = 443, sni = \"\", options = {}): connect and shake hands; negative on failure"},
        {"accept", tls_accept, 1, 1, "accept(id): task of the next secured connection's id"},
        {"recv", tls_recv, 1, 2,
         "recv(id, max = 4096): task of the bytes received; none at the end"},
        {"send", tls_send, 2, 2, "send(id, bytes): task of the number of bytes sent"},
        {"close", tls_close, 1, 1, "close(id): close; pending tasks fault"},
        {"info", tls_info, 1, 1,
         "info(id): hashmap with addresses, protocol version, cipher, verification"},
        {"timeout", tls_timeout, 2, 2,
         "timeout(id, ms): limit of pending and later operations; 0: none"},
        {"shutdown", tls_shutdown, 1, 1,
         "shutdown(id): task; send close_notify and keep receiving"},
        {"error", tls_error, 1, 1, "error(id): why a connect failed, or null"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "tls", functions);
}
