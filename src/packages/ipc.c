/* ipc.c - package ipc: messages over a named local pipe (NETWORK.md section 12).
 *
 * A pipe is a Unix socket, and a message one of kiwi_tcp_recv_message(): programs of .NET, which calls that a named
 * pipe, find each other there.  What waits more than once is in src/stdlib/ipc.kiwi. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "packages/library.h"
#include "packages/package.h"

typedef struct pipe_end {
    kiwi_id socket;
    kiwi_id listener; /* whose file is the pipe's name; 0: the other end has that */
    kiwi_id back;     /* a receive that has completed, and is awaited by the next one; 0: none */
} pipe_end;

typedef struct ipc_state {
    kb_map pipes; /* handle -> pipe_end, owned */
    kb_map waits; /* task of an operation -> handle, for its error text */
    int64_t last;
} ipc_state;

extern const kp_package kp_ipc;

static void close_state(kw_vm *vm, void *data)
{
    ipc_state *state = data;
    size_t at = 0;
    (void)vm; /* its sockets are closed with the runtime */
    for (pipe_end *p; (p = kb_map_next(&state->pipes, &at, NULL)) != NULL;)
        free(p);
    kb_map_fini(&state->pipes);
    kb_map_fini(&state->waits);
}

/* The open pipe of the call.  NULL: thrown. */
static pipe_end *open_pipe(kw_vm *vm, const kw_call *call, ipc_state **state)
{
    int64_t handle = kw_native_operand(call, 0).as.i;
    *state = kp_state(vm, &kp_ipc);
    pipe_end *p = *state == NULL ? NULL : kb_map_get(&(*state)->pipes, handle);
    if (p == NULL && *state != NULL)
        (void)kw_throw(vm, "SystemError", "No open IPC handle with ID %lld.", (long long)handle);
    return p;
}

/* ---- Names ------------------------------------------------------------------------------------- */

/* The path of the pipe.  NULL: thrown. */
static kw_string *path_of(kw_vm *vm, const kw_string *name, const char *verb)
{
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || folder[0] == '\0')
        folder = "/tmp";
    if (name->size > 0 && strlen(name->text) == name->size && strchr(name->text, '/') == NULL)
        return kw_string_format(vm, "%s%sCoreFxPipe_%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/",
                                name->text);
    (void)kw_throw(vm, "SystemError", "Failed to %s pipe '%s': A name must not be empty or contain '/' or NUL.", verb,
                   name->text);
    return NULL;
}

/* Go on as the library's `function` with the name of the pipe and its path. */
static kw_result go_on(kw_vm *vm, kw_call *call, const char *verb, const char *function)
{
    kw_value name = kw_native_operand(call, 0);
    kw_string *path = path_of(vm, name.as.string, verb);
    if (path == NULL)
        return KW_THROWN;
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "ipc", function),
                              (kw_value[]){name, kw_of_string(path)}, 2);
}

static kw_result ipc_create(kw_vm *vm, kw_call *call)
{
    return go_on(vm, call, "create", "ipc::__create__");
}

static kw_result ipc_connect(kw_vm *vm, kw_call *call)
{
    return go_on(vm, call, "connect to", "ipc::__connect__");
}

static kw_string *why(kw_vm *vm, const kiwi_result *result)
{
    char text[96];
    const char *message = result->sys != 0 ? kb_error_errno_text(result->sys, text, sizeof(text)) : result->message;
    return kw_string_new(vm, message, strlen(message));
}

static kw_string *listening(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    if (result->state == KIWI_TASK_COMPLETED) {
        *value = kw_int(result->integer);
        return NULL;
    }
    return result->sys == EADDRINUSE ? kw_string_format(vm, "All pipe instances are busy.") : why(vm, result);
}

static kw_result ipc_listen(kw_vm *vm, kw_call *call)
{
    const char *path = kw_native_operand(call, 0).as.string->text;
    return kp_host_await_own(vm, call, kiwi_unix_listen(kp_host_net(vm), path, 1, -1), listening);
}

static kw_result ipc_accept(kw_vm *vm, kw_call *call)
{
    return kp_host_await_own(vm, call, kiwi_tcp_accept(kp_host_net(vm), kw_native_operand(call, 0).as.i), listening);
}

