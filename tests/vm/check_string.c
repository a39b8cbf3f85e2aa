/* check_string.c - vm/string, text, collate, buf: code points, invalid input, interning, dictionary order. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "vm_test.h"

START_TEST(positions_are_code_points)
{
    kw_vm *vm = make_vm();
    kw_string *s = kw_string_new(vm, "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80z", 11);
    ck_assert_uint_eq(s->length, 5);
    ck_assert_uint_eq(kw_string_offset(s, 3), 6);
    ck_assert_uint_eq(kw_string_offset(s, 5), 11);
    ck_assert_str_eq(kw_string_at(vm, s, 3)->text, "\xF0\x9F\x98\x80");
    ck_assert_str_eq(kw_string_sub(vm, s, 1, 3)->text, "\xC3\xA9\xE6\x97\xA5");
    ck_assert_str_eq(kw_string_sub(vm, s, 4, 99)->text, "z");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(the_index_agrees_with_counting)
{
    kw_vm *vm = make_vm();
    kw_buf buf;
    kw_buf_init(&buf);
    size_t at[1001];
    for (int i = 0; i < 1000; i++) {
        at[i] = buf.size;
        kw_buf_puts(&buf, i % 3 == 0 ? "x" : i % 3 == 1 ? "\xC3\xA9" : "\xF0\x9F\x98\x80");
    }
    at[1000] = buf.size;
    kw_string *s = kw_buf_string(vm, &buf);
    ck_assert_uint_eq(s->length, 1000);
    for (size_t i = 0; i <= 1000; i++)
        ck_assert_uint_eq(kw_string_offset(s, i), at[i]);
    ck_assert_ptr_nonnull(s->index);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(invalid_bytes_become_one_mark_per_maximal_part)
{
    static const struct {
        const char *in;
        size_t size;
        const char *out;
    } rows[] = {
        {"a\x80z", 3, "a?z"},
        {"\xE6\x97", 2, "?"},
        {"\xF0\x9F\x98x", 4, "?x"},
        {"\xC0\xAF", 2, "??"},           /* overlong */
        {"\xED\xA0\x80", 3, "???"},      /* surrogate */
        {"\xF4\x90\x80\x80", 4, "????"}, /* above U+10FFFF */
        {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9, "????A"},
    };
    kw_vm *vm = make_vm();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kw_buf want;
        kw_buf_init(&want);
        for (const char *p = rows[i].out; *p != '\0'; p++)
            kw_buf_put(&want, *p == '?' ? "\xEF\xBF\xBD" : p, *p == '?' ? 3 : 1);
        kw_string *s = kw_string_new(vm, rows[i].in, rows[i].size);
        ck_assert_str_eq(s->text, kw_buf_string(vm, &want)->text);
        ck_assert_uint_eq(s->length, strlen(rows[i].out));
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(interned_strings_are_one)
{
    kw_vm *vm = make_vm();
    kw_string *a = kw_intern_c(vm, "name"), *b = kw_string_new(vm, "name", 4);
    ck_assert_ptr_ne(a, b);
    ck_assert_ptr_eq(a, kw_names_intern_string(vm, b));
    ck_assert(kw_string_same(a, b));
    ck_assert_uint_eq(kw_string_hash(a), kw_string_hash(b));
    kw_string *many[5000];
    char text[32];
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof(text), "n%d", i);
        many[i] = kw_intern_c(vm, text);
    }
    for (int i = 0; i < 5000; i++) {
        (void)snprintf(text, sizeof(text), "n%d", i);
        ck_assert_ptr_eq(many[i], kw_intern_c(vm, text));
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(dead_names_leave_the_table)
{
    kw_vm *vm = make_vm();
    char text[32];
    for (int i = 0; i < 3000; i++) {
        (void)snprintf(text, sizeof(text), "dead%d", i);
        (void)kw_intern_c(vm, text);
    }
    kw_vm_pin(vm, kw_of_string(kw_intern_c(vm, "dead7")));
    kw_string *kept = kw_intern_c(vm, "dead7");
    kw_gc_collect(vm);
    ck_assert_ptr_eq(kw_intern_c(vm, "dead7"), kept);
    for (int i = 0; i < 3000; i++) { /* a freed string that was still found would be reported by ASan */
        (void)snprintf(text, sizeof(text), "dead%d", i);
        ck_assert_str_eq(kw_intern_c(vm, text)->text, text);
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(dictionary_order)
{
    static const char *const ascending[] = {"",  "\x01", "\t", " ",  "_", "-", "$", "0",  "9",       "a",
                                            "A", "aB",   "Ab", "ac", "b", "B", "Z", "zz", "\xC3\xA9"};
    kw_vm *vm = make_vm();
    size_t count = sizeof(ascending) / sizeof(ascending[0]);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order =
                kw_collate_strings(kw_string_c(vm, ascending[i]).as.string, kw_string_c(vm, ascending[j]).as.string);
            ck_assert_msg((order > 0) - (order < 0) == (i > j) - (i < j), "%s and %s", ascending[i], ascending[j]);
        }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_long_buffer_keeps_its_text)
{
    kw_vm *vm = make_vm();
    kw_buf buf;
    kw_buf_init(&buf);
    for (int i = 0; i < 10000; i++)
        kw_buf_putc(&buf, (char)('a' + i % 26));
    kw_string *s = kw_buf_string(vm, &buf);
    ck_assert_uint_eq(s->size, 10000);
    for (int i = 0; i < 10000; i++)
        ck_assert_int_eq(s->text[i], 'a' + i % 26);
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("string", 20, positions_are_code_points, the_index_agrees_with_counting,
           invalid_bytes_become_one_mark_per_maximal_part, interned_strings_are_one, dead_names_leave_the_table,
           dictionary_order, a_long_buffer_keeps_its_text)
