/* complaint.c - see complaint.h. */
#include "config.h"

#include "types/complaint.h"

#include <assert.h>
#include <string.h>

#include "types/number_methods.h"
#include "types/types.h"

typedef struct complaint {
    const char *methods; /* their names, a blank between two */
    const char *type;
    const char *text; /* "%R": the receiver's type as error texts have it; "%T": as typeof() has it; "%M": the method */
    kw_checks wanted; /* looked at before the receiver is; the number of arguments is that of the real method */
    bool not_objects; /* an object does not know them, not even for the error */
    bool (*takes)(kw_vm *vm, uint32_t count); /* their own check of the number of arguments; NULL: none */
} complaint;

/* clang-format off */
static const complaint complaints[] = {
    {"size length clear", "InvalidOperationError", "Expected a string, list, hashmap, or bytes.", KW_CHECK_COUNT},
    {"contains count concat index lastindex", "InvalidOperationError", "Expected a string or list.", KW_CHECK_COUNT},
    {"replace", "InvalidOperationError", "Expected a string or a list.", KW_CHECK_COUNT},
    {"remove", "InvalidOperationError", "Expected a list or hashmap.", KW_CHECK_COUNT},
    {"remove_at", "InvalidOperationError", "Expected a string, list, or bytes.", KW_CHECK_ALL},
    {"reverse slice", "InvalidOperationError", "Expected a string, list, or bytes.", KW_CHECK_COUNT},
    {"get set", "InvalidOperationError", "Expected a list or hashmap.", KW_CHECK_COUNT},
    {"pop", "InvalidOperationError", "Expected a list or bytes.", KW_CHECK_COUNT},
    {"swap", "TypeError", "Expected a list or bytes, but instead received `%R`.", KW_CHECK_COUNT},
    {"keys values", "InvalidOperationError", "Expected a hashmap.", KW_CHECK_COUNT},
    {"has_key merge", "TypeError", "Expected a hashmap but instead received `%R`", KW_CHECK_COUNT},
    {"enqueue dequeue shift unshift insert flatten unique zip rotate join",
     "TypeError", "Expected a list but instead received `%R`.", KW_CHECK_COUNT},
    {"chars chomp lines split substring lowercase uppercase ltrim rtrim trim begins_with ends_with ord hex_bytes "
     "find match matches matches_all scan scan_groups named_captures rreplace rsplit regex_escape",
     "TypeError", "Expected a string but instead received `%R`.", KW_CHECK_COUNT},
    {"year month day hour minute second millisecond",
     "TypeError", "Expected a date but instead received `%R`.", KW_CHECK_COUNT},
    {"between", "InvalidOperationError", "Invalid type for `between`: %T", KW_CHECK_COUNT},
    {"clamp", "ParameterTypeMismatchError",
     "The type for parameter 0 of `clamp` is not an expected type. Expected Number but received %R.",
     KW_CHECK_NONE, false, kw_number_clamp_takes},
    {"to_hex", "InvalidOperationError", "Expected a list or bytes.", KW_CHECK_COUNT},
    {"all each map none reduce filter sort sum min max skip take group_by_field",
     "InvalidOperationError", "Expected a list for specialized list builtin.", KW_CHECK_NONE, true},
    {"call parameters returns to_lambda",
     "InvalidOperationError", "Expected a callable for function `%M`.", KW_CHECK_NONE, true},
};
/* clang-format on */

static bool has_word(const char *words, const kw_string *name)
{
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        if (size == name->size && memcmp(at, name->text, size) == 0)
            return true;
        at += size;
    }
    return false;
}

static const complaint *find(const kw_string *name)
{
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
        if (has_word(complaints[i].methods, name))
            return &complaints[i];
    return NULL;
}

/* The method of this name that other types have. */
static const kw_native_def *real_method(const kw_string *name)
{
    for (const kw_types_table *t = kw_types_tables; t->methods != NULL; t++)
        for (const kw_native_def *def = t->methods; def->signature != NULL; def++)
            if (kw_signature_name(def->signature) == name->size && memcmp(def->signature, name->text, name->size) == 0)
                return def;
    return NULL;
}

static const char *filling(kw_vm *vm, const kw_call *call, char mark)
{
    switch (mark) {
    case 'R': return kw_display_type_title((kw_type)call->self.tag);
    case 'T': return kw_display_typeof(vm, call->self)->text;
    default: return call->native->name->text;
    }
}

kw_result kw_complaint_throw(kw_vm *vm, kw_call *call)
{
    const complaint *c = find(call->native->name);
    assert(c != NULL); /* also of a method that complains about its arguments like one of another type */
    const char *mark = strchr(c->text, '%');
    if (c->takes != NULL && !c->takes(vm, call->argc))
        return KW_THROWN;
    if (mark == NULL)
        return kw_throw(vm, c->type, "%s", c->text);
    assert(strchr("RTM", mark[1]) != NULL && strchr(mark + 2, '%') == NULL); /* one mark, and one that is known */
    return kw_throw(vm, c->type, "%.*s%s%s", (int)(mark - c->text), c->text, filling(vm, call, mark[1]), mark + 2);
}

bool kw_complaint_define(kw_vm *vm, kw_value self, kw_string *name)
{
    const complaint *found = kw_is(self, KW_STRUCT) ? NULL : find(name);
    if (found == NULL || (kw_is(self, KW_OBJECT) && found->not_objects))
        return false;
    kw_type type = (kw_type)self.tag;
    const kw_native_def *real = real_method(name);
    assert(real != NULL); /* `complaints` has no name but theirs */
    kw_native_extend_type(vm, type, name, kw_native_method_instead(vm, type, real, found->wanted, kw_complaint_throw));
    return true;
}

bool kw_complaint_is(kw_value method)
{
    return kw_is(method, KW_LAMBDA) && method.as.obj->kind == KW_KIND_NATIVE &&
           ((const kw_native *)(const void *)method.as.obj)->fn == kw_complaint_throw;
}

kw_result kw_complaint_unknown(kw_vm *vm, kw_value self, kw_string *name)
{
    bool is_struct = kw_is(self, KW_STRUCT), is_object = kw_is(self, KW_OBJECT);
    if (is_struct || is_object) {
        kw_class *c = is_struct ? self.as.klass : self.as.object->klass;
        return kw_throw_known(vm, KW_E_UNIMPLEMENTED, name, c->name->text);
    }
    return kw_throw_known(vm, KW_E_NO_METHOD, name, NULL);
}
