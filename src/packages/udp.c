/* udp.c - package udp: struct Socket, and udp::socket() that makes one (task-and-network.md
 * section 10).
 *
 * A Socket of a script is more than one of the runtime: that one is opened when the script
 * binds, sends or receives, and another one takes its place when the script binds again. */
#include "config.h"

#include <stdlib.h>

#include "packages/host.h"
#include "packages/packages.h"

typedef struct udp {
    int64_t id;         /* for people: own counter */
    kiwi_id net;        /* socket of the runtime; 0: none yet */
    int64_t timeout_ms; /* of receives; 0: none */
    bool closed;
} udp;

static const char udp_type[] = "udp";

static void drop_net(kw_vm *vm, udp *u)
{
    const kp_host *host = kp_host_of(vm);
    if (host != NULL && host->net != NULL && u->net != 0)
        kiwi_udp_close(host->net, u->net);
    u->net = 0;
}

static void free_udp(kw_vm *vm, void *data) /* a socket that was not closed, but forgotten */
{
    drop_net(vm, data);
    kw_free(vm, data, sizeof(udp));
}

/* ---- Arguments ------------------------------------------------------------------------------- */

/* Positions in the texts are those of primitives, whose first argument is the socket's id. */
static bool typed(kw_vm *vm, const kw_call *call, uint32_t at, kw_type type, const char *function)
{
    if (kw_is(kw_arg(call, at), type))
        return true;
    kw_throw_param(vm, function, at + 1, kw_type_title(type), kw_arg(call, at));
    return false;
}

/* The socket behind the receiver, closed ones included; NULL: thrown. */
static udp *any_udp(kw_vm *vm, const kw_call *call)
{
    if (!kp_allowed(vm, "udp"))
        return NULL;
    if (kw_is(call->self, KW_OBJECT)) {
        kw_value v = kw_object_get(call->self.as.object, kw_intern_c(vm, "socket"));
        if (kw_is(v, KW_POINTER) && v.as.pointer->type == udp_type)
            return v.as.pointer->data;
    }
    kw_throw(vm, "InvalidOperationError", "Not a UDP socket.");
    return NULL;
}

static bool is_open(kw_vm *vm, const udp *u)
{
    if (u->closed)
        kw_throw(vm, "InvalidOperationError", "No UDP socket with id %lld.", (long long)u->id);
    return !u->closed;
}

/* The open socket behind the receiver; NULL: thrown. */
static udp *open_udp(kw_vm *vm, const kw_call *call)
{
    udp *u = any_udp(vm, call);
    return u != NULL && is_open(vm, u) ? u : NULL;
}

