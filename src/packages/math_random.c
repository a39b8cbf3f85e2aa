/* math_random.c - xoshiro256** (Blackman and Vigna), seeded by the system. */
#include "config.h"

#include "base/random.h"
#include "packages/math_parts.h"

static uint64_t rotated(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

uint64_t kp_math_random_next(kp_random *g)
{
    uint64_t *s = g->state;
    while ((s[0] | s[1] | s[2] | s[3]) == 0)
        kb_random(s, sizeof(g->state));
    uint64_t result = rotated(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotated(s[3], 45);
    return result;
}

uint64_t kp_math_random_upto(kp_random *g, uint64_t most)
{
    uint64_t mask = most, n;
    for (unsigned by = 1; by < 64; by *= 2)
        mask |= mask >> by;
    do /* more than every second draw fits */
        n = kp_math_random_next(g) & mask;
    while (n > most);
    return n;
}

double kp_math_random_unit(kp_random *g)
{
    return (double)(kp_math_random_next(g) >> 11) * 0x1p-53;
}
