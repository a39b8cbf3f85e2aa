/* math.c - package math (PACKAGES.md, "math"). */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "packages/math_parts.h"
#include "packages/package.h"
#include "types/filling.h"
#include "types/give.h"

extern const kp_package kp_math;

/* ---- Functions of floats ----------------------------------------------------------------------------- */

/* The page says so: no more exact near zero than this. */
static double naive_log1p(double x)
{
    return log(1 + x);
}

static double naive_expm1(double x)
{
    return exp(x) - 1;
}

/* X(name, function, sentence, example): a float of a float. */
#define UNARIES(X)                                                                                                     \
    X(sin, sin, "The sine of an angle in radians.", "println math::sin(0.0)  # => 0")                                  \
    X(cos, cos, "The cosine of an angle in radians.", "println math::cos(0.0)  # => 1")                                \
    X(tan, tan, "The tangent of an angle in radians.", "println math::tan(0.0)  # => 0")                               \
    X(asin, asin, "The angle in radians with this sine.", "println math::asin(0.0)  # => 0")                           \
    X(acos, acos, "The angle in radians with this cosine.", "println math::acos(1.0)  # => 0")                         \
    X(atan, atan, "The angle in radians with this tangent.", "println math::atan(0.0)  # => 0")                        \
    X(sinh, sinh, "The hyperbolic sine.", "println math::sinh(0.0)  # => 0")                                           \
    X(cosh, cosh, "The hyperbolic cosine.", "println math::cosh(0.0)  # => 1")                                         \
    X(tanh, tanh, "The hyperbolic tangent.", "println math::tanh(0.0)  # => 0")                                        \
    X(sqrt, sqrt, "The square root.", "println math::sqrt(16.0)  # => 4")                                              \
    X(cbrt, cbrt, "The cube root.", "println math::cbrt(8.0)  # => 2")                                                 \
    X(exp, exp, "The exponential function.", "println math::exp(0.0)  # => 1")                                         \
    X(log, log, "The natural logarithm.", "println math::log(1.0)  # => 0")                                            \
    X(log2, log2, "The logarithm to base 2.", "println math::log2(8.0)  # => 3")                                       \
    X(log10, log10, "The logarithm to base 10.", "println math::log10(1000.0)  # => 3")                                \
    X(log1p, naive_log1p, "log(1 + x).", "println math::log1p(0.0)  # => 0")                                           \
    X(expm1, naive_expm1, "exp(x) - 1.", "println math::expm1(0.0)  # => 0")                                           \
    X(floor, floor, "The largest whole number that is not above x.", "println math::floor(2.7)  # => 2")               \
    X(ceil, ceil, "The smallest whole number that is not below x.", "println math::ceil(2.1)  # => 3")                 \
    X(trunc, trunc, "The whole part.", "println math::trunc(-2.9)  # => -2")                                           \
    X(erf, kp_math_erf, "The error function, to 1.5e-7.", "println math::round(math::erf(1.0), 6)  # => 0.842701")     \
    X(erfc, kp_math_erfc, "1 - erf(x).", "println math::round(math::erfc(1.0), 6)  # => 0.157299")                     \
    X(tgamma, kp_math_tgamma, "The gamma function.", "println math::round(math::tgamma(5.0), 9)  # => 24")             \
    X(lgamma, kp_math_lgamma, "The logarithm of the gamma function's size.",                                           \
      "println math::round(math::lgamma(1.0), 9) == 0  # => true")

/* X(name, function, sentence, example): a float of two. */
#define BINARIES(X)                                                                                                    \
    X(atan2, atan2, "The angle of the point with these coordinates: y, x.", "println math::atan2(0.0, 1.0)  # => 0")   \
    X(hypot, hypot, "The length of the hypotenuse.", "println math::hypot(3.0, 4.0)  # => 5")                          \
    X(pow, pow, "x to the power of y.", "println math::pow(2.0, 10.0)  # => 1024")                                     \
    X(fmod, fmod, "The remainder of x / y, with the sign of x.", "println math::fmod(-7.5, 2.0)  # => -1.5")           \
    X(remainder, remainder, "The remainder of x / y rounded to the nearest.",                                          \
      "println math::remainder(7.5, 2.0)  # => -0.5")                                                                  \
    X(fmax, fmax, "The larger one; NaN loses.", "println math::fmax(1.5, -2.0)  # => 1.5")                             \
    X(fmin, fmin, "The smaller one; NaN loses.", "println math::fmin(1.5, -2.0)  # => -2")                             \
    X(fdim, fdim, "x - y, or 0 if that is less.", "println math::fdim(3.0, 5.0)  # => 0")                              \
    X(copysign, copysign, "x with the sign of y.", "println math::copysign(3.0, -1.0)  # => -3")                       \
    X(nextafter, nextafter, "The float next to x in the direction of y.",                                              \
      "println math::nextafter(1.0, 2.0)  # => 1.0000000000000002")

