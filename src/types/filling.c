/* filling.c - see filling.h. */
#include "config.h"

#include "types/filling.h"

#include <assert.h>
#include <string.h>

#include "types/give.h"
#include "vm/gc.h"
#include "vm/heap.h"
#include "vm/text.h"

enum { PIECE = 1 << 16, BYTES_A_STEP = 16 };

kw_filling *kw_filling_begin(const kw_call *call, kw_filling *first)
{
    if (call->kept != NULL) {
        kw_filling *f = kw_kept(call, 0).as.pointer->data;
        f->paused = false;
        return f;
    }
    kw_buf_init(&first->buf);
    first->at = 0;
    memset(first->count, 0, sizeof(first->count));
    first->held[0] = first->held[1] = kw_undef();
    first->paused = false;
    return first;
}

/* ---- Pauses ------------------------------------------------------------------------------------ */

static void mark(kw_vm *vm, void *data)
{
    const kw_filling *f = data;
    kw_gc_mark_value(vm, f->held[0]);
    kw_gc_mark_value(vm, f->held[1]);
}

static void drop(kw_vm *vm, void *data)
{
    kw_filling *f = data;
    kw_buf_free(&f->buf);
    kw_heap_release(vm, f, sizeof(*f));
}

/* Move it from the stack of C to where it stays. */
static kw_value keep(kw_vm *vm, kw_filling *f)
{
    kw_filling *kept = kw_heap_realloc(vm, NULL, 0, sizeof(*kept));
    *kept = *f;
    if (f->buf.text == f->buf.small)
        kept->buf.text = kept->buf.small;
    kw_buf_init(&f->buf);
    return kw_pointer_new(vm, "filling", kept, mark, drop);
}

/* Does the native not end yet?  Then *result is what it returns. */
static bool goes_on(kw_vm *vm, kw_call *call, kw_filling *f, kw_result *result)
{
    if (!f->paused || f->buf.failed)
        return false;
    kw_value handle = call->kept != NULL ? kw_kept(call, 0) : keep(vm, f);
    *result = kw_call_again(vm, call, &handle, 1);
    return true;
}

kw_result kw_filling_string(kw_vm *vm, kw_call *call, kw_filling *f)
{
    kw_result result;
    return goes_on(vm, call, f, &result) ? result : kw_give_string(call, kw_buf_string(vm, &f->buf));
}

kw_result kw_filling_text(kw_vm *vm, kw_call *call, kw_filling *f)
{
    kw_result result;
    return goes_on(vm, call, f, &result) ? result : kw_give_string(call, kw_buf_text(vm, &f->buf));
}

kw_result kw_filling_bytes(kw_vm *vm, kw_call *call, kw_filling *f)
{
    kw_result result;
    return goes_on(vm, call, f, &result) ? result : kw_give_bytes(call, kw_buf_bytes(vm, &f->buf));
}

kw_result kw_filling_value(kw_vm *vm, kw_call *call, kw_filling *f, kw_value v)
{
    kw_result result;
    if (goes_on(vm, call, f, &result))
        return result;
    if (f->buf.failed)
        return kw_give_string(call, kw_buf_string(vm, &f->buf)); /* throws */
    kw_buf_free(&f->buf);
    return kw_return(call, v);
}

kw_result kw_filling_thrown(kw_filling *f)
{
    kw_buf_free(&f->buf);
    return KW_THROWN;
}

/* ---- Pieces ------------------------------------------------------------------------------------ */

/* `count` times the `size` bytes of `c`, to `out`. */
static void repeat(char *out, const char *c, size_t size, size_t count)
{
    if (size == 1) {
        memset(out, c[0], count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * size, c, size);
}

bool kw_filling_repeat(kw_vm *vm, kw_filling *f, const char *c, size_t size, size_t times, size_t *done)
{
    assert(*done <= times && size > 0 && size <= 4);
    while (*done < times) {
        size_t count = times - *done < PIECE ? times - *done : PIECE;
        char *room = kw_buf_room(&f->buf, count * size);
        if (room == NULL)
            return false;
        repeat(room, c, size, count);
        f->buf.size += count * size;
        *done += count;
        if (!kw_filling_spend(vm, f, count * size / BYTES_A_STEP))
            return false;
    }
    return true;
}

bool kw_filling_reverse(kw_vm *vm, kw_filling *f, const kw_string *s, size_t *done)
{
    while (*done < s->size) {
        size_t to = s->size - *done, from = to < PIECE ? 0 : to - PIECE;
        while (!kw_utf8_starts(s->text[from]))
            from++;
        kw_buf_put_reversed(&f->buf, s->text + from, to - from);
        if (f->buf.failed)
            return false;
        *done += to - from;
        if (!kw_filling_spend(vm, f, to - from))
            return false;
    }
    return true;
}
