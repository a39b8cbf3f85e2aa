/* names.c - interned strings and the records of global names; both are hash tables with linear
 * probing. */
#include "config.h"

#include "vm/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/hash.h"
#include "vm/heap.h"
#include "vm/text.h"

struct kw_names {
    kw_string **strings; /* NULL: free; &gone: taken out */
    size_t string_cap;   /* power of two */
    size_t string_used;  /* taken slots, the ones taken out included */
    kw_global **globals; /* by the address of their interned name */
    size_t global_cap, global_count;
    size_t marked_count; /* of them, during a collection */
};

enum { LEAST_STRINGS = 1024, LEAST_GLOBALS = 256 }; /* slots */

static kw_string gone;

bool kw_names_new(kw_vm *vm)
{
    kw_names *n = calloc(1, sizeof(*n));
    if (n == NULL)
        return false;
    n->string_cap = LEAST_STRINGS;
    n->global_cap = LEAST_GLOBALS;
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

/* Move the strings to a table of `cap` slots (not fewer than there are), which is not counted: it
 * lives as long as the vm. */
static void move_strings(kw_names *n, kw_string **table, size_t cap)
{
    assert((cap & (cap - 1)) == 0);
    n->string_used = 0;
    for (size_t i = 0; i < n->string_cap; i++) {
        kw_string *s = n->strings[i];
        if (s == NULL || s == &gone)
            continue;
        size_t at = s->header.spare32 & (cap - 1);
        while (table[at] != NULL)
            at = (at + 1) & (cap - 1);
        table[at] = s;
        n->string_used++;
    }
    free(n->strings);
    n->strings = table;
    n->string_cap = cap;
}

static void grow_strings(kw_vm *vm)
{
    kw_names *n = vm->names;
    size_t living = 0, cap = n->string_cap;
    for (size_t i = 0; i < n->string_cap; i++)
        living += n->strings[i] != NULL && n->strings[i] != &gone;
    while (cap < living * 3)
        cap *= 2;
    kw_string **table = kw_heap_realloc(vm, NULL, 0, cap * sizeof(kw_string *));
    kw_heap_uncount(vm, cap * sizeof(kw_string *));
    memset(table, 0, cap * sizeof(kw_string *));
    move_strings(n, table, cap);
}

/* A table that was needed once is not kept for ever.  Without memory it stays. */
static void shrink_strings(kw_names *n, size_t living)
{
    size_t cap = n->string_cap;
    while (cap > LEAST_STRINGS && living * 8 < cap)
        cap /= 2;
    kw_string **table = cap < n->string_cap ? calloc(cap, sizeof(kw_string *)) : NULL;
    if (table != NULL)
        move_strings(n, table, cap);
}

static kw_string *find(const kw_names *n, const char *text, size_t size, uint32_t hash)
{
    size_t mask = n->string_cap - 1;
    for (size_t at = hash & mask; n->strings[at] != NULL; at = (at + 1) & mask) {
        kw_string *s = n->strings[at];
        if (s != &gone && s->header.spare32 == hash && s->size == size && memcmp(s->text, text, size) == 0)
            return s;
    }
    return NULL;
}

kw_string *kw_names_intern_string(kw_vm *vm, kw_string *s)
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
    assert(n->string_used < n->string_cap); /* a free slot ends every search */
    size_t mask = n->string_cap - 1, at = hash & mask;
    while (n->strings[at] != NULL)
        at = (at + 1) & mask;
    n->strings[at] = s;
    n->string_used++;
    s->header.flags |= KW_STR_INTERNED;
    return s;
}

/* There is always memory for a name. */
static kw_string *new_name(kw_vm *vm, const char *text, size_t size)
{
    size_t length;
    if (kw_text_valid_part(text, size, &length) != size)
        return kw_string_new(vm, text, size);
    kw_string *s = kw_heap_new_raw_obj(vm, KW_KIND_STRING, sizeof(*s) + size + 1);
    kw_string_fill(s, size, length);
    memcpy(s->text, text, size);
    return s;
}

