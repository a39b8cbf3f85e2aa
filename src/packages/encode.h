/* encode.h - texts that stand for bytes: base64, hexadecimal, URL encoding (encode.c).
 *
 * Place: packages layer; package encode is made of these, package string borrows them.
 * Each appends to `buf`, which the caller has initialised; false: an error was thrown. */
#ifndef KP_ENCODE_H
#define KP_ENCODE_H

#include "vm/vm.h"

/* A string (its UTF-8), bytes or a list of 0..255. */
bool kp_encode_base64(kw_vm *vm, kw_value v, kw_buf *buf);
/* White space is ignored, padding required; `buf` gets the bytes. */
bool kp_encode_base64_decode(kw_vm *vm, const kw_string *s, kw_buf *buf);
/* Form encoding: a space is "+", other bytes "%xx" in lower case. */
void kp_encode_url(kw_vm *vm, const kw_string *s, kw_buf *buf);
/* The inverse; a malformed "%" stays.  The result need not be UTF-8. */
void kp_encode_url_decode(kw_vm *vm, const kw_string *s, kw_buf *buf);
/* The text in `buf` as a string, invalid UTF-8 replaced; frees `buf`. */
kw_result kp_encode_give_text(kw_vm *vm, kw_call *call, kw_buf *buf);

#endif
