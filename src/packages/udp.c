/* udp.c - package udp: struct Socket, and udp::socket() that makes one (NETWORK.md
 * section 10).
 *
 * A Socket of a script is more than one of the runtime: that one is opened when the script
 * binds, sends or receives, and another one takes its place when the script binds again. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packages/library.h"
#include "packages/package.h"
#include "packages/piece.h"

typedef struct udp {
    int64_t id;         /* for people: own counter */
    kiwi_id net;        /* socket of the runtime; 0: none yet */
    int64_t timeout_ms; /* of receives; 0: none */
    bool closed;
} udp;

extern const kp_package kp_udp;
static const kp_struct udp_socket_struct;

typedef struct udp_state {
    int64_t sockets; /* how many were made */
} udp_state;

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
    kw_heap_release(vm, data, sizeof(udp));
}

/* The socket behind the receiver, closed ones included; NULL: thrown. */
static udp *any_udp(kw_vm *vm, const kw_call *call)
{
    return kp_struct_handle(vm, call, &udp_socket_struct);
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
    if (kp_host_net(vm) == NULL)
        return false;
    if (kiwi_udp_open(kp_host_net(vm), &u->net, &result) != 0)
        (void)kp_host_throw_fault(vm, &result);
    return u->net != 0;
}

/* ---- Making ---------------------------------------------------------------------------------- */

/* false: thrown. */
static bool equip(kw_vm *vm, kw_object *object)
{
    udp_state *state = kp_state(vm, &kp_udp);
    if (state == NULL)
        return false;
    udp *u = kw_heap_realloc(vm, NULL, 0, sizeof(*u));
    *u = (udp){.id = ++state->sockets};
    kp_struct_give_handle(vm, object, &udp_socket_struct, u);
    return true;
}

static kw_result udp_new(kw_vm *vm, kw_call *call)
{
    return equip(vm, call->self.as.object) ? KW_DONE : KW_THROWN;
}

static kw_result udp_socket(kw_vm *vm, kw_call *call)
{
    kw_object *object = kw_object_new(vm, kp_struct_class(vm, &udp_socket_struct));
    return equip(vm, object) ? kw_return(call, kw_of_obj(KW_OBJECT, object)) : KW_THROWN;
}

/* ---- Methods --------------------------------------------------------------------------------- */

/* The call goes on in the library's function `name`, which awaits the task for the socket; scripts do not see that. */
static kw_result go_on_in(kw_vm *vm, kw_call *call, const char *name, kiwi_id task)
{
    kiwi_task_hide(kp_host_net(vm), task);
    const kw_value args[] = {call->self, kw_int(task)};
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "udp", name), args, 2);
}

static kw_result udp_bind(kw_vm *vm, kw_call *call)
{
    udp *u = open_udp(vm, call);
    if (u == NULL)
        return KW_THROWN;
    int64_t port = call->args[0].as.i;
    bool named = kw_is(kw_arg(call, 1), KW_STRING); /* another type counts as the default */
    const char *host = named ? kp_args_text(vm, call, 1, "A host") : "0.0.0.0";
    if (host == NULL || !kp_args_port(vm, port, 0))
        return KW_THROWN;
    drop_net(vm, u); /* first: the new port may be the old one */
    return go_on_in(vm, call, "udp::__bound__", kiwi_udp_bind(kp_host_net(vm), host, port));
}

/* __adopt__(net): the binding has succeeded.  Meanwhile a script may have closed the socket, or opened another by using
 * this one. */
static kw_result udp_adopt(kw_vm *vm, kw_call *call)
{
    udp *u = any_udp(vm, call);
    if (u == NULL)
        return KW_THROWN;
    drop_net(vm, u);
    u->net = call->args[0].as.i;
    if (u->closed)
        drop_net(vm, u);
    return is_open(vm, u) ? KW_DONE : KW_THROWN;
}

/* Data to be sent, at argument `at`, in *out; false: thrown. */
static bool data_at(kw_vm *vm, const kw_call *call, uint32_t at, kp_piece *out)
{
    if (kp_piece_take(kw_arg(call, at), out))
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "UDP send requires bytes or string data.");
    return false;
}

