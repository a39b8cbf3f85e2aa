/* arith.c - the binary and unary operators on built-in types (LANGUAGE.md 5.2, 5.3, 5.6). */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <string.h>

#include "vm/search.h"
#include "vm/vm.h"

static bool conversion(kw_vm *vm, const char *what)
{
    kw_throw(vm, "ConversionError", "Conversion error in %s.", what);
    return false;
}

static bool zero(kw_vm *vm)
{
    kw_throw(vm, "DivideByZeroError", "Division by zero.");
    return false;
}

static bool give_string(kw_string *s, kw_value *out)
{
    *out = kw_of_string(s);
    return s != NULL;
}

/* Toward 0, saturating; NaN gives 0. */
int64_t kw_arith_truncate(double d)
{
    if (isnan(d))
        return 0;
    if (d >= 9223372036854775808.0)
        return INT64_MAX;
    if (d < -9223372036854775808.0)
        return INT64_MIN;
    return (int64_t)d;
}

/* ---- Strings and lists ----------------------------------------------------------------------- */

static bool list_add(kw_vm *vm, kw_list *a, kw_value b, kw_value *out)
{
    size_t more = b.tag == KW_LIST ? b.as.list->count : 1;
    kw_list *sum = kw_list_new(vm, a->count + more);
    if (sum == NULL)
        return false;
    if (a->count > 0)
        memcpy(sum->items, a->items, a->count * sizeof(kw_value));
    if (b.tag != KW_LIST)
        sum->items[a->count] = b;
    else if (more > 0)
        memcpy(sum->items + a->count, b.as.list->items, more * sizeof(kw_value));
    sum->count = a->count + more;
    *out = kw_of_list(sum);
    return true;
}

/* false: thrown. */
static bool contains(kw_vm *vm, const kw_list *list, kw_value v, bool *found)
{
    *found = false;
    for (size_t i = 0; i < list->count && !*found; i++)
        if (!kw_go_on(vm) || !kw_equal_try(vm, list->items[i], v, found))
            return false;
    return true;
}

/* The key under which a value is found by all that `==` takes as equal to it; KW_UNDEF: nothing
 * is. */
static kw_value loose_key(kw_value v)
{
    if (v.tag == KW_FLOAT && v.as.f >= -9223372036854775808.0 && v.as.f < 9223372036854775808.0 &&
        v.as.f == floor(v.as.f))
        return kw_int((int64_t)v.as.f);
    return kw_equal(v, v) ? v : kw_undef();
}

static bool without_all(kw_vm *vm, const kw_list *a, const kw_list *b, kw_list *rest)
{
    enum { FEW = 16 }; /* up to here a look at each is quicker than a table */
    kw_map *table = b->count > FEW ? kw_map_new(vm, b->count) : NULL;
    for (size_t i = 0; table != NULL && i < b->count; i++) {
        kw_value key = loose_key(b->items[i]);
        if (!kw_go_on(vm) || (key.tag != KW_UNDEF && !kw_map_set(vm, table, key, kw_null())))
            return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        kw_value v = a->items[i], key = table != NULL ? loose_key(v) : v;
        bool found = table != NULL && key.tag != KW_UNDEF && kw_map_find(table, key) != NULL;
        if (!kw_go_on(vm) || (table == NULL && !contains(vm, b, v, &found)))
            return false;
        if (!found)
            rest->items[rest->count++] = v;
    }
    return true;
}

static bool list_subtract(kw_vm *vm, kw_list *a, kw_value b, kw_value *out)
{
    kw_list *rest = kw_list_new(vm, a->count);
    if (rest == NULL || (b.tag == KW_LIST && !without_all(vm, a, b.as.list, rest)))
        return false;
    bool found = false; /* of another value the first is taken away */
    for (size_t i = 0; b.tag != KW_LIST && i < a->count; i++) {
        bool drop = false;
        if (!kw_go_on(vm) || (!found && !kw_equal_try(vm, a->items[i], b, &drop)))
            return false;
        found = found || drop;
        if (!drop)
            rest->items[rest->count++] = a->items[i];
    }
    *out = kw_of_list(rest);
    return true;
}

static bool list_repeat(kw_vm *vm, kw_list *a, int64_t times, kw_value *out)
{
    if (times < 1) {
        kw_throw(vm, "SyntaxError", "List multiplier must be a positive non-zero integer.");
        return false;
    }
    if (a->count == 0) {
        kw_throw(vm, "SyntaxError", "Cannot multiply an empty list.");
        return false;
    }
    if (!kw_heap_room(vm, kw_to_size(times), a->count * sizeof(kw_value)))
        return false;
    kw_list *list = kw_list_new(vm, a->count * (size_t)times);
    if (list == NULL)
        return false;
    for (int64_t n = 0; n < times; n++)
        for (size_t i = 0; i < a->count; i++) {
            kw_value copy = kw_copy_deep(vm, a->items[i]);
            if (copy.tag == KW_UNDEF || !kw_go_on(vm))
                return false;
            list->items[list->count++] = copy;
        }
    *out = kw_of_list(list);
    return true;
}