/* X(name, sentence, example): a boolean of a float. */
#define TESTS(X)                                                                                                       \
    X(isfinite, "Is it neither NaN nor an infinity?", "println math::isfinite(1.5)  # => true")                        \
    X(isinf, "Is it an infinity?", "println math::isinf(1.5)  # => false")                                             \
    X(isnan, "Is it NaN?", "println math::isnan(1.5)  # => false")                                                     \
    X(isnormal, "Is it neither zero, NaN nor infinite, nor too small for all its digits?",                             \
      "println math::isnormal(0.0)  # => false")

#define UNARY(name, function, about, example)                                                                          \
    static kw_result math_##name(kw_vm *vm, kw_call *call)                                                             \
    {                                                                                                                  \
        (void)vm;                                                                                                      \
        return kw_return(call, kw_float(function(kw_native_operand(call, 0).as.f)));                                   \
    }
#define BINARY(name, function, about, example)                                                                         \
    static kw_result math_##name(kw_vm *vm, kw_call *call)                                                             \
    {                                                                                                                  \
        (void)vm;                                                                                                      \
        return kw_return(call, kw_float(function(kw_native_operand(call, 0).as.f, kw_native_operand(call, 1).as.f)));  \
    }
#define TEST(name, about, example)                                                                                     \
    static kw_result math_##name(kw_vm *vm, kw_call *call)                                                             \
    {                                                                                                                  \
        (void)vm;                                                                                                      \
        return kw_return(call, kw_bool(name(kw_native_operand(call, 0).as.f) != 0));                                   \
    }
UNARIES(UNARY)
BINARIES(BINARY)
TESTS(TEST)

/* ---- Rounding and sizes ------------------------------------------------------------------------------ */

static kw_result math_round(kw_vm *vm, kw_call *call)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    enum { MOST = 15 };
    double x = kw_native_operand(call, 0).as.f;
    int64_t digits = kw_native_argument(call, 1).as.i;
    if (digits < 0 || digits > MOST)
        return kw_throw(vm, "InvalidOperationError", "Rounding to %lld digits: there are 0 to %d.", (long long)digits,
                        MOST);
    if (!(fabs(x) < 1e16)) /* nothing behind the point */
        return kw_return(call, kw_float(x));
    return kw_return(call, kw_float(nearbyint(x * powers[digits]) / powers[digits]));
}

/* The smallest integer has no absolute value. */
static kw_result no_magnitude(kw_vm *vm, kw_value v)
{
    return kw_throw(vm, "InvalidOperationError", "The absolute value of %lld is no integer.", (long long)v.as.i);
}

static kw_result math_abs(kw_vm *vm, kw_call *call)
{
    kw_value v = kw_native_operand(call, 0);
    if (kw_is(v, KW_FLOAT))
        return kw_return(call, kw_float(fabs(v.as.f)));
    if (v.as.i == INT64_MIN)
        return no_magnitude(vm, v);
    return kw_return(call, kw_int(v.as.i < 0 ? -v.as.i : v.as.i));
}

static kw_result math_epsilon(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_float(0x1p-1074));
}

static kw_result math_eps(kw_vm *vm, kw_call *call)
{
    enum { USUAL = 9, MOST = 15 };
    kw_value n = kw_native_operand(call, 0);
    double d = 1;
    (void)vm;
    bool given = kw_is(n, KW_INT) && n.as.i >= 1 && n.as.i <= MOST;
    for (int64_t i = given ? n.as.i : USUAL; i > 0; i--)
        d *= 0.1;
    return kw_return(call, kw_float(d));
}

/* ---- Euclidean division ------------------------------------------------------------------------------ */

static void divide_integers(int64_t a, int64_t b, kw_value *quotient, kw_value *rest)
{
    assert(b != 0);
    if (b == -1) { /* the smallest integer has no opposite: it wraps around, as elsewhere */
        *quotient = kw_int((int64_t)(0 - (uint64_t)a));
        *rest = kw_int(0);
        return;
    }
    int64_t q = a / b, r = a % b;
    if (r < 0) {
        r = b < 0 ? r - b : r + b;
        q += b < 0 ? 1 : -1;
    }
    assert(r >= 0);
    *quotient = kw_int(q);
    *rest = kw_int(r);
}

