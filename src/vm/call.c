/* call.c - calls: frames, natives, constructors, argument lists. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "vm/interp.h"

bool kw_call_reserve(kw_vm *vm, kw_fiber *fiber, uint32_t slots)
{
    if (slots <= fiber->stack_cap)
        return true;
    if (slots > KW_MAX_STACK) {
        kw_throw(vm, "RuntimeError", "Stack overflow.");
        return false;
    }
    uint32_t cap = fiber->stack_cap * 2 > slots ? fiber->stack_cap * 2 : slots;
    kw_value *stack =
        kw_heap_try_realloc(vm, fiber->stack, fiber->stack_cap * sizeof(kw_value), cap * sizeof(kw_value));
    if (stack == NULL)
        return false;
    for (uint32_t i = fiber->stack_cap; i < cap; i++)
        stack[i] = kw_null();
    fiber->stack = stack;
    fiber->stack_cap = cap;
    return true;
}

static bool grow_frames(kw_vm *vm, kw_fiber *fiber)
{
    if (fiber->frame_count >= KW_MAX_FRAMES) {
        kw_throw(vm, "RuntimeError", "Stack overflow.");
        return false;
    }
    uint32_t cap = fiber->frame_cap == 0 ? 2 : fiber->frame_cap * 2;
    kw_frame *frames =
        kw_heap_try_realloc(vm, fiber->frames, fiber->frame_cap * sizeof(kw_frame), cap * sizeof(kw_frame));
    if (frames == NULL)
        return false;
    fiber->frames = frames;
    fiber->frame_cap = cap;
    return true;
}

static uint32_t end_of(const kw_frame *f)
{
    return f->base + f->closure->proto->reg_count + 1u;
}

void kw_call_shrink(kw_vm *vm, kw_fiber *fiber)
{
    enum { SMALL = 1 << 15 }; /* registers; what is below stays for the next deep recursion */
    if (fiber->stack_cap <= SMALL || end_of(&fiber->frames[fiber->frame_count - 1]) > fiber->stack_cap / 4)
        return;
    uint32_t used = 0; /* the registers of outer frames may lie above the one on top */
    for (uint32_t i = 0; i < fiber->frame_count; i++)
        used = end_of(&fiber->frames[i]) > used ? end_of(&fiber->frames[i]) : used;
    uint32_t cap = used * 2 > SMALL ? used * 2 : SMALL, frames = fiber->frame_count * 2;
    if (cap < fiber->stack_cap / 2) {
        fiber->stack = kw_heap_realloc(vm, fiber->stack, fiber->stack_cap * sizeof(kw_value), cap * sizeof(kw_value));
        fiber->stack_cap = cap;
    }
    if (frames < fiber->frame_cap / 2) {
        fiber->frames =
            kw_heap_realloc(vm, fiber->frames, fiber->frame_cap * sizeof(kw_frame), frames * sizeof(kw_frame));
        fiber->frame_cap = frames;
    }
}

