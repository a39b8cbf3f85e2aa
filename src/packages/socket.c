/* socket.c - packages socket and tls: check the arguments, call the runtime (NETWORK.md
 * sections 5 and 6).  The two differ in the functions of the runtime and in the names that
 * error texts give to their primitives. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "packages/library.h"
#include "packages/package.h"
#include "packages/piece.h"
#include "packages/rows.h"
#include "packages/socket_options.h"
#include "vm/bytes_store.h"

/* The id of an operation, which has `limit_ms` of its own (0: no limit). */
static kw_result task(kw_vm *vm, kw_call *call, kiwi_id id, int64_t limit_ms)
{
    if (limit_ms > 0)
        (void)kiwi_task_timeout(kp_host_net(vm), id, limit_ms); /* else it has ended already */
    return kw_return(call, kw_int(id));
}

/* Without GnuTLS no function of tls does anything.  false: thrown. */
static bool has_tls(kw_vm *vm, const kw_call *call)
{
    if (kiwi_tls_available())
        return true;
    (void)kp_needs_lacks(vm, call, "GnuTLS", "libgnutls30");
    return false;
}

/* ---- Listening and connecting ---------------------------------------------------------------------------- */

static kw_result socket_tcpserver(kw_vm *vm, kw_call *call)
{
    const char *host = kp_args_text(vm, call, 0, "A host");
    int64_t port = call->args[1].as.i, backlog = kw_native_argument(call, 2).as.i;
    kp_socket_options options;
    if (host == NULL || !kp_args_port(vm, port, 0) || !kp_socket_options_read(vm, call, 3, KP_OPTIONS_SERVER, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_tcp_listen_with(kp_host_net(vm), host, port, backlog, &options.socket),
                             NULL);
}

static kw_result tls_tcpserver(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    const char *host = kp_args_text(vm, call, 0, "A host");
    int64_t port = call->args[1].as.i;
    kp_socket_options options;
    if (host == NULL || !kp_args_port(vm, port, 0) ||
        !kp_socket_options_read(vm, call, 3, KP_OPTIONS_TLS | KP_OPTIONS_TLS_SERVER | KP_OPTIONS_SERVER, &options))
        return KW_THROWN;
    kiwi_id id = kiwi_tls_listen(kp_host_net(vm), host, port, kw_native_argument(call, 2).as.i, &options.tls);
    kp_socket_options_free(&options);
    return kp_host_await_own(vm, call, id, NULL);
}

static kw_result socket_tcpconnect(kw_vm *vm, kw_call *call)
{
    const char *host = kp_args_text(vm, call, 0, "A host");
    int64_t port = call->args[1].as.i, timeout;
    kp_socket_options options;
    if (host == NULL || !kp_args_port(vm, port, 1) || !kp_args_limit(vm, call, 2, &timeout) ||
        !kp_socket_options_read(vm, call, 3, KP_OPTIONS_CLIENT, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call,
                             kiwi_tcp_connect_with(kp_host_net(vm), host, port, (int)timeout, &options.socket), NULL);
}

/* The socket's id; a failure is a negative one, which remembers the reason. */
static kw_string *connected(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    *value = result->state == KIWI_TASK_FAULTED ? kw_int(kiwi_tls_failed(kp_host_net(vm), result))
                                                : kp_host_value_of(vm, result);
    return NULL;
}

/* The name at argument `at`, NULL where there is none.  false: thrown. */
static bool server_name(kw_vm *vm, const kw_call *call, uint32_t at, const char **name)
{
    *name = NULL;
    if (kw_is(kw_arg(call, at), KW_NULL))
        return true;
    *name = kp_args_text(vm, call, at, "A host");
    return *name != NULL;
}

static kw_result tls_tcpconnect(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    const char *host = kp_args_text(vm, call, 0, "A host"), *sni;
    int64_t port = kw_native_argument(call, 1).as.i;
    kp_socket_options options;
    if (host == NULL || !server_name(vm, call, 2, &sni) || !kp_args_port(vm, port, 1) ||
        !kp_socket_options_read(vm, call, 3, KP_OPTIONS_TLS | KP_OPTIONS_CLIENT, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_tls_connect(kp_host_net(vm), host, port, sni, &options.tls), connected);
}

static kw_result tls_upgrade(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    const char *sni;
    kp_socket_options options;
    if (!server_name(vm, call, 1, &sni) || !kp_socket_options_read(vm, call, 2, KP_OPTIONS_TLS, &options))
        return KW_THROWN;
    kiwi_id id = kw_native_argument(call, 0).as.i;
    return kp_host_await_own(vm, call, kiwi_tls_upgrade(kp_host_net(vm), id, sni, &options.tls), connected);
}

static kw_result tls_upgrade_server(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    kp_socket_options options;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY);
    if (room != KW_DONE)
        return room;
    if (!kp_socket_options_read(vm, call, 1, KP_OPTIONS_TLS | KP_OPTIONS_TLS_SERVER, &options))
        return KW_THROWN;
    kiwi_id id = kiwi_tls_upgrade_server(kp_host_net(vm), kw_native_argument(call, 0).as.i, &options.tls);
    kp_socket_options_free(&options);
    return task(vm, call, id, 0);
}

static kw_result socket_resolve(kw_vm *vm, kw_call *call)
{
    const char *name = kp_args_text(vm, call, 0, "A host");
    kp_socket_options options;
    if (name == NULL || !kp_socket_options_read(vm, call, 1, KP_OPTIONS_RESOLVE, &options))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY);
    return room == KW_DONE ? task(vm, call, kiwi_resolve(kp_host_net(vm), name, options.family), options.limit_ms)
                           : room;
}

/* ---- Unix sockets ------------------------------------------------------------------------------------------ */

static kw_result socket_unixserver(kw_vm *vm, kw_call *call)
{
    const char *path = kp_args_text(vm, call, 0, "A path");
    int64_t backlog = kw_native_argument(call, 1).as.i;
    kp_socket_options options;
    if (path == NULL || !kp_socket_options_read(vm, call, 2, KP_OPTIONS_UNIX, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_unix_listen(kp_host_net(vm), path, backlog, options.mode), NULL);
}

static kw_result tls_unixserver(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    const char *path = kp_args_text(vm, call, 0, "A path");
    int64_t backlog = kw_native_argument(call, 1).as.i;
    kp_socket_options options;
    if (path == NULL ||
        !kp_socket_options_read(vm, call, 2, KP_OPTIONS_UNIX | KP_OPTIONS_TLS | KP_OPTIONS_TLS_SERVER, &options))
        return KW_THROWN;
    kiwi_id id = kiwi_tls_unix_listen(kp_host_net(vm), path, backlog, options.mode, &options.tls);
    kp_socket_options_free(&options);
    return kp_host_await_own(vm, call, id, NULL);
}

static kw_result socket_unixconnect(kw_vm *vm, kw_call *call)
{
    const char *path = kp_args_text(vm, call, 0, "A path");
    int64_t timeout;
    if (path == NULL || !kp_args_limit(vm, call, 1, &timeout))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_unix_connect(kp_host_net(vm), path, (int)timeout), NULL);
}

/* Which one is meant: by its name, else (NULL) by its number.  false: thrown. */
static bool which(kw_vm *vm, const kw_call *call, const char **name, int64_t *index)
{
    kw_value v = kw_native_argument(call, 0);
    *name = kw_is(v, KW_STRING) ? kp_args_text(vm, call, 0, "A name") : NULL;
    *index = kw_is(v, KW_INT) ? v.as.i : 0;
    return kw_is(v, KW_INT) || *name != NULL;
}

static kw_result socket_inherited(kw_vm *vm, kw_call *call)
{
    const char *name;
    int64_t index;
    kp_socket_options options;
    if (!which(vm, call, &name, &index) || !kp_socket_options_read(vm, call, 1, KP_OPTIONS_INHERITED, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_tcp_inherited(kp_host_net(vm), name, index, &options.socket), NULL);
}

static kw_result tls_inherited(kw_vm *vm, kw_call *call)
{
    const char *name;
    int64_t index;
    kp_socket_options options;
    if (!has_tls(vm, call) || !which(vm, call, &name, &index) ||
        !kp_socket_options_read(vm, call, 1, KP_OPTIONS_INHERITED | KP_OPTIONS_TLS, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_tls_inherited(kp_host_net(vm), name, index, &options.tls), NULL);
}

static kw_result socket_pair(kw_vm *vm, kw_call *call)
{
    kiwi_id ids[2];
    kiwi_result why;
    kw_list *list = kw_list_new(vm, 2);
    if (list == NULL)
        return KW_THROWN;
    if (kiwi_socket_pair(kp_host_net(vm), ids, &why) != 0)
        return kp_host_throw_fault(vm, &why);
    list->items[list->count++] = kw_int(ids[0]);
    list->items[list->count++] = kw_int(ids[1]);
    return kw_return(call, kw_of_list(list));
}

static kw_result tls_unixconnect(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    const char *path = kp_args_text(vm, call, 0, "A path"), *sni;
    kp_socket_options options;
    if (path == NULL || !server_name(vm, call, 1, &sni) ||
        !kp_socket_options_read(vm, call, 2, KP_OPTIONS_TLS, &options))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_tls_unix_connect(kp_host_net(vm), path, sni, &options.tls), connected);
}

/* ---- Operations on sockets --------------------------------------------------------------------------------- */

/* Bytes that come are counted when they are there: a receive of `max` that is beyond the limit faults by itself. */
static kw_result room_to_receive(kw_vm *vm, kw_call *call, int64_t max)
{
    kw_result room = kp_memory_tidy(vm, call, KP_ENTRY + (max >= 0 && max < KP_RECEIVED ? (size_t)max : KP_RECEIVED));
    if (room == KW_DONE && call->kept != NULL && kw_heap_strained(vm)) /* so many were refused already */
        return KW_THROWN;
    return room;
}

static kw_result receiving(kw_vm *vm, kw_call *call, kiwi_id (*recv)(kiwi_net *, kiwi_id, int64_t))
{
    int64_t max = kw_native_argument(call, 1).as.i, limit_ms;
    if (!kp_args_limit(vm, call, 2, &limit_ms))
        return KW_THROWN;
    kw_result room = room_to_receive(vm, call, max);
    return room == KW_DONE ? task(vm, call, recv(kp_host_net(vm), call->args[0].as.i, max), limit_ms) : room;
}

static kw_result receiving_until(kw_vm *vm, kw_call *call,
                                 kiwi_id (*until)(kiwi_net *, kiwi_id, const void *, size_t, int64_t))
{
    int64_t max = kw_native_argument(call, 2).as.i, limit_ms;
    if (!kp_args_limit(vm, call, 3, &limit_ms))
        return KW_THROWN;
    kw_result room = room_to_receive(vm, call, max);
    if (room != KW_DONE)
        return room;
    kp_piece delimiter = kp_piece_of(call->args[1]);
    return task(vm, call, until(kp_host_net(vm), call->args[0].as.i, delimiter.data, delimiter.size, max), limit_ms);
}

static kw_result accepting(kw_vm *vm, kw_call *call, kiwi_id (*accept)(kiwi_net *, kiwi_id))
{
    int64_t limit_ms;
    if (!kp_args_limit(vm, call, 1, &limit_ms))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY);
    return room == KW_DONE ? task(vm, call, accept(kp_host_net(vm), call->args[0].as.i), limit_ms) : room;
}

typedef struct sender {
    kiwi_id (*copy)(kiwi_net *, kiwi_id, const void *, size_t);
    kiwi_id (*lend)(kiwi_net *, kiwi_id, const void *, size_t, void (*)(void *), void *);
} sender;

enum { LENT_FROM = 64 << 10 };

/* Many bytes are lent, which takes neither time nor memory: they are in the heap already.  Few ones are copied, since
 * they go out at once as a rule, as long as there is room for a copy. */
static kw_result send_bytes(kw_vm *vm, kw_call *call, const sender *send, kw_bytes *data, int64_t limit_ms)
{
    kiwi_id id = kw_native_argument(call, 0).as.i;
    if (data->size < LENT_FROM && data->size <= kw_heap_left(vm))
        return task(vm, call, send->copy(kp_host_net(vm), id, data->data, data->size), limit_ms);
    kw_store *loan = kw_bytes_lend(vm, data);
    if (loan == NULL)
        return kw_throw_memory(vm, data->size);
    id = send->lend(kp_host_net(vm), id, data->data, data->size, kw_bytes_store_return, loan);
    return task(vm, call, id, limit_ms);
}

static kw_result sending(kw_vm *vm, kw_call *call, const sender *send)
{
    int64_t limit_ms;
    if (!kp_args_limit(vm, call, 2, &limit_ms))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY);
    return room == KW_DONE ? send_bytes(vm, call, send, call->args[1].as.bytes, limit_ms) : room;
}

