/* packages.h - the registry of library packages and how they are found (registry.c, import.c). */
#ifndef KP_PACKAGES_H
#define KP_PACKAGES_H

#include "vm/vm.h"

/* Define the natives of one package; called when a script first mentions it. */
typedef void (*kp_define)(kw_vm *vm);

void kp_task_define(kw_vm *vm);    /* task:: and the globals spawn and await */
void kp_channel_define(kw_vm *vm); /* struct Channel */
void kp_mutex_define(kw_vm *vm);   /* struct Mutex */
void kp_signal_define(kw_vm *vm);
void kp_socket_define(kw_vm *vm);
void kp_tls_define(kw_vm *vm);
void kp_udp_define(kw_vm *vm); /* udp:: and struct Socket */
void kp_math_define(kw_vm *vm);
void kp_env_define(kw_vm *vm);
void kp_string_define(kw_vm *vm);
void kp_date_define(kw_vm *vm);
void kp_time_define(kw_vm *vm);
void kp_encode_define(kw_vm *vm);
/* Global functions and names that every script has from the start. */
void kp_core_define(kw_vm *vm);

/* kw_hooks.load, .import, .prelude, .unknown_method.  Without a library (vm->no_stdlib) kp_load() finds
 * nothing. */
bool kp_load(kw_vm *vm, kw_string *owner, kw_string *name);
kw_proto *kp_import(kw_vm *vm, int kind, kw_value what, kw_string *importer, kw_value *value);
kw_value kw_prelude(kw_vm *vm, const char *name);

/* Run the files of a library in the folder `path`, by name, or the one file `path`.  Returns the exit
 * code; not 0 also after an error, which vm->error has, and vm->exiting says whether the program is over. */
int kp_run_stdlib(kw_vm *vm, const char *path);
/* Does the name end as those of program files do? */
bool kp_has_extension(const char *name);
/* The code of the file, which counts as run from here on; NULL: it ran before, or thrown. */
kw_proto *kp_load_file(kw_vm *vm, kw_string *path);
/* Run `p` as the main program (NULL: it did not compile).  Returns the exit code. */
int kp_run_program(kw_vm *vm, kw_proto *p);
/* Compile and run library source; it must not suspend.  false: thrown. */
bool kp_run_source(kw_vm *vm, const char *name, const char *text, size_t size);
/* Run the embedded library file `name`, once.  false: there is none, or thrown. */
bool kp_run_library(kw_vm *vm, const char *name);
/* Make the function `name` of the package named after the receiver's type a method of that type, if
 * there is one. */
bool kp_extension(kw_vm *vm, kw_value self, kw_string *name);
/* Run a closure without arguments to its end on a fiber of its own; it must not suspend. */
bool kp_run_now(kw_vm *vm, kw_value callable, kw_value *out);

/* Call `take` with the name of every library package, some twice. */
void kp_each_package(void (*take)(const char *name, void *context), void *context);

#endif
