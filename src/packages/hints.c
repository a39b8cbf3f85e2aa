/* hints.c - advice for the names and arguments of a running program.  See hints.h. */
#include "config.h"

#include "packages/hints.h"

#include <stdio.h>
#include <string.h>

#include "lang/hint.h"
#include "packages/packages.h"
#include "vm/names.h"

/* ---- What is known ------------------------------------------------------------------------------------------- */

static void offer_keys(kw_nearest *n, kw_map *map)
{
    kw_entry *e;
    for (uint32_t at = 0; map != NULL && (e = kw_map_next(map, &at)) != NULL;)
        if (kw_is(e->key, KW_STRING))
            kw_nearest_offer(n, e->key.as.string->text, e->key.as.string->size);
}

static void offer_global(const kw_global *g, void *context)
{
    if (g->means != 0)
        kw_nearest_offer(context, g->name->text, g->name->size);
}

static void offer_methods(const kw_global *g, void *context)
{
    if (kw_is(g->decl, KW_STRUCT))
        offer_keys(context, g->decl.as.klass->methods);
}

static void offer_package(const char *name, void *context)
{
    kw_nearest_offer(context, name, strlen(name));
}

/* A function of a package called with a `.` has a plain name in the message. */
static void offer_member(const kw_global *g, void *context)
{
    if ((g->means & KW_MEANS_FUNCTION) && g->plain != NULL)
        kw_nearest_offer(context, g->plain->name->text, g->plain->name->size);
}

/* ---- Documentation of natives -------------------------------------------------------------------------------- */

typedef struct search {
    const char *name;
    size_t size;
    const kw_native_def *def; /* what bears the name; NULL: nothing so far */
    bool several;             /* with different documentation */
} search;

static void consider(search *s, kw_value v)
{
    if (!kw_is(v, KW_LAMBDA) || v.as.obj->kind != KW_K_NATIVE)
        return;
    const kw_native_def *def = ((const kw_native *)(const void *)v.as.obj)->def;
    if (strlen(def->name) != s->size || memcmp(def->name, s->name, s->size) != 0 || def->doc == NULL)
        return;
    if (s->def != NULL && strcmp(s->def->doc, def->doc) != 0)
        s->several = true;
    s->def = def;
}

/* Error texts name some functions by their primitive: `__socket_recv__` is socket::recv. */
typedef struct primitive {
    const char *package, *function;
    size_t package_size, function_size;
    const kw_native_def *def;
} primitive;

static bool split_primitive(const char *name, size_t size, primitive *p)
{
    const char *bar = size > 4 ? memchr(name + 2, '_', size - 4) : NULL;
    if (bar == NULL || memcmp(name, "__", 2) != 0 || memcmp(name + size - 2, "__", 2) != 0)
        return false;
    *p = (primitive){.package = name + 2, .function = bar + 1};
    p->package_size = (size_t)(bar - p->package);
    p->function_size = size - 2 - (size_t)(p->function - name);
    if (p->package_size == 9 && memcmp(p->package, "tlssocket", 9) == 0) {
        p->package = "tls";
        p->package_size = 3;
    }
    return true;
}

static void consider_primitive(const kw_global *g, void *context)
{
    primitive *p = context;
    const char *text = g->name->text;
    kw_value v = g->function;
    if (g->name->size == p->package_size + 2 + p->function_size &&
        memcmp(text, p->package, p->package_size) == 0 &&
        memcmp(text + p->package_size, "::", 2) == 0 &&
        memcmp(text + p->package_size + 2, p->function, p->function_size) == 0 &&
        kw_is(v, KW_LAMBDA) && v.as.obj->kind == KW_K_NATIVE)
        p->def = ((const kw_native *)(const void *)v.as.obj)->def;
}

static const kw_native_def *find_primitive(kw_vm *vm, const char *name, size_t size)
{
    primitive p;
    if (!split_primitive(name, size, &p))
        return NULL;
    kw_names_each(vm, consider_primitive, &p);
    return p.def;
}

static void consider_global(const kw_global *g, void *context)
{
    consider(context, g->function);
}

static const kw_native_def *find_native(kw_vm *vm, const char *name, size_t size)
{
    search s = {.name = name, .size = size};
    kw_entry *e;
    kw_names_each(vm, consider_global, &s);
    for (unsigned type = 0; type < KW_TYPE_COUNT; type++)
        for (uint32_t at = 0; vm->methods[type] != NULL && (e = kw_map_next(vm->methods[type], &at)) != NULL;)
            consider(&s, e->value);
    return s.several ? NULL : s.def;
}

