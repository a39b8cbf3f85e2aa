/* native.h - functions written in C: how a script sees them, and the check of what it gives them.
 *
 * A row of a table says all there is to know of a function: its name, parameters, types and defaults in
 * a signature that a person reads and the program parses, a sentence, and an example.  The one checker
 * works by the signature, and everything that tells users of the function is made from the row.
 *
 *     {"recv(sock_id: integer, max_bytes: integer = 4096): task<bytes>", recv_some,
 *      "Receive what has come, at most `max_bytes`; empty bytes at the end of the stream.",
 *      "println task::await(socket::recv(conn)).size()", "__socket_recv__/2"},
 *
 * A type is one of the language (`number`: integer or float), `any`, a struct's name, `task<...>` in
 * results, `A|B`, or `T?` where null is allowed, too.  The last parameter may be `name...: type`, any
 * number of them.  A default is an integer, float, string, true, false, null, [] or {}.
 * Place: vm layer; tables are in types and packages.  Threads: the interpreter thread only. */
#ifndef KW_NATIVE_H
#define KW_NATIVE_H

#include "vm/object.h"
#include "vm/signature.h"

/* What a native function did. */
typedef enum kw_result {
    KW_DONE,    /* call->result is set */
    KW_THROWN,  /* an error is set in the vm (kw_throw) */
    KW_SUSPEND, /* the fiber was parked; whoever wakes it supplies the result */
    KW_CALL,    /* tail call: call->result is a callable to be called with call->tail_args in
                   place of this function; its result is the result */
    KW_AGAIN,   /* not ready, see kw_call_again() */
} kw_result;

typedef struct kw_call {
    /* receiver of a method, of the type that it was defined for; else KW_UNDEF */
    kw_value self;
    const kw_value *args; /* argc values; they stay rooted during the call */
    uint32_t argc;
    const kw_native *native; /* the function itself: name for error texts */
    kw_value result;         /* null at the start */
    kw_list *tail_args;      /* with KW_CALL */
    kw_list *kept;           /* NULL; what the native kept when it said KW_AGAIN */
} kw_call;

typedef kw_result (*kw_native_fn)(kw_vm *vm, kw_call *call);

/* What is checked before the function runs. */
typedef enum kw_checks {
    /* Arguments by the signature.  Of methods of built-in types and of global functions their number, too, and
     * null is not taken for a missing one. */
    KW_CHECK_ALL,
    KW_CHECK_COUNT, /* their number alone: the function's error texts for types are its own */
    KW_CHECK_NONE,  /* the function looks at everything itself */
} kw_checks;

typedef struct kw_native_def {
    const char *signature; /* NULL: the end of the table */
    kw_native_fn fn;
    const char *about;   /* one sentence or more */
    const char *example; /* code; what follows "# => " in a line is what the line prints */
    /* The name in error texts, where it is another one.  "__NAME__/2", "__NAME__/2-3": also a global
     * function of that name, which takes that number of arguments. */
    const char *internal;
    kw_checks checks;
    const char *refused; /* the name under which safe mode refuses it; NULL: its package's */
} kw_native_def;

/* Methods that the loop does itself where the call is of the simplest kind; else the native
 * function is called. */
typedef enum kw_fast {
    KW_FAST_NONE,
    KW_FAST_LIST_PUSH,
    KW_FAST_LIST_GET,
    KW_FAST_LIST_SIZE,
    KW_FAST_MAP_SIZE,
    KW_FAST_STRING_SIZE
} kw_fast;

struct kw_native {
    kw_obj header; /* flags: kw_fast */
    /* tag of `self` that a method is written for; KW_UNDEF: a function, which has none */
    uint32_t receiver;
    /* Arguments.  No number of them will do until its first call came, and may go on: then `least` is UINT32_MAX. */
    uint32_t least, most;
    bool typed;       /* their types are looked at */
    bool counts;      /* wants the number of arguments that its signature says */
    bool primitive;   /* called by its internal name */
    kw_checks wanted; /* these two are what its row says, or what stands in for that */
    kw_native_fn fn;
    const kw_native_def *def;
    kw_string *name;
    const void *owner;       /* for kw_hooks.admit; NULL: anybody may call it */
    kw_signature *signature; /* parsed; NULL before it is prepared, and where nothing is checked */
};