/* The arguments from `at + first` on as the list of a variadic parameter. */
static kw_list *collect_rest(kw_vm *vm, kw_fiber *fiber, uint32_t at, uint32_t first, uint32_t argc)
{
    uint32_t count = argc > first ? argc - first : 0;
    kw_list *rest = kw_list_new(vm, count);
    if (rest == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        rest->items[i] = fiber->stack[at + first + i];
    rest->count = count;
    return rest;
}

/* Registers below the frame that a long list of variadic arguments keeps. The list itself lies in
 * the heap; that it counts as stack ends a recursion with ever more arguments before it takes all
 * memory. */
static uint32_t kept_registers(const kw_proto *p, uint32_t argc)
{
    const uint32_t few = 32; /* shorter lists are bounded well enough by the number of frames */
    return p->variadic && argc > p->param_count + few ? argc - p->param_count : 0;
}

bool kw_call_push_frame(kw_vm *vm, kw_fiber *fiber, kw_closure *closure, uint32_t args_at, uint32_t argc, kw_target how)
{
    const kw_proto *p = closure->proto;
    assert(p->code_count > 0 && args_at + argc <= fiber->stack_cap);
    uint32_t base = args_at + kept_registers(p, argc);
    uint32_t top = base + p->reg_count;
    if (top < args_at + argc)
        top = args_at + argc;
    if (!kw_call_reserve(vm, fiber, top + 1))
        return false;
    if (fiber->frame_count == fiber->frame_cap && !grow_frames(vm, fiber))
        return false;
    uint32_t have = argc < p->param_count ? argc : p->param_count;
    kw_list *rest = NULL;
    if (p->variadic && (rest = collect_rest(vm, fiber, args_at, p->param_count, argc)) == NULL)
        return false;
    assert(base + p->reg_count <= fiber->stack_cap && p->local_count <= p->reg_count);
    kw_value *r = fiber->stack + base;
    if (base != args_at)
        memmove(r, fiber->stack + args_at, have * sizeof(*r));
    for (uint32_t i = have; i < p->local_count; i++) /* locals exist from the start and are null */
        r[i] = kw_null();
    if (rest != NULL)
        r[p->param_count] = kw_of_list(rest);
    bool own = kw_is(closure->self, KW_UNDEF);
    fiber->frames[fiber->frame_count++] = (kw_frame){.closure = closure,
                                                     .pc = p->code,
                                                     .base = base,
                                                     .dest = how.dest,
                                                     .ret = how.ret,
                                                     .self = own ? how.self : closure->self,
                                                     .home = own ? how.home : closure->home};
    return true;
}

void kw_call_deliver(kw_vm *vm, kw_fiber *fiber, const kw_frame *f, kw_value v)
{
    (void)vm;
    assert(fiber->frame_count > 0);
    kw_frame *top = &fiber->frames[fiber->frame_count - 1];
    switch ((kw_return_kind)f->ret) {
    case KW_RET_REG: fiber->stack[top->base + f->dest] = v; break;
    case KW_RET_NEW: fiber->stack[top->base + f->dest] = f->self; break;
    case KW_RET_JUMP: {
        kw_instr jump = *top->pc++;
        if (kw_truth_of(v) == (f->dest != 0))
            top->pc += kw_i_sj(jump);
        break;
    }
    case KW_RET_DROP:
    case KW_RET_END: break;
    }
}

bool kw_call_spread_args(kw_vm *vm, uint32_t at, kw_list *list)
{
    if (list->count > KW_MAX_STACK || !kw_call_reserve(vm, vm->fiber, at + (uint32_t)list->count + 1)) {
        if (vm->error.type == NULL)
            kw_throw(vm, "RuntimeError", "Stack overflow.");
        return false;
    }
    if (list->count > 0)
        memcpy(vm->fiber->stack + at, list->items, list->count * sizeof(kw_value));
    return true;
}

/* ---- Named arguments ------------------------------------------------------------------------- */

static const kw_proto *proto_of(kw_value callee)
{
    if (!kw_is(callee, KW_LAMBDA))
        return NULL;
    if (callee.as.obj->kind == KW_KIND_BOUND)
        return proto_of(((kw_bound *)callee.as.obj)->callable);
    return callee.as.obj->kind == KW_KIND_CLOSURE ? ((kw_closure *)callee.as.obj)->proto : NULL;
}

static const kw_proto *callee_proto(kw_vm *vm, kw_value callee)
{
    if (!kw_is(callee, KW_STRUCT))
        return proto_of(callee);
    const kw_method *m = kw_class_find(callee.as.klass, kw_intern_c(vm, "new"));
    return m != NULL ? proto_of(m->callable) : NULL;
}

/* Place the named arguments among the parameters from `first` on.  false: thrown. */
static bool place_named(kw_vm *vm, const kw_proto *p, uint32_t first, const kw_value *args, const kw_list *names,
                        kw_value *slot)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (!kw_is(names->items[i], KW_STRING))
            continue;
        kw_string *name = names->items[i].as.string;
        uint32_t at = first;
        while (at < p->param_count && !kw_string_same(p->params[at].name, name))
            at++;
        if (at >= p->param_count) {
            (void)kw_throw_known(vm, KW_E_NO_PARAMETER, name, p->name->text);
            vm->error.callee = p;
            return false;
        }
        slot[at] = args[i];
    }
    return true;
}

/* Place the positional arguments into what is free; the rest goes to `extra`.  false: thrown. */
static bool place_others(kw_vm *vm, const kw_proto *p, const kw_value *args, const kw_list *names, kw_value *slot,
                         kw_list *extra)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < names->count; i++) {
        if (kw_is(names->items[i], KW_STRING))
            continue;
        while (next < p->param_count && !kw_is(slot[next], KW_UNDEF))
            next++;
        if (next < p->param_count)
            slot[next] = args[i];
        else if (!kw_list_push(vm, extra, args[i]))
            return false;
    }
    return true;
}

