/* check_heap.c - vm/heap, gc, names, chunk: what is reachable stays, the rest goes, limits hold. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "vm/chunk.h"
#include "vm/dump.h"
#include "vm_test.h"

START_TEST(what_roots_reach_survives_and_the_rest_is_freed)
{
    kw_vm *vm = make_vm();
    kw_gc_collect(vm);
    size_t before = kw_gc_bytes(vm);
    kw_map *m = kw_map_new(vm, 0);
    kw_pin(vm, kw_of_map(m));
    for (int i = 0; i < 1000; i++) {
        ck_assert(kw_map_set(vm, m, kw_int(i), LIST(vm, kw_of_string(kw_string_format(vm, "text %d", i)))));
        (void)LIST(vm, kw_string_c(vm, "garbage"));
        (void)kw_bytes_new(vm, "garbage", 7);
        kw_object *o = kw_object_new(vm, kw_class_new(vm, kw_intern_c(vm, "Garbage")));
        kw_object_set(vm, o, kw_intern_c(vm, "x"), kw_of_obj(KW_OBJECT, o));
    }
    size_t full = kw_gc_bytes(vm);
    kw_gc_collect(vm);
    size_t live = kw_gc_bytes(vm);
    ck_assert_uint_lt(live, full - 300000);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "[\"text %d\"]", i);
        shows(vm, kw_map_get(m, kw_int(i)), text);
    }
    vm->pinned->count = 0;
    kw_gc_collect(vm);
    ck_assert_uint_le(kw_gc_bytes(vm), before + 1024); /* every byte that was counted is given back */
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
    kw_pin(vm, v);
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
    kw_global *g = kw_global_at(vm, kw_intern_c(vm, "a::b::x"));
    ck_assert_ptr_eq(g, kw_global_at(vm, kw_string_c(vm, "a::b::x").as.string));
    ck_assert_str_eq(g->owner->text, "a::b");
    ck_assert_ptr_eq(g->plain, kw_global_at(vm, kw_intern_c(vm, "x")));
    g->variable = LIST(vm, kw_string_c(vm, "kept"));
    for (int i = 0; i < 1000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "g%d", i);
        kw_global_at(vm, kw_intern_c(vm, name))->variable = kw_string_c(vm, name);
    }
    kw_gc_collect(vm);
    shows(vm, g->variable, "[\"kept\"]");
    shows(vm, kw_global_at(vm, kw_intern_c(vm, "g999"))->variable, "g999");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(allocation_asks_for_a_collection)
{
    kw_vm *vm = make_vm();
    vm->gc_stress = false; /* KIWI_GC_STRESS may be set */
    kw_gc_collect(vm);
    vm->budget = 1000;
    ck_assert(!kw_gc_due(vm));
    for (int i = 0; i < 200000 && !kw_gc_due(vm); i++)
        (void)kw_list_new(vm, 8);
    ck_assert(kw_gc_due(vm));
    ck_assert_int_eq(vm->budget, 0);
    kw_gc_collect(vm);
    ck_assert(!kw_gc_due(vm));
    vm->gc_stress = true;
    (void)kw_list_new(vm, 0);
    ck_assert(kw_gc_due(vm));
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
    kw_pin(vm, kw_of_list(list));
    size_t pushed = 0;
    while (kw_list_push(vm, list, kw_int(1)))
        ck_assert_uint_lt(++pushed, 1000000);
    ck_assert_uint_gt(pushed, 10000);
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_clear_error(vm);
    for (int i = 0; i < 200000; i++) /* small ones go on for a while, and are noticed at a safepoint */
        kw_pin(vm, kw_of_string(kw_string_new(vm, "0123456789", 10)));
    kw_clear_error(vm);
    kw_gc_collect(vm);
    ck_assert(kw_gc_overdrawn(vm));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    ck_assert(!kw_gc_overdrawn(vm));
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
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 3 << 20));
    ck_assert_ptr_nonnull(kw_bytes_new(vm, NULL, 3 << 20)); /* fits once the other is gone */
    ck_assert_ptr_null(kw_bytes_new(vm, NULL, 3 << 20));    /* but there is a bound */
    kw_clear_error(vm);
    kw_gc_collect(vm);
    ck_assert(!kw_gc_overdrawn(vm));
    for (int i = 0; i < 2; i++) {
        kw_bytes *bytes = kw_bytes_new(vm, NULL, 3 << 20);
        ck_assert_ptr_nonnull(bytes);
        kw_pin(vm, kw_of_obj(KW_BYTES, bytes));
    }
    kw_gc_collect(vm);
    ck_assert(kw_gc_overdrawn(vm));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
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
    kw_pin(vm, kw_pointer_new(vm, type, &freed, NULL, release));
    kw_gc_collect(vm);
    ck_assert_int_eq(freed, 1);
    kw_vm_destroy(vm);
    ck_assert_int_eq(freed, 2);
}
END_TEST

START_TEST(functions_keep_their_parts_and_forget_caches)
{
    kw_vm *vm = make_vm();
    kw_proto *p = kw_proto_new(vm, kw_string_c(vm, "f").as.string, kw_string_c(vm, "file").as.string);
    uint32_t k = kw_chunk_constant(vm, p, kw_of_string(kw_intern_c(vm, "constant")), false);
    ck_assert_uint_eq(kw_chunk_constant(vm, p, kw_of_string(kw_intern_c(vm, "constant")), false),
                      k);
    ck_assert_uint_ne(kw_chunk_constant(vm, p, kw_int(1), false),
                      kw_chunk_constant(vm, p, kw_float(1), false));
    ck_assert_uint_ne(kw_chunk_constant(vm, p, kw_float(0.0), false),
                      kw_chunk_constant(vm, p, kw_float(-0.0), false));
    kw_chunk_emit(vm, p, kw_abx(OP_LOADK, 0, k), 3);
    kw_chunk_emit(vm, p, kw_abc(OP_GETFIELD, 0, 0, 0), 4);
    kw_chunk_emit(vm, p, kw_chunk_cache(p) << 16 | k, 4);
    kw_chunk_emit(vm, p, kw_abc(OP_RETURN, 0, 0, 0), 5);
    kw_chunk_finish(vm, p);
    p->caches[0].key = p;
    kw_pin(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)));
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
           globals_are_roots_and_know_their_package, allocation_asks_for_a_collection, the_limit_becomes_an_error,
           garbage_does_not_count_against_the_limit, pointers_are_released_once, functions_keep_their_parts_and_forget_caches)
