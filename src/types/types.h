/* types.h - the methods of the built-in types, and the global functions.
 *
 * Place: types layer, on top of vm.  Each file registers a table of natives per receiver type.
 * A native checks the number of its arguments first, then their types from left to right, and
 * throws the texts of types.md section 3.  Natives never call scripts: methods that take lambdas
 * hand over to a function of src/stdlib/prelude.kiwi with KW_CALL.
 * Threads: the interpreter thread only. */
#ifndef KW_TYPES_H
#define KW_TYPES_H

#include "vm/vm.h"

/* Define all methods and global functions of this layer; once per vm. */
void kw_types_register(kw_vm *vm);
/* No method `name` exists for `self`: throw the error of types.md section 2.  The hook
 * kw_hooks.unknown_method is this function or ends in it. */
kw_result kw_wrong_receiver(kw_vm *vm, kw_value self, kw_string *name);
/* Is it one of the methods that a value only has for the error that they are not for it? */
bool kw_is_complaint(kw_value method);

/* Is `name` a method that another type than that of `self` has?  Then define it for the type of
 * `self` as one that throws the error of types.md section 7; packages cannot take such names. */
bool kw_core_method(kw_vm *vm, kw_value self, kw_string *name);

/* ---- One registration per file --------------------------------------------------------------- */

void kw_any_register(kw_vm *vm);
void kw_number_register(kw_vm *vm);
void kw_string_register(kw_vm *vm);
void kw_search_register(kw_vm *vm);
void kw_regex_register(kw_vm *vm);
void kw_list_register(kw_vm *vm);
void kw_select_register(kw_vm *vm);
void kw_sort_register(kw_vm *vm);
void kw_map_register(kw_vm *vm);
void kw_bytes_register(kw_vm *vm);
void kw_object_register(kw_vm *vm);
void kw_lambda_register(kw_vm *vm);
void kw_convert_register(kw_vm *vm);
void kw_date_register(kw_vm *vm);
void kw_globals_register(kw_vm *vm);

/* ---- Argument checks (check.c); false or KW_THROWN: the error is thrown ---------------------- */

/* Exactly `count` arguments; COUNT(n) otherwise. */
bool kw_argc_is(kw_vm *vm, const kw_call *call, uint32_t count);
/* The same under another name in the text: aliases such as append report `push`. */
bool kw_argc_named(kw_vm *vm, const kw_call *call, const char *name, uint32_t count);
/* `min` to `max` arguments (UINT32_MAX: no limit); COUNT without numbers otherwise. */
bool kw_argc_in(kw_vm *vm, const kw_call *call, uint32_t min, uint32_t max);
/* Argument `at` of the type `tag`; PARAM(at, title of the type) otherwise. */
bool kw_arg_is(kw_vm *vm, const kw_call *call, uint32_t at, kw_type tag);
bool kw_arg_int(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *out);
bool kw_arg_string(kw_vm *vm, const kw_call *call, uint32_t at, kw_string **out);
/* An integer or float; PARAM(at, Number) otherwise.  kw_arg_whole truncates a float. */
bool kw_arg_number(kw_vm *vm, const kw_call *call, uint32_t at);
bool kw_arg_whole(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *out);
/* 0 to 255, or BYTE. */
bool kw_check_byte(kw_vm *vm, int64_t n);
const char *kw_call_name(const kw_call *call);

/* Return a new object, or KW_THROWN if it is NULL. */
kw_result kw_give_string(kw_call *call, kw_string *s);
kw_result kw_give_list(kw_call *call, kw_list *l);
kw_result kw_give_bytes(kw_call *call, kw_bytes *b);
/* Continue as the prelude's function `name` with these arguments. */
kw_result kw_hand_over(kw_vm *vm, kw_call *call, const char *name, uint32_t argc, const kw_value *args);

/* ---- Shared between files -------------------------------------------------------------------- */

/* The list of the characters [from, to) of `s`. */
kw_list *kw_string_chars(kw_vm *vm, kw_string *s, size_t from, size_t to);
/* A string of the bytes [from, to) of the valid text of `s`, cut at character borders. */
kw_string *kw_string_piece(kw_vm *vm, kw_string *s, size_t from, size_t to);
/* Byte position of `needle` in text[from..size), or SIZE_MAX. */
size_t kw_find_text(const char *text, size_t size, size_t from, const char *needle, size_t needle_size);
/* Positions of slice(a, b), checked against `size`; false: thrown. */
bool kw_slice_range(kw_vm *vm, kw_call *call, size_t size, size_t *from, size_t *to);
/* Append the pretty form (types.md section 4). */
void kw_pretty(kw_vm *vm, kw_buf *buf, kw_value v);
/* to_hex of a row of numbers: `width` digits each, lower case. */
kw_result kw_hex_of(kw_vm *vm, kw_call *call, const uint8_t *data, size_t size);
/* Append `count` times `c`. */
void kw_buf_fill(kw_buf *buf, char c, size_t count);
/* The width argument of to_hex; false: thrown. */
bool kw_hex_width(kw_vm *vm, const kw_call *call, size_t *width);

/* Dates (date.c, date_parse.c, date_exact.c, date_format.c): ticks of 100 ns since 0001-01-01. */
typedef struct kw_civil {
    int64_t year;  /* 1 to 9999 */
    int month, day, hour, minute, second;
    int fraction;  /* ticks of the second */
    int weekday;   /* 0: Sunday */
    int yearday;   /* 1: first of January */
} kw_civil;
enum { KW_TICKS_PER_MS = 10000, KW_TICKS_PER_SECOND = 10000000 };
#define KW_TICKS_PER_DAY INT64_C(864000000000)
#define KW_EPOCH_TICKS INT64_C(621355968000000000)    /* 1970-01-01 */
#define KW_MAX_TICKS INT64_C(3155378975999999999)     /* end of 9999 */
void kw_civil_of(int64_t ticks, kw_civil *out);
/* Ticks of a date and time; false: there is no such moment. */
bool kw_civil_ticks(const kw_civil *c, int64_t *ticks);
/* Local date and time. */
kw_value kw_date_now(void);
int kw_days_in_month(int64_t year, int month);
/* Offset of local time from UTC in minutes at the given UTC ticks. */
int kw_utc_offset(int64_t ticks);
/* Parse in the invariant culture; false: no date. */
bool kw_date_parse(const char *text, size_t size, int64_t *ticks);
/* Parse by a pattern or standard letter, which must fit exactly; false: it does not. */
bool kw_date_parse_exact(const char *text, size_t size, const char *format, size_t format_size,
                         int64_t *ticks);
/* Format with a pattern or a standard letter; false: unknown standard letter. */
bool kw_date_format(kw_buf *buf, int64_t ticks, const char *format, size_t size);
/* Date methods and the conversions of date.c that convert.c needs. */
kw_result kw_string_to_date(kw_vm *vm, kw_call *call);

#endif
