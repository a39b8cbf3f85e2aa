/* overload.c - instructions with operators where no fast path applies: overloads, mixed types. */
#include "config.h"

#include "vm/interp.h"

/* a OP b for values that are not both numbers of one type; overloads are the caller's business.
 * false: thrown. */
static bool compare(kw_vm *vm, kw_operator op, kw_value a, kw_value b, bool *out)
{
    switch (op) {
    case KW_OV_LT: *out = kw_order_has(KW_ORD_LT, a, b); return true;
    case KW_OV_LE: *out = kw_order_has(KW_ORD_LE, a, b); return true;
    case KW_OV_GT: *out = kw_order_has(KW_ORD_GT, a, b); return true;
    case KW_OV_GE: *out = kw_order_has(KW_ORD_GE, a, b); return true;
    default: break;
    }
    bool same;
    if (!kw_equal_try(vm, a, b, &same))
        return false;
    *out = same == (op == KW_OV_EQ);
    return true;
}

bool kw_overload_find(kw_vm *vm, kw_value a, kw_operator op, kw_found *out)
{
    const kw_method *m = kw_class_find(a.as.object->klass, vm->operators[op]);
    if (m == NULL)
        return false;
    *out = (kw_found){.callable = m->callable, .home = m->home, .self = a};
    return true;
}

/* Call the overload of `op` for the object `a` with `b`, above the registers of the frame. */
static kw_entered call_overload(kw_vm *vm, const kw_found *found, kw_value b, uint8_t dest, uint8_t ret)
{
    kw_fiber *fiber = vm->fiber;
    kw_frame *f = &fiber->frames[fiber->frame_count - 1];
    uint32_t at = f->base + f->closure->proto->reg_count;
    if (!kw_call_reserve(vm, fiber, at + 2))
        return KW_ENTER_THROWN;
    fiber->stack[at] = b;
    kw_target how = {.self = found->self, .home = found->home, .dest = dest, .ret = ret};
    return kw_call_enter(vm, found->callable, at, 1, how);
}

kw_entered kw_overload_compare_jump(kw_vm *vm, kw_operator op, kw_value a, kw_value b, bool sense)
{
    kw_found found;
    if (kw_is(a, KW_OBJECT) && kw_overload_find(vm, a, op, &found))
        return call_overload(vm, &found, b, sense, KW_RET_JUMP);
    bool result;
    if (!compare(vm, op, a, b, &result))
        return KW_ENTER_THROWN;
    kw_frame f = {.ret = KW_RET_JUMP, .dest = sense};
    kw_call_deliver(vm, vm->fiber, &f, kw_bool(result));
    return KW_ENTER_DONE;
}

kw_entered kw_overload_compare_value(kw_vm *vm, kw_operator op, kw_value a, kw_value b, uint8_t dest)
{
    kw_found found;
    if (kw_is(a, KW_OBJECT) && kw_overload_find(vm, a, op, &found))
        return call_overload(vm, &found, b, dest, KW_RET_REG);
    bool result;
    if (!compare(vm, op, a, b, &result))
        return KW_ENTER_THROWN;
    kw_fiber *fiber = vm->fiber;
    fiber->stack[fiber->frames[fiber->frame_count - 1].base + dest] = kw_bool(result);
    return KW_ENTER_DONE;
}

kw_entered kw_overload_arithmetic(kw_vm *vm, kw_binop op, kw_value a, kw_value b, uint8_t dest)
{
    kw_fiber *fiber = vm->fiber;
    kw_frame *f = &fiber->frames[fiber->frame_count - 1];
    kw_found found;
    if (kw_is(a, KW_OBJECT) && op <= KW_OP_POW && kw_i_op(*f->pc) != OP_UPDATEINDEX &&
        kw_overload_find(vm, a, (kw_operator)op, &found))
        return call_overload(vm, &found, b, dest, KW_RET_REG);
    kw_value out;
    if (!kw_arith_binary(vm, op, a, b, &out))
        return KW_ENTER_THROWN;
    fiber->stack[f->base + dest] = out;
    return KW_ENTER_DONE;
}
