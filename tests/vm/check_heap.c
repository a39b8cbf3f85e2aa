/* check_heap.c - vm/heap, gc, names, chunk: what is reachable stays, the rest goes, limits hold. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "vm/bytes_store.h"
#include "vm/chunk.h"
#include "vm/dump.h"
#include "vm/heap.h"
#include "vm_test.h"

START_TEST(what_roots_reach_survives_and_the_rest_is_freed)
{
    kw_vm *vm = make_vm();
    kw_gc_collect(vm);
    size_t before = kw_heap_bytes(vm);
    kw_map *m = kw_map_new(vm, 0);
    kw_vm_pin(vm, kw_of_map(m));
    for (int i = 0; i < 1000; i++) {
        ck_assert(kw_map_set(vm, m, kw_int(i), LIST(vm, kw_of_string(kw_string_format(vm, "text %d", i)))));
        (void)LIST(vm, kw_string_c(vm, "garbage"));
        (void)kw_bytes_new(vm, "garbage", 7);
        kw_object *o = kw_object_new(vm, kw_class_new(vm, kw_intern_c(vm, "Garbage")));
        kw_object_set(vm, o, kw_intern_c(vm, "x"), kw_of_obj(KW_OBJECT, o));
    }
    size_t full = kw_heap_bytes(vm);
    kw_gc_collect(vm);
    size_t live = kw_heap_bytes(vm);
    ck_assert_uint_lt(live, full - 300000);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "[\"text %d\"]", i);
        shows(vm, kw_map_get(m, kw_int(i)), text);
    }
    vm->pinned->count = 0;
    kw_gc_collect(vm);
    ck_assert_uint_le(kw_heap_bytes(vm), before + 1024); /* every byte that was counted is given back */
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_long_chain_is_marked_without_recursion)
{
    kw_vm *vm = make_vm();
    kw_value v = kw_int(1);
    for (int i = 0; i < 1000000; i++) {
        kw_cell *c = kw_cell_new(vm, v);
        v = kw_of_obj(KW_CELL, c);
    }
    kw_vm_pin(vm, v);
    kw_gc_collect(vm);
    int length = 0;
    for (; v.tag == KW_CELL; length++)
        v = v.as.cell->value;
    ck_assert_int_eq(length, 1000000);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(globals_are_roots_and_know_their_package)
{
    kw_vm *vm = make_vm();
    kw_global *g = kw_names_global_at(vm, kw_intern_c(vm, "a::b::x"));
    ck_assert_ptr_eq(g, kw_names_global_at(vm, kw_string_c(vm, "a::b::x").as.string));
    ck_assert_str_eq(g->owner->text, "a::b");
    ck_assert_ptr_eq(g->plain, kw_names_global_at(vm, kw_intern_c(vm, "x")));
    kw_global_define(vm, g, KW_MEANS_VARIABLE, LIST(vm, kw_string_c(vm, "kept")));
    for (int i = 0; i < 1000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "g%d", i);
        kw_global_define(vm, kw_names_global_at(vm, kw_intern_c(vm, name)), KW_MEANS_VARIABLE, kw_string_c(vm, name));
    }
    kw_gc_collect(vm);
    shows(vm, g->variable, "[\"kept\"]");
    shows(vm, kw_names_global_at(vm, kw_intern_c(vm, "g999"))->variable, "g999");
    kw_vm_destroy(vm);
}
END_TEST

/* Break something, see that it is found, mend it. */
#define FOUND(vm, flaw, broken, mended)                                                                                \
    do {                                                                                                               \
        ck_assert_ptr_null(kw_heap_flaw(vm));                                                                          \
        broken;                                                                                                        \
        const char *found = kw_heap_flaw(vm);                                                                          \
        ck_assert_msg(found != NULL && strcmp(found, flaw) == 0, "%s: %s", flaw, found);                               \
        mended;                                                                                                        \
        ck_assert_ptr_null(kw_heap_flaw(vm));                                                                          \
    } while (0)

