/* check.c - argument checks, the errors for wrong receivers, registration of the layer. */
#include "config.h"

#include "types/types.h"

#include <string.h>

const char *kw_call_name(const kw_call *call)
{
    return call->native->def->name;
}

bool kw_argc_named(kw_vm *vm, const kw_call *call, const char *name, uint32_t count)
{
    if (call->argc == count)
        return true;
    kw_throw_count(vm, name, (int)count, call->argc);
    return false;
}

bool kw_argc_is(kw_vm *vm, const kw_call *call, uint32_t count)
{
    return kw_argc_named(vm, call, kw_call_name(call), count);
}

bool kw_argc_in(kw_vm *vm, const kw_call *call, uint32_t min, uint32_t max)
{
    if (call->argc >= min && call->argc <= max)
        return true;
    kw_throw_count(vm, kw_call_name(call), -1, call->argc);
    return false;
}

bool kw_arg_is(kw_vm *vm, const kw_call *call, uint32_t at, kw_type tag)
{
    if (kw_is(kw_arg(call, at), tag))
        return true;
    kw_throw_param(vm, kw_call_name(call), at, kw_type_title(tag), kw_arg(call, at));
    return false;
}

bool kw_arg_int(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *out)
{
    *out = 0;
    if (!kw_arg_is(vm, call, at, KW_INT))
        return false;
    *out = call->args[at].as.i;
    return true;
}

bool kw_arg_string(kw_vm *vm, const kw_call *call, uint32_t at, kw_string **out)
{
    *out = NULL;
    if (!kw_arg_is(vm, call, at, KW_STRING))
        return false;
    *out = call->args[at].as.string;
    return true;
}

bool kw_arg_number(kw_vm *vm, const kw_call *call, uint32_t at)
{
    if (kw_is_number(kw_arg(call, at)))
        return true;
    kw_throw_param(vm, kw_call_name(call), at, "Number", kw_arg(call, at));
    return false;
}

bool kw_arg_whole(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *out)
{
    *out = 0;
    if (!kw_arg_number(vm, call, at))
        return false;
    kw_value v = call->args[at];
    *out = kw_is(v, KW_INT) ? v.as.i : kw_truncate(v.as.f);
    return true;
}

bool kw_check_byte(kw_vm *vm, int64_t n)
{
    if (n >= 0 && n <= 255)
        return true;
    kw_throw(vm, "InvalidOperationError",
             "Byte range is from 0 to 255 inclusive, but received %lld", (long long)n);
    return false;
}

kw_result kw_give_string(kw_call *call, kw_string *s)
{
    if (s == NULL)
        return KW_THROWN;
    return kw_return(call, kw_of_string(s));
}

kw_result kw_give_list(kw_call *call, kw_list *l)
{
    if (l == NULL)
        return KW_THROWN;
    return kw_return(call, kw_of_list(l));
}

kw_result kw_give_bytes(kw_call *call, kw_bytes *b)
{
    if (b == NULL)
        return KW_THROWN;
    return kw_return(call, kw_of_bytes(b));
}

kw_result kw_hand_over(kw_vm *vm, kw_call *call, const char *name, uint32_t argc,
                       const kw_value *args)
{
    kw_value function = vm->hooks.prelude(vm, name);
    kw_list *list = kw_is(function, KW_UNDEF) ? NULL : kw_list_new(vm, argc);
    if (list == NULL)
        return KW_THROWN;
    for (uint32_t i = 0; i < argc; i++)
        if (!kw_list_push(vm, list, args[i]))
            return KW_THROWN;
    call->result = function;
    call->tail_args = list;
    return KW_CALL;
}

/* ---- Methods that exist, but not for this receiver (types.md section 7) ---------------------- */