static void divide_floats(double a, double b, kw_value *quotient, kw_value *rest)
{
    double q = floor(a / fabs(b));
    if (b < 0)
        q = -q;
    *quotient = kw_float(q);
    *rest = kw_float(a - b * q);
}

/* Quotient and rest, which is never negative, of the arguments.  false: thrown. */
static bool divide(kw_vm *vm, const kw_call *call, kw_value *quotient, kw_value *rest)
{
    kw_value a = kw_native_operand(call, 0), b = kw_native_operand(call, 1);
    if (kw_to_double(b) == 0) {
        (void)kw_throw(vm, "DivideByZeroError", "Division by zero.");
        return false;
    }
    if (kw_is(a, KW_INT) && kw_is(b, KW_INT))
        divide_integers(a.as.i, b.as.i, quotient, rest);
    else
        divide_floats(kw_to_double(a), kw_to_double(b), quotient, rest);
    return true;
}

static kw_result math_ediv(kw_vm *vm, kw_call *call)
{
    kw_value rest;
    return divide(vm, call, &call->result, &rest) ? KW_DONE : KW_THROWN;
}

static kw_result math_emod(kw_vm *vm, kw_call *call)
{
    kw_value quotient;
    return divide(vm, call, &quotient, &call->result) ? KW_DONE : KW_THROWN;
}

static kw_result math_divmod(kw_vm *vm, kw_call *call)
{
    kw_value quotient, rest;
    kw_list *both = divide(vm, call, &quotient, &rest) ? kw_list_new(vm, 2) : NULL;
    if (both == NULL || !kw_list_push(vm, both, quotient) || !kw_list_push(vm, both, rest))
        return KW_THROWN;
    return kw_give_list(call, both);
}

/* ---- Random ------------------------------------------------------------------------------------------ */

static int64_t random_integer(kp_random *g, int64_t a, int64_t b)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    return (int64_t)((uint64_t)low + kp_math_random_upto(g, (uint64_t)high - (uint64_t)low));
}

static double random_float(kp_random *g, double a, double b)
{
    double low = fmin(a, b), high = fmax(a, b), part = kp_math_random_unit(g);
    double d = isinf(high - low) ? low * (1 - part) + high * part : low + part * (high - low);
    return d < high ? d : nextafter(high, low); /* it was rounded up */
}

static kw_result random_text(kw_vm *vm, kw_call *call, kp_random *g, kw_string *from, int64_t n)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    for (; (int64_t)f->at < n && from->length > 0 && kw_filling_go_on(vm, f); f->at++) {
        const kw_string *c = kw_string_at(vm, from, (size_t)kp_math_random_upto(g, from->length - 1));
        kw_buf_put(&f->buf, c->text, c->size);
    }
    return kw_filling_string(vm, call, f);
}

static kw_result random_elements(kw_vm *vm, kw_call *call, kp_random *g, const kw_list *from, int64_t n)
{
    kw_list *out = call->kept != NULL ? kw_kept(call, 0).as.list : kw_list_new(vm, 0);
    while (out != NULL && (int64_t)out->count < n && from->count > 0) {
        if (!kw_list_push(vm, out, from->items[kp_math_random_upto(g, from->count - 1)]) || !kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_of_list(out)}, 1);
    }
    return kw_give_list(call, out);
}

static kw_result math_random(kw_vm *vm, kw_call *call)
{
    kw_value x = kw_native_operand(call, 0), y = kw_native_operand(call, 1);
    kp_random *g = kp_state(vm, &kp_math);
    if (g == NULL)
        return KW_THROWN;
    if (kw_is(x, KW_INT) && kw_is(y, KW_INT))
        return kw_return(call, kw_int(random_integer(g, x.as.i, y.as.i)));
    if (kw_is_number(x) && kw_is_number(y))
        return kw_return(call, kw_float(random_float(g, kw_to_double(x), kw_to_double(y))));
    if (kw_is(x, KW_STRING) && kw_is(y, KW_INT))
        return random_text(vm, call, g, x.as.string, y.as.i);
    if (kw_is(x, KW_LIST) && kw_is(y, KW_INT))
        return random_elements(vm, call, g, x.as.list, y.as.i);
    return kw_return(call, kw_float(kp_math_random_unit(g)));
}

/* A drawing as it is kept between slices: the numbers so far, those of them that were exchanged (`few`), the numbers as
 * keys (else). */
enum { DRAWN, EXCHANGED, SEEN, DRAWING_COUNT };