/* A long text becomes bytes first, which can be lent. */
static kw_result sending_text(kw_vm *vm, kw_call *call, const sender *send)
{
    int64_t limit_ms;
    const kw_string *text = call->args[1].as.string;
    if (!kp_args_limit(vm, call, 2, &limit_ms))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY + (size_t)text->size);
    if (room != KW_DONE)
        return room;
    if (text->size < LENT_FROM)
        return task(vm, call, send->copy(kp_host_net(vm), call->args[0].as.i, text->text, text->size), limit_ms);
    kw_bytes *data = kw_bytes_new(vm, text->text, text->size);
    return data == NULL ? KW_THROWN : send_bytes(vm, call, send, data, limit_ms);
}

/* The bytes of all parts together; false: thrown. */
static bool size_of_parts(kw_vm *vm, const kw_list *parts, size_t *size)
{
    *size = 0;
    for (size_t i = 0; i < parts->count; i++) {
        kp_piece part;
        if (!kp_piece_take(parts->items[i], &part)) {
            (void)kw_throw_expected(vm, "a string or bytes", parts->items[i]);
            return false;
        }
        if (part.size > SIZE_MAX / 2 - *size) {
            (void)kw_throw_memory(vm, part.size);
            return false;
        }
        *size += part.size;
    }
    return true;
}