typedef enum complaint {
    C_SIZED,
    C_TEXT,
    C_REPLACE,
    C_REMOVE,
    C_REMOVE_AT,
    C_ROW,
    C_KEYED,
    C_POP,
    C_SWAP,
    C_KEYS,
    C_MAP,
    C_LIST,
    C_STRING,
    C_DATE,
    C_BETWEEN,
    C_CLAMP,
    C_HEX,
    C_LAMBDAS,
    C_CALLABLE
} complaint;

/* X(name, fewest and most arguments, complaint): the methods that not every value has. */
#define CORE_METHODS(X)                                                                            \
    X(size, 0, 0, C_SIZED) X(length, 0, 0, C_SIZED) X(clear, 0, 0, C_SIZED)                        \
    X(contains, 1, 1, C_TEXT) X(count, 1, 1, C_TEXT) X(index, 1, 1, C_TEXT)                        \
    X(lastindex, 1, 1, C_TEXT)                                                                     \
    X(concat, 1, KW_ARGC_ANY, C_TEXT)                                                              \
    X(replace, 2, 2, C_REPLACE)                                                                    \
    X(remove, 1, 1, C_REMOVE)                                                                      \
    X(remove_at, 1, 1, C_REMOVE_AT)                                                                \
    X(reverse, 0, 0, C_ROW)                                                                        \
    X(slice, 2, 2, C_ROW)                                                                          \
    X(get, 1, 2, C_KEYED)                                                                          \
    X(set, 2, 2, C_KEYED)                                                                          \
    X(pop, 0, 0, C_POP)                                                                            \
    X(swap, 2, 2, C_SWAP)                                                                          \
    X(keys, 0, 0, C_KEYS) X(values, 0, 0, C_KEYS)                                                  \
    X(has_key, 1, 1, C_MAP) X(merge, 1, 1, C_MAP)                                                  \
    X(enqueue, 1, 1, C_LIST) X(unshift, 1, 1, C_LIST)                                              \
    X(dequeue, 0, 0, C_LIST) X(shift, 0, 0, C_LIST) X(flatten, 0, 0, C_LIST)                       \
    X(unique, 0, 0, C_LIST)                                                                        \
    X(insert, 2, 2, C_LIST)                                                                        \
    X(zip, 1, 1, C_LIST) X(rotate, 1, 1, C_LIST)                                                   \
    X(join, 0, 1, C_LIST)                                                                          \
    X(chars, 0, 0, C_STRING) X(chomp, 0, 0, C_STRING) X(lines, 0, 0, C_STRING)                     \
    X(lowercase, 0, 0, C_STRING) X(uppercase, 0, 0, C_STRING) X(ltrim, 0, 0, C_STRING)             \
    X(rtrim, 0, 0, C_STRING) X(trim, 0, 0, C_STRING) X(ord, 0, 0, C_STRING)                        \
    X(hex_bytes, 0, 0, C_STRING) X(regex_escape, 0, 0, C_STRING)                                   \
    X(split, 1, 1, C_STRING) X(begins_with, 1, 1, C_STRING) X(ends_with, 1, 1, C_STRING)           \
    X(find, 1, 1, C_STRING) X(match, 1, 1, C_STRING) X(matches, 1, 1, C_STRING)                    \
    X(matches_all, 1, 1, C_STRING) X(scan, 1, 1, C_STRING) X(scan_groups, 1, 1, C_STRING)          \
    X(named_captures, 1, 1, C_STRING)                                                              \
    X(substring, 1, 2, C_STRING) X(rsplit, 1, 2, C_STRING)                                         \
    X(rreplace, 2, 2, C_STRING)                                                                    \
    X(year, 0, 0, C_DATE) X(month, 0, 0, C_DATE) X(day, 0, 0, C_DATE) X(hour, 0, 0, C_DATE)        \
    X(minute, 0, 0, C_DATE) X(second, 0, 0, C_DATE) X(millisecond, 0, 0, C_DATE)                   \
    X(between, 2, 2, C_BETWEEN)                                                                    \
    X(clamp, 2, 3, C_CLAMP)                                                                        \
    X(to_hex, 0, 1, C_HEX)                                                                         \
    X(all, 0, KW_ARGC_ANY, C_LAMBDAS) X(each, 0, KW_ARGC_ANY, C_LAMBDAS)                           \
    X(map, 0, KW_ARGC_ANY, C_LAMBDAS) X(none, 0, KW_ARGC_ANY, C_LAMBDAS)                           \
    X(reduce, 0, KW_ARGC_ANY, C_LAMBDAS) X(filter, 0, KW_ARGC_ANY, C_LAMBDAS)                      \
    X(sort, 0, KW_ARGC_ANY, C_LAMBDAS) X(sum, 0, KW_ARGC_ANY, C_LAMBDAS)                           \
    X(min, 0, KW_ARGC_ANY, C_LAMBDAS) X(max, 0, KW_ARGC_ANY, C_LAMBDAS)                            \
    X(skip, 0, KW_ARGC_ANY, C_LAMBDAS) X(take, 0, KW_ARGC_ANY, C_LAMBDAS)                          \
    X(group_by_field, 0, KW_ARGC_ANY, C_LAMBDAS)                                                   \
    X(call, 0, KW_ARGC_ANY, C_CALLABLE) X(parameters, 0, KW_ARGC_ANY, C_CALLABLE)                  \
    X(returns, 0, KW_ARGC_ANY, C_CALLABLE) X(to_lambda, 0, KW_ARGC_ANY, C_CALLABLE)

