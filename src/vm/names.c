/* names.c - interned strings and the records of global names; both are hash tables with linear
 * probing. */
#include "config.h"

#include "vm/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/heap.h"
#include "vm/text.h"

struct kw_names {
    kw_string **strings; /* NULL: free; &gone: taken out */
    size_t string_cap;   /* power of two */
    size_t string_used;  /* taken slots, the ones taken out included */
    kw_global **globals; /* by the address of their interned name */
    size_t global_cap, global_count;
};

static kw_string gone;

bool kw_names_new(kw_vm *vm)
{
    kw_names *n = calloc(1, sizeof(*n));
    if (n == NULL)
        return false;
    n->string_cap = 1024;
    n->global_cap = 256;
    n->strings = calloc(n->string_cap, sizeof(kw_string *));
    n->globals = calloc(n->global_cap, sizeof(kw_global *));
    vm->names = n;
    if (n->strings != NULL && n->globals != NULL)
        return true;
    kw_names_free(vm);
    return false;
}

void kw_names_free(kw_vm *vm)
{
    kw_names *n = vm->names;
    if (n == NULL)
        return;
    for (size_t i = 0; n->globals != NULL && i < n->global_cap; i++)
        free(n->globals[i]);
    free(n->globals);
    free(n->strings);
    free(n);
    vm->names = NULL;
}

/* ---- Interned strings ------------------------------------------------------------------------ */

static void grow_strings(kw_vm *vm)
{
    kw_names *n = vm->names;
    size_t live = 0;
    for (size_t i = 0; i < n->string_cap; i++)
        live += n->strings[i] != NULL && n->strings[i] != &gone;
    size_t cap = n->string_cap;
    while (cap < live * 3)
        cap *= 2;
    kw_string **table = kw_realloc(vm, NULL, 0, cap * sizeof(kw_string *));
    memset(table, 0, cap * sizeof(kw_string *));
    for (size_t i = 0; i < n->string_cap; i++) {
        kw_string *s = n->strings[i];
        if (s == NULL || s == &gone)
            continue;
        size_t at = s->header.spare32 & (cap - 1);
        while (table[at] != NULL)
            at = (at + 1) & (cap - 1);
        table[at] = s;
    }
    kw_free(vm, n->strings, 0); /* the table itself is not counted: it lives as long as the vm */
    vm->heap->bytes -= cap * sizeof(kw_string *);
    n->strings = table;
    n->string_cap = cap;
    n->string_used = live;
}

static kw_string *find(const kw_names *n, const char *text, size_t size, uint32_t hash)
{
    size_t mask = n->string_cap - 1;
    for (size_t at = hash & mask; n->strings[at] != NULL; at = (at + 1) & mask) {
        kw_string *s = n->strings[at];
        if (s != &gone && s->header.spare32 == hash && s->size == size &&
            memcmp(s->text, text, size) == 0)
            return s;
    }
    return NULL;
}

kw_string *kw_intern_string(kw_vm *vm, kw_string *s)
{
    if (s->header.flags & KW_STR_INTERNED)
        return s;
    kw_names *n = vm->names;
    uint32_t hash = kw_string_hash(s);
    kw_string *old = find(n, s->text, s->size, hash);
    if (old != NULL)
        return old;
    if ((n->string_used + 1) * 3 > n->string_cap * 2)
        grow_strings(vm);
    n = vm->names;
    size_t mask = n->string_cap - 1, at = hash & mask;
    while (n->strings[at] != NULL)
        at = (at + 1) & mask;
    n->strings[at] = s;
    n->string_used++;
    s->header.flags |= KW_STR_INTERNED;
    return s;
}

kw_string *kw_intern(kw_vm *vm, const char *text, size_t size)
{
    kw_string *old = find(vm->names, text, size, kw_text_hash(text, size));
    if (old != NULL)
        return old;
    kw_string *s = kw_string_new(vm, text, size);
    return s == NULL ? NULL : kw_intern_string(vm, s);
}

kw_string *kw_intern_c(kw_vm *vm, const char *text)
{
    return kw_intern(vm, text, strlen(text));
}

void kw_names_sweep(kw_vm *vm)
{
    kw_names *n = vm->names;
    for (size_t i = 0; i < n->string_cap; i++)
        if (n->strings[i] != NULL && n->strings[i] != &gone &&
            n->strings[i]->header.mark == KW_WHITE)
            n->strings[i] = &gone;
}

/* ---- Globals --------------------------------------------------------------------------------- */

static size_t global_slot(kw_global *const *table, size_t cap, const kw_string *name)
{
    size_t at = name->header.spare32 & (cap - 1);
    while (table[at] != NULL && table[at]->name != name)
        at = (at + 1) & (cap - 1);
    return at;
}

static void grow_globals(kw_vm *vm)
{
    kw_names *n = vm->names;
    size_t cap = n->global_cap * 2;
    kw_global **table = kw_realloc(vm, NULL, 0, cap * sizeof(kw_global *));
    vm->heap->bytes -= cap * sizeof(kw_global *); /* as above */
    memset(table, 0, cap * sizeof(kw_global *));
    for (size_t i = 0; i < n->global_cap; i++)
        if (n->globals[i] != NULL)
            table[global_slot(table, cap, n->globals[i]->name)] = n->globals[i];
    free(n->globals);
    n->globals = table;
    n->global_cap = cap;
}

/* Where the last "::" of a name begins, or 0. */
static size_t qualifier(const kw_string *name)
{
    for (size_t i = name->size; i-- > 1;)
        if (name->text[i] == ':' && name->text[i - 1] == ':')
            return i - 1;
    return 0;
}

kw_global *kw_global_at(kw_vm *vm, kw_string *given)
{
    kw_string *name = kw_intern_string(vm, given);
    kw_names *n = vm->names;
    kw_global *g = n->globals[global_slot(n->globals, n->global_cap, name)];
    if (g != NULL)
        return g;
    if ((n->global_count + 1) * 2 > n->global_cap)
        grow_globals(vm);
    g = kw_realloc(vm, NULL, 0, sizeof(*g));
    vm->heap->bytes -= sizeof(*g);
    *g = (kw_global){.name = name,
                     .variable = kw_undef(),
                     .function = kw_undef(),
                     .constant = kw_undef(),
                     .decl = kw_undef(),
                     .package = kw_undef()};
    n->globals[global_slot(n->globals, n->global_cap, name)] = g;
    n->global_count++;
    size_t cut = qualifier(name);
    if (cut > 0) { /* g is in the table by now, so that growing it for "plain" is harmless */
        g->owner = kw_intern(vm, name->text, cut);
        g->plain = kw_global_at(vm, kw_intern(vm, name->text + cut + 2, name->size - cut - 2));
    }
    return g;
}

void kw_names_mark(kw_vm *vm)
{
    kw_names *n = vm->names;
    for (size_t i = 0; i < n->global_cap; i++) {
        kw_global *g = n->globals[i];
        if (g == NULL)
            continue;
        kw_gc_mark_obj(vm, g->name);
        kw_gc_mark_obj(vm, g->owner);
        kw_gc_mark_value(vm, g->variable);
        kw_gc_mark_value(vm, g->function);
        kw_gc_mark_value(vm, g->constant);
        kw_gc_mark_value(vm, g->decl);
        kw_gc_mark_value(vm, g->package);
    }
}

void kw_names_each(kw_vm *vm, void (*take)(const kw_global *g, void *context), void *context)
{
    for (size_t i = 0; i < vm->names->global_cap; i++)
        if (vm->names->globals[i] != NULL)
            take(vm->names->globals[i], context);
}
