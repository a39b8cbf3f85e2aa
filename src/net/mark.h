/* mark.h - a delimiter that is looked for in bytes which come piece by piece.
 *
 * Each byte is looked at once, in whatever pieces the bytes come and however the delimiter repeats itself (Knuth, Morris
 * and Pratt): a peer that sends them one by one costs no more.
 *
 * Place: net layer, below everything.  Threads: one at a time. */
#ifndef KN_MARK_H
#define KN_MARK_H

#include <stddef.h>

enum { KN_MARK_MAX = 4096 }; /* bytes of a delimiter; those of MIME have 74 at most */

typedef struct kn_mark kn_mark;

/* For the delimiter of `size` (1 to KN_MARK_MAX) bytes, which are copied: free() it.  NULL: memory is short. */
kn_mark *kn_mark_new(const void *bytes, size_t size);
size_t kn_mark_size(const kn_mark *mark);
/* The bytes that it takes itself. */
size_t kn_mark_cost(const kn_mark *mark);
/* Look at `count` more bytes: how many of them end with the first delimiter; 0: they hold no end of one. */
size_t kn_mark_find(kn_mark *mark, const unsigned char *bytes, size_t count);

#endif
