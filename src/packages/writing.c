/* writing.c - see writing.h. */
#include "config.h"

#include "packages/writing.h"

#include <assert.h>
#include <string.h>

#include "types/give.h"
#include "vm/gc.h"
#include "vm/heap.h"

kp_writing *kp_writing_begin(kw_vm *vm, const kw_call *call, kp_writing *first)
{
    if (call->kept != NULL)
        return kw_kept(call, 0).as.pointer->data;
    first->vm = vm;
    first->pretty = false;
    first->indent = 0;
    first->depth = 0;
    kw_buf_init(&first->buf);
    return first;
}

kp_level *kp_writing_open(kp_writing *w, kw_value value)
{
    assert(w->depth < KP_WRITING_LEVELS);
    kp_level *level = &w->levels[w->depth++];
    *level = (kp_level){.value = value, .about = kw_null()};
    return level;
}

static void mark(kw_vm *vm, void *data)
{
    const kp_writing *w = data;
    for (unsigned i = 0; i < w->depth; i++) {
        kw_gc_mark_value(vm, w->levels[i].value);
        kw_gc_mark_value(vm, w->levels[i].about);
    }
}

static void drop(kw_vm *vm, void *data)
{
    kp_writing *w = data;
    kw_buf_free(&w->buf);
    kw_heap_release(vm, w, sizeof(*w));
}

/* Move it from the stack of C to where it stays. */
static kw_value keep(kp_writing *w)
{
    kp_writing *kept = kw_heap_realloc(w->vm, NULL, 0, sizeof(*kept));
    memcpy(kept, w, offsetof(kp_writing, levels) + w->depth * sizeof(kp_level));
    if (w->buf.text == w->buf.small)
        kept->buf.text = kept->buf.small;
    kw_buf_init(&w->buf);
    return kw_pointer_new(w->vm, "writing", kept, mark, drop);
}

kw_result kp_writing_fail(kw_call *call, kp_writing *w)
{
    if (w->buf.failed)
        return kw_give_string(call, kw_buf_string(w->vm, &w->buf)); /* throws */
    kw_buf_free(&w->buf);
    return KW_THROWN;
}

kw_result kp_writing_go_on(kw_call *call, kp_writing *w, kp_writing_step step)
{
    enum { BYTES_A_STEP = 16 };
    while (w->depth > 0) {
        size_t before = w->buf.size;
        if (!step(w))
            return kp_writing_fail(call, w);
        assert(w->buf.size >= before); /* what is written stays */
        kw_spend(w->vm, (w->buf.size - before) / BYTES_A_STEP);
        if (kw_slice_over(w->vm) && w->depth > 0) {
            kw_value handle = call->kept != NULL ? kw_kept(call, 0) : keep(w);
            return kw_call_again(w->vm, call, &handle, 1);
        }
    }
    return kw_give_string(call, kw_buf_string(w->vm, &w->buf));
}
