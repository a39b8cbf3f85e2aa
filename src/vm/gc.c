/* gc.c - precise mark and sweep.
 *
 * Marking never recurses: reached objects wait on a stack of their own.  If that cannot grow, they
 * stay gray by their mark alone and are found by walking all objects again. */
#include "config.h"

#include "vm/gc.h"

#include <assert.h>
#include <stdlib.h>

#include "base/machine.h"
#include "vm/bytes_store.h"
#include "vm/chunk.h"
#include "vm/fiber.h"
#include "vm/heap.h"
#include "vm/interp.h"
#include "vm/names.h"

void kw_gc_mark_obj(kw_vm *vm, void *obj)
{
    kw_obj *o = obj;
    kw_heap *heap = vm->heap;
    if (o == NULL || o->mark != KW_WHITE)
        return;
    if (o->kind == KW_KIND_STRING || o->kind == KW_KIND_BYTES) {
        o->mark = KW_BLACK;
        return;
    }
    assert(o->kind < KW_KIND_COUNT);
    o->mark = KW_GRAY;
    if (heap->gray_count == heap->gray_cap) {
        size_t cap = heap->gray_cap == 0 ? 256 : heap->gray_cap * 2;
        kw_obj **grown = realloc(heap->gray, cap * sizeof(*grown));
        if (grown == NULL) {
            heap->gray_lost = true;
            return;
        }
        heap->gray = grown;
        heap->gray_cap = cap;
    }
    heap->gray[heap->gray_count++] = o;
}

void kw_gc_mark_value(kw_vm *vm, kw_value v)
{
    if (kw_is_heap(v))
        kw_gc_mark_obj(vm, v.as.obj);
}

static void trace_values(kw_vm *vm, const kw_value *v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kw_gc_mark_value(vm, v[i]);
}

/* The next shape of a class, parents first; without recursion, since an object that is used as a
 * table makes a chain as long as it has attributes. */
static kw_shape *next_shape(kw_shape *s)
{
    if (s->child != NULL)
        return s->child;
    while (s != NULL && s->sibling == NULL)
        s = s->parent;
    return s == NULL ? NULL : s->sibling;
}

static void trace_class(kw_vm *vm, kw_class *c)
{
    kw_gc_mark_obj(vm, c->name);
    kw_gc_mark_obj(vm, c->base);
    kw_gc_mark_obj(vm, c->methods);
    kw_gc_mark_obj(vm, c->statics);
    for (kw_shape *s = c->empty; s != NULL; s = next_shape(s)) {
        kw_gc_mark_obj(vm, s->name);
        kw_gc_mark_obj(vm, s->table);
    }
}

static void trace_proto(kw_vm *vm, kw_proto *p)
{
    kw_gc_mark_obj(vm, p->name);
    kw_gc_mark_obj(vm, p->file);
    kw_gc_mark_obj(vm, p->returns);
    kw_gc_mark_obj(vm, p->shared);
    trace_values(vm, p->constants, p->constant_count);
    for (uint32_t i = 0; i < p->inner_count; i++)
        kw_gc_mark_obj(vm, p->inner[i]);
    for (uint32_t i = 0; i < p->global_count; i++)
        kw_names_global_mark(vm, p->globals[i]);
    for (unsigned i = 0; p->params != NULL && i < (unsigned)p->param_count + p->variadic; i++) {
        kw_gc_mark_obj(vm, p->params[i].name);
        kw_gc_mark_obj(vm, p->params[i].hint);
        kw_gc_mark_value(vm, p->params[i].constant);
    }
    /* A cache compares addresses: one of a freed object could come back as that of a new one. */
    for (uint32_t i = 0; p->caches != NULL && i < p->cache_count; i++)
        p->caches[i] = (kw_cache){.value = kw_undef()};
}

static void trace_map(kw_vm *vm, kw_map *m)
{
    for (uint32_t i = 0; i < m->used; i++) {
        kw_gc_mark_value(vm, m->entries[i].key);
        kw_gc_mark_value(vm, m->entries[i].value);
    }
}

static void trace_closure(kw_vm *vm, kw_closure *c)
{
    kw_gc_mark_obj(vm, c->proto);
    kw_gc_mark_value(vm, c->self);
    kw_gc_mark_obj(vm, c->home);
    for (uint32_t i = 0; i < c->count; i++)
        kw_gc_mark_obj(vm, c->cells[i]);
}

static void trace_object(kw_vm *vm, kw_object *o)
{
    kw_gc_mark_obj(vm, o->klass);
    trace_values(vm, o->slots, o->shape->count);
}

static void trace_bound(kw_vm *vm, kw_bound *b)
{
    kw_gc_mark_value(vm, b->callable);
    kw_gc_mark_value(vm, b->self);
    kw_gc_mark_obj(vm, b->home);
}

static void trace_pointer(kw_vm *vm, kw_pointer *p)
{
    if (p->mark != NULL)
        p->mark(vm, p->data);
}