/* What got no argument is null, if it has a default.  false: thrown. */
static bool fill_rest(kw_vm *vm, const kw_proto *p, size_t argc, kw_value *slot)
{
    for (uint32_t i = 0; i < p->param_count; i++) {
        if (!kw_is(slot[i], KW_UNDEF))
            continue;
        if (!p->params[i].has_default) {
            kw_throw(vm, "ParameterCountMismatchError",
                     "The parameter count for function `%s` does not match parameters passed. Expected %u but "
                     "received %zu.",
                     p->name->text, p->param_count, argc);
            return false;
        }
        slot[i] = kw_null();
    }
    return true;
}

bool kw_call_name_args(kw_vm *vm, kw_value callee, uint32_t at, uint32_t fixed, kw_list *names, uint32_t *argc)
{
    const kw_proto *p = callee_proto(vm, callee);
    if (p == NULL) /* natives: the names are ignored */
        return true;
    kw_value slot[KW_MAX_PARAMS];
    const kw_value *args = vm->fiber->stack + at;
    for (uint32_t i = 0; i < p->param_count; i++)
        slot[i] = i < fixed ? args[i] : kw_undef();
    kw_list *extra = kw_list_new(vm, 0);
    if (extra == NULL || !place_named(vm, p, fixed, args + fixed, names, slot) ||
        !place_others(vm, p, args + fixed, names, slot, extra) || !fill_rest(vm, p, names->count + fixed, slot))
        return false;
    uint32_t first_extra = p->param_count > fixed ? p->param_count : fixed;
    if (!kw_call_reserve(vm, vm->fiber, at + first_extra + (uint32_t)extra->count + 1))
        return false;
    memcpy(vm->fiber->stack + at, slot, p->param_count * sizeof(kw_value));
    *argc = first_extra + (uint32_t)extra->count;
    return kw_call_spread_args(vm, at + first_extra, extra);
}

/* ---- Entering -------------------------------------------------------------------------------- */

/* A call on its way: what it is of changes from a bound method to the method, from a struct to its
 * `new`, from a native to what that goes on as. */
typedef struct pending {
    kw_value callee;
    uint32_t args_at, argc; /* place in the stack of vm->fiber */
    kw_target how;
} pending;

static kw_frame as_returned(kw_target how)
{
    return (kw_frame){.dest = how.dest, .ret = how.ret, .self = how.self};
}

/* Where the value of a parked native goes. */
static uint32_t wake_place(const kw_fiber *fiber, kw_target how)
{
    if (how.ret != KW_RET_REG)
        return UINT32_MAX;
    return fiber->frames[fiber->frame_count - 1].base + how.dest;
}

/* The one place that runs natives: a method gets a receiver of the type it is written for, however
 * a script came by it, and all get the arguments that they say they take. */
static inline kw_result run_native(kw_vm *vm, kw_call *call)
{
    return kw_native_fits(call) || kw_native_check(vm, call) ? call->native->fn(vm, call) : KW_THROWN;
}

/* The frame on top is one that was pushed for a call, and waits for nothing but that. */
static kw_frame *frame_for_call(const kw_fiber *fiber, kw_target how)
{
    kw_frame *f = &fiber->frames[fiber->frame_count - 1];
    bool is_one = f->closure->proto->header.flags & KW_PROTO_CALLS;
    return is_one && how.ret == KW_RET_REG && how.dest == 0 ? f : NULL;
}

/* Let a frame of its own make the call of `callee`: it can wait at the safepoint of that.  A call
 * that is made so again and again keeps its frame. */
static kw_entered enter_by_frame(kw_vm *vm, kw_value callee, kw_list *args, uint32_t at, kw_target how)
{
    kw_fiber *fiber = vm->fiber;
    kw_frame *f = frame_for_call(fiber, how);
    if (f != NULL) {
        at = f->base;
        f->pc = f->closure->proto->code;
    } else if (!kw_call_reserve(vm, fiber, at + 2)) {
        return KW_ENTER_THROWN;
    }
    fiber->stack[at] = callee;
    fiber->stack[at + 1] = kw_of_list(args);
    if (f != NULL || kw_call_push_frame(vm, fiber, kw_fiber_new_trampoline(vm), at, 2, how))
        return KW_ENTER_FRAME;
    return KW_ENTER_THROWN;
}

