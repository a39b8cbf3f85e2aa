/* give.h - how the natives of types and packages end.
 *
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_GIVE_H
#define KW_GIVE_H

#include "vm/vm.h"

/* Return a new object, or KW_THROWN if it is NULL. */
kw_result kw_give_string(kw_call *call, kw_string *s);
kw_result kw_give_list(kw_call *call, kw_list *l);
kw_result kw_give_map(kw_call *call, kw_map *m);
kw_result kw_give_bytes(kw_call *call, kw_bytes *b);
/* Go on as the prelude's function `name` with these arguments. */
kw_result kw_give_prelude(kw_vm *vm, kw_call *call, const char *name, uint32_t argc, const kw_value *args);

#endif
