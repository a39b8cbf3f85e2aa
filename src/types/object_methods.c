/* object_methods.c - methods that every object has (TYPES.md section 17). */
#include "config.h"

#include "types/types.h"

#include <assert.h>

#include "types/give.h"

static kw_object *self_of(const kw_call *call)
{
    return call->self.as.object;
}

/* Names of the attributes in order of their first assignment. */
static kw_list *attribute_names(kw_vm *vm, const kw_object *o)
{
    kw_list *list = kw_list_new(vm, o->shape->count);
    for (uint32_t i = 0; list != NULL && i < o->shape->count; i++)
        if (!kw_list_push(vm, list, kw_null()))
            return NULL;
    for (const kw_shape *s = o->shape; list != NULL && s->name != NULL; s = s->parent) {
        assert(s->count > 0 && s->count <= list->count); /* each shape adds one attribute to its parent's */
        list->items[s->count - 1] = kw_of_string(s->name);
    }
    return list;
}

static kw_result object_keys(kw_vm *vm, kw_call *call)
{
    return kw_give_list(call, attribute_names(vm, self_of(call)));
}

static kw_result object_values(kw_vm *vm, kw_call *call)
{
    const kw_object *o = self_of(call);
    assert(o->shape->count <= o->cap);
    kw_list *list = kw_list_new(vm, o->shape->count);
    for (uint32_t i = 0; list != NULL && i < o->shape->count; i++)
        if (!kw_list_push(vm, list, o->slots[i]))
            return KW_THROWN;
    return kw_give_list(call, list);
}

/* Names of attributes are compared as interned strings. */
static kw_string *interned(kw_vm *vm, const kw_string *s)
{
    bool marked = s->size > 0 && s->text[0] == '@';
    return kw_intern(vm, s->text + (marked ? 1 : 0), s->size - (marked ? 1 : 0));
}

/* The attribute that the first argument names; KW_UNDEF: it has none. */
static kw_value attribute(kw_vm *vm, const kw_call *call)
{
    assert(kw_is(call->args[0], KW_STRING)); /* by the signature; get() looks itself */
    return kw_object_get(self_of(call), interned(vm, call->args[0].as.string));
}

static kw_result object_get(kw_vm *vm, kw_call *call)
{
    if (call->argc < 1 || call->argc > 2)
        return kw_throw(vm, "ParameterCountMismatchError",
                        "The parameter count for function `get` does not match parameters passed. "
                        "Expected within 1 and 2 but received %u.",
                        (unsigned)call->argc);
    if (!kw_is(call->args[0], KW_STRING))
        return kw_throw_param(vm, "get", 0, "String", call->args[0]);
    kw_value v = attribute(vm, call);
    return kw_return(call, kw_is(v, KW_UNDEF) ? kw_arg(call, 1) : v);
}

static kw_result object_set(kw_vm *vm, kw_call *call)
{
    const kw_string *name = call->args[0].as.string;
    if (kw_is(attribute(vm, call), KW_UNDEF))
        return kw_throw_undeclared(vm, name->text);
    kw_object_set(vm, self_of(call), interned(vm, name), call->args[1]);
    return KW_DONE;
}

static kw_result object_has_key(kw_vm *vm, kw_call *call)
{
    return kw_return(call, kw_bool(!kw_is(attribute(vm, call), KW_UNDEF)));
}

static kw_result object_is_a(kw_vm *vm, kw_call *call)
{
    kw_value t = call->args[0];
    if (!kw_is(t, KW_STRUCT) && !kw_is(t, KW_STRING))
        return kw_throw_param(vm, "is_a", 0, "Struct or String", t);
    bool found = false;
    for (kw_class *c = self_of(call)->klass; c != NULL && !found; c = c->base)
        found = kw_is(t, KW_STRUCT) ? c == t.as.klass : kw_string_same(c->name, t.as.string);
    return kw_return(call, kw_bool(found));
}

static kw_result object_clone(kw_vm *vm, kw_call *call)
{
    const kw_object *o = self_of(call);
    kw_list *names = attribute_names(vm, o);
    kw_object *copy = names != NULL ? kw_object_new(vm, o->klass) : NULL;
    if (copy == NULL)
        return KW_THROWN;
    for (size_t i = 0; i < names->count; i++)
        kw_object_set(vm, copy, names->items[i].as.string, o->slots[i]);
    assert(copy->shape->count == o->shape->count); /* no name was there twice */
    copy->cloned = true;
    return kw_return(call, kw_of_obj(KW_OBJECT, copy));
}

/* What examples begin with. */
#define POINT "struct Point\n  fn new(x, y)\n    @x = x\n    @y = y\n  end\nend\n"

/* clang-format off */
const kw_native_def kw_object_methods[] = {
    {"keys(): list", object_keys, "The names of the attributes, in the order in which they were first set.",
     POINT "println Point.new(1, 2).keys()  # => [\"x\", \"y\"]"},
    {"values(): list", object_values, "The values of the attributes, in the order of their names.",
     POINT "println Point.new(1, 2).values()  # => [1, 2]"},
    {"get(name: string, default: any = null): any", object_get,
     "The attribute of this name; `default` if there is none.",
     POINT "println Point.new(1, 2).get(\"z\", 0)  # => 0", NULL, KW_CHECK_NONE},
    {"set(name: string, value: any)", object_set, "Give an attribute that exists another value.",
     POINT "p = Point.new(1, 2)\np.set(\"x\", 5)\nprintln p.x  # => 5"},
    {"has_key(name: string): boolean", object_has_key, "Is there an attribute of this name, with or without its `@`?",
     POINT "println Point.new(1, 2).has_key(\"x\")  # => true"},
    {"is_a(type: struct|string): boolean", object_is_a,
     "Is the struct, or the one of this name, the object's or a base of it?",
     POINT "println Point.new(1, 2).is_a(Point)  # => true", NULL, KW_CHECK_COUNT},
    {"clone(): any", object_clone, "A new object with the same attributes; their values are not copied.",
     POINT "p = Point.new(1, 2)\nq = p.clone()\nq.x = 5\nprintln p.x  # => 1"},
    {NULL},
};
/* clang-format on */
