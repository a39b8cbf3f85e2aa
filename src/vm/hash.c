/* hash.c - SipHash-1-3 and multiply-shift, keyed with a secret that is drawn once. */
#include "config.h"

#include "vm/hash.h"

#include <pthread.h>
#include <string.h>

#include "base/random.h"

static struct {
    uint64_t key[2];         /* of SipHash */
    uint64_t low, high, add; /* of numbers */
} secret;
static pthread_once_t secret_once = PTHREAD_ONCE_INIT;

static void draw_secret(void)
{
    kb_random(&secret, sizeof(secret));
}

void kw_hash_init(void)
{
    (void)pthread_once(&secret_once, draw_secret);
}

/* ---- Texts and rows (Aumasson and Bernstein: SipHash) ---------------------------------------- */

static inline uint64_t turned(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = turned(v[1], 13) ^ v[0];
    v[3] = turned(v[3], 16) ^ v[2];
    v[0] = turned(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = turned(v[1], 17) ^ v[2];
    v[3] = turned(v[3], 21) ^ v[0];
    v[2] = turned(v[2], 32);
}

static inline void sip_init(uint64_t v[4])
{
    v[0] = secret.key[0] ^ UINT64_C(0x736f6d6570736575);
    v[1] = secret.key[1] ^ UINT64_C(0x646f72616e646f6d);
    v[2] = secret.key[0] ^ UINT64_C(0x6c7967656e657261);
    v[3] = secret.key[1] ^ UINT64_C(0x7465646279746573);
}

static inline void sip_put(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

static inline uint32_t sip_end(uint64_t v[4])
{
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

/* The up to seven bytes of the last word. */
static inline uint64_t last_bytes(const unsigned char *at, size_t left)
{
    uint64_t word = 0;
    unsigned used = 0; /* bits */
    uint32_t four;
    uint16_t two;
    if (left & 4) {
        memcpy(&four, at, sizeof(four));
        word = four;
        used = 32;
        at += sizeof(four);
    }
    if (left & 2) {
        memcpy(&two, at, sizeof(two));
        word |= (uint64_t)two << used;
        used += 16;
        at += sizeof(two);
    }
    return left & 1 ? word | (uint64_t)*at << used : word;
}

/* Words are read in the machine's order of bytes: no other machine sees the result. */
uint32_t kw_hash_bytes(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    uint64_t v[4], word;
    sip_init(v);
    size_t left = size;
    for (; left >= sizeof(word); at += sizeof(word), left -= sizeof(word)) {
        memcpy(&word, at, sizeof(word));
        sip_put(v, word);
    }
    sip_put(v, (uint64_t)size << 56 | last_bytes(at, left));
    return sip_end(v);
}

void kw_hash_begin(kw_hasher *h)
{
    sip_init(h->v);
}

void kw_hash_put(kw_hasher *h, uint64_t word)
{
    sip_put(h->v, word);
}

uint32_t kw_hash_end(kw_hasher *h)
{
    return sip_end(h->v);
}

/* ---- Numbers (Dietzfelbinger; Thorup: multiply-shift for rows of two) ------------------------ */

/* The sum is what makes two numbers collide by chance only.  What follows maps 32 bits to 32 bits,
 * one to one, and breaks up the regular distances in which numbers of a row are left by the sum. */
uint32_t kw_hash_word(uint64_t word)
{
    uint64_t sum = secret.low * (uint32_t)word + secret.high * (word >> 32) + secret.add;
    uint32_t h = (uint32_t)(sum >> 32);
    h = (h ^ h >> 16) * 0x7feb352du;
    h = (h ^ h >> 15) * 0x846ca68bu;
    return h ^ h >> 16;
}
