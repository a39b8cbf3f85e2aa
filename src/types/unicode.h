/* unicode.h - properties of characters.
 *
 * Place: types layer. */
#ifndef KW_UNICODE_H
#define KW_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/text.h"

/* Simple one-to-one case mapping; other characters are returned as they are. */
uint32_t kw_unicode_upper(uint32_t c);
uint32_t kw_unicode_lower(uint32_t c);
/* Are the tables of case in the order that looking into them relies on?  For an assertion. */
bool kw_unicode_is_sorted(void);
bool kw_unicode_is_space(uint32_t c); /* Unicode white space */
/* Where the valid text[from, to) begins without the white space at its start, and ends without that at its end. */
size_t kw_unicode_ltrim(const char *text, size_t from, size_t to);
size_t kw_unicode_rtrim(const char *text, size_t from, size_t to);

#endif