/* Give it a socket of the runtime if it has none.  false: thrown. */
static bool ensure_net(kw_vm *vm, udp *u)
{
    kiwi_result result;
    if (u->net != 0)
        return true;
    if (kp_net(vm) == NULL)
        return false;
    if (kiwi_udp_open(kp_net(vm), &u->net, &result) != 0)
        (void)kp_throw_fault(vm, &result);
    return u->net != 0;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static void equip(kw_vm *vm, kw_object *object)
{
    udp *u = kw_realloc(vm, NULL, 0, sizeof(*u));
    *u = (udp){.id = ++kp_host_of(vm)->udp_sockets};
    kw_object_set(vm, object, kw_intern_c(vm, "socket"),
                  kw_pointer_new(vm, udp_type, u, NULL, free_udp));
}

static kw_result udp_new(kw_vm *vm, kw_call *call)
{
    if (!kp_allowed(vm, "udp"))
        return KW_THROWN;
    equip(vm, call->self.as.object);
    return KW_DONE;
}

static kw_result udp_socket(kw_vm *vm, kw_call *call)
{
    if (!kp_allowed(vm, "udp"))
        return KW_THROWN;
    kw_object *object = kw_object_new(vm, kp_host_of(vm)->udp_socket);
    equip(vm, object);
    return kw_return(call, kw_of_obj(KW_OBJECT, object));
}

/* ---- Methods --------------------------------------------------------------------------------- */

static kw_result udp_bind(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__udp_bind__";
    udp *u = any_udp(vm, call);
    if (u == NULL || !typed(vm, call, 0, KW_INT, name) || !is_open(vm, u))
        return KW_THROWN;
    int64_t port = call->args[0].as.i;
    bool named = kw_is(kw_arg(call, 1), KW_STRING); /* another type counts as the default */
    const char *host = named ? kp_host_text(vm, call->args[1].as.string) : "0.0.0.0";
    if (host == NULL || !kp_port_ok(vm, port, 0) || kp_net(vm) == NULL)
        return KW_THROWN;
    drop_net(vm, u); /* first: the new port may be the old one */
    kiwi_id binding = kiwi_udp_bind(kp_net(vm), host, port);
    kiwi_task_hide(kp_net(vm), binding);
    const kw_value args[] = {call->self, kw_int(binding)};
    return kp_go_on_with(vm, call, "udp::__bound__", args, 2);
}

/* __adopt__(net): the binding stands; what was opened or closed meanwhile is to be heeded. */
static kw_result udp_adopt(kw_vm *vm, kw_call *call)
{
    udp *u = any_udp(vm, call);
    if (u == NULL || !typed(vm, call, 0, KW_INT, "__udp_bind__"))
        return KW_THROWN;
    drop_net(vm, u);
    u->net = call->args[0].as.i;
    if (u->closed)
        drop_net(vm, u);
    return is_open(vm, u) ? KW_DONE : KW_THROWN;
}

static kw_result udp_send(kw_vm *vm, kw_call *call)
{
    static const char name[] = "__udp_send__";
    udp *u = any_udp(vm, call);
    if (u == NULL || !typed(vm, call, 0, KW_STRING, name) || !typed(vm, call, 1, KW_INT, name) ||
        !is_open(vm, u))
        return KW_THROWN;
    const char *host = kp_host_text(vm, call->args[0].as.string);
    kw_value data = kw_arg(call, 2);
    bool bytes = kw_is(data, KW_BYTES);
    if (!bytes && !kw_is(data, KW_STRING))
        return kw_throw(vm, "InvalidOperationError", "UDP send requires bytes or string data.");
    int64_t port = call->args[1].as.i;
    if (host == NULL || !kp_port_ok(vm, port, 0) || !ensure_net(vm, u))
        return KW_THROWN;
    const void *at = bytes ? (const void *)data.as.bytes->data : data.as.string->text;
    size_t size = bytes ? data.as.bytes->size : data.as.string->size;
    return kp_await_own(vm, call, kiwi_udp_send(kp_net(vm), u->net, host, port, at, size),
                        KP_AS_IS);
}

static kw_result receive(kw_vm *vm, kw_call *call, kp_convert convert)
{
    udp *u = open_udp(vm, call);
    if (u == NULL || !ensure_net(vm, u))
        return KW_THROWN;
    return kp_await_own(vm, call, kiwi_udp_recv(kp_net(vm), u->net, u->timeout_ms), convert);
}

static kw_result udp_recv(kw_vm *vm, kw_call *call)
{
    return receive(vm, call, KP_DATAGRAM_TEXT);
}

static kw_result udp_recv_bytes(kw_vm *vm, kw_call *call)
{
    return receive(vm, call, KP_DATAGRAM_BYTES);
}

static kw_string *receive_error(kw_vm *vm, const kiwi_result *result)
{
    bool late = result->fault == KIWI_FAULT_TIMEOUT;
    return kw_string_format(vm, "UDP recv error: %s",
                            late ? "Connection timed out" : result->message);
}

kw_string *kp_datagram(kw_vm *vm, kiwi_result *result, bool text, kw_value *value)
{
    if (result->state == KIWI_TASK_FAULTED)
        return receive_error(vm, result);
    const char *bytes = (const char *)result->bytes;
    kw_value host = kw_string_c(vm, bytes + result->size);
    kw_value data;
    if (text) {
        data = kw_of_string(kw_string_new(vm, bytes, result->size));
        free(result->bytes);
    } else {
        data = kw_of_bytes(kw_bytes_adopt(vm, result->bytes, result->size));
    }
    result->bytes = NULL;
    kw_map *map = kw_map_new(vm, 3);
    (void)kw_map_set_c(vm, map, "data", data);
    (void)kw_map_set_c(vm, map, "from_host", host);
    (void)kw_map_set_c(vm, map, "from_port", kw_int(result->integer));
    *value = kw_of_map(map);
    return NULL;
}

static kw_result udp_timeout(kw_vm *vm, kw_call *call)
{
    udp *u = any_udp(vm, call);
    if (u == NULL || !typed(vm, call, 0, KW_INT, "__udp_settimeout__") || !is_open(vm, u))
        return KW_THROWN;
    int64_t ms = call->args[0].as.i;
    if (ms < 0)
        return kw_throw(vm, "InvalidOperationError", "Invalid time limit %lld.", (long long)ms);
    u->timeout_ms = ms;
    return kw_return(call, call->self);
}

static kw_result udp_close(kw_vm *vm, kw_call *call)
{
    udp *u = any_udp(vm, call);
    if (u == NULL)
        return KW_THROWN;
    u->closed = true;
    drop_net(vm, u);
    return KW_DONE;
}

static kw_result udp_info(kw_vm *vm, kw_call *call)
{
    kiwi_socket_info info;
    udp *u = open_udp(vm, call);
    if (u == NULL || !ensure_net(vm, u))
        return KW_THROWN;
    (void)kiwi_socket_info_get(kp_net(vm), u->net, &info);
    return kp_give_info(vm, call, &info);
}

static const kw_native_def methods[] = {
    {"new", udp_new, 0, 0, "Socket.new()"},
    {"bind", udp_bind, 1, 2, "bind(port, host = \"0.0.0.0\"): replaces an earlier bind"},
    {"send", udp_send, 3, 3, "send(host, port, data): one datagram; the number of bytes"},
    {"recv", udp_recv, 0, 1, "recv(): wait for a datagram; data (string), from_host, from_port"},
    {"recv_bytes", udp_recv_bytes, 0, 1, "recv_bytes(): the same with data as bytes"},
    {"timeout", udp_timeout, 1, 1, "timeout(ms): limit of later receives; 0: none"},
    {"close", udp_close, 0, 0, "close(): close; waiting receives fail"},
    {"info", udp_info, 0, 0, "info(): hashmap with address, port and byte counts"},
    {"__adopt__", udp_adopt, 1, 1, "a binding stands"},
    {NULL, NULL, 0, 0, NULL},
};

void kp_udp_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"socket", udp_socket, 0, 0, "socket(): a new Socket"},
        {NULL, NULL, 0, 0, NULL},
    };
    kp_host *host = kp_host_of(vm);
    if (host->udp_socket != NULL)
        return;
    host->udp_socket = kp_struct_new(vm, "Socket", methods);
    kw_pin(vm, kw_of_class(host->udp_socket));
    kw_define_functions(vm, "udp", functions);
    kw_global *g = kw_global_at(vm, kw_intern_c(vm, "Socket"));
    if (!(g->means & KW_MEANS_DECL)) /* a script may have a struct of that name */
        kw_global_define(vm, g, KW_MEANS_DECL, kw_of_class(host->udp_socket));
}
