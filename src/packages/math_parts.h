/* math_parts.h - what package math is made of beside the functions of the C library (PACKAGES.md, "math").
 *
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_MATH_PARTS_H
#define KP_MATH_PARTS_H

#include "vm/vm.h"

/* ---- math_special.c: approximations with the digits that scripts know ---- */

double kp_math_erf(double x);  /* to 1.5e-7 */
double kp_math_erfc(double x); /* 1 - kp_math_erf(x) */
double kp_math_tgamma(double x);
double kp_math_lgamma(double x);

/* ---- math_random.c ---- */

/* A generator of numbers that look random, but are no secret. */
typedef struct kp_random {
    uint64_t state[4]; /* all zero: not seeded yet */
} kp_random;
uint64_t kp_math_random_next(kp_random *g);
uint64_t kp_math_random_upto(kp_random *g, uint64_t most); /* 0 to `most`, all alike */
double kp_math_random_unit(kp_random *g);                  /* 0 <= r < 1 */

/* ---- math_primes.c ---- */

/* The search for primes, which goes on from `next`. */
typedef struct kp_primes {
    kw_list *found; /* those below `kept` */
    int64_t next;   /* the first number not looked at; 2 at the start */
    int64_t kept;   /* at least the root of every number that is looked at */
    int64_t count;  /* primes below `next` */
    int64_t last;   /* the last one that was counted */
} kp_primes;
/* Look at the next numbers, up to `limit` and until there are `wanted` primes.  false: thrown. */
bool kp_math_primes_go_on(kw_vm *vm, kp_primes *p, int64_t limit, int64_t wanted);

#endif
