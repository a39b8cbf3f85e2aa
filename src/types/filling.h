/* filling.h - natives that write much, a piece at a time, and let other fibers run between two slices.
 *
 *     kw_filling first, *f = kw_filling_begin(call, &first);
 *     const kw_string *s = call->self.as.string;
 *     for (; f->at < s->size && kw_filling_go_on(vm, f); f->at++)
 *         kw_buf_putc(&f->buf, s->text[f->at]);
 *     return kw_filling_string(vm, call, f);
 *
 * When the slice of the fiber is over kw_filling_go_on() is false once, kw_filling_string() says KW_AGAIN, and the
 * native is called again, with the same arguments and with *f as it was.  Whatever scripts can change, they may have
 * changed by then.  Where that does not happen *f stays on the stack of C and costs nothing.
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_FILLING_H
#define KW_FILLING_H

#include "vm/vm.h"

typedef struct kw_filling {
    kw_buf buf;
    size_t at; /* what these mean the native decides; 0 at the start, as these: */
    size_t count[4];
    kw_value held[2]; /* KW_UNDEF at the start; they stay alive */
    bool paused;      /* the slice is over */
} kw_filling;

/* The state of the native's call: *first in the first one. */
kw_filling *kw_filling_begin(const kw_call *call, kw_filling *first);
/* After `steps` steps, some ns each: false: the native returns, by one of the functions below. */
static inline bool kw_filling_spend(kw_vm *vm, kw_filling *f, size_t steps)
{
    kw_spend(vm, steps);
    if (!f->buf.failed && !kw_sched_may_go_on(vm))
        f->buf.failed = true;
    f->paused = vm->budget < 0;
    return !f->paused && !f->buf.failed;
}
/* The same in each turn of a loop, for one step. */
static inline bool kw_filling_go_on(kw_vm *vm, kw_filling *f)
{
    enum { BETWEEN_LOOKS = 1024 };
    if (f->buf.failed)
        return false;
    if (!vm->strained && ++vm->turns % BETWEEN_LOOKS != 0)
        return true;
    return kw_filling_spend(vm, f, BETWEEN_LOOKS);
}
/* Append a character of `size` bytes `times` times, of which *done are there: false: as above. */
bool kw_filling_repeat(kw_vm *vm, kw_filling *f, const char *c, size_t size, size_t times, size_t *done);
/* Append the characters of `s` in the reverse order, of which *done bytes are there. */
bool kw_filling_reverse(kw_vm *vm, kw_filling *f, const kw_string *s, size_t *done);

/* How the native ends: with what was written, as a string (valid UTF-8), as one that is mended, or as bytes; with
 * another value; with an error that was thrown.  Or it is called again, or what has stopped it is thrown. */
kw_result kw_filling_string(kw_vm *vm, kw_call *call, kw_filling *f);
kw_result kw_filling_text(kw_vm *vm, kw_call *call, kw_filling *f);
kw_result kw_filling_bytes(kw_vm *vm, kw_call *call, kw_filling *f);
kw_result kw_filling_value(kw_vm *vm, kw_call *call, kw_filling *f, kw_value v);
kw_result kw_filling_thrown(kw_filling *f);

#endif
