/* give.c - see give.h. */
#include "config.h"

#include "types/give.h"

#include <assert.h>

kw_result kw_give_string(kw_call *call, kw_string *s)
{
    return s != NULL ? kw_return(call, kw_of_string(s)) : KW_THROWN;
}

kw_result kw_give_list(kw_call *call, kw_list *l)
{
    return l != NULL ? kw_return(call, kw_of_list(l)) : KW_THROWN;
}

kw_result kw_give_map(kw_call *call, kw_map *m)
{
    return m != NULL ? kw_return(call, kw_of_map(m)) : KW_THROWN;
}

kw_result kw_give_bytes(kw_call *call, kw_bytes *b)
{
    return b != NULL ? kw_return(call, kw_of_bytes(b)) : KW_THROWN;
}

kw_result kw_give_prelude(kw_vm *vm, kw_call *call, const char *name, uint32_t argc, const kw_value *args)
{
    assert(vm->hooks.prelude != NULL); /* natives that need it are there with the library only */
    kw_value function = vm->hooks.prelude(vm, name);
    kw_list *list = kw_is(function, KW_UNDEF) ? NULL : kw_list_new(vm, argc);
    if (list == NULL)
        return KW_THROWN;
    assert(kw_is(function, KW_LAMBDA)); /* what the loop may go on with */
    for (uint32_t i = 0; i < argc; i++)
        if (!kw_list_push(vm, list, args[i]))
            return KW_THROWN;
    call->result = function;
    call->tail_args = list;
    return KW_CALL;
}