kw_string *kw_intern(kw_vm *vm, const char *text, size_t size)
{
    kw_string *old = find(vm->names, text, size, kw_hash_bytes(text, size));
    return old != NULL ? old : kw_names_intern_string(vm, new_name(vm, text, size));
}

kw_string *kw_intern_c(kw_vm *vm, const char *text)
{
    return kw_intern(vm, text, strlen(text));
}

/* ---- Globals --------------------------------------------------------------------------------- */

static size_t global_slot(kw_global *const *table, size_t cap, const kw_string *name)
{
    assert((name->header.flags & KW_STR_INTERNED) && (cap & (cap - 1)) == 0);
    size_t at = name->header.spare32 & (cap - 1);
    while (table[at] != NULL && table[at]->name != name)
        at = (at + 1) & (cap - 1);
    return at;
}

static void move_globals(kw_names *n, kw_global **table, size_t cap)
{
    for (size_t i = 0; i < n->global_cap; i++)
        if (n->globals[i] != NULL)
            table[global_slot(table, cap, n->globals[i]->name)] = n->globals[i];
    free(n->globals);
    n->globals = table;
    n->global_cap = cap;
}

static void grow_globals(kw_vm *vm)
{
    size_t cap = vm->names->global_cap * 2;
    kw_global **table = kw_heap_realloc(vm, NULL, 0, cap * sizeof(kw_global *));
    kw_heap_uncount(vm, cap * sizeof(kw_global *));
    memset(table, 0, cap * sizeof(kw_global *));
    move_globals(vm->names, table, cap);
}

/* Where the last "::" of a name begins, or 0. */
static size_t qualifier(const kw_string *name)
{
    for (size_t i = name->size; i-- > 1;)
        if (name->text[i] == ':' && name->text[i - 1] == ':')
            return i - 1;
    return 0;
}

kw_global *kw_names_global_at(kw_vm *vm, kw_string *given)
{
    kw_string *name = kw_names_intern_string(vm, given);
    kw_names *n = vm->names;
    kw_global *g = n->globals[global_slot(n->globals, n->global_cap, name)];
    if (g != NULL)
        return g;
    if ((n->global_count + 1) * 2 > n->global_cap)
        grow_globals(vm);
    g = kw_heap_realloc(vm, NULL, 0, sizeof(*g));
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
        g->plain = kw_names_global_at(vm, kw_intern(vm, name->text + cut + 2, name->size - cut - 2));
    }
    return g;
}

kw_global *kw_names_global_member(kw_vm *vm, const char *package, const char *name)
{
    if (package == NULL)
        return kw_names_global_at(vm, kw_intern_c(vm, name));
    kw_buf full;
    kw_buf_init(&full);
    kw_buf_puts(&full, package);
    kw_buf_puts(&full, "::");
    kw_buf_puts(&full, name);
    kw_global *g = kw_names_global_at(vm, kw_intern(vm, full.text, full.size));
    kw_buf_free(&full);
    return g;
}

/* ---- The collector's part -------------------------------------------------------------------- */

void kw_names_global_mark(kw_vm *vm, kw_global *g)
{
    for (; g != NULL && !g->marked; g = g->plain) {
        g->marked = true;
        vm->names->marked_count++;
        kw_gc_mark_obj(vm, g->name);
        kw_gc_mark_obj(vm, g->owner);
        kw_gc_mark_value(vm, g->variable);
        kw_gc_mark_value(vm, g->function);
        kw_gc_mark_value(vm, g->constant);
        kw_gc_mark_value(vm, g->decl);
        kw_gc_mark_value(vm, g->package);
    }
}

static bool means_nothing(const kw_global *g)
{
    return kw_is(g->variable, KW_UNDEF) && kw_is(g->function, KW_UNDEF) && kw_is(g->constant, KW_UNDEF) &&
           kw_is(g->decl, KW_UNDEF) && kw_is(g->package, KW_UNDEF);
}

