/* rows.h - hashmaps whose keys are known when this is written: a table of keys and values.
 *
 * Place: packages, above the values.  Interpreter thread; nothing is collected meanwhile. */
#ifndef KP_ROWS_H
#define KP_ROWS_H

#include <stddef.h>

#include "vm/value.h"

typedef struct kp_row {
    const char *key;
    kw_value value; /* undefined where making it has thrown */
} kp_row;

/* A new hashmap of the rows, in their order.  Undefined: thrown. */
kw_value kp_rows_hashmap(kw_vm *vm, const kp_row *rows, size_t count);
/* A string of `text`; null for none, NULL or "". */
kw_value kp_rows_text(kw_vm *vm, const char *text);

#endif
