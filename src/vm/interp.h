/* interp.h - what the loop and the files that it calls share.
 *
 * Place: inside the vm layer only. */
#ifndef KW_INTERP_H
#define KW_INTERP_H

#include "vm/fiber.h"

enum {
    KW_MAX_FRAMES = 100000,    /* nested calls of one fiber; Kiwi 1.4.3 allows 511 */
    KW_MAX_STACK = 1 << 20,    /* registers of one fiber */
    KW_MAX_GENERATORS = 10000, /* generators that wait for each other */
    KW_SLICE = 20000,          /* back-edges and calls before others get their turn: about 0.5 ms */
};

/* Why the loop returned to the scheduler. */
typedef enum kw_stop {
    KW_STOP_PARKED, /* the fiber waits */
    KW_STOP_SLICE,  /* its time slice is over */
    KW_STOP_ENDED,  /* it ended: see its result */
    KW_STOP_EXIT,   /* `exit` was executed: vm->exit_code */
} kw_stop;

/* Run vm->fiber until it stops (loop.c).  Runs code of scripts; may collect (vm/gc.h).  vm->fiber may be another one afterwards (generators). */
kw_stop kw_loop_run(kw_vm *vm);

/* What a call came to. */
typedef enum kw_entered {
    KW_ENTER_FRAME, /* a frame was pushed: reload the loop's registers and go on in it */
    KW_ENTER_DONE,  /* the result is stored */
    KW_ENTER_THROWN,
    KW_ENTER_PARKED, /* a native parked the fiber */
} kw_entered;

typedef struct kw_target { /* how to call */
    kw_value self;         /* KW_UNDEF: none */
    kw_class *home;
    uint8_t dest, ret; /* what becomes of the result: kw_return_kind, in the frame on top now */
} kw_target;

/* Call `callee` with argc arguments at stack[args_at] of vm->fiber.  The frame on top must have
 * saved its pc. */
kw_entered kw_call_enter(kw_vm *vm, kw_value callee, uint32_t args_at, uint32_t argc, kw_target how);
/* Call method `name` of the receiver at stack[at], arguments behind it. */
kw_entered kw_call_enter_method(kw_vm *vm, uint32_t at, uint32_t argc, kw_string *name, kw_cache *cache, uint8_t dest);
/* Call a native with argc arguments at stack[args_at] of vm->fiber; the result goes to register
 * `dest` of the frame on top, which must have saved its pc. */
kw_entered kw_call_enter_native(kw_vm *vm, const kw_native *native, const kw_value *self, uint32_t args_at,
                                uint32_t argc, uint8_t dest);
/* Keys of inline caches for methods of built-in types: the address of the element of the
 * receiver's tag. */
extern const char kw_type_keys[KW_TYPE_COUNT];
/* A function that calls its first argument with the elements of the second, a list. */
kw_closure *kw_fiber_new_trampoline(kw_vm *vm);
/* Put the elements of `list` at stack[at..]; false: thrown. */
bool kw_call_spread_args(kw_vm *vm, uint32_t at, kw_list *list);
/* Order the arguments at stack[at] by `names` (null: positional) for `callee`; *argc is updated.
 * The first `fixed` arguments are not named: they stay where they are, and count as arguments. */
bool kw_call_name_args(kw_vm *vm, kw_value callee, uint32_t at, uint32_t fixed, kw_list *names, uint32_t *argc);
/* Find the callable of a method call; false: thrown.  Fills callable, home and self_first (the
 * receiver is the first argument: functions of packages that extend a type). */
typedef struct kw_found {
    kw_value callable;
    kw_class *home;
    kw_value self;
    bool self_first;
} kw_found;
bool kw_call_find_method(kw_vm *vm, kw_value receiver, kw_string *name, kw_found *out);

/* Frames (call.c). */
bool kw_call_push_frame(kw_vm *vm, kw_fiber *fiber, kw_closure *closure, uint32_t args_at, uint32_t argc,
                        kw_target how);
bool kw_call_reserve(kw_vm *vm, kw_fiber *fiber, uint32_t slots);
/* Give back most of what a recursion left behind that an error ended. */
void kw_call_shrink(kw_vm *vm, kw_fiber *fiber);
/* Deliver `v` as the frame `f` (already popped) wanted it, into the frame on top. */
void kw_call_deliver(kw_vm *vm, kw_fiber *fiber, const kw_frame *f, kw_value v);

/* Slow paths (member.c, global.c, print.c, iterate.c); false: thrown. */
bool kw_member_get(kw_vm *vm, kw_value x, kw_string *name, kw_value *out);
/* The same, but a method where an object or struct has no attribute of that name. */
bool kw_member_get_decorator(kw_vm *vm, kw_value x, kw_string *name, kw_value *out);
bool kw_member_set(kw_vm *vm, kw_value x, kw_string *name, kw_value v);
bool kw_global_get(kw_vm *vm, kw_frame *frame, kw_global *g, bool sibling, kw_value *out);
bool kw_global_set(kw_vm *vm, kw_global *g, kw_value v);
bool kw_member_get_super(kw_vm *vm, kw_frame *frame, kw_string *name, kw_value *out);
void kw_global_define_package(kw_vm *vm, kw_global *g);
/* `package NAME` in a script: load what the library has of it, then make it a package.  false:
 * thrown. */
bool kw_global_open_package(kw_vm *vm, kw_global *g);
/* Define the struct or enum *v, which becomes what stands for it: that of the same name which it replaces, and
 * whose objects live on.  false: thrown. */
