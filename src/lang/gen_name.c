/* gen_name.c - reading and writing variables: locals in registers or cells, captured ones,
 * globals. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/gen_internal.h"

static int find_local(const kw_func *f, const kw_name *name)
{
    int i = f->scope == NULL ? -1 : kw_bind_find(f->scope, name);
    assert(i < (int)f->locals); /* -1, or a register that is the variable's alone */
    return i;
}

int kw_gen_register(const kw_compiler *c, const kw_node *n)
{
    if (n->kind != KW_N_NAME)
        return -1;
    int i = find_local(c->f, n->as.name);
    return i >= 0 && !c->f->scope->locals[i].captured ? i : -1;
}

/* The number of the captured variable `name` in `f`, whose own local it is not; -1: no function has
 * it. */
static int captured(kw_compiler *c, kw_func *f, const kw_name *name)
{
    if (f->outer == NULL || f->scope == NULL || f->scope->outer != f->outer->scope || f->outer->scope == NULL)
        return -1;
    int i = kw_bind_find(f->outer->scope, name);
    bool direct = i >= 0;
    if (!direct)
        i = captured(c, f->outer, name);
    if (i < 0)
        return -1;
    assert(!direct || f->outer->scope->locals[i].captured); /* bind.c has seen this use of it: it lives in a cell */
    assert(i <= UINT16_MAX && (direct || (uint32_t)i < f->outer->proto->capture_count));
    return (int)kw_chunk_capture(c->vm, f->proto, (kw_capture){.from_register = direct, .index = (uint16_t)i});
}

void kw_gen_read_name(kw_compiler *c, const kw_name *name, unsigned dest)
{
    int i = find_local(c->f, name);
    if (i >= 0) {
        if (c->f->scope->locals[i].captured)
            kw_gen_abc(c, OP_GETCELL, dest, (unsigned)i, 0);
        else if ((unsigned)i != dest)
            kw_gen_abc(c, OP_MOVE, dest, (unsigned)i, 0);
        return;
    }
    i = captured(c, c->f, name);
    if (i >= 0) {
        kw_gen_abx(c, OP_GETUP, dest, (uint32_t)i);
        return;
    }
    kw_gen_read_global(c, name->text, name->size, dest);
}

/* The name of the package around `package`, or NULL. */
static kw_string *package_around(kw_compiler *c, const kw_string *package)
{
    for (size_t i = package->size; i-- > 1;)
        if (package->text[i] == ':' && package->text[i - 1] == ':')
            return kw_intern(c->vm, package->text, i - 1);
    return NULL;
}

void kw_gen_read_global(kw_compiler *c, const char *text, size_t size, unsigned dest)
{
    bool qualified = memchr(text, ':', size) != NULL;
    kw_string *package = c->f->package, *around;
    for (; package != NULL; package = around) {
        around = package_around(c, package);
        bool last = around == NULL && !qualified;
        kw_gen_global_op(c, last ? OP_GETSIBLING : OP_TRYGLOBAL, dest, kw_gen_member(c, package, text, size));
        if (last)
            return;
    }
    kw_gen_global_op(c, OP_GETGLOBAL, dest, kw_gen_global(c, text, size));
}

/* The innermost package around whose body binds the name, else a global of the file. */
static void write_global(kw_compiler *c, const kw_name *name, unsigned from)
{
    kw_string *package = c->f->package;
    const kw_unit *unit = c->f->unit;
    for (; package != NULL && !kw_bind_unit_binds(unit, name); unit = unit->outer) {
        assert(unit->outer != NULL && unit->depth > unit->outer->depth); /* the file has no name: it is not this one */
        for (uint32_t i = unit->outer->depth; i < unit->depth; i++)
            package = package_around(c, package);
    }
    assert((package == NULL) == (unit->outer == NULL)); /* the name has as many parts as there are packages around */
    kw_gen_global_op(c, OP_SETGLOBAL, from, kw_gen_member(c, package, name->text, name->size));
}

void kw_gen_write_name(kw_compiler *c, const kw_name *name, unsigned from)
{
    int i = find_local(c->f, name);
    if (i >= 0) {
        if (c->f->scope->locals[i].captured)
            kw_gen_abc(c, OP_SETCELL, (unsigned)i, from, 0);
        else if ((unsigned)i != from)
            kw_gen_abc(c, OP_MOVE, (unsigned)i, from, 0);
        return;
    }
    i = captured(c, c->f, name);
    if (i >= 0)
        kw_gen_abx(c, OP_SETUP, from, (uint32_t)i);
    else
        write_global(c, name, from);
}

void kw_gen_bind_name(kw_compiler *c, const kw_name *name, unsigned from)
{
    if (name != NULL)
        kw_gen_write_name(c, name, from);
}
