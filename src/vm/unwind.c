/* unwind.c - errors on their way: where they happened, who handles them. */
#include "config.h"

#include <string.h>

#include "vm/interp.h"

/* Library code is inside the binary; so is the text of eval. */
static bool is_library(const kw_proto *p)
{
    return p->file->size > 0 && p->file->text[0] == '<';
}

/* Note where the error happened: the innermost frame that belongs to a file of the user's. */
static void note_position(kw_vm *vm, const kw_fiber *fiber)
{
    if (vm->error.file != NULL)
        return;
    for (uint32_t i = fiber->frame_count; i-- > 0;) {
        const kw_frame *f = &fiber->frames[i];
        const kw_proto *p = f->closure->proto;
        if (is_library(p))
            continue;
        vm->error.file = p->file;
        kw_chunk_position(p, (uint32_t)(f->pc - p->code) - 1, &vm->error.line, &vm->error.column);
        return;
    }
}

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
            f->pc = f->closure->proto->code + h->target;
            kw_clear_error(vm);
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

void kw_throw_null_call(kw_vm *vm, const kw_frame *frame, const kw_instr *call)
{
    const kw_proto *p = frame->closure->proto;
    for (const kw_instr *at = call; at-- > p->code;)
        if ((kw_i_op(*at) == OP_GETGLOBAL || kw_i_op(*at) == OP_GETSIBLING) &&
            kw_i_a(*at) == kw_i_a(*call) && kw_i_bx(*at) < p->global_count) {
            kw_throw(vm, "FunctionUndefinedError", "Function `%s` is undefined.",
                     p->globals[kw_i_bx(*at)]->name->text);
            return;
        }
    kw_throw(vm, "FunctionUndefinedError", "Function `null` is undefined.");
}

/* The innermost frame below `above` that belongs to a file of the user's, or NULL. */
static const kw_frame *user_frame(const kw_fiber *fiber, uint32_t above)
{
    while (above-- > 0)
        if (!is_library(fiber->frames[above].closure->proto))
            return &fiber->frames[above];
    return NULL;
}

void kw_note_trace(kw_vm *vm, const kw_fiber *fiber)
{
    const kw_proto *top = fiber->frames[fiber->frame_count - 1].closure->proto;
    const kw_frame *thrower = user_frame(fiber, fiber->frame_count);
    if (thrower == NULL || (is_library(top) && strcmp(top->file->text, "<eval>") != 0))
        return; /* what the library throws is like an error of a built-in */
    const char *name = thrower->closure->proto->name->text;
    const kw_frame *caller = user_frame(fiber, (uint32_t)(thrower - fiber->frames));
    if (caller == NULL)
        caller = thrower;
    const kw_proto *p = caller->closure->proto;
    uint32_t line = 0, column = 0;
    kw_chunk_position(p, (uint32_t)(caller->pc - p->code) - 1, &line, &column);
    if (strncmp(name, "__lam_", 6) == 0)
        name = "<lambda>";
    vm->error.trace = kw_intern_c(vm, name);
    vm->error.trace_file = p->file;
    vm->error.trace_line = line;
}
