/* ahead.c - see ahead.h. */
#include "config.h"

#include "net/ahead.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void kn_ahead_put(kn_ahead *ahead, unsigned char *bytes, size_t size)
{
    if (kn_ahead_size(ahead) == 0) {
        free(ahead->bytes);
        *ahead = (kn_ahead){.bytes = bytes, .end = size, .room = size};
        return;
    }
    assert(ahead->start >= size); /* they stood there */
    ahead->start -= size;
    memcpy(ahead->bytes + ahead->start, bytes, size);
    free(bytes);
}

/* All of *ahead, as an array of its own. */
static unsigned char *take_all(kn_ahead *ahead)
{
    kn_ahead_trim(ahead, 0);
    unsigned char *out = ahead->bytes;
    *ahead = (kn_ahead){.bytes = NULL};
    return out;
}

unsigned char *kn_ahead_take(kn_ahead *ahead, size_t max, size_t *size)
{
    size_t all = kn_ahead_size(ahead);
    *size = max < all ? max : all;
    if (ahead->start == 0 && *size == all)
        return take_all(ahead);
    unsigned char *out = kn_ahead_copy(ahead, 0, *size);
    if (out != NULL)
        kn_ahead_skip(ahead, *size);
    return out;
}

unsigned char *kn_ahead_copy(const kn_ahead *ahead, size_t from, size_t size)
{
    unsigned char *out = malloc(size > 0 ? size : 1);
    if (out != NULL && size > 0)
        memcpy(out, ahead->bytes + ahead->start + from, size);
    return out;
}

bool kn_ahead_reserve(kn_ahead *ahead, size_t more)
{
    size_t size = kn_ahead_size(ahead);
    if (ahead->room - ahead->end >= more)
        return true;
    if (ahead->start > 0) {
        memmove(ahead->bytes, ahead->bytes + ahead->start, size);
        ahead->start = 0;
        ahead->end = size;
    }
    if (ahead->room - size >= more)
        return true;
    unsigned char *grown = more > SIZE_MAX - size ? NULL : realloc(ahead->bytes, size + more);
    if (grown == NULL)
        return false;
    ahead->bytes = grown;
    ahead->room = size + more;
    return true;
}

void kn_ahead_trim(kn_ahead *ahead, size_t spare)
{
    if (ahead->start == ahead->end) {
        kn_ahead_free(ahead);
        return;
    }
    if (ahead->room - ahead->end <= spare)
        return;
    unsigned char *fitting = realloc(ahead->bytes, ahead->end);
    if (fitting == NULL)
        return;
    ahead->bytes = fitting;
    ahead->room = ahead->end;
}

void kn_ahead_skip(kn_ahead *ahead, size_t size)
{
    ahead->start += size;
    if (ahead->start == ahead->end)
        kn_ahead_free(ahead);
}

void kn_ahead_free(kn_ahead *ahead)
{
    free(ahead->bytes);
    *ahead = (kn_ahead){.bytes = NULL};
}
