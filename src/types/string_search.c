/* string_search.c - methods of strings that look for other strings; plain text, compared by code
 * points. */
#include "config.h"

#include "types/types.h"

#include <assert.h>
#include <string.h>

#include "types/filling.h"
#include "types/give.h"
#include "types/unicode.h"
#include "vm/search.h"

/* The receiver, which is about to be gone through. */
static const kw_string *self_of(kw_vm *vm, const kw_call *call)
{
    kw_before_scan(vm, call->self.as.string->size);
    return call->self.as.string;
}

static const kw_string *text_of(const kw_call *call)
{
    return call->args[0].as.string;
}

static kw_result string_contains(kw_vm *vm, kw_call *call)
{
    const kw_string *s = self_of(vm, call), *t = text_of(call);
    return kw_return(call, kw_bool(kw_search_first(s->text, s->size, 0, t->text, t->size) != SIZE_MAX));
}

static kw_result string_begins_with(kw_vm *vm, kw_call *call)
{
    const kw_string *s = self_of(vm, call), *t = text_of(call);
    return kw_return(call, kw_bool(t->size <= s->size && memcmp(s->text, t->text, t->size) == 0));
}

static kw_result string_ends_with(kw_vm *vm, kw_call *call)
{
    const kw_string *s = self_of(vm, call), *t = text_of(call);
    return kw_return(call, kw_bool(t->size <= s->size && memcmp(s->text + s->size - t->size, t->text, t->size) == 0));
}

/* The character position of a byte offset. */
static kw_value position(const kw_string *s, size_t offset)
{
    if (offset == SIZE_MAX)
        return kw_int(-1);
    assert(offset <= s->size);
    bool ascii = (s->header.flags & KW_STR_ASCII) != 0;
    return kw_int((int64_t)(ascii ? offset : kw_text_count(s->text, offset)));
}

static kw_result string_index(kw_vm *vm, kw_call *call)
{
    const kw_string *s = self_of(vm, call), *t = text_of(call);
    return kw_return(call, position(s, kw_search_first(s->text, s->size, 0, t->text, t->size)));
}

static kw_result string_lastindex(kw_vm *vm, kw_call *call)
{
    const kw_string *s = self_of(vm, call), *t = text_of(call);
    return kw_return(call, position(s, kw_search_last(s->text, s->size, t->text, t->size)));
}

static kw_result string_count(kw_vm *vm, kw_call *call)
{
    const kw_string *s = self_of(vm, call), *t = text_of(call);
    if (s->size == 0 || t->size == 0 || t->length > s->length)
        return kw_throw(vm, "InvalidOperationError",
                        "Expected source string to be non-empty and longer than target string.");
    size_t count = kw_search_count(s->text, s->size, t->text, t->size);
    return kw_return(call, kw_int((int64_t)count));
}

static kw_result string_replace(kw_vm *vm, kw_call *call)
{
    if (!kw_is(call->args[0], KW_STRING) || !kw_is(call->args[1], KW_STRING))
        return kw_throw(vm, "InvalidOperationError", "Expected strings.");
    const kw_string *s = call->self.as.string, *old = call->args[0].as.string;
    const kw_string *new = call->args[1].as.string;
    kw_filling first, *f = kw_filling_begin(call, &first);
    size_t at = old->size == 0 ? SIZE_MAX : kw_search_first(s->text, s->size, f->at, old->text, old->size);
    if (at == SIZE_MAX && f->at == 0)
        return kw_return(call, call->self);
    while (at != SIZE_MAX && kw_filling_go_on(vm, f)) {
        kw_buf_put(&f->buf, s->text + f->at, at - f->at);
        kw_buf_put(&f->buf, new->text, new->size);
        f->at = at + old->size;
        at = kw_search_first(s->text, s->size, f->at, old->text, old->size);
    }
    if (at == SIZE_MAX)
        kw_buf_put(&f->buf, s->text + f->at, s->size - f->at);
    return kw_filling_string(vm, call, f);
}

/* clang-format off */
const kw_native_def kw_string_search_methods[] = {
    {"contains(text: string): boolean", string_contains, "Does the text occur in the string?",
     "println \"banana\".contains(\"nan\")  # => true"},
    {"begins_with(text: string): boolean", string_begins_with, "Does the string begin with the text?",
     "println \"banana\".begins_with(\"ban\")  # => true"},
    {"ends_with(text: string): boolean", string_ends_with, "Does the string end with the text?",
     "println \"banana\".ends_with(\"na\")  # => true"},
    {"index(text: string): integer", string_index, "The position where the text occurs first; else -1.",
     "println \"banana\".index(\"an\")  # => 1"},
    {"lastindex(text: string): integer", string_lastindex, "The position where the text occurs last; else -1.",
     "println \"banana\".lastindex(\"an\")  # => 3"},
    {"count(text: string): integer", string_count, "How often the text occurs, overlapping places too.",
     "println \"banana\".count(\"ana\")  # => 2"},
    {"replace(old: string, new: string): string", string_replace, "The string with `new` in place of each `old`.",
     "println \"banana\".replace(\"an\", \"o\")  # => booa", NULL, KW_CHECK_COUNT},
    {NULL},
};
/* clang-format on */
