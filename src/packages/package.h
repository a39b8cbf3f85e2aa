/* package.h - a package of the library as one declaration.
 *
 * A package is one file with one `const kp_package kp_NAME`, which local.mk lists; table.sh makes the table of all
 * of them.  The loader, the checker of arguments, safe mode, hints, completion, `kiwi --doc` and the
 * pages of reference read it, and nothing else knows a package by name.
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_PACKAGE_H
#define KP_PACKAGE_H

#include "base/library.h"
#include "packages/host.h"

/* A struct whose methods are natives.  Its objects hold a handle: memory of the package's own. */
typedef struct kp_struct {
    const struct kp_package *package; /* the one that lists it */
    const char *name, *about;
    const kw_native_def *methods;
    const char *noun;  /* what error texts call it: "mutex" */
    const char *field; /* the attribute of its objects that holds the handle */
    const char *each;  /* a generator function of the library: `for` runs through its objects by that.  NULL: not */
    void (*mark)(kw_vm *vm, void *handle); /* its values are roots; NULL: it has none */
    void (*free)(kw_vm *vm, void *handle);
} kp_struct;

typedef struct kp_constant {
    const char *name; /* NULL: the end of the table */
    const char *text; /* NULL: it is the number */
    double number;
    const char *about;
} kp_constant;

typedef struct kp_package {
    const char *name, *about;
    const kw_native_def *functions;  /* may be NULL, as all tables here */
    const kw_native_def *globals;    /* functions that every script has without the package's name */
    const kp_struct *const *structs; /* ends with NULL; scripts have them by their names alone */
    const kp_constant *constants;
    const char *refused; /* safe mode refuses its functions, under this name; NULL: it does not */
    bool network;        /* its functions find the networking runtime open */
    const char *setup;   /* code that its examples go on from */
    /* What it keeps for one interpreter: zeroed memory, opened before its first use. */
    size_t state_size;
    void (*mark)(kw_vm *vm, void *state);    /* the values in it are roots */
    void (*collect)(kw_vm *vm, void *state); /* in each turn of the scheduler: wake who waits */
    /* when a program has ended and no task is left, or it has called `exit`; false: what was left to do failed, which is
     * told, and the exit code is not 0 */
    bool (*end)(kw_vm *vm, void *state);
    void (*close)(kw_vm *vm, void *state); /* before the networking runtime is closed */
} kp_package;

/* All of them, and how many (table.c, which is made). */
extern const kp_package *const kp_packages[];
extern const size_t kp_package_count;

const kp_package *kp_package_find(const char *name);
/* Define functions, constants and structs; a script's own of the same name stay. */
void kp_package_define(kw_vm *vm, const kp_package *package);
/* Define what every script has by the global name `name`: a struct, a function, or a function's internal
 * name (without a library only these).  false: nothing has it. */
bool kp_package_define_global(kw_vm *vm, const kw_string *name);
/* kw_hooks.admit: safe mode, and what its functions find open. */
bool kp_package_admit(kw_vm *vm, const kw_native *native);
/* Throw what safe mode refuses under this name. */
kw_result kp_package_refuse(kw_vm *vm, const char *name);

/* ---- For the files of packages ----------------------------------------------------------------- */

/* The package's state in this interpreter.  Before its first use NULL from kp_state_known(); kp_state()
 * opens it: NULL: thrown. */
void *kp_state(kw_vm *vm, const kp_package *package);
void *kp_state_known(kw_vm *vm, const kp_package *package);

/* The struct, made on first need.  Natives take it from here, whatever a script calls by its name. */
kw_class *kp_struct_class(kw_vm *vm, const kp_struct *s);
/* kw_hooks.each. */
kw_value kp_struct_each(kw_vm *vm, const kw_object *object);
/* Give an object its handle, which the struct's `free` frees. */
void kp_struct_give_handle(kw_vm *vm, kw_object *object, const kp_struct *s, void *handle);
/* The handle of the receiver.  NULL: thrown. */
void *kp_struct_handle(kw_vm *vm, const kw_call *call, const kp_struct *s);
/* A handle without an object around it, and what is behind that (NULL: it is not one of the struct's). */
kw_value kp_struct_pointer(kw_vm *vm, const kp_struct *s, void *handle);
void *kp_struct_handle_at(kw_value v, const kp_struct *s);

/* Load a library that the function of `call` stands on.  false: NotAvailableError, which names the library and the
 * package to install, is thrown. */
bool kp_needs(kw_vm *vm, const kw_call *call, kb_library *library);
/* Throw that error: there is no such library. */
kw_result kp_needs_lacks(kw_vm *vm, const kw_call *call, const char *library, const char *debian_package);

/* For the host: all states that are open. */
void kp_state_mark_all(kw_vm *vm);
void kp_state_collect_all(kw_vm *vm);
bool kp_state_end_all(kw_vm *vm); /* false: one has failed */
void kp_state_close_all(kw_vm *vm);

#endif
