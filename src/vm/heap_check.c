/* heap_check.c - is the heap as it must be?  For debug builds and tests.
 *
 * All objects get a colour of their own first: what a reference leads to is in the heap if it has it.  That, and that
 * it is of the kind that the reference wants, is looked at apart from the collector, which follows any reference. */
#include "config.h"

#include "vm/heap.h"

#include <stdio.h>
#include <stdlib.h>

#include "vm/chunk.h"
#include "vm/fiber.h"
#include "vm/names.h"

/* ---- References ---------------------------------------------------------------------------------------------- */

static bool is_in_heap(const void *object, kw_kind kind)
{
    const kw_obj *o = object;
    return o != NULL && o->mark == KW_LISTED && o->kind == (uint8_t)kind;
}

/* NULL where there need be none. */
static bool may_be(const void *object, kw_kind kind)
{
    return object == NULL || is_in_heap(object, kind);
}

static bool is_callable(const kw_obj *o)
{
    return is_in_heap(o, KW_KIND_CLOSURE) || is_in_heap(o, KW_KIND_NATIVE) || is_in_heap(o, KW_KIND_BOUND);
}

/* Does what the value refers to agree with its tag? */
static bool is_sound(kw_value v)
{
    switch ((kw_type)v.tag) {
    case KW_INT:
    case KW_FLOAT:
    case KW_BOOL:
    case KW_NULL:
    case KW_DATE:
    case KW_UNDEF: return true;
    case KW_STRING: return is_in_heap(v.as.obj, KW_KIND_STRING);
    case KW_LIST: return is_in_heap(v.as.obj, KW_KIND_LIST);
    case KW_MAP: return is_in_heap(v.as.obj, KW_KIND_MAP);
    case KW_OBJECT: return is_in_heap(v.as.obj, KW_KIND_OBJECT);
    case KW_LAMBDA: return is_callable(v.as.obj);
    case KW_STRUCT: return is_in_heap(v.as.obj, KW_KIND_CLASS);
    case KW_POINTER: return is_in_heap(v.as.obj, KW_KIND_POINTER);
    case KW_BYTES: return is_in_heap(v.as.obj, KW_KIND_BYTES);
    case KW_GENERATOR: return is_in_heap(v.as.obj, KW_KIND_FIBER);
    case KW_PACKAGE: return is_in_heap(v.as.obj, KW_KIND_PACKAGE);
    case KW_CELL: return is_in_heap(v.as.obj, KW_KIND_CELL);
    case KW_TYPE_COUNT: break;
    }
    return false;
}

static bool are_sound(const kw_value *v, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_sound(v[i]))
            return false;
    return true;
}

/* ---- Objects, kind by kind ----------------------------------------------------------------------------------- */

/* Each looks at the bounds of one object and at what it refers to, and adds what it owns to *bytes. */
static bool string_is_sound(const kw_string *s, size_t *bytes)
{
    *bytes += sizeof(*s) + s->size + 1;
    bool ascii = s->header.flags & KW_STR_ASCII;
    return s->text[s->size] == '\0' && (ascii ? s->length == s->size : s->length <= s->size);
}

static bool list_is_sound(const kw_list *l, size_t *bytes)
{
    *bytes += sizeof(*l) + (l->cap + l->header.spare32) * sizeof(kw_value);
    return l->count <= l->cap && are_sound(l->items, l->count);
}

static bool map_is_sound(const kw_map *m, size_t *bytes)
{
    uint32_t live = 0;
    *bytes += sizeof(*m) + m->cap * sizeof(kw_entry) + m->index_cap * sizeof(*m->index);
    if (m->used > m->cap || m->count > m->used || (m->index == NULL) != (m->index_cap == 0) ||
        (m->index_cap & (m->index_cap - 1)) != 0)
        return false;
    for (uint32_t i = 0; i < m->used; i++) {
        if (!is_sound(m->entries[i].key) || !is_sound(m->entries[i].value))
            return false;
        live += !kw_is(m->entries[i].key, KW_UNDEF);
    }
    for (uint32_t i = 0; i < m->index_cap; i++)
        if (m->index[i] > m->used)
            return false;
    return live == m->count;
}

