/* fuzz_compile.c - libFuzzer target: lexer, parser, compiler and the listing of bytecode. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>

#include "kiwi/kiwi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS_PER_VM = 64 }; /* names stay with a vm: a new one now and then keeps memory level */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static kiwi_vm *vm;
    static unsigned texts;
    if (texts++ % TEXTS_PER_VM == 0) {
        kiwi_vm_free(vm);
        if (kiwi_vm_new(NULL, &vm) != 0)
            abort();
    }
    (void)kiwi_disassemble_text(vm, "", (const char *)data, size);
    (void)kiwi_text_continues((const char *)data, size);
    return 0;
}