START_TEST(a_broken_object_is_found)
{
    kw_vm *vm = make_vm();
    kw_list *list = kw_list_new(vm, 4);
    kw_map *map = kw_map_new(vm, 0);
    kw_string *text = kw_string_new(vm, "text", 4);
    ck_assert(kw_list_push(vm, list, kw_of_string(text)));
    ck_assert(kw_map_set(vm, map, kw_int(1), kw_of_list(list)));
    kw_object *object = kw_object_new(vm, kw_class_new(vm, kw_intern_c(vm, "Thing")));
    kw_object_set(vm, object, kw_intern_c(vm, "x"), kw_int(1));
    kw_cell *cell = kw_cell_new(vm, kw_int(1));
    kw_string stray = {.header = {.kind = KW_KIND_STRING}};

    FOUND(vm, "a list", list->count = list->cap + 1, list->count = 1);
    FOUND(vm, "a list", list->items[0].as.string = &stray, list->items[0].as.string = text);
    FOUND(vm, "a list", list->items[0].tag = KW_BYTES, list->items[0].tag = KW_STRING);
    FOUND(vm, "a string", text->length++, text->length--);
    FOUND(vm, "a hashmap", map->count++, map->count--);
    FOUND(vm, "an object", object->shape->count++, object->shape->count--);
    FOUND(vm, "a captured variable", cell->value = kw_of_obj(KW_MAP, list), cell->value = kw_int(1));
    FOUND(vm, "an object of no kind", cell->header.kind = KW_KIND_COUNT, cell->header.kind = KW_KIND_CELL);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_broken_heap_is_found)
{
    kw_vm *vm = make_vm();
    kw_heap *heap = vm->heap;
    kw_string *name = kw_intern_c(vm, "name");
    kw_global *g = kw_names_global_at(vm, kw_intern_c(vm, "record"));
    kw_obj *last = heap->all;
    size_t bytes = kw_heap_bytes(vm);
    while (last->next != NULL)
        last = last->next;
    ck_assert_ptr_null(kw_heap_flaw(vm));
    last->next = heap->all;
    ck_assert_str_eq(kw_heap_flaw(vm), "a list of objects that goes round");
    last->next = NULL;

    FOUND(vm, "a colour between collections", heap->all->mark = KW_BLACK, heap->all->mark = KW_WHITE);
    FOUND(vm, "objects left to be traced", heap->gray_lost = true, heap->gray_lost = false);
    FOUND(vm, "objects that were not counted", kw_heap_count(heap, 0, bytes / 2), kw_heap_count(heap, bytes / 2, 0));
    FOUND(vm, "a name", name->header.flags ^= KW_STR_INTERNED, name->header.flags ^= KW_STR_INTERNED);
    FOUND(vm, "the record of a global name", g->means = KW_MEANS_DECL, g->means = 0);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(allocation_asks_for_a_collection)
{
    kw_vm *vm = make_vm();
    vm->gc_stress = false; /* KIWI_GC_STRESS may be set */
    kw_gc_collect(vm);
    vm->budget = 1000;
    ck_assert(!kw_heap_due(vm));
    for (int i = 0; i < 200000 && !kw_heap_due(vm); i++)
        (void)kw_list_new(vm, 8);
    ck_assert(kw_heap_due(vm));
    ck_assert_int_eq(vm->budget, 0);
    kw_gc_collect(vm);
    ck_assert(!kw_heap_due(vm));
    vm->gc_stress = true;
    (void)kw_list_new(vm, 0);
    ck_assert(kw_heap_due(vm));
    kw_vm_destroy(vm);
}
END_TEST

/* How many bytes may be made before a collection is asked for, when `dropped` are known to be garbage? */
static size_t room_until_due(kw_vm *vm, size_t dropped)
{
    enum { STEP = 64 << 10 };
    size_t made = 0;
    kw_gc_collect(vm);
    kw_heap_dropped(vm, dropped);
    for (; !kw_heap_due(vm); made += STEP)
        ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, STEP));
    return made;
}