static bool bytes_are_sound(const kw_bytes *b, size_t *bytes)
{
    *bytes += sizeof(*b) + b->cap;
    return b->store != NULL ? b->cap == 0 : b->size <= b->cap && (b->data != NULL || b->cap == 0);
}

static bool class_is_sound(const kw_class *c, size_t *bytes)
{
    *bytes += sizeof(*c) + sizeof(kw_shape);
    return is_in_heap(c->name, KW_KIND_STRING) && may_be(c->base, KW_KIND_CLASS) &&
           is_in_heap(c->methods, KW_KIND_MAP) && is_in_heap(c->statics, KW_KIND_MAP) && c->empty->count == 0;
}

static bool object_is_sound(const kw_object *o, size_t *bytes)
{
    *bytes += sizeof(*o) + (o->header.spare32 + (o->slots != o->first ? o->cap : 0)) * sizeof(kw_value);
    if (!is_in_heap(o->klass, KW_KIND_CLASS) || o->shape->count > o->cap || !are_sound(o->slots, o->shape->count))
        return false;
    uint32_t count = o->shape->count;
    for (const kw_shape *s = o->shape; s->parent != NULL; s = s->parent)
        if (!is_in_heap(s->name, KW_KIND_STRING) || s->count != count--)
            return false;
    return count == 0;
}

static bool closure_is_sound(const kw_closure *c, size_t *bytes)
{
    *bytes += sizeof(*c) + c->count * sizeof(kw_cell *);
    if (!is_in_heap(c->proto, KW_KIND_PROTO) || !is_sound(c->self) || !may_be(c->home, KW_KIND_CLASS) ||
        c->count != c->proto->capture_count)
        return false;
    for (uint32_t i = 0; i < c->count; i++)
        if (!is_in_heap(c->cells[i], KW_KIND_CELL))
            return false;
    return true;
}

static bool bound_is_sound(const kw_bound *b, size_t *bytes)
{
    *bytes += sizeof(*b);
    return kw_is(b->callable, KW_LAMBDA) && is_sound(b->callable) && is_sound(b->self) &&
           may_be(b->home, KW_KIND_CLASS);
}

static bool proto_is_sound(const kw_proto *p, size_t *bytes)
{
    *bytes += sizeof(*p) + p->code_cap * sizeof(*p->code) + p->constant_cap * sizeof(*p->constants) +
              p->global_cap * sizeof(*p->globals) + p->inner_cap * sizeof(*p->inner) +
              p->cache_count * sizeof(*p->caches) * (p->caches != NULL);
    if (p->code_count > p->code_cap || p->constant_count > p->constant_cap || p->global_count > p->global_cap ||
        p->inner_count > p->inner_cap)
        return false;
    for (uint32_t i = 0; i < p->inner_count; i++)
        if (!is_in_heap(p->inner[i], KW_KIND_PROTO))
            return false;
    return is_in_heap(p->name, KW_KIND_STRING) && is_in_heap(p->file, KW_KIND_STRING) &&
           may_be(p->returns, KW_KIND_STRING) && are_sound(p->constants, p->constant_count);
}

static bool frame_is_sound(const kw_fiber *f, const kw_frame *frame)
{
    if (!is_in_heap(frame->closure, KW_KIND_CLOSURE) || !is_in_heap(frame->closure->proto, KW_KIND_PROTO))
        return false;
    const kw_proto *p = frame->closure->proto;
    return p->param_count <= p->local_count && p->local_count <= p->reg_count && frame->base <= f->stack_cap &&
           p->reg_count <= f->stack_cap - frame->base && are_sound(f->stack + frame->base, p->reg_count) &&
           is_sound(frame->self) && may_be(frame->home, KW_KIND_CLASS) && frame->pc >= p->code &&
           frame->pc <= p->code + p->code_count;
}

static bool fiber_is_sound(const kw_fiber *f, size_t *bytes)
{
    *bytes += sizeof(*f) + f->stack_cap * sizeof(kw_value) + f->frame_cap * sizeof(kw_frame);
    if (f->frame_count > f->frame_cap || f->state > KW_FIBER_ENDED ||
        (f->state == KW_FIBER_ENDED && f->frame_count > 0))
        return false;
    for (uint32_t i = 0; i < f->frame_count; i++)
        if (!frame_is_sound(f, &f->frames[i]))
            return false;
    return is_sound(f->wake_value) && is_sound(f->result) && may_be(f->wake_type, KW_KIND_STRING) &&
           may_be(f->wake_message, KW_KIND_STRING) && may_be(f->error_type, KW_KIND_STRING) &&
           may_be(f->error_message, KW_KIND_STRING) && may_be(f->consumer, KW_KIND_FIBER) &&
           may_be(f->producer, KW_KIND_FIBER);
}

