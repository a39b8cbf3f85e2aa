/* piece.h - the bytes of a value: what functions that take a string or bytes work on.
 *
 * Place: packages, above the values.  Interpreter thread. */
#ifndef KP_PIECE_H
#define KP_PIECE_H

#include <assert.h>

#include "vm/object.h"
#include "vm/value.h"

/* Lent: valid as long as its value is, and nobody changes the bytes.  `data` is never NULL. */
typedef struct kp_piece {
    const void *data;
    size_t size;
} kp_piece;

/* What `v` consists of, a string or bytes.  false: it is neither. */
static inline bool kp_piece_take(kw_value v, kp_piece *out)
{
    if (kw_is(v, KW_STRING))
        *out = (kp_piece){v.as.string->text, v.as.string->size};
    else if (kw_is(v, KW_BYTES))
        *out = (kp_piece){v.as.bytes->size > 0 ? (const void *)v.as.bytes->data : "", v.as.bytes->size};
    else
        return false;
    return true;
}

/* The same of a value that is known to be one of them. */
static inline kp_piece kp_piece_of(kw_value v)
{
    kp_piece piece = {"", 0};
    (void)kp_piece_take(v, &piece);
    assert(kw_is(v, KW_STRING) || kw_is(v, KW_BYTES));
    return piece;
}

#endif