START_TEST(what_was_dropped_makes_a_collection_come_sooner)
{
    enum { LIVE = 32 << 20, MANY = LIVE / 4 };
    kw_vm *vm = make_vm();
    vm->gc_stress = false;
    kw_vm_pin(vm, kw_of_bytes(kw_bytes_new(vm, NULL, LIVE)));
    ck_assert_uint_gt(room_until_due(vm, 0), LIVE / 8 * 7);
    ck_assert_uint_lt(room_until_due(vm, MANY), LIVE / 8 * 3);
    ck_assert_uint_gt(room_until_due(vm, MANY), LIVE / 8); /* but not at once: that would cost more than it frees */
    ck_assert_uint_gt(room_until_due(vm, 0), LIVE / 8 * 7);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(the_limit_becomes_an_error)
{
    ck_assert_int_eq(setenv("KIWI_MEMORY_LIMIT", "4m", 1), 0);
    kw_vm *vm = make_vm();
    ck_assert_ptr_null(kw_bytes_new(vm, NULL, 5 << 20));
    threw(vm, "MemoryError", "Not enough memory for 5242880 bytes.");
    kw_list *list = kw_list_new(vm, 0);
    kw_vm_pin(vm, kw_of_list(list));
    size_t pushed = 0;
    while (kw_list_push(vm, list, kw_int(1)))
        ck_assert_uint_lt(++pushed, 1000000);
    ck_assert_uint_gt(pushed, 10000);
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_throw_clear(vm);
    for (int i = 0; i < 200000; i++) /* small ones go on for a while, and are noticed at a safepoint */
        kw_vm_pin(vm, kw_of_string(kw_string_new(vm, "0123456789", 10)));
    kw_throw_clear(vm);
    kw_gc_collect(vm);
    ck_assert(kw_heap_overdrawn(vm));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    ck_assert(!kw_heap_overdrawn(vm));
    vm->pinned->count = 0;
    kw_gc_collect(vm);
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 1 << 20));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(garbage_does_not_count_against_the_limit)
{
    ck_assert_int_eq(setenv("KIWI_MEMORY_LIMIT", "4m", 1), 0);
    kw_vm *vm = make_vm();
    kw_gc_collect(vm);
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 5 << 19));
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 5 << 19)); /* fits once the other is gone */
    ck_assert_ptr_null(kw_bytes_new(vm, NULL, 5 << 19));    /* but there is a bound */
    kw_throw_clear(vm);
    kw_gc_collect(vm);
    ck_assert(!kw_heap_overdrawn(vm));
    for (int i = 0; i < 2; i++) {
        kw_bytes *bytes = kw_bytes_new(vm, NULL, 5 << 19);
        ck_assert_ptr_nonnull(bytes);
        kw_vm_pin(vm, kw_of_obj(KW_BYTES, bytes));
    }
    kw_gc_collect(vm);
    ck_assert(kw_heap_overdrawn(vm));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_native_that_fills_the_heap_is_told)
{
    ck_assert_int_eq(setenv("KIWI_MEMORY_LIMIT", "4m", 1), 0);
    kw_vm *vm = make_vm();
    size_t made = 0;
    for (; kw_go_on(vm); made++)
        (void)kw_string_new(vm, "0123456789", 10);
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    ck_assert_uint_gt(kw_heap_bytes(vm), 4 << 20);
    ck_assert_uint_lt(kw_heap_bytes(vm), 7 << 20);
    kw_throw_clear(vm);
    kw_gc_collect(vm);
    ck_assert(!kw_heap_overdrawn(vm));
    ck_assert(kw_go_on(vm));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(buffers_count)
{
    ck_assert_int_eq(setenv("KIWI_MEMORY_LIMIT", "4m", 1), 0);
    kw_vm *vm = make_vm();
    kw_buf buf;
    size_t before = kw_heap_bytes(vm);
    kw_buf_init(&buf);
    for (int i = 0; i < 100000; i++)
        kw_buf_puts(&buf, "0123456789");
    ck_assert(!buf.failed);
    ck_assert_uint_ge(kw_heap_bytes(vm), before + 1000000);
    kw_string *s = kw_buf_string(vm, &buf); /* takes the block over */
    ck_assert_uint_eq(s->size, 1000000);
    ck_assert_uint_eq(s->length, 1000000);
    ck_assert_int_eq(memcmp(s->text + 999990, "0123456789", 11), 0);
    ck_assert_uint_lt(kw_heap_bytes(vm), before + 1001000);
    for (int i = 0; i < 10; i++)
        kw_buf_puts(&buf, s->text);
    ck_assert(buf.failed);
    ck_assert_ptr_null(kw_buf_string(vm, &buf));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_throw_clear(vm);
    for (int i = 0; i < 1000; i++)
        kw_buf_puts(&buf, "abc");
    kw_bytes *b = kw_buf_bytes(vm, &buf);
    ck_assert_uint_eq(b->size, 3000);
    ck_assert_int_eq(memcmp(b->data, "abcabc", 6), 0);
    ck_assert_int_eq(b->data[2999], 'c');
    kw_buf_puts(&buf, "\xff");
    for (int i = 0; i < 1000; i++)
        kw_buf_puts(&buf, "abc");
    ck_assert_uint_eq(kw_buf_text(vm, &buf)->length, 3001);
    kw_gc_collect(vm);
    ck_assert_uint_le(kw_heap_bytes(vm), before);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(what_only_gone_code_mentions_is_forgotten)
{
    kw_vm *vm = make_vm();
    kw_gc_collect(vm);
    size_t before = kw_heap_bytes(vm);
    kw_proto *kept = kw_chunk_proto_new(vm, kw_intern_c(vm, "f"), kw_intern_c(vm, "file"));
    kw_vm_pin(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, kept)));
    for (int i = 0; i < 10000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "a::b%d", i);
        kw_global *g = kw_names_global_at(vm, kw_intern_c(vm, name));
        if (i % 1000 == 0)
            (void)kw_chunk_global(vm, kept, g);
        else if (i % 1000 == 1)
            kw_global_define(vm, g, KW_MEANS_VARIABLE, kw_int(i));
    }
    kw_gc_collect(vm);
    ck_assert_uint_lt(kw_heap_bytes(vm), before + 16000);
    for (uint32_t i = 0; i < 10; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "a::b%u", i * 1000);
        ck_assert_ptr_eq(kw_names_global_at(vm, kw_intern_c(vm, name)), kept->globals[i]);
        ck_assert_ptr_nonnull(kept->globals[i]->plain);
        (void)snprintf(name, sizeof(name), "a::b%u", i * 1000 + 1);
        ck_assert_int_eq(kw_names_global_at(vm, kw_intern_c(vm, name))->variable.as.i, i * 1000 + 1);
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(an_idle_interpreter_collects_after_a_moment)
{
    enum { MINUTE_US = 60000000 };
    kw_vm *vm = make_vm();
    kw_gc_collect(vm);
    uint64_t before = kw_heap_collections(vm);
    ck_assert_int_eq(kw_gc_idle(vm, MINUTE_US), MINUTE_US); /* there is no garbage */
    for (int i = 0; i < 10000; i++)
        (void)kw_string_new(vm, "0123456789", 10);
    ck_assert_int_eq(kw_gc_idle(vm, 1000), 1000); /* it goes on soon */
    int64_t nap = kw_gc_idle(vm, -1);
    ck_assert(nap > 0 && nap < 1000000);
    (void)kw_string_new(vm, "0123456789", 10);
    ck_assert_int_eq(kw_gc_idle(vm, MINUTE_US), nap); /* something happened meanwhile */
    ck_assert_uint_eq(kw_heap_collections(vm), before);
    ck_assert_int_eq(kw_gc_idle(vm, MINUTE_US), MINUTE_US);
    ck_assert_uint_eq(kw_heap_collections(vm), before + 1);
    kw_vm_destroy(vm);
}
END_TEST