/* Null: nobody is there yet. */
static kw_string *reaching(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    if (result->state == KIWI_TASK_COMPLETED)
        *value = kw_int(result->integer);
    else if (result->sys != ENOENT && result->sys != ECONNREFUSED)
        return why(vm, result);
    return NULL;
}

static kw_result ipc_reach(kw_vm *vm, kw_call *call)
{
    const char *path = kw_native_operand(call, 0).as.string->text;
    return kp_host_await_own(vm, call, kiwi_unix_connect(kp_host_net(vm), path, 0), reaching);
}

/* ---- Handles ----------------------------------------------------------------------------------- */

static kw_result ipc_open(kw_vm *vm, kw_call *call)
{
    ipc_state *state = kp_state(vm, &kp_ipc);
    pipe_end *p = state == NULL ? NULL : malloc(sizeof(*p));
    if (p != NULL)
        *p = (pipe_end){.socket = kw_native_operand(call, 0).as.i, .listener = kw_native_operand(call, 1).as.i};
    if (p != NULL && kb_map_put(&state->pipes, state->last + 1, p) == KB_OK)
        return kw_return(call, kw_int(++state->last));
    free(p);
    return state == NULL ? KW_THROWN : kw_throw_memory(vm, sizeof(*p));
}

static kw_result ipc_close(kw_vm *vm, kw_call *call)
{
    ipc_state *state = kp_state(vm, &kp_ipc);
    if (state == NULL)
        return KW_THROWN;
    pipe_end *p = kb_map_take(&state->pipes, kw_native_operand(call, 0).as.i);
    if (p == NULL)
        return KW_DONE;
    kiwi_tcp_close(kp_host_net(vm), p->socket);
    kiwi_tcp_close(kp_host_net(vm), p->listener);
    free(p);
    return KW_DONE;
}

/* A listener that got no client. */
static kw_result ipc_drop(kw_vm *vm, kw_call *call)
{
    kiwi_tcp_close(kp_host_net(vm), kw_native_operand(call, 0).as.i);
    return KW_DONE;
}

/* ---- Messages ---------------------------------------------------------------------------------- */

/* Await the operation `id` of the call's handle. */
static kw_result await(kw_vm *vm, kw_call *call, ipc_state *state, kiwi_id id, kp_settle settle)
{
    void *handle = (void *)(intptr_t)kw_native_operand(call, 0).as.i;
    if (kb_map_put(&state->waits, id, handle) != KB_OK)
        return kw_throw_memory(vm, sizeof(kb_map_cell));
    return kp_host_await_own(vm, call, id, settle);
}

static kw_string *failed(kw_vm *vm, const kiwi_result *result, const char *verb, const char *gone)
{
    ipc_state *state = kp_state_known(vm, &kp_ipc);
    long long handle = (long long)(intptr_t)kb_map_take(&state->waits, result->id);
    assert(handle > 0); /* await() has noted it */
    bool is_gone = result->state == KIWI_TASK_COMPLETED || result->fault == KIWI_FAULT_TRUNCATED ||
                   result->sys == ECONNRESET || result->sys == EPIPE;
    if (is_gone)
        return kw_string_format(vm, "Failed to %s on IPC handle %lld: %s", verb, handle, gone);
    if (result->fault == KIWI_FAULT_CLOSED)
        return kw_string_format(vm, "Failed to %s on IPC handle %lld: Cannot access a closed pipe.", verb, handle);
    return kw_string_format(vm, "Failed to %s on IPC handle %lld: %s", verb, handle, result->message);
}

static kw_string *sent(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    (void)value;
    if (result->state == KIWI_TASK_FAULTED)
        return failed(vm, result, "send", "Pipe is broken.");
    ipc_state *state = kp_state_known(vm, &kp_ipc);
    (void)kb_map_take(&state->waits, result->id);
    return NULL;
}

