/* package.c - the packages of natives, as their declarations say.  See package.h. */
#include "config.h"

#include "packages/package.h"

#include <assert.h>
#include <string.h>

#include "vm/names.h"

const kp_package *kp_package_find(const char *name)
{
    for (size_t i = 0; i < kp_package_count; i++)
        if (strcmp(kp_packages[i]->name, name) == 0)
            return kp_packages[i];
    return NULL;
}

/* ---- Defining --------------------------------------------------------------------------------------- */

static void define_struct(kw_vm *vm, const kp_package *p, const kp_struct *s)
{
    assert(s->package == p);
    kw_global *g = kw_names_global_at(vm, kw_intern_c(vm, s->name));
    if (!(g->means & KW_MEANS_DECL))
        kw_global_define(vm, g, KW_MEANS_DECL, kw_of_class(kp_struct_class(vm, s)));
}

static kw_value constant_value(kw_vm *vm, const kp_constant *c)
{
    return c->text != NULL ? kw_string_c(vm, c->text) : kw_float(c->number);
}

void kp_package_define(kw_vm *vm, const kp_package *p)
{
    assert(p->state_size > 0 || (p->mark == NULL && p->collect == NULL && p->close == NULL)); /* they need a state */
    static const kw_native_def none[] = {{NULL}};
    if (kw_names_global_at(vm, kw_intern_c(vm, p->name))->means & KW_MEANS_PACKAGE)
        return;
    kw_native_define_functions(vm, p->name, p->functions != NULL ? p->functions : none, p);
    for (const kp_constant *c = p->constants; c != NULL && c->name != NULL; c++)
        kw_vm_define_value(vm, p->name, c->name, constant_value(vm, c));
    for (const kp_struct *const *s = p->structs; s != NULL && *s != NULL; s++)
        define_struct(vm, p, *s);
}

/* ---- Global names ----------------------------------------------------------------------------------- */

static bool is_called(const char *signature, const kw_string *name)
{
    return kw_signature_name(signature) == name->size && memcmp(signature, name->text, name->size) == 0;
}

/* Is it the internal name of the function, by which scripts may call it? */
static bool is_primitive(const kw_native_def *def, const kw_string *name)
{
    return def->internal != NULL && strncmp(def->internal, name->text, name->size) == 0 &&
           def->internal[name->size] == '/';
}

static bool define_native(kw_vm *vm, const kw_string *name, kw_value native, const kp_package *owner)
{
    ((kw_native *)native.as.obj)->owner = owner;
    kw_global_define(vm, kw_names_global_at(vm, kw_intern(vm, name->text, name->size)), KW_MEANS_FUNCTION, native);
    return true;
}

static bool define_from(kw_vm *vm, const kp_package *p, const kw_native_def *table, const kw_string *name,
                        bool primitives)
{
    for (const kw_native_def *def = table; def != NULL && def->signature != NULL; def++)
        if (primitives && is_primitive(def, name))
            return define_native(vm, name, kw_native_primitive(vm, def), p);
    for (const kw_native_def *def = table; !primitives && def != NULL && def->signature != NULL; def++)
        if (is_called(def->signature, name))
            return define_native(vm, name, kw_native_new(vm, def), p);
    return false;
}

static bool define_struct_called(kw_vm *vm, const kp_package *p, const kw_string *name)
{
    for (const kp_struct *const *s = p->structs; s != NULL && *s != NULL; s++)
        if (strcmp((*s)->name, name->text) == 0) {
            define_struct(vm, p, *s);
            return true;
        }
    return false;
}

static bool define_primitive(kw_vm *vm, const kp_package *p, const kw_string *name)
{
    return define_from(vm, p, p->functions, name, true) || define_from(vm, p, p->globals, name, true);
}

bool kp_package_define_global(kw_vm *vm, const kw_string *name)
{
    bool primitive = strncmp(name->text, "__", 2) == 0;
    for (size_t i = 0; i < kp_package_count; i++) {
        const kp_package *p = kp_packages[i];
        if (primitive
                ? define_primitive(vm, p, name)
                : !vm->no_stdlib && (define_struct_called(vm, p, name) || define_from(vm, p, p->globals, name, false)))
            return true;
    }
    return false;
}

/* ---- Before the first call -------------------------------------------------------------------------- */

kw_result kp_package_refuse(kw_vm *vm, const char *name)
{
    return kw_throw(vm, "SafeModeError", "'%s' is not available in safe mode.", name);
}

bool kp_package_admit(kw_vm *vm, const kw_native *native)
{
    const kp_package *p = native->owner;
    assert(p != NULL);
    const char *refused = native->def->refused != NULL ? native->def->refused : p->refused;
    if (vm->safe_mode && refused != NULL) {
        (void)kp_package_refuse(vm, refused);
        return false;
    }
    return !p->network || kp_host_net(vm) != NULL;
}