static kw_result udp_send(kw_vm *vm, kw_call *call)
{
    udp *u = open_udp(vm, call);
    if (u == NULL)
        return KW_THROWN;
    const char *host = kp_args_text(vm, call, 0, "A host");
    kp_piece data;
    if (!data_at(vm, call, 2, &data))
        return KW_THROWN;
    int64_t port = call->args[1].as.i;
    if (host == NULL || !kp_args_port(vm, port, 0) || !ensure_net(vm, u))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY + data.size);
    if (room != KW_DONE)
        return room;
    return kp_host_await_own(vm, call, kiwi_udp_send(kp_host_net(vm), u->net, host, port, data.data, data.size), NULL);
}

static kw_result udp_connect(kw_vm *vm, kw_call *call)
{
    udp *u = open_udp(vm, call);
    if (u == NULL)
        return KW_THROWN;
    const char *host = kp_args_text(vm, call, 0, "A host");
    int64_t port = call->args[1].as.i;
    if (host == NULL || !kp_args_port(vm, port, 1) || !ensure_net(vm, u))
        return KW_THROWN;
    return go_on_in(vm, call, "udp::__connected__", kiwi_udp_connect(kp_host_net(vm), u->net, host, port));
}

static kw_result udp_write(kw_vm *vm, kw_call *call)
{
    udp *u = open_udp(vm, call);
    kp_piece data;
    if (u == NULL || !data_at(vm, call, 0, &data) || !ensure_net(vm, u))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY + data.size);
    if (room != KW_DONE)
        return room;
    return kp_host_await_own(vm, call, kiwi_udp_write(kp_host_net(vm), u->net, data.data, data.size), NULL);
}

/* A value of a packet that recv has given; NULL: there is none of the type. */
static const kw_value *part_of(kw_vm *vm, kw_value packet, const char *key, kw_type type)
{
    const kw_value *v = kw_map_find_string(packet.as.map, kw_intern_c(vm, key));
    return v != NULL && kw_is(*v, type) ? v : NULL;
}

static kw_result udp_reply(kw_vm *vm, kw_call *call)
{
    udp *u = open_udp(vm, call);
    kp_piece data;
    if (u == NULL || !data_at(vm, call, 1, &data))
        return KW_THROWN;
    const kw_value *host = part_of(vm, call->args[0], "from_host", KW_STRING);
    const kw_value *port = part_of(vm, call->args[0], "from_port", KW_INT);
    if (host == NULL || port == NULL || strlen(host->as.string->text) != host->as.string->size)
        return kw_throw(vm, "InvalidOperationError", "UDP reply requires a packet with from_host and from_port.");
    if (!kp_args_port(vm, port->as.i, 0) || !ensure_net(vm, u))
        return KW_THROWN;
    kw_result room = kp_memory_room(vm, call, KP_ENTRY + data.size);
    if (room != KW_DONE)
        return room;
    return kp_host_await_own(
        vm, call, kiwi_udp_send(kp_host_net(vm), u->net, host->as.string->text, port->as.i, data.data, data.size),
        NULL);
}

/* ---- Groups and options ------------------------------------------------------------------------ */

static kw_result change_group(kw_vm *vm, kw_call *call, bool join)
{
    kiwi_result why;
    udp *u = open_udp(vm, call);
    if (u == NULL)
        return KW_THROWN;
    const char *group = kp_args_text(vm, call, 0, "A group");
    const char *interface = group == NULL                     ? NULL
                            : kw_is(kw_arg(call, 1), KW_NULL) ? ""
                                                              : kp_args_text(vm, call, 1, "An interface");
    if (interface == NULL || !ensure_net(vm, u))
        return KW_THROWN;
    if (kiwi_udp_group(kp_host_net(vm), u->net, group, interface, join, &why) == 0)
        return kw_return(call, call->self);
    if (why.fault == KIWI_FAULT_INVALID)
        return kw_throw(vm, "InvalidOperationError", "%s", why.message);
    return kp_host_throw_fault(vm, &why);
}

static kw_result udp_join(kw_vm *vm, kw_call *call)
{
    return change_group(vm, call, true);
}

static kw_result udp_leave(kw_vm *vm, kw_call *call)
{
    return change_group(vm, call, false);
}

