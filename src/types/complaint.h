/* complaint.h - methods that a type only has for the error that they are not for it (TYPES.md section 7).
 *
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_COMPLAINT_H
#define KW_COMPLAINT_H

#include "vm/vm.h"

/* Is `name` a method that another type than that of `self` has?  Then define it for the type of `self` as one
 * that throws the error of TYPES.md section 7; packages cannot take such names. */
bool kw_complaint_define(kw_vm *vm, kw_value self, kw_string *name);
/* What these do: throw the error that the table has for the method's name. */
kw_result kw_complaint_throw(kw_vm *vm, kw_call *call);
/* Is it one of these? */
bool kw_complaint_is(kw_value method);
/* No method `name` exists for `self`: throw the error of TYPES.md section 2.  The hook kw_hooks.unknown_method
 * is this function or ends in it. */
kw_result kw_complaint_unknown(kw_vm *vm, kw_value self, kw_string *name);

#endif
