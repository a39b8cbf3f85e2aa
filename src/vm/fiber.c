/* fiber.c - making, parking, waking and ending fibers. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "vm/interp.h"

kw_fiber *kw_fiber_alloc(kw_vm *vm, uint32_t stack_cap)
{
    kw_fiber *f = kw_heap_new_obj(vm, KW_KIND_FIBER, sizeof(*f));
    kw_obj header = f->header;
    memset(f, 0, sizeof(*f));
    f->header = header;
    f->state = KW_FIBER_NEW;
    f->wake_at = UINT32_MAX;
    f->wake_value = kw_null();
    f->result = kw_null();
    return kw_call_reserve(vm, f, stack_cap) ? f : NULL;
}

kw_closure *kw_fiber_new_trampoline(kw_vm *vm)
{
    kw_string *name = kw_intern_c(vm, "<call>");
    kw_proto *p = kw_chunk_proto_new(vm, name, name);
    kw_chunk_emit(vm, p, kw_abc(OP_CALLS, 0, 0, 0), 0);
    kw_chunk_emit(vm, p, kw_abc(OP_RETURN, 0, 0, 0), 0);
    p->header.flags = KW_PROTO_CALLS;
    p->param_count = 2;
    p->reg_count = 2;
    kw_chunk_finish(vm, p);
    return kw_closure_new(vm, p);
}

static bool is_plain_closure(kw_value v)
{
    return kw_is(v, KW_LAMBDA) && v.as.obj->kind == KW_KIND_CLOSURE &&
           !(((kw_closure *)v.as.obj)->proto->header.flags & KW_PROTO_GENERATOR);
}

kw_fiber *kw_fiber_new(kw_vm *vm, kw_value callable, const kw_value *args, size_t argc)
{
    if (argc >= KW_MAX_STACK) {
        kw_throw(vm, "RuntimeError", "Stack overflow.");
        return NULL;
    }
    kw_fiber *f = kw_fiber_alloc(vm, (uint32_t)argc + 8);
    if (f == NULL)
        return NULL;
    assert(f->state == KW_FIBER_NEW && f->stack_cap >= argc);
    kw_closure *entry;
    uint32_t count;
    if (is_plain_closure(callable)) {
        entry = (kw_closure *)callable.as.obj;
        count = (uint32_t)argc;
        if (argc > 0)
            memcpy(f->stack, args, argc * sizeof(kw_value));
    } else {
        entry = kw_fiber_new_trampoline(vm); /* the first frame must be of code */
        kw_list *list = kw_list_new(vm, argc);
        if (list == NULL)
            return NULL;
        if (argc > 0)
            memcpy(list->items, args, argc * sizeof(kw_value));
        list->count = argc;
        f->stack[0] = callable;
        f->stack[1] = kw_of_list(list);
        count = 2;
    }
    kw_target how = {.self = kw_undef(), .ret = KW_RET_END};
    if (!kw_call_push_frame(vm, f, entry, 0, count, how))
        return NULL;
    f->start_file = kw_unwind_user_place(vm->fiber, &f->start_line);
    f->name = kw_unwind_user_name(callable);
    kw_sched_added(vm, f);
    return f;
}

kw_fiber *kw_fiber_new_generator(kw_vm *vm, kw_closure *closure, const kw_value *args, uint32_t argc, kw_target how)
{
    assert(closure->proto->header.flags & KW_PROTO_GENERATOR);
    kw_fiber *f = kw_fiber_alloc(vm, argc + 4u + closure->proto->reg_count);
    if (f == NULL)
        return NULL;
    if (argc > 0)
        memcpy(f->stack, args, argc * sizeof(kw_value));
    f->is_generator = true;
    f->state = KW_FIBER_YIELDED;
    how.ret = KW_RET_END;
    return kw_call_push_frame(vm, f, closure, 0, argc, how) ? f : NULL;
}

kw_fiber *kw_fiber_current(kw_vm *vm)
{
    return vm->fiber;
}

int64_t kw_fiber_id(const kw_fiber *fiber)
{
    return fiber->id;
}

void kw_fiber_set_id(kw_fiber *fiber, int64_t id)
{
    fiber->id = id;
}

kw_value kw_fiber_outcome(const kw_fiber *fiber, kw_string **type, kw_string **message)
{
    *type = fiber->error_type;
    *message = fiber->error_message;
    return fiber->result;
}

void kw_fiber_park(kw_vm *vm, const char *why)
{
    assert(vm->fiber->state == KW_FIBER_RUNNING && why != NULL);
    vm->fiber->state = KW_FIBER_PARKED;
    vm->fiber->why = why;
}

kw_parked kw_fiber_parked_here(kw_vm *vm)
{
    return (kw_parked){.fiber = vm->fiber, .serial = vm->fiber->serial};
}

bool kw_fiber_still_parked(kw_parked parked)
{
    return parked.fiber->state == KW_FIBER_PARKED && parked.fiber->serial == parked.serial;
}

static void wake(kw_vm *vm, kw_fiber *fiber)
{
    assert(fiber->state == KW_FIBER_PARKED);
    assert(!fiber->woken); /* what woke it before was delivered */
    kw_sched_untime(vm, fiber);
    fiber->serial++;
    fiber->woken = true;
    fiber->why = NULL;
    fiber->awaits = 0;
    kw_sched_ready(vm, fiber);
}

