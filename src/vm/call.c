/* call.c - calls: frames, natives, constructors, argument lists. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "vm/interp.h"

bool kw_fiber_reserve(kw_vm *vm, kw_fiber *fiber, uint32_t slots)
{
    if (slots <= fiber->stack_cap)
        return true;
    if (slots > KW_MAX_STACK) {
        kw_throw(vm, "RuntimeError", "Stack overflow.");
        return false;
    }
    uint32_t cap = fiber->stack_cap * 2 > slots ? fiber->stack_cap * 2 : slots;
    kw_value *stack = kw_try_realloc(vm, fiber->stack, fiber->stack_cap * sizeof(kw_value),
                                     cap * sizeof(kw_value));
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
    kw_frame *frames = kw_try_realloc(vm, fiber->frames, fiber->frame_cap * sizeof(kw_frame),
                                      cap * sizeof(kw_frame));
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

void kw_fiber_shrink(kw_vm *vm, kw_fiber *fiber)
{
    enum { SMALL = 1 << 15 }; /* registers; what is below stays for the next deep recursion */
    if (fiber->stack_cap <= SMALL ||
        end_of(&fiber->frames[fiber->frame_count - 1]) > fiber->stack_cap / 4)
        return;
    uint32_t used = 0; /* the registers of outer frames may lie above the one on top */
    for (uint32_t i = 0; i < fiber->frame_count; i++)
        used = end_of(&fiber->frames[i]) > used ? end_of(&fiber->frames[i]) : used;
    uint32_t cap = used * 2 > SMALL ? used * 2 : SMALL, frames = fiber->frame_count * 2;
    if (cap < fiber->stack_cap / 2) {
        fiber->stack = kw_realloc(vm, fiber->stack, fiber->stack_cap * sizeof(kw_value),
                                  cap * sizeof(kw_value));
        fiber->stack_cap = cap;
    }
    if (frames < fiber->frame_cap / 2) {
        fiber->frames = kw_realloc(vm, fiber->frames, fiber->frame_cap * sizeof(kw_frame),
                                   frames * sizeof(kw_frame));
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

bool kw_push_frame(kw_vm *vm, kw_fiber *fiber, kw_closure *closure, uint32_t args_at, uint32_t argc,
                   kw_target how)
{
    const kw_proto *p = closure->proto;
    uint32_t base = args_at + kept_registers(p, argc);
    uint32_t top = base + p->reg_count;
    if (top < args_at + argc)
        top = args_at + argc;
    if (!kw_fiber_reserve(vm, fiber, top + 1))
        return false;
    if (fiber->frame_count == fiber->frame_cap && !grow_frames(vm, fiber))
        return false;
    uint32_t have = argc < p->param_count ? argc : p->param_count;
    kw_list *rest = NULL;
    if (p->variadic && (rest = collect_rest(vm, fiber, args_at, p->param_count, argc)) == NULL)
        return false;
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

void kw_deliver(kw_vm *vm, kw_fiber *fiber, const kw_frame *f, kw_value v)
{
    (void)vm;
    kw_frame *top = &fiber->frames[fiber->frame_count - 1];
    switch ((kw_return_kind)f->ret) {
    case KW_RET_REG: fiber->stack[top->base + f->dest] = v; break;
    case KW_RET_NEW: fiber->stack[top->base + f->dest] = f->self; break;
    case KW_RET_JUMP: {
        kw_instr jump = *top->pc++;
        if (kw_truthy(v) == (f->dest != 0))
            top->pc += kw_i_sj(jump);
        break;
    }
    case KW_RET_DROP:
    case KW_RET_END: break;
    }
}

bool kw_spread_args(kw_vm *vm, uint32_t at, kw_list *list)
{
    if (list->count > KW_MAX_STACK ||
        !kw_fiber_reserve(vm, vm->fiber, at + (uint32_t)list->count + 1)) {
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
    if (callee.as.obj->kind == KW_K_BOUND)
        return proto_of(((kw_bound *)callee.as.obj)->callable);
    return callee.as.obj->kind == KW_K_CLOSURE ? ((kw_closure *)callee.as.obj)->proto : NULL;
}

static const kw_proto *callee_proto(kw_vm *vm, kw_value callee)
{
    if (!kw_is(callee, KW_STRUCT))
        return proto_of(callee);
    const kw_method *m = kw_class_find(callee.as.klass, kw_intern_c(vm, "new"));
    return m != NULL ? proto_of(m->callable) : NULL;
}

/* Place the named arguments, then the positional ones into what is free; the rest goes to
 * `extra`. */
static bool place_args(kw_vm *vm, const kw_proto *p, const kw_value *args, kw_list *names,
                       kw_value *slot, kw_list *extra)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (!kw_is(names->items[i], KW_STRING))
            continue;
        uint32_t at = 0;
        while (at < p->param_count &&
               !kw_string_same(p->params[at].name, names->items[i].as.string))
            at++;
        if (at == p->param_count) {
            kw_throw(vm, "RuntimeError", "'%s': no parameter named '%s'.", p->name->text,
                     names->items[i].as.string->text);
            vm->error.callee = p;
            return false;
        }
        slot[at] = args[i];
    }
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
    for (uint32_t i = 0; i < p->param_count; i++) {
        if (!kw_is(slot[i], KW_UNDEF))
            continue;
        if (!p->params[i].has_default) {
            kw_throw(
                vm, "ParameterCountMismatchError",
                "The parameter count for function `%s` does not match parameters passed. Expected %u but "
                "received %zu.",
                p->name->text, p->param_count, names->count);
            return false;
        }
        slot[i] = kw_null();
    }
    return true;
}

bool kw_name_args(kw_vm *vm, kw_value callee, uint32_t at, kw_list *names, uint32_t *argc)
{
    const kw_proto *p = callee_proto(vm, callee);
    if (p == NULL) /* natives: the names are ignored */
        return true;
    kw_value slot[KW_MAX_PARAMS];
    for (uint32_t i = 0; i < p->param_count; i++)
        slot[i] = kw_undef();
    kw_list *extra = kw_list_new(vm, 0);
    if (extra == NULL || !place_args(vm, p, vm->fiber->stack + at, names, slot, extra))
        return false;
    uint32_t total = p->param_count + (uint32_t)extra->count;
    if (!kw_fiber_reserve(vm, vm->fiber, at + total + 1))
        return false;
    memcpy(vm->fiber->stack + at, slot, p->param_count * sizeof(kw_value));
    *argc = total;
    return kw_spread_args(vm, at + p->param_count, extra);
}

/* ---- Entering -------------------------------------------------------------------------------- */

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

/* What became of a native that did not end with a value. */
static kw_entered not_done(kw_vm *vm, kw_fiber *fiber, const kw_call *call, kw_result result,
                           uint32_t args_at, kw_target how)
{
    switch (result) {
    case KW_DONE:
    case KW_THROWN: vm->error.native = call->native->def; return KW_ENTER_THROWN;
    case KW_SUSPEND: fiber->wake_at = wake_place(fiber, how); return KW_ENTER_PARKED;
    case KW_CALL:
        if (!kw_spread_args(vm, args_at, call->tail_args))
            return KW_ENTER_THROWN;
        how.self = kw_undef();
        how.home = NULL;
        return kw_enter(vm, call->result, args_at, (uint32_t)call->tail_args->count, how);
    }
    return KW_ENTER_THROWN;
}

static kw_entered enter_native(kw_vm *vm, const kw_native *native, uint32_t args_at, uint32_t argc,
                               kw_target how)
{
    kw_fiber *fiber = vm->fiber;
    kw_call call = {.self = how.self,
                    .args = fiber->stack + args_at,
                    .argc = argc,
                    .native = native,
                    .result = kw_null()};
    kw_result result = native->def->fn(vm, &call);
    if (result != KW_DONE)
        return not_done(vm, fiber, &call, result, args_at, how);
    kw_frame f = as_returned(how);
    kw_deliver(vm, fiber, &f, call.result);
    return KW_ENTER_DONE;
}

kw_entered kw_enter_native(kw_vm *vm, const kw_native *native, const kw_value *self,
                           uint32_t args_at, uint32_t argc, uint8_t dest)
{
    kw_fiber *fiber = vm->fiber;
    kw_call call = {.args = fiber->stack + args_at,
                    .argc = argc,
                    .native = native,
                    .result = kw_null()};
    kw_copy(&call.self, self);
    kw_result result = native->def->fn(vm, &call);
    if (result != KW_DONE) {
        kw_target how = {.self = call.self, .dest = dest, .ret = KW_RET_REG};
        return not_done(vm, fiber, &call, result, args_at, how);
    }
    uint32_t base = fiber->frames[fiber->frame_count - 1].base;
    kw_copy(&fiber->stack[base + dest], &call.result);
    return KW_ENTER_DONE;
}

static kw_entered enter_class(kw_vm *vm, kw_class *c, uint32_t args_at, uint32_t argc,
                              kw_target how)
{
    if (c->header.flags & KW_CLASS_ENUM) {
        kw_throw(vm, "InvalidOperationError", "Value of type 'enum' is not callable.");
        return KW_ENTER_THROWN;
    }
    if (c->header.flags & KW_CLASS_ABSTRACT) {
        kw_throw(vm, "AbstractInstantiationError", "Cannot instantiate abstract struct `%s`.",
                 c->name->text);
        return KW_ENTER_THROWN;
    }
    kw_target make = {
        .self = kw_of_obj(KW_OBJECT, kw_object_new(vm, c)), .dest = how.dest, .ret = how.ret};
    const kw_method *m = kw_class_find(c, kw_intern_c(vm, "new"));
    if (m == NULL) {
        kw_frame f = as_returned(make);
        kw_deliver(vm, vm->fiber, &f, make.self);
        return KW_ENTER_DONE;
    }
    make.home = m->home;
    if (make.ret == KW_RET_REG)
        make.ret = KW_RET_NEW;
    return kw_enter(vm, m->callable, args_at, argc, make);
}

static kw_entered enter_closure(kw_vm *vm, kw_closure *closure, uint32_t args_at, uint32_t argc,
                                kw_target how)
{
    if (!(closure->proto->header.flags & KW_PROTO_GENERATOR))
        return kw_push_frame(vm, vm->fiber, closure, args_at, argc, how) ? KW_ENTER_FRAME
                                                                         : KW_ENTER_THROWN;
    kw_fiber *generator = kw_generator_new(vm, closure, vm->fiber->stack + args_at, argc, how);
    if (generator == NULL)
        return KW_ENTER_THROWN;
    kw_frame f = as_returned(how);
    kw_deliver(vm, vm->fiber, &f, kw_of_obj(KW_GENERATOR, generator));
    return KW_ENTER_DONE;
}

kw_entered kw_enter(kw_vm *vm, kw_value callee, uint32_t args_at, uint32_t argc, kw_target how)
{
    if (kw_is(callee, KW_STRUCT))
        return enter_class(vm, callee.as.klass, args_at, argc, how);
    if (!kw_is(callee, KW_LAMBDA)) {
        if (kw_is(callee, KW_NULL))
            kw_throw_null_call(vm);
        else
            kw_throw(vm, "InvalidOperationError", "Value of type '%s' is not callable.",
                     kw_typeof(vm, callee)->text);
        return KW_ENTER_THROWN;
    }
    if (callee.as.obj->kind == KW_K_BOUND) {
        kw_bound *bound = (kw_bound *)callee.as.obj;
        how.self = bound->self;
        how.home = bound->home;
        callee = bound->callable;
    }
    if (callee.as.obj->kind == KW_K_NATIVE)
        return enter_native(vm, (kw_native *)callee.as.obj, args_at, argc, how);
    return enter_closure(vm, (kw_closure *)callee.as.obj, args_at, argc, how);
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
    out->self_first = v->as.obj->kind != KW_K_NATIVE; /* functions written in Kiwi take it first */
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
    kw_string *full = kw_string_format(vm, "%s::%s", package->name->text, name->text);
    kw_value v = kw_global_value(vm, kw_global_at(vm, kw_intern(vm, full->text, full->size)));
    if (vm->error.type != NULL)
        return false;
    if (kw_is(v, KW_UNDEF)) {
        kw_throw(vm, "FunctionUndefinedError", "Function `%s` is undefined.", name->text);
        vm->error.unknown_method = true;
        vm->error.receiver = kw_of_obj(KW_PACKAGE, package);
        return false;
    }
    *out = (kw_found){.callable = v, .self = kw_undef()};
    return true;
}

bool kw_find_method(kw_vm *vm, kw_value receiver, kw_string *name, kw_found *out)
{
    switch ((kw_type)receiver.tag) {
    case KW_PACKAGE: return find_in_package(vm, receiver.as.package, name, out);
    case KW_STRUCT:
        if (kw_string_same(name, kw_intern_c(vm, "new")) &&
            !(receiver.as.klass->header.flags & KW_CLASS_ENUM)) {
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
        vm->error.unknown_method = true;
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

kw_entered kw_enter_method(kw_vm *vm, uint32_t at, uint32_t argc, kw_string *name, kw_cache *cache,
                           uint8_t dest)
{
    kw_value receiver = vm->fiber->stack[at];
    kw_found found;
    const void *key = cache_key(receiver);
    if (key != NULL && cache->key == key && cache->epoch == vm->method_epoch) {
        found = (kw_found){.callable = cache->value,
                           .home = cache->home,
                           .self = (cache->slot & KW_CACHE_STATIC)
                                       ? kw_of_class(receiver.as.object->klass)
                                       : receiver,
                           .self_first = (cache->slot & KW_CACHE_SELF_FIRST) != 0};
    } else {
        if (!kw_find_method(vm, receiver, name, &found))
            return KW_ENTER_THROWN;
        if (key != NULL) {
            cache->key = key;
            cache->epoch = vm->method_epoch;
            cache->value = found.callable;
            cache->home = found.home;
            cache->slot = (found.self_first ? KW_CACHE_SELF_FIRST : 0u) |
                          (kw_is(receiver, KW_OBJECT) && kw_is(found.self, KW_STRUCT)
                               ? KW_CACHE_STATIC
                               : 0u);
            cache->fast =
                found.callable.as.obj->kind == KW_K_NATIVE ? found.callable.as.obj->flags : 0;
        }
    }
    kw_target how = {.self = found.self, .home = found.home, .dest = dest, .ret = KW_RET_REG};
    if (!found.self_first)
        return kw_enter(vm, found.callable, at + 1, argc, how);
    how.self = kw_undef();
    return kw_enter(vm, found.callable, at, argc + 1, how);
}
