/* import.c - instructions that run another text: import and its kin, eval. */
#include "config.h"

#include "vm/interp.h"

/* Run `p` as a program of its own; its value goes to `dest`, unless `value` is given. */
static kw_entered run_text(kw_vm *vm, kw_proto *p, uint8_t dest, uint8_t ret)
{
    kw_fiber *fiber = vm->fiber;
    kw_frame *f = &fiber->frames[fiber->frame_count - 1];
    kw_target how = {.self = kw_undef(), .dest = dest, .ret = ret};
    kw_closure *c = kw_closure_new(vm, p);
    c->self = kw_undef();
    return kw_call_push_frame(vm, fiber, c, f->base + f->closure->proto->reg_count, 0, how) ? KW_ENTER_FRAME
                                                                                            : KW_ENTER_THROWN;
}

kw_entered kw_import(kw_vm *vm, unsigned kind, kw_value what, uint8_t dest)
{
    kw_fiber *fiber = vm->fiber;
    kw_frame *f = &fiber->frames[fiber->frame_count - 1];
    kw_value value = kw_null();
    kw_string *importer = kw_unwind_user_file(fiber);
    if (importer == NULL)
        importer = f->closure->proto->file;
    kw_proto *p = vm->hooks.import(vm, (int)kind, what, importer, &value);
    if (vm->error.type != NULL)
        return KW_ENTER_THROWN;
    fiber->stack[f->base + dest] = value;
    return p == NULL ? KW_ENTER_DONE : run_text(vm, p, dest, KW_RET_DROP);
}

kw_proto *kw_import_compile_eval(kw_vm *vm, const kw_string *text, kw_text_kind kind)
{
    kw_proto *p = vm->hooks.compile(vm, kw_intern_c(vm, KW_EVAL_FILE), text->text, text->size, kind);
    if (p == NULL) {
        vm->error.file = NULL;
        vm->error.line = vm->error.column = 0;
    }
    return p;
}

kw_entered kw_import_eval(kw_vm *vm, kw_value text, uint8_t dest)
{
    if (!kw_is(text, KW_STRING)) {
        kw_throw(vm, "KiwiError", "eval() requires a string expression.");
        return KW_ENTER_THROWN;
    }
    kw_proto *p = kw_import_compile_eval(vm, text.as.string, KW_TEXT_EVAL);
    return p == NULL ? KW_ENTER_THROWN : run_text(vm, p, dest, KW_RET_REG);
}