static kw_result set_option(kw_vm *vm, kw_call *call, kiwi_udp_option option, int value)
{
    kiwi_result why;
    udp *u = open_udp(vm, call);
    if (u == NULL || !ensure_net(vm, u))
        return KW_THROWN;
    if (kiwi_udp_set(kp_host_net(vm), u->net, option, value, &why) == 0)
        return kw_return(call, call->self);
    return kp_host_throw_fault(vm, &why);
}

static kw_result udp_ttl(kw_vm *vm, kw_call *call)
{
    int64_t hops = call->args[0].as.i;
    if (hops < 1 || hops > 255)
        return kw_throw(vm, "InvalidOperationError", "Invalid ttl %lld: expected 1 to 255.", (long long)hops);
    return set_option(vm, call, KIWI_UDP_TTL, (int)hops);
}

static kw_result udp_broadcast(kw_vm *vm, kw_call *call)
{
    return set_option(vm, call, KIWI_UDP_BROADCAST, kw_native_argument(call, 0).as.i != 0);
}

static kw_string *receive_error(kw_vm *vm, const kiwi_result *result)
{
    bool late = result->fault == KIWI_FAULT_TIMEOUT;
    return kw_string_format(vm, "UDP recv error: %s", late ? "Connection timed out" : result->message);
}

/* The end of a receive: NULL with *value a hashmap of data (a string if `text`, else bytes), from_host and
 * from_port; or the message of the fault. */
static kw_string *datagram(kw_vm *vm, kiwi_result *result, bool text, kw_value *value)
{
    if (result->state == KIWI_TASK_FAULTED)
        return receive_error(vm, result);
    assert(result->kind == KIWI_RESULT_DATAGRAM); /* the sender's address is behind the bytes */
    kw_value host = kw_string_c(vm, (const char *)result->bytes + result->size);
    kw_value data;
    if (text)
        (void)kp_host_text_of(vm, result, &data);
    else
        data = kw_of_bytes(kw_bytes_adopt(vm, result->bytes, result->size));
    if (kw_is(data, KW_UNDEF)) {
        *value = data;
        return NULL;
    }
    result->bytes = NULL;
    kw_map *map = kw_map_new(vm, 3);
    (void)kw_map_set_c(vm, map, "data", data);
    (void)kw_map_set_c(vm, map, "from_host", host);
    (void)kw_map_set_c(vm, map, "from_port", kw_int(result->integer));
    *value = kw_of_map(map);
    return NULL;
}

static kw_string *text_datagram(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    return datagram(vm, result, true, value);
}

static kw_string *bytes_datagram(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    return datagram(vm, result, false, value);
}

static kw_result receive(kw_vm *vm, kw_call *call, kp_settle settle)
{
    udp *u = open_udp(vm, call);
    if (u == NULL || !ensure_net(vm, u))
        return KW_THROWN;
    kw_result room = kp_memory_tidy(vm, call, KP_ENTRY + KP_DATAGRAM);
    if (room != KW_DONE)
        return room;
    return kp_host_await_own(vm, call, kiwi_udp_recv(kp_host_net(vm), u->net, u->timeout_ms), settle);
}

static kw_result udp_recv(kw_vm *vm, kw_call *call)
{
    return receive(vm, call, text_datagram);
}

static kw_result udp_recv_bytes(kw_vm *vm, kw_call *call)
{
    return receive(vm, call, bytes_datagram);
}

static kw_result udp_timeout(kw_vm *vm, kw_call *call)
{
    udp *u = open_udp(vm, call);
    if (u == NULL)
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
    (void)kiwi_socket_info_get(kp_host_net(vm), u->net, &info);
    return kp_args_give_info(vm, call, &info);
}

