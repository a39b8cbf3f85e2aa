/* index.c - see index.h. */
#include "config.h"

#include "packages/index.h"

#include <assert.h>
#include <string.h>

#include "packages/package.h"
#include "packages/packages.h"
#include "stdlib/sources.h"
#include "types/types.h"

/* Who asks, and what holds for the rows to come. */
typedef struct walk {
    void (*take)(const kp_entry *entry, void *context);
    void *context;
    kp_entry common;
} walk;

static void give(walk *w, kp_entry_kind kind, const char *name, size_t name_size, const char *about)
{
    assert(w->common.place != NULL && name_size > 0 && name_size <= strlen(name));
    kp_entry e = w->common;
    e.kind = kind;
    e.name = name;
    e.name_size = name_size;
    e.about = about;
    if (strncmp(name, "__", 2) != 0 || w->common.place[0] == '\0')
        w->take(&e, w->context);
}

static void give_row(walk *w, kp_entry_kind kind, const kw_native_def *def)
{
    walk row = *w;
    row.common.signature = def->signature;
    row.common.example = def->example;
    if (def->refused != NULL)
        row.common.refused = def->refused;
    give(&row, kind, def->signature, kw_signature_name(def->signature), def->about);
}

static void give_rows(walk *w, kp_entry_kind kind, const kw_native_def *rows)
{
    for (; rows != NULL && rows->signature != NULL; rows++)
        give_row(w, kind, rows);
}

/* ---- Packages of natives ----------------------------------------------------------------------------- */

static void give_struct(walk *w, const kp_struct *s)
{
    walk own = *w;
    own.common.owner = s->name;
    give(&own, KP_STRUCT_ENTRY, s->name, strlen(s->name), s->about);
    give_rows(&own, KP_METHOD_ENTRY, s->methods);
}

static void give_native_package(walk *w, const kp_package *p)
{
    give_rows(w, KP_FUNCTION_ENTRY, p->functions);
    for (const kp_constant *c = p->constants; c != NULL && c->name != NULL; c++)
        give(w, KP_CONSTANT_ENTRY, c->name, strlen(c->name), c->about);
    for (const kp_struct *const *s = p->structs; s != NULL && *s != NULL; s++)
        give_struct(w, *s);
}

/* ---- Packages written in Kiwi -------------------------------------------------------------------------- */

static void give_source_entry(const walk *w, const kw_stdlib_entry *e)
{
    walk own = *w;
    own.common.owner = kw_stdlib_word(e->owner);
    own.common.signature = kw_stdlib_word(e->signature);
    own.common.example = kw_stdlib_word(e->example);
    if (e->refused != 0)
        own.common.refused = kw_stdlib_word(e->refused);
    kp_entry_kind kind = e->signature == 0 ? KP_STRUCT_ENTRY : e->owner != 0 ? KP_METHOD_ENTRY : KP_FUNCTION_ENTRY;
    const char *name = e->signature != 0 ? own.common.signature : own.common.owner;
    size_t size = e->signature != 0 ? kw_signature_name(name) : strlen(name);
    give(&own, kind, name, size, kw_stdlib_word(e->about));
}

static bool is_package_row(const kw_stdlib_entry *e)
{
    return e->signature == 0 && e->owner == 0;
}

static void give_source_package(const walk *w, const char *package)
{
    for (const kw_stdlib_entry *e = kw_stdlib_entries; e->source != 0; e++)
        if (!is_package_row(e) && strcmp(kw_stdlib_word(e->package), package) == 0)
            give_source_entry(w, e);
}

/* What the comment above a package says; NULL: nothing. */
static const char *source_about(const char *package)
{
    for (const kw_stdlib_entry *e = kw_stdlib_entries; e->source != 0; e++)
        if (is_package_row(e) && strcmp(kw_stdlib_word(e->package), package) == 0)
            return kw_stdlib_word(e->about);
    return NULL;
}

/* ---- All ------------------------------------------------------------------------------------------------ */

/* One package: natives first, then what is written in Kiwi. */
static void give_package(const walk *w, const char *name)
{
    const kp_package *native = kp_package_find(name);
    walk own = *w;
    own.common = (kp_entry){.place = name};
    if (native != NULL) {
        own.common.setup = native->setup;
        own.common.refused = native->refused;
    }
    give(&own, KP_PACKAGE_ENTRY, name, strlen(name), native != NULL ? native->about : source_about(name));
    if (native != NULL)
        give_native_package(&own, native);
    give_source_package(&own, name);
}

static bool was_given(const kw_stdlib_entry *e)
{
    if (kp_package_find(kw_stdlib_word(e->package)) != NULL)
        return true;
    for (const kw_stdlib_entry *before = kw_stdlib_entries; before < e; before++)
        if (before->package == e->package) /* each word is there once */
            return true;
    return false;
}

/* The name of the types that have the methods of a table: one, or `number`, or `any`. */
static const char *type_name(uint32_t types)
{
    if (types == (1U << KW_INT | 1U << KW_FLOAT))
        return "number";
    for (unsigned type = KW_INT; type <= KW_GENERATOR; type++)
        if (types == 1U << type)
            return type == KW_STRUCT ? "enum" : kw_display_type_name((kw_type)type);
    return "any";
}

static void give_types(walk *w)
{
    for (const kw_types_table *t = kw_types_tables; t->methods != NULL; t++) {
        w->common = (kp_entry){.place = type_name(t->types), .of_type = true};
        give_rows(w, KP_METHOD_ENTRY, t->methods);
    }
}

void kp_index_each(void (*take)(const kp_entry *entry, void *context), void *context)
{
    walk w = {.take = take, .context = context, .common = {.place = ""}};
    give_rows(&w, KP_FUNCTION_ENTRY, kw_global_functions);
    give_rows(&w, KP_FUNCTION_ENTRY, kp_core_functions);
    give_types(&w);
    for (size_t i = 0; i < kp_package_count; i++)
        give_package(&w, kp_packages[i]->name);
    for (const kw_stdlib_entry *e = kw_stdlib_entries; e->source != 0; e++)
        if (!was_given(e))
            give_package(&w, kw_stdlib_word(e->package));
}
