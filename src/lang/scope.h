/* scope.h - which variable a name means, decided before code is made.
 *
 * Place: lang; reads the tree, writes kw_function_node.scope only.  Scopes live in the arena of the tree.
 * A file and a package body have a table of the names they bind; a function has a table of its locals,
 * each with a register, and knows which of them functions inside it use.  The rules are those of
 * language.md 7.2, with their deviations. */
#ifndef KW_SCOPE_H
#define KW_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lang/arena.h"
#include "lang/ast.h"

typedef enum kw_scope_kind { KW_SCOPE_FILE, KW_SCOPE_PACKAGE, KW_SCOPE_FUNCTION } kw_scope_kind;

typedef struct kw_var {
    const kw_name *name;
    uint32_t at;      /* FUNCTION: its register; parameters come first */
    bool captured;    /* FUNCTION: used by functions inside, so it lives in a cell */
    bool assignable;  /* FILE, PACKAGE: a variable; else a function, constant, struct ... */
    bool is_package;  /* PACKAGE: a package nested in it */
    struct kw_var *next;
} kw_var;

typedef struct kw_scope {
    kw_scope_kind kind;
    struct kw_scope *parent; /* NULL: the file */
    const kw_node *node;     /* PACKAGE: the statement; else NULL */
    const char *package;     /* PACKAGE: full name "a::b" */
    size_t package_size;
    kw_var **vars; /* in the order of their registers */
    uint32_t var_count, var_cap;
    kw_var **buckets;
    uint32_t bucket_count; /* a power of two */
    bool inner_assign;     /* some assignment is part of a larger expression */
    struct kw_scope *next_package; /* of the unit */
} kw_scope;

typedef struct kw_scopes {
    kw_scope *file;
    kw_scope *packages; /* of the whole text, newest first */
} kw_scopes;

/* Analyse a PROGRAM node.  False: out of memory. */
bool kw_scope_analyse(kw_arena *arena, const kw_node *program, kw_scopes *out);
/* The name in this one scope, or NULL. */
kw_var *kw_scope_find(const kw_scope *scope, const kw_name *name);
/* The scope of a PACKAGE node. */
kw_scope *kw_scope_of_package(const kw_scopes *scopes, const kw_node *node);
/* Call `each` for every node directly below `node`; `is_statement`: it stands in a list of statements or where
 * a guard wants one.  Does not enter functions, structs and packages, except for decorators, static values and
 * the like that belong to the scope around them.  Stops if `each` returns false, and returns that. */
bool kw_scope_children(const kw_node *node, bool (*each)(void *context, const kw_node *child, bool is_statement),
                       void *context);

#endif
