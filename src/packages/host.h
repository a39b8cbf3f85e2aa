/* host.h - what the native packages share: the networking runtime, who awaits what, results of
 * tasks.
 *
 * Place: packages layer, the only one that knows both a script's value and a network operation.
 * Threads: the interpreter thread only; the runtime below has threads of its own. */
#ifndef KP_HOST_H
#define KP_HOST_H

#include "base/map.h"
#include "kiwi/net.h"
#include "packages/account.h"
#include "packages/input.h"
#include "packages/leftovers.h"
#include "packages/notice.h"
#include "packages/report.h"
#include "vm/vm.h"

/* What the end of an awaited task becomes: NULL with *value set, or the message of the SystemError that its await
 * throws.  Takes over the result's bytes; but where there is no memory for the value they stay, *value is undefined,
 * and the MemoryError is thrown. */
typedef kw_string *(*kp_settle)(kw_vm *vm, kiwi_result *result, kw_value *value);

typedef struct kp_wait kp_wait;     /* the fibers that await one task */
typedef struct kp_opened kp_opened; /* state.c: a package with what it keeps */
typedef struct kp_job kp_job;       /* job.h */

typedef struct kp_host {
    kw_vm *vm;
    kiwi_net *net;             /* opened on first need; NULL before */
    _Atomic(kiwi_net *) waker; /* the same, for other threads */
    bool shared;               /* other processes run the same script, and know this: */
    unsigned char secret[KIWI_NET_SECRET_SIZE];
    kb_map waits;   /* task id -> kp_wait */
    kb_map fibers;  /* id of a spawned task that runs -> its kw_fiber */
    kp_wait *spare; /* free list */
    size_t watched; /* waits that the runtime will answer */
    kp_notices notices;
    kp_leftovers leftovers;
    kp_report report;
    kp_account *account; /* what jobs take */
    kp_input input;      /* fibers that wait for lines of standard input */
    kb_map states;       /* kp_package -> kp_opened */
    kp_opened *opened;
    kb_map classes;       /* kp_struct -> its class, pinned */
    kw_string *reason_of; /* the message of the error that kp_host_reason() was about last; */
    char reason[128];     /* that */
    /* what the library calls by names that begin with "__": see kp_library_function() */
    kw_map *own;
} kp_host;

enum { KP_AWAIT_STEPS = 64 }; /* of a slice, for a task that has ended */

static inline kp_host *kp_host_of(kw_vm *vm)
{
    return vm->host;
}
/* Connect a vm to the outside: port, hooks.  KB_ENOMEM. */
kb_status kp_host_open(kw_vm *vm);
/* The process shares its ports with others, and with them alone KIWI_NET_SECRET_SIZE bytes.  Before the network is used. */
void kp_host_share(kw_vm *vm, const void *secret);
void kp_host_close(kw_vm *vm);
/* End a wait of the scheduler for the runtime.  Any thread, and any signal handler, until the host
 * is closed. */
void kp_host_wake(kw_vm *vm);
/* The runtime; opened on first use.  NULL: thrown. */
kiwi_net *kp_host_net(kw_vm *vm);

/* memory.c: what the runtime and jobs keep for the script, in bytes; may it keep `more`?  Any thread; `data` is the kp_host. */
size_t kp_memory_held(void *data);
bool kp_memory_affords(void *data, size_t more);
bool kp_memory_affords_job(void *data, size_t more); /* may a job? */
enum {
    KP_ENTRY = 512,      /* about what an operation that is pending takes */
    KP_RECEIVED = 16384, /* what a receive needs, if it may take as much, */
    KP_DATAGRAM = 65535, /* and one of a datagram */
};
/* Before the runtime keeps `size` bytes for a native: KW_DONE, else what the native returns.  tidy: it will be called
 * again after a collection if there is no room, and goes on then, since the operation itself fails if need be.
 * room: there is room, or after the collection MemoryError is thrown. */
kw_result kp_memory_tidy(kw_vm *vm, kw_call *call, size_t size);
kw_result kp_memory_room(kw_vm *vm, kw_call *call, size_t size);

/* Await task `id` for the running fiber: result at once, or KW_SUSPEND.  `settle` NULL: the result is its
 * value, a fault is thrown. */
kw_result kp_host_await(kw_vm *vm, kw_call *call, kiwi_id id, kp_settle settle);
/* The same for a task that the script does not know of: task::list() and task::busy() do not,
 * either.  The runtime is open. */
kw_result kp_host_await_own(kw_vm *vm, kw_call *call, kiwi_id id, kp_settle settle);
/* The same for a job (job.h), which is taken over and makes the value or the error. */
kw_result kp_host_await_job(kw_vm *vm, kw_call *call, kiwi_id id, kp_job *job);
/* The system's reason for the error that was just thrown, for its hint. */
void kp_host_reason(kw_vm *vm, const char *reason);
/* A new fiber for `callback`, in the task table as *id and in the run queue.  false: thrown. */
bool kp_host_spawn(kw_vm *vm, kw_value callback, const kw_value *args, size_t argc, kiwi_id *id);
/* Cancel the task `id`, an operation or one that the script has spawned: false: it does not run. */
bool kp_host_cancel(kw_vm *vm, kiwi_id id);
/* The value of a completed network task that is no text; takes over its bytes. */
kw_value kp_host_value_of(kw_vm *vm, kiwi_result *result);
/* The value of a task that gave text, as its settle(). */
kw_string *kp_host_text_of(kw_vm *vm, kiwi_result *result, kw_value *value);
/* A list of the lines of a task that gave some (KIWI_RESULT_LINES), whose bytes stay as they are; undefined: thrown. */
kw_value kp_host_lines_of(kw_vm *vm, const kiwi_result *result);
/* The message of a task's fault, which carries its kind. */
kw_string *kp_host_message(kw_vm *vm, const kiwi_result *result);
/* Throw the fault of a task as a SystemError. */
kw_result kp_host_throw_fault(kw_vm *vm, const kiwi_result *result);

/* What the files of sockets share (args.c).  A string argument, already checked to be one, for the C library:
 * without NUL bytes.  NULL: thrown, as an error of `what`. */
const char *kp_args_text(kw_vm *vm, const kw_call *call, uint32_t at, const char *what);
/* A time limit in milliseconds, an argument checked to be an integer.  false: thrown. */
bool kp_args_limit(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *ms);
/* `lowest` to 65535; false: thrown. */
bool kp_args_port(kw_vm *vm, int64_t port, int64_t lowest);
/* A hashmap of what is known of a socket. */
kw_result kp_args_give_info(kw_vm *vm, kw_call *call, const kiwi_socket_info *info);

/* Call `callable` with these arguments in place of the native: KW_CALL.  KW_UNDEF: thrown before. */
kw_result kp_host_go_on_with(kw_vm *vm, kw_call *call, kw_value callable, const kw_value *args, size_t argc);

#endif