/* ---- Memory outside the heap --------------------------------------------------------------------- */

static size_t outside;

static size_t held(void *data)
{
    return *(size_t *)data;
}

static kw_vm *make_port_vm(const char *limit)
{
    ck_assert_int_eq(setenv("KIWI_MEMORY_LIMIT", limit, 1), 0);
    kw_vm *vm = make_vm();
    outside = 0;
    vm->port.data = &outside;
    vm->port.held = held;
    kw_heap_know_limit(vm);
    kw_gc_collect(vm);
    return vm;
}

START_TEST(what_the_port_holds_counts_against_the_limit)
{
    kw_vm *vm = make_port_vm("4m");
    ck_assert(kw_heap_room(vm, 3, 1 << 20));
    size_t left = kw_heap_left(vm);
    outside = 2 << 20;
    ck_assert_uint_eq(kw_heap_left(vm), left - outside);
    ck_assert(!kw_heap_room(vm, 3, 1 << 20));
    threw(vm, "MemoryError", "Not enough memory for 3145728 bytes.");
    kw_gc_collect(vm);
    for (int i = 0; i < 20000; i++) /* small ones pass it, and that is noticed */
        kw_vm_pin(vm, kw_of_string(kw_string_new(vm, "0123456789012345678901234567890123456789", 40)));
    kw_throw_clear(vm);
    ck_assert_uint_lt(kw_heap_bytes(vm), 4 << 20);
    kw_gc_collect(vm);
    ck_assert(kw_heap_overdrawn(vm));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_throw_clear(vm);
    outside = 0;
    kw_gc_collect(vm);
    ck_assert(!kw_heap_overdrawn(vm));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(other_threads_may_keep_what_fits_without_the_garbage)
{
    kw_vm *vm = make_port_vm("4m");
    ck_assert(kw_heap_affords(vm, 3 << 20));
    ck_assert(!kw_heap_due(vm));
    ck_assert(!kw_heap_affords(vm, 5 << 20));
    ck_assert(kw_heap_due(vm)); /* what is garbage nobody knows before */
    kw_gc_collect(vm);
    ck_assert(!kw_heap_due(vm));
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 2 << 20)); /* garbage */
    kw_gc_collect(vm);
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 2 << 20));
    ck_assert(kw_heap_affords(vm, 3 << 20)); /* fits once that is gone */
    ck_assert(kw_heap_due(vm));
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 2 << 20));
    ck_assert(!kw_heap_affords(vm, 3 << 20)); /* but there is a bound */
    ck_assert(!kw_heap_fits(vm, 3 << 20));
    kw_gc_collect(vm);
    ck_assert(kw_heap_fits(vm, 3 << 20));
    outside = 4 << 20;
    ck_assert(!kw_heap_affords(vm, 1));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(lent_bytes_count_once)
{
    kw_vm *vm = make_port_vm("8m");
    kw_bytes *row = kw_bytes_new(vm, NULL, 2 << 20);
    const uint8_t *at = row->data;
    size_t left = kw_heap_left(vm);
    kw_store *first = kw_bytes_lend(vm, row), *second = kw_bytes_lend(vm, row);
    ck_assert(first != NULL && second != NULL);
    ck_assert_uint_eq(kw_heap_left(vm), left);
    ck_assert(kw_bytes_own(vm, row)); /* before it is changed */
    ck_assert_ptr_ne(row->data, at);
    ck_assert_uint_le(kw_heap_left(vm), left - (2 << 20)); /* now there are two */
    kw_gc_collect(vm);                                     /* the row was garbage */
    size_t lent = kw_heap_left(vm);
    ck_assert_uint_lt(lent, left + 10000);
    kw_bytes_store_return(first);
    ck_assert_uint_eq(kw_heap_left(vm), lent);
    kw_bytes_store_return(second);
    ck_assert_uint_eq(kw_heap_left(vm), lent + (2 << 20));
    kw_vm_destroy(vm);
}
END_TEST

