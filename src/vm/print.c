/* print.c - the statements that print. */
#include "config.h"

#include <stdio.h>

#include "vm/interp.h"

bool kw_print(kw_vm *vm, kw_value v, unsigned how)
{
    int stream = how & 2 ? 2 : 1;
    bool good = true;
    if (kw_is(v, KW_STRING)) {
        good = kw_out(vm, stream, v.as.string->text, v.as.string->size);
    } else {
        kw_buf buf;
        kw_buf_init(&buf);
        kw_display(vm, &buf, v);
        if (buf.failed) {
            if (vm->error.type == NULL)
                kw_throw_memory(vm, buf.size);
            kw_buf_free(&buf);
            return false;
        }
        good = kw_out(vm, stream, buf.text, buf.size);
        kw_buf_free(&buf);
    }
    if (how & 1)
        good = kw_out(vm, stream, "\n", 1);
    return good && vm->error.type == NULL;
}

bool kw_print_at(kw_vm *vm, const kw_value *r)
{
    char move[64];
    if (!kw_is(r[1], KW_INT) || !kw_is(r[2], KW_INT)) {
        kw_throw(vm, "ConversionError", "Expected an integer value.");
        return false;
    }
    int size = snprintf(move, sizeof(move), "\033[%lld;%lldH", (long long)r[2].as.i, (long long)r[1].as.i);
    if (kw_out_is_terminal(vm) && !kw_out(vm, 1, move, (size_t)size))
        return false;
    return kw_print(vm, r[0], 0);
}
