/* vm.h - the interpreter's state and the calls that native code may make.
 *
 * Place: vm layer; types, lang and packages build on it.  One kw_vm lives on one thread. */
#ifndef KW_VM_H
#define KW_VM_H

#include <stdatomic.h>

#include "base/error.h"
#include "vm/errors.h"
#include "vm/gc.h"
#include "vm/native.h"
#include "vm/object.h"

/* All that one global name can mean.  Code refers to records by pointer: one goes only when it
 * means nothing and no code has it.  The name may be qualified: "math::sqrt" is a record of its
 * own. */
struct kw_global {
    kw_string *name;
    kw_value variable; /* KW_UNDEF: not declared */
    kw_value function; /* function or result of decorators; KW_UNDEF: none */
    kw_value constant; /* KW_UNDEF: none */
    kw_value decl;     /* struct or enum; KW_UNDEF: none */
    kw_value package;  /* package reference; KW_UNDEF: none */
    kw_global *plain;  /* "a::b::x" -> record of "x"; NULL for plain names */
    kw_string *owner;  /* "a::b::x" -> "a::b"; NULL for plain names */
    bool missing;      /* the loader was asked for it already */
    bool marked;       /* the collector's: code refers to it, or it means something */
    uint8_t means;     /* which of the fields are set: KW_MEANS_* */
};
enum { KW_MEANS_VARIABLE = 1, KW_MEANS_FUNCTION = 2, KW_MEANS_CONSTANT = 4, KW_MEANS_DECL = 8, KW_MEANS_PACKAGE = 16 };
/* Set one of the fields and `means`; bumps vm->method_epoch where a call may have remembered the
 * old value. */
void kw_global_define(kw_vm *vm, kw_global *g, int means, kw_value v);
kw_global *kw_names_global_at(kw_vm *vm, kw_string *name);
/* The record of "package::name"; package NULL: of the plain name. */
kw_global *kw_names_global_member(kw_vm *vm, const char *package, const char *name);
/* The value of a global name by the order of LANGUAGE.md 7.3, loading a library package if that
 * defines it;
 * KW_UNDEF: undefined (or thrown: vm->error.type is not NULL). */
kw_value kw_global_value(kw_vm *vm, kw_global *g);

/* The error being raised. */
typedef struct kw_error_info {
    kw_string *type; /* NULL: no error is being raised */
    kw_string *message;
    kw_error_id id;     /* its row in errors.h, for the advice about it, */
    kw_string *subject; /* and the name or token that it is about, or NULL */
    kw_string *file;    /* where: of the failing statement; filled in when the frame is known */
    uint32_t line;
    uint32_t column;       /* of an error of syntax; else 0 */
    kw_string *trace;      /* of a throw statement: the function that threw, or NULL; */
    kw_string *trace_file; /* where that was called */
    uint32_t trace_line;
    const kw_native_def *native; /* the native function that threw, or NULL */
    const kw_proto *callee;      /* the function that has no parameter of that name, or NULL */
    kw_value receiver;           /* of an unknown method */
} kw_error_info;

/* What connects the scheduler to the world outside the interpreter thread; set by packages. */
typedef struct kw_port {
    void *data;
    void (*flush)(void *data); /* hand over what was submitted: kw_port_flush() */
    /* Sleep until an event; < 0: no limit, but return when no event can come any more.  false: it
     * cannot sleep, because there is nothing outside yet. */
    bool (*wait)(void *data, int64_t timeout_us, bool sole);
    void (*collect)(kw_vm *vm, void *data); /* wake the fibers of what has ended */
    bool (*pending)(void *data);            /* may an event still come? */
    bool (*due)(void *data);                /* has collect() to be called all the same? */
    void (*mark)(kw_vm *vm, void *data);    /* values it holds; may be NULL */
    size_t (*held)(void *data);             /* bytes it keeps for the vm outside the heap; any thread; may be NULL */
    void (*fiber_done)(kw_vm *vm, void *data, kw_fiber *fiber); /* a spawned fiber ended */
    /* The wait of a parked fiber is about to be given up: end what it alone awaits.  false: that has ended already,
     * and the fiber was woken with it.  May be NULL. */
    bool (*give_up)(kw_vm *vm, void *data, kw_fiber *fiber);
} kw_port;

