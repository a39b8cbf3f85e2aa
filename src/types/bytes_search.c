/* bytes_search.c - methods of bytes that look for other bytes.  Kiwi 1.4.3 has none of these: for arguments of other types
 * its errors stay (TYPES.md sections 7 and 13). */
#include "config.h"

#include "types/types.h"

#include <assert.h>
#include <string.h>

#include "types/bytes_methods.h"
#include "types/complaint.h"
#include "types/filling.h"
#include "types/give.h"
#include "vm/bytes_store.h"
#include "vm/search.h"

/* A row as a text to search in, never NULL. */
typedef struct row {
    const char *text;
    size_t size;
} row;

static row row_of(kw_value v)
{
    const kw_bytes *b = v.as.bytes;
    return (row){b->data != NULL ? (const char *)b->data : "", b->size};
}

/* The receiver, which is about to be gone through. */
static row self_of(kw_vm *vm, const kw_call *call)
{
    kw_before_scan(vm, call->self.as.bytes->size);
    return row_of(call->self);
}

/* Is the first argument, of `least` to `most`, bytes?  false: thrown, what Kiwi 1.4.3 says of a method that takes
 * `least` arguments and is not for bytes. */
static bool is_for_bytes(kw_vm *vm, kw_call *call, uint32_t least, uint32_t most)
{
    bool bytes = call->argc > 0 && kw_is(call->args[0], KW_BYTES);
    if (bytes && call->argc >= least && call->argc <= most)
        return true;
    if (call->argc != least)
        (void)kw_throw_count(vm, call->native->name->text, least == most || !bytes ? (int)least : -1, call->argc);
    else
        (void)kw_complaint_throw(vm, call);
    return false;
}

/* The integer that argument 1 is, if there is one.  false: thrown. */
static bool option(kw_vm *vm, const kw_call *call, int64_t *out)
{
    if (call->argc < 2)
        return true;
    if (!kw_is(call->args[1], KW_INT)) {
        (void)kw_throw_param(vm, call->native->name->text, 1, "Integer", call->args[1]);
        return false;
    }
    *out = call->args[1].as.i;
    return true;
}

static kw_value position(size_t at)
{
    return kw_int(at == SIZE_MAX ? -1 : (int64_t)at);
}

static kw_result bytes_contains(kw_vm *vm, kw_call *call)
{
    row s = self_of(vm, call);
    kw_value what = call->args[0];
    if (kw_is(what, KW_BYTES)) {
        row t = row_of(what);
        return kw_return(call, kw_bool(kw_search_first(s.text, s.size, 0, t.text, t.size) != SIZE_MAX));
    }
    if (!kw_is(what, KW_INT))
        return kw_throw_param(vm, "contains", 0, "Integer", what);
    if (!kw_bytes_check(vm, what.as.i))
        return KW_THROWN;
    return kw_return(call, kw_bool(memchr(s.text, (int)what.as.i, s.size) != NULL));
}

static kw_result bytes_begins_with(kw_vm *vm, kw_call *call)
{
    if (!is_for_bytes(vm, call, 1, 1))
        return KW_THROWN;
    row s = row_of(call->self), t = row_of(call->args[0]);
    return kw_return(call, kw_bool(t.size <= s.size && memcmp(s.text, t.text, t.size) == 0));
}

static kw_result bytes_ends_with(kw_vm *vm, kw_call *call)
{
    if (!is_for_bytes(vm, call, 1, 1))
        return KW_THROWN;
    row s = row_of(call->self), t = row_of(call->args[0]);
    return kw_return(call, kw_bool(t.size <= s.size && memcmp(s.text + s.size - t.size, t.text, t.size) == 0));
}

static kw_result bytes_index(kw_vm *vm, kw_call *call)
{
    int64_t from = 0;
    if (!is_for_bytes(vm, call, 1, 2) || !option(vm, call, &from))
        return KW_THROWN;
    if (from < 0)
        return kw_throw(vm, "IndexError", "Invalid index.");
    row s = self_of(vm, call), t = row_of(call->args[0]);
    if (from > (int64_t)s.size)
        return kw_return(call, kw_int(-1));
    return kw_return(call, position(kw_search_first(s.text, s.size, (size_t)from, t.text, t.size)));
}

static kw_result bytes_last_index(kw_vm *vm, kw_call *call)
{
    if (!is_for_bytes(vm, call, 1, 1))
        return KW_THROWN;
    row s = self_of(vm, call), t = row_of(call->args[0]);
    return kw_return(call, position(kw_search_last(s.text, s.size, t.text, t.size)));
}

/* Where the piece from `from` on ends, which is not the last one; SIZE_MAX: it is.  Without a separator pieces have one
 * byte. */
static size_t end_of_piece(row s, size_t from, row separator)
{
    if (separator.size > 0)
        return kw_search_first(s.text, s.size, from, separator.text, separator.size);
    return from + 1 < s.size ? from + 1 : SIZE_MAX;
}