/* A native goes on as another call.  True: that is *c; else *entered. */
static bool goes_on_as(kw_vm *vm, const kw_call *call, pending *c, kw_entered *entered)
{
    /* else `self` counts later */
    bool plain = c->how.ret == KW_RET_REG || c->how.ret == KW_RET_END;
    if (!plain || --vm->budget < 0) { /* natives may go on as one another for ever */
        *entered = enter_by_frame(vm, call->result, call->tail_args, c->args_at, c->how);
        return false;
    }
    if (!kw_call_spread_args(vm, c->args_at, call->tail_args)) {
        *entered = KW_ENTER_THROWN;
        return false;
    }
    c->callee = call->result;
    c->argc = (uint32_t)call->tail_args->count;
    c->how.self = kw_undef();
    c->how.home = NULL;
    return true;
}

/* Arguments: a native, its receiver, what it kept, its arguments. */
static kw_result call_again(kw_vm *vm, kw_call *call)
{
    kw_call inner = {.self = call->args[1],
                     .args = call->args + 3,
                     .argc = call->argc - 3,
                     .native = (const kw_native *)call->args[0].as.obj,
                     .result = kw_null(),
                     .kept = call->args[2].as.list};
    kw_result result = run_native(vm, &inner);
    *call = inner; /* as if it had been called itself */
    return result;
}

kw_result kw_call_again(kw_vm *vm, kw_call *call, const kw_value *kept, size_t count)
{
    call->kept = kw_list_new(vm, count);
    if (call->kept == NULL)
        return KW_THROWN;
    memcpy(call->kept->items, kept, count * sizeof(*kept));
    call->kept->count = count;
    return KW_AGAIN;
}

/* The call that has to be made once more, by a frame. */
static kw_entered enter_again(kw_vm *vm, const kw_call *call, pending *c)
{
    static const kw_native_def def = {"again()", call_again, "For KW_AGAIN.", NULL, NULL, KW_CHECK_NONE};
    kw_list *args = kw_list_new(vm, call->argc + 3);
    if (args == NULL)
        return KW_ENTER_THROWN;
    args->items[0] = kw_of_obj(KW_LAMBDA, (void *)call->native);
    args->items[1] = call->self;
    args->items[2] = kw_of_list(call->kept);
    if (call->argc > 0)
        memcpy(args->items + 3, call->args, call->argc * sizeof(kw_value));
    args->count = call->argc + 3;
    vm->budget = 0;
    return enter_by_frame(vm, kw_native_new(vm, &def), args, c->args_at, c->how);
}

/* A native did not end with a value.  True: the call goes on as *c; else *entered says what it came
 * to. */
static bool goes_on(kw_vm *vm, const kw_call *call, kw_result result, pending *c, kw_entered *entered)
{
    switch (result) {
    case KW_CALL: return goes_on_as(vm, call, c, entered);
    case KW_AGAIN: *entered = enter_again(vm, call, c); return false;
    case KW_SUSPEND:
        vm->fiber->wake_at = wake_place(vm->fiber, c->how);
        *entered = KW_ENTER_PARKED;
        return false;
    case KW_DONE:
    case KW_THROWN: break;
    }
    assert(vm->error.type != NULL); /* a native that says so has thrown */
    vm->error.native = call->native->def;
    *entered = KW_ENTER_THROWN;
    return false;
}

static bool enter_native(kw_vm *vm, pending *c, kw_entered *entered)
{
    kw_call call = {.self = c->how.self,
                    .args = vm->fiber->stack + c->args_at,
                    .argc = c->argc,
                    .native = (kw_native *)c->callee.as.obj,
                    .result = kw_null()};
    kw_result result = run_native(vm, &call);
    if (result != KW_DONE)
        return goes_on(vm, &call, result, c, entered);
    kw_frame f = as_returned(c->how);
    kw_call_deliver(vm, vm->fiber, &f, call.result);
    *entered = KW_ENTER_DONE;
    return false;
}

/* The call of a struct makes an object and is that of its `new` then.  True: go on with that. */
static bool enter_class(kw_vm *vm, pending *c, kw_entered *entered)
{
    kw_class *class = c->callee.as.klass;
    *entered = KW_ENTER_THROWN;
    if (class->header.flags & KW_CLASS_ENUM) {
        kw_throw(vm, "InvalidOperationError", "Value of type 'enum' is not callable.");
        return false;
    }
    if (class->header.flags & KW_CLASS_ABSTRACT) {
        kw_throw(vm, "AbstractInstantiationError", "Cannot instantiate abstract struct `%s`.", class->name->text);
        return false;
    }
    c->how.self = kw_of_obj(KW_OBJECT, kw_object_new(vm, class));
    const kw_method *m = kw_class_find(class, kw_intern_c(vm, "new"));
    if (m == NULL) {
        kw_frame f = as_returned(c->how);
        kw_call_deliver(vm, vm->fiber, &f, c->how.self);
        *entered = KW_ENTER_DONE;
        return false;
    }
    c->callee = m->callable;
    c->how.home = m->home;
    if (c->how.ret == KW_RET_REG)
        c->how.ret = KW_RET_NEW;
    return true;
}