/* ---- Advice -------------------------------------------------------------------------------------------------- */

/* The name between the last pair of `quote` in the message; false: there is none. */
static bool quoted_name(const kw_string *message, char quote, const char **name, size_t *size)
{
    const char *first = memchr(message->text, quote, message->size), *last = NULL;
    for (size_t i = message->size; i-- > 0;) {
        if (message->text[i] != quote)
            continue;
        if (last != NULL) {
            first = message->text + i;
            break;
        }
        last = message->text + i;
    }
    if (first == NULL || last == NULL || last <= first + 1)
        return false;
    *name = first + 1;
    *size = (size_t)(last - first - 1);
    return true;
}

/* Look for the package that is meant by what is before the first "::". */
static void offer_owner(kw_nearest *n, const char *name, size_t size)
{
    const char *colon = memchr(name, ':', size);
    if (colon == NULL)
        return;
    kw_nearest_init(n, name, (size_t)(colon - name));
    kp_each_package(offer_package, n);
}

static bool advise_name(kw_vm *vm, const char *name, size_t size, char *out)
{
    kw_nearest n;
    const char *known = kw_hint_foreign(name, size);
    if (known != NULL)
        return snprintf(out, KP_HINT_SIZE, "%s", known) > 0;
    kw_nearest_init(&n, name, size);
    kw_hint_offer_words(&n);
    kp_each_package(offer_package, &n);
    kw_names_each(vm, offer_global, &n);
    if (n.best == NULL) /* the functions of a package that nobody named are not known yet: its name is */
        offer_owner(&n, name, size);
    return n.best != NULL && snprintf(out, KP_HINT_SIZE, "did you mean '%.*s'?", (int)n.best_size, n.best) > 0;
}

static bool advise_method(kw_vm *vm, const char *name, size_t size, char *out)
{
    kw_nearest n;
    kw_nearest_init(&n, name, size);
    kw_names_each(vm, offer_methods, &n); /* of structs first: the program's own names win */
    for (unsigned type = 0; type < KW_TYPE_COUNT; type++)
        offer_keys(&n, vm->methods[type]);
    kw_names_each(vm, offer_member, &n);
    return n.best != NULL && snprintf(out, KP_HINT_SIZE, "did you mean '%.*s'?", (int)n.best_size, n.best) > 0;
}

static bool advise_arguments(kw_vm *vm, const char *name, size_t size, char *out)
{
    const kw_native_def *def = find_primitive(vm, name, size);
    if (def == NULL)
        def = find_native(vm, name, size);
    if (def == NULL || def->doc == NULL)
        return false;
    size_t own = strlen(def->name);
    if (strncmp(def->doc, def->name, own) == 0 && def->doc[own] == '(')
        return snprintf(out, KP_HINT_SIZE, "%s", def->doc) > 0;
    if (def->min_args == def->max_args)
        return snprintf(out, KP_HINT_SIZE, "%s takes %u argument%s: %s", def->name, def->min_args,
                        def->min_args == 1 ? "" : "s", def->doc) > 0;
    return snprintf(out, KP_HINT_SIZE, "%s: %s", def->name, def->doc) > 0;
}

static const struct {
    const char *type;
    char quote; /* around the name in the message */
    bool (*advise)(kw_vm *vm, const char *name, size_t size, char *out);
} advisers[] = {
    {"VariableUndefinedError", '\'', advise_name},
    {"FunctionUndefinedError", '`', advise_method},
    {"UnimplementedMethodError", '`', advise_method},
    {"ParameterCountMismatchError", '`', advise_arguments},
    {"ParameterTypeMismatchError", '`', advise_arguments},
};

bool kp_hint(kw_vm *vm, const char *source, size_t size, char out[KP_HINT_SIZE])
{
    const kw_error_info *e = &vm->error;
    const char *name;
    size_t name_size;
    if (e->column > 0) {
        const char *text = kw_hint_syntax(e->message->text, source, size);
        return text != NULL && snprintf(out, KP_HINT_SIZE, "%s", text) > 0;
    }
    for (size_t i = 0; i < sizeof(advisers) / sizeof(advisers[0]); i++)
        if (strcmp(advisers[i].type, e->type->text) == 0 && e->trace == NULL)
            return quoted_name(e->message, advisers[i].quote, &name, &name_size) &&
                   advisers[i].advise(vm, name, name_size, out);
    return false;
}
