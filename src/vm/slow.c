/* slow.c - what instructions do when their fast path does not apply: members, globals, throw,
 * print. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "vm/interp.h"

/* ---- Members --------------------------------------------------------------------------------- */

static bool package_member(kw_vm *vm, kw_package *package, kw_string *name, kw_value *out)
{
    kw_string *full = kw_string_format(vm, "%s::%s", package->name->text, name->text);
    *out = kw_global_value(vm, kw_global_at(vm, kw_intern(vm, full->text, full->size)));
    if (kw_is(*out, KW_UNDEF))
        *out = kw_null();
    return vm->error.type == NULL;
}

bool kw_get_field(kw_vm *vm, kw_value x, kw_string *name, kw_value *out)
{
    switch ((kw_type)x.tag) {
    case KW_OBJECT: *out = kw_object_get(x.as.object, name); break;
    case KW_MAP: {
        kw_value *v = kw_map_find_string(x.as.map, name);
        *out = v != NULL ? *v : kw_null();
        break;
    }
    case KW_STRUCT: *out = kw_map_get(x.as.klass->statics, kw_of_string(name)); break;
    case KW_PACKAGE: return package_member(vm, x.as.package, name, out);
    default:
        kw_throw(vm, "InvalidOperationError", "Cannot access member '%s' on this type.",
                 name->text);
        return false;
    }
    if (kw_is(*out, KW_UNDEF))
        *out = kw_null();
    return true;
}

static kw_value bind_method(kw_vm *vm, kw_value callable, kw_value self, kw_class *home)
{
    kw_bound *bound = kw_new_obj(vm, KW_K_BOUND, sizeof(*bound));
    bound->callable = callable;
    bound->self = self;
    bound->home = home;
    return kw_of_obj(KW_LAMBDA, bound);
}

bool kw_get_decorator(kw_vm *vm, kw_value x, kw_string *name, kw_value *out)
{
    if (!kw_get_field(vm, x, name, out))
        return false;
    if (!kw_is(*out, KW_NULL) || !(kw_is(x, KW_OBJECT) || kw_is(x, KW_STRUCT)))
        return true;
    kw_found found;
    if (!kw_find_method(vm, x, name, &found))
        return false;
    *out = bind_method(vm, found.callable, found.self, found.home);
    return true;
}

bool kw_set_field(kw_vm *vm, kw_value x, kw_string *name, kw_value v)
{
    switch ((kw_type)x.tag) {
    case KW_OBJECT: kw_object_set(vm, x.as.object, name, v); return true;
    case KW_MAP: return kw_map_set(vm, x.as.map, kw_of_string(name), v);
    case KW_STRUCT: return kw_map_set(vm, x.as.klass->statics, kw_of_string(name), v);
    case KW_PACKAGE: return true;
    default:
        kw_throw(vm, "InvalidOperationError", "Cannot set member '%s' on this type.", name->text);
        return false;
    }
}

kw_value kw_iter_keys(kw_vm *vm, kw_map *map)
{
    kw_list *keys = kw_list_new(vm, map->count);
    if (keys == NULL)
        return kw_undef();
    uint32_t at = 0;
    for (kw_entry *e; (e = kw_map_next(map, &at)) != NULL;)
        keys->items[keys->count++] = e->key;
    return kw_of_list(keys);
}

/* ---- Globals --------------------------------------------------------------------------------- */

void kw_global_define(kw_vm *vm, kw_global *g, int means, kw_value v)
{
    kw_value *field = means == KW_MEANS_VARIABLE   ? &g->variable
                      : means == KW_MEANS_FUNCTION ? &g->function
                      : means == KW_MEANS_CONSTANT ? &g->constant
                      : means == KW_MEANS_DECL     ? &g->decl
                                                   : &g->package;
    *field = v;
    g->means |= (uint8_t)means;
    if (means != KW_MEANS_VARIABLE)
        vm->method_epoch++;
}

static void load_library(kw_vm *vm, kw_global *g)
{
    if (g->missing || vm->hooks.load == NULL)
        return;
    g->missing = true;
    (void)vm->hooks.load(vm, g->owner, g->plain != NULL ? g->plain->name : g->name);
}