static bool string_repeat(kw_vm *vm, kw_string *s, int64_t times, kw_value *out)
{
    if (times <= 0 || s->size == 0)
        return give_string(kw_intern(vm, "", 0), out);
    if (!kw_heap_room(vm, kw_to_size(times), s->size))
        return false;
    size_t size = s->size * (size_t)times;
    kw_string *r = kw_string_blank(vm, size, s->length * (size_t)times);
    if (r == NULL)
        return false;
    memcpy(r->text, s->text, s->size);
    for (size_t done = s->size; done < size;) { /* doubling: few, long copies */
        size_t n = done < size - done ? done : size - done;
        memcpy(r->text + done, r->text, n);
        done += n;
    }
    return give_string(r, out);
}

static bool join(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag == KW_STRING && b.tag == KW_STRING)
        return give_string(kw_string_concat(vm, a.as.string, b.as.string), out);
    const kw_value both[] = {a, b};
    return give_string(kw_display_joined(vm, both, 2), out);
}

/* ---- Arithmetic ------------------------------------------------------------------------------ */

static bool add(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag == KW_LIST)
        return list_add(vm, a.as.list, b, out);
    if (a.tag == KW_STRING || b.tag == KW_STRING)
        return join(vm, a, b, out);
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "addition");
    *out = kw_float(kw_to_double(a) + kw_to_double(b));
    return true;
}

static bool subtract(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag == KW_LIST)
        return list_subtract(vm, a.as.list, b, out);
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "subtraction");
    *out = kw_float(kw_to_double(a) - kw_to_double(b));
    return true;
}

static bool multiply(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag == KW_STRING && b.tag == KW_INT)
        return string_repeat(vm, a.as.string, b.as.i, out);
    if (a.tag == KW_LIST && b.tag == KW_INT)
        return list_repeat(vm, a.as.list, b.as.i, out);
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "multiplication");
    *out = kw_float(kw_to_double(a) * kw_to_double(b));
    return true;
}

static bool divide(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "division");
    double divisor = kw_to_double(b);
    if (divisor == 0.0)
        return zero(vm);
    *out = kw_float(kw_to_double(a) / divisor);
    return true;
}

static int64_t floor_divide(int64_t a, int64_t b) /* b is not 0 */
{
    if (b == -1)
        return (int64_t)(0 - (uint64_t)a); /* the smallest integer wraps */
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

/* Is the double a whole number that an integer holds exactly? */
static bool fits(double d)
{
    return d >= -9223372036854775808.0 && d < 9223372036854775808.0;
}

static bool floor_division(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "integer division");
    double x = a.tag == KW_FLOAT ? floor(a.as.f) : 0, y = b.tag == KW_FLOAT ? floor(b.as.f) : 0;
    if ((a.tag == KW_INT || fits(x)) && (b.tag == KW_INT || fits(y))) {
        int64_t i = a.tag == KW_INT ? a.as.i : (int64_t)x, j = b.tag == KW_INT ? b.as.i : (int64_t)y;
        if (j == 0)
            return zero(vm);
        *out = kw_int(floor_divide(i, j));
        return true;
    }
    if (a.tag == KW_INT)
        x = (double)a.as.i;
    if (b.tag == KW_INT)
        y = (double)b.as.i;
    if (y == 0.0)
        return zero(vm);
    *out = kw_int(kw_arith_truncate(floor(x / y)));
    return true;
}

static bool modulus(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "modulus");
    if (kw_to_double(b) == 0.0)
        return zero(vm);
    if (a.tag == KW_INT && b.tag == KW_INT)
        *out = kw_int(b.as.i == -1 ? 0 : a.as.i % b.as.i);
    else
        *out = kw_float(fmod(kw_to_double(a), kw_to_double(b)));
    return true;
}

static bool power(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (!kw_is_number(a) || !kw_is_number(b))
        return conversion(vm, "exponentiation");
    double p = pow(kw_to_double(a), kw_to_double(b));
    *out = a.tag == KW_INT && b.tag == KW_INT ? kw_int(kw_arith_truncate(p)) : kw_float(p);
    return true;
}

/* ---- Bits ------------------------------------------------------------------------------------ */

static const char *symbol(kw_binop op)
{
    switch (op) {
    case KW_OP_BAND: return "&";
    case KW_OP_BOR: return "|";
    case KW_OP_BXOR: return "^";
    case KW_OP_SHL: return "<<";
    case KW_OP_SHR: return ">>";
    default: return ">>>";
    }
}

static bool as_bits(kw_value v, uint64_t *out)
{
    if (v.tag == KW_INT)
        *out = (uint64_t)v.as.i;
    else if (v.tag == KW_FLOAT)
        *out = (uint64_t)kw_arith_truncate(v.as.f);
    else if (v.tag == KW_BOOL)
        *out = v.as.i != 0;
    else
        return false;
    return true;
}

