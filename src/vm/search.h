/* search.h - where a text occurs in another one, in time that grows with their sizes alone.
 *
 * Place: vm layer.  Texts are bytes here; positions are, too. */
#ifndef KW_SEARCH_H
#define KW_SEARCH_H

#include <stddef.h>

/* The first occurrence of `needle` (size `count`) in text[from..size); SIZE_MAX: there is none.  An
 * empty needle is found at once. */
size_t kw_search_first(const char *text, size_t size, size_t from, const char *needle, size_t count);
/* The last one. */
size_t kw_search_last(const char *text, size_t size, const char *needle, size_t count);
/* How often it occurs, overlapping occurrences included; the needle is not empty. */
size_t kw_search_count(const char *text, size_t size, const char *needle, size_t count);

#endif
