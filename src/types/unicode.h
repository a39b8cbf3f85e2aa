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
uint32_t kw_char_upper(uint32_t c);
uint32_t kw_char_lower(uint32_t c);
bool kw_char_space(uint32_t c); /* Unicode white space */

#endif
