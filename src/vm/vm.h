/* vm.h - the interpreter's state and the calls that native code may make.
 *
 * Place: vm layer; types, lang and packages build on it.  One kw_vm lives on one thread. */
#ifndef KW_VM_H
#define KW_VM_H

#include <signal.h>

#include "base/error.h"
#include "vm/gc.h"
#include "vm/object.h"

/* All that one global name can mean.  Records are made once per name and never freed, so code
 * refers to them by pointer.  The name may be qualified: "math::sqrt" is a record of its own. */
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
    uint8_t means;     /* which of the fields are set: KW_MEANS_* */
};
enum { KW_MEANS_VARIABLE = 1, KW_MEANS_FUNCTION = 2, KW_MEANS_CONSTANT = 4, KW_MEANS_DECL = 8, KW_MEANS_PACKAGE = 16 };
/* Set one of the fields and `means`; bumps vm->method_epoch where a call may have remembered the
 * old value. */
void kw_global_define(kw_vm *vm, kw_global *g, int means, kw_value v);
kw_global *kw_global_at(kw_vm *vm, kw_string *name);
/* The value of a global name by the order of language.md 7.3, loading a library package if that
 * defines it;
 * KW_UNDEF: undefined (or thrown: vm->error.type is not NULL). */
kw_value kw_global_value(kw_vm *vm, kw_global *g);

/* The error being raised. */
typedef struct kw_error_info {
    kw_string *type; /* NULL: no error is being raised */
    kw_string *message;
    kw_string *file; /* where: of the failing statement; filled in when the frame is known */
    uint32_t line;
    uint32_t column; /* of an error of syntax; else 0 */
    kw_string *trace; /* of a throw statement: the function that threw, or NULL; */
    kw_string *trace_file; /* where that was called */
    uint32_t trace_line;
    const kw_native_def *native; /* the native function that threw, or NULL */
    const kw_proto *callee;      /* the function that has no parameter of that name, or NULL */
    bool unknown_method;         /* of the receiver: */
    kw_value receiver;
} kw_error_info;

/* What connects the scheduler to the world outside the interpreter thread; set by packages. */
typedef struct kw_port {
    void *data;
    void (*flush)(void *data);                        /* hand over what was submitted; before computing on */
    void (*wait)(void *data, int64_t timeout_us, bool sole); /* sleep until an event; < 0: no limit */
    void (*collect)(kw_vm *vm, void *data);           /* wake the fibers of what has ended */
    bool (*pending)(void *data);                      /* may an event still come? */
    void (*mark)(kw_vm *vm, void *data);              /* values it holds; may be NULL */
    void (*fiber_done)(kw_vm *vm, void *data, kw_fiber *fiber); /* a spawned fiber ended */
} kw_port;

/* Hooks by which lower layers reach upper ones. */
typedef struct kw_hooks {
    /* Define the library names of package `owner` (or the global name `name` if owner is NULL) if
     * there are such.  false: nothing was defined. */
    bool (*load)(kw_vm *vm, kw_string *owner, kw_string *name);
    /* Compile source text; NULL: error thrown (SyntaxError and so on, position in vm->error). */
    kw_proto *(*compile)(kw_vm *vm, kw_string *file, const char *text, size_t size, bool is_main);
    /* A method of a built-in type that its table lacks: define it from the library, if that has
     * it. */
    bool (*extension)(kw_vm *vm, kw_value self, kw_string *name);
    /* No method `name` for `self`: throw the error that fits. */
    kw_result (*unknown_method)(kw_vm *vm, kw_value self, kw_string *name);
    /* Find, read and compile the file of an import, include, export or require (kind as in IMPORT);
     * *value is the result.  NULL with no error: nothing to run. */
    kw_proto *(*import)(kw_vm *vm, int kind, kw_value what, kw_string *importer, kw_value *value);
    /* The function of the prelude with this name. */
    kw_value (*prelude)(kw_vm *vm, const char *name);
} kw_hooks;

/* Operators that a struct can define (language.md 11.5). */
typedef enum kw_operator {
    KW_OV_ADD, KW_OV_SUB, KW_OV_MUL, KW_OV_DIV, KW_OV_IDIV, KW_OV_MOD, KW_OV_POW, KW_OV_EQ, KW_OV_NE, KW_OV_LT,
    KW_OV_LE, KW_OV_GT, KW_OV_GE, KW_OPERATOR_COUNT
} kw_operator;

typedef struct kw_sched kw_sched;
typedef struct kw_heap kw_heap;
typedef struct kw_names kw_names;

/* The file of text that eval runs.  Library code inside the binary has names like "<list>". */
#define KW_EVAL_FILE "<eval>"

