/* hash.h - hashes with a secret of the process: keys that a peer chooses cannot be made to collide.
 *
 * Place: inside the vm layer.  Texts and rows of values are hashed by SipHash-1-3, a keyed function
 * for which no collisions are known that do not depend on the key.  Integers are hashed by a
 * function that is drawn, with the key, from a family in which any two of them collide once in 2^32
 * draws.  Threads: any, after kw_hash_init(). */
#ifndef KW_HASH_H
#define KW_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Draw the secret, if that was not done before. */
void kw_hash_init(void);

/* Of `size` bytes. */
uint32_t kw_hash_bytes(const void *bytes, size_t size);
/* Of a number. */
uint32_t kw_hash_word(uint64_t word);
/* Of a number that is one of many in a row, more often than not: sixteen in a row lie next to each
 * other, so that who goes through them finds them in the processor's cache. */
static inline uint32_t kw_hash_number(uint64_t number)
{
    return kw_hash_word(number >> 4) + (uint32_t)(number & 15);
}

/* Of a row of numbers, one after the other. */
typedef struct kw_hasher {
    uint64_t v[4];
} kw_hasher;
void kw_hash_begin(kw_hasher *h);
void kw_hash_put(kw_hasher *h, uint64_t word);
uint32_t kw_hash_end(kw_hasher *h);

#endif
