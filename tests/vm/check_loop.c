/* check_loop.c - vm/loop, call, fiber, sched: bytecode put together by hand runs, calls, throws,
 * waits. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "vm/chunk.h"
#include "vm/fiber.h"
#include "vm/interp.h"

/* A function without parameters that uses `regs` registers. */
static kw_proto *proto(kw_vm *vm, uint16_t regs)
{
    kw_proto *p = kw_chunk_proto_new(vm, kw_intern_c(vm, "test"), kw_intern_c(vm, "test.kiwi"));
    p->reg_count = regs;
    return p;
}

static void emit(kw_vm *vm, kw_proto *p, kw_instr i)
{
    kw_chunk_emit(vm, p, i, 1);
}

static kw_value callable(kw_vm *vm, kw_proto *p)
{
    kw_chunk_finish(vm, p);
    return kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p));
}

/* Run `p` as the main program and give its fiber, which has ended. */
static kw_fiber *run(kw_vm *vm, kw_proto *p, int expected)
{
    kw_fiber *fiber = kw_fiber_new(vm, callable(vm, p), NULL, 0);
    ck_assert_ptr_nonnull(fiber);
    ck_assert_int_eq(kw_sched_run(vm, fiber), expected);
    return fiber;
}

START_TEST(a_loop_adds_up)
{
    kw_vm *vm = kw_vm_create();
    kw_proto *p = proto(vm, 5);
    emit(vm, p, kw_abx(OP_LOADI, 0, 1)); /* range 1 to 100 in R[0..2], variable R[3], sum R[4] */
    emit(vm, p, kw_abx(OP_LOADI, 1, 100));
    emit(vm, p, kw_abx(OP_LOADI, 4, 0));
    emit(vm, p, kw_abc(OP_RANGEINIT, 0, 0, 0));
    emit(vm, p, kw_sj(OP_JMP, 1));
    emit(vm, p, kw_abc(OP_ADD, 4, 4, 3));
    emit(vm, p, kw_abc(OP_RANGENEXT, 0, 0, 0));
    emit(vm, p, kw_sj(OP_LOOP, -3));
    emit(vm, p, kw_abc(OP_RETURN, 4, 0, 0));
    kw_fiber *fiber = run(vm, p, 0);
    ck_assert_int_eq(fiber->result.tag, KW_INT);
    ck_assert_int_eq(fiber->result.as.i, 5050);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(an_error_reaches_the_innermost_handler)
{
    kw_vm *vm = kw_vm_create();
    kw_proto *p = proto(vm, 4);
    emit(vm, p, kw_abx(OP_LOADI, 0, 1));
    emit(vm, p, kw_abx(OP_LOADI, 1, 0));
    emit(vm, p, kw_abc(OP_DIV, 0, 0, 1)); /* 2: raises */
    emit(vm, p, kw_abc(OP_RETNULL, 0, 0, 0));
    emit(vm, p, kw_abc(OP_RETURN, 2, 0, 0));  /* 4: inner handler gives the type */
    emit(vm, p, kw_abc(OP_RETNULL, 0, 0, 0)); /* 5: outer handler */
    kw_chunk_handler(vm, p, (kw_handler){.start = 2, .end = 3, .target = 4, .reg = 2});
    kw_chunk_handler(vm, p, (kw_handler){.start = 0, .end = 4, .target = 5, .reg = 2});
    kw_fiber *fiber = run(vm, p, 0);
    ck_assert_int_eq(fiber->result.tag, KW_STRING);
    ck_assert_str_eq(fiber->result.as.string->text, "DivideByZeroError");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(endless_recursion_is_an_error_with_a_position)
{
    kw_vm *vm = kw_vm_create();
    kw_proto *p = proto(vm, 2);
    uint32_t g = kw_chunk_global(vm, p, kw_names_global_at(vm, kw_intern_c(vm, "f")));
    emit(vm, p, kw_abx(OP_GETGLOBAL, 0, g));
    emit(vm, p, kw_abc(OP_CALL, 0, 0, 0));
    emit(vm, p, kw_abc(OP_RETURN, 0, 0, 0));
    kw_value f = callable(vm, p);
    kw_global_define(vm, p->globals[g], KW_MEANS_FUNCTION, f);
    kw_fiber *fiber = kw_fiber_new(vm, f, NULL, 0);
    ck_assert_int_eq(kw_sched_run(vm, fiber), 1);
    ck_assert_str_eq(vm->error.message->text, "Stack overflow.");
    ck_assert_str_eq(vm->error.file->text, "test.kiwi");
    ck_assert_uint_eq(vm->error.line, 1);
    kw_vm_destroy(vm);
}
END_TEST

static kw_fiber *sleeper;

static kw_result nap(kw_vm *vm, kw_call *call)
{
    (void)call;
    sleeper = vm->fiber;
    kw_fiber_park(vm, "nap");
    return KW_SUSPEND;
}

static kw_result rouse(kw_vm *vm, kw_call *call)
{
    kw_fiber_wake(vm, sleeper, kw_arg(call, 0));
    return KW_DONE;
}

/* clang-format off */
static const kw_native_def natives[] = {
    {"nap()", nap, NULL, NULL, NULL, KW_CHECK_NONE}, {"rouse(a: any)", rouse, NULL, NULL, NULL, KW_CHECK_NONE}, {NULL}};

static kw_proto *calling(kw_vm *vm, const char *name, int argument)
{
    kw_proto *p = proto(vm, 2);
    uint32_t g = kw_chunk_global(vm, p, kw_names_global_at(vm, kw_intern_c(vm, name)));
    emit(vm, p, kw_abx(OP_GETGLOBAL, 0, g));
    emit(vm, p, kw_abx(OP_LOADI, 1, (unsigned)argument));
    emit(vm, p, kw_abc(OP_CALL, 0, 1, 0));
    emit(vm, p, kw_abc(OP_RETURN, 0, 0, 0));
    return p;
}
/* clang-format on */

START_TEST(a_parked_fiber_gets_the_value_it_is_woken_with)
{
    kw_vm *vm = kw_vm_create();
    kw_native_define_functions(vm, NULL, natives, NULL);
    kw_fiber *napping = kw_fiber_new(vm, callable(vm, calling(vm, "nap", 0)), NULL, 0);
    kw_fiber *rousing = kw_fiber_new(vm, callable(vm, calling(vm, "rouse", 42)), NULL, 0);
    kw_sched_ready(vm, napping);
    ck_assert_int_eq(kw_sched_run(vm, rousing), 0);
    ck_assert_int_eq(napping->state, KW_FIBER_ENDED);
    ck_assert_int_eq(napping->result.as.i, 42);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_deadlock_is_told_to_those_who_wait)
{
    kw_vm *vm = kw_vm_create();
    kw_native_define_functions(vm, NULL, natives, NULL);
    kw_fiber *fiber = kw_fiber_new(vm, callable(vm, calling(vm, "nap", 0)), NULL, 0);
    ck_assert_int_eq(kw_sched_run(vm, fiber), 1);
    ck_assert_str_eq(vm->error.type->text, "SystemError");
    ck_assert_ptr_nonnull(strstr(vm->error.message->text, "main program: nap"));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_disarmed_timer_leaves_the_others)
{
    kw_vm *vm = kw_vm_create();
    enum { COUNT = 50 };
    static kw_fiber *fibers[COUNT];
    kw_native_define_functions(vm, NULL, natives, NULL);
    kw_fiber *main_fiber = kw_fiber_new(vm, callable(vm, calling(vm, "nap", 0)), NULL, 0);
    for (int i = 0; i < COUNT; i++) {
        fibers[i] = kw_fiber_new(vm, callable(vm, calling(vm, "nap", 0)), NULL, 0);
        fibers[i]->state = KW_FIBER_PARKED;
        fibers[i]->wake_at = 0;
        kw_sched_timer(vm, fibers[i], (i * 7) % COUNT, kw_int(i)); /* set in another order than due */
    }
    main_fiber->state = KW_FIBER_PARKED;
    kw_sched_timer(vm, main_fiber, COUNT + 5, kw_null());
    for (int i = 0; i < COUNT; i += 3)
        kw_sched_untime(vm, fibers[i]); /* a disarmed timer does not fire */
    for (int i = 0; i < COUNT; i++)
        ck_assert((fibers[i]->timer_at == 0) == (i % 3 == 0));
    kw_vm_destroy(vm);
}
END_TEST

static unsigned long turns, others;

/* Goes on as what it is called with, again and again. */
static kw_result again(kw_vm *vm, kw_call *call)
{
    call->tail_args = kw_list_new(vm, 1);
    ck_assert(kw_list_push(vm, call->tail_args, kw_arg(call, 0)));
    call->result = kw_arg(call, 0);
    turns++;
    return KW_CALL;
}

static kw_result beside(kw_vm *vm, kw_call *call)
{
    (void)call;
    others++;
    vm->interrupted = 1; /* ends the main program at its next safepoint */
    return KW_DONE;
}

START_TEST(natives_that_go_on_as_each_other_can_be_interrupted)
{
    static const kw_native_def defs[] = {{"again(a: any)", again, NULL, NULL, NULL, KW_CHECK_NONE},
                                         {"beside()", beside, NULL, NULL, NULL, KW_CHECK_NONE},
                                         {NULL}};
    kw_vm *vm = kw_vm_create();
    kw_native_define_functions(vm, NULL, defs, NULL);
    kw_value itself = kw_global_value(vm, kw_names_global_at(vm, kw_intern_c(vm, "again")));
    kw_fiber *fiber = kw_fiber_new(vm, itself, &itself, 1);
    kw_fiber *other = kw_fiber_new(vm, callable(vm, calling(vm, "beside", 0)), NULL, 0);
    kw_sched_ready(vm, other);
    vm->gc_stress = true;
    ck_assert_int_eq(kw_sched_run(vm, fiber), 1);
    ck_assert_str_eq(vm->error.type->text, "InterruptError");
    ck_assert_uint_eq(others, 1);
    ck_assert_uint_gt(turns, 0);
    kw_vm_destroy(vm);
}
END_TEST

/* Counts to its argument, and lets others run whenever its slice is over. */
static kw_result count_up(kw_vm *vm, kw_call *call)
{
    int64_t end = kw_arg(call, 0).as.i;
    ck_assert_uint_eq(call->argc, 2);
    ck_assert_int_eq(kw_arg(call, 1).tag, KW_STRING); /* still there after any collection */
    ck_assert_str_eq(kw_arg(call, 1).as.string->text, "kept alive");
    for (size_t i = kw_kept_size(call, 0); (int64_t)i < end; i++) {
        turns++;
        kw_value next[] = {kw_int((int64_t)i + 1), kw_string_c(vm, "kept, too")};
        if (i > 0 && call->kept != NULL)
            ck_assert_str_eq(kw_kept(call, 1).as.string->text, "kept, too");
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, next, 2);
    }
    return kw_return(call, kw_int(end));
}

static kw_result look(kw_vm *vm, kw_call *call)
{
    (void)vm;
    (void)call;
    others += turns > 0 && turns < 100000;
    return KW_DONE;
}

START_TEST(a_native_lets_others_run_and_goes_on)
{
    static const kw_native_def defs[] = {{"count_up(a: any, b: any)", count_up, NULL, NULL, NULL, KW_CHECK_NONE},
                                         {"look()", look, NULL, NULL, NULL, KW_CHECK_NONE},
                                         {NULL}};
    kw_vm *vm = kw_vm_create();
    kw_native_define_functions(vm, NULL, defs, NULL);
    turns = others = 0;
    vm->gc_stress = true;
    kw_value args[] = {kw_int(100000), kw_string_c(vm, "kept alive")};
    kw_value native = kw_global_value(vm, kw_names_global_at(vm, kw_intern_c(vm, "count_up")));
    kw_fiber *fiber = kw_fiber_new(vm, native, args, 2);
    kw_fiber *other = kw_fiber_new(vm, callable(vm, calling(vm, "look", 0)), NULL, 0);
    kw_sched_ready(vm, fiber);
    ck_assert_int_eq(kw_sched_run(vm, other), 0);
    ck_assert_int_eq(fiber->result.tag, KW_INT);
    ck_assert_int_eq(fiber->result.as.i, 100000);
    ck_assert_uint_eq(turns, 100000);
    ck_assert_uint_eq(others, 1);
    kw_vm_destroy(vm);
}
END_TEST

static kw_result length(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int((int64_t)call->self.as.list->count));
}