/* What a text may be. */
typedef enum kw_text_kind {
    KW_TEXT_PROGRAM, /* a program or file: its functions are defined first, and it has no value */
    KW_TEXT_EVAL,    /* statements; the value of the last one is the value of the text */
    KW_TEXT_DATA,    /* the same of literals and operators alone (TYPES.md section 22) */
} kw_text_kind;

/* Hooks by which lower layers reach upper ones. */
typedef struct kw_hooks {
    /* Define the library names of package `owner` (or the global name `name` if owner is NULL) if
     * there are such.  false: nothing was defined. */
    bool (*load)(kw_vm *vm, kw_string *owner, kw_string *name);
    /* Compile source text; NULL: error thrown (SyntaxError and so on, position in vm->error). */
    kw_proto *(*compile)(kw_vm *vm, kw_string *file, const char *text, size_t size, kw_text_kind kind);
    /* A method of a built-in type that its table lacks: define it from the library, if that has
     * it. */
    bool (*extension)(kw_vm *vm, kw_value self, kw_string *name);
    /* No method `name` for `self`: throw the error that fits. */
    kw_result (*unknown_method)(kw_vm *vm, kw_value self, kw_string *name);
    /* Find, read and compile the file of an import, include, export or require (kind as in IMPORT);
     * *value is the result.  NULL with no error: nothing to run. */
    kw_proto *(*import)(kw_vm *vm, int kind, kw_value what, kw_string *importer, kw_value *value);
    /* May a native of this owner (kw_native.owner) be called in this program?  Asked once before its
     * first call, which is the time to open what it needs.  false: thrown; it is asked again. */
    bool (*admit)(kw_vm *vm, const kw_native *native);
    /* The generator function, of one parameter, by which `for` runs through an object of a native struct; KW_UNDEF: it
     * does not, or thrown. */
    kw_value (*each)(kw_vm *vm, const kw_object *object);
    /* The function of the prelude with this name. */
    kw_value (*prelude)(kw_vm *vm, const char *name);
} kw_hooks;

/* Operators that a struct can define (LANGUAGE.md 11.5). */
typedef enum kw_operator {
    KW_OV_ADD,
    KW_OV_SUB,
    KW_OV_MUL,
    KW_OV_DIV,
    KW_OV_IDIV,
    KW_OV_MOD,
    KW_OV_POW,
    KW_OV_EQ,
    KW_OV_NE,
    KW_OV_LT,
    KW_OV_LE,
    KW_OV_GT,
    KW_OV_GE,
    KW_OPERATOR_COUNT
} kw_operator;

typedef struct kw_sched kw_sched;
typedef struct kw_heap kw_heap;
typedef struct kw_names kw_names;

/* The file of text that eval runs.  Library code inside the binary has names like "<list>". */
#define KW_EVAL_FILE "<eval>"

