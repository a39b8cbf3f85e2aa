/* host.h - what the native packages share: the networking runtime, who awaits what, results of
 * tasks.
 *
 * Place: packages layer, the only one that knows both a script's value and a network operation.
 * Threads: the interpreter thread only; the runtime below has threads of its own. */
#ifndef KP_HOST_H
#define KP_HOST_H

#include "base/map.h"
#include "kiwi/net.h"
#include "vm/vm.h"

/* What the end of an awaited task becomes. */
typedef enum kp_convert {
    KP_AS_IS,       /* its value, or a SystemError */
    KP_TLS_CONNECT, /* the socket id, or a negative id that remembers the reason */
    KP_DATAGRAM_TEXT, /* what udp receives: see kp_datagram() */
    KP_DATAGRAM_BYTES,
} kp_convert;

typedef struct kp_wait kp_wait;     /* the fibers that await one task */
typedef struct kp_signal kp_signal; /* signal.c: a name that was trapped */

typedef struct kp_host {
    kw_vm *vm;
    kiwi_net *net;   /* opened on first need; NULL before */
    kb_map waits;    /* task id -> kp_wait */
    kp_wait *spare;  /* free list */
    size_t watched;  /* waits that the runtime will answer */
    kw_map *values;  /* task id -> value of a spawned task, or of one that result() looked at */
    kw_map *faults;  /* task id -> message of a spawned task that failed */
    size_t purge_at; /* size of `values` + `faults` at which forgotten ids are looked for */
    int64_t mutexes; /* how many were made */
    kp_signal *signals;
    size_t signals_waiting; /* tasks that wait for their signal */
    int64_t udp_sockets;
    kw_class *udp_socket; /* struct Socket of package udp, pinned; NULL before its first use */
} kp_host;

kp_host *kp_host_of(kw_vm *vm);
/* Connect a vm to the outside: port, hooks.  KB_ENOMEM. */
kb_status kp_host_open(kw_vm *vm);
void kp_host_close(kw_vm *vm);
/* The runtime; opened on first use.  NULL: thrown. */
kiwi_net *kp_net(kw_vm *vm);

/* Await task `id` for the running fiber: result at once, or KW_SUSPEND. */
kw_result kp_await(kw_vm *vm, kw_call *call, kiwi_id id, kp_convert convert);
/* The same for a task that the script does not know of: task::list() and task::busy() do not,
 * either.  The runtime is open. */
kw_result kp_await_own(kw_vm *vm, kw_call *call, kiwi_id id, kp_convert convert);
/* A new fiber for `callback`, in the task table as *id and in the run queue.  false: thrown. */
bool kp_spawn(kw_vm *vm, kw_value callback, const kw_value *args, size_t argc, kiwi_id *id);
/* The value of a completed network task; takes over its bytes. */
kw_value kp_value_of(kw_vm *vm, kiwi_result *result);
/* Throw the fault of a task as a SystemError. */
kw_result kp_throw_fault(kw_vm *vm, const kiwi_result *result);

/* Argument checks of native primitives (args.c): ParameterTypeMismatchError that names
 * `function`. */
bool kp_is_type(kw_vm *vm, const kw_call *call, uint32_t at, kw_type type, const char *function);
/* Argument `at`, or *otherwise (may be NULL) if it is missing or null: an integer.  false:
 * thrown. */
bool kp_int_arg(kw_vm *vm, const kw_call *call, uint32_t at, const char *function,
                const int64_t *otherwise, int64_t *out);
/* A string without NUL bytes, for the C library.  NULL: thrown. */
const char *kp_host_arg(kw_vm *vm, const kw_call *call, uint32_t at, const char *function);
const char *kp_host_text(kw_vm *vm, const kw_string *host);
/* `lowest` to 65535; false: thrown. */
bool kp_port_ok(kw_vm *vm, int64_t port, int64_t lowest);
/* A hashmap of what is known of a socket. */
kw_result kp_give_info(kw_vm *vm, kw_call *call, const kiwi_socket_info *info);

/* The end of a datagram's receive: NULL with *value a hashmap of data (string if `text`, else
 * bytes), from_host and from_port; or the message of the fault. */
kw_string *kp_datagram(kw_vm *vm, kiwi_result *result, bool text, kw_value *value);

/* A struct whose methods are natives; the table ends with a NULL name. */
kw_class *kp_struct_new(kw_vm *vm, const char *name, const kw_native_def *methods);
/* Define it as a global one. */
void kp_define_struct(kw_vm *vm, const char *name, const kw_native_def *methods);
/* Call the global struct or library function `name` with these arguments in place of the native:
 * KW_CALL. */
kw_result kp_go_on_with(kw_vm *vm, kw_call *call, const char *name, const kw_value *args,
                        size_t argc);

/* signal.c: wake the tasks whose signals came; mark what is trapped; restore the process's own
 * handling. */
void kp_signals_collect(kw_vm *vm);
void kp_signals_mark(kw_vm *vm);
void kp_signals_close(kw_vm *vm);

/* Is package `name` available?  Not in safe mode: SafeModeError. */
bool kp_allowed(kw_vm *vm, const char *name);

#endif
