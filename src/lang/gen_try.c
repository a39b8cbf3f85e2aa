/* gen_try.c - try, catch, finally.
 *
 * Handlers are entries of the function's table: what does not throw costs nothing.  A finally body
 * is compiled once for each way out: the normal end, an error (then the error is raised again), and
 * every return, break or next that leaves the try.  The ranges of the handlers exclude those
 * copies, so that an error in a finally body goes outwards. */
#include "config.h"

#include <assert.h>

#include "lang/gen_internal.h"

static void open_try(kw_compiler *c, kw_try_ctx *t, const kw_node_list *finally)
{
    *t = (kw_try_ctx){.outer = c->f->tries, .finally = finally, .loop = c->f->loop, .start = kw_gen_here(c)};
    c->f->tries = t;
}

static void close_range(kw_compiler *c, kw_try_ctx *t)
{
    uint32_t here = kw_gen_here(c);
    /* the ranges are in order, and between two lies a finally body that belongs to neither */
    assert(here >= t->start && (t->count == 0 || t->ranges[t->count - 1].end <= t->start));
    if (here == t->start)
        return;
    if (t->count == t->cap) {
        uint32_t cap = t->cap == 0 ? 4 : t->cap * 2;
        t->ranges = kw_heap_realloc(c->vm, t->ranges, t->cap * sizeof(*t->ranges), cap * sizeof(*t->ranges));
        t->cap = cap;
    }
    t->ranges[t->count].start = t->start;
    t->ranges[t->count++].end = here;
    t->start = here;
}

static void close_try(kw_compiler *c, kw_try_ctx *t)
{
    assert(c->f->tries == t && c->f->loop == t->loop); /* what was opened inside is closed */
    close_range(c, t);
    c->f->tries = t->outer;
}

/* Errors in the ranges of `t` go to `target`. */
static void add_handlers(kw_compiler *c, kw_try_ctx *t, uint32_t target, unsigned reg, bool again)
{
    assert(c->f->tries == t->outer); /* it is closed, and so is all inside: inner handlers come first in the table */
    assert(c->failed || reg + (again ? 3u : 2u) <= c->f->free);
    for (uint32_t i = 0; i < t->count; i++)
        kw_chunk_handler(c->vm, c->f->proto,
                         (kw_handler){.start = t->ranges[i].start,
                                      .end = t->ranges[i].end,
                                      .target = target,
                                      .reg = (uint8_t)reg,
                                      .again = again});
    kw_heap_release(c->vm, t->ranges, t->cap * sizeof(*t->ranges));
    t->ranges = NULL;
    t->count = t->cap = 0;
}

void kw_gen_leave_tries(kw_compiler *c, kw_try_ctx *until)
{
    kw_try_ctx *tries = c->f->tries;
    kw_loop_ctx *loop = c->f->loop;
    for (kw_try_ctx *t = tries; t != until; t = t->outer) {
        assert(t != NULL); /* `until` is around */
        close_range(c, t);
        if (t->finally == NULL)
            continue;
        c->f->tries = t->outer; /* the body runs as if it stood outside of the try */
        c->f->loop = t->loop;
        kw_gen_list(c, t->finally);
        assert(c->f->tries == t->outer && c->f->loop == t->loop);
    }
    c->f->tries = tries;
    c->f->loop = loop;
}

void kw_gen_reopen(kw_compiler *c, kw_try_ctx *until)
{
    for (kw_try_ctx *t = c->f->tries; t != until; t = t->outer)
        t->start = kw_gen_here(c);
}

static void bind_error(kw_compiler *c, const kw_try_node *n, unsigned reg)
{
    if (n->catch_body.count == 0 || n->first == NULL)
        return; /* with an empty catch body the names are not set */
    if (n->second != NULL) {
        kw_gen_bind_name(c, n->first, reg);
        kw_gen_bind_name(c, n->second, reg + 1);
        return;
    }
    unsigned map = kw_gen_temp(c, 1);
    kw_gen_abc(c, OP_CATCHMAP, map, reg, 0);
    kw_gen_bind_name(c, n->first, map);
}

/* try body and catch body; without a catch the error is swallowed. */
static void protected_body(kw_compiler *c, const kw_try_node *n, unsigned reg)
{
    kw_try_ctx guarded;
    open_try(c, &guarded, NULL);
    kw_gen_list(c, &n->body);
    close_try(c, &guarded);
    uint32_t done = kw_gen_jump(c);
    add_handlers(c, &guarded, kw_gen_here(c), reg, false);
    unsigned mark = c->f->free;
    if (n->has_catch) {
        bind_error(c, n, reg);
        kw_gen_list(c, &n->catch_body);
    }
    c->f->free = mark;
    kw_gen_patch(c, done, kw_gen_here(c));
}

void kw_gen_try(kw_compiler *c, const kw_node *node)
{
    const kw_try_node *n = node->as.try_catch;
    unsigned mark = c->f->free, reg = kw_gen_temp(c, 2);
    if (!n->has_finally) {
        protected_body(c, n, reg);
        c->f->free = mark;
        return;
    }
    kw_try_ctx whole;
    unsigned pending = kw_gen_temp(c, 3); /* the error that is raised again after the finally body */
    open_try(c, &whole, &n->finally_body);
    protected_body(c, n, reg);
    close_try(c, &whole);
    kw_gen_list(c, &n->finally_body);
    uint32_t done = kw_gen_jump(c);
    add_handlers(c, &whole, kw_gen_here(c), pending, true);
    kw_gen_list(c, &n->finally_body);
    kw_gen_abc(c, OP_RETHROW, pending, 0, 0);
    kw_gen_patch(c, done, kw_gen_here(c));
    c->f->free = mark;
}