static bool bitwise(kw_vm *vm, kw_binop op, kw_value a, kw_value b, kw_value *out)
{
    uint64_t y = 0;
    if (a.tag != KW_INT || !as_bits(b, &y)) {
        kw_throw(vm, "ConversionError", "Conversion error in %s operand of bitwise %s operation.",
                 a.tag != KW_INT ? "first" : "second", symbol(op));
        return false;
    }
    uint64_t x = (uint64_t)a.as.i;
    x = op == KW_OP_BAND ? x & y : op == KW_OP_BOR ? x | y : x ^ y;
    *out = kw_int((int64_t)x);
    return true;
}

static bool shift(kw_vm *vm, kw_binop op, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag != KW_INT || b.tag != KW_INT) {
        kw_throw(vm, "ConversionError", "Conversion error in bitwise %s operation.", symbol(op));
        return false;
    }
    uint64_t x = (uint64_t)a.as.i;
    unsigned count = (unsigned)((uint64_t)b.as.i & 63);
    if (op == KW_OP_SHL) {
        x <<= count;
    } else if (op == KW_OP_SHR) {
        uint64_t sign = a.as.i < 0 && count > 0 ? ~(UINT64_MAX >> count) : 0;
        x = x >> count | sign;
    } else { /* the low 32 bits, logically; the result's sign is extended */
        uint32_t low = b.as.i >= 32 ? 0 : (uint32_t)x >> (count & 31);
        x = low & 0x80000000u ? low | 0xFFFFFFFF00000000u : low;
    }
    *out = kw_int((int64_t)x);
    return true;
}

bool kw_arith_bit_not(kw_vm *vm, kw_value a, kw_value *out)
{
    uint64_t x = 0;
    if (!as_bits(a, &x)) {
        kw_throw(vm, "ConversionError", "Conversion error in bitwise ~ operation.");
        return false;
    }
    *out = kw_int((int64_t)~x);
    return true;
}

bool kw_arith_negate(kw_vm *vm, kw_value a, kw_value *out)
{
    if (a.tag == KW_INT) {
        *out = kw_int((int64_t)(0 - (uint64_t)a.as.i));
    } else if (a.tag == KW_FLOAT) {
        *out = kw_float(-a.as.f);
    } else {
        kw_throw(vm, "ConversionError", "Unary minus applied to a non-numeric value.");
        return false;
    }
    return true;
}

/* ---- in -------------------------------------------------------------------------------------- */

static bool is_in(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    bool found;
    switch ((kw_type)b.tag) {
    case KW_LIST:
        if (!contains(vm, b.as.list, a, &found))
            return false;
        *out = kw_bool(found);
        return true;
    case KW_MAP: *out = kw_bool(kw_map_find(b.as.map, a) != NULL); return true;
    case KW_STRING:
        if (a.tag != KW_STRING) {
            kw_throw(vm, "ConversionError",
                     "Left operand must be a string when right operand is a string for 'in' operator.");
            return false;
        }
        kw_before_scan(vm, b.as.string->size);
        *out = kw_bool(kw_search_first(b.as.string->text, b.as.string->size, 0, a.as.string->text, a.as.string->size) !=
                       SIZE_MAX);
        return true;
    case KW_BYTES:
        if (a.tag != KW_INT || a.as.i < 0 || a.as.i > 255) {
            kw_throw(vm, "ConversionError",
                     "Left operand must be an integer between 0 and 255 when right operand is bytes for 'in' "
                     "operator.");
            return false;
        }
        kw_before_scan(vm, b.as.bytes->size);
        *out = kw_bool(b.as.bytes->size > 0 && memchr(b.as.bytes->data, (int)a.as.i, b.as.bytes->size) != NULL);
        return true;
    default:
        kw_throw(vm, "InvalidOperationError", "The 'in' operator is not supported for the provided types.");
        return false;
    }
}

bool kw_arith_binary(kw_vm *vm, kw_binop op, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag == KW_INT && b.tag == KW_INT) {
        uint64_t x = (uint64_t)a.as.i, y = (uint64_t)b.as.i; /* unsigned: wrapping is defined */
        switch (op) {
        case KW_OP_ADD: *out = kw_int((int64_t)(x + y)); return true;
        case KW_OP_SUB: *out = kw_int((int64_t)(x - y)); return true;
        case KW_OP_MUL: *out = kw_int((int64_t)(x * y)); return true;
        default: break;
        }
    }
    switch (op) {
    case KW_OP_ADD: return add(vm, a, b, out);
    case KW_OP_SUB: return subtract(vm, a, b, out);
    case KW_OP_MUL: return multiply(vm, a, b, out);
    case KW_OP_DIV: return divide(vm, a, b, out);
    case KW_OP_IDIV: return floor_division(vm, a, b, out);
    case KW_OP_MOD: return modulus(vm, a, b, out);
    case KW_OP_POW: return power(vm, a, b, out);
    case KW_OP_BAND:
    case KW_OP_BOR:
    case KW_OP_BXOR: return bitwise(vm, op, a, b, out);
    case KW_OP_SHL:
    case KW_OP_SHR:
    case KW_OP_USHR: return shift(vm, op, a, b, out);
    case KW_OP_IN: return is_in(vm, a, b, out);
    }
    return conversion(vm, "operation");
}
