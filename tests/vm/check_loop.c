/* check_loop.c - vm/loop, call, fiber, sched: bytecode put together by hand runs, calls, throws, waits. */
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
    kw_proto *p = kw_proto_new(vm, kw_intern_c(vm, "test"), kw_intern_c(vm, "test.kiwi"));
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
    emit(vm, p, kw_abx(OP_LOADI, 0, 1));    /* range 1 to 100 in R[0..2], variable R[3], sum R[4] */
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
    emit(vm, p, kw_abc(OP_RETURN, 2, 0, 0)); /* 4: inner handler gives the type */
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
    uint32_t g = kw_chunk_global(vm, p, kw_global_at(vm, kw_intern_c(vm, "f")));
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

static const kw_native_def natives[] = {
    {"nap", nap, 0, 0, ""}, {"rouse", rouse, 1, 1, ""}, {NULL, NULL, 0, 0, NULL}};

static kw_proto *calling(kw_vm *vm, const char *name, int argument)
{
    kw_proto *p = proto(vm, 2);
    uint32_t g = kw_chunk_global(vm, p, kw_global_at(vm, kw_intern_c(vm, name)));
    emit(vm, p, kw_abx(OP_GETGLOBAL, 0, g));
    emit(vm, p, kw_abx(OP_LOADI, 1, (unsigned)argument));
    emit(vm, p, kw_abc(OP_CALL, 0, 1, 0));
    emit(vm, p, kw_abc(OP_RETURN, 0, 0, 0));
    return p;
}

START_TEST(a_parked_fiber_gets_the_value_it_is_woken_with)
{
    kw_vm *vm = kw_vm_create();
    kw_define_functions(vm, NULL, natives);
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
    kw_define_functions(vm, NULL, natives);
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
    kw_define_functions(vm, NULL, natives);
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

SUITE_MAIN("loop", 20, a_loop_adds_up, an_error_reaches_the_innermost_handler,
           endless_recursion_is_an_error_with_a_position, a_parked_fiber_gets_the_value_it_is_woken_with,
           a_deadlock_is_told_to_those_who_wait, a_disarmed_timer_leaves_the_others)
