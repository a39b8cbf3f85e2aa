/* math_primes.c - the sieve of Eratosthenes, a row of numbers at a time. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/math_parts.h"

enum { ROW = 32 << 10 /* numbers at once: the marks stay in the processor's cache */ };

/* Mark the multiples of `prime` from its square on among the numbers [from, end). */
static void mark(bool composite[ROW], int64_t from, int64_t end, int64_t prime)
{
    int64_t first = prime * prime;
    if (first < from)
        first = (from + prime - 1) / prime * prime;
    assert(first >= from);
    for (int64_t n = first; n < end; n += prime)
        composite[n - from] = true;
}

bool kp_math_primes_go_on(kw_vm *vm, kp_primes *p, int64_t limit, int64_t wanted)
{
    bool composite[ROW];
    int64_t from = p->next, end = limit - from < ROW ? limit + 1 : from + ROW;
    assert(from < end && end - from <= ROW);
    assert(p->kept >= (end - 1) / p->kept); /* primes beyond the root are not needed */
    memset(composite, 0, sizeof(composite));
    for (size_t i = 0; i < p->found->count; i++) {
        int64_t prime = p->found->items[i].as.i;
        if (prime > (end - 1) / prime)
            break;
        mark(composite, from, end, prime);
    }
    for (int64_t n = from; n < end && p->count < wanted; n++) {
        if (composite[n - from])
            continue;
        if (n <= (end - 1) / n)
            mark(composite, from, end, n);
        if (n < p->kept && (!kw_list_push(vm, p->found, kw_int(n)) || !kw_go_on(vm)))
            return false;
        p->count++;
        p->last = n;
    }
    p->next = end;
    return true;
}