/* What a name means, in the order of language.md 7.3. */
static kw_value meaning(const kw_global *g)
{
    bool variable = (g->means & KW_MEANS_VARIABLE) != 0;
    bool callable = variable && kw_is(g->variable, KW_LAMBDA);
    if ((g->means & KW_MEANS_FUNCTION) && variable && !kw_is(g->variable, KW_NULL))
        return g->variable;
    if (g->means & KW_MEANS_FUNCTION)
        return g->function;
    if (callable)
        return g->variable;
    if (g->means & KW_MEANS_CONSTANT)
        return g->constant;
    if (g->means & KW_MEANS_DECL)
        return g->decl;
    if (variable)
        return g->variable;
    return (g->means & KW_MEANS_PACKAGE) ? g->package : kw_undef();
}

kw_value kw_global_value(kw_vm *vm, kw_global *g)
{
    kw_value v = meaning(g);
    if (!kw_is(v, KW_UNDEF))
        return v;
    load_library(vm, g);
    return vm->error.type != NULL ? kw_undef() : meaning(g);
}

/* `name` as a method of the current object, bound to it. */
static bool own_method(kw_vm *vm, const kw_frame *frame, kw_string *name, kw_value *out)
{
    kw_class *c = kw_is(frame->self, KW_OBJECT)   ? frame->self.as.object->klass
                  : kw_is(frame->self, KW_STRUCT) ? frame->self.as.klass
                                                  : NULL;
    const kw_method *m = c != NULL ? kw_class_find(c, name) : NULL;
    if (m == NULL)
        return false;
    *out = bind_method(vm, m->callable, m->is_static ? kw_of_class(c) : frame->self, m->home);
    return true;
}

bool kw_get_global(kw_vm *vm, kw_frame *frame, kw_global *g, bool sibling, kw_value *out)
{
    kw_value v = kw_global_value(vm, g);
    if (vm->error.type == NULL && kw_is(v, KW_UNDEF) && sibling)
        v = kw_global_value(vm, g->plain);
    if (vm->error.type != NULL)
        return false;
    kw_string *name = sibling ? g->plain->name : g->name;
    if (!kw_is(v, KW_UNDEF)) {
        *out = v;
        return true;
    }
    if (own_method(vm, frame, name, out))
        return true;
    kw_throw(vm, "VariableUndefinedError", "The variable has not been declared: '%s'", name->text);
    return false;
}

bool kw_set_global(kw_vm *vm, kw_global *g, kw_value v)
{
    if (g->means & KW_MEANS_CONSTANT) {
        kw_throw(vm, "InvalidOperationError", "Cannot reassign constant '%s'.", g->name->text);
        return false;
    }
    kw_global_define(vm, g, KW_MEANS_VARIABLE, v);
    return true;
}

void kw_define_package(kw_vm *vm, kw_global *g)
{
    if (g->means & KW_MEANS_PACKAGE)
        return;
    kw_package *package = kw_new_obj(vm, KW_K_PACKAGE, sizeof(*package));
    package->name = g->name;
    kw_global_define(vm, g, KW_MEANS_PACKAGE, kw_of_obj(KW_PACKAGE, package));
}

bool kw_open_package(kw_vm *vm, kw_global *g)
{
    load_library(vm, g); /* a package of the library is extended, not hidden */
    kw_define_package(vm, g);
    return vm->error.type == NULL;
}

/* ---- Structs --------------------------------------------------------------------------------- */

bool kw_get_super(kw_vm *vm, kw_frame *frame, kw_string *name, kw_value *out)
{
    if (frame->home == NULL || kw_is(frame->self, KW_UNDEF)) {
        kw_throw(vm, "RuntimeError", "super called outside of a struct method.");
        return false;
    }
    if (frame->home->base == NULL) {
        kw_throw(vm, "RuntimeError", "Struct '%s' has no base struct; cannot call super.",
                 frame->home->name->text);
        return false;
    }
    const kw_method *m = kw_class_find(frame->home->base, name);
    if (m == NULL) {
        kw_throw(vm, "RuntimeError", "Method '%s' not found in base of '%s'.", name->text,
                 frame->home->name->text);
        return false;
    }
    *out = bind_method(vm, m->callable, frame->self, m->home);
    return true;
}

