/* native.c - see native.h. */
#include "config.h"

#include "vm/native.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/interp.h"
#include "vm/names.h"
#include "vm/vm.h"

/* ---- Making ---------------------------------------------------------------------------------------- */

static kw_native *new_native(kw_vm *vm, const kw_native_def *def, kw_string *name)
{
    kw_native *n = kw_heap_new_obj(vm, KW_KIND_NATIVE, sizeof(*n));
    n->receiver = KW_UNDEF;
    n->least = UINT32_MAX; /* so that its first call comes by kw_native_check() */
    n->def = def;
    n->fn = def->fn;
    n->wanted = def->checks;
    n->name = name;
    return n;
}

static kw_string *name_of(kw_vm *vm, const kw_native_def *def)
{
    return kw_intern(vm, def->signature, kw_signature_name(def->signature));
}

kw_value kw_native_new(kw_vm *vm, const kw_native_def *def)
{
    return kw_of_obj(KW_LAMBDA, new_native(vm, def, name_of(vm, def)));
}

kw_value kw_native_method_new(kw_vm *vm, kw_type type, const kw_native_def *def)
{
    kw_native *n = new_native(vm, def, name_of(vm, def));
    n->receiver = type;
    return kw_of_obj(KW_LAMBDA, n);
}

kw_value kw_native_method_instead(kw_vm *vm, kw_type type, const kw_native_def *def, kw_checks wanted, kw_native_fn fn)
{
    kw_value method = kw_native_method_new(vm, type, def);
    kw_native *n = (kw_native *)method.as.obj;
    n->counts = true;
    n->wanted = wanted;
    n->fn = fn;
    return method;
}

void kw_native_mark(kw_vm *vm, kw_native *native)
{
    kw_gc_mark_obj(vm, native->name);
    const kw_signature *s = native->signature;
    for (uint32_t i = 0; s != NULL && i < s->count; i++)
        kw_gc_mark_value(vm, s->params[i].otherwise);
}

void kw_native_free(kw_native *native)
{
    if (native->signature != NULL)
        kw_signature_free(native->signature);
    free(native->signature);
}

/* ---- Names in error texts -------------------------------------------------------------------------- */

/* The internal name without its number of arguments. */
static kw_string *internal_name(kw_vm *vm, const kw_native_def *def)
{
    return kw_intern(vm, def->internal, strcspn(def->internal, "/"));
}

const char *kw_native_title(kw_vm *vm, const kw_native *native)
{
    const kw_native_def *def = native->def;
    return def->internal == NULL ? native->name->text : internal_name(vm, def)->text;
}

kw_value kw_native_primitive(kw_vm *vm, const kw_native_def *def)
{
    kw_native *n = new_native(vm, def, internal_name(vm, def));
    n->counts = true;
    n->primitive = true;
    return kw_of_obj(KW_LAMBDA, n);
}

/* ---- Checking -------------------------------------------------------------------------------------- */

/* "2" or "2-3" after the name of a primitive. */
static void read_arity(const char *internal, kw_signature *s)
{
    char *end;
    const char *slash = strchr(internal, '/');
    assert(slash != NULL);
    s->least = s->most = (uint32_t)strtoul(slash + 1, &end, 10);
    if (*end == '-')
        s->most = (uint32_t)strtoul(end + 1, NULL, 10);
}

static bool parse(kw_vm *vm, kw_native *n)
{
    const char *at;
    kw_signature *s = malloc(sizeof(*s));
    if (s == NULL || !kw_signature_parse(vm, n->def->signature, s, &at)) {
        assert(s == NULL || at == NULL); /* a test parses all signatures */
        free(s);
        (void)kw_throw_memory(vm, sizeof(*s));
        return false;
    }
    if (n->primitive)
        read_arity(n->def->internal, s);
    n->signature = s;
    return true;
}

static bool has_types(const kw_signature *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (s->params[i].types != KW_ANY_TYPE)
            return true;
    return false;
}

/* The first call of a native. */
static bool prepare(kw_vm *vm, kw_native *n)
{
    if (n->owner != NULL && !vm->hooks.admit(vm, n))
        return false;
    bool counted = n->primitive || (n->counts && n->wanted != KW_CHECK_NONE), all = n->wanted == KW_CHECK_ALL;
    if ((counted || all) && !parse(vm, n))
        return false;
    n->typed = all && has_types(n->signature);
    n->least = counted ? n->signature->least : 0;
    n->most = counted ? n->signature->most : UINT32_MAX;
    return true;
}

/* The name of the types for an error text: Kiwi 1.4.3's one for numbers, else all of them. */
static kw_string *title_of(kw_vm *vm, uint32_t types)
{
    if (types == (1U << KW_INT | 1U << KW_FLOAT))
        return kw_intern_c(vm, "Number");
    kw_buf buf;
    kw_buf_init(&buf);
    for (unsigned type = KW_INT; type < KW_TYPE_COUNT; type++)
        if (types & 1U << type) {
            kw_buf_puts(&buf, buf.size == 0 ? "" : " or ");
            kw_buf_puts(&buf, kw_display_type_title((kw_type)type));
        }
    return kw_buf_string(vm, &buf);
}