struct kw_vm {
    int64_t budget;  /* counts down at back-edges and calls; below 0: look at the reasons */
    kw_fiber *fiber; /* running */
    kw_error_info error;
    uint32_t method_epoch;          /* grows whenever a method or package function is (re)defined */
    kw_heap *heap;                  /* heap.c, gc.c */
    kw_names *names;                /* interned strings and global records: names.c */
    kw_map *methods[KW_TYPE_COUNT]; /* methods of built-in types: interned name -> lambda; may be NULL */
    kw_sched *sched;                /* sched.c */
    kw_port port;
    kw_hooks hooks;
    kw_list *pinned;    /* values kept alive for native code */
    kw_map *global_map; /* the predefined `global` */
    kw_map *included;   /* absolute paths of files run */
    kw_string *script_dir, *script_path;
    kw_string *main_file;  /* whose code the program is, "" for text without a file; NULL: none ran yet */
    kw_string *chars[128]; /* one-character strings, made on first use */
    kw_string *operators[KW_OPERATOR_COUNT]; /* names of the methods that overload operators */
    struct kw_events *events;                /* event.c */
    struct kw_origins *origins;              /* origin.c */
    struct kw_faults *faults;                /* fault.c */
    bool safe_mode;
    bool no_stdlib; /* the embedded library is not offered */
    bool gc_stress;
    /* library code runs on behalf of C code that holds values: nothing is collected */
    unsigned loading;
    bool strained;  /* the heap has passed its ceiling: kw_go_on() */
    unsigned turns; /* of loops of natives: kw_go_on() */
    bool exiting;
    bool interactive;        /* kw_sched_run() comes back once the main program has ended and nothing is ready */
    atomic_bool interrupted; /* set by kw_sched_interrupt(): throw InterruptError in the main program */
    kw_value last_value;     /* what the main program returned; KW_UNDEF before its end */
    int exit_code;
    struct kw_regexes *regexes; /* compiled patterns, of types/regex.c; freed with the pinned values */
    struct kw_output *output;   /* standard output not yet written: out.c */
    unsigned lambdas;           /* lambdas compiled so far: their names are unique */
    void *host;                 /* of packages */
    int argc;
    char **argv;
    kw_string *command;     /* how the interpreter was called */
    kw_string *stdlib_path; /* folder of the library in place of the embedded one, or NULL */
};

kw_vm *kw_vm_create(void); /* NULL: no memory */
void kw_vm_destroy(kw_vm *vm);

/* ---- Errors (throw.c) ------------------------------------------------------------------------ */

/* Set the error; always returns KW_THROWN, so natives write: return kw_throw(vm, "TypeError",
 * ...). */
kw_result kw_throw(kw_vm *vm, const char *type, const char *format, ...) __attribute__((format(printf, 3, 4)));
kw_result kw_throw_strings(kw_vm *vm, kw_string *type, kw_string *message);
/* The texts of TYPES.md section 3; R is the type of `got`.  `at` counts from 0. */
kw_result kw_throw_param(kw_vm *vm, const char *function, unsigned at, const char *expected, kw_value got);
kw_result kw_throw_expected(kw_vm *vm, const char *what, kw_value got); /* TypeError: Expected a WHAT ... */
kw_result kw_throw_count(kw_vm *vm, const char *function, int expected, unsigned got); /* expected < 0: short form */
kw_result kw_throw_memory(kw_vm *vm, size_t wanted);
void kw_throw_clear(kw_vm *vm);
kw_string *kw_throw_take(kw_vm *vm); /* clear it, and give its message */
kw_result kw_throw_undeclared(kw_vm *vm, const char *name);
/* An error of KW_RUNNING_ERRORS about `name`, a string without NUL, or NULL where the row is about none; `owner` NULL
 * where its text has none. */
kw_result kw_throw_known(kw_vm *vm, kw_error_id id, kw_string *name, const char *owner);
/* Compile the text of an eval or a deserialize.  NULL: thrown, errors of syntax as from the statement that runs it. */
kw_proto *kw_import_compile_eval(kw_vm *vm, const kw_string *text, kw_text_kind kind);

/* What a task failed with, before it became the SystemError of who awaits it (origin.c). */
typedef struct kw_origin {
    kw_string *message; /* of the error, a string of its own */
    int64_t task;
    kw_string *type, *file; /* file NULL: the place is not known */
    uint32_t line;
    kw_string *start_file; /* where the task was started; NULL: not known */
    uint32_t start_line;
    kw_string *name;  /* of the function it was started with; NULL: none of the user's */
    kw_string *cause; /* the message of the task that it had awaited, or NULL */
    unsigned depth;   /* how many such messages there are below */
} kw_origin;
/* What is known of the error with this message; NULL: it came through no await. */
const kw_origin *kw_origin_of(const kw_vm *vm, const kw_string *message);