void kw_fiber_wake(kw_vm *vm, kw_fiber *fiber, kw_value value)
{
    fiber->wake_value = value;
    fiber->wake_type = NULL;
    wake(vm, fiber);
}

void kw_fiber_wake_error(kw_vm *vm, kw_fiber *fiber, const char *type, kw_string *message)
{
    assert(message != NULL);
    fiber->wake_type = kw_intern_c(vm, type);
    fiber->wake_message = message;
    wake(vm, fiber);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

int64_t kw_fiber_awaits(const kw_fiber *fiber)
{
    return fiber->awaits;
}

void kw_fiber_set_awaits(kw_fiber *fiber, int64_t id)
{
    fiber->awaits = id;
}

/* End the wait of `waiter`, which runs for the task of `fiber`; what has come for it by now is not lost. */
static void end_wait(kw_vm *vm, kw_fiber *fiber, kw_fiber *waiter)
{
    if (vm->port.give_up != NULL && !vm->port.give_up(vm, vm->port.data, waiter))
        return; /* to its next wait */
    fiber->cancelled = false;
    kw_string *message = kw_string_new(vm, "cancelled", strlen("cancelled"));
    message->header.flags |= KW_STR_CLOSED; /* who has cancelled it knows */
    kw_fault_note(vm, message, "cancelled", 0);
    kw_fiber_wake_error(vm, waiter, "CancelledError", message);
    if (vm->port.collect != NULL) /* others may be counting on the wait */
        vm->port.collect(vm, vm->port.data);
}

void kw_fiber_cancel(kw_vm *vm, kw_fiber *fiber)
{
    kw_fiber *waiter = fiber;
    assert(!fiber->is_generator); /* a task is cancelled, wherever it waits */
    while (waiter->producer != NULL)
        waiter = waiter->producer;
    fiber->cancelled = true;
    if (waiter->state == KW_FIBER_PARKED)
        end_wait(vm, fiber, waiter);
}

void kw_fiber_parked(kw_vm *vm, kw_fiber *waiter)
{
    kw_fiber *fiber = waiter;
    while (fiber->consumer != NULL)
        fiber = fiber->consumer;
    if (fiber->cancelled && waiter->state == KW_FIBER_PARKED)
        end_wait(vm, fiber, waiter);
}

/* ---- The end --------------------------------------------------------------------------------- */

static void free_stacks(kw_vm *vm, kw_fiber *fiber)
{
    kw_heap_release(vm, fiber->stack, fiber->stack_cap * sizeof(kw_value));
    kw_heap_release(vm, fiber->frames, fiber->frame_cap * sizeof(kw_frame));
    fiber->stack = NULL;
    fiber->frames = NULL;
    fiber->stack_cap = fiber->frame_cap = fiber->frame_count = 0;
}

void kw_fiber_end(kw_vm *vm, kw_fiber *fiber, kw_value result)
{
    assert(fiber->state != KW_FIBER_ENDED && fiber->state != KW_FIBER_READY);
    assert(fiber->timer_at == 0);
    fiber->result = result;
    if (kw_is(result, KW_UNDEF)) {
        assert(vm->error.type != NULL); /* what it failed with */
        fiber->error_type = vm->error.type;
        fiber->error_message = fiber->id != 0 ? kw_origin_note(vm, fiber) : vm->error.message;
    }
    fiber->state = KW_FIBER_ENDED;
    free_stacks(vm, fiber);
    if (!fiber->is_generator)
        kw_sched_removed(vm, fiber);
}

void kw_fiber_drop(kw_vm *vm, kw_fiber *fiber)
{
    kw_fiber_end(vm, fiber, kw_null());
}

void kw_fiber_trace(kw_vm *vm, kw_fiber *fiber)
{
    /* Registers of an outer frame may lie above the frame on top.  They hold nothing that is
     * needed, but they will be looked at again after the return: what they point to must stay. */
    uint32_t end = 0;
    for (uint32_t i = 0; i < fiber->frame_count; i++) {
        const kw_frame *f = &fiber->frames[i];
        uint32_t frame_end = f->base + f->closure->proto->reg_count;
        end = frame_end > end ? frame_end : end;
        kw_gc_mark_obj(vm, f->closure);
        kw_gc_mark_obj(vm, f->home);
        kw_gc_mark_value(vm, f->self);
    }
    for (uint32_t i = 0; i < end; i++)
        kw_gc_mark_value(vm, fiber->stack[i]);
    /* A call leaves in its temporaries what lay there: nothing beyond may point to what is freed
     * now. */
    for (uint32_t i = end; i < fiber->stack_cap; i++)
        fiber->stack[i] = kw_null();
    kw_gc_mark_value(vm, fiber->wake_value);
    kw_gc_mark_obj(vm, fiber->wake_type);
    kw_gc_mark_obj(vm, fiber->wake_message);
    kw_gc_mark_obj(vm, fiber->consumer);
    kw_gc_mark_obj(vm, fiber->producer);
    kw_gc_mark_value(vm, fiber->result);
    kw_gc_mark_obj(vm, fiber->error_type);
    kw_gc_mark_obj(vm, fiber->error_message);
    kw_gc_mark_obj(vm, fiber->start_file);
    kw_gc_mark_obj(vm, fiber->name);
}

void kw_fiber_release(kw_vm *vm, kw_fiber *fiber)
{
    free_stacks(vm, fiber);
}
