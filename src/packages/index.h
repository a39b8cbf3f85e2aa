/* index.h - everything that a script can call without having defined it: packages, types, global functions.
 *
 * It is made from the rows of natives (vm/native.h, packages/package.h) and from the comments of the packages
 * written in Kiwi (stdlib/sources.h), whether a package is loaded or not.
 * Place: packages layer.  Threads: any; the tables do not change. */
#ifndef KP_INDEX_H
#define KP_INDEX_H

#include <stdbool.h>
#include <stddef.h>

typedef enum kp_entry_kind {
    KP_PACKAGE_ENTRY,
    KP_STRUCT_ENTRY,
    KP_CONSTANT_ENTRY,
    KP_FUNCTION_ENTRY,
    KP_METHOD_ENTRY
} kp_entry_kind;

typedef struct kp_entry {
    kp_entry_kind kind;
    const char *place; /* the package, or the built-in type of a method; "" for global functions */
    const char *owner; /* the struct that a method is of; else NULL */
    const char *name;  /* not terminated: the beginning of the signature, where there is one */
    size_t name_size;
    const char *signature;       /* of functions and methods; else NULL */
    const char *about, *example; /* may be NULL */
    const char *setup;           /* code that the example goes on from; may be NULL */
    const char *refused;         /* the name under which safe mode refuses it; NULL: it does not */
    bool of_type;                /* `place` is a type */
} kp_entry;

/* Call `take` with every entry: a package's own come after it.  Names that begin with "__" are left out. */
void kp_index_each(void (*take)(const kp_entry *entry, void *context), void *context);

#endif
