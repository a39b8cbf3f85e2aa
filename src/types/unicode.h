/* unicode.h - UTF-8 and properties of characters.
 *
 * Place: types layer.  All text of strings is valid UTF-8, so decoding needs no checks. */
#ifndef KW_UNICODE_H
#define KW_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at *at, and move *at behind it. */
static inline uint32_t kw_utf8_next(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    uint32_t c = p[0];
    if (c < 0x80) {
        *at += 1;
        return c;
    }
    if (c < 0xE0) {
        *at += 2;
        return ((c & 0x1F) << 6) | (p[1] & 0x3Fu);
    }
    if (c < 0xF0) {
        *at += 3;
        return ((c & 0x0F) << 12) | ((p[1] & 0x3Fu) << 6) | (p[2] & 0x3Fu);
    }
    *at += 4;
    return ((c & 0x07) << 18) | ((p[1] & 0x3Fu) << 12) | ((p[2] & 0x3Fu) << 6) | (p[3] & 0x3Fu);
}

/* Is this byte the first of a character? */
static inline bool kw_utf8_starts(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

/* Write `c` to out (4 bytes are enough); returns the size. */
size_t kw_utf8_put(char *out, uint32_t c);
/* Characters in valid text. */
size_t kw_utf8_count(const char *text, size_t size);
/* Simple one-to-one case mapping; other characters are returned as they are. */
uint32_t kw_char_upper(uint32_t c);
uint32_t kw_char_lower(uint32_t c);
bool kw_char_space(uint32_t c); /* Unicode white space */

#endif
