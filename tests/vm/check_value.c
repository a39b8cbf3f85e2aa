/* check_value.c - vm/display, operate, copy, arith, index, throw: values as LANGUAGE.md 5 and
 * TYPES.md say. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "vm_test.h"

START_TEST(floats_show_their_shortest_digits)
{
    static const struct {
        double d;
        const char *text;
    } rows[] = {
        {1, "1"},
        {-0.0, "-0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {100, "100"},
        {0.0001, "0.0001"},
        {0.000015, "1.5E-05"},
        {12345678901234567.0, "12345678901234568"},
        {1e16, "10000000000000000"},
        {1e17, "1E+17"},
        {5e-324, "5E-324"},
        {123.456, "123.456"},
        {1.7976931348623157e308, "1.7976931348623157E+308"},
        {-2.5, "-2.5"},
        {1e100, "1E+100"},
        {2.2250738585072014e-308, "2.2250738585072014E-308"},
        {1.0 / 3, "0.3333333333333333"},
        {INFINITY, "Infinity"},
        {-INFINITY, "-Infinity"},
        {NAN, "NaN"},
        {999999999999999.0, "999999999999999"},
        {5e-310, "5E-310"},
        {123456789012345680.0, "1.2345678901234568E+17"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[40];
        size_t size = kw_display_double(rows[i].d, text);
        ck_assert_str_eq(text, rows[i].text);
        ck_assert_uint_eq(size, strlen(text));
    }
}
END_TEST

START_TEST(display_forms)
{
    kw_vm *vm = make_vm();
    kw_map *m = kw_map_new(vm, 0);
    const int64_t date = INT64_C(638452444290000000); /* 2024-03-05 14:07:09 */
    ck_assert(kw_map_set_c(vm, m, "a\"b", kw_date(date)));
    ck_assert(kw_map_set(vm, m, kw_int(2), LIST(vm, kw_string_c(vm, "x"), kw_date(date), kw_null())));
    shows(vm, kw_of_map(m), "{\"a\"b\": \"03/05/2024 14:07:09\", 2: [\"x\", 03/05/2024 14:07:09, null]}");
    shows(vm, kw_date(0), "01/01/0001 00:00:00");
    shows(vm, kw_date(INT64_C(3155378975999999999)), "12/31/9999 23:59:59");
    shows(vm, kw_of_bytes(kw_bytes_new(vm, "hi", 2)), "[104, 105]");
    shows(vm, kw_int(INT64_MIN), "-9223372036854775808");
    kw_object *o = kw_object_new(vm, kw_class_new(vm, kw_intern_c(vm, "S")));
    shows(vm, kw_of_obj(KW_OBJECT, o), "<struct(name=S, identifier=S>");
    o->cloned = true;
    shows(vm, kw_of_obj(KW_OBJECT, o), "<struct(name=S)>");
    shows(vm, kw_of_class(o->klass), "");
    kw_vm_destroy(vm);
}
END_TEST

/* A list in a list in ..., `depth` times, around `v`. */
static kw_value nest(kw_vm *vm, int depth, kw_value v)
{
    for (int i = 0; i < depth; i++)
        v = LIST(vm, v);
    return v;
}