/* One send of all parts: the system gets them in one call, and TLS makes full records of them. */
static kw_result sending_many(kw_vm *vm, kw_call *call, const sender *send)
{
    int64_t limit_ms;
    size_t size, at = 0;
    const kw_list *parts = call->args[1].as.list;
    if (!kp_args_limit(vm, call, 2, &limit_ms) || !size_of_parts(vm, parts, &size))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY + size);
    kw_bytes *data = room == KW_DONE ? kw_bytes_new(vm, NULL, size) : NULL;
    if (data == NULL)
        return room == KW_DONE ? KW_THROWN : room;
    for (size_t i = 0; i < parts->count; i++) {
        kp_piece next = kp_piece_of(parts->items[i]);
        if (next.size > 0) /* else there may be nothing to copy to */
            memcpy(data->data + at, next.data, next.size);
        at += next.size;
    }
    assert(at == size); /* as much as was measured */
    return send_bytes(vm, call, send, data, limit_ms);
}

/* A function of each package, which differ by what they hand to `common`. */
#define IN_BOTH(name, common, of_socket, of_tls)                                                                       \
    static kw_result socket_##name(kw_vm *vm, kw_call *call)                                                           \
    {                                                                                                                  \
        return common(vm, call, of_socket);                                                                            \
    }                                                                                                                  \
    static kw_result tls_##name(kw_vm *vm, kw_call *call)                                                              \
    {                                                                                                                  \
        return has_tls(vm, call) ? common(vm, call, of_tls) : KW_THROWN;                                               \
    }

IN_BOTH(accept, accepting, kiwi_tcp_accept, kiwi_tls_accept)
IN_BOTH(recv, receiving, kiwi_tcp_recv, kiwi_tls_recv)
IN_BOTH(recv_until, receiving_until, kiwi_tcp_recv_until, kiwi_tls_recv_until)
IN_BOTH(recv_line, receiving, kiwi_tcp_recv_line, kiwi_tls_recv_line)
IN_BOTH(recv_exactly, receiving, kiwi_tcp_recv_exactly, kiwi_tls_recv_exactly)
IN_BOTH(recv_all, receiving, kiwi_tcp_recv_all, kiwi_tls_recv_all)
static const sender tcp_sender = {kiwi_tcp_send, kiwi_tcp_send_lent};
static const sender tls_sender = {kiwi_tls_send, kiwi_tls_send_lent};

IN_BOTH(send, sending, &tcp_sender, &tls_sender)
IN_BOTH(send_text, sending_text, &tcp_sender, &tls_sender)
IN_BOTH(send_many, sending_many, &tcp_sender, &tls_sender)
static kw_result socket_close(kw_vm *vm, kw_call *call)
{
    kiwi_tcp_close(kp_host_net(vm), call->args[0].as.i);
    return KW_DONE;
}

static kw_result tls_close(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    kiwi_tls_close(kp_host_net(vm), call->args[0].as.i);
    return KW_DONE;
}

/* ---- More than Kiwi 1.4.3 has ------------------------------------------------------------------------------ */

static kw_result invalid_socket(kw_vm *vm)
{
    const kiwi_result why = {.fault = KIWI_FAULT_INVALID, .message = "Invalid socket"};
    return kp_host_throw_fault(vm, &why);
}

/* The id of an open socket of the right package.  false: thrown. */
static bool open_socket(kw_vm *vm, kw_call *call, bool tls, kiwi_id *id, kiwi_socket_info *info)
{
    *id = call->args[0].as.i;
    if (kiwi_socket_info_get(kp_host_net(vm), *id, info) == 0 && info->tls == tls && !info->udp)
        return true;
    (void)invalid_socket(vm);
    return false;
}

static kw_result describing(kw_vm *vm, kw_call *call, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    if (!open_socket(vm, call, tls, &id, &info))
        return KW_THROWN;
    return kp_args_give_info(vm, call, &info);
}

