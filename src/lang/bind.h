/* bind.h - which variable a name means, decided before code is made (LANGUAGE.md 7.2).
 *
 * Place: lang.  The scopes of functions hang on the tree (kw_function_node.scope); the units of
 * packages are found with kw_bind_unit().  Memory: the arena of the tree, and maps that
 * kw_bind_fini() frees. */
#ifndef KW_BIND_H
#define KW_BIND_H

#include "base/map.h"
#include "base/status.h"
#include "lang/ast.h"

/* What top-level statements make of a name. */
enum kw_naming { KW_NAMES_VARIABLE = 1, KW_NAMES_CONSTANT = 2 };

/* A place where top-level statements bind names: the file, or the body of a package. */
typedef struct kw_unit {
    struct kw_unit *outer; /* around a package; NULL: the file */
    kb_map names;          /* kw_name pointer -> kw_naming flags as a pointer */
    uint32_t depth;        /* parts of the package's qualified name; 0: the file */
} kw_unit;

typedef struct kw_local {
    const kw_name *name;
    bool captured;       /* an inner function uses it: it lives in a cell */
    uint32_t defined_at; /* nothing but a nested function: its offset in the text; else 0 */
} kw_local;

typedef struct kw_scope {   /* one function or lambda */
    struct kw_scope *outer; /* the function around it, or NULL */
    kw_unit *unit;
    kw_local *locals; /* parameters first, then *rest, then the others */
    uint32_t count, cap;
    kb_map index; /* kw_name pointer -> kw_local number + 1 as a pointer */
} kw_scope;

typedef struct kw_scopes {
    kw_arena *arena;
    kw_unit file;
    kb_map units;   /* PACKAGE node -> kw_unit */
    kw_scope **all; /* every scope, to free the maps */
    uint32_t count, cap;
    kb_status status; /* KB_ENOMEM once memory is short */
} kw_scopes;

/* Analyse a program.  KB_ENOMEM; *scopes must be ended in any case. */
kb_status kw_bind_init(kw_scopes *scopes, kw_arena *arena, const kw_node *program);
void kw_bind_fini(kw_scopes *scopes);
kw_unit *kw_bind_unit(kw_scopes *scopes, const kw_node *package);
/* Number of the local `name` of this very scope, or -1. */
int kw_bind_find(const kw_scope *scope, const kw_name *name);
/* The kw_naming flags of `name`; 0: no top-level statement of the unit binds it. */
int kw_bind_unit_binds(const kw_unit *unit, const kw_name *name);

#endif
