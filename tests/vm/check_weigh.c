/* check_weigh.c - vm/weigh: what values weigh, and what they do not weigh twice. */
#include "config.h"

#include <stdio.h>

#include "vm_test.h"

static kw_value text(kw_vm *vm, size_t size)
{
    kw_string *s = kw_string_blank(vm, size, size);
    memset(s->text, 'x', size);
    return kw_of_string(s);
}

/* Is it within a quarter of `expected`? */
static void weighs(kw_vm *vm, kw_value v, size_t expected)
{
    size_t weight = kw_weigh(vm, v);
    ck_assert_uint_ge(weight, expected / 4 * 3);
    ck_assert_uint_le(weight, expected / 4 * 5);
}

START_TEST(what_a_value_refers_to_counts)
{
    kw_vm *vm = make_vm();
    kw_map *map = kw_map_new(vm, 0);
    weighs(vm, text(vm, 10000), 10000);
    weighs(vm, kw_of_bytes(kw_bytes_new(vm, text(vm, 5000).as.string->text, 5000)), 5000);
    weighs(vm, LIST(vm, kw_int(1), text(vm, 3000), LIST(vm, text(vm, 7000))), 10000);
    ck_assert(kw_map_set(vm, map, text(vm, 4000), text(vm, 6000)));
    weighs(vm, kw_of_map(map), 10000);
    kw_object *object = kw_object_new(vm, kw_class_new(vm, kw_intern_c(vm, "Box")));
    kw_object_set(vm, object, kw_intern_c(vm, "content"), text(vm, 10000));
    weighs(vm, kw_of_obj(KW_OBJECT, object), 10000);
    weighs(vm, kw_bound_new(vm, kw_null(), LIST(vm, text(vm, 10000)), NULL), 10000);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(what_is_no_object_or_the_programs_own_weighs_nothing)
{
    kw_vm *vm = make_vm();
    ck_assert_uint_eq(kw_weigh(vm, kw_int(1)), 0);
    ck_assert_uint_eq(kw_weigh(vm, kw_null()), 0);
    ck_assert_uint_eq(kw_weigh(vm, kw_of_string(kw_intern_c(vm, "a name"))), 0);
    ck_assert_uint_eq(kw_weigh(vm, kw_of_class(kw_class_new(vm, kw_intern_c(vm, "Box")))), 0);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(an_object_weighs_once)
{
    enum { LEVELS = 60, SIZE = 10000 };
    kw_vm *vm = make_vm();
    kw_value shared = text(vm, SIZE), tower = LIST(vm, shared);
    for (int i = 0; i < LEVELS; i++)
        tower = LIST(vm, tower, tower, shared);
    kw_list *ring = kw_list_new(vm, 1);
    ck_assert(kw_list_push(vm, ring, kw_of_list(ring)));
    ck_assert(kw_list_push(vm, ring, tower));
    weighs(vm, kw_of_list(ring), SIZE + LEVELS * (sizeof(kw_list) + 3 * sizeof(kw_value)));
    ck_assert_uint_eq(kw_weigh(vm, kw_of_list(ring)), 0); /* it is kept already */
    ck_assert_uint_eq(kw_weigh(vm, shared), 0);
    ck_assert_uint_lt(kw_weigh(vm, LIST(vm, shared)), 1000);
    (void)kw_weigh_undo(kw_of_list(ring));
    weighs(vm, shared, SIZE);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_large_value_is_guessed)
{
    enum { COUNT = 100000, SIZE = 100 };
    kw_vm *vm = make_vm();
    kw_list *texts = kw_list_new(vm, COUNT), *numbers = kw_list_new(vm, COUNT), *same = kw_list_new(vm, COUNT);
    kw_map *map = kw_map_new(vm, COUNT);
    kw_value one = text(vm, SIZE);
    for (int i = 0; i < COUNT; i++) {
        ck_assert(kw_list_push(vm, texts, text(vm, SIZE)));
        ck_assert(kw_list_push(vm, numbers, kw_int(i)));
        ck_assert(kw_list_push(vm, same, one));
        ck_assert(kw_map_set(vm, map, kw_int(i), text(vm, SIZE)));
    }
    weighs(vm, kw_of_list(texts), COUNT * (SIZE + sizeof(kw_string) + sizeof(kw_value)));
    ck_assert_uint_ge(kw_weigh(vm, kw_of_map(map)), COUNT * SIZE);
    ck_assert_uint_ge(kw_weigh(vm, kw_of_list(numbers)), COUNT * sizeof(kw_value));
    ck_assert_uint_le(kw_weigh(vm, kw_of_list(same)), kw_heap_bytes(vm));
    (void)kw_weigh_undo(kw_of_list(texts));
    weighs(vm, kw_of_list(texts), COUNT * (SIZE + sizeof(kw_string) + sizeof(kw_value)));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(one_large_element_among_small_ones_is_no_measure)
{
    enum { COUNT = 100000, LARGE = 10 << 20 };
    kw_vm *vm = make_vm();
    kw_list *list = kw_list_new(vm, COUNT);
    ck_assert(kw_list_push(vm, list, text(vm, LARGE)));
    for (int i = 0; i < COUNT; i++)
        ck_assert(kw_list_push(vm, list, text(vm, 1)));
    size_t weight = kw_weigh(vm, kw_of_list(list));
    ck_assert_uint_ge(weight, LARGE);
    ck_assert_uint_le(weight, kw_heap_bytes(vm)); /* rather than a thousand times as much */
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("weigh", 60, what_a_value_refers_to_counts, what_is_no_object_or_the_programs_own_weighs_nothing,
           an_object_weighs_once, a_large_value_is_guessed, one_large_element_among_small_ones_is_no_measure)
