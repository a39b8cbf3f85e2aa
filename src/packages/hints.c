/* hints.c - advice for the names and arguments of a running program.  See hints.h. */
#include "config.h"

#include "packages/hints.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lang/hint.h"
#include "packages/host.h"
#include "packages/packages.h"
#include "types/complaint.h"
#include "vm/chunk.h"
#include "vm/names.h"

/* ---- What is known ------------------------------------------------------------------------------------------- */

static void offer_methods(kw_nearest *n, kw_map *methods)
{
    kw_entry *e;
    for (uint32_t at = 0; methods != NULL && (e = kw_map_next(methods, &at)) != NULL;) {
        assert(kw_is(e->key, KW_STRING));
        if (!kw_complaint_is(e->value))
            kw_hint_nearest_offer(n, e->key.as.string->text, e->key.as.string->size);
    }
}

static void offer_global(const kw_global *g, void *context)
{
    if (g->means != 0)
        kw_hint_nearest_offer(context, g->name->text, g->name->size);
}

static void offer_package(const char *name, void *context)
{
    kw_hint_nearest_offer(context, name, strlen(name));
}

/* Members of one package. */
typedef struct member_search {
    kw_nearest *nearest;
    const kw_string *package;
} member_search;

static void offer_member(const kw_global *g, void *context)
{
    const member_search *s = context;
    if ((g->means & KW_MEANS_FUNCTION) && g->plain != NULL && strcmp(g->owner->text, s->package->text) == 0)
        kw_hint_nearest_offer(s->nearest, g->plain->name->text, g->plain->name->size);
}

/* ---- Advice -------------------------------------------------------------------------------------------------- */

/* Look for the package that is meant by what is before the first "::". */
static void offer_owner(kw_nearest *n, const char *name, size_t size)
{
    const char *colon = memchr(name, ':', size);
    if (colon == NULL)
        return;
    kw_hint_nearest_init(n, name, (size_t)(colon - name));
    kp_registry_each_package(offer_package, n);
}

static bool suggest(const kw_nearest *n, char *out)
{
    return n->best != NULL && snprintf(out, KP_HINT_SIZE, "did you mean '%.*s'?", (int)n->best_size, n->best) > 0;
}

static bool advise_name(kw_vm *vm, const char *name, size_t size, char *out)
{
    kw_nearest n;
    const char *known = kw_hint_foreign(name, size);
    if (known != NULL)
        return snprintf(out, KP_HINT_SIZE, "%s", known) > 0;
    kw_hint_nearest_init(&n, name, size);
    kw_hint_offer_words(&n);
    if (!vm->no_stdlib)
        kp_registry_each_package(offer_package, &n);
    kw_names_each(vm, offer_global, &n);
    if (n.best == NULL &&
        !vm->no_stdlib) /* the functions of a package that nobody named are not known yet: its name is */
        offer_owner(&n, name, size);
    return suggest(&n, out);
}

/* What the receiver can do. */
static void offer_methods_of(kw_vm *vm, kw_value v, kw_nearest *n)
{
    if (kw_is(v, KW_PACKAGE)) {
        member_search s = {.nearest = n, .package = v.as.package->name};
        kw_names_each(vm, offer_member, &s);
        return;
    }
    const kw_class *c = kw_is(v, KW_OBJECT) ? v.as.object->klass : kw_is(v, KW_STRUCT) ? v.as.klass : NULL;
    for (; c != NULL; c = c->base)
        offer_methods(n, c->methods);
    offer_methods(n, vm->methods[v.tag]);
}

static bool advise_null(kw_vm *vm, const char *name, size_t size, char *out)
{
    (void)vm;
    return strcmp(name, "null") != 0 && snprintf(out, KP_HINT_SIZE, "'%.*s' is null", (int)size, name) > 0;
}

static bool advise_method(kw_vm *vm, const char *name, size_t size, char *out)
{
    kw_map *methods = vm->methods[vm->error.receiver.tag];
    const char *known = kw_hint_foreign_method(name, size);
    const kw_value *method = known != NULL && methods != NULL ? kw_map_find_string(methods, kw_intern_c(vm, known))
                                                              : NULL;
    if (method != NULL && !kw_complaint_is(*method))
        return snprintf(out, KP_HINT_SIZE, "write `VALUE.%s(...)`", known) > 0;
    kw_nearest n;
    kw_hint_nearest_init(&n, name, size);
    offer_methods_of(vm, vm->error.receiver, &n);
    return suggest(&n, out);
}

static bool advise_parameter(kw_vm *vm, const char *name, size_t size, char *out)
{
    const kw_proto *p = vm->error.callee;
    kw_nearest n;
    kw_hint_nearest_init(&n, name, size);
    for (unsigned i = 0; p != NULL && i < p->param_count; i++)
        kw_hint_nearest_offer(&n, p->params[i].name->text, p->params[i].name->size);
    return suggest(&n, out);
}

/* How the native function that threw is called. */
static bool advise_arguments(const kw_native_def *def, char *out)
{
    return snprintf(out, KP_HINT_SIZE, "%s", def->signature) > 0;
}

/* A sentence, or what works one out from the name that the error is about. */
static const struct {
    kw_error_id id;
    const char *hint;
    bool (*advise)(kw_vm *vm, const char *name, size_t size, char *out);
} advice[] = {
    {KW_E_UNDECLARED, .advise = advise_name},
    {KW_E_NO_METHOD, .advise = advise_method},
    {KW_E_UNIMPLEMENTED, .advise = advise_method},
    {KW_E_NULL_CALLED, .advise = advise_null},
    {KW_E_NO_PARAMETER, .advise = advise_parameter},
    {KW_E_NO_MEMBER, .hint = "a method is called with parentheses: `VALUE.NAME()`"},
    {KW_E_IMPORT_NAME, .hint = "the name is a string: `import \"NAME\"`"},
};

/* Errors of natives that say: this is not how it is called. */
static bool is_misuse(const char *type)
{
    static const char *const types[] = {"ParameterCountMismatchError", "ParameterTypeMismatchError",
                                        "InvalidOperationError", "ConversionError", "TypeError"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

static bool advise_running(kw_vm *vm, char *out)
{
    const kw_error_info *e = &vm->error;
    if (e->native != NULL && is_misuse(e->type->text))
        return advise_arguments(e->native, out);
    for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
        if (advice[i].id == e->id)
            return advice[i].advise != NULL ? advice[i].advise(vm, e->subject->text, e->subject->size, out)
                                            : snprintf(out, KP_HINT_SIZE, "%s", advice[i].hint) > 0;
    return false;
}

bool kp_hints_advise(kw_vm *vm, const char *source, size_t size, char out[KP_HINT_SIZE])
{
    const kw_error_info *e = &vm->error;
    const kp_host *host = kp_host_of(vm);
    if (host != NULL && host->reason_of == e->message && host->reason_of != NULL)
        return snprintf(out, KP_HINT_SIZE, "%s", host->reason) > 0;
    if (e->column > 0)
        return kw_hint_syntax(e->id, e->subject != NULL ? e->subject->text : "", source, size, e->line, out,
                              KP_HINT_SIZE);
    return e->trace == NULL && advise_running(vm, out); /* what a script throws is its own business */
}