static kw_result pause_drawing(kw_vm *vm, kw_call *call, kw_list *out, size_t exchanged, kw_map *seen)
{
    const kw_value kept[DRAWING_COUNT] = {[DRAWN] = kw_of_list(out),
                                          [EXCHANGED] = kw_int((int64_t)exchanged),
                                          [SEEN] = seen != NULL ? kw_of_map(seen) : kw_null()};
    return kw_call_again(vm, call, kept, DRAWING_COUNT);
}

/* `n` of the `more` + 1 integers from `low` on, which are not many more: all are shuffled. */
static kw_result draw_of_few(kw_vm *vm, kw_call *call, kw_list *out, int64_t low, uint64_t more, size_t n)
{
    kp_random *g = kp_state(vm, &kp_math);
    while (out->count <= more) {
        if (!kw_list_push(vm, out, kw_int((int64_t)((uint64_t)low + out->count))) || !kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return pause_drawing(vm, call, out, 0, NULL);
    }
    assert(n <= out->count);
    for (size_t i = kw_kept_size(call, EXCHANGED); i < n; i++) {
        size_t at = i + (size_t)kp_math_random_upto(g, out->count - 1 - i);
        kw_value drawn = out->items[at];
        out->items[at] = out->items[i];
        out->items[i] = drawn;
        if (!kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return pause_drawing(vm, call, out, i + 1, NULL);
    }
    out->count = n;
    return kw_give_list(call, out);
}

/* The same where most draws are new ones. */
static kw_result draw_of_many(kw_vm *vm, kw_call *call, kw_list *out, int64_t low, uint64_t more, size_t n)
{
    assert(n == 0 || n - 1 <= more); /* or it would not end */
    kp_random *g = kp_state(vm, &kp_math);
    kw_map *seen = call->kept != NULL ? kw_kept(call, SEEN).as.map : kw_map_new(vm, 0);
    while (out->count < n) {
        kw_value drawn = kw_int((int64_t)((uint64_t)low + kp_math_random_upto(g, more)));
        if (kw_map_find(seen, drawn) != NULL)
            continue;
        if (!kw_map_set(vm, seen, drawn, kw_null()) || !kw_list_push(vm, out, drawn) || !kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return pause_drawing(vm, call, out, 0, seen);
    }
    return kw_give_list(call, out);
}

static kw_result math_random_set(kw_vm *vm, kw_call *call)
{
    enum { FEW = 4 };
    int64_t a = kw_native_operand(call, 0).as.i, b = kw_native_operand(call, 1).as.i,
            n = kw_native_operand(call, 2).as.i;
    int64_t low = a < b ? a : b;
    uint64_t more = (uint64_t)(a < b ? b : a) - (uint64_t)low;
    kw_list *out = call->kept != NULL ? kw_kept(call, DRAWN).as.list : kw_list_new(vm, 0);
    if (kp_state(vm, &kp_math) == NULL || out == NULL)
        return KW_THROWN;
    if (n <= 0 || (uint64_t)n - 1 > more)
        return kw_give_list(call, out);
    bool few = more / FEW < (uint64_t)n;
    return (few ? draw_of_few : draw_of_many)(vm, call, out, low, more, kw_to_size(n));
}

/* ---- Primes ------------------------------------------------------------------------------------------ */

/* A search for primes as it is kept between slices. */
enum { FOUND, NEXT, COUNT, LAST, KEPT_COUNT };

/* Search until `limit` or until there are `wanted`; *p is filled in.  KW_DONE: found. */
static kw_result search_primes(kw_vm *vm, kw_call *call, kp_primes *p, int64_t limit, int64_t wanted)
{
    enum { PRICE = 4000 }; /* of a step, in those of the interpreter */
    p->found = call->kept != NULL ? kw_kept(call, FOUND).as.list : kw_list_new(vm, 0);
    p->next = call->kept != NULL ? kw_kept(call, NEXT).as.i : 2;
    p->count = call->kept != NULL ? kw_kept(call, COUNT).as.i : 0;
    p->last = call->kept != NULL ? kw_kept(call, LAST).as.i : 0;
    assert(p->next >= 2);
    while (p->next <= limit && p->count < wanted) {
        if (!kp_math_primes_go_on(vm, p, limit, wanted))
            return KW_THROWN;
        vm->budget -= PRICE;
        if (kw_slice_over(vm)) {
            const kw_value kept[KEPT_COUNT] = {[FOUND] = kw_of_list(p->found),
                                               [NEXT] = kw_int(p->next),
                                               [COUNT] = kw_int(p->count),
                                               [LAST] = kw_int(p->last)};
            return kw_call_again(vm, call, kept, KEPT_COUNT);
        }
    }
    return KW_DONE;
}

enum { MOST_BITS = 52 /* of numbers that are looked at: years of work */ };

static kw_result math_listprimes(kw_vm *vm, kw_call *call)
{
    int64_t limit = kw_native_operand(call, 0).as.i, most = (int64_t)1 << MOST_BITS;
    kp_primes p = {.kept = INT64_MAX};
    kw_result result = search_primes(vm, call, &p, limit < most ? limit : most, INT64_MAX);
    return result == KW_DONE ? kw_give_list(call, p.found) : result;
}

static kw_result math_nthprime(kw_vm *vm, kw_call *call)
{
    int64_t n = kw_native_operand(call, 0).as.i;
    if (n < 1)
        return kw_throw(vm, "InvalidOperationError", "There is no prime number %lld: they are counted from 1.",
                        (long long)n);
    kp_primes p = {.kept = (int64_t)1 << MOST_BITS / 2};
    kw_result result = search_primes(vm, call, &p, (int64_t)1 << MOST_BITS, n);
    return result == KW_DONE ? kw_return(call, kw_int(p.last)) : result;
}

/* In Kiwi, because it takes long for large numbers and others must have their turns. */
static kw_result math_divisors(kw_vm *vm, kw_call *call)
{
    if (call->args[0].as.i == INT64_MIN)
        return no_magnitude(vm, call->args[0]);
    return kw_give_prelude(vm, call, "__math_divisors__", 1, call->args);
}

/* ---- Tables ------------------------------------------------------------------------------------------ */

#define UNARY_ROW(name, function, about, example)                                                                      \
    {#name "(x: float): float", math_##name, about, example, "__" #name "__/1"},
#define BINARY_ROW(name, function, about, example)                                                                     \
    {#name "(x: float, y: float): float", math_##name, about, example, "__" #name "__/2"},
#define TEST_ROW(name, about, example) {#name "(x: float): boolean", math_##name, about, example, "__" #name "__/1"},
/* clang-format off */
static const kw_native_def functions[] = {
    UNARIES(UNARY_ROW)
    BINARIES(BINARY_ROW)
    TESTS(TEST_ROW)
    {"round(x: float, digits: integer = 0): float", math_round,
     "The nearest number with so many decimals, 0 to 15; of two the even one.",
     "println math::round(3.14159, 2)  # => 3.14",
     "__round__/2"},
    {"abs(x: number): number", math_abs, "The number without its sign.", "println math::abs(-3)  # => 3", "__abs__/1"},
    {"epsilon(): float", math_epsilon, "The smallest float above 0.", "println math::epsilon()  # => 5E-324",
     "__epsilon__/0"},
    {"eps(n: any = 9): float", math_eps, "0.1 multiplied n times, 1 to 15; else 9 times.",
     "println math::eps(1)  # => 0.1"},
    {"ediv(a: number, b: number): number", math_ediv, "The quotient of which the remainder is never negative.",
     "println math::ediv(-7, 2)  # => -4"},
    {"emod(a: number, b: number): number", math_emod, "The remainder of a / b, never negative.",
     "println math::emod(-7, 2)  # => 1"},
    {"divmod(a: number, b: number): list", math_divmod, "What ediv and emod give.",
     "println math::divmod(-7, 2)  # => [-4, 1]"},
    {"random(x: any = null, y: any = null): any", math_random,
     "Of two integers one between them, both included; of floats one up to the larger; y characters of a string, or y "
     "elements of a list, as a list; else a float from 0 up to 1.",
     "println math::random(4, 4)  # => 4", "__random__/2"},
    {"random_set(lo: integer, hi: integer, n: integer): list", math_random_set,
     "n different integers from lo to hi, in any order; none if there are not so many.",
     "println math::random_set(1, 3, 3).sort()  # => [1, 2, 3]", "__random_set__/3"},
    {"listprimes(limit: integer): list", math_listprimes, "The prime numbers up to a limit.",
     "println math::listprimes(12)  # => [2, 3, 5, 7, 11]", "__listprimes__/1"},
    {"nthprime(n: integer): integer", math_nthprime, "The n-th prime number; 2 is the first.",
     "println math::nthprime(5)  # => 11", "__nthprime__/1"},
    {NULL},
};
/* clang-format on */

/* clang-format off */
static const kw_native_def globals[] = {
    {"__divisors__(n: integer): list", math_divisors, "The numbers that divide n.", NULL, "__divisors__/1"},
    {NULL},
};
/* clang-format on */

const kp_package kp_math = {
    .name = "math",
    .about = "Functions of numbers.",
    .functions = functions,
    .globals = globals,
    .state_size = sizeof(kp_random),
};
