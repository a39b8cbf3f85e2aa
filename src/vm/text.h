/* text.h - UTF-8 and hashing of plain text, used by strings, names and display.
 *
 * Place: vm layer.  No state but the hash's seed, which is drawn once per process. */
#ifndef KW_TEXT_H
#define KW_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Decode the code point at p (p < end).  Returns the bytes it takes; for an invalid sequence *cp is
 * U+FFFD, *bad is set, and the result is the size of the maximal invalid sub-sequence. */
size_t kw_text_decode(const char *p, const char *end, uint32_t *cp, int *bad);
/* Encode `cp` (a code point that is no surrogate) into `out`; returns 1 to 4. */
size_t kw_text_encode(uint32_t cp, char out[4]);
/* Number of code points in valid UTF-8. */
size_t kw_text_count(const char *text, size_t size);
/* Hash of a text, keyed per process: keys that a peer chooses cannot be made to collide. */
uint32_t kw_text_hash(const char *text, size_t size);
/* The process's key, for other hashes. */
uint64_t kw_hash_seed(void);

#endif