void kw_gc_trace_obj(kw_vm *vm, kw_obj *o)
{
    switch ((kw_kind)o->kind) {
    case KW_KIND_LIST: trace_values(vm, ((kw_list *)o)->items, ((kw_list *)o)->count); break;
    case KW_KIND_MAP: trace_map(vm, (kw_map *)o); break;
    case KW_KIND_CLASS: trace_class(vm, (kw_class *)o); break;
    case KW_KIND_OBJECT: trace_object(vm, (kw_object *)o); break;
    case KW_KIND_CLOSURE: trace_closure(vm, (kw_closure *)o); break;
    case KW_KIND_NATIVE: kw_native_mark(vm, (kw_native *)o); break;
    case KW_KIND_BOUND: trace_bound(vm, (kw_bound *)o); break;
    case KW_KIND_CELL: kw_gc_mark_value(vm, ((kw_cell *)o)->value); break;
    case KW_KIND_FIBER: kw_fiber_trace(vm, (kw_fiber *)o); break;
    case KW_KIND_PACKAGE: kw_gc_mark_obj(vm, ((kw_package *)o)->name); break;
    case KW_KIND_POINTER: trace_pointer(vm, (kw_pointer *)o); break;
    case KW_KIND_PROTO: trace_proto(vm, (kw_proto *)o); break;
    case KW_KIND_STRING:
    case KW_KIND_BYTES:
    case KW_KIND_COUNT: break;
    }
}

static void drain(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    while (heap->gray_count > 0) {
        kw_obj *o = heap->gray[--heap->gray_count];
        if (o->mark == KW_BLACK)
            continue;
        o->mark = KW_BLACK;
        kw_gc_trace_obj(vm, o);
    }
}

static void trace_all(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    drain(vm);
    while (heap->gray_lost) {
        heap->gray_lost = false;
        for (kw_obj *o = heap->all; o != NULL; o = o->next) {
            if (o->mark != KW_GRAY)
                continue;
            o->mark = KW_BLACK;
            kw_gc_trace_obj(vm, o);
            drain(vm);
        }
    }
}

/* ---- Freeing -------------------------------------------------------------------------------------- */

static size_t free_class(kw_vm *vm, kw_class *c)
{
    for (kw_shape *s = c->empty; s != NULL;) {
        if (s->child != NULL) {
            s = s->child;
            continue;
        }
        kw_shape *then = s->sibling != NULL ? s->sibling : s->parent;
        if (s->sibling == NULL && s->parent != NULL)
            s->parent->child = NULL;
        kw_heap_release(vm, s, sizeof(*s));
        s = then;
    }
    return sizeof(*c);
}

static size_t free_object(kw_vm *vm, kw_object *o)
{
    size_t inline_cap = o->header.spare32;
    if (o->slots != o->first)
        kw_heap_release(vm, o->slots, o->cap * sizeof(kw_value));
    return sizeof(*o) + inline_cap * sizeof(kw_value);
}

static size_t free_proto(kw_vm *vm, kw_proto *p)
{
    kw_heap_release(vm, p->code, p->code_cap * sizeof(*p->code));
    kw_heap_release(vm, p->constants, p->constant_cap * sizeof(*p->constants));
    kw_heap_release(vm, p->globals, p->global_cap * sizeof(*p->globals));
    kw_heap_release(vm, p->inner, p->inner_cap * sizeof(*p->inner));
    kw_heap_release(vm, p->captures, p->capture_cap * sizeof(*p->captures));
    kw_heap_release(vm, p->handlers, p->handler_cap * sizeof(*p->handlers));
    kw_heap_release(vm, p->lines, p->line_cap * sizeof(*p->lines));
    kw_heap_release(vm, p->called, p->called_cap * sizeof(*p->called));
    kw_heap_release(vm, p->caches, p->cache_count * sizeof(*p->caches));
    kw_heap_release(vm, p->params, ((size_t)p->param_count + p->variadic) * sizeof(*p->params));
    return sizeof(*p);
}

static size_t free_map(kw_vm *vm, kw_map *m)
{
    kw_heap_free_elements(vm, m->entries, m->cap * sizeof(*m->entries));
    kw_heap_free_elements(vm, m->index, m->index_cap * sizeof(*m->index));
    return sizeof(*m);
}

static size_t free_string(kw_string *s)
{
    free(s->index);
    return sizeof(*s) + s->size + 1;
}