bool kw_define_decl(kw_vm *vm, kw_global *g, kw_value v)
{
    kw_class *c = v.as.klass;
    kw_string *missing = kw_class_missing(c);
    if (missing != NULL) {
        kw_throw(vm, "AbstractMethodError", "Struct `%s` must implement abstract method `%s`.",
                 c->name->text, missing->text);
        return false;
    }
    if ((g->means & KW_MEANS_DECL) && g->decl.as.klass != c &&
        !((g->decl.as.klass->header.flags | c->header.flags) & KW_CLASS_ENUM)) {
        if (kw_class_is_a(c->base, g->decl.as.klass)) {
            kw_throw(vm, "InvalidOperationError", "Struct `%s` cannot inherit from itself.",
                     c->name->text);
            return false;
        }
        kw_class_replace(vm, g->decl.as.klass, c); /* existing objects get the new methods, too */
        v = g->decl;
    }
    kw_global_define(vm, g, KW_MEANS_DECL, v);
    return true;
}

bool kw_overload(kw_vm *vm, kw_value a, kw_operator op, kw_found *out)
{
    const kw_method *m = kw_class_find(a.as.object->klass, vm->operators[op]);
    if (m == NULL)
        return false;
    *out = (kw_found){.callable = m->callable, .home = m->home, .self = a};
    return true;
}

/* ---- throw, print ---------------------------------------------------------------------------- */

static kw_string *text_of(kw_vm *vm, kw_value *v, const char *otherwise)
{
    return v == NULL ? kw_intern_c(vm, otherwise) : kw_to_display(vm, *v);
}

bool kw_throw_value(kw_vm *vm, kw_value v)
{
    kw_string *type, *message;
    if (kw_is(v, KW_MAP)) {
        type = text_of(vm, kw_map_find_string(v.as.map, kw_intern_c(vm, "error")), "Error");
        message = text_of(vm, kw_map_find_string(v.as.map, kw_intern_c(vm, "message")), "");
    } else {
        type = kw_intern_c(vm, "KiwiError");
        message = kw_to_display(vm, v);
    }
    if (type != NULL && message != NULL)
        kw_throw_strings(vm, type, message);
    return false;
}

bool kw_print(kw_vm *vm, kw_value v, unsigned how)
{
    int stream = how & 2 ? 2 : 1;
    if (kw_is(v, KW_STRING)) {
        kw_out(vm, stream, v.as.string->text, v.as.string->size);
    } else {
        kw_buf buf;
        kw_buf_init(&buf);
        kw_display(vm, &buf, v);
        if (buf.failed) {
            kw_buf_free(&buf);
            kw_throw_memory(vm, buf.size);
            return false;
        }
        kw_out(vm, stream, buf.text, buf.size);
        kw_buf_free(&buf);
    }
    if (how & 1)
        kw_out(vm, stream, "\n", 1);
    return vm->error.type == NULL;
}

bool kw_print_at(kw_vm *vm, const kw_value *r)
{
    char move[64];
    if (!kw_is(r[1], KW_INT) || !kw_is(r[2], KW_INT)) {
        kw_throw(vm, "ConversionError", "Expected an integer value.");
        return false;
    }
    int size = snprintf(move, sizeof(move), "\033[%lld;%lldH", (long long)r[2].as.i,
                        (long long)r[1].as.i);
    kw_out(vm, 1, move, (size_t)size);
    return kw_print(vm, r[0], 0);
}

/* ---- Loops ----------------------------------------------------------------------------------- */

bool kw_init_range_loop(kw_vm *vm, kw_value *r)
{
    if (!kw_is(r[0], KW_INT) || !kw_is(r[1], KW_INT)) {
        kw_throw(vm, "RangeError", "Range values must be integers.");
        return false;
    }
    /* r[0] next value, r[1] how many are left, r[2] step; unsigned arithmetic: the whole range
     * may be used */
    bool up = r[0].as.i <= r[1].as.i;
    uint64_t span = up ? (uint64_t)r[1].as.i - (uint64_t)r[0].as.i
                       : (uint64_t)r[0].as.i - (uint64_t)r[1].as.i;
    r[2] = kw_int(up ? 1 : -1);
    r[1].as.i = (int64_t)(span == UINT64_MAX ? span : span + 1);
    return true;
}
