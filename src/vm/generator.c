/* generator.c - switching between a generator and its consumer; returns that are not plain. */
#include "config.h"

#include "vm/interp.h"

#include <assert.h>

int kw_generator_resume(kw_vm *vm, kw_fiber *g)
{
    if (g->state == KW_FIBER_ENDED)
        return 0;
    if (g->state != KW_FIBER_YIELDED) {
        kw_throw(vm, "RuntimeError", "Generator is already running.");
        return -1;
    }
    if (vm->fiber->nesting >= KW_MAX_GENERATORS) {
        kw_throw(vm, "RuntimeError", "Stack overflow.");
        return -1;
    }
    assert(g->is_generator && g->consumer == NULL && vm->fiber->producer == NULL);
    g->nesting = vm->fiber->nesting + 1;
    g->consumer = vm->fiber;
    vm->fiber->producer = g;
    g->state = KW_FIBER_RUNNING;
    vm->fiber->state = KW_FIBER_PARKED;
    vm->fiber->why = "generator";
    vm->fiber = g;
    return 1;
}

void kw_generator_yield(kw_vm *vm, kw_value v)
{
    kw_fiber *g = vm->fiber;
    kw_fiber *consumer = g->consumer;
    assert(g->state == KW_FIBER_RUNNING && consumer != NULL && consumer->producer == g);
    g->consumer = NULL;
    consumer->producer = NULL;
    if (kw_is(v, KW_UNDEF))
        kw_fiber_end(vm, g, kw_null());
    else
        g->state = KW_FIBER_YIELDED;
    consumer->state = KW_FIBER_RUNNING;
    vm->fiber = consumer;
    kw_frame *f = &consumer->frames[consumer->frame_count - 1];
    kw_instr next = f->pc[-1], jump = *f->pc++;
    if (kw_is(v, KW_UNDEF))
        return;
    kw_value *r = consumer->stack + f->base + kw_i_a(next);
    r[2] = v;
    if (kw_i_c(next))
        r[3] = r[1];
    r[1].as.i++;
    f->pc += kw_i_sj(jump);
}

bool kw_generator_of_object(kw_vm *vm, kw_value *v)
{
    const kw_object *object = v->as.object;
    if (!(object->klass->header.flags & KW_CLASS_LIBRARY) || vm->hooks.each == NULL)
        return true;
    kw_value function = vm->hooks.each(vm, object);
    if (kw_is(function, KW_UNDEF))
        return vm->error.type == NULL;
    kw_fiber *g = kw_fiber_new_generator(vm, (kw_closure *)function.as.obj, v, 1, (kw_target){.self = kw_undef()});
    if (g != NULL)
        *v = kw_of_obj(KW_GENERATOR, g);
    return g != NULL;
}

kw_entered kw_generator_leave(kw_vm *vm, kw_value v)
{
    kw_fiber *fiber = vm->fiber;
    kw_frame f = fiber->frames[fiber->frame_count - 1];
    assert((f.ret == KW_RET_END) == (fiber->frame_count == 1));
    if (f.ret == KW_RET_END) {
        if (fiber->is_generator) {
            kw_generator_yield(vm, kw_undef());
            return KW_ENTER_DONE;
        }
        kw_fiber_end(vm, fiber, v);
        return KW_ENTER_PARKED;
    }
    fiber->frame_count--;
    kw_call_deliver(vm, fiber, &f, v);
    return KW_ENTER_DONE;
}
