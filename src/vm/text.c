/* text.c - UTF-8. */
#include "config.h"

#include "vm/text.h"

#include <string.h>

static bool is_tail(unsigned char c)
{
    return !kw_utf8_starts((char)c);
}

/* Bytes that a sequence with this first and second byte needs, 0 if they cannot begin one (Unicode
 * standard, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF). */
static unsigned sequence(unsigned char a, unsigned char b)
{
    if (a >= 0xC2 && a <= 0xDF)
        return is_tail(b) ? 2 : 0;
    if (a >= 0xE0 && a <= 0xEF) {
        unsigned low = a == 0xE0 ? 0xA0 : 0x80, high = a == 0xED ? 0x9F : 0xBF;
        return b >= low && b <= high ? 3 : 0;
    }
    if (a >= 0xF0 && a <= 0xF4) {
        unsigned low = a == 0xF0 ? 0x90 : 0x80, high = a == 0xF4 ? 0x8F : 0xBF;
        return b >= low && b <= high ? 4 : 0;
    }
    return 0;
}

size_t kw_text_decode(const char *p, const char *end, uint32_t *cp, int *bad)
{
    const unsigned char *s = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    if (s[0] < 0x80) {
        *cp = s[0];
        return 1;
    }
    unsigned need = left < 2 ? 0 : sequence(s[0], s[1]);
    unsigned have = need == 0 ? 1 : 2;
    while (have < need && have < left && is_tail(s[have]))
        have++;
    if (need == 0 || have < need) {
        *cp = 0xFFFD;
        *bad = 1;
        return have;
    }
    static const unsigned char first_mask[5] = {0, 0, 0x1F, 0x0F, 0x07};
    uint32_t c = s[0] & (uint32_t)first_mask[need];
    for (unsigned i = 1; i < need; i++)
        c = c << 6 | (s[i] & 0x3Fu);
    *cp = c;
    return need;
}

size_t kw_text_encode(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

size_t kw_text_count(const char *text, size_t size)
{
    size_t tails = 0, i = 0;
    for (; i + 8 <= size; i += 8) { /* eight bytes at once: tails have bit 7 set and bit 6 clear */
        uint64_t w;
        memcpy(&w, text + i, 8);
        if ((w & 0x8080808080808080u) == 0)
            continue;
        w = (w >> 7) & (~w >> 6) & 0x0101010101010101u;
        tails += (size_t)((w * 0x0101010101010101u) >> 56);
    }
    for (; i < size; i++)
        tails += (size_t)is_tail((unsigned char)text[i]);
    return size - tails;
}

size_t kw_text_valid_part(const char *text, size_t size, size_t *length)
{
    size_t at = 0, n = 0;
    while (at < size) {
        uint64_t w;
        if (at + 8 <= size && (memcpy(&w, text + at, 8), (w & 0x8080808080808080u) == 0)) {
            at += 8;
            n += 8;
            continue;
        }
        uint32_t cp;
        int bad = 0;
        size_t used = kw_text_decode(text + at, text + size, &cp, &bad);
        if (bad)
            break;
        at += used;
        n++;
    }
    *length = n;
    return at;
}

int kw_text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}
