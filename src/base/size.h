/* size.h - numbers as people write them, of bytes and of other things. */
#ifndef KB_SIZE_H
#define KB_SIZE_H

#include <stddef.h>
#include <stdint.h>

/* The number of bytes that `text` ("1048576", "64k", "512m", "2g") names; 0 if it names none. */
size_t kb_size_parse(const char *text);

/* The number that `text` (NULL is none) has in decimal digits, with nothing around them; -1: it is none. */
int64_t kb_size_number(const char *text);

#endif
