/* packages.h - the registry of library packages and how they are found (registry.c, import.c). */
#ifndef KP_PACKAGES_H
#define KP_PACKAGES_H

#include "vm/vm.h"

/* Global functions and names that every script has from the start. */
void kp_core_define(kw_vm *vm);
extern const kw_native_def kp_core_functions[];

/* kw_hooks.load, .import, .unknown_method.  Without a library (vm->no_stdlib) kp_registry_load()
 * finds only primitives. */
bool kp_registry_load(kw_vm *vm, kw_string *owner, kw_string *name);
kw_proto *kp_import(kw_vm *vm, int kind, kw_value what, kw_string *importer, kw_value *value);

/* Does the name end as those of program files do? */
bool kp_import_has_extension(const char *name);
/* The code of the file, which counts as run from here on; NULL: it ran before, or thrown. */
kw_proto *kp_import_load_file(kw_vm *vm, kw_string *path);
/* Make the function `name` of the package named after the receiver's type a method of that type, if
 * there is one. */
bool kp_registry_extension(kw_vm *vm, kw_value self, kw_string *name);

/* Call `take` with the name of every library package, some twice. */
void kp_registry_each_package(void (*take)(const char *name, void *context), void *context);

#endif
