/* check_hash.c - vm/hash, operate: equal values have equal hashes, and keys that were made to
 * collide, whatever the secret is, do so no more often than others. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>

#include "vm/hash.h"
#include "vm_test.h"

enum { KEYS = 1 << 14, PLACES = 1 << 16 };

/* So many places of a table are taken by KEYS keys: 14,500 are expected of hashes that are drawn at
 * random. */
static void spread(kw_value (*key)(kw_vm *vm, unsigned number))
{
    static bool taken[PLACES];
    unsigned places = 0;
    kw_vm *vm = make_vm();
    memset(taken, 0, sizeof(taken));
    for (unsigned i = 0; i < KEYS; i++) {
        bool *place = &taken[kw_hash(key(vm, i)) % PLACES];
        places += !*place;
        *place = true;
    }
    ck_assert_uint_gt(places, 13500);
    kw_vm_destroy(vm);
}

/* A difference in the highest bit of one word, which bits 63 and 31 of the next one take back where
 * a word is added by multiplying with an odd constant. */
static kw_value flipped_bytes(kw_vm *vm, unsigned number)
{
    unsigned char bytes[14 * 16];
    memset(bytes, 'a', sizeof(bytes));
    for (unsigned i = 0; i < 14; i++)
        if (number >> i & 1) {
            bytes[16 * i + 7] ^= 128;
            bytes[16 * i + 15] ^= 128;
            bytes[16 * i + 11] ^= 128;
        }
    return kw_of_bytes(kw_bytes_new(vm, bytes, sizeof(bytes)));
}

static kw_value flipped_text(kw_vm *vm, unsigned number)
{
    kw_value bytes = flipped_bytes(vm, number);
    return kw_of_string(kw_string_valid(vm, (const char *)bytes.as.bytes->data, bytes.as.bytes->size, 1));
}

/* Lists of two values in every order: sums of powers of a constant have many that are equal. */
static kw_value ordered_list(kw_vm *vm, unsigned number)
{
    kw_list *list = kw_list_new(vm, 100);
    for (unsigned i = 0; i < 86; i++)
        ck_assert(kw_list_push(vm, list, kw_int(i)));
    for (unsigned i = 0; i < 14; i++)
        ck_assert(kw_list_push(vm, list, kw_int(number >> i & 1)));
    return kw_of_list(list);
}

static kw_value nested_list(kw_vm *vm, unsigned number)
{
    kw_value v = kw_int(number);
    for (unsigned i = 0; i < 20; i++)
        v = LIST(vm, v);
    return v;
}

static kw_value high_integer(kw_vm *vm, unsigned number)
{
    (void)vm;
    return kw_int((int64_t)((uint64_t)number << 50));
}

static kw_value distant_integer(kw_vm *vm, unsigned number)
{
    (void)vm;
    return kw_int((int64_t)number << 16);
}

static kw_value whole_float(kw_vm *vm, unsigned number)
{
    (void)vm;
    return kw_float(number);
}

static kw_value distant_date(kw_vm *vm, unsigned number)
{
    (void)vm;
    return kw_date((int64_t)number * 864000000000);
}

static kw_value bound_method(kw_vm *vm, unsigned number)
{
    static kw_value callable;
    static const kw_native_def def = {.signature = "f()"};
    if (number == 0)
        callable = kw_native_new(vm, &def);
    return kw_bound_new(vm, callable, kw_of_list(kw_list_new(vm, 0)), NULL);
}

START_TEST(bytes_that_were_made_to_collide_do_not)
{
    spread(flipped_bytes);
    spread(flipped_text);
}
END_TEST

START_TEST(lists_that_were_made_to_collide_do_not)
{
    spread(ordered_list);
    spread(nested_list);
}
END_TEST

START_TEST(numbers_in_any_distance_do_not_collide)
{
    spread(high_integer);
    spread(distant_integer);
    spread(whole_float);
    spread(distant_date);
}
END_TEST

START_TEST(one_method_of_many_objects_does_not_collide)
{
    spread(bound_method);
}
END_TEST

START_TEST(integers_in_a_row_lie_in_a_row)
{
    kw_hash_init();
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(kw_hash_number(i), kw_hash_number(i & ~15u) + i % 16);
}
END_TEST

START_TEST(every_byte_and_the_size_count)
{
    char zeros[64] = "", text[64];
    kw_hash_init();
    for (size_t size = 0; size < sizeof(zeros); size++)
        for (size_t other = 0; other < size; other++)
            ck_assert_uint_ne(kw_hash_bytes(zeros, size), kw_hash_bytes(zeros, other));
    for (size_t size = 1; size < sizeof(text); size++)
        for (size_t i = 0; i < size; i++) {
            memset(text, 'x', sizeof(text));
            uint32_t before = kw_hash_bytes(text, size);
            text[i] = 'y';
            ck_assert_uint_ne(kw_hash_bytes(text, size), before);
        }
}
END_TEST

START_TEST(equal_values_have_equal_hashes)
{
    kw_vm *vm = make_vm();
    kw_map *a = kw_map_new(vm, 0), *b = kw_map_new(vm, 0);
    for (int i = 0; i < 3000; i++) { /* more than a hash looks at, in two orders */
        ck_assert(kw_map_set(vm, a, kw_int(i), LIST(vm, kw_int(i))));
        ck_assert(kw_map_set(vm, b, kw_int(2999 - i), LIST(vm, kw_int(2999 - i))));
    }
    ck_assert(kw_equal_strict(kw_of_map(a), kw_of_map(b)));
    ck_assert_uint_eq(kw_hash(kw_of_map(a)), kw_hash(kw_of_map(b)));
    kw_list *one = kw_list_new(vm, 1), *two = kw_list_new(vm, 1); /* [[[...]]] and [[[...]]] */
    ck_assert(kw_list_push(vm, one, kw_of_list(one)));
    ck_assert(kw_list_push(vm, two, LIST(vm, kw_of_list(two))));
    ck_assert(kw_equal_strict(kw_of_list(one), kw_of_list(two)));
    ck_assert_uint_eq(kw_hash(kw_of_list(one)), kw_hash(kw_of_list(two)));
    kw_value v = kw_int(1); /* 2 to the power of 60 parts */
    for (int i = 0; i < 60; i++)
        v = LIST(vm, v, v);
    ck_assert_uint_eq(kw_hash(v), kw_hash(v));
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("hash", 120, bytes_that_were_made_to_collide_do_not, lists_that_were_made_to_collide_do_not,
           numbers_in_any_distance_do_not_collide, one_method_of_many_objects_does_not_collide,
           integers_in_a_row_lie_in_a_row, every_byte_and_the_size_count, equal_values_have_equal_hashes)
