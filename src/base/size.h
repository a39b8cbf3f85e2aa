/* size.h - numbers of bytes as people write them. */
#ifndef KB_SIZE_H
#define KB_SIZE_H

#include <stddef.h>

/* The number of bytes that `text` ("1048576", "64k", "512m", "2g") names; 0 if it names none. */
size_t kb_size_parse(const char *text);

#endif