static kw_entered enter_closure(kw_vm *vm, const pending *c)
{
    kw_closure *closure = (kw_closure *)c->callee.as.obj;
    if (!(closure->proto->header.flags & KW_PROTO_GENERATOR))
        return kw_call_push_frame(vm, vm->fiber, closure, c->args_at, c->argc, c->how) ? KW_ENTER_FRAME
                                                                                       : KW_ENTER_THROWN;
    kw_fiber *generator = kw_fiber_new_generator(vm, closure, vm->fiber->stack + c->args_at, c->argc, c->how);
    if (generator == NULL)
        return KW_ENTER_THROWN;
    kw_frame f = as_returned(c->how);
    kw_call_deliver(vm, vm->fiber, &f, kw_of_obj(KW_GENERATOR, generator));
    return KW_ENTER_DONE;
}

static kw_entered throw_not_callable(kw_vm *vm, kw_value callee)
{
    if (kw_is(callee, KW_NULL))
        kw_unwind_throw_null_call(vm);
    else
        kw_throw(vm, "InvalidOperationError", "Value of type '%s' is not callable.",
                 kw_display_typeof(vm, callee)->text);
    return KW_ENTER_THROWN;
}

kw_entered kw_call_enter(kw_vm *vm, kw_value callee, uint32_t args_at, uint32_t argc, kw_target how)
{
    pending c = {.callee = callee, .args_at = args_at, .argc = argc, .how = how};
    for (;;) {
        kw_entered entered;
        if (kw_is(c.callee, KW_STRUCT)) {
            if (!enter_class(vm, &c, &entered))
                return entered;
        } else if (!kw_is(c.callee, KW_LAMBDA)) {
            return throw_not_callable(vm, c.callee);
        } else if (c.callee.as.obj->kind == KW_KIND_CLOSURE) {
            return enter_closure(vm, &c);
        } else if (c.callee.as.obj->kind == KW_KIND_NATIVE) {
            if (!enter_native(vm, &c, &entered))
                return entered;
        } else {
            const kw_bound *bound = (const kw_bound *)c.callee.as.obj;
            c.how.self = bound->self;
            c.how.home = bound->home;
            c.callee = bound->callable;
        }
    }
}

kw_entered kw_call_enter_native(kw_vm *vm, const kw_native *native, const kw_value *self, uint32_t args_at,
                                uint32_t argc, uint8_t dest)
{
    kw_fiber *fiber = vm->fiber;
    kw_call call = {.args = fiber->stack + args_at, .argc = argc, .native = native, .result = kw_null()};
    kw_copy(&call.self, self);
    kw_result result = run_native(vm, &call);
    if (result != KW_DONE) {
        pending c = {.args_at = args_at, .how = {.self = call.self, .dest = dest, .ret = KW_RET_REG}};
        kw_entered entered;
        return goes_on(vm, &call, result, &c, &entered) ? kw_call_enter(vm, c.callee, args_at, c.argc, c.how) : entered;
    }
    uint32_t base = fiber->frames[fiber->frame_count - 1].base;
    kw_copy(&fiber->stack[base + dest], &call.result);
    return KW_ENTER_DONE;
}

/* ---- Methods --------------------------------------------------------------------------------- */

static bool find_in_type(kw_vm *vm, kw_value receiver, kw_string *name, kw_found *out)
{
    kw_map *table = vm->methods[receiver.tag];
    kw_value *v = table != NULL ? kw_map_find_string(table, name) : NULL;
    if (v == NULL && vm->hooks.extension(vm, receiver, name))
        v = kw_map_find_string(vm->methods[receiver.tag], name);
    if (v == NULL)
        return false;
    *out = (kw_found){.callable = *v, .self = receiver};
    out->self_first = !kw_is_method(*v); /* functions of packages take it first */
    return true;
}