struct kw_vm {
    int64_t budget;      /* counts down at back-edges and calls; below 0: look at the reasons */
    kw_fiber *fiber;     /* running */
    kw_error_info error;
    uint32_t method_epoch; /* grows whenever a method or package function is (re)defined */
    kw_heap *heap;       /* heap.c, gc.c */
    kw_names *names;     /* interned strings and global records: names.c */
    kw_map *methods[KW_TYPE_COUNT]; /* methods of built-in types: interned name -> lambda; may be NULL */
    kw_sched *sched;     /* sched.c */
    kw_port port;
    kw_hooks hooks;
    kw_list *pinned;     /* values kept alive for native code */
    kw_map *global_map;  /* the predefined `global` */
    kw_map *included;    /* absolute paths of files run */
    kw_string *script_dir, *script_path;
    kw_string *chars[128]; /* one-character strings, made on first use */
    kw_string *operators[KW_OPERATOR_COUNT]; /* names of the methods that overload operators */
    struct kw_events *events; /* event.c */
    bool safe_mode;
    bool no_stdlib;      /* the embedded library is not offered */
    bool gc_stress;
    bool exiting;
    bool interactive;    /* kw_sched_run() comes back once the main program has ended and nothing is ready */
    volatile sig_atomic_t interrupted; /* set by a signal handler: throw InterruptError in the main program */
    kw_value last_value; /* what the main program returned; KW_UNDEF before its end */
    int exit_code;
    struct kw_regexes *regexes; /* compiled patterns, of types/regex.c; freed with the pinned values */
    struct kw_output *output; /* standard output not yet written: vm.c */
    unsigned lambdas;    /* lambdas compiled so far: their names are unique */
    void *host;          /* of packages */
    int argc;
    char **argv;
};

kw_vm *kw_vm_create(void); /* NULL: no memory */
void kw_vm_destroy(kw_vm *vm);

/* ---- Errors (throw.c) ------------------------------------------------------------------------ */

/* Set the error; always returns KW_THROWN, so natives write: return kw_throw(vm, "TypeError",
 * ...). */
kw_result kw_throw(kw_vm *vm, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
kw_result kw_throw_strings(kw_vm *vm, kw_string *type, kw_string *message);
/* The texts of types.md section 3; R is the type of `got`.  `at` counts from 0. */
kw_result kw_throw_param(kw_vm *vm, const char *function, unsigned at, const char *expected, kw_value got);
kw_result kw_throw_expected(kw_vm *vm, const char *what, kw_value got); /* TypeError: Expected a WHAT ... */
kw_result kw_throw_count(kw_vm *vm, const char *function, int expected, unsigned got); /* expected < 0: short form */
kw_result kw_throw_memory(kw_vm *vm, size_t wanted);
void kw_clear_error(kw_vm *vm);
/* Compile the text of an eval.  NULL: thrown, errors of syntax as from the statement that runs it. */
kw_proto *kw_compile_eval(kw_vm *vm, const kw_string *text);

/* ---- Fibers and the scheduler (fiber.c, sched.c) --------------------------------------------- */

/* A fiber that will call `callable` with `argc` arguments; not yet queued. */
kw_fiber *kw_fiber_new(kw_vm *vm, kw_value callable, const kw_value *args, size_t argc);
kw_fiber *kw_fiber_current(kw_vm *vm);
int64_t kw_fiber_id(const kw_fiber *fiber); /* set by packages: the task's id; 0 for the main program */
void kw_fiber_set_id(kw_fiber *fiber, int64_t id);
/* Result of an ended fiber: value, or KW_UNDEF with the error's type and message. */
kw_value kw_fiber_outcome(const kw_fiber *fiber, kw_string **type, kw_string **message);
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
kw_parked kw_parked_here(kw_vm *vm);
bool kw_still_parked(kw_parked parked);
enum { KW_INTERRUPTED = 130 };
/* Run `fiber` as the main program and all others until it has ended (and, if it ended normally, no
 * other is left): returns 0, the exit code of `exit`, 1 after an uncaught error (in vm->error), or
 * KW_INTERRUPTED if vm->interrupted was set when only other fibers were left; these stay as they
 * are. */
int kw_sched_run(kw_vm *vm, kw_fiber *main_fiber);

/* ---- Defining natives ------------------------------------------------------------------------ */

kw_value kw_native_new(kw_vm *vm, const kw_native_def *def);
/* Define methods of a built-in type; the table ends with a NULL name and must live for ever. */
void kw_define_methods(kw_vm *vm, kw_type type, const kw_native_def *defs);
/* The loop may do the method `name` of `type`, a native, itself. */
void kw_mark_fast(kw_vm *vm, kw_type type, const char *name, kw_fast fast);
/* Define functions "package::name" (package NULL: global functions). */
void kw_define_functions(kw_vm *vm, const char *package, const kw_native_def *defs);
void kw_define_value(kw_vm *vm, const char *package, const char *name, kw_value v); /* constant */
/* Define methods of every built-in type written in Kiwi: the functions of `package` take the
 * receiver first (types.md section 2, "Extending a type"). */
void kw_extend_type(kw_vm *vm, kw_type type, kw_string *name, kw_value callable);
/* Keep a value alive until the end of the vm. */
void kw_pin(kw_vm *vm, kw_value v);
/* Standard output with our own buffer: flushed at the end, before waiting, and by errors. */
void kw_out(kw_vm *vm, int stream, const char *text, size_t size); /* stream 1 or 2 */
void kw_out_flush(kw_vm *vm);

static inline kw_value kw_arg(const kw_call *call, uint32_t i) /* missing arguments are null */
{
    return i < call->argc ? call->args[i] : kw_null();
}
static inline kw_result kw_return(kw_call *call, kw_value v)
{
    call->result = v;
    return KW_DONE;
}

#endif
