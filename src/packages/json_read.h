/* json_read.h - from JSON text to values, in one pass (FUNCTIONS.md, "json").
 *
 * The reader keeps what it has read on a stack of values; the end of a list or object takes its elements from
 * there.  So it stops after any value when others are to have their turn, and goes on from there.
 * Beyond the standard: comments, and commas before the end of a container.  Nesting is limited.
 * Text is valid UTF-8, as that of every string; half of a surrogate pair becomes U+FFFD.
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_JSON_READ_H
#define KP_JSON_READ_H

#include "vm/vm.h"

enum { KP_JSON_DEPTH = 64, KP_JSON_KEYS = 256 };

/* Strings of keys that were read last: records have the same ones again and again. */
typedef struct kp_json_keys {
    kw_string *recent[KP_JSON_KEYS]; /* by a hash of their text */
} kp_json_keys;

typedef struct kp_json_reader {
    kw_vm *vm;
    kp_json_keys *keys;
    const char *text, *at, *end; /* end: of the text, which has a NUL there */
    kw_value *values;            /* elements of the open containers, keys before their values; at last the result */
    size_t count, cap;
    size_t open[KP_JSON_DEPTH]; /* where the elements of each open container begin */
    uint64_t maps;              /* which of them are objects: a bit for each */
    unsigned depth;
    kw_value few[32]; /* `values`, while they fit */
} kp_json_reader;

/* KP_JSON_MORE: the slice of the fiber is over; call again.  KP_JSON_FAILED: thrown, a JsonError as a rule. */
typedef enum kp_json_status { KP_JSON_DONE, KP_JSON_MORE, KP_JSON_FAILED } kp_json_status;

/* Begin with the `size` bytes at `text`, which stay where they are until the end. */
void kp_json_read_begin(kp_json_reader *r, kw_vm *vm, kp_json_keys *keys, const char *text, size_t size);
/* KP_JSON_DONE: the value is r->values[0]. */
kp_json_status kp_json_read_go_on(kp_json_reader *r);
/* Free what it holds; twice is no harm. */
void kp_json_read_end(kp_json_reader *r);
/* Move a reader that is to go on later into memory of its own, which kp_json_read_drop() frees. */
kp_json_reader *kp_json_read_keep(kp_json_reader *r);
void kp_json_read_drop(kw_vm *vm, void *reader);
/* For the collector. */
void kp_json_read_mark(kw_vm *vm, void *reader);
void kp_json_read_mark_keys(kw_vm *vm, void *keys);

#endif
