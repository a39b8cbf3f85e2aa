/* ahead.h - bytes of a stream that were received before anybody asked for them.
 *
 * Place: net layer, below everything.  Threads: whoever runs the head of the socket's read side. */
#ifndef KN_AHEAD_H
#define KN_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kn_ahead {
    unsigned char *bytes; /* malloc'ed; those from `start` to `end` are still to be delivered */
    size_t start, end;
    size_t room; /* bytes that `bytes` has */
} kn_ahead;

static inline size_t kn_ahead_size(const kn_ahead *ahead)
{
    return ahead->end - ahead->start;
}

/* Put `size` bytes into *ahead, before all others: takes over `bytes`.  Either it is empty, or they are what was taken
 * from it last. */
void kn_ahead_put(kn_ahead *ahead, unsigned char *bytes, size_t size);
/* Take at most `max` bytes: malloc'ed, their number in *size.  NULL: memory is short, nothing was taken. */
unsigned char *kn_ahead_take(kn_ahead *ahead, size_t max, size_t *size);
/* A copy, malloc'ed, of `size` bytes behind the first `from`, which stay.  NULL: memory is short. */
unsigned char *kn_ahead_copy(const kn_ahead *ahead, size_t from, size_t size);
/* Make room for `more` bytes behind those that are there; the caller puts them at `end` and moves that.  false: memory
 * is short. */
bool kn_ahead_reserve(kn_ahead *ahead, size_t more);
/* Give back the room behind the bytes where it is more than `spare`, and all of it where there are none. */
void kn_ahead_trim(kn_ahead *ahead, size_t spare);
/* Drop the first `size` bytes. */
void kn_ahead_skip(kn_ahead *ahead, size_t size);
void kn_ahead_free(kn_ahead *ahead);

#endif