static kw_result ipc_send(kw_vm *vm, kw_call *call)
{
    enum { HEAD = 4 };
    ipc_state *state;
    const pipe_end *p = open_pipe(vm, call, &state);
    const kw_string *text = kw_native_operand(call, 1).as.string;
    if (p == NULL)
        return KW_THROWN;
    if (text->size > INT32_MAX)
        return kw_throw(vm, "SystemError", "Failed to send on IPC handle %lld: A message of %zu bytes is too large.",
                        (long long)kw_native_operand(call, 0).as.i, (size_t)text->size);
    kw_result room = kp_memory_room(vm, call, KP_ENTRY + HEAD + text->size);
    if (room != KW_DONE)
        return room;
    uint32_t size = (uint32_t)text->size;
    unsigned char *frame = malloc(HEAD + (size_t)size);
    if (frame == NULL)
        return kw_throw_memory(vm, HEAD + (size_t)size);
    for (int i = 0; i < HEAD; i++)
        frame[i] = (unsigned char)(size >> (HEAD - 1 - i) * 8);
    memcpy(frame + HEAD, text->text, size);
    kiwi_id id = kiwi_tcp_send_lent(kp_host_net(vm), p->socket, frame, HEAD + (size_t)size, free, frame);
    return await(vm, call, state, id, sent);
}

static kw_string *received(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    if (result->state == KIWI_TASK_FAULTED || result->kind != KIWI_RESULT_BYTES)
        return failed(vm, result, "receive", "Pipe closed unexpectedly.");
    ipc_state *state = kp_state_known(vm, &kp_ipc);
    pipe_end *p = kb_map_get(&state->pipes, (int64_t)(intptr_t)kb_map_take(&state->waits, result->id));
    kw_string *message = kp_host_text_of(vm, result, value);
    kiwi_net *net = kp_host_net(vm);
    if (kw_is(*value, KW_UNDEF) && p != NULL && kiwi_task_return(net, result) == 0) {
        p->back = result->id; /* there was no memory for the text: the next receive begins with it */
        kiwi_task_hide(net, p->back);
    }
    return message;
}

static kw_result ipc_recv(kw_vm *vm, kw_call *call)
{
    ipc_state *state;
    pipe_end *p = open_pipe(vm, call, &state);
    kw_result room = p == NULL ? KW_THROWN : kp_memory_tidy(vm, call, KP_ENTRY + KP_RECEIVED);
    if (room != KW_DONE)
        return room;
    kiwi_id id = p->back != 0 ? p->back : kiwi_tcp_recv_message(kp_host_net(vm), p->socket, INT32_MAX);
    p->back = 0;
    return await(vm, call, state, id, received);
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"create(name: string): integer", ipc_create,
     "Make a pipe of that name and wait for its one client; a handle.",
     "server = task::spawn(with () do ipc::create(\"kiwi-doc\") end)\nipc::connect(\"kiwi-doc\")\n"
     "println task::await(server) > 0  # => true",
     "__ipc_create__/1"},
    {"connect(name: string): integer", ipc_connect,
     "Connect to a pipe, as soon as it is there; a handle.",
     "server = task::spawn(with () do ipc::create(\"kiwi-doc\") end)\nprintln ipc::connect(\"kiwi-doc\") > 0  # => true",
     "__ipc_connect__/1"},
    {"send(handle: integer, text: string)", ipc_send, "Send a message.",
     "ipc::send(ours, \"hello\")", "__ipc_send__/2"},
    {"recv(handle: integer): string", ipc_recv, "Wait for the next message.",
     "ipc::send(ours, \"hello\")\nprintln ipc::recv(theirs)  # => hello", "__ipc_recv__/1"},
    {"close(handle: integer)", ipc_close,
     "Close the pipe; the name is free again, and the other end finds it closed.",
     "ipc::close(ours)", "__ipc_close__/1"},
    {"__listen__(path: string): integer", ipc_listen, "Take the name.", NULL},
    {"__accept__(listener: integer): integer", ipc_accept, "Wait for the client.", NULL},
    {"__reach__(path: string): integer", ipc_reach, "Connect; null: nobody is there.", NULL},
    {"__drop__(listener: integer)", ipc_drop, "Give the name back.", NULL},
    {"__open__(socket: integer, listener: integer): integer", ipc_open,
     "A handle for a connection.", NULL},
    {NULL},
};
/* clang-format on */

const kp_package kp_ipc = {
    .name = "ipc",
    .about = "Messages between two programs of this machine, over a named pipe.",
    .functions = functions,
    .refused = "ipc",
    .network = true,
    .setup = "server = task::spawn(with () do ipc::create(\"kiwi-doc-${sys::pid()}\") end)\n"
             "ours = ipc::connect(\"kiwi-doc-${sys::pid()}\")\n"
             "theirs = task::await(server)",
    .state_size = sizeof(ipc_state),
    .close = close_state,
};
