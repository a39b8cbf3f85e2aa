/* unwind.c - errors on their way: where they happened, who handles them. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "vm/interp.h"

/* Library code is inside the binary; so is the text of eval. */
static bool is_library(const kw_proto *p)
{
    return p->file->size > 0 && p->file->text[0] == '<';
}

/* The innermost frame below `above` that belongs to a file of the user's, or NULL. */
static const kw_frame *user_frame(const kw_fiber *fiber, uint32_t above)
{
    while (above-- > 0)
        if (!is_library(fiber->frames[above].closure->proto))
            return &fiber->frames[above];
    return NULL;
}

static uint32_t line_of(const kw_frame *f)
{
    const kw_proto *p = f->closure->proto;
    assert(f->pc >= p->code && f->pc <= p->code + p->code_count); /* behind the instruction that runs, */
    uint32_t at = (uint32_t)(f->pc - p->code);
    return kw_chunk_line(p, at > 0 ? at - 1 : 0); /* or before the first one: memory was full when a task began */
}

kw_string *kw_unwind_user_file(const kw_fiber *fiber)
{
    const kw_frame *f = user_frame(fiber, fiber->frame_count);
    return f != NULL ? f->closure->proto->file : NULL;
}

kw_string *kw_unwind_user_place(const kw_fiber *fiber, uint32_t *line)
{
    const kw_frame *f = fiber != NULL ? user_frame(fiber, fiber->frame_count) : NULL;
    *line = f != NULL ? line_of(f) : 0;
    return f != NULL ? f->closure->proto->file : NULL;
}

/* Note where the error happened: the innermost frame that belongs to a file of the user's. */
static void note_position(kw_vm *vm, const kw_fiber *fiber)
{
    const kw_frame *f = vm->error.file == NULL ? user_frame(fiber, fiber->frame_count) : NULL;
    if (f == NULL)
        return;
    vm->error.file = f->closure->proto->file;
    vm->error.line = line_of(f);
}

/* ---- Origins --------------------------------------------------------------------------------- */

static kw_value string_or_null(kw_string *s)
{
    return s != NULL ? kw_of_string(s) : kw_null();
}

static kw_string *as_string(kw_value v)
{
    return kw_is(v, KW_STRING) ? v.as.string : NULL;
}

/* Where the error came from, for kw_unwind_rethrow(); null if there is no memory for it. */
static kw_value origin(kw_vm *vm)
{
    kw_error_info e = vm->error;
    kw_list *list = kw_list_new(vm, 9);
    vm->error = e; /* instead of the MemoryError */
    if (list == NULL)
        return kw_null();
    const kw_value parts[] = {string_or_null(e.file),
                              kw_int(e.line),
                              kw_int(e.column),
                              string_or_null(e.trace),
                              string_or_null(e.trace_file),
                              kw_int(e.trace_line),
                              kw_int(e.id),
                              string_or_null(e.subject),
                              e.receiver};
    memcpy(list->items, parts, sizeof(parts));
    list->count = sizeof(parts) / sizeof(parts[0]);
    return kw_of_list(list);
}

void kw_unwind_rethrow(kw_vm *vm, const kw_value *r)
{
    if (kw_is(r[0], KW_INT)) {
        (void)kw_throw_known(vm, (kw_error_id)r[0].as.i, r[1].as.string, NULL);
        return;
    }
    assert(kw_is(r[0], KW_STRING) && kw_is(r[1], KW_STRING));
    kw_throw_strings(vm, r[0].as.string, r[1].as.string);
    if (!kw_is(r[2], KW_LIST))
        return;
    const kw_value *parts = r[2].as.list->items;
    vm->error.file = as_string(parts[0]);
    vm->error.line = (uint32_t)parts[1].as.i;
    vm->error.column = (uint32_t)parts[2].as.i;
    vm->error.trace = as_string(parts[3]);
    vm->error.trace_file = as_string(parts[4]);
    vm->error.trace_line = (uint32_t)parts[5].as.i;
    vm->error.id = (kw_error_id)parts[6].as.i;
    vm->error.subject = as_string(parts[7]);
    vm->error.receiver = parts[8];
}

/* ---- Handlers -------------------------------------------------------------------------------- */

