/* input.h - lines from standard input, and the rest of it.
 *
 * Place: packages.  Threads: the interpreter thread only, but for a thread of its own that reads. */
#ifndef KP_INPUT_H
#define KP_INPUT_H

#include "kiwi/net.h"
#include "packages/queue.h"

typedef enum kp_input_what {
    KP_INPUT_LINE,         /* the next line, without its end; "" at the end of the input */
    KP_INPUT_LINE_OR_NULL, /* the same, but null at the end */
    KP_INPUT_TEXT,         /* all that is left, as a string */
    KP_INPUT_BYTES,        /* and as bytes */
    KP_INPUT_ENDED,        /* is nothing left?  Takes nothing */
} kp_input_what;

/* The fibers of one interpreter that wait for input, in the order in which they asked. */
typedef struct kp_input {
    kp_queue waiting;      /* interpreter thread only; their values say what they wait for */
    kiwi_net *net;         /* to be woken; guarded by the lock of input.c, as the rest */
    kp_input_what what;    /* the first one waits for */
    struct kp_input *next; /* of the interpreters whose fibers wait */
    bool tries_again;      /* interpreter thread only: a fiber found no memory, and asks again after a collection */
} kp_input;

/* Continue with that of standard input.  Other fibers run while this one waits. */
kw_result kp_input_take(kw_vm *vm, kw_call *call, kp_input_what what);
kw_result kp_input_line(kw_vm *vm, kw_call *call);
/* The global input(prompt = ""). */
kw_result kp_input_prompt(kw_vm *vm, kw_call *call);

/* For the host: give what came to the fibers that wait; the roots; the end. */
void kp_input_collect(kw_vm *vm);
void kp_input_mark(kw_vm *vm);
void kp_input_close(kw_vm *vm);

/* Between pause and resume nothing is read for this interpreter's fibers: its host reads. */
void kp_input_pause(kw_vm *vm);
void kp_input_resume(kw_vm *vm);

/* For who reads a terminal key by key: up to `size` bytes of what has come, which stay; and the same many taken.
 * 0: nothing yet, or, with *ended, nothing any more, which one reader is told. */
size_t kp_input_peek(kw_vm *vm, char *bytes, size_t size, bool *ended);
void kp_input_skip(size_t count);

#endif
