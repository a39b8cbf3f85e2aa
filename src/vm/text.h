/* text.h - UTF-8, used by strings, names and display.
 *
 * Place: vm layer.  No state. */
#ifndef KW_TEXT_H
#define KW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the code point at p (p < end).  Returns the bytes it takes; for an invalid sequence *cp is
 * U+FFFD, *bad is set, and the result is the size of the maximal invalid sub-sequence. */
size_t kw_text_decode(const char *p, const char *end, uint32_t *cp, int *bad);
/* Encode `cp` (a code point that is no surrogate) into `out`; returns 1 to 4. */
size_t kw_text_encode(uint32_t cp, char out[4]);
/* The character at *at in valid UTF-8, as all strings are, and move *at behind it. */
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

/* Number of code points in valid UTF-8. */
size_t kw_text_count(const char *text, size_t size);
/* Size of the leading part that is valid UTF-8, with its code points in *length. */
size_t kw_text_valid_part(const char *text, size_t size, size_t *length);
/* The value of a hexadecimal digit, or -1. */
int kw_text_hex_digit(char c);

#endif