static const kw_handler *find_handler(const kw_frame *f)
{
    const kw_proto *p = f->closure->proto;
    uint32_t pc = (uint32_t)(f->pc - p->code) - 1;
    for (uint32_t i = 0; i < p->handler_count; i++)
        if (pc >= p->handlers[i].start && pc < p->handlers[i].end)
            return &p->handlers[i];
    return NULL;
}

bool kw_unwind(kw_vm *vm)
{
    assert(vm->error.type != NULL);
    for (;;) {
        kw_fiber *fiber = vm->fiber;
        note_position(vm, fiber);
        for (; fiber->frame_count > 0; fiber->frame_count--) {
            kw_frame *f = &fiber->frames[fiber->frame_count - 1];
            const kw_handler *h = find_handler(f);
            if (h == NULL)
                continue;
            kw_value *r = fiber->stack + f->base;
            r[h->reg] = kw_of_string(vm->error.type);
            r[h->reg + 1] = kw_of_string(vm->error.message);
            if (h->again)
                r[h->reg + 2] = origin(vm);
            f->pc = f->closure->proto->code + h->target;
            kw_throw_clear(vm);
            kw_call_shrink(vm, fiber);
            return true;
        }
        kw_fiber *consumer = fiber->is_generator ? fiber->consumer : NULL;
        kw_fiber_end(vm, fiber, kw_undef());
        if (consumer == NULL)
            return false;
        fiber->consumer = NULL;
        consumer->producer = NULL;
        consumer->state = KW_FIBER_RUNNING;
        vm->fiber = consumer;
    }
}

void kw_unwind_throw_null_call(kw_vm *vm)
{
    const kw_frame *f = &vm->fiber->frames[vm->fiber->frame_count - 1];
    const kw_proto *p = f->closure->proto;
    kw_string *name = kw_chunk_called(p, (uint32_t)(f->pc - p->code) - 1);
    (void)kw_throw_known(vm, KW_E_NULL_CALLED, name != NULL ? name : kw_intern_c(vm, "null"), NULL);
}

/* ---- Traces ---------------------------------------------------------------------------------- */

/* The text of an eval itself, but no function that it defines. */
static bool is_eval(const kw_proto *p)
{
    return strcmp(p->file->text, KW_EVAL_FILE) == 0 && strcmp(p->name->text, "<main>") == 0;
}

static bool is_built_in(const kw_proto *p)
{
    return is_library(p) && strcmp(p->file->text, KW_EVAL_FILE) != 0;
}

kw_string *kw_unwind_shown_name(kw_vm *vm, kw_string *name)
{
    return strncmp(name->text, "__lam_", 6) == 0 ? kw_intern_c(vm, "<lambda>") : name;
}

kw_string *kw_unwind_user_name(kw_value callable)
{
    while (kw_is(callable, KW_LAMBDA) && callable.as.obj->kind == KW_KIND_BOUND)
        callable = ((const kw_bound *)(const void *)callable.as.obj)->callable;
    if (!kw_is(callable, KW_LAMBDA))
        return NULL;
    if (callable.as.obj->kind == KW_KIND_NATIVE)
        return ((const kw_native *)(const void *)callable.as.obj)->name;
    const kw_proto *p = ((const kw_closure *)(const void *)callable.as.obj)->proto;
    return is_built_in(p) ? NULL : p->name;
}

/* The user's frame that called `f`; where a generator began, the one that asks it for a value.
 * NULL: none. */
static const kw_frame *caller_of(const kw_fiber *fiber, const kw_frame *f)
{
    const kw_frame *caller = user_frame(fiber, (uint32_t)(f - fiber->frames));
    while (caller == NULL && (fiber = fiber->consumer) != NULL)
        caller = user_frame(fiber, fiber->frame_count);
    return caller;
}

void kw_unwind_note_trace(kw_vm *vm, const kw_fiber *fiber)
{
    const kw_frame *thrower = &fiber->frames[fiber->frame_count - 1];
    if (is_eval(thrower->closure->proto))
        thrower = user_frame(fiber, fiber->frame_count);
    else if (is_built_in(thrower->closure->proto))
        thrower = NULL; /* what the library throws is like an error of a built-in */
    if (thrower == NULL)
        return;
    const kw_frame *caller = caller_of(fiber, thrower);
    if (caller == NULL)
        caller = thrower;
    vm->error.trace = kw_unwind_shown_name(vm, thrower->closure->proto->name);
    vm->error.trace_file = caller->closure->proto->file;
    vm->error.trace_line = line_of(caller);
}