/* A method of natives, rather than a function that is called like one? */
static inline bool kw_is_method(kw_value v)
{
    return v.tag == KW_LAMBDA && v.as.obj->kind == KW_KIND_NATIVE &&
           ((const kw_native *)(const void *)v.as.obj)->receiver != KW_UNDEF;
}

/* Is it plain that the native may be called? */
static inline bool kw_native_fits(const kw_call *call)
{
    const kw_native *n = call->native;
    return !n->typed && call->argc >= n->least && call->argc <= n->most &&
           (n->receiver == KW_UNDEF || n->receiver == call->self.tag);
}
/* May the native be called: arguments as its row says?  false: thrown.  Prepares it the first time. */
bool kw_native_check(kw_vm *vm, kw_call *call);
/* Its name in error texts. */
const char *kw_native_title(kw_vm *vm, const kw_native *native);

/* Argument `at`, counted as in the signature, where a function of a package that is called as a method
 * has the receiver first; its default if it is missing or null.  After KW_CHECK_ALL. */
kw_value kw_native_argument(const kw_call *call, uint32_t at);
/* Argument `i` as it was given; missing ones are null. */
static inline kw_value kw_arg(const kw_call *call, uint32_t i)
{
    return i < call->argc ? call->args[i] : kw_null();
}
/* Is it a function of a package that is called as a method? */
static inline bool kw_native_self_is_first(const kw_call *call)
{
    return call->native->receiver == KW_UNDEF && !kw_is(call->self, KW_UNDEF);
}
/* kw_native_argument() without defaults. */
static inline kw_value kw_native_operand(const kw_call *call, uint32_t at)
{
    bool shifted = kw_native_self_is_first(call);
    if (shifted && at == 0)
        return call->self;
    return kw_arg(call, at - (shifted ? 1 : 0));
}

/* For the collector. */
void kw_native_mark(kw_vm *vm, kw_native *native);
void kw_native_free(kw_native *native);

/* ---- Defining natives ------------------------------------------------------------------------ */

/* A function. */
kw_value kw_native_new(kw_vm *vm, const kw_native_def *def);
/* The function under its internal name, which has a number of arguments ("__NAME__/2"). */
kw_value kw_native_primitive(kw_vm *vm, const kw_native_def *def);
/* A method of values of `type`; it is never run with another receiver, whatever a script does. */
kw_value kw_native_method_new(kw_vm *vm, kw_type type, const kw_native_def *def);
/* A method for values that the one of `def` is not for: of that it has its name and how it is called, of which
 * `wanted` is checked, and `fn` says what is wrong. */
kw_value kw_native_method_instead(kw_vm *vm, kw_type type, const kw_native_def *def, kw_checks wanted, kw_native_fn fn);
/* Define methods of a built-in type; the table must live for ever. */
void kw_native_define_methods(kw_vm *vm, kw_type type, const kw_native_def *defs);
/* The loop may do the method `name` of `type`, a native, itself. */
void kw_native_mark_fast(kw_vm *vm, kw_type type, const char *name, kw_fast fast);
/* Define functions "package::name" (package NULL: global functions) of `owner` (NULL: nobody). */
void kw_native_define_functions(kw_vm *vm, const char *package, const kw_native_def *defs, const void *owner);
void kw_vm_define_value(kw_vm *vm, const char *package, const char *name, kw_value v); /* constant */
/* Define methods of every built-in type written in Kiwi: the functions of `package` take the
 * receiver first (TYPES.md section 2, "Extending a type"). */
void kw_native_extend_type(kw_vm *vm, kw_type type, kw_string *name, kw_value callable);

#endif
