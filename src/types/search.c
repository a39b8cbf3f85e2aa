/* search.c - methods of strings that look for other strings; plain text, compared by code
 * points. */
#include "config.h"

#include "types/types.h"

#include <string.h>

#include "types/unicode.h"

size_t kw_find_text(const char *text, size_t size, size_t from, const char *needle,
                    size_t needle_size)
{
    if (needle_size == 0)
        return from;
    while (from < size && size - from >= needle_size) {
        const char *at = memchr(text + from, needle[0], size - from - needle_size + 1);
        if (at == NULL)
            return SIZE_MAX;
        if (memcmp(at, needle, needle_size) == 0)
            return (size_t)(at - text);
        from = (size_t)(at - text) + 1;
    }
    return SIZE_MAX;
}

/* Receiver and the single string argument; false: thrown. */
static bool one_text(kw_vm *vm, kw_call *call, kw_string **s, kw_string **t)
{
    *s = call->self.as.string;
    return kw_argc_is(vm, call, 1) && kw_arg_string(vm, call, 0, t);
}

static kw_result string_contains(kw_vm *vm, kw_call *call)
{
    kw_string *s, *t;
    if (!one_text(vm, call, &s, &t))
        return KW_THROWN;
    return kw_return(call,
                     kw_bool(kw_find_text(s->text, s->size, 0, t->text, t->size) != SIZE_MAX));
}

static kw_result string_begins_with(kw_vm *vm, kw_call *call)
{
    kw_string *s, *t;
    if (!one_text(vm, call, &s, &t))
        return KW_THROWN;
    return kw_return(call, kw_bool(t->size <= s->size && memcmp(s->text, t->text, t->size) == 0));
}

static kw_result string_ends_with(kw_vm *vm, kw_call *call)
{
    kw_string *s, *t;
    if (!one_text(vm, call, &s, &t))
        return KW_THROWN;
    return kw_return(call, kw_bool(t->size <= s->size &&
                                   memcmp(s->text + s->size - t->size, t->text, t->size) == 0));
}

/* The character position of a byte offset. */
static kw_value position(const kw_string *s, size_t offset)
{
    if (offset == SIZE_MAX)
        return kw_int(-1);
    bool ascii = (s->header.flags & KW_STR_ASCII) != 0;
    return kw_int((int64_t)(ascii ? offset : kw_text_count(s->text, offset)));
}

static kw_result string_index(kw_vm *vm, kw_call *call)
{
    kw_string *s, *t;
    if (!one_text(vm, call, &s, &t))
        return KW_THROWN;
    return kw_return(call, position(s, kw_find_text(s->text, s->size, 0, t->text, t->size)));
}

static kw_result string_lastindex(kw_vm *vm, kw_call *call)
{
    kw_string *s, *t;
    if (!one_text(vm, call, &s, &t))
        return KW_THROWN;
    size_t at = SIZE_MAX;
    if (t->size <= s->size)
        for (at = s->size - t->size; at != SIZE_MAX; at--)
            if (memcmp(s->text + at, t->text, t->size) == 0)
                break;
    return kw_return(call, position(s, at));
}

static kw_result string_count(kw_vm *vm, kw_call *call)
{
    kw_string *s, *t;
    if (!one_text(vm, call, &s, &t))
        return KW_THROWN;
    if (s->size == 0 || t->size == 0 || t->length > s->length)
        return kw_throw(vm, "InvalidOperationError",
                        "Expected source string to be non-empty and longer than target string.");
    int64_t count = 0;
    for (size_t at = 0; (at = kw_find_text(s->text, s->size, at, t->text, t->size)) != SIZE_MAX;
         at++)
        count++;
    return kw_return(call, kw_int(count));
}

static kw_result string_replace(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 2))
        return KW_THROWN;
    if (!kw_is(call->args[0], KW_STRING) || !kw_is(call->args[1], KW_STRING))
        return kw_throw(vm, "InvalidOperationError", "Expected strings.");
    const kw_string *s = call->self.as.string, *old = call->args[0].as.string;
    const kw_string *new = call->args[1].as.string;
    size_t at = old->size == 0 ? SIZE_MAX : kw_find_text(s->text, s->size, 0, old->text, old->size);
    if (at == SIZE_MAX)
        return kw_return(call, call->self);
    kw_buf buf;
    kw_buf_init(&buf);
    size_t from = 0;
    while (at != SIZE_MAX && !buf.failed) {
        kw_buf_put(&buf, s->text + from, at - from);
        kw_buf_put(&buf, new->text, new->size);
        from = at + old->size;
        at = kw_find_text(s->text, s->size, from, old->text, old->size);
    }
    kw_buf_put(&buf, s->text + from, s->size - from);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static const kw_native_def methods[] = {
    {"contains", string_contains, 1, 1, "does the text occur?"},
    {"begins_with", string_begins_with, 1, 1, "does it begin with the text?"},
    {"ends_with", string_ends_with, 1, 1, "does it end with the text?"},
    {"index", string_index, 1, 1, "position of the first occurrence or -1"},
    {"lastindex", string_lastindex, 1, 1, "position of the last occurrence or -1"},
    {"count", string_count, 1, 1, "number of occurrences, overlapping ones too"},
    {"replace", string_replace, 2, 2, "with every occurrence replaced"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_search_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_STRING, methods);
}