bool kw_global_define_decl(kw_vm *vm, kw_global *g, kw_value *v);
bool kw_throw_any(kw_vm *vm, kw_value v); /* always false */
bool kw_print(kw_vm *vm, kw_value v, unsigned how);
kw_value kw_iterate_keys(kw_vm *vm, kw_map *map); /* list of the keys */
/* An operator whose left operand is an object: its method, or false. */
bool kw_overload_find(kw_vm *vm, kw_value a, kw_operator op, kw_found *out);

struct kw_output *kw_out_new(void); /* NULL: no memory; free() it */
/* Move the cursor to column r[1] and row r[2], if there is one, then print r[0]. */
bool kw_print_at(kw_vm *vm, const kw_value *r);
/* Prepare r[0] (next value), r[1] (how many are left), r[2] (step) for the integers r[0] to
 * r[1]. */
bool kw_iterate_range(kw_vm *vm, kw_value *r);

/* Operators when no fast path applies (overload.c): push the frame of an overload, or do it at
 * once.  kw_overload_compare_jump() decides the jump that follows the frame's pc: taken if the truth of the
 * comparison is `sense`. */
kw_entered kw_overload_arithmetic(kw_vm *vm, kw_binop op, kw_value a, kw_value b, uint8_t dest);
kw_entered kw_overload_compare_value(kw_vm *vm, kw_operator op, kw_value a, kw_value b, uint8_t dest);
kw_entered kw_overload_compare_jump(kw_vm *vm, kw_operator op, kw_value a, kw_value b, bool sense);

/* Errors (unwind.c).  Pop frames of vm->fiber up to one that handles the error and prepare it to
 * go on there.  An error that leaves a generator goes on in its consumer.  False: the fiber has
 * ended with the error. */
bool kw_unwind(kw_vm *vm);
/* The frame on top calls null, which the error names as the call does. */
void kw_unwind_throw_null_call(kw_vm *vm);
/* Raise the error whose type, message and origin are r[0..2], as a handler that raises errors again
 * got them; or the error of vm/errors.h whose id is r[0], about the name r[1]. */
void kw_unwind_rethrow(kw_vm *vm, const kw_value *r);
/* The statement of the user's that runs in `fiber` (NULL: in none): its file, and line.  NULL:
 * there is none. */
kw_string *kw_unwind_user_place(const kw_fiber *fiber, uint32_t *line);
/* The name of a function, NULL if it is not the user's; and as it is shown: those of lambdas are
 * made up. */
kw_string *kw_unwind_user_name(kw_value callable);
kw_string *kw_unwind_shown_name(kw_vm *vm, kw_string *name);
/* Note for the trace which function threw, and where that was called. */
void kw_unwind_note_trace(kw_vm *vm, const kw_fiber *fiber);

/* Generators (generator.c).  Ask `g` for its next value on behalf of vm->fiber, whose pc stands
 * behind its FORNEXT.  0: it has none, 1: it runs now, -1: thrown. */
int kw_generator_resume(kw_vm *vm, kw_fiber *g);
/* Hand `v` (KW_UNDEF: the end) to the consumer of the running generator and go on there: its
 * FORNEXT jumps or falls through. */
void kw_generator_yield(kw_vm *vm, kw_value v);
/* The frame on top returns `v`.  KW_ENTER_PARKED: the fiber has ended; else go on in vm->fiber. */
kw_entered kw_generator_leave(kw_vm *vm, kw_value v);

/* Other texts (import.c): kind as in IMPORT. */
kw_entered kw_import(kw_vm *vm, unsigned kind, kw_value what, uint8_t dest);
kw_entered kw_import_eval(kw_vm *vm, kw_value text, uint8_t dest);

/* What `for` runs through in place of the object *v: a generator, if it is of a native struct that has one (generator.c).
 * false: thrown. */
bool kw_generator_of_object(kw_vm *vm, kw_value *v);

/* Fibers (fiber.c). */
kw_fiber *kw_fiber_alloc(kw_vm *vm, uint32_t stack_cap);
kw_fiber *kw_fiber_new_generator(kw_vm *vm, kw_closure *closure, const kw_value *args, uint32_t argc, kw_target how);
/* `result` KW_UNDEF: vm->error is moved into the fiber. */
/* `fiber`, a generator perhaps, has just parked: if the task was cancelled, its wait ends with the error. */
void kw_fiber_parked(kw_vm *vm, kw_fiber *fiber);
void kw_fiber_end(kw_vm *vm, kw_fiber *fiber, kw_value result);

/* The scheduler's part of a safepoint: collect garbage, hand over operations.  True: stop,
 * others wait. */
bool kw_sched_safepoint(kw_vm *vm);
kw_sched *kw_sched_new(void);
void kw_sched_free(kw_vm *vm);
void kw_sched_mark(kw_vm *vm);
void kw_sched_added(kw_vm *vm, kw_fiber *fiber);   /* a fiber exists from here on */
void kw_sched_removed(kw_vm *vm, kw_fiber *fiber); /* it has ended */
void kw_sched_untime(kw_vm *vm, kw_fiber *fiber);

/* Errors of tasks (origin.c).  The task `fiber` ends with vm->error: note where that came from.
 * Returns the message for whoever awaits it. */
kw_string *kw_origin_note(kw_vm *vm, const kw_fiber *fiber);
void kw_origin_mark(kw_vm *vm);
void kw_origin_sweep(kw_vm *vm); /* before the sweep: forget those whose message is not marked */
void kw_origin_free(kw_vm *vm);
void kw_fault_sweep(kw_vm *vm); /* the same for kinds */
void kw_fault_free(kw_vm *vm);

/* Events (event.c). */
kw_entered kw_event(kw_vm *vm, unsigned kind, uint32_t at, uint8_t dest, uint32_t free_at);
void kw_event_mark(kw_vm *vm);
void kw_event_free(kw_vm *vm);

#endif