static kw_result limiting(kw_vm *vm, kw_call *call, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    int64_t ms;
    if (!open_socket(vm, call, tls, &id, &info) || !kp_args_limit(vm, call, 1, &ms))
        return KW_THROWN;
    return kiwi_socket_timeout(kp_host_net(vm), id, ms) == 0 ? KW_DONE : invalid_socket(vm);
}

static kw_result half_closing(kw_vm *vm, kw_call *call, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    int64_t limit_ms;
    if (!open_socket(vm, call, tls, &id, &info) || !kp_args_limit(vm, call, 1, &limit_ms))
        return KW_THROWN;
    return task(vm, call, kiwi_socket_shutdown(kp_host_net(vm), id), limit_ms);
}

static kw_result setting(kw_vm *vm, kw_call *call, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    kiwi_result why;
    kp_socket_options options;
    if (!open_socket(vm, call, tls, &id, &info) || !kp_socket_options_read(vm, call, 1, KP_OPTIONS_OPEN, &options))
        return KW_THROWN;
    int error = kiwi_socket_set(kp_host_net(vm), id, &options.socket, &why);
    return error == 0 ? KW_DONE : kp_host_throw_fault(vm, &why);
}

IN_BOTH(info, describing, false, true)
IN_BOTH(timeout, limiting, false, true)
IN_BOTH(options, setting, false, true)
IN_BOTH(shutdown, half_closing, false, true)
/* ---- Serving: what stdlib/socket.kiwi goes on with --------------------------------------------------------- */

static kw_result serving(kw_vm *vm, kw_call *call, bool tls)
{
    kiwi_id id;
    kiwi_socket_info info;
    kp_socket_options options;
    if (!open_socket(vm, call, tls, &id, &info) || !kp_socket_options_read(vm, call, 2, KP_OPTIONS_SERVE, &options))
        return KW_THROWN;
    if (!info.listener) {
        const kiwi_result why = {.fault = KIWI_FAULT_INVALID, .message = "Invalid server socket"};
        return kp_host_throw_fault(vm, &why);
    }
    const kw_value args[] = {call->args[0], call->args[1], kw_bool(tls), kw_int(options.clients),
                             kw_int(options.drain_ms)};
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "socket", "socket::__serve__"), args, 5);
}

IN_BOTH(serve, serving, false, true)
/* Is it a listener, and open? */
static kw_result socket_listens(kw_vm *vm, kw_call *call)
{
    kiwi_socket_info info;
    int error = kiwi_socket_info_get(kp_host_net(vm), call->args[0].as.i, &info);
    return kw_return(call, kw_bool(error == 0 && info.listener));
}

/* The last connections of a listener: how many are on their way to an accept. */
static kw_result socket_arriving(kw_vm *vm, kw_call *call)
{
    kiwi_socket_info info;
    int error = kiwi_socket_info_get(kp_host_net(vm), call->args[0].as.i, &info);
    return kw_return(call, kw_int(error == 0 ? (int64_t)info.arriving : 0));
}

static kw_result socket_stop_new(kw_vm *vm, kw_call *call)
{
    (void)kiwi_tcp_stop_new(kp_host_net(vm), call->args[0].as.i); /* where it can be done */
    return KW_DONE;
}

/* The address of the peer, for a person. */
static kw_result socket_peer_name(kw_vm *vm, kw_call *call)
{
    kiwi_socket_info info;
    if (kiwi_socket_info_get(kp_host_net(vm), call->args[0].as.i, &info) != 0 || info.peer_host[0] == '\0')
        return kw_return(call, kw_string_c(vm, "a client without an address"));
    bool six = strchr(info.peer_host, ':') != NULL;
    kw_string *name = kw_string_format(vm, six ? "[%s]:%d" : "%s:%d", info.peer_host, (int)info.peer_port);
    return name == NULL ? KW_THROWN : kw_return(call, kw_of_string(name));
}

static kw_result socket_report(kw_vm *vm, kw_call *call)
{
    kp_report_served(vm, call->args[0].as.i, call->args[1].as.string->text);
    return KW_DONE;
}

/* ---- Whoever supervises the process -------------------------------------------------------------------------- */

static kw_result socket_notify(kw_vm *vm, kw_call *call)
{
    const kw_string *text = call->args[0].as.string;
    int error = kiwi_notify(text->text, text->size);
    if (error == 0 || error == ENOENT)
        return kw_return(call, kw_bool(error == 0));
    char reason[64];
    kiwi_result why = {.fault = KIWI_FAULT_SYSTEM, .sys = error};
    (void)snprintf(why.message, sizeof(why.message), "Cannot notify the supervisor: %s",
                   kb_error_errno_text(error, reason, sizeof(reason)));
    return kp_host_throw_fault(vm, &why);
}

/* Milliseconds between two beats; null: none is wanted. */
static kw_result socket_beat_ms(kw_vm *vm, kw_call *call)
{
    enum { US_PER_MS = 1000, MOST_MS = 24 * 60 * 60 * 1000 };
    int64_t half_ms = kiwi_watchdog_us() / 2 / US_PER_MS;
    (void)vm;
    if (kiwi_watchdog_us() == 0)
        return KW_DONE;
    return kw_return(call, kw_int(half_ms < 1 ? 1 : half_ms > MOST_MS ? MOST_MS : half_ms));
}

/* NULL is null. */
static kw_value names_of(kw_vm *vm, const kiwi_tls_peer *peer)
{
    kw_list *list = kw_list_new(vm, peer->name_count);
    for (size_t i = 0; list != NULL && i < peer->name_count; i++)
        list->items[list->count++] = kw_string_c(vm, peer->names[i]);
    return list == NULL ? kw_undef() : kw_of_list(list);
}

static kw_value chain_of(kw_vm *vm, const kiwi_tls_peer *peer)
{
    kw_list *list = kw_list_new(vm, peer->chain_count);
    for (size_t i = 0; list != NULL && i < peer->chain_count; i++) {
        kw_bytes *der = kw_bytes_new(vm, peer->chain[i].bytes, peer->chain[i].size);
        if (der == NULL)
            return kw_undef();
        list->items[list->count++] = kw_of_bytes(der);
    }
    return list == NULL ? kw_undef() : kw_of_list(list);
}

