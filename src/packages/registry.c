/* registry.c - which library package defines what, and the loading of a package when a script first
 * mentions it.  Nothing of the library is parsed or defined at start. */
#include "config.h"

#include <string.h>

#include "packages/library.h"
#include "packages/package.h"
#include "packages/packages.h"
#include "stdlib/sources.h"
#include "types/complaint.h"
#include "vm/interp.h"

/* Types whose methods a package of the same name extends (TYPES.md section 2). */
static bool type_of_package(const char *name, kw_type *type)
{
    static const kw_type extended[] = {KW_INT, KW_FLOAT, KW_BOOL, KW_STRING, KW_LIST,
                                       KW_MAP, KW_BYTES, KW_DATE, KW_LAMBDA, KW_GENERATOR};
    for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++)
        if (strcmp(name, kw_display_type_name(extended[i])) == 0) {
            *type = extended[i];
            return true;
        }
    return false;
}

/* ---- Loading --------------------------------------------------------------------------------- */

static bool is_struct(const kw_stdlib_entry *e)
{
    return e->owner != 0 && e->signature == 0;
}

void kp_registry_each_package(void (*take)(const char *name, void *context), void *context)
{
    for (size_t i = 0; i < kp_package_count; i++)
        take(kp_packages[i]->name, context);
    for (const kw_stdlib_source *s = kw_stdlib_sources; s->name != NULL; s++)
        if (strcmp(s->name, "prelude") != 0)
            take(s->name, context);
}

static bool define_package(kw_vm *vm, const char *name)
{
    const kp_package *native = kp_package_find(name);
    bool found = native != NULL;
    if (found)
        kp_package_define(vm, native);
    for (const kw_stdlib_entry *e = kw_stdlib_entries; e->source != 0; e++)
        if (is_struct(e) && strcmp(kw_stdlib_word(e->package), name) == 0)
            found |= kp_library_run(vm, kw_stdlib_word(e->source));
    return kp_library_run(vm, name) || found;
}

bool kp_registry_load(kw_vm *vm, kw_string *owner, kw_string *name)
{
    if (owner == NULL && kp_package_define_global(vm, name))
        return true;
    if (vm->no_stdlib)
        return false;
    if (owner != NULL)
        return define_package(vm, owner->text);
    for (const kw_stdlib_entry *e = kw_stdlib_entries; e->source != 0; e++)
        if (is_struct(e) && strcmp(kw_stdlib_word(e->owner), name->text) == 0)
            return kp_library_run(vm, kw_stdlib_word(e->source));
    return define_package(vm, name->text);
}

/* ---- Methods of packages that extend a type -------------------------------------------------- */

/* The function `name` of the package that bears the name of the receiver's type becomes a method of
 * it. */
bool kp_registry_extension(kw_vm *vm, kw_value self, kw_string *name)
{
    kw_type type;
    const char *package = kw_display_type_name((kw_type)self.tag);
    if (kw_complaint_define(vm, self, name))
        return true;
    if (!type_of_package(package, &type))
        return false;
    kw_value v = kw_global_value(vm, kw_names_global_member(vm, package, name->text));
    if (!kw_is(v, KW_LAMBDA))
        return false;
    kw_native_extend_type(vm, type, name, v);
    return true;
}