static int freed;

static void release(kw_vm *vm, void *data)
{
    (void)vm;
    freed += data == &freed;
}

START_TEST(pointers_are_released_once)
{
    kw_vm *vm = make_vm();
    static const char type[] = "test";
    freed = 0;
    (void)kw_pointer_new(vm, type, &freed, NULL, release);
    kw_vm_pin(vm, kw_pointer_new(vm, type, &freed, NULL, release));
    kw_gc_collect(vm);
    ck_assert_int_eq(freed, 1);
    kw_vm_destroy(vm);
    ck_assert_int_eq(freed, 2);
}
END_TEST

START_TEST(functions_keep_their_parts_and_forget_caches)
{
    kw_vm *vm = make_vm();
    kw_proto *p = kw_chunk_proto_new(vm, kw_string_c(vm, "f").as.string, kw_string_c(vm, "file").as.string);
    uint32_t k = kw_chunk_constant(vm, p, kw_of_string(kw_intern_c(vm, "constant")), false);
    ck_assert_uint_eq(kw_chunk_constant(vm, p, kw_of_string(kw_intern_c(vm, "constant")), false), k);
    ck_assert_uint_ne(kw_chunk_constant(vm, p, kw_int(1), false), kw_chunk_constant(vm, p, kw_float(1), false));
    ck_assert_uint_ne(kw_chunk_constant(vm, p, kw_float(0.0), false), kw_chunk_constant(vm, p, kw_float(-0.0), false));
    kw_chunk_emit(vm, p, kw_abx(OP_LOADK, 0, k), 3);
    kw_chunk_emit(vm, p, kw_abc(OP_GETFIELD, 0, 0, 0), 4);
    kw_chunk_emit(vm, p, kw_chunk_cache(p) << 16 | k, 4);
    kw_chunk_emit(vm, p, kw_abc(OP_RETURN, 0, 0, 0), 5);
    kw_chunk_finish(vm, p);
    p->caches[0].key = p;
    kw_vm_pin(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)));
    kw_gc_collect(vm);
    ck_assert_ptr_null(p->caches[0].key);
    ck_assert_uint_eq(kw_chunk_line(p, 2), 4);
    ck_assert_uint_eq(kw_chunk_line(p, 3), 5);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    kw_dump(vm, p, out);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_ptr_nonnull(strstr(text, "LOADK      0 0  ; string constant"));
    ck_assert_ptr_nonnull(strstr(text, "GETFIELD   0 0  ; cache 0 string constant"));
    free(text);
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("heap", 60, what_roots_reach_survives_and_the_rest_is_freed, a_long_chain_is_marked_without_recursion,
           globals_are_roots_and_know_their_package, allocation_asks_for_a_collection,
           what_was_dropped_makes_a_collection_come_sooner, the_limit_becomes_an_error,
           garbage_does_not_count_against_the_limit, a_native_that_fills_the_heap_is_told, buffers_count,
           what_the_port_holds_counts_against_the_limit, other_threads_may_keep_what_fits_without_the_garbage,
           lent_bytes_count_once, what_only_gone_code_mentions_is_forgotten, a_broken_object_is_found,
           a_broken_heap_is_found, an_idle_interpreter_collects_after_a_moment, pointers_are_released_once,
           functions_keep_their_parts_and_forget_caches)