/* clang-format off */
static const kw_native_def methods[] = {
    {"new()", udp_new, "Make a socket.", "s = Socket.new()\ns.close()"},
    {"bind(port: integer, host = \"0.0.0.0\"): Socket", udp_bind,
     "Listen on a port; 0: one that is free.  An earlier binding is replaced.",
     "s = udp::socket().bind(0, \"127.0.0.1\")\nprintln s.info().local_port > 0  # => true\ns.close()",
     "__udp_bind__"},
    {"send(host: string, port: integer, data: any): integer", udp_send,
     "Send one datagram of a string or bytes; the number of its bytes.",
     "println client.send(\"127.0.0.1\", port, \"ping\")  # => 4", "__udp_send__"},
    {"connect(host: string, port: integer): Socket", udp_connect,
     "Receive from this peer alone, and learn when nobody is there; `write` sends to it.",
     "client.connect(\"127.0.0.1\", port)\nprintln client.info().peer_port == port  # => true", "__udp_connect__"},
    {"write(data: any): integer", udp_write,
     "Send one datagram of a string or bytes to whom the socket is connected; the number of its bytes.",
     "client.connect(\"127.0.0.1\", port)\nprintln client.write(\"ping\")  # => 4"},
    {"reply(packet: hashmap, data: any): integer", udp_reply,
     "Send one datagram to where the packet of a receive came from, from the address that was asked; the number of its bytes.",
     "client.send(\"127.0.0.1\", port, \"ping\")\nprintln server.reply(server.recv(), \"pong\")  # => 4", "__udp_reply__"},
    {"join(group: string, interface: string = \"\"): Socket", udp_join,
     "Receive what is sent to the group, a multicast address, by the interface: its name, or for IPv4 its address; "
     "the system's choice without it.  What the socket sends to groups leaves by it, too.",
     "member = udp::socket().bind(0).join(\"239.1.2.3\", \"127.0.0.1\")\nmember.send(\"239.1.2.3\", member.info().local_port, \"all\")\n"
     "println member.recv().data  # => all\nmember.close()", "__udp_join__"},
    {"leave(group: string, interface: string = \"\"): Socket", udp_leave, "Leave a group that was joined.",
     "member = udp::socket().bind(0).join(\"239.1.2.3\", \"127.0.0.1\").leave(\"239.1.2.3\", \"127.0.0.1\")\nmember.close()", "__udp_leave__"},
    {"ttl(hops: integer): Socket", udp_ttl,
     "How many routers a datagram may pass, 1 to 255; without this one to a group passes none.", "client.ttl(4)", "__udp_ttl__"},
    {"broadcast(allowed: boolean = true): Socket", udp_broadcast, "Allow datagrams to everybody in the network (the default), or not.",
     "client.broadcast(false)", "__udp_broadcast__"},
    {"recv(): hashmap", udp_recv, "Wait for a datagram: data (a string), from_host, from_port.",
     "client.send(\"127.0.0.1\", port, \"ping\")\nprintln server.recv().data  # => ping"},
    {"recv_bytes(): hashmap", udp_recv_bytes, "Wait for a datagram: data (bytes), from_host, from_port.",
     "client.send(\"127.0.0.1\", port, \"ping\")\nprintln server.recv_bytes().data.size()  # => 4"},
    {"timeout(ms: integer): Socket", udp_timeout, "How long a later receive waits, in milliseconds; 0: for ever.",
     "server.timeout(50)", "__udp_settimeout__"},
    {"close()", udp_close, "Close the socket; receives that wait fail.", "client.close()"},
    {"info(): hashmap", udp_info, "Addresses, ports and byte counts.",
     "println server.info().local_host  # => 127.0.0.1"},
    {"__adopt__(net: integer)", udp_adopt, "A binding stands.", NULL, "__udp_bind__"},
    {NULL},
};
/* clang-format on */

static const kp_struct udp_socket_struct = {
    .package = &kp_udp,
    .name = "Socket",
    .about = "A UDP socket.",
    .methods = methods,
    .noun = "UDP socket",
    .field = "socket",
    .free = free_udp,
};

static const kp_struct *const structs[] = {&udp_socket_struct, NULL};

/* clang-format off */
static const kw_native_def functions[] = {
    {"socket(): Socket", udp_socket, "A new socket.", "s = udp::socket()\ns.close()"},
    {NULL},
};
/* clang-format on */

const kp_package kp_udp = {
    .name = "udp",
    .about = "Datagrams.",
    .functions = functions,
    .structs = structs,
    .refused = "udp",
    .network = true,
    .setup = "server = udp::socket().bind(0, \"127.0.0.1\")\n"
             "port = server.info().local_port\n"
             "client = udp::socket()",
    .state_size = sizeof(udp_state),
};
