/* any_methods.c - methods that every value has, and the pretty form (TYPES.md sections 4, 6, 7). */
#include "config.h"

#include "types/types.h"

#include <assert.h>
#include <string.h>

#include "types/give.h"

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
    assert(here->depth > 0); /* the bracket stands one level further out */
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
    for (size_t i = 0; i < l->count && kw_buf_go_on(vm, buf); i++) {
        separate(buf, here, i);
        pretty(vm, buf, l->items[i], here);
    }
    finish(buf, here, l->count == 0, ']');
}

static void pretty_bytes(kw_vm *vm, kw_buf *buf, const kw_bytes *b, const level *here)
{
    kw_buf_putc(buf, '[');
    for (size_t i = 0; i < b->size && kw_buf_go_on(vm, buf); i++) {
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
    for (uint32_t i = 0; (e = kw_map_next(map, &i)) != NULL && kw_buf_go_on(vm, buf);) {
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
    level here = {.outer = outer, .container = v.as.obj, .depth = outer != NULL ? outer->depth + 1 : 1};
    bool inside = here.depth > MAX_LEVELS;
    for (const level *at = outer; at != NULL && !inside; at = at->outer)
        inside = at->container == here.container;
    assert(here.depth <= MAX_LEVELS + 1); /* what is cut is not gone into: so the stack is bounded */
    if (inside)
        kw_buf_puts(buf, "...");
    else if (kw_is(v, KW_LIST))
        pretty_list(vm, buf, v.as.list, &here);
    else if (kw_is(v, KW_MAP))
        pretty_map(vm, buf, v.as.map, &here);
    else
        pretty_bytes(vm, buf, v.as.bytes, &here);
}

static kw_result any_pretty(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    pretty(vm, &buf, call->self, NULL);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* ---- Others ---------------------------------------------------------------------------------- */

static kw_result any_clone(kw_vm *vm, kw_call *call)
{
    kw_value v = kw_copy_deep(vm, call->self);
    return kw_is(v, KW_UNDEF) ? KW_THROWN : kw_return(call, v);
}

static kw_result any_type(kw_vm *vm, kw_call *call)
{
    return kw_give_string(call, kw_display_typeof(vm, call->self));
}

static kw_result any_is_a(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_string *name = call->args[0].as.string;
    bool is = false;
    if (!kw_is(call->self, KW_GENERATOR) && !kw_is(call->self, KW_POINTER))
        is = strcmp(name->text, kw_display_type_name((kw_type)call->self.tag)) == 0 && name->size > 0;
    if (kw_is(call->self, KW_NULL) && strcmp(name->text, "none") == 0)
        is = true;
    return kw_return(call, kw_bool(is));
}

static kw_result any_truthy(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_bool(kw_truth_of(call->self)));
}

static kw_result any_empty(kw_vm *vm, kw_call *call)
{
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
    bool empty = !kw_truth_of(call->self);
    if (call->argc == 0)
        return kw_return(call, kw_bool(empty));
    return kw_return(call, empty ? call->args[0] : call->self);
}

/* first() and last() of what has no elements. */
static kw_result any_end(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_null());
}

/* push() and append() of what has no elements. */
static kw_result any_push(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, call->self);
}

/* clang-format off */
const kw_native_def kw_any_methods[] = {
    {"clone(): any", any_clone, "A copy of a list or hashmap and of those in it; other values are given as they are.",
     "a = [[1]]\nb = a.clone()\nb[0].push(2)\nprintln a  # => [[1]]"},
    {"type(): string", any_type, "The name of the value's type.",
     "println (1.5).type()  # => float"},
    {"is_a(type: string): boolean", any_is_a, "Is the value of the type of this name?",
     "println [1].is_a(list)  # => true"},
    {"truthy(): boolean", any_truthy, "Does a condition take the value as true?",
     "println [].truthy()  # => false"},
    {"empty(default: any = null): any", any_empty,
     "Is it the zero value of its type?  With an argument: that if it is, else the value itself.",
     "println [].empty()  # => true\nprintln \"\".empty(\"nobody\")  # => nobody"},
    {"pretty(): string", any_pretty, "The value as text laid out over lines, two blanks a level.",
     "println [1].pretty()\n# => [\n# =>   1\n# => ]"},
    {"first(): any", any_end, "Null, since the value has no elements.",
     "println (5).first()  # => null"},
    {"last(): any", any_end, "Null, since the value has no elements.",
     "println (5).last()  # => null"},
    {"push(value: any): any", any_push, "The value itself, since nothing can be appended to it.",
     "println (5).push(1)  # => 5"},
    {"append(value: any): any", any_push, "The value itself, since nothing can be appended to it.",
     "println (5).append(1)  # => 5", "push"},
    {NULL},
};
/* clang-format on */
