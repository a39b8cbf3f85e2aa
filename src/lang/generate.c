/* generate.c - the entry points: parse, analyse scopes, make code for the top level. */
#include "config.h"

#include "lang/generate.h"

#include <assert.h>
#include <string.h>

#include "lang/data.h"
#include "lang/gen_internal.h"
#include "lang/parse.h"

/* Undecorated functions of the top level are defined before anything runs. */
static bool is_hoisted(const kw_node *n)
{
    return n->kind == KW_N_FUNCTION && n->as.function->decorator_count == 0;
}

/* Instructions can name so many globals, members and functions of one function.  A text that nears
 * that goes on in a function of its own, called in tail position: the top level has no variables in
 * registers, so nothing changes for the script. */
static void make_room(kw_compiler *c)
{
    enum { PLENTY = 32768, FEW = 49152 };
    kw_proto *full = c->f->proto;
    /* nothing of the statements before is left that the rest could need */
    assert(c->f->free == 0 && c->f->open_jumps == 0 && c->f->loop == NULL && c->f->tries == NULL);
    if (full->global_count < PLENTY && full->cache_count < PLENTY && full->inner_count < PLENTY &&
        full->low_constants < FEW)
        return;
    kw_proto *rest = kw_chunk_proto_new(c->vm, full->name, c->file);
    rest->line = full->line;
    unsigned reg = kw_gen_temp(c, 1);
    kw_gen_abx(c, OP_CLOSURE, reg, kw_chunk_inner(c->vm, full, rest));
    kw_gen_abc(c, OP_CALL, reg, 0, reg);
    kw_gen_abc(c, OP_RETURN, reg, 0, 0);
    kw_chunk_finish(c->vm, full);
    c->f->proto = rest;
    c->f->free = 0;
}

static void statement(kw_compiler *c, const kw_node *n)
{
    make_room(c);
    kw_gen_stmt(c, n);
}

static void main_program(kw_compiler *c, const kw_node_list *list)
{
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < list->count && !c->failed; i++)
            if (is_hoisted(list->items[i]) == (pass == 0))
                statement(c, list->items[i]);
    kw_gen_abc(c, OP_RETNULL, 0, 0, 0);
}

/* eval: functions first as well, then the value of the last statement. */
static void eval_text(kw_compiler *c, const kw_node_list *list)
{
    for (uint32_t i = 0; i < list->count && !c->failed; i++)
        if (is_hoisted(list->items[i]))
            statement(c, list->items[i]);
    for (uint32_t i = 0; i < list->count && !c->failed; i++) {
        if (is_hoisted(list->items[i]))
            continue;
        make_room(c);
        if (i + 1 == list->count)
            kw_gen_tail(c, list->items[i]);
        else
            kw_gen_stmt(c, list->items[i]);
    }
    kw_gen_abc(c, OP_RETNULL, 0, 0, 0);
}

kw_proto *kw_generate(kw_vm *vm, const kw_compile_options *options, kw_arena *arena, const kw_node *program)
{
    kw_compiler c = {.vm = vm, .file = options->file};
    bool is_main = options->kind == KW_TEXT_PROGRAM;
    assert(program->kind == KW_N_PROGRAM && vm->error.type == NULL);
    if (options->kind == KW_TEXT_DATA && !kw_data_check(vm, program))
        return NULL;
    if (kw_bind_init(&c.scopes, arena, program) != KB_OK) {
        kw_bind_fini(&c.scopes);
        kw_throw_memory(vm, arena->total);
        return NULL;
    }
    kw_func top = {.proto = kw_chunk_proto_new(vm, kw_intern_c(vm, "<main>"), options->file), .unit = &c.scopes.file};
    top.proto->header.flags = is_main ? KW_PROTO_MAIN : 0;
    top.proto->line = 1;
    kw_proto *first = top.proto;
    c.f = &top;
    if (is_main)
        main_program(&c, &program->as.list);
    else
        eval_text(&c, &program->as.list);
    assert(c.f == &top && top.scope == NULL && top.unit == &c.scopes.file && top.package == NULL);
    assert(top.loop == NULL && top.tries == NULL && (c.failed || (top.free == 0 && top.open_jumps == 0)));
    assert(!c.failed || vm->error.type != NULL); /* whoever gets NULL has something to raise */
    kw_chunk_finish(vm, top.proto);
    kw_bind_fini(&c.scopes);
    return c.failed ? NULL : first;
}

/* ---- From text ------------------------------------------------------------------------------- */

static bool known_type(void *context, const char *name, size_t size)
{
    kw_vm *vm = context;
    kw_global *g = kw_names_global_at(vm, kw_intern(vm, name, size));
    (void)kw_global_value(vm, g); /* may load the library that defines it, and throw */
    return (g->means & KW_MEANS_DECL) != 0;
}

static void warn(void *context, const char *message, kw_pos pos)
{
    kw_vm *vm = context;
    (void)pos;
    (void)kw_out(vm, 2, message, strlen(message));
    (void)kw_out(vm, 2, "\n", 1);
}

static bool go_on(void *context)
{
    return kw_sched_may_go_on(context);
}

static void throw_diag(kw_vm *vm, kw_string *file, const kw_diag *diag)
{
    kw_throw(vm, diag->type, "%s", diag->message);
    vm->error.id = diag->id;
    vm->error.subject = kw_intern_c(vm, diag->token);
    vm->error.file = file;
    vm->error.line = diag->line;
    vm->error.column = diag->column;
}

/* bytes; the room is there when the heap is full, too */
enum { LONG_TEXT = 128 << 10, LEAST_ROOM = 1 << 20 };

kw_proto *kw_generate_text(kw_vm *vm, kw_string *file, const char *text, size_t size, kw_text_kind kind)
{
    kw_arena arena;
    kw_arena_init(&arena);
    if (size >= LONG_TEXT) /* the parse of a shorter one takes some megabytes */
        arena.limit = kw_heap_left(vm) + LEAST_ROOM;
    kw_node *program;
    kw_diag diag;
    kw_parse_options parse = {.file = file->text,
                              .text = text,
                              .size = size,
                              .known_type = known_type,
                              .warn = warn,
                              .go_on = go_on,
                              .context = vm};
    kw_compile_options options = {.file = file, .kind = kind};
    kw_proto *p = NULL;
    kw_before_long(vm, size);
    kb_status status = kw_parse(&parse, &arena, &program, &diag);
    if (vm->error.type != NULL) /* of a callback: before any that follows from it */
        p = NULL;
    else if (status == KB_OK)
        p = kw_generate(vm, &options, &arena, program);
    else if (status == KB_ENOMEM)
        kw_throw_memory(vm, arena.total);
    else if (status == KB_ESYNTAX)
        throw_diag(vm, file, &diag);
    kw_arena_fini(&arena);
    assert(p != NULL || vm->error.type != NULL);
    return p;
}
