/* whole.h - receiving something whole from a stream: a message, a line, what stands before a delimiter, so many bytes,
 * all there is.
 *
 * What has come of it is kept with the socket, as bytes that were received ahead, until it is whole.  So nothing is lost
 * when the operation ends before (a time limit, the end of the stream, too much of it), and what was received beyond it
 * is there for the next receive of any kind.
 *
 * Place: net layer, a kind of operation.  What is whole is decided by one function for each sort (message.c, until.c). */
#ifndef KN_WHOLE_H
#define KN_WHOLE_H

#include "net/mark.h"
#include "net/state.h"

typedef enum kn_look {
    KN_LOOK_MORE,    /* bytes are missing */
    KN_LOOK_FOUND,   /* it is whole, and lies behind `before` bytes */
    KN_LOOK_NOTHING, /* the stream has ended, and there is none */
    KN_LOOK_FAULT,   /* there can be none: *out says why */
} kn_look;

typedef struct kn_whole {
    /* Look at the `have` bytes that have come.  `ended`: there are no more, so that KN_LOOK_MORE is no answer.  Not locked,
     * as the fields below, which belong to whoever takes the operation's steps. */
    kn_look (*look)(struct kn_whole *whole, const unsigned char *bytes, size_t have, bool ended, kiwi_result *out);
    size_t max;                 /* of what is wanted, as its receiver says */
    bool text;                  /* it is a text */
    kn_mark *mark;              /* the delimiter, owned; NULL: none */
    size_t looked;              /* bytes that need not be looked at again */
    size_t missing;             /* KN_LOOK_MORE: no more than that is to be received for now */
    size_t before, size, after; /* KN_LOOK_FOUND: skipped, given, skipped behind it */
    kn_look found;              /* of the last look */
    bool ended;                 /* the stream has */
} kn_whole;

/* Submit a receive of *whole, whose `max` is at least `least`, from `socket`: its task.  Takes over whole->mark. */
kiwi_id kn_whole_submit(kiwi_net *net, kiwi_id socket, bool tls, int64_t least, int64_t max, const kn_whole *whole);

#endif