/* NULL, or what is wrong with it. */
static const char *object_flaw(const kw_obj *o, size_t *bytes)
{
    const void *it = o;
    switch ((kw_kind)o->kind) {
    case KW_KIND_STRING: return string_is_sound(it, bytes) ? NULL : "a string";
    case KW_KIND_LIST: return list_is_sound(it, bytes) ? NULL : "a list";
    case KW_KIND_MAP: return map_is_sound(it, bytes) ? NULL : "a hashmap";
    case KW_KIND_BYTES: return bytes_are_sound(it, bytes) ? NULL : "bytes";
    case KW_KIND_CLASS: return class_is_sound(it, bytes) ? NULL : "a struct";
    case KW_KIND_OBJECT: return object_is_sound(it, bytes) ? NULL : "an object";
    case KW_KIND_CLOSURE: return closure_is_sound(it, bytes) ? NULL : "a closure";
    case KW_KIND_NATIVE:
        *bytes += sizeof(kw_native);
        return is_in_heap(((const kw_native *)it)->name, KW_KIND_STRING) ? NULL : "a native";
    case KW_KIND_BOUND: return bound_is_sound(it, bytes) ? NULL : "a bound method";
    case KW_KIND_CELL:
        *bytes += sizeof(kw_cell);
        return is_sound(((const kw_cell *)it)->value) ? NULL : "a captured variable";
    case KW_KIND_FIBER: return fiber_is_sound(it, bytes) ? NULL : "a fiber";
    case KW_KIND_PACKAGE:
        *bytes += sizeof(kw_package);
        return is_in_heap(((const kw_package *)it)->name, KW_KIND_STRING) ? NULL : "a package";
    case KW_KIND_POINTER: *bytes += sizeof(kw_pointer); return NULL;
    case KW_KIND_PROTO: return proto_is_sound(it, bytes) ? NULL : "code";
    case KW_KIND_COUNT: break;
    }
    return "an object of no kind";
}

/* ---- The whole ----------------------------------------------------------------------------------------------- */

/* Give all objects the colour. */
static const char *list_all(kw_heap *heap)
{
    for (kw_obj *o = heap->all; o != NULL; o = o->next) {
        if (o->mark != KW_WHITE)
            return o->mark == KW_LISTED ? "a list of objects that goes round" : "a colour between collections";
        o->mark = KW_LISTED;
    }
    return NULL;
}

static void unlist_all(kw_heap *heap)
{
    for (kw_obj *o = heap->all; o != NULL && o->mark == KW_LISTED; o = o->next)
        o->mark = KW_WHITE;
}

static const char *objects_flaw(kw_heap *heap)
{
    size_t bytes = 0;
    for (const kw_obj *o = heap->all; o != NULL; o = o->next) {
        const char *flaw = object_flaw(o, &bytes);
        if (flaw != NULL)
            return flaw;
    }
    /* Rounded up, and not all of it lies in objects. */
    return bytes > kw_heap_counted(heap) ? "objects that were not counted" : NULL;
}

const char *kw_heap_flaw(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    if (heap->gray_count > 0 || heap->gray_lost)
        return "objects left to be traced";
    const char *flaw = list_all(heap);
    if (flaw == NULL)
        flaw = objects_flaw(heap);
    if (flaw == NULL)
        flaw = kw_names_flaw(vm);
    if (flaw == NULL)
        flaw = kw_slab_flaw(&heap->slabs);
    unlist_all(heap);
    return flaw;
}

void kw_heap_must_be_sound(kw_vm *vm, const char *when)
{
    const char *flaw = kw_heap_flaw(vm);
    if (flaw == NULL)
        return;
    (void)fprintf(stderr, "kiwi: the heap is broken %s a collection: %s\n", when, flaw);
    abort();
}