/* Undefined: thrown. */
static kw_value peer_value(kw_vm *vm, const kiwi_tls_peer *peer)
{
    const kp_row rows[] = {
        {"verified", kw_bool(peer->verified)},
        {"why_not", kp_rows_text(vm, peer->why_not)},
        {"subject", kp_rows_text(vm, peer->subject)},
        {"issuer", kp_rows_text(vm, peer->issuer)},
        {"names", names_of(vm, peer)},
        {"serial", kp_rows_text(vm, peer->serial)},
        {"not_before", peer->chain_count > 0 ? kw_int(peer->not_before) : kw_null()},
        {"not_after", peer->chain_count > 0 ? kw_int(peer->not_after) : kw_null()},
        {"sha256", kp_rows_text(vm, peer->sha256)},
        {"chain", chain_of(vm, peer)},
    };
    return kp_rows_hashmap(vm, rows, sizeof(rows) / sizeof(rows[0]));
}

/* 0 with *value, which is undefined where something was thrown, or as kiwi_tls_peer_get(). */
static int look_at_peer(kw_vm *vm, kiwi_id id, kw_value *value)
{
    kiwi_tls_peer *peer = NULL;
    int error = kiwi_tls_peer_get(kp_host_net(vm), id, &peer);
    if (error == 0)
        *value = peer_value(vm, peer);
    kiwi_tls_peer_free(peer);
    return error;
}

static const char *no_peer(int error)
{
    switch (error) {
    case ENOENT: return "Invalid socket";
    case ENOMEM: return "Not enough memory for the certificate of the peer.";
    case EINVAL: return "The certificate of the peer cannot be read.";
    default: return "The certificate of the peer cannot be verified.";
    }
}

static kw_string *examined(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    bool faulted = result->state == KIWI_TASK_FAULTED;
    int error = faulted ? 0 : look_at_peer(vm, result->integer, value);
    return faulted || error != 0 ? kw_string_format(vm, "%s", faulted ? result->message : no_peer(error)) : NULL;
}

static kw_result tls_peer(kw_vm *vm, kw_call *call)
{
    kw_value value = kw_undef();
    if (!has_tls(vm, call))
        return KW_THROWN;
    kiwi_id id = kw_native_argument(call, 0).as.i;
    int error = look_at_peer(vm, id, &value);
    if (error == EAGAIN)
        return kp_host_await_own(vm, call, kiwi_tls_examine(kp_host_net(vm), id), examined);
    if (error == ENOENT)
        return invalid_socket(vm);
    if (error != 0)
        return kw_throw(vm, "SystemError", "%s", no_peer(error));
    return kw_is(value, KW_UNDEF) ? KW_THROWN : kw_return(call, value);
}

static kw_result tls_channel_binding(kw_vm *vm, kw_call *call)
{
    kiwi_tls_binding binding;
    if (!has_tls(vm, call))
        return KW_THROWN;
    const char *kind = kp_args_text(vm, call, 1, "A kind of channel binding");
    if (kind == NULL)
        return KW_THROWN;
    switch (kiwi_tls_channel_binding(kp_host_net(vm), kw_native_argument(call, 0).as.i, kind, &binding)) {
    case 0: break;
    case EINVAL:
        return kw_throw(vm, "InvalidOperationError",
                        "Unknown channel binding '%.60s': expected 'tls-server-end-point' or 'tls-exporter'.", kind);
    case ENOMEM: return kw_throw_memory(vm, sizeof(binding));
    case ENOTSUP:
        return kw_throw(vm, "NotAvailableError", "There is no channel binding '%s': %s.", kind, binding.why_not);
    default: return invalid_socket(vm);
    }
    kw_bytes *bytes = kw_bytes_new(vm, binding.bytes, binding.size);
    return bytes == NULL ? KW_THROWN : kw_return(call, kw_of_bytes(bytes));
}

static kw_result tls_reload(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_tls_reload(kp_host_net(vm), kw_native_argument(call, 0).as.i), NULL);
}

static kw_result tls_error(kw_vm *vm, kw_call *call)
{
    if (!has_tls(vm, call))
        return KW_THROWN;
    kiwi_result result;
    if (kiwi_tls_error(kp_host_net(vm), call->args[0].as.i, &result) != 0)
        return KW_DONE;
    return kw_return(call, kw_of_string(kp_host_message(vm, &result)));
}

