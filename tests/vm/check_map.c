/* check_map.c - vm/map, class: insertion order, strict keys, removal, shapes of objects. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm_test.h"

START_TEST(keys_are_told_apart_strictly)
{
    kw_vm *vm = make_vm();
    kw_map *m = kw_map_new(vm, 0);
    const kw_value keys[] = {
        kw_int(1),  kw_float(1),   kw_string_c(vm, "1"), kw_bool(true),         kw_null(),
        kw_date(1), kw_float(NAN), LIST(vm, kw_int(1)),  LIST(vm, kw_float(1)), kw_of_bytes(kw_bytes_new(vm, "1", 1))};
    int count = (int)(sizeof(keys) / sizeof(keys[0]));
    for (int i = 0; i < count; i++)
        ck_assert(kw_map_set(vm, m, keys[i], kw_int(i)));
    ck_assert_uint_eq(m->count, (unsigned)count);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(kw_map_get(m, keys[i]).as.i, i);
    ck_assert_int_eq(kw_map_get(m, LIST(vm, kw_int(1))).as.i, 7);
    ck_assert_int_eq(kw_map_get(m, kw_of_bytes(kw_bytes_new(vm, "1", 1))).as.i, 9);
    ck_assert_int_eq(kw_map_get(m, kw_int(2)).tag, KW_UNDEF);
    ck_assert(kw_map_set(vm, m, kw_float(0.0), kw_int(50)));
    ck_assert_int_eq(kw_map_get(m, kw_float(-0.0)).as.i, 50);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(one_is_made_of_pairs)
{
    enum { MOST = 300 };
    kw_value pairs[2 * MOST];
    kw_vm *vm = make_vm();
    for (int i = 0; i < MOST; i++) {
        pairs[2 * i] = kw_int(i % 200); /* the last hundred come again */
        pairs[2 * i + 1] = kw_int(i);
    }
    for (size_t count = 0; count <= MOST; count++) {
        kw_map *m = kw_map_of(vm, pairs, count);
        ck_assert_uint_eq(m->count, count < 200 ? count : 200);
        for (size_t i = 0; i < count; i++) {
            int64_t last = (int64_t)(i < 100 && i + 200 < count ? i + 200 : i);
            ck_assert_int_eq(kw_map_get(m, pairs[2 * i]).as.i, last);
        }
        ck_assert(kw_map_set(vm, m, kw_int(MOST), kw_null())); /* it can grow on */
        ck_assert_int_eq(kw_map_get(m, kw_int(MOST)).tag, KW_NULL);
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(many_changes_match_a_plain_table)
{
    enum { KEYS = 500, STEPS = 200000 };
    int64_t model[KEYS];
    unsigned long long state = 12345;
    kw_vm *vm = make_vm();
    kw_map *m = kw_map_new(vm, 0);
    unsigned live = 0;
    for (int i = 0; i < KEYS; i++)
        model[i] = -1;
    for (int i = 0; i < STEPS; i++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        int key = (int)(state >> 33) % KEYS;
        if (state >> 60 < 8) {
            ck_assert(kw_map_set(vm, m, kw_int(key), kw_int(i)));
            live += model[key] < 0;
            model[key] = i;
        } else {
            ck_assert(kw_map_remove(m, kw_int(key)) == (model[key] >= 0));
            live -= model[key] >= 0;
            model[key] = -1;
        }
        ck_assert_uint_eq(m->count, live);
    }
    for (int i = 0; i < KEYS; i++) {
        kw_value v = kw_map_get(m, kw_int(i));
        ck_assert(model[i] < 0 ? v.tag == KW_UNDEF : v.tag == KW_INT && v.as.i == model[i]);
    }
    ck_assert_uint_lt(m->cap, 4 * KEYS); /* removed entries do not pile up */
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(order_is_that_of_insertion)
{
    kw_vm *vm = make_vm();
    kw_map *m = kw_map_new(vm, 0);
    for (int i = 0; i < 20; i++)
        ck_assert(kw_map_set(vm, m, kw_int(i), kw_null()));
    ck_assert(kw_map_remove(m, kw_int(3)));
    ck_assert(kw_map_set(vm, m, kw_int(5), kw_int(1))); /* keeps its place */
    ck_assert(kw_map_set(vm, m, kw_int(3), kw_null())); /* comes last */
    int64_t want = 0;
    const kw_entry *e;
    for (uint32_t i = 0; (e = kw_map_next(m, &i)) != NULL; want++) {
        want += want == 3;
        ck_assert_int_eq(e->key.as.i, want == 20 ? 3 : want);
    }
    ck_assert_int_eq(want, 21);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(entries_can_be_removed_while_iterating)
{
    kw_vm *vm = make_vm();
    kw_map *m = kw_map_new(vm, 0);
    for (int i = 0; i < 100; i++)
        ck_assert(kw_map_set(vm, m, kw_int(i), kw_int(i)));
    int seen = 0;
    const kw_entry *e;
    for (uint32_t i = 0; (e = kw_map_next(m, &i)) != NULL; seen++)
        ck_assert(kw_map_remove(m, e->key));
    ck_assert_int_eq(seen, 100);
    ck_assert_uint_eq(m->count, 0);
    ck_assert(kw_map_set(vm, m, kw_int(7), kw_int(8)));
    shows(vm, kw_of_map(m), "{7: 8}");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(objects_with_the_same_history_share_a_shape)
{
    kw_vm *vm = make_vm();
    kw_class *c = kw_class_new(vm, kw_intern_c(vm, "P"));
    kw_object *a = kw_object_new(vm, c), *b = kw_object_new(vm, c);
    char name[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "a%d", i);
        kw_object_set(vm, a, kw_string_c(vm, name).as.string, kw_int(i));
        kw_object_set(vm, b, kw_intern_c(vm, name), kw_int(i));
        ck_assert_ptr_eq(a->shape, b->shape);
    }
    kw_shape *common = a->shape;
    kw_object_set(vm, a, kw_intern_c(vm, "x"), kw_int(1));
    kw_object_set(vm, b, kw_intern_c(vm, "y"), kw_int(2));
    ck_assert_ptr_ne(a->shape, b->shape);
    ck_assert_int_eq(kw_object_slot(common, kw_intern_c(vm, "x")), -1);
    ck_assert_int_eq(kw_object_get(a, kw_intern_c(vm, "y")).tag, KW_UNDEF);
    ck_assert_int_eq(kw_object_get(b, kw_intern_c(vm, "y")).as.i, 2);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "a%d", i);
        ck_assert_int_eq(kw_object_get(b, kw_string_c(vm, name).as.string).as.i, i);
    }
    kw_vm_pin(vm, kw_of_obj(KW_OBJECT, a));
    kw_gc_collect(vm);
    ck_assert_int_eq(kw_object_get(a, kw_intern_c(vm, "a99")).as.i, 99);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(methods_are_found_along_the_bases)
{
    kw_vm *vm = make_vm();
    kw_class *base = kw_class_new(vm, kw_intern_c(vm, "B")), *c = kw_class_new(vm, kw_intern_c(vm, "C"));
    c->base = base;
    kw_class_add(vm, base, kw_intern_c(vm, "f"), kw_null(), false, true);
    kw_class_add(vm, base, kw_intern_c(vm, "g"), kw_null(), false, false);
    ck_assert_str_eq(kw_class_missing(c)->text, "f");
    uint32_t epoch = vm->method_epoch;
    kw_class_add(vm, c, kw_intern_c(vm, "f"), kw_null(), false, false);
    ck_assert_uint_gt(vm->method_epoch, epoch);
    ck_assert_ptr_null(kw_class_missing(c));
    ck_assert_ptr_eq(kw_class_find(c, kw_intern_c(vm, "f"))->home, c);
    ck_assert_ptr_eq(kw_class_find(c, kw_intern_c(vm, "g"))->home, base);
    ck_assert_ptr_null(kw_class_find(c, kw_intern_c(vm, "h")));
    kw_class *fresh = kw_class_new(vm, kw_intern_c(vm, "C"));
    kw_class_add(vm, fresh, kw_intern_c(vm, "h"), kw_null(), false, false);
    kw_class_replace(vm, c, fresh);
    ck_assert_ptr_eq(kw_class_find(c, kw_intern_c(vm, "h"))->home, c);
    ck_assert_ptr_null(kw_class_find(c, kw_intern_c(vm, "f")));
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("map", 30, keys_are_told_apart_strictly, one_is_made_of_pairs, many_changes_match_a_plain_table,
           order_is_that_of_insertion, entries_can_be_removed_while_iterating,
           objects_with_the_same_history_share_a_shape, methods_are_found_along_the_bases)