START_TEST(values_that_contain_themselves_come_to_an_end)
{
    kw_vm *vm = make_vm();
    kw_value a = LIST(vm, kw_int(1)), b = LIST(vm, kw_int(1));
    ck_assert(kw_list_push(vm, a.as.list, a));
    ck_assert(kw_list_push(vm, b.as.list, b));
    shows(vm, a, "[1, ...]");
    shows(vm, a, "[1, ...]"); /* no trace of the first time is left */
    ck_assert(kw_equal(a, b));
    ck_assert_uint_eq(kw_hash(a), kw_hash(b));
    ck_assert_int_eq(kw_order_total(a, b), 0);
    kw_value c = kw_copy_deep(vm, a);
    ck_assert_ptr_ne(c.as.list, a.as.list);
    ck_assert_ptr_eq(c.as.list->items[1].as.list, c.as.list);
    kw_map *m = kw_map_new(vm, 0);
    ck_assert(kw_map_set_c(vm, m, "self", kw_of_map(m)));
    shows(vm, kw_of_map(m), "{\"self\": ...}");
    ck_assert(kw_equal(kw_of_map(m), kw_copy_deep(vm, kw_of_map(m))));
    kw_value deep = nest(vm, 200000, kw_int(1)), other = nest(vm, 200000, kw_int(2));
    ck_assert(!kw_equal(deep, other));
    ck_assert_int_lt(kw_order_total(deep, other), 0);
    ck_assert_ptr_nonnull(kw_display_text(vm, deep));
    ck_assert_int_eq(kw_copy_deep(vm, deep).tag, KW_LIST);
    kw_vm_pin(vm, deep);
    kw_gc_collect(vm);
    ck_assert(kw_equal(nest(vm, 900, kw_int(1)), nest(vm, 900, kw_int(1))));
    ck_assert(!kw_equal(nest(vm, 900, kw_int(1)), nest(vm, 900, kw_int(2))));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_list_met_twice_is_copied_twice)
{
    kw_vm *vm = make_vm();
    kw_value row = LIST(vm, kw_int(0));
    kw_value copy = kw_copy_deep(vm, LIST(vm, row, row));
    ck_assert_ptr_ne(copy.as.list->items[0].as.list, copy.as.list->items[1].as.list);
    ck_assert_ptr_ne(copy.as.list->items[0].as.list, row.as.list);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(equality_is_loose_outside_and_strict_inside)
{
    kw_vm *vm = make_vm();
    ck_assert(kw_equal(kw_int(1), kw_float(1)));
    ck_assert(!kw_equal_strict(kw_int(1), kw_float(1)));
    ck_assert(!kw_equal(LIST(vm, kw_int(1)), LIST(vm, kw_float(1))));
    ck_assert(!kw_equal(kw_int(INT64_MAX), kw_float(9223372036854775807.0)));
    ck_assert(!kw_equal(kw_float(NAN), kw_float(NAN)));
    ck_assert(kw_equal(LIST(vm, kw_float(NAN)), LIST(vm, kw_float(NAN))));
    ck_assert(!kw_equal(kw_bool(true), kw_int(1)));
    kw_class *c = kw_class_new(vm, kw_intern_c(vm, "S"));
    ck_assert(!kw_equal(kw_of_class(c), kw_of_class(c)));
    kw_object *a = kw_object_new(vm, c), *b = kw_object_new(vm, c);
    kw_object_set(vm, a, kw_intern_c(vm, "x"), kw_int(1));
    kw_object_set(vm, a, kw_intern_c(vm, "y"), kw_int(2));
    kw_object_set(vm, b, kw_intern_c(vm, "y"), kw_int(2));
    ck_assert(!kw_equal(kw_of_obj(KW_OBJECT, a), kw_of_obj(KW_OBJECT, b)));
    kw_object_set(vm, b, kw_intern_c(vm, "x"), kw_int(1));
    ck_assert(kw_equal(kw_of_obj(KW_OBJECT, a), kw_of_obj(KW_OBJECT, b)));
    ck_assert_uint_eq(kw_hash(kw_of_obj(KW_OBJECT, a)), kw_hash(kw_of_obj(KW_OBJECT, b)));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(order_follows_rank_then_content)
{
    kw_vm *vm = make_vm();
    ck_assert(kw_order_has(KW_ORD_GT, kw_bool(true), kw_int(1)));
    ck_assert(kw_order_has(KW_ORD_GT, kw_null(), kw_string_c(vm, "x")));
    ck_assert(kw_order_has(KW_ORD_LT, kw_int(1), kw_float(1.5)));
    ck_assert(!kw_order_has(KW_ORD_LE, kw_float(NAN), kw_int(1)));
    ck_assert(kw_order_has(KW_ORD_LE, kw_null(), kw_null()) && !kw_order_has(KW_ORD_LT, kw_null(), kw_null()));
    ck_assert(!kw_order_has(KW_ORD_LE, kw_of_bytes(kw_bytes_new(vm, "", 0)), kw_of_bytes(kw_bytes_new(vm, "", 0))));
    ck_assert(kw_order_has(KW_ORD_LE, LIST(vm, kw_int(9)), LIST(vm, kw_int(1))));
    ck_assert(kw_order_has(KW_ORD_LT, kw_string_c(vm, "a"), kw_string_c(vm, "A")));
    ck_assert_int_lt(kw_order_total(kw_string_c(vm, "B"), kw_string_c(vm, "a")), 0);
    ck_assert_int_lt(kw_order_total(kw_int(1), kw_float(1.5)), 0);
    ck_assert_int_lt(kw_order_total(kw_float(NAN), kw_float(-INFINITY)), 0);
    ck_assert_int_lt(kw_order_total(LIST(vm, kw_int(1), kw_int(2)), LIST(vm, kw_int(1), kw_int(3))), 0);
    ck_assert_int_lt(kw_order_total(LIST(vm, kw_int(1)), LIST(vm, kw_int(1), kw_int(0))), 0);
    kw_map *a = kw_map_new(vm, 0), *b = kw_map_new(vm, 0);
    (void)kw_map_set_c(vm, a, "x", kw_int(1));
    (void)kw_map_set_c(vm, a, "y", kw_int(2));
    (void)kw_map_set_c(vm, b, "y", kw_int(3));
    (void)kw_map_set_c(vm, b, "x", kw_int(1));
    ck_assert_int_lt(kw_order_total(kw_of_map(a), kw_of_map(b)), 0);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(integer_arithmetic_wraps_floors_and_saturates)
{
    kw_vm *vm = make_vm();
    kw_value max = kw_int(INT64_MAX), min = kw_int(INT64_MIN);
    gives(vm, KW_OP_ADD, max, kw_int(1), "-9223372036854775808");
    gives(vm, KW_OP_MUL, max, kw_int(2), "-2");
    gives(vm, KW_OP_SUB, min, kw_int(1), "9223372036854775807");
    gives(vm, KW_OP_IDIV, kw_int(-7), kw_int(2), "-4");
    gives(vm, KW_OP_IDIV, min, kw_int(-1), "-9223372036854775808");
    gives(vm, KW_OP_IDIV, kw_float(7.9), kw_float(2.9), "3");
    gives(vm, KW_OP_MOD, min, kw_int(-1), "0");
    gives(vm, KW_OP_MOD, kw_int(-7), kw_int(2), "-1");
    gives(vm, KW_OP_MOD, kw_float(-7.5), kw_int(2), "-1.5");
    gives(vm, KW_OP_DIV, kw_int(4), kw_int(2), "2");
    gives(vm, KW_OP_POW, kw_int(2), kw_int(-1), "0");
    gives(vm, KW_OP_POW, kw_int(2), kw_int(63), "9223372036854775807");
    gives(vm, KW_OP_POW, kw_int(3), kw_int(39), "4052555153018976256");
    gives(vm, KW_OP_POW, kw_float(2), kw_int(-1), "0.5");
    fails(vm, KW_OP_DIV, kw_int(1), kw_float(0), "DivideByZeroError", "Division by zero.");
    fails(vm, KW_OP_IDIV, kw_int(1), kw_float(0.5), "DivideByZeroError", "Division by zero.");
    fails(vm, KW_OP_MOD, kw_int(1), kw_int(0), "DivideByZeroError", "Division by zero.");
    fails(vm, KW_OP_ADD, kw_bool(true), kw_int(1), "ConversionError", "Conversion error in addition.");
    fails(vm, KW_OP_MUL, kw_int(3), kw_string_c(vm, "a"), "ConversionError", "Conversion error in multiplication.");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(bits)
{
    kw_vm *vm = make_vm();
    kw_value out;
    gives(vm, KW_OP_USHR, kw_int(-8), kw_int(1), "2147483644");
    gives(vm, KW_OP_USHR, kw_int(-1), kw_int(0), "-1");
    gives(vm, KW_OP_USHR, kw_int(-1), kw_int(32), "0");
    gives(vm, KW_OP_USHR, kw_int(256), kw_int(-31), "128");
    gives(vm, KW_OP_SHL, kw_int(1), kw_int(65), "2");
    gives(vm, KW_OP_SHR, kw_int(-8), kw_int(1), "-4");
    gives(vm, KW_OP_BAND, kw_int(7), kw_float(3.9), "3");
    gives(vm, KW_OP_BOR, kw_int(4), kw_bool(true), "5");
    fails(vm, KW_OP_BAND, kw_float(1), kw_int(1), "ConversionError",
          "Conversion error in first operand of bitwise & operation.");
    fails(vm, KW_OP_BXOR, kw_int(1), kw_null(), "ConversionError",
          "Conversion error in second operand of bitwise ^ operation.");
    fails(vm, KW_OP_USHR, kw_int(1), kw_float(1), "ConversionError", "Conversion error in bitwise >>> operation.");
    ck_assert(kw_arith_bit_not(vm, kw_bool(true), &out) && out.as.i == -2);
    ck_assert(kw_arith_negate(vm, kw_int(INT64_MIN), &out) && out.as.i == INT64_MIN);
    ck_assert(!kw_arith_negate(vm, kw_null(), &out));
    threw(vm, "ConversionError", "Unary minus applied to a non-numeric value.");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(strings_and_lists_as_operands)
{
    kw_vm *vm = make_vm();
    kw_value a = kw_string_c(vm, "a"), one = LIST(vm, kw_int(1)), empty = kw_of_list(kw_list_new(vm, 0));
    gives(vm, KW_OP_ADD, one, a, "[1, \"a\"]");
    gives(vm, KW_OP_ADD, a, one, "a[1]");
    gives(vm, KW_OP_ADD, kw_null(), a, "nulla");
    gives(vm, KW_OP_ADD, one, LIST(vm, kw_int(2), kw_int(3)), "[1, 2, 3]");
    gives(vm, KW_OP_SUB, LIST(vm, kw_int(1), kw_int(2), kw_int(1)), kw_float(1), "[2, 1]");
    gives(vm, KW_OP_SUB, LIST(vm, kw_int(1), kw_int(2), kw_int(1)), one, "[2]");
    gives(vm, KW_OP_MUL, kw_string_c(vm, "\xC3\xA9x"), kw_int(3), "\xC3\xA9x\xC3\xA9x\xC3\xA9x");
    gives(vm, KW_OP_MUL, a, kw_int(-1), "");
    gives(vm, KW_OP_MUL, one, kw_int(3), "[1, 1, 1]");
    fails(vm, KW_OP_MUL, one, kw_int(0), "SyntaxError", "List multiplier must be a positive non-zero integer.");
    fails(vm, KW_OP_MUL, empty, kw_int(1), "SyntaxError", "Cannot multiply an empty list.");
    kw_value out;
    ck_assert(!kw_arith_binary(vm, KW_OP_MUL, a, kw_int(INT64_C(1) << 40), &out));
    threw(vm, "MemoryError",
          SIZE_MAX > UINT32_MAX ? "Not enough memory for 1099511627776 bytes."
                                : "Not enough memory for 2147483647 bytes.");
    ck_assert(!kw_arith_binary(vm, KW_OP_MUL, one, kw_int(INT64_MAX), &out));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_throw_clear(vm);
    gives(vm, KW_OP_IN, kw_float(1), one, "true");
    gives(vm, KW_OP_IN, kw_string_c(vm, "bc"), kw_string_c(vm, "abbcd"), "true");
    gives(vm, KW_OP_IN, kw_string_c(vm, "bd"), kw_string_c(vm, "abbcd"), "false");
    gives(vm, KW_OP_IN, kw_int(97), kw_of_bytes(kw_bytes_new(vm, "a", 1)), "true");
    fails(vm, KW_OP_IN, kw_int(256), kw_of_bytes(kw_bytes_new(vm, "a", 1)), "ConversionError",
          "Left operand must be an integer between 0 and 255 when right operand is bytes for 'in' operator.");
    fails(vm, KW_OP_IN, kw_int(1), kw_int(1), "InvalidOperationError",
          "The 'in' operator is not supported for the provided types.");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(indexes)
{
    kw_vm *vm = make_vm();
    kw_value out, l = LIST(vm, kw_int(5), kw_int(6), kw_int(7)), s = kw_string_c(vm, "ab\xC3\xA9");
    ck_assert(kw_index(vm, l, kw_float(1.5), &out) && out.as.i == 7);
    ck_assert(kw_index(vm, l, kw_float(0.5), &out) && out.as.i == 5);
    ck_assert(kw_index(vm, s, kw_int(2), &out));
    shows(vm, out, "\xC3\xA9");
    ck_assert(!kw_index(vm, s, kw_int(3), &out));
    threw(vm, "IndexError", "String index out of bounds.");
    ck_assert(!kw_index(vm, l, kw_int(-1), &out));
    threw(vm, "IndexError", "List index out of bounds.");
    ck_assert(!kw_index(vm, l, kw_float(NAN), &out));
    threw(vm, "IndexError", "List index out of bounds.");
    ck_assert(!kw_index(vm, l, kw_null(), &out));
    threw(vm, "ConversionError", "Expected an integer value.");
    ck_assert(!kw_index(vm, kw_int(1), kw_int(0), &out));
    threw(vm, "InvalidOperationError", "Cannot index this type.");
    ck_assert(!kw_index_set(vm, s, kw_int(0), kw_int(0)));
    threw(vm, "InvalidOperationError", "Cannot index-assign this type.");
    ck_assert(kw_index_set(vm, l, kw_int(0), kw_null()));
    shows(vm, l, "[null, 6, 7]");
    kw_vm_destroy(vm);
}
END_TEST

enum { NO = INT32_MIN }; /* a slice part not given */

static void sliced(kw_vm *vm, kw_value x, int64_t a, int64_t b, int64_t c, const char *text)
{
    const int64_t in[3] = {a, b, c};
    kw_value part[3], out = kw_undef();
    for (int i = 0; i < 3; i++)
        part[i] = in[i] == NO ? kw_undef() : kw_int(in[i]);
    ck_assert(kw_index_slice(vm, x, part, &out));
    shows(vm, out, text);
}

START_TEST(slices)
{
    kw_vm *vm = make_vm();
    kw_value s = kw_string_c(vm, "abcdef"), out;
    sliced(vm, s, 1, 3, NO, "bc");
    sliced(vm, s, -2, NO, NO, "ef");
    sliced(vm, s, NO, -1, 2, "ace");
    sliced(vm, s, 4, 1, -1, "edcb");
    sliced(vm, s, NO, NO, -1, "fedcba");
    sliced(vm, s, 0, 3, -1, "fed");
    sliced(vm, s, 9, NO, -1, "");
    sliced(vm, s, 9, NO, NO, "");
    sliced(vm, s, INT64_MIN, INT64_MAX, INT64_MAX, "a");
    sliced(vm, s, INT64_MAX, INT64_MIN, INT64_MIN, "");
    sliced(vm, s, NO, NO, INT64_MIN, "f");
    sliced(vm, kw_string_c(vm, ""), NO, NO, -1, "");
    sliced(vm, kw_string_c(vm, "x\xC3\xA9y"), NO, NO, -1, "y\xC3\xA9x");
    sliced(vm, LIST(vm, kw_int(1), kw_int(2), kw_int(3)), 1, NO, NO, "[2, 3]");
    sliced(vm, kw_of_bytes(kw_bytes_new(vm, "abc", 3)), NO, NO, 2, "[97, 99]");
    kw_value part[3] = {kw_undef(), kw_float(1), kw_undef()};
    ck_assert(!kw_index_slice(vm, s, part, &out));
    threw(vm, "IndexError", "Stop index must be an integer.");
    part[1] = kw_undef();
    part[2] = kw_int(0);
    ck_assert(!kw_index_slice(vm, s, part, &out));
    threw(vm, "IndexError", "Step value must not be zero.");
    kw_vm_destroy(vm);
}
END_TEST

static void put_slice(kw_vm *vm, int64_t a, int64_t b, int64_t c, kw_value v, const char *text)
{
    kw_value l = LIST(vm, kw_int(1), kw_int(2), kw_int(3), kw_int(4));
    kw_value part[3] = {kw_int(a), kw_int(b), c == NO ? kw_undef() : kw_int(c)};
    ck_assert(kw_index_set_slice(vm, l, part, v));
    shows(vm, l, text);
}

START_TEST(slice_assignment)
{
    kw_vm *vm = make_vm();
    kw_value v = LIST(vm, kw_int(8), kw_int(9), kw_int(8));
    put_slice(vm, 1, 1, NO, v, "[1, 8, 9, 8, 2, 3, 4]");
    put_slice(vm, 1, 2, NO, v, "[1, 8, 9, 8]");
    put_slice(vm, 2, 3, NO, v, "[1, 2, 8, 9]");
    put_slice(vm, 0, 4, 2, v, "[8, 2, 9, 4]");
    put_slice(vm, -1, 4, NO, v, "[1, 2, 3, 8]");
    put_slice(vm, 0, 4, INT64_MAX, v, "[8, 2, 3, 4]");
    put_slice(vm, 0, 4, NO, kw_int(1), "[1, 2, 3, 4]");
    kw_value l = LIST(vm, kw_int(1), kw_int(2)), part[3] = {kw_int(1), kw_int(1), kw_undef()};
    ck_assert(kw_index_set_slice(vm, l, part, l)); /* into itself */
    shows(vm, l, "[1, 1, 2, 2]");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(ranges)
{
    kw_vm *vm = make_vm();
    kw_value out;
    ck_assert(kw_index_range(vm, kw_int(3), kw_int(1), &out));
    shows(vm, out, "[3, 2, 1]");
    ck_assert(kw_index_range(vm, kw_int(INT64_MAX - 1), kw_int(INT64_MAX), &out));
    shows(vm, out, "[9223372036854775806, 9223372036854775807]");
    ck_assert(!kw_index_range(vm, kw_int(1), kw_float(2), &out));
    threw(vm, "RangeError", "Range values must be integers.");
    ck_assert(!kw_index_range(vm, kw_int(INT64_MIN), kw_int(INT64_MAX), &out));
    ck_assert_str_eq(vm->error.type->text, "MemoryError");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(truth)
{
    kw_vm *vm = make_vm();
    ck_assert(kw_truth_of(kw_float(NAN)) && !kw_truth_of(kw_float(-0.0)) && !kw_truth_of(kw_date(0)));
    ck_assert(!kw_truth_of(kw_string_c(vm, "")) && kw_truth_of(kw_string_c(vm, "0")));
    kw_value c = kw_of_class(kw_class_new(vm, kw_intern_c(vm, "S")));
    ck_assert(!kw_truth_of(c) && !kw_truth_not(c));
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(shared_error_texts)
{
    kw_vm *vm = make_vm();
    ck_assert_int_eq(kw_throw_param(vm, "get", 1, "Integer", kw_null()), KW_THROWN);
    threw(vm, "ParameterTypeMismatchError",
          "The type for parameter 1 of `get` is not an expected type. Expected Integer but received None.");
    kw_throw_expected(vm, "integer", kw_string_c(vm, ""));
    threw(vm, "TypeError", "Expected an integer but instead received `String`.");
    kw_throw_expected(vm, "hashmap", kw_int(1));
    threw(vm, "TypeError", "Expected a hashmap but instead received `Integer`");
    kw_throw_count(vm, "push", 1, 2);
    threw(vm, "ParameterCountMismatchError",
          "The parameter count for function `push` does not match parameters passed. Expected 1 but received 2.");
    kw_throw_count(vm, "get", -1, 3);
    threw(vm, "ParameterCountMismatchError",
          "The parameter count for function `get` does not match parameters passed.");
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("value", 30, floats_show_their_shortest_digits, display_forms, values_that_contain_themselves_come_to_an_end,
           a_list_met_twice_is_copied_twice, equality_is_loose_outside_and_strict_inside,
           order_follows_rank_then_content, integer_arithmetic_wraps_floors_and_saturates, bits,
           strings_and_lists_as_operands, indexes, slices, slice_assignment, ranges, truth, shared_error_texts)