/* Texts count the handle of a native struct, which Kiwi 1.4.3's natives take first. */
static bool wrong_type(kw_vm *vm, const kw_call *call, uint32_t at, uint32_t types)
{
    const kw_native *n = call->native;
    bool has_handle = n->receiver == KW_OBJECT && !n->counts;
    const kw_string *title = title_of(vm, types);
    if (title != NULL)
        (void)kw_throw_param(vm, kw_native_title(vm, n), at + (has_handle ? 1 : 0), title->text,
                             kw_native_operand(call, at));
    return false;
}

static bool right_count(kw_vm *vm, const kw_call *call)
{
    const kw_native *n = call->native;
    if (call->argc >= n->least && call->argc <= n->most)
        return true;
    int told = n->least == n->most ? (int)n->least : -1;
    (void)kw_throw_count(vm, kw_native_title(vm, n), told, call->argc);
    return false;
}

/* Null, or nothing, for a parameter that is of another type.  Functions of packages take null for a missing
 * argument; methods of built-in types and global functions do not. */
static bool may_be_null(const kw_native *n, const kw_parameter *p, bool missing)
{
    bool counts = n->counts && !n->primitive;
    return p->nullable || ((missing || !counts) && !kw_is(p->otherwise, KW_UNDEF));
}

/* The usual call: each argument is there, and of a type that is named. */
static bool plainly_right(const kw_call *call)
{
    const kw_signature *s = call->native->signature;
    if (call->argc != s->count || kw_native_self_is_first(call))
        return false;
    for (uint32_t i = 0; i < s->count; i++)
        if (!(s->params[i].types & 1U << call->args[i].tag))
            return false;
    return true;
}

/* In the order of the arguments, and the first wrong one is told. */
static bool right_types(kw_vm *vm, const kw_call *call)
{
    if (plainly_right(call))
        return true;
    const kw_signature *s = call->native->signature;
    uint32_t given = call->argc + (kw_native_self_is_first(call) ? 1 : 0);
    for (uint32_t i = 0; i < s->count; i++) {
        const kw_parameter *p = &s->params[i];
        uint32_t last = p->variadic ? given : i + 1;
        for (uint32_t at = i; at < last; at++) {
            uint32_t tag = kw_native_operand(call, at).tag;
            if (!(p->types & 1U << tag) && !(tag == KW_NULL && may_be_null(call->native, p, at >= given)))
                return wrong_type(vm, call, at, p->types);
        }
    }
    return true;
}

bool kw_native_check(kw_vm *vm, kw_call *call)
{
    kw_native *n = (kw_native *)call->native;
    if (n->receiver != KW_UNDEF && n->receiver != call->self.tag) {
        (void)kw_throw(vm, "InvalidOperationError", "Method `%s` cannot be called on a `%s`.", n->name->text,
                       kw_display_type_title((kw_type)call->self.tag));
        return false;
    }
    if (n->least == UINT32_MAX && !prepare(vm, n))
        return false;
    return right_count(vm, call) && (!n->typed || right_types(vm, call));
}

kw_value kw_native_argument(const kw_call *call, uint32_t at)
{
    kw_value v = kw_native_operand(call, at);
    const kw_signature *s = call->native->signature;
    if (!kw_is(v, KW_NULL) || kw_is(s->params[at].otherwise, KW_UNDEF))
        return v;
    return s->params[at].otherwise;
}

/* ---- Defining -------------------------------------------------------------------------------------- */

void kw_native_extend_type(kw_vm *vm, kw_type type, kw_string *name, kw_value callable)
{
    if (vm->methods[type] == NULL)
        vm->methods[type] = kw_map_new(vm, 64);
    if (kw_map_find_string(vm->methods[type], name) == NULL) /* the first registration of a name wins */
        kw_map_put(vm, vm->methods[type], kw_of_string(name), callable);
    vm->method_epoch++;
}

void kw_native_define_methods(kw_vm *vm, kw_type type, const kw_native_def *defs)
{
    for (; defs->signature != NULL; defs++) {
        kw_value method = kw_native_method_new(vm, type, defs);
        kw_native *n = (kw_native *)method.as.obj;
        n->counts = true;
        kw_native_extend_type(vm, type, n->name, method);
    }
}

void kw_native_mark_fast(kw_vm *vm, kw_type type, const char *name, kw_fast fast)
{
    kw_value *method = kw_map_find_string(vm->methods[type], kw_intern_c(vm, name));
    assert(method != NULL && method->as.obj->kind == KW_KIND_NATIVE);
    method->as.obj->flags = (uint8_t)fast;
}

void kw_native_define_functions(kw_vm *vm, const char *package, const kw_native_def *defs, const void *owner)
{
    for (; defs->signature != NULL; defs++) {
        kw_string *name = name_of(vm, defs);
        kw_global *g = kw_names_global_member(vm, package, name->text);
        if (g->means & KW_MEANS_FUNCTION) /* a script's own function stays */
            continue;
        kw_native *n = new_native(vm, defs, name);
        n->owner = owner;
        n->counts = package == NULL; /* as methods of built-in types do */
        kw_global_define(vm, g, KW_MEANS_FUNCTION, kw_of_obj(KW_LAMBDA, n));
    }
    if (package != NULL)
        kw_global_define_package(vm, kw_names_global_at(vm, kw_intern_c(vm, package)));
}
