/* chunk.c - building a kw_proto. */
#include "config.h"

#include "vm/chunk.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "vm/vm.h"

kw_proto *kw_chunk_proto_new(kw_vm *vm, kw_string *name, kw_string *file)
{
    kw_proto *p = kw_heap_new_obj(vm, KW_KIND_PROTO, sizeof(*p));
    p->name = name;
    p->file = file;
    p->reg_count = 1;
    return p;
}

/* Room for one more element of `size` bytes; returns the array. */
static void *more(kw_vm *vm, void *array, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return array;
    assert(count == *cap);
    uint32_t grown = *cap < 4 ? 4 : *cap * 2;
    array = kw_heap_realloc(vm, array, *cap * size, grown * size);
    *cap = grown;
    return array;
}

uint32_t kw_chunk_emit(kw_vm *vm, kw_proto *p, kw_instr word, uint32_t line)
{
    assert(p->caches == NULL); /* not finished yet */
    p->code = more(vm, p->code, p->code_count, &p->code_cap, sizeof(*p->code));
    if (p->line_count == 0 || p->lines[p->line_count - 1].line != line) {
        p->lines = more(vm, p->lines, p->line_count, &p->line_cap, sizeof(*p->lines));
        p->lines[p->line_count++] = (kw_line){.pc = p->code_count, .line = line};
    }
    p->code[p->code_count] = word;
    return p->code_count++;
}

/* Strings and numbers are shared; not zeroes, because 0.0 and -0.0 are equal as keys. */
static bool sharable(kw_value v)
{
    return v.tag == KW_STRING || v.tag == KW_INT ||
           (v.tag == KW_FLOAT && fpclassify(v.as.f) != FP_ZERO && fpclassify(v.as.f) != FP_NAN);
}

enum { WIDE_FROM = 65536, LOW_VALUES = 32768 };

/* The number of a new constant.  Operands reach the first 65536; half of them are kept for those
 * that have no wide form. */
static uint32_t new_constant(kw_vm *vm, kw_proto *p, bool wide)
{
    if (!wide && p->low_constants < p->constant_count)
        return p->low_constants < WIDE_FROM ? p->low_constants++ : p->constant_count++;
    uint32_t at = p->constant_count;
    uint32_t end = wide && at >= LOW_VALUES && at < WIDE_FROM ? WIDE_FROM + 1 : at + 1;
    while (p->constant_count < end) {
        p->constants = more(vm, p->constants, p->constant_count, &p->constant_cap, sizeof(*p->constants));
        p->constants[p->constant_count++] = kw_null();
    }
    if (end == at + 1 && p->low_constants == at)
        p->low_constants++;
    return end - 1;
}

uint32_t kw_chunk_constant(kw_vm *vm, kw_proto *p, kw_value v, bool wide)
{
    const kw_value *known = NULL;
    if (sharable(v)) {
        if (p->shared == NULL)
            p->shared = kw_map_new(vm, 0);
        known = kw_map_find(p->shared, v);
        if (known != NULL && (wide || known->as.i < WIDE_FROM))
            return (uint32_t)known->as.i;
    }
    uint32_t at = new_constant(vm, p, wide);
    assert(at < p->constant_count && kw_is(p->constants[at], KW_NULL));
    p->constants[at] = v;
    if (sharable(v))
        kw_map_put(vm, p->shared, v, kw_int(at));
    return at;
}

/* A record of a global as a key of the table of constants, none of which is a date; the collector follows no date. */
static kw_value global_key(kw_global *g)
{
    return kw_date((int64_t)(intptr_t)g);
}

static void share_global(kw_vm *vm, kw_proto *p, uint32_t i)
{
    if (p->shared == NULL)
        p->shared = kw_map_new(vm, 0);
    kw_map_put(vm, p->shared, global_key(p->globals[i]), kw_int(i));
}

uint32_t kw_chunk_global(kw_vm *vm, kw_proto *p, kw_global *g)
{
    enum { SCAN = 64 }; /* up to here a look at each is quicker than the table */
    if (p->global_count < SCAN) {
        for (uint32_t i = p->global_count; i-- > 0;)
            if (p->globals[i] == g)
                return i;
    } else {
        const kw_value *at = kw_map_find(p->shared, global_key(g));
        if (at != NULL)
            return (uint32_t)at->as.i;
    }
    p->globals = more(vm, p->globals, p->global_count, &p->global_cap, sizeof(*p->globals));
    p->globals[p->global_count++] = g;
    if (p->global_count == SCAN)
        for (uint32_t i = 0; i < SCAN; i++)
            share_global(vm, p, i);
    else if (p->global_count > SCAN)
        share_global(vm, p, p->global_count - 1);
    return p->global_count - 1;
}

