/* origin.c - where the errors came from that tasks failed with.
 *
 * Who awaits a task that failed gets the message of its error, but neither its type nor its place.
 * The message is a string of its own, by which an uncaught error is known again: these records tell
 * the rest to whoever reads the report.  A record goes with its message. */
#include "config.h"

#include "vm/heap.h"
#include "vm/interp.h"

#include <assert.h>

struct kw_origins {
    kw_origin *records;
    size_t count, cap;
    size_t next; /* behind the one that was found last: reports come in the order of the records */
};

void kw_origin_free(kw_vm *vm)
{
    if (vm->origins != NULL)
        kw_heap_release(vm, vm->origins->records, vm->origins->cap * sizeof(kw_origin));
    kw_heap_release(vm, vm->origins, sizeof(*vm->origins));
    vm->origins = NULL;
}

/* Room for one more record; NULL: there is no memory, and the report will be shorter. */
static kw_origin *new_record(kw_vm *vm)
{
    if (vm->origins == NULL) {
        vm->origins = kw_heap_realloc(vm, NULL, 0, sizeof(*vm->origins));
        *vm->origins = (struct kw_origins){.count = 0};
    }
    struct kw_origins *o = vm->origins;
    if (o->count == o->cap) {
        size_t cap = o->cap == 0 ? 4 : o->cap * 2;
        kw_origin *records = kw_heap_resize(vm->heap, o->records, o->cap * sizeof(*records), cap * sizeof(*records));
        if (records == NULL)
            return NULL;
        o->records = records;
        o->cap = cap;
    }
    return &o->records[o->count++];
}

const kw_origin *kw_origin_of(const kw_vm *vm, const kw_string *message)
{
    if (message == NULL || !(message->header.flags & KW_STR_TOLD) || vm->origins == NULL)
        return NULL;
    struct kw_origins *o = vm->origins;
    for (size_t i = 0; i < o->count; i++) { /* from the newest down, and on from the last one */
        size_t up = (o->next + i) % o->count, down = o->count - 1 - i;
        if (o->records[down].message == message)
            return &o->records[down];
        if (o->records[up].message != message)
            continue;
        o->next = up + 1;
        return &o->records[up];
    }
    return NULL;
}

kw_string *kw_origin_note(kw_vm *vm, const kw_fiber *fiber)
{
    const kw_error_info *e = &vm->error;
    assert(e->type != NULL && fiber->id != 0);
    enum {
        MOST_BYTES = 1 << 14, /* a longer message is not copied, and stays without a record */
        /* that await each other; those further out keep the message as it is */
        MOST_TASKS = 8,
    };
    const kw_origin *inner = kw_origin_of(vm, e->message);
    unsigned depth = inner != NULL ? inner->depth + 1 : 0;
    kw_origin *record = e->message->size <= MOST_BYTES && depth < MOST_TASKS ? new_record(vm) : NULL;
    if (record == NULL)
        return e->message;
    kw_string *message = kw_string_valid(vm, e->message->text, e->message->size, e->message->length);
    *record = (kw_origin){.message = message,
                          .task = fiber->id,
                          .type = e->type,
                          .file = e->file,
                          .line = e->line,
                          .start_file = fiber->start_file,
                          .start_line = fiber->start_line,
                          .name = fiber->name != NULL ? kw_unwind_shown_name(vm, fiber->name) : NULL,
                          .cause = inner != NULL ? e->message : NULL,
                          .depth = depth};
    const kw_fault *fault = kw_fault_of(vm, e->message);
    if (fault != NULL)
        kw_fault_note(vm, message, fault->kind, fault->code);
    message->header.flags |= KW_STR_TOLD | (e->message->header.flags & KW_STR_CLOSED);
    return message;
}

/* ---- The collector's part -------------------------------------------------------------------- */

void kw_origin_mark(kw_vm *vm)
{
    for (size_t i = 0; vm->origins != NULL && i < vm->origins->count; i++) {
        const kw_origin *o = &vm->origins->records[i];
        kw_gc_mark_obj(vm, o->type);
        kw_gc_mark_obj(vm, o->file);
        kw_gc_mark_obj(vm, o->start_file);
        kw_gc_mark_obj(vm, o->name);
        kw_gc_mark_obj(vm, o->cause);
    }
}

void kw_origin_sweep(kw_vm *vm)
{
    struct kw_origins *o = vm->origins;
    size_t kept = 0, next = 0;
    if (o == NULL)
        return;
    for (size_t i = 0; i < o->count; i++) {
        if (i == o->next)
            next = kept;
        if (o->records[i].message->header.mark != KW_WHITE)
            o->records[kept++] = o->records[i];
    }
    o->count = kept;
    o->next = next;
    if (kept == 0)
        kw_origin_free(vm);
}