START_TEST(a_native_method_is_not_run_with_another_receiver)
{
    static const kw_native_def def = {"length()", length, NULL, NULL, NULL, KW_CHECK_NONE};
    kw_vm *vm = kw_vm_create();
    kw_value method = kw_native_method_new(vm, KW_LIST, &def);
    kw_value list = kw_of_list(kw_list_new(vm, 0));
    kw_value ways[] = {method, kw_bound_new(vm, method, kw_null(), NULL),
                       kw_bound_new(vm, method, kw_of_class(kw_class_new(vm, kw_intern_c(vm, "S"))), NULL)};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        ck_assert_int_eq(kw_sched_run(vm, kw_fiber_new(vm, ways[i], &list, 1)), 1);
        ck_assert_str_eq(vm->error.type->text, "InvalidOperationError");
        kw_throw_clear(vm);
    }
    kw_fiber *fiber = kw_fiber_new(vm, kw_bound_new(vm, method, list, NULL), NULL, 0);
    ck_assert_int_eq(kw_sched_run(vm, fiber), 0);
    ck_assert_int_eq(fiber->result.tag, KW_INT);
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("loop", 20, natives_that_go_on_as_each_other_can_be_interrupted, a_native_lets_others_run_and_goes_on,
           a_native_method_is_not_run_with_another_receiver, a_loop_adds_up, an_error_reaches_the_innermost_handler,
           endless_recursion_is_an_error_with_a_position, a_parked_fiber_gets_the_value_it_is_woken_with,
           a_deadlock_is_told_to_those_who_wait, a_disarmed_timer_leaves_the_others)