/* clang-format off */
static const kw_native_def socket_functions[] = {
    {"tcpserver(host: string, port: integer, backlog: integer = 128, options: hashmap = {}): integer", socket_tcpserver,
     "Listen for connections; port 0: one that is free.  Options: those of `options`, which all its connections get, reuse_port, "
     "ipv6_only, proxy_protocol and trusted.  The listener's socket.",
     "println socket::info(socket::tcpserver(\"127.0.0.1\", 0)).listener  # => true", "__socket_tcpserver__/2-3"},
    {"tcpconnect(host: string, port: integer, timeout_ms: integer = 0, options: hashmap = {}): integer", socket_tcpconnect,
     "Connect to a server, within the limit if it is not 0.  Options: those of `options`, and local_host and local_port, where the "
     "connection comes from.  The socket.",
     "println socket::info(socket::tcpconnect(\"127.0.0.1\", port)).peer_port == port  # => true",
     "__socket_tcpconnect__/2"},
    {"resolve(name: string, options: hashmap = {}): task<list>", socket_resolve,
     "Look a name up: its addresses, in the order in which tcpconnect tries them; options family: any, ipv4 or ipv6, timeout_ms.",
     "println task::await(socket::resolve(\"localhost\"))  # => [\"127.0.0.1\", \"::1\"]", "__socket_resolve__"},
    {"unixserver(path: string, backlog: integer = 128, options: hashmap = {}): integer", socket_unixserver,
     "Listen at a path, a Unix socket, or on Linux at an abstract name `@NAME`; option mode: of its file.  The listener's socket.",
     "path = fio::tmpdir() + \"kiwi-example.socket\"\nlocal = socket::unixserver(path, 16, {\"mode\": 0o600})\n"
     "println socket::info(local).listener  # => true", "__socket_unixserver__"},
    {"unixconnect(path: string, timeout_ms: integer = 0): integer", socket_unixconnect,
     "Connect to a Unix socket, within the limit if it is not 0; the socket.",
     "path = fio::tmpdir() + \"kiwi-example.socket\"\nlocal = socket::unixserver(path)\n"
     "println socket::unixconnect(path) > local  # => true", "__socket_unixconnect__"},
    {"pair(): list", socket_pair, "Two sockets that are connected to each other, without a server.",
     "ends = socket::pair()\nsocket::send_text(ends[0], \"ping\")\nprintln task::await(socket::recv(ends[1])).to_string()  # => ping",
     "__socket_pair__"},
    {"inherited(name_or_index: integer|string = 0, options: hashmap = {}): integer", socket_inherited,
     "The socket that whoever started the program has opened for it: systemd one or several, by number or name, inetd one. A "
     "listener, or a connection; options: those of `options`.",
     "try\n  socket::inherited(\"web\")\ncatch e\n  println error::kind(e)  # => invalid\nend", "__socket_inherited__"},
    {"accept(listener_id: integer, timeout_ms: integer = 0): task<integer>", socket_accept, "Wait for the next connection; its socket.",
     "id = socket::accept(listener)\nsocket::tcpconnect(\"127.0.0.1\", port)\nprintln task::await(id) > 0  # => true", "__socket_accept__/1"},
    {"serve(listener_id: integer, handler: lambda, options: hashmap = {})", socket_serve,
     "Accept connections and call handler(sock_id) in a task for each, which is closed then: at most `clients` (10000) at a "
     "time. Returns at SIGTERM or once the listener is closed, when the last handlers have ended; after `drain_ms` (10000) "
     "they are cancelled.",
     "task::spawn(with (client) do\n  println task::await(socket::recv_line(client))  # => hello\n  socket::close(listener)\nend, [conn])\n"
     "socket::send_text(peer, \"hello\\n\")\n"
     "socket::serve(listener, with (client) do socket::send_text(client, \"welcome\") end)", "__socket_serve__"},
    {"recv(sock_id: integer, max_bytes: integer = 4096, timeout_ms: integer = 0): task<bytes>", socket_recv,
     "Receive what has come, at most `max_bytes`; empty bytes at the end of the stream.",
     "socket::send(peer, \"ping\".to_bytes())\nprintln task::await(socket::recv(conn)).to_string()  # => ping",
     "__socket_recv__/2"},
    {"recv_until(sock_id: integer, delimiter: bytes|string, max_bytes: integer = 1048576, timeout_ms: integer = 0): task<bytes>",
     socket_recv_until, "Receive up to the delimiter, which is dropped: at most `max_bytes` before it.",
     "socket::send(peer, \"key=value;rest\".to_bytes())\nprintln task::await(socket::recv_until(conn, \";\")).to_string()  # => key=value",
     "__socket_recv_until__"},
    {"recv_line(sock_id: integer, max_bytes: integer = 1048576, timeout_ms: integer = 0): task<string?>", socket_recv_line,
     "Receive a line, without its LF or CR LF; null at the end of the stream.",
     "socket::send(peer, \"ping\\r\\n\".to_bytes())\nprintln task::await(socket::recv_line(conn))  # => ping", "__socket_recv_line__"},
    {"recv_exactly(sock_id: integer, count: integer, timeout_ms: integer = 0): task<bytes>", socket_recv_exactly,
     "Receive so many bytes, no less and no more.",
     "socket::send(peer, \"abcdef\".to_bytes())\nprintln task::await(socket::recv_exactly(conn, 4)).to_string()  # => abcd", "__socket_recv_exactly__"},
    {"recv_all(sock_id: integer, max_bytes: integer = 67108864, timeout_ms: integer = 0): task<bytes>", socket_recv_all,
     "Receive all there is until the stream ends.",
     "socket::send(peer, \"all\".to_bytes())\nsocket::close(peer)\nprintln task::await(socket::recv_all(conn)).to_string()  # => all",
     "__socket_recv_all__"},
    {"send(sock_id: integer, data: bytes, timeout_ms: integer = 0): task<integer>", socket_send,
     "Send all of the bytes, in the order of the calls; their number.",
     "println task::await(socket::send(conn, \"ping\".to_bytes()))  # => 4", "__socket_send__/2"},
    {"send_text(sock_id: integer, text: string, timeout_ms: integer = 0): task<integer>", socket_send_text,
     "Send the text as UTF-8; the number of bytes.", "println task::await(socket::send_text(conn, \"ping\"))  # => 4", "__socket_send_text__"},
    {"send_many(sock_id: integer, parts: list, timeout_ms: integer = 0): task<integer>", socket_send_many,
     "Send bytes and strings, one after the other, at once; the number of bytes.",
     "println task::await(socket::send_many(conn, [\"size: \", \"4\\n\", \"ping\".to_bytes()]))  # => 12", "__socket_send_many__"},
    {"close(sock_id: integer)", socket_close,
     "Close the socket: what was sent arrives, and tasks that wait for it fault.", "socket::close(conn)",
     "__socket_close__/1"},
    {"info(sock_id: integer): hashmap", socket_info, "Addresses, ports, byte counts and what is queued.",
     "println socket::info(listener).listener  # => true", "__socket_info__"},
    {"timeout(sock_id: integer, ms: integer)", socket_timeout,
     "Limit pending and later operations of the socket, in milliseconds; 0: no limit.",
     "socket::timeout(conn, 5000)", "__socket_timeout__"},
    {"options(sock_id: integer, options: hashmap)", socket_options,
     "Set options of a connection: nodelay and keepalive (booleans), rcvbuf and sndbuf (bytes), linger: how long closing it "
     "cares for what was sent, in milliseconds, 0 to reset it.", "socket::options(conn, {\"nodelay\": false, \"rcvbuf\": 65536})", "__socket_options__"},
    {"shutdown(sock_id: integer, timeout_ms: integer = 0): task<null>", socket_shutdown, "Send the end of the stream, and keep receiving.",
     "task::await(socket::shutdown(conn))", "__socket_shutdown__"},
    {"notify(text: string): boolean", socket_notify,
     "Tell systemd how this service is, as sd_notify does: STATUS=..., say. Was there somebody to tell?  `serve` tells READY=1, "
     "STOPPING=1 and WATCHDOG=1 by itself.",
     "println socket::notify(\"STATUS=12 clients\")  # => false", "__socket_notify__"},
    {"__beat_ms__(): integer?", socket_beat_ms, "How often the supervisor wants to hear of a server, in milliseconds; null: not at all."},
    {"__arriving__(sock_id: integer): integer", socket_arriving, "How many connections of a listener are not handed out yet."},
    {"__stop_new__(sock_id: integer)", socket_stop_new, "Let no connection begin any more, before the listener is closed."},
    {"__listens__(sock_id: integer): boolean", socket_listens, "Is it a listener that is open?"},
    {"__peer_name__(sock_id: integer): string", socket_peer_name, "Whom a connection leads to, for a person."},
    {"__report__(id: integer, peer: string)", socket_report, "Tell on standard error that the task failed while it served the peer."},
    {NULL},
};
/* clang-format on */

