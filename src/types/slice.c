/* slice.c - what slice() of lists, strings and bytes has in common. */
#include "config.h"

#include "types/slice.h"

bool kw_slice_range(kw_vm *vm, kw_call *call, size_t size, size_t *from, size_t *to)
{
    int64_t a = kw_arith_whole(call->args[0]), b = kw_arith_whole(call->args[1]);
    if (a < 0)
        kw_throw(vm, "IndexError", "Start position %lld is less than 0.", (long long)a);
    else if (b < 0)
        kw_throw(vm, "IndexError", "End position %lld is less than 0.", (long long)b);
    else if (a > b)
        kw_throw(vm, "IndexError", "Start position %lld is after end position %lld.", (long long)a, (long long)b);
    else if ((uint64_t)b > size)
        kw_throw(vm, "IndexError", "End position %lld is beyond the number of elements %zu.", (long long)b, size);
    else {
        *from = (size_t)a;
        *to = (size_t)b;
        return true;
    }
    return false;
}
