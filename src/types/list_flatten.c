/* list_flatten.c - list.flatten(). */
#include "config.h"

#include "types/list_methods.h"

#include <assert.h>
#include <stdlib.h>

/* A list that is being opened, the next of its elements, and how many were out when it was begun. */
typedef struct opened {
    kw_list *list;
    size_t at, before;
} opened;

typedef struct row {
    opened *lists;
    size_t count, cap;
} row;

/* A stack of its own: lists may nest deeper than the C stack is.  A few lists in each other can
 * stand for any number: one that gave nothing is remembered and not opened again, so that the time
 * grows with the lists and with what comes out. */
typedef struct nesting {
    row open, barren;
} nesting;

enum { BEING_OPENED = 4, GAVE_NOTHING = 8 /* in the header's spare byte */ };

static bool push_row(kw_vm *vm, row *r, opened o)
{
    if (r->count == r->cap) {
        size_t cap = r->cap == 0 ? 16 : r->cap * 2;
        opened *grown = realloc(r->lists, cap * sizeof(*grown));
        if (grown == NULL) {
            kw_throw_memory(vm, cap * sizeof(*grown));
            return false;
        }
        r->lists = grown;
        r->cap = cap;
    }
    r->lists[r->count++] = o;
    return true;
}

static bool open_list(kw_vm *vm, nesting *n, kw_list *list, const kw_list *out)
{
    if (list->header.spare & GAVE_NOTHING)
        return true;
    if (list->header.spare & BEING_OPENED) {
        kw_throw(vm, "InvalidOperationError", "The list contains itself.");
        return false;
    }
    if (!push_row(vm, &n->open, (opened){.list = list, .before = out->count}))
        return false;
    list->header.spare |= BEING_OPENED;
    return true;
}

static bool close_list(kw_vm *vm, nesting *n, const kw_list *out)
{
    opened last = n->open.lists[--n->open.count];
    assert(out->count >= last.before);
    assert(last.list->header.spare & BEING_OPENED); /* nobody else writes to the spare byte */
    last.list->header.spare &= (uint8_t)~BEING_OPENED;
    if (out->count > last.before || last.list->count == 0)
        return true;
    if (!push_row(vm, &n->barren, last))
        return false;
    last.list->header.spare |= GAVE_NOTHING;
    return true;
}

static bool flatten(kw_vm *vm, nesting *n, kw_list *out)
{
    while (n->open.count > 0 && kw_go_on(vm)) {
        opened *at = &n->open.lists[n->open.count - 1];
        if (at->at == at->list->count) {
            if (!close_list(vm, n, out))
                return false;
            continue;
        }
        kw_value v = at->list->items[at->at++];
        if (!(kw_is(v, KW_LIST) ? open_list(vm, n, v.as.list, out) : kw_list_push(vm, out, v)))
            return false;
    }
    return n->open.count == 0;
}

static void forget_row(row *r, unsigned mark)
{
    for (size_t i = 0; i < r->count; i++)
        r->lists[i].list->header.spare &= (uint8_t)~mark;
    free(r->lists);
}

kw_result kw_list_flatten(kw_vm *vm, kw_call *call)
{
    kw_list *out = kw_list_new(vm, call->self.as.list->count);
    nesting n = {.open = {.lists = NULL}};
    assert((call->self.as.list->header.spare & (BEING_OPENED | GAVE_NOTHING)) == 0); /* earlier calls left no marks */
    bool ok = out != NULL && open_list(vm, &n, call->self.as.list, out) && flatten(vm, &n, out);
    forget_row(&n.open, BEING_OPENED);
    forget_row(&n.barren, GAVE_NOTHING);
    return ok ? kw_return(call, kw_of_list(out)) : KW_THROWN;
}