static bool push_piece(kw_vm *vm, kw_call *call, kw_list *list, size_t from, size_t to)
{
    assert(from <= to && to <= call->self.as.bytes->size); /* separators do not overlap */
    kw_bytes *piece = kw_bytes_part(vm, call->self.as.bytes, from, to - from);
    return piece != NULL && kw_list_push(vm, list, kw_of_bytes(piece)) && kw_go_on(vm);
}

static kw_result bytes_split(kw_vm *vm, kw_call *call)
{
    int64_t limit = 0;
    if (!is_for_bytes(vm, call, 1, 2) || !option(vm, call, &limit))
        return KW_THROWN;
    row s = self_of(vm, call), separator = row_of(call->args[0]);
    kw_list *list = call->kept != NULL ? kw_kept(call, 0).as.list : kw_list_new(vm, 0);
    size_t from = kw_kept_size(call, 1), to;
    from = from < s.size ? from : s.size; /* another task may have changed the bytes meanwhile */
    while (list != NULL && s.size > 0 && (limit <= 0 || (int64_t)list->count + 1 < limit) &&
           (to = end_of_piece(s, from, separator)) != SIZE_MAX) {
        if (!push_piece(vm, call, list, from, to))
            return KW_THROWN;
        from = to + separator.size;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_of_list(list), kw_int((int64_t)from)}, 2);
    }
    if (list != NULL && s.size > 0 && !push_piece(vm, call, list, from, s.size))
        return KW_THROWN;
    return kw_give_list(call, list);
}

static kw_result bytes_replace(kw_vm *vm, kw_call *call)
{
    if (call->argc != 2)
        return kw_throw_count(vm, "replace", 2, call->argc);
    if (!kw_is(call->args[0], KW_BYTES) || !kw_is(call->args[1], KW_BYTES))
        return kw_complaint_throw(vm, call);
    kw_filling first, *f = kw_filling_begin(call, &first);
    row s = self_of(vm, call), old = row_of(call->args[0]), new = row_of(call->args[1]);
    f->at = f->at < s.size ? f->at : s.size; /* another task may have changed the bytes meanwhile */
    size_t at = old.size > 0 ? kw_search_first(s.text, s.size, f->at, old.text, old.size) : SIZE_MAX;
    while (at != SIZE_MAX && kw_filling_go_on(vm, f)) {
        kw_buf_put(&f->buf, s.text + f->at, at - f->at);
        kw_buf_put(&f->buf, new.text, new.size);
        f->at = at + old.size;
        at = kw_search_first(s.text, s.size, f->at, old.text, old.size);
    }
    assert(f->at <= s.size); /* what was found ends inside */
    if (at == SIZE_MAX)
        kw_buf_put(&f->buf, s.text + f->at, s.size - f->at);
    return kw_filling_bytes(vm, call, f);
}

/* clang-format off */
const kw_native_def kw_bytes_search_methods[] = {
    {"contains(what: integer|bytes): boolean", bytes_contains, "Does the byte, or the row of bytes, occur?",
     "println b\"abc\".contains(98)  # => true\nprintln b\"abc\".contains(b\"bc\")  # => true", NULL, KW_CHECK_COUNT},
    {"begins_with(part: bytes): boolean", bytes_begins_with, "Do the bytes begin with these?",
     "println b\"GET /\".begins_with(b\"GET \")  # => true", NULL, KW_CHECK_NONE},
    {"ends_with(part: bytes): boolean", bytes_ends_with, "Do the bytes end with these?",
     "println b\"a\\r\\n\".ends_with(b\"\\r\\n\")  # => true", NULL, KW_CHECK_NONE},
    {"index(part: bytes, from: integer = 0): integer", bytes_index,
     "The position where the bytes occur first, at `from` or behind it; else -1.",
     "println b\"a,b,c\".index(b\",\")  # => 1\nprintln b\"a,b,c\".index(b\",\", 2)  # => 3", NULL, KW_CHECK_NONE},
    {"last_index(part: bytes): integer", bytes_last_index, "The position where the bytes occur last; else -1.",
     "println b\"a,b,c\".last_index(b\",\")  # => 3"},
    {"lastindex(part: bytes): integer", bytes_last_index, "The same as `last_index`, under the name that strings have.",
     "println b\"a,b,c\".lastindex(b\",\")  # => 3", NULL, KW_CHECK_NONE},
    {"split(separator: bytes, limit: integer = 0): list", bytes_split,
     "A list of the pieces between separators; with a limit of at most so many, the last one with the rest.  An empty "
     "separator gives single bytes.",
     "println b\"a b c\".split(b\" \", 2).map(do (piece) => piece.to_string())  # => [\"a\", \"b c\"]", NULL,
     KW_CHECK_NONE},
    {"replace(old: bytes, new: bytes): bytes", bytes_replace, "New bytes with `new` in place of each `old`.",
     "println b\"a\\r\\nb\".replace(b\"\\r\\n\", b\"|\").to_string()  # => a|b", NULL, KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */
