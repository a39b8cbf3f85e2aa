/* data.c - see data.h.  The data goes into the text of the program as hexadecimal digits: it may be anything. */
#include "config.h"

#include "fuzz/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kiwi/kiwi.h"

enum { RUNS_PER_VM = 64, MEMORY_LIMIT = 64 << 20 };

/* `raw = ...`, `data = ...` and the script, malloc'ed. */
static char *program(const char *script, const uint8_t *data, size_t size)
{
    static const char before[] = "raw = encode::hex_decode(\"", after[] = "\")\ndata = raw.to_string()\n";
    char *text = malloc(sizeof(before) + 2 * size + sizeof(after) + strlen(script)), *to = text;
    if (text == NULL)
        abort();
    to += sprintf(to, "%s", before);
    for (size_t i = 0; i < size; i++)
        to += sprintf(to, "%02x", data[i]);
    (void)sprintf(to, "%s%s", after, script);
    return text;
}

void fuzz_data(const char *script, const uint8_t *data, size_t size)
{
    static kiwi_vm *vm;
    static unsigned runs;
    const kiwi_vm_options options = {.safe_mode = true, .memory_limit = MEMORY_LIMIT};
    if (runs++ % RUNS_PER_VM == 0) {
        kiwi_vm_free(vm);
        if (kiwi_vm_new(&options, &vm) != 0)
            abort();
    }
    char *text = program(script, data, size);
    if (kiwi_run_text(vm, "", text, strlen(text)) != 0)
        abort();
    free(text);
}
