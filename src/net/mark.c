/* mark.c - see mark.h. */
#include "config.h"

#include "net/mark.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct kn_mark {
    size_t size;
    size_t matched; /* so many of its bytes end what was looked at */
    uint16_t *less; /* after n matched bytes: how many match still, if the next one does not */
    unsigned char bytes[];
};

/* So many bytes of `m` end with `byte`, if `matched` did before it. */
static size_t follow(const kn_mark *m, size_t matched, unsigned char byte)
{
    while (matched > 0 && m->bytes[matched] != byte)
        matched = m->less[matched];
    return matched + (m->bytes[matched] == byte);
}

kn_mark *kn_mark_new(const void *bytes, size_t size)
{
    assert(size >= 1 && size <= KN_MARK_MAX);
    size_t table = (sizeof(kn_mark) + size + sizeof(uint16_t) - 1) / sizeof(uint16_t);
    kn_mark *m = malloc(table * sizeof(uint16_t) + (size + 1) * sizeof(uint16_t));
    if (m == NULL)
        return NULL;
    *m = (kn_mark){.size = size, .less = (uint16_t *)(void *)m + table};
    memcpy(m->bytes, bytes, size);
    m->less[0] = m->less[1] = 0;
    for (size_t i = 1; i < size; i++)
        m->less[i + 1] = (uint16_t)follow(m, m->less[i], m->bytes[i]);
    return m;
}

size_t kn_mark_size(const kn_mark *mark)
{
    return mark->size;
}

size_t kn_mark_cost(const kn_mark *mark)
{
    return sizeof(*mark) + mark->size + (mark->size + 1) * sizeof(uint16_t);
}

size_t kn_mark_find(kn_mark *m, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (m->matched == 0) { /* most bytes begin no delimiter */
            const unsigned char *first = memchr(bytes + i, m->bytes[0], count - i);
            if (first == NULL)
                return 0;
            i = (size_t)(first - bytes);
        }
        m->matched = follow(m, m->matched, bytes[i]);
        if (m->matched == m->size) {
            m->matched = 0;
            return i + 1;
        }
    }
    return 0;
}
