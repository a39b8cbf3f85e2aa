/* size.c - see size.h. */
#include "config.h"

#include "base/size.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

size_t kb_size_parse(const char *text)
{
    if (*text < '0' || *text > '9')
        return 0;
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    unsigned shift = *end == 'k' || *end == 'K'   ? 10
                     : *end == 'm' || *end == 'M' ? 20
                     : *end == 'g' || *end == 'G' ? 30
                                                  : 0;
    if (errno != 0 || (shift == 0 && *end != '\0') || (shift != 0 && end[1] != '\0'))
        return 0;
    return n > (SIZE_MAX >> shift) ? SIZE_MAX : (size_t)n << shift;
}

int64_t kb_size_number(const char *text)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return -1;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno != 0 || *end != '\0' ? -1 : value;
}
