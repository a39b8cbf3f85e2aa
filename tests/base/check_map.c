/* check_map.c - base/map, base/list, base/clock: nothing is lost by growing or removing. */
#include "config.h"

#include <limits.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "support/suite.h"

enum { KEYS = 20000 };
static int values[KEYS];

START_TEST(a_map_keeps_what_is_put_until_it_is_taken)
{
    kb_map map;
    kb_map_init(&map);
    ck_assert_ptr_null(kb_map_get(&map, 1));
    ck_assert_ptr_null(kb_map_take(&map, 1));
    for (int i = 0; i < KEYS; i++)
        ck_assert_int_eq(kb_map_put(&map, i * 7 - 1000, &values[i]), KB_OK);
    for (int i = 0; i < KEYS; i += 3)
        ck_assert_ptr_eq(kb_map_take(&map, i * 7 - 1000), &values[i]);
    for (int i = 0; i < KEYS; i++)
        ck_assert_ptr_eq(kb_map_get(&map, i * 7 - 1000), i % 3 == 0 ? NULL : &values[i]);
    size_t at = 0, seen = 0;
    for (int64_t key; kb_map_next(&map, &at, &key) != NULL; seen++)
        ck_assert_int_ne((key + 1000) / 7 % 3, 0);
    ck_assert_uint_eq(seen, map.count);
    kb_map_fini(&map);
}
END_TEST

START_TEST(putting_a_key_again_replaces_its_value)
{
    kb_map map;
    kb_map_init(&map);
    ck_assert_int_eq(kb_map_put(&map, INT64_MIN, &values[0]), KB_OK);
    ck_assert_int_eq(kb_map_put(&map, INT64_MIN, &values[1]), KB_OK);
    ck_assert_uint_eq(map.count, 1);
    ck_assert_ptr_eq(kb_map_take(&map, INT64_MIN), &values[1]);
    ck_assert_uint_eq(map.count, 0);
    kb_map_fini(&map);
}
END_TEST

START_TEST(a_sliding_window_of_ids_stays_findable)
{
    kb_map map;
    kb_map_init(&map);
    for (int i = 0; i < KEYS; i++) {
        ck_assert_int_eq(kb_map_put(&map, i, &values[i]), KB_OK);
        if (i >= 100)
            ck_assert_ptr_eq(kb_map_take(&map, i - 100), &values[i - 100]);
        ck_assert_ptr_eq(kb_map_get(&map, i), &values[i]);
    }
    ck_assert_uint_eq(map.count, 100);
    ck_assert_uint_le(map.size, 1024);
    kb_map_fini(&map);
}
END_TEST

START_TEST(a_list_is_first_in_first_out_and_gives_up_its_middle)
{
    struct item {
        int number;
        kb_link link;
    } items[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
    kb_link list;
    kb_list_init(&list);
    ck_assert_ptr_null(kb_list_pop(&list));
    for (int i = 0; i < 3; i++)
        kb_list_push(&list, &items[i].link);
    kb_list_remove(&items[1].link);
    kb_list_remove(&items[1].link); /* on no list: allowed */
    ck_assert(!kb_list_on(&items[1].link) && kb_list_on(&items[2].link));
    ck_assert_int_eq(KB_OWNER(kb_list_pop(&list), struct item, link)->number, 0);
    ck_assert_int_eq(KB_OWNER(kb_list_pop(&list), struct item, link)->number, 2);
    ck_assert(kb_list_empty(&list));
}
END_TEST

START_TEST(times_for_poll_are_rounded_up_and_bounded)
{
    ck_assert_int_eq(kb_clock_poll_ms(0, KB_NEVER), -1);
    ck_assert_int_eq(kb_clock_poll_ms(5, 5), 0);
    ck_assert_int_eq(kb_clock_poll_ms(5, 4), 0);
    ck_assert_int_eq(kb_clock_poll_ms(0, 1), 1);
    ck_assert_int_eq(kb_clock_poll_ms(0, 1000), 1);
    ck_assert_int_eq(kb_clock_poll_ms(0, 1001), 2);
    ck_assert_int_eq(kb_clock_poll_ms(0, KB_NEVER - 1), INT_MAX);
    ck_assert(kb_clock_after_ms(1, INT64_MAX) == KB_NEVER);
    ck_assert(kb_clock_after_ms(1, 2) == 2001);
    ck_assert_int_gt(kb_clock_us(), 0);
}
END_TEST

SUITE_MAIN("map", 10, a_map_keeps_what_is_put_until_it_is_taken, putting_a_key_again_replaces_its_value,
           a_sliding_window_of_ids_stays_findable, a_list_is_first_in_first_out_and_gives_up_its_middle,
           times_for_poll_are_rounded_up_and_bounded)