/* clang-format off */
static const kw_native_def tls_functions[] = {
    {"tcpserver(host: string, port: integer, backlog: integer = 128, options: hashmap = {}): integer", tls_tcpserver,
     "Listen for TLS connections with the options cert, key, ...; without them with the development certificate.  Option sni: "
     "pairs for names that clients ask for, {NAME: {cert, key}}.",
     "println tls::info(tls::tcpserver(\"127.0.0.1\", 0)).listener  # => true", "__tlssocket_tcpserver__/2-3"},
    {"tcpconnect(host: string, port: integer = 443, sni: string = null, options: hashmap = {}): integer",
     tls_tcpconnect, "Connect and shake hands; the socket, or a negative number that tls::error() explains.",
     "tls::accept(listener)\nprintln tls::info(tls::tcpconnect(\"localhost\", port)).verified  # => true", "__tlssocket_tcpconnect__/2-3"},
    {"unixserver(path: string, backlog: integer = 128, options: hashmap = {}): integer", tls_unixserver,
     "Listen for TLS connections at a path, a Unix socket; options as for tcpserver, and mode: of its file.",
     "path = fio::tmpdir() + \"kiwi-example.socket\"\nlocal = tls::unixserver(path, 16, {\"mode\": 0o600})\n"
     "println tls::info(local).listener  # => true", "__tlssocket_unixserver__"},
    {"unixconnect(path: string, sni: string = null, options: hashmap = {}): integer", tls_unixconnect,
     "Connect to a Unix socket and shake hands, with localhost if `sni` names nobody else; the socket, or a negative number.",
     "println tls::unixconnect(\"/nowhere\") < 0  # => true", "__tlssocket_unixconnect__"},
    {"upgrade(sock_id: integer, sni: string = null, options: hashmap = {}): integer", tls_upgrade,
     "Start TLS on a connection of socket, or inside one of tls, as its client; the new socket, or a negative number.",
     "l = socket::tcpserver(\"127.0.0.1\", 0)\naccepted = socket::accept(l)\n"
     "plain = socket::tcpconnect(\"localhost\", socket::info(l).local_port)\n"
     "tls::upgrade_server(task::await(accepted))\nprintln tls::info(tls::upgrade(plain)).verified  # => true",
     "__tlssocket_upgrade__"},
    {"upgrade_server(sock_id: integer, options: hashmap = {}): task<integer>", tls_upgrade_server,
     "Start TLS on a connection of socket, or inside one of tls, as its server; the new socket.",
     "l = socket::tcpserver(\"127.0.0.1\", 0)\naccepted = socket::accept(l)\n"
     "plain = socket::tcpconnect(\"localhost\", socket::info(l).local_port)\n"
     "id = tls::upgrade_server(task::await(accepted))\ntls::upgrade(plain)\nprintln task::await(id) > 0  # => true",
     "__tlssocket_upgrade_server__"},
    {"inherited(name_or_index: integer|string = 0, options: hashmap = {}): integer", tls_inherited,
     "The listener that whoever started the program has opened for it, as of socket: for TLS connections; options as for tcpserver.",
     "try\n  tls::inherited(\"web\")\ncatch e\n  println error::kind(e)  # => invalid\nend", "__tlssocket_inherited__"},
    {"accept(listener_id: integer, timeout_ms: integer = 0): task<integer>", tls_accept, "Wait for the next connection that has shaken hands; its socket.",
     "id = tls::accept(listener)\ntls::tcpconnect(\"localhost\", port)\nprintln task::await(id) > 0  # => true", "__tlssocket_accept__/1"},
    {"serve(listener_id: integer, handler: lambda, options: hashmap = {})", tls_serve,
     "Accept connections and call handler(sock_id) in a task for each, which is closed then: at most `clients` (10000) at a "
     "time. Returns at SIGTERM or once the listener is closed, when the last handlers have ended; after `drain_ms` (10000) "
     "they are cancelled.",
     "task::spawn(with (client) do\n  println task::await(tls::recv_line(client))  # => hello\n  tls::close(listener)\nend, [conn])\n"
     "tls::send_text(peer, \"hello\\n\")\n"
     "tls::serve(listener, with (client) do tls::send_text(client, \"welcome\") end)", "__tlssocket_serve__"},
    {"recv(sock_id: integer, max_bytes: integer = 4096, timeout_ms: integer = 0): task<bytes>", tls_recv,
     "Receive what has come, at most `max_bytes`; empty bytes at the end of the stream.",
     "tls::send(peer, \"ping\".to_bytes())\nprintln task::await(tls::recv(conn)).to_string()  # => ping",
     "__tlssocket_recv__/2"},
    {"recv_until(sock_id: integer, delimiter: bytes|string, max_bytes: integer = 1048576, timeout_ms: integer = 0): task<bytes>",
     tls_recv_until, "Receive up to the delimiter, which is dropped: at most `max_bytes` before it.",
     "tls::send(peer, \"key=value;rest\".to_bytes())\nprintln task::await(tls::recv_until(conn, \";\")).to_string()  # => key=value",
     "__tlssocket_recv_until__"},
    {"recv_line(sock_id: integer, max_bytes: integer = 1048576, timeout_ms: integer = 0): task<string?>", tls_recv_line,
     "Receive a line, without its LF or CR LF; null at the end of the stream.",
     "tls::send(peer, \"ping\\r\\n\".to_bytes())\nprintln task::await(tls::recv_line(conn))  # => ping", "__tlssocket_recv_line__"},
    {"recv_exactly(sock_id: integer, count: integer, timeout_ms: integer = 0): task<bytes>", tls_recv_exactly,
     "Receive so many bytes, no less and no more.",
     "tls::send(peer, \"abcdef\".to_bytes())\nprintln task::await(tls::recv_exactly(conn, 4)).to_string()  # => abcd", "__tlssocket_recv_exactly__"},
    {"recv_all(sock_id: integer, max_bytes: integer = 67108864, timeout_ms: integer = 0): task<bytes>", tls_recv_all,
     "Receive all there is until the stream ends.",
     "tls::send(peer, \"all\".to_bytes())\ntls::close(peer)\nprintln task::await(tls::recv_all(conn)).to_string()  # => all",
     "__tlssocket_recv_all__"},
    {"send(sock_id: integer, data: bytes, timeout_ms: integer = 0): task<integer>", tls_send,
     "Send all of the bytes, in the order of the calls; their number.",
     "println task::await(tls::send(conn, \"ping\".to_bytes()))  # => 4", "__tlssocket_send__/2"},
    {"send_text(sock_id: integer, text: string, timeout_ms: integer = 0): task<integer>", tls_send_text,
     "Send the text as UTF-8; the number of bytes.", "println task::await(tls::send_text(conn, \"ping\"))  # => 4", "__tlssocket_send_text__"},
    {"send_many(sock_id: integer, parts: list, timeout_ms: integer = 0): task<integer>", tls_send_many,
     "Send bytes and strings, one after the other, at once; the number of bytes.",
     "println task::await(tls::send_many(conn, [\"size: \", \"4\\n\", \"ping\".to_bytes()]))  # => 12", "__tlssocket_send_many__"},
    {"close(sock_id: integer)", tls_close,
     "Close the socket: what was sent arrives, and tasks that wait for it fault.", "tls::close(conn)",
     "__tlssocket_close__/1"},
    {"info(sock_id: integer): hashmap", tls_info, "Addresses, byte counts, protocol version, cipher, verification, failed handshakes.",
     "println tls::info(listener).listener  # => true", "__tlssocket_info__"},
    {"peer(sock_id: integer): hashmap", tls_peer,
     "Who the peer is: verified and why not, subject, issuer, names, serial, not_before and not_after in seconds since 1970, "
     "sha256, chain in DER.", "println tls::peer(peer).names.contains(\"localhost\")  # => true", "__tlssocket_peer__"},
    {"channel_binding(sock_id: integer, kind: string): bytes", tls_channel_binding,
     "Bytes that both ends of this connection have, and nobody between them: tls-server-end-point (RFC 5929) or tls-exporter "
     "(RFC 9266). A log-in that has them in it, as SCRAM, cannot be passed on.",
     "a = tls::channel_binding(peer, \"tls-exporter\")\nprintln a.size()  # => 32\n"
     "println a == tls::channel_binding(conn, \"tls-exporter\")  # => true", "__tlssocket_channel_binding__"},
    {"reload(listener_id: integer)", tls_reload,
     "Read the certificates, keys and authorities of a listener again at once, for the clients that come then. Throws if they "
     "are no use; those from before stay.", "tls::reload(listener)", "__tlssocket_reload__"},
    {"timeout(sock_id: integer, ms: integer)", tls_timeout,
     "Limit pending and later operations of the socket, in milliseconds; 0: no limit.",
     "tls::timeout(conn, 5000)", "__tlssocket_timeout__"},
    {"options(sock_id: integer, options: hashmap)", tls_options,
     "Set options of a connection: nodelay and keepalive (booleans), rcvbuf and sndbuf (bytes), linger: how long closing it "
     "cares for what was sent, in milliseconds, 0 to reset it.", "tls::options(conn, {\"nodelay\": false, \"rcvbuf\": 65536})", "__tlssocket_options__"},
    {"shutdown(sock_id: integer, timeout_ms: integer = 0): task<null>", tls_shutdown, "Send close_notify, and keep receiving.",
     "task::await(tls::shutdown(conn))", "__tlssocket_shutdown__"},
    {"error(sock_id: integer): string", tls_error, "Why a connect failed, for the negative number that it gave; or null.",
     "println tls::error(-1000000)  # => null", "__tlssocket_error__"},
    {NULL},
};
/* clang-format on */

#define SETUP(package, host)                                                                                           \
    "listener = " package "::tcpserver(\"127.0.0.1\", 0)\n"                                                            \
    "port = " package "::info(listener).local_port\n"                                                                  \
    "accepted = " package "::accept(listener)\n"                                                                       \
    "peer = " package "::tcpconnect(\"" host "\", port)\n"                                                             \
    "conn = task::await(accepted)"

const kp_package kp_socket = {
    .name = "socket",
    .about = "TCP connections and servers.",
    .functions = socket_functions,
    .refused = "socket",
    .network = true,
    .setup = SETUP("socket", "127.0.0.1"),
};

const kp_package kp_tls = {
    .name = "tls",
    .about = "TLS connections and servers.",
    .functions = tls_functions,
    .refused = "socket",
    .network = true,
    .setup = SETUP("tls", "localhost"),
};