void kw_names_mark(kw_vm *vm)
{
    kw_names *n = vm->names;
    for (size_t i = 0; i < n->global_cap; i++)
        if (n->globals[i] != NULL && !means_nothing(n->globals[i]))
            kw_names_global_mark(vm, n->globals[i]);
}

/* Free the records that are not marked, and find places for the others anew: the search for a
 * record goes on over slots that are taken. */
static void sweep_globals(kw_vm *vm)
{
    kw_names *n = vm->names;
    size_t cap = n->global_cap;
    assert(n->marked_count <= n->global_count);
    while (cap > LEAST_GLOBALS && n->marked_count * 8 < cap)
        cap /= 2;
    bool some_go = n->marked_count < n->global_count;
    kw_global **table = some_go ? calloc(cap, sizeof(kw_global *)) : NULL;
    n->marked_count = 0;
    for (size_t i = 0; i < n->global_cap; i++) {
        kw_global *g = n->globals[i];
        if (g == NULL)
            continue;
        if (!g->marked && table != NULL) {
            n->globals[i] = NULL;
            n->global_count--;
            kw_heap_release(vm, g, sizeof(*g));
            continue;
        }
        kw_gc_mark_obj(vm, g->name); /* without a table nothing goes */
        kw_gc_mark_obj(vm, g->owner);
        g->marked = false;
    }
    if (table != NULL)
        move_globals(n, table, cap);
}

void kw_names_sweep(kw_vm *vm)
{
    kw_names *n = vm->names;
    size_t living = 0;
    sweep_globals(vm);
    for (size_t i = 0; i < n->string_cap; i++) {
        if (n->strings[i] == NULL || n->strings[i] == &gone)
            continue;
        if (n->strings[i]->header.mark == KW_WHITE)
            n->strings[i] = &gone;
        else
            living++;
    }
    shrink_strings(n, living);
}

static bool name_is_listed(const kw_string *s)
{
    return s->header.mark == KW_LISTED && s->header.kind == KW_KIND_STRING && (s->header.flags & KW_STR_INTERNED);
}

static uint8_t meanings(const kw_global *g)
{
    return (uint8_t)((kw_is(g->variable, KW_UNDEF) ? 0 : KW_MEANS_VARIABLE) |
                     (kw_is(g->function, KW_UNDEF) ? 0 : KW_MEANS_FUNCTION) |
                     (kw_is(g->constant, KW_UNDEF) ? 0 : KW_MEANS_CONSTANT) |
                     (kw_is(g->decl, KW_UNDEF) ? 0 : KW_MEANS_DECL) |
                     (kw_is(g->package, KW_UNDEF) ? 0 : KW_MEANS_PACKAGE));
}

const char *kw_names_flaw(kw_vm *vm)
{
    const kw_names *n = vm->names;
    size_t used = 0, records = 0;
    for (size_t i = 0; i < n->string_cap; i++) {
        const kw_string *s = n->strings[i];
        used += s != NULL;
        if (s != NULL && s != &gone && (!name_is_listed(s) || find(n, s->text, s->size, s->header.spare32) != s))
            return "a name";
    }
    for (size_t i = 0; i < n->global_cap; i++) {
        const kw_global *g = n->globals[i];
        records += g != NULL;
        if (g != NULL && (g->marked || !name_is_listed(g->name) || meanings(g) != g->means ||
                          n->globals[global_slot(n->globals, n->global_cap, g->name)] != g))
            return "the record of a global name";
    }
    return used != n->string_used || records != n->global_count ? "the number of names" : NULL;
}

void kw_names_each(kw_vm *vm, void (*take)(const kw_global *g, void *context), void *context)
{
    for (size_t i = 0; i < vm->names->global_cap; i++)
        if (vm->names->globals[i] != NULL)
            take(vm->names->globals[i], context);
}