static bool find_in_class(kw_vm *vm, kw_value receiver, kw_string *name, kw_found *out)
{
    bool is_struct = kw_is(receiver, KW_STRUCT);
    kw_class *c = is_struct ? receiver.as.klass : receiver.as.object->klass;
    const kw_method *m = kw_class_find(c, name);
    if (m == NULL)
        return false;
    kw_value self = receiver;
    if (m->is_static)
        self = kw_of_class(c);
    else if (is_struct) /* an ordinary method called on the struct runs on a fresh object */
        self = kw_of_obj(KW_OBJECT, kw_object_new(vm, c));
    *out = (kw_found){.callable = m->callable, .home = m->home, .self = self};
    return true;
}

static bool find_in_package(kw_vm *vm, kw_package *package, kw_string *name, kw_found *out)
{
    kw_value v = kw_global_value(vm, kw_names_global_member(vm, package->name->text, name->text));
    if (vm->error.type != NULL)
        return false;
    if (kw_is(v, KW_UNDEF)) {
        (void)kw_throw_known(vm, KW_E_NO_METHOD, name, NULL);
        vm->error.receiver = kw_of_obj(KW_PACKAGE, package);
        return false;
    }
    *out = (kw_found){.callable = v, .self = kw_undef()};
    return true;
}

bool kw_call_find_method(kw_vm *vm, kw_value receiver, kw_string *name, kw_found *out)
{
    switch ((kw_type)receiver.tag) {
    case KW_PACKAGE: return find_in_package(vm, receiver.as.package, name, out);
    case KW_STRUCT:
        if (kw_string_same(name, kw_intern_c(vm, "new")) && !(receiver.as.klass->header.flags & KW_CLASS_ENUM)) {
            *out = (kw_found){.callable = receiver, .self = kw_undef()};
            return true;
        }
        if (!(receiver.as.klass->header.flags & KW_CLASS_ENUM)) {
            if (find_in_class(vm, receiver, name, out))
                return true;
            break;
        }
        if (find_in_type(vm, receiver, name, out))
            return true;
        break;
    case KW_OBJECT:
        if (find_in_class(vm, receiver, name, out) || find_in_type(vm, receiver, name, out))
            return true;
        break;
    default:
        if (find_in_type(vm, receiver, name, out))
            return true;
        break;
    }
    if (vm->error.type == NULL) {
        (void)vm->hooks.unknown_method(vm, receiver, name);
        vm->error.receiver = receiver;
    }
    return false;
}

/* Addresses that no object has. */
const char kw_type_keys[KW_TYPE_COUNT];

/* May the result of a look-up be remembered for this receiver?  It must depend on the key alone. */
static const void *cache_key(kw_value receiver)
{
    if (kw_is(receiver, KW_OBJECT))
        return receiver.as.object->klass;
    if (kw_is(receiver, KW_STRUCT) || kw_is(receiver, KW_PACKAGE))
        return NULL;
    return &kw_type_keys[receiver.tag];
}

kw_entered kw_call_enter_method(kw_vm *vm, uint32_t at, uint32_t argc, kw_string *name, kw_cache *cache, uint8_t dest)
{
    kw_value receiver = vm->fiber->stack[at];
    kw_found found;
    const void *key = cache_key(receiver);
    if (key != NULL && cache->key == key && cache->epoch == vm->method_epoch) {
        found = (kw_found){.callable = cache->value,
                           .home = cache->home,
                           .self = (cache->slot & KW_CACHE_STATIC) ? kw_of_class(receiver.as.object->klass) : receiver,
                           .self_first = (cache->slot & KW_CACHE_SELF_FIRST) != 0};
    } else {
        if (!kw_call_find_method(vm, receiver, name, &found))
            return KW_ENTER_THROWN;
        if (key != NULL) {
            cache->key = key;
            cache->epoch = vm->method_epoch;
            cache->value = found.callable;
            cache->home = found.home;
            cache->slot = (found.self_first ? KW_CACHE_SELF_FIRST : 0u) |
                          (kw_is(receiver, KW_OBJECT) && kw_is(found.self, KW_STRUCT) ? KW_CACHE_STATIC : 0u);
            cache->fast = found.callable.as.obj->kind == KW_KIND_NATIVE ? found.callable.as.obj->flags : 0;
        }
    }
    kw_target how = {.self = found.self, .home = found.home, .dest = dest, .ret = KW_RET_REG};
    if (!found.self_first)
        return kw_call_enter(vm, found.callable, at + 1, argc, how);
    how.self = kw_undef();
    return kw_call_enter(vm, found.callable, at, argc + 1, how);
}