void kw_gc_free_obj(kw_vm *vm, kw_obj *o)
{
    size_t size = 0;
    switch ((kw_kind)o->kind) {
    case KW_KIND_STRING: size = free_string((kw_string *)o); break;
    case KW_KIND_LIST:
        kw_list_free_items(vm, (kw_list *)o);
        size = sizeof(kw_list);
        break;
    case KW_KIND_MAP: size = free_map(vm, (kw_map *)o); break;
    case KW_KIND_BYTES:
        kw_bytes_drop(vm, (kw_bytes *)o);
        size = sizeof(kw_bytes);
        break;
    case KW_KIND_CLASS: size = free_class(vm, (kw_class *)o); break;
    case KW_KIND_OBJECT: size = free_object(vm, (kw_object *)o); break;
    case KW_KIND_CLOSURE: size = sizeof(kw_closure) + ((kw_closure *)o)->count * sizeof(kw_cell *); break;
    case KW_KIND_NATIVE:
        kw_native_free((kw_native *)o);
        size = sizeof(kw_native);
        break;
    case KW_KIND_BOUND: size = sizeof(kw_bound); break;
    case KW_KIND_CELL: size = sizeof(kw_cell); break;
    case KW_KIND_FIBER:
        kw_fiber_release(vm, (kw_fiber *)o);
        size = sizeof(kw_fiber);
        break;
    case KW_KIND_PACKAGE: size = sizeof(kw_package); break;
    case KW_KIND_POINTER:
        if (((kw_pointer *)o)->free != NULL)
            ((kw_pointer *)o)->free(vm, ((kw_pointer *)o)->data);
        size = sizeof(kw_pointer);
        break;
    case KW_KIND_PROTO: size = free_proto(vm, (kw_proto *)o); break;
    case KW_KIND_COUNT: break;
    }
    kw_heap_give(vm, o, size);
}

static void sweep(kw_vm *vm)
{
    kw_obj **at = &vm->heap->all;
    while (*at != NULL) {
        kw_obj *o = *at;
        assert(o->mark != KW_GRAY); /* all that was reached was traced */
        if (o->mark != KW_WHITE) {
            o->mark = KW_WHITE;
            at = &o->next;
        } else {
            *at = o->next;
            kw_gc_free_obj(vm, o);
        }
    }
}

/* From how many bytes in use on the next collection is wanted. */
static size_t next_threshold(kw_heap *heap)
{
    size_t bytes = kw_heap_counted(heap), used = bytes + kw_heap_outside(heap);
    size_t next = bytes > SIZE_MAX / 2 ? SIZE_MAX : bytes * 2;
    if (next < KW_LEAST_THRESHOLD)
        next = KW_LEAST_THRESHOLD;
    /* Near the limit collect more often, but never at every allocation. */
    size_t room = used < heap->limit ? heap->limit - used : 0;
    size_t least = bytes / KW_LEAST_ROOM + (64 << 10);
    size_t near = bytes + (room / 2 > least ? room / 2 : least);
    return next < near ? next : near;
}

/* What a large heap needed is given back once it is small. */
static void give_back(kw_heap *heap)
{
    enum { GRAY_KEPT = 1 << 15, PEAK_FROM = 16 << 20 };
    kw_slab_trim(&heap->slabs);
    if (heap->gray_cap > GRAY_KEPT) {
        free(heap->gray);
        heap->gray = NULL;
        heap->gray_cap = 0;
    }
    if (heap->peak >= PEAK_FROM && kw_heap_counted(heap) < heap->peak / 4) {
        kb_machine_memory_release();
        heap->peak = kw_heap_counted(heap);
    }
}

/* In debug builds, at every so many collections. */
static void check(kw_vm *vm, const char *when)
{
#if defined(KIWI_DEBUG_HEAP)
    if (vm->heap->collections % KIWI_DEBUG_HEAP == 0)
        kw_heap_must_be_sound(vm, when);
#else
    (void)vm;
    (void)when;
#endif
}

void kw_gc_collect(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    assert(vm->loading == 0 && heap->gray_count == 0); /* no C code holds values; not from inside itself */
    size_t before = kw_heap_counted(heap);
    kw_port_flush(vm);
    check(vm, "before");
    heap->peak = before > heap->peak ? before : heap->peak;
    kw_vm_mark_roots(vm);
    kw_names_mark(vm);
    trace_all(vm);
    kw_names_sweep(vm);
    kw_origin_sweep(vm);
    kw_fault_sweep(vm);
    sweep(vm);
    check(vm, "after");
    heap->due = false;
    atomic_store_explicit(&heap->short_outside, false, memory_order_relaxed);
    heap->collections++;
    size_t live = kw_heap_counted(heap);
    assert(live <= before && heap->gray_count == 0);
    atomic_store_explicit(&heap->live, live, memory_order_relaxed);
    heap->freed = before - live;
    if (live + kw_heap_outside(heap) <= heap->limit - heap->limit / KW_LEAST_ROOM)
        heap->grace = 0;
    heap->threshold = next_threshold(heap);
    give_back(heap);
}

int64_t kw_gc_idle(kw_vm *vm, int64_t timeout_us)
{
    enum { NAP_US = 50000, LEAST = 256 << 10 };
    kw_heap *heap = vm->heap;
    size_t bytes = kw_heap_counted(heap), live = kw_heap_live(heap);
    size_t garbage = bytes - (bytes < live ? bytes : live);
    if (garbage < LEAST + live / 4 || (timeout_us >= 0 && timeout_us < NAP_US))
        return timeout_us;
    if (heap->idle_bytes != bytes) { /* something has happened since the last time */
        heap->idle_bytes = bytes;
        return NAP_US;
    }
    kw_gc_collect(vm);
    return timeout_us;
}

void kw_gc_free_all(kw_vm *vm)
{
    while (vm->heap->all != NULL) {
        kw_obj *o = vm->heap->all;
        vm->heap->all = o->next;
        kw_gc_free_obj(vm, o);
    }
}