typedef struct core_method {
    kw_native_def def; /* first: a native's definition leads to its row */
    complaint what;
} core_method;

static kw_result wrong_receiver(kw_vm *vm, kw_call *call);

#define CORE_ROW(name, min, max, what)                                                             \
    {{#name, wrong_receiver, min, max, "not for this type"}, what},
static const core_method core_methods[] = {CORE_METHODS(CORE_ROW)};

static const core_method *find_core(const kw_string *name)
{
    for (size_t i = 0; i < sizeof(core_methods) / sizeof(core_methods[0]); i++)
        if (strcmp(core_methods[i].def.name, name->text) == 0)
            return &core_methods[i];
    return NULL;
}

/* Objects do not know the methods that take lambdas, nor those of lambdas. */
bool kw_core_method(kw_vm *vm, kw_value self, kw_string *name)
{
    const core_method *found = kw_is(self, KW_STRUCT) ? NULL : find_core(name);
    if (found == NULL || (kw_is(self, KW_OBJECT) && found->what >= C_LAMBDAS))
        return false;
    kw_extend_type(vm, (kw_type)self.tag, name, kw_native_new(vm, &found->def));
    return true;
}

static kw_result complain(kw_vm *vm, complaint what, kw_value self, const char *name)
{
    const char *text = NULL;
    switch (what) {
    case C_SIZED: text = "Expected a string, list, hashmap, or bytes."; break;
    case C_TEXT: text = "Expected a string or list."; break;
    case C_REPLACE: text = "Expected a string or a list."; break;
    case C_REMOVE: text = "Expected a list or hashmap."; break;
    case C_REMOVE_AT: case C_ROW: text = "Expected a string, list, or bytes."; break;
    case C_KEYED: text = "Expected a list or hashmap."; break;
    case C_POP: text = "Expected a list or bytes."; break;
    case C_SWAP:
        return kw_throw(vm, "TypeError", "Expected a list or bytes, but instead received `%s`.",
                        kw_type_title((kw_type)self.tag));
    case C_KEYS: text = "Expected a hashmap."; break;
    case C_MAP:
        return kw_throw(vm, "TypeError", "Expected a hashmap but instead received `%s`",
                        kw_type_title((kw_type)self.tag));
    case C_LIST: return kw_throw_expected(vm, "list", self);
    case C_STRING: return kw_throw_expected(vm, "string", self);
    case C_DATE: return kw_throw_expected(vm, "date", self);
    case C_BETWEEN:
        return kw_throw(vm, "InvalidOperationError", "Invalid type for `between`: %s",
                        kw_typeof(vm, self)->text);
    case C_CLAMP: return kw_throw_param(vm, "clamp", 0, "Number", self);
    case C_HEX: text = "Expected a list or bytes."; break;
    case C_LAMBDAS: text = "Expected a list for specialized list builtin."; break;
    case C_CALLABLE:
        return kw_throw(vm, "InvalidOperationError", "Expected a callable for function `%s`.",
                        name);
    }
    return kw_throw(vm, "InvalidOperationError", "%s", text);
}

/* The number of arguments is looked at first, then the receiver (types.md section 3). */
static kw_result wrong_receiver(kw_vm *vm, kw_call *call)
{
    const core_method *row = (const core_method *)(const void *)call->native->def;
    uint32_t min = row->def.min_args, max = row->def.max_args;
    bool fits = row->what == C_CLAMP && call->argc != max ? kw_argc_is(vm, call, min)
                : min == max                              ? kw_argc_is(vm, call, min)
                : kw_argc_in(vm, call, min, max == KW_ARGC_ANY ? UINT32_MAX : max);
    int64_t at;
    if (!fits || (row->what == C_REMOVE_AT && !kw_arg_int(vm, call, 0, &at)))
        return KW_THROWN;
    return complain(vm, row->what, call->self, row->def.name);
}

bool kw_is_complaint(kw_value method)
{
    return kw_is(method, KW_LAMBDA) && method.as.obj->kind == KW_K_NATIVE &&
           ((const kw_native *)(const void *)method.as.obj)->def->fn == wrong_receiver;
}

kw_result kw_wrong_receiver(kw_vm *vm, kw_value self, kw_string *name)
{
    bool is_struct = kw_is(self, KW_STRUCT), is_object = kw_is(self, KW_OBJECT);
    if (is_struct || is_object) {
        kw_class *c = is_struct ? self.as.klass : self.as.object->klass;
        return kw_throw(vm, "UnimplementedMethodError",
                        "Struct `%s` has an unimplemented method `%s`", c->name->text, name->text);
    }
    return kw_throw(vm, "FunctionUndefinedError", "Function `%s` is undefined.", name->text);
}

/* Methods that the loop does itself. */
static void mark_fast(kw_vm *vm)
{
    static const struct {
        kw_type type;
        kw_fast fast;
        const char *name;
    } rows[] = {
        {KW_LIST, KW_FAST_LIST_PUSH, "push"},       {KW_LIST, KW_FAST_LIST_PUSH, "append"},
        {KW_LIST, KW_FAST_LIST_GET, "get"},         {KW_LIST, KW_FAST_LIST_SIZE, "size"},
        {KW_LIST, KW_FAST_LIST_SIZE, "length"},     {KW_MAP, KW_FAST_MAP_SIZE, "size"},
        {KW_MAP, KW_FAST_MAP_SIZE, "length"},       {KW_STRING, KW_FAST_STRING_SIZE, "size"},
        {KW_STRING, KW_FAST_STRING_SIZE, "length"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        kw_mark_fast(vm, rows[i].type, rows[i].name, rows[i].fast);
}

void kw_types_register(kw_vm *vm)
{
    /* The first registration of a name wins: what a type defines itself comes before what all
     * have. */
    kw_number_register(vm);
    kw_string_register(vm);
    kw_search_register(vm);
    kw_regex_register(vm);
    kw_list_register(vm);
    kw_select_register(vm);
    kw_sort_register(vm);
    kw_map_register(vm);
    kw_bytes_register(vm);
    kw_object_register(vm);
    kw_lambda_register(vm);
    kw_date_register(vm);
    kw_convert_register(vm);
    kw_any_register(vm);
    kw_globals_register(vm);
    mark_fast(vm);
}
