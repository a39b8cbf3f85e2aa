/* any.c - methods that every value has, and the pretty form (types.md sections 4, 6, 7). */
#include "config.h"

#include "types/types.h"

#include <string.h>

/* ---- Pretty form ----------------------------------------------------------------------------- */

typedef struct level { /* a list or hashmap that is being written, and those around it */
    const struct level *outer;
    const void *container;
    unsigned depth;
} level;

enum { MAX_LEVELS = 400 }; /* bounds the C stack; deeper values are cut with "..." */

static void pretty(kw_vm *vm, kw_buf *buf, kw_value v, const level *outer);

static void indent(kw_buf *buf, unsigned depth)
{
    kw_buf_putc(buf, '\n');
    for (unsigned i = 0; i < depth; i++)
        kw_buf_put(buf, "  ", 2);
}

/* What stands before the element number `index`, and behind the last one. */
static void separate(kw_buf *buf, const level *here, size_t index)
{
    if (index > 0)
        kw_buf_putc(buf, ',');
    indent(buf, here->depth);
}

static void finish(kw_buf *buf, const level *here, bool empty, char bracket)
{
    if (empty)
        kw_buf_putc(buf, '\n');
    indent(buf, here->depth - 1);
    kw_buf_putc(buf, bracket);
}

static void quoted(kw_vm *vm, kw_buf *buf, kw_value v)
{
    bool quotes = kw_is(v, KW_STRING) || kw_is(v, KW_DATE);
    if (quotes)
        kw_buf_putc(buf, '"');
    kw_display(vm, buf, v);
    if (quotes)
        kw_buf_putc(buf, '"');
}

static void pretty_list(kw_vm *vm, kw_buf *buf, const kw_list *l, const level *here)
{
    kw_buf_putc(buf, '[');
    for (size_t i = 0; i < l->count && !buf->failed; i++) {
        separate(buf, here, i);
        pretty(vm, buf, l->items[i], here);
    }
    finish(buf, here, l->count == 0, ']');
}

static void pretty_bytes(kw_vm *vm, kw_buf *buf, const kw_bytes *b, const level *here)
{
    kw_buf_putc(buf, '[');
    for (size_t i = 0; i < b->size && !buf->failed; i++) {
        separate(buf, here, i);
        kw_display(vm, buf, kw_int((int64_t)b->data[i]));
    }
    finish(buf, here, b->size == 0, ']');
}

static void pretty_map(kw_vm *vm, kw_buf *buf, kw_map *map, const level *here)
{
    kw_entry *e;
    size_t index = 0;
    kw_buf_putc(buf, '{');
    for (uint32_t i = 0; (e = kw_map_next(map, &i)) != NULL && !buf->failed;) {
        separate(buf, here, index++);
        quoted(vm, buf, e->key);
        kw_buf_put(buf, ": ", 2);
        pretty(vm, buf, e->value, here);
    }
    finish(buf, here, index == 0, '}');
}

static void pretty(kw_vm *vm, kw_buf *buf, kw_value v, const level *outer)
{
    if (!kw_is(v, KW_LIST) && !kw_is(v, KW_MAP) && !kw_is(v, KW_BYTES)) {
        quoted(vm, buf, v);
        return;
    }
    level here = {
        .outer = outer, .container = v.as.obj, .depth = outer != NULL ? outer->depth + 1 : 1};
    bool inside = here.depth > MAX_LEVELS;
    for (const level *at = outer; at != NULL && !inside; at = at->outer)
        inside = at->container == here.container;
    if (inside)
        kw_buf_puts(buf, "...");
    else if (kw_is(v, KW_LIST))
        pretty_list(vm, buf, v.as.list, &here);
    else if (kw_is(v, KW_MAP))
        pretty_map(vm, buf, v.as.map, &here);
    else
        pretty_bytes(vm, buf, v.as.bytes, &here);
}

void kw_pretty(kw_vm *vm, kw_buf *buf, kw_value v)
{
    pretty(vm, buf, v, NULL);
}

static kw_result any_pretty(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_pretty(vm, &buf, call->self);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* ---- Others ---------------------------------------------------------------------------------- */

static kw_result any_clone(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_value v = kw_deep_copy(vm, call->self);
    return kw_is(v, KW_UNDEF) ? KW_THROWN : kw_return(call, v);
}

static kw_result any_type(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_give_string(call, kw_typeof(vm, call->self));
}

static kw_result any_is_a(kw_vm *vm, kw_call *call)
{
    kw_string *name;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_string(vm, call, 0, &name))
        return KW_THROWN;
    bool is = false;
    if (!kw_is(call->self, KW_GENERATOR) && !kw_is(call->self, KW_POINTER))
        is = strcmp(name->text, kw_type_name((kw_type)call->self.tag)) == 0 && name->size > 0;
    if (kw_is(call->self, KW_NULL) && strcmp(name->text, "none") == 0)
        is = true;
    return kw_return(call, kw_bool(is));
}

static kw_result any_truthy(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_bool(kw_truthy(call->self)));
}

static kw_result any_empty(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_in(vm, call, 0, 1))
        return KW_THROWN;
    switch ((kw_type)call->self.tag) {
    case KW_STRING:
    case KW_LIST:
    case KW_MAP:
    case KW_BYTES:
    case KW_INT:
    case KW_FLOAT:
    case KW_BOOL:
    case KW_NULL: break;
    default: return kw_throw(vm, "InvalidOperationError", "Type cannot be empty.");
    }
    bool empty = !kw_truthy(call->self);
    if (call->argc == 0)
        return kw_return(call, kw_bool(empty));
    return kw_return(call, empty ? call->args[0] : call->self);
}

/* first() and last() of what has no elements. */
static kw_result any_end(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_null());
}

/* push() and append() of what has no elements. */
static kw_result any_push(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_named(vm, call, "push", 1))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static const kw_native_def methods[] = {
    {"clone", any_clone, 0, 0, "a deep copy"},
    {"type", any_type, 0, 0, "name of the type"},
    {"is_a", any_is_a, 1, 1, "does the name name the type?"},
    {"truthy", any_truthy, 0, 0, "does it count as true?"},
    {"empty", any_empty, 0, 1, "is it the zero value?"},
    {"pretty", any_pretty, 0, 0, "text laid out over lines"},
    {"first", any_end, 0, 0, "null"},
    {"last", any_end, 0, 0, "null"},
    {"push", any_push, 1, 1, "the receiver"},
    {"append", any_push, 1, 1, "the receiver"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_any_register(kw_vm *vm)
{
    for (int type = KW_INT; type <= KW_GENERATOR; type++)
        if (type != KW_STRUCT)
            kw_define_methods(vm, (kw_type)type, methods);
}