uint32_t kw_chunk_inner(kw_vm *vm, kw_proto *p, kw_proto *inner)
{
    p->inner = more(vm, p->inner, p->inner_count, &p->inner_cap, sizeof(*p->inner));
    p->inner[p->inner_count] = inner;
    return p->inner_count++;
}

uint32_t kw_chunk_capture(kw_vm *vm, kw_proto *p, kw_capture capture)
{
    for (uint32_t i = 0; i < p->capture_count; i++)
        if (p->captures[i].from_register == capture.from_register && p->captures[i].index == capture.index)
            return i;
    p->captures = more(vm, p->captures, p->capture_count, &p->capture_cap, sizeof(*p->captures));
    p->captures[p->capture_count] = capture;
    return p->capture_count++;
}

uint32_t kw_chunk_handler(kw_vm *vm, kw_proto *p, kw_handler handler)
{
    assert(handler.start <= handler.end && handler.end <= p->code_count);
    p->handlers = more(vm, p->handlers, p->handler_count, &p->handler_cap, sizeof(*p->handlers));
    p->handlers[p->handler_count] = handler;
    return p->handler_count++;
}

void kw_chunk_note_called(kw_vm *vm, kw_proto *p, kw_string *name)
{
    assert(p->code_count > 0); /* the call itself */
    kw_called row = {.pc = p->code_count - 1, .constant = kw_chunk_constant(vm, p, kw_of_string(name), true)};
    p->called = more(vm, p->called, p->called_count, &p->called_cap, sizeof(*p->called));
    p->called[p->called_count++] = row;
}

uint32_t kw_chunk_cache(kw_proto *p)
{
    return p->cache_count++;
}

void kw_chunk_params(kw_vm *vm, kw_proto *p, unsigned count, bool variadic)
{
    assert(p->params == NULL && count >= variadic);
    p->params = kw_heap_realloc(vm, NULL, 0, count * sizeof(*p->params));
    for (unsigned i = 0; i < count; i++)
        p->params[i] = (kw_param){.constant = kw_undef()};
    p->variadic = variadic;
    p->param_count = (uint16_t)(count - variadic);
}

static void *trim(kw_vm *vm, void *array, uint32_t count, uint32_t *cap, size_t size)
{
    assert(count <= *cap);
    array = kw_heap_realloc(vm, array, *cap * size, count * size);
    *cap = count;
    return array;
}

void kw_chunk_finish(kw_vm *vm, kw_proto *p)
{
    p->code = trim(vm, p->code, p->code_count, &p->code_cap, sizeof(*p->code));
    p->constants = trim(vm, p->constants, p->constant_count, &p->constant_cap, sizeof(*p->constants));
    p->globals = trim(vm, p->globals, p->global_count, &p->global_cap, sizeof(*p->globals));
    p->inner = trim(vm, p->inner, p->inner_count, &p->inner_cap, sizeof(*p->inner));
    p->captures = trim(vm, p->captures, p->capture_count, &p->capture_cap, sizeof(*p->captures));
    p->handlers = trim(vm, p->handlers, p->handler_count, &p->handler_cap, sizeof(*p->handlers));
    p->lines = trim(vm, p->lines, p->line_count, &p->line_cap, sizeof(*p->lines));
    p->called = trim(vm, p->called, p->called_count, &p->called_cap, sizeof(*p->called));
    p->shared = NULL;
    unsigned params = (unsigned)p->param_count + p->variadic;
    if (p->local_count < params)
        p->local_count = (uint16_t)params;
    assert(p->code_count > 0); /* what was refused by the compiler may have more locals than registers */
    if (p->caches == NULL && p->cache_count > 0) {
        p->caches = kw_heap_realloc(vm, NULL, 0, p->cache_count * sizeof(*p->caches));
        for (uint32_t i = 0; i < p->cache_count; i++)
            p->caches[i] = (kw_cache){.value = kw_undef()};
    }
}

/* Both tables are sorted by their first field, a pc: the number of rows whose pc is not beyond
 * `pc`. */
static uint32_t rows_until(const void *rows, uint32_t count, size_t size, uint32_t pc)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, at;
        memcpy(&at, (const char *)rows + middle * size, sizeof(at));
        if (at <= pc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t kw_chunk_line(const kw_proto *p, uint32_t pc)
{
    uint32_t rows = rows_until(p->lines, p->line_count, sizeof(*p->lines), pc);
    return rows == 0 ? p->line : p->lines[rows - 1].line;
}

kw_string *kw_chunk_called(const kw_proto *p, uint32_t pc)
{
    uint32_t rows = rows_until(p->called, p->called_count, sizeof(*p->called), pc);
    if (rows == 0 || p->called[rows - 1].pc != pc)
        return NULL;
    assert(kw_is(p->constants[p->called[rows - 1].constant], KW_STRING));
    return p->constants[p->called[rows - 1].constant].as.string;
}