/* ---- Kinds of faults (fault.c) --------------------------------------------------------------- */

typedef struct kw_fault {
    const char *kind; /* one word; static */
    int code;         /* the system's number, or another's; 0: none */
} kw_fault;

/* The error whose message is this string, which is nobody else's, is of that kind.  Who has the message can ask, however
 * often it was thrown again. */
void kw_fault_note(kw_vm *vm, kw_string *message, const char *kind, int code);
/* NULL: nothing is known of it. */
const kw_fault *kw_fault_of(const kw_vm *vm, const kw_string *message);

/* ---- Fibers and the scheduler (fiber.c, sched.c) --------------------------------------------- */

/* A fiber that will call `callable` with `argc` arguments; not yet queued. */
kw_fiber *kw_fiber_new(kw_vm *vm, kw_value callable, const kw_value *args, size_t argc);
/* Forget a fiber that was made and not queued. */
void kw_fiber_drop(kw_vm *vm, kw_fiber *fiber);
kw_fiber *kw_fiber_current(kw_vm *vm);
int64_t kw_fiber_id(const kw_fiber *fiber); /* set by packages: the task's id; 0 for the main program */
void kw_fiber_set_id(kw_fiber *fiber, int64_t id);
/* Result of an ended fiber: value, or KW_UNDEF with the error's type and message. */
kw_value kw_fiber_outcome(const kw_fiber *fiber, kw_string **type, kw_string **message);
/* Throw CancelledError where a task's fiber waits, in it or in a generator; if it does not, at its next wait. */
void kw_fiber_cancel(kw_vm *vm, kw_fiber *fiber);
/* The task that a fiber awaits, for kw_port.give_up; 0: none.  Forgotten when it is woken. */
int64_t kw_fiber_awaits(const kw_fiber *fiber);
void kw_fiber_set_awaits(kw_fiber *fiber, int64_t id);
/* Put a new or woken fiber into the run queue. */
void kw_sched_ready(kw_vm *vm, kw_fiber *fiber);
/* Park the running fiber; a native then returns KW_SUSPEND.  `why` (static text, like "channel
 * recv" ) is shown in the report of a deadlock. */
void kw_fiber_park(kw_vm *vm, const char *why);
/* Wake a parked fiber with a value, or with an error.  Its timer is disarmed. */
void kw_fiber_wake(kw_vm *vm, kw_fiber *fiber, kw_value value);
void kw_fiber_wake_error(kw_vm *vm, kw_fiber *fiber, const char *type, kw_string *message);
/* Wake the parked fiber with `value` after `ms` milliseconds, unless it is woken before. */
void kw_sched_timer(kw_vm *vm, kw_fiber *fiber, double ms, kw_value value);
/* A fiber that waits somewhere, for queues of waiting fibers: it may have been woken by something
 * else since (a timer, the end of a deadlock) and wait elsewhere by now. */
typedef struct kw_parked {
    kw_fiber *fiber;
    uint64_t serial; /* which of its waits is meant */
} kw_parked;
/* The wait that the running fiber is about to begin: call before or after kw_fiber_park(). */
kw_parked kw_fiber_parked_here(kw_vm *vm);
bool kw_fiber_still_parked(kw_parked parked);
/* Exit codes as a shell gives them for SIGINT and SIGPIPE. */
enum { KW_INTERRUPTED = 130, KW_OUTPUT_GONE = 141 };
/* Run `fiber` as the main program and all others until it has ended (and, if it ended normally, no
 * other is left): returns 0, the exit code of `exit`, 1 after an uncaught error (in vm->error), or
 * KW_INTERRUPTED if vm->interrupted was set when only other fibers were left; these stay as they
 * are.  Runs code of scripts; may collect (vm/gc.h). */
int kw_sched_run(kw_vm *vm, kw_fiber *main_fiber);
/* Set vm->interrupted and end a sleep of the scheduler's own; one in the port is the caller's
 * business.  Any thread, and any signal handler, until the vm is destroyed. */
