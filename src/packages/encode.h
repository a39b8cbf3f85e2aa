/* encode.h - texts that stand for bytes: base64, hexadecimal, URL encoding (encode.c).
 *
 * Place: packages layer; package encode is made of these, package string borrows them.
 * Each is all that a native does. */
#ifndef KP_ENCODE_H
#define KP_ENCODE_H

#include "types/filling.h"

/* A string (its UTF-8), bytes or a list of 0..255. */
kw_result kp_encode_base64(kw_vm *vm, kw_call *call, kw_value v);
/* White space is ignored, padding required; `give` makes the value. */
kw_result kp_encode_base64_decode(kw_vm *vm, kw_call *call, const kw_string *s,
                                  kw_result (*give)(kw_vm *, kw_call *, kw_filling *));
/* Form encoding: a space is "+", other bytes "%xx" in lower case. */
kw_result kp_encode_url(kw_vm *vm, kw_call *call, kw_filling *f, const kw_string *s);
/* The inverse; a malformed "%" stays.  The result need not be UTF-8, but is mended. */
kw_result kp_encode_url_decode(kw_vm *vm, kw_call *call, kw_filling *f, const kw_string *s);

#endif
