/* check.c - argument checks, the errors for wrong receivers, registration of the layer. */
#include "config.h"

#include "types/types.h"

#include <math.h>
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

int64_t kw_truncate(double d)
{
    if (isnan(d))
        return 0;
    if (d >= 9223372036854775808.0)
        return INT64_MAX;
    if (d < -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)d;
}

bool kw_check_byte(kw_vm *vm, int64_t n)
{
    if (n >= 0 && n <= 255)
        return true;
    kw_throw(vm, "InvalidOperationError", "Byte range is from 0 to 255 inclusive, but received %lld",
             (long long)n);
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

kw_result kw_hand_over(kw_vm *vm, kw_call *call, const char *name, uint32_t argc, const kw_value *args)
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

/* ---- Methods that exist, but not for this receiver (types.md section 7) --------------------------- */

typedef enum complaint {
    C_SIZED, C_TEXT, C_REPLACE, C_REMOVE, C_ROW, C_KEYED, C_POP, C_SWAP, C_KEYS, C_MAP, C_LIST, C_STRING,
    C_DATE, C_BETWEEN, C_CLAMP, C_HEX, C_LAMBDAS, C_CALLABLE
} complaint;

typedef struct wrong {
    const char *names; /* between spaces */
    complaint what;
} wrong;

static const wrong wrongs[] = {
    {" size length clear ", C_SIZED},
    {" contains count concat index lastindex ", C_TEXT},
    {" replace ", C_REPLACE},
    {" remove ", C_REMOVE},
    {" remove_at reverse slice ", C_ROW},
    {" get set ", C_KEYED},
    {" pop ", C_POP},
    {" swap ", C_SWAP},
    {" keys values ", C_KEYS},
    {" has_key merge ", C_MAP},
    {" enqueue dequeue shift unshift insert flatten unique zip rotate join ", C_LIST},
    {" chars chomp lines split substring lowercase uppercase ltrim rtrim trim begins_with ends_with ord "
     "hex_bytes find match matches matches_all scan scan_groups named_captures rreplace rsplit "
     "regex_escape ",
     C_STRING},
    {" year month day hour minute second millisecond ", C_DATE},
    {" between ", C_BETWEEN},
    {" clamp ", C_CLAMP},
    {" to_hex ", C_HEX},
    {" all each map none reduce filter sort sum min max skip take group_by_field ", C_LAMBDAS},
    {" call parameters returns to_lambda ", C_CALLABLE},
};

static bool has_word(const char *words, const kw_string *name)
{
    for (const char *at = words; (at = strstr(at, name->text)) != NULL; at++)
        if (at > words && at[-1] == ' ' && at[name->size] == ' ')
            return true;
    return false;
}

static const wrong *find_wrong(const kw_string *name)
{
    for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++)
        if (has_word(wrongs[i].names, name))
            return &wrongs[i];
    return NULL;
}

bool kw_is_core_method(const kw_string *name)
{
    return find_wrong(name) != NULL;
}

static kw_result complain(kw_vm *vm, complaint what, kw_value self, const kw_string *name)
{
    const char *text = NULL;
    switch (what) {
    case C_SIZED: text = "Expected a string, list, hashmap, or bytes."; break;
    case C_TEXT: text = "Expected a string or list."; break;
    case C_REPLACE: text = "Expected a string or a list."; break;
    case C_REMOVE: text = "Expected a list or hashmap."; break;
    case C_ROW: text = "Expected a string, list, or bytes."; break;
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
        return kw_throw(vm, "InvalidOperationError", "Expected a callable for function `%s`.", name->text);
    }
    return kw_throw(vm, "InvalidOperationError", "%s", text);
}

kw_result kw_wrong_receiver(kw_vm *vm, kw_value self, kw_string *name)
{
    bool is_struct = kw_is(self, KW_STRUCT), is_object = kw_is(self, KW_OBJECT);
    const wrong *found = is_struct ? NULL : find_wrong(name);
    if (found != NULL && !(is_object && found->what >= C_LAMBDAS)) /* objects do not know those */
        return complain(vm, found->what, self, name);
    if (is_struct || is_object) {
        kw_class *c = is_struct ? self.as.klass : self.as.object->klass;
        return kw_throw(vm, "UnimplementedMethodError", "Struct `%s` has an unimplemented method `%s`",
                        c->name->text, name->text);
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
    /* The first registration of a name wins: what a type defines itself comes before what all have. */
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