void kw_sched_interrupt(kw_vm *vm);

/* Keep a value alive until the end of the vm. */
void kw_vm_pin(kw_vm *vm, kw_value v);

/* ---- Output (out.c) -------------------------------------------------------------------------- */

/* Write to standard output (stream 1), which has a buffer that is flushed at the end, before
 * waiting and by errors; or to standard error (2).  Both wait for a reader that is slow.  False:
 * standard output has failed, now or before; a failure sets vm->exiting and vm->exit_code
 * (EXIT_FAILURE after a message on standard error, or KW_OUTPUT_GONE), and a native returns
 * KW_THROWN. */
bool kw_out(kw_vm *vm, int stream, const char *text, size_t size);
bool kw_out_flush(kw_vm *vm);
bool kw_out_is_terminal(const kw_vm *vm);

/* What a script has submitted is begun at the latest when this returns.  For whatever keeps the interpreter
 * thread from coming back soon: a system call that may block, a long computation, the return to the host.
 * Cheap where nothing was submitted.  tests/check_blocking knows who calls what may block. */
static inline void kw_port_flush(kw_vm *vm)
{
    if (vm->port.flush != NULL)
        vm->port.flush(vm->port.data);
}

/* About to do `steps` steps (some ns each) without a look at anything else. */
static inline void kw_before_long(kw_vm *vm, size_t steps)
{
    enum { LONG = 20000 }; /* as many as a slice has */
    if (steps >= LONG)
        kw_port_flush(vm);
}

/* The same for `size` bytes of text that are searched or compared. */
static inline void kw_before_scan(kw_vm *vm, size_t size)
{
    enum { BYTES_A_STEP = 8 };
    kw_before_long(vm, size / BYTES_A_STEP);
}

/* A native has done `steps` steps, which count like those of a script: at the end of the slice what was
 * submitted is begun, though the native goes on. */
static inline void kw_spend(kw_vm *vm, size_t steps)
{
    vm->budget -= (int64_t)steps;
    if (vm->budget < 0)
        kw_port_flush(vm);
}

/* For loops of natives that a script can make long, in each turn: false: an error is thrown,
 * because the loop has filled the heap, or the program is to be interrupted. */
bool kw_sched_may_go_on(kw_vm *vm);
static inline bool kw_go_on(kw_vm *vm)
{
    enum { BETWEEN_LOOKS = 1024 };
    if (!vm->strained && ++vm->turns % BETWEEN_LOOKS != 0)
        return true;
    kw_spend(vm, BETWEEN_LOOKS);
    return kw_sched_may_go_on(vm);
}

/* The same for a loop that fills a buffer; false also when that has failed, and the error is thrown
 * by kw_buf_string(). */
static inline bool kw_buf_go_on(kw_vm *vm, kw_buf *buf)
{
    if (!buf->failed && !kw_go_on(vm))
        buf->failed = true;
    return !buf->failed;
}

/* Has the native, which just did a step, used up the slice of its fiber?  Then `return
 * kw_call_again(...)` lets others run, and after that the native is called again with the same receiver
 * and arguments; kw_kept() gives it the values that it kept. */
static inline bool kw_slice_over(kw_vm *vm)
{
    return --vm->budget < 0;
}
kw_result kw_call_again(kw_vm *vm, kw_call *call, const kw_value *kept, size_t count);
static inline kw_value kw_kept(const kw_call *call, size_t i) /* KW_UNDEF in the first call */
{
    return call->kept != NULL ? call->kept->items[i] : kw_undef();
}
static inline size_t kw_kept_size(const kw_call *call, size_t i) /* 0 in the first call */
{
    return call->kept != NULL ? (size_t)call->kept->items[i].as.i : 0;
}

static inline kw_result kw_return(kw_call *call, kw_value v)
{
    call->result = v;
    return KW_DONE;
}

#endif
