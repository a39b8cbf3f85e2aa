/* gen_expr.c - expressions. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/gen_internal.h"
#include "lang/walk.h"

enum { CHUNK = 50, MAX_K = 255 };

/* ---- Constants ------------------------------------------------------------------------------- */

/* Is `n` a number known now?  Literals, and unary minus or + - * of such. */
static bool constant_number(const kw_node *n, kw_value *out)
{
    kw_value a, b;
    if (n->kind == KW_N_INTEGER) {
        *out = kw_int(n->as.integer);
        return true;
    }
    if (n->kind == KW_N_FLOAT) {
        *out = kw_float(n->as.number);
        return true;
    }
    if (n->kind == KW_N_UNARY && n->as.unary.op == KW_OPR_NEG && constant_number(n->as.unary.operand, &a)) {
        *out = kw_is(a, KW_INT) ? kw_int((int64_t)(0 - (uint64_t)a.as.i)) : kw_float(-a.as.f);
        return true;
    }
    if (n->kind != KW_N_BINARY || n->as.binary.op > KW_OPR_MUL || !constant_number(n->as.binary.left, &a) ||
        !constant_number(n->as.binary.right, &b) || a.tag != b.tag)
        return false;
    kw_opr op = n->as.binary.op;
    assert(op == KW_OPR_ADD || op == KW_OPR_SUB || op == KW_OPR_MUL); /* these are the first of their enum */
    uint64_t x = (uint64_t)a.as.i, y = (uint64_t)b.as.i;
    if (kw_is(a, KW_INT))
        *out = kw_int((int64_t)(op == KW_OPR_ADD ? x + y : op == KW_OPR_SUB ? x - y : x * y));
    else
        *out = kw_float(op == KW_OPR_ADD ? a.as.f + b.as.f : op == KW_OPR_SUB ? a.as.f - b.as.f : a.as.f * b.as.f);
    return true;
}

/* The number of a constant operand that fits 8 bits, or -1. */
static int small_constant(kw_compiler *c, const kw_node *n)
{
    kw_value v;
    if (n->kind == KW_N_STRING)
        v = kw_of_string(kw_gen_string(c, n->as.string.text, n->as.string.size));
    else if (!constant_number(n, &v))
        return -1;
    uint32_t k = kw_chunk_constant(c->vm, c->f->proto, v, true);
    return k <= MAX_K ? (int)k : -1;
}

/* ---- Registers ------------------------------------------------------------------------------- */

unsigned kw_gen_any(kw_compiler *c, const kw_node *n)
{
    int local = kw_gen_register(c, n);
    if (local >= 0)
        return (unsigned)local;
    unsigned reg = kw_gen_temp(c, 1);
    kw_gen_expr(c, n, reg);
    assert(c->failed || c->f->free == reg + 1);
    return reg;
}

void kw_gen_effect(kw_compiler *c, const kw_node *n)
{
    unsigned mark = c->f->free;
    if (n->kind == KW_N_ASSIGN)
        kw_gen_assign(c, n, -1);
    else
        kw_gen_expr(c, n, kw_gen_temp(c, 1));
    c->f->free = mark;
}

typedef struct search {
    const kw_name *name;
    bool found;
} search;

/* Does `n` itself give `name` a value?  Statements count: they stand in the bodies of a `case`. */
static bool sets(const kw_node *n, const kw_name *name)
{
    switch (n->kind) {
    case KW_N_ASSIGN: return n->as.assign.target->kind == KW_N_NAME && n->as.assign.target->as.name == name;
    case KW_N_METHOD_CALL: return kw_gen_clears(n) && n->as.method.object->as.name == name;
    case KW_N_CASE: return n->as.case_of->as_name == name;
    case KW_N_FOR:
    case KW_N_REPEAT: return n->as.loop->first == name || n->as.loop->second == name;
    case KW_N_TRY: return n->as.try_catch->first == name || n->as.try_catch->second == name;
    case KW_N_FUNCTION: return n->as.function->name == name;
    case KW_N_VAR:
        for (uint32_t i = 0; i < n->as.var.count; i++)
            if (n->as.var.items[i].name == name)
                return true;
        return false;
    case KW_N_UNPACK:
        for (uint32_t i = 0; i < n->as.unpack.name_count; i++)
            if (n->as.unpack.names[i] == name)
                return true;
        return false;
    default: return false;
    }
}

static void look(void *context, const kw_node *n)
{
    search *s = context;
    if (sets(n, s->name))
        s->found = true;
    if (!s->found && n->kind != KW_N_LAMBDA) /* a captured local is read from its cell at once */
        kw_walk_children(n, look, s);
}

bool kw_gen_assigns(const kw_node *n, const kw_name *name)
{
    search s = {.name = name};
    look(&s, n);
    return s.found;
}

/* The left operand: in place unless the right side changes it before the instruction runs. */
static unsigned left_operand(kw_compiler *c, const kw_node *left, const kw_node *right)
{
    if (kw_gen_register(c, left) < 0 || !kw_gen_assigns(right, left->as.name))
        return kw_gen_any(c, left);
    unsigned reg = kw_gen_temp(c, 1);
    kw_gen_expr(c, left, reg);
    return reg;
}

/* The same for an instruction with the result `dest`: if that is a temporary it can hold the left
 * operand, too, so that a long chain of operators, indexes or members needs no more than one. */
static unsigned first_operand(kw_compiler *c, const kw_node *left, const kw_node *right, unsigned dest)
{
    if (dest < c->f->locals || dest >= c->f->free || kw_gen_register(c, left) >= 0)
        return left_operand(c, left, right);
    kw_gen_expr(c, left, dest);
    return dest;
}

/* ---- Operators ------------------------------------------------------------------------------- */

static kw_opcode opcode_of(kw_opr op)
{
    static const kw_opcode codes[KW_OPR_COUNT] = {
        [KW_OPR_ADD] = OP_ADD,       [KW_OPR_SUB] = OP_SUB,   [KW_OPR_MUL] = OP_MUL, [KW_OPR_DIV] = OP_DIV,
        [KW_OPR_FLOORDIV] = OP_IDIV, [KW_OPR_MOD] = OP_MOD,   [KW_OPR_POW] = OP_POW, [KW_OPR_BAND] = OP_BAND,
        [KW_OPR_BOR] = OP_BOR,       [KW_OPR_BXOR] = OP_BXOR, [KW_OPR_SHL] = OP_SHL, [KW_OPR_SHR] = OP_SHR,
        [KW_OPR_USHR] = OP_USHR,     [KW_OPR_IN] = OP_IN,     [KW_OPR_EQ] = OP_EQ,   [KW_OPR_NE] = OP_NE,
        [KW_OPR_LT] = OP_LT,         [KW_OPR_LE] = OP_LE,     [KW_OPR_GT] = OP_GT,   [KW_OPR_GE] = OP_GE,
    };
    assert(codes[op] != OP_MOVE); /* 0: it is an operator of other nodes */
    return codes[op];
}

/* The variant with a constant right operand, or OP_COUNT. */
static kw_opcode constant_variant(kw_opr op)
{
    switch (op) {
    case KW_OPR_ADD: return OP_ADDK;
    case KW_OPR_SUB: return OP_SUBK;
    case KW_OPR_MUL: return OP_MULK;
    case KW_OPR_DIV: return OP_DIVK;
    case KW_OPR_FLOORDIV: return OP_IDIVK;
    case KW_OPR_MOD: return OP_MODK;
    default: return OP_COUNT;
    }
}

void kw_gen_binary_regs(kw_compiler *c, kw_opr op, unsigned left, unsigned right, unsigned dest)
{
    kw_gen_abc(c, opcode_of(op), dest, left, right);
}

void kw_gen_binary(kw_compiler *c, kw_opr op, unsigned left, const kw_node *right, unsigned dest)
{
    kw_opcode with_k = constant_variant(op);
    int k = with_k == OP_COUNT ? -1 : small_constant(c, right);
    if (k >= 0)
        kw_gen_abc(c, with_k, dest, left, (unsigned)k);
    else
        kw_gen_binary_regs(c, op, left, kw_gen_any(c, right), dest);
}

static void binary(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_value v;
    if (constant_number(n, &v)) {
        kw_gen_load(c, dest, v);
        return;
    }
    unsigned left = first_operand(c, n->as.binary.left, n->as.binary.right, dest);
    kw_gen_binary(c, n->as.binary.op, left, n->as.binary.right, dest);
}

static void logical(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_opr op = n->as.binary.op;
    assert(op == KW_OPR_AND || op == KW_OPR_OR || op == KW_OPR_COALESCE);
    unsigned reg = (int)dest < (int)c->f->locals ? kw_gen_temp(c, 1) : dest; /* the right side may read the local */
    kw_gen_expr(c, n->as.binary.left, reg);
    if (op == KW_OPR_COALESCE)
        kw_gen_abc(c, OP_TESTNULL, reg, 0, 0);
    else
        kw_gen_abc(c, OP_TEST, reg, 0, op == KW_OPR_OR);
    uint32_t done = kw_gen_jump(c);
    kw_gen_expr(c, n->as.binary.right, reg);
    kw_gen_patch(c, done, kw_gen_here(c));
    if (reg != dest)
        kw_gen_abc(c, OP_MOVE, dest, reg, 0);
}

static void unary(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_value v;
    if (constant_number(n, &v)) {
        kw_gen_load(c, dest, v);
        return;
    }
    assert(n->as.unary.op == KW_OPR_NEG || n->as.unary.op == KW_OPR_NOT || n->as.unary.op == KW_OPR_BNOT);
    kw_opcode op = n->as.unary.op == KW_OPR_NEG ? OP_NEG : n->as.unary.op == KW_OPR_NOT ? OP_NOT : OP_BNOT;
    kw_gen_abc(c, op, dest, kw_gen_any(c, n->as.unary.operand), 0);
}

/* ---- Conditions ------------------------------------------------------------------------------ */

static bool is_comparison(const kw_node *n)
{
    return n->kind == KW_N_BINARY && n->as.binary.op >= KW_OPR_EQ && n->as.binary.op <= KW_OPR_GE;
}

static void comparison_jump(kw_compiler *c, const kw_node *n, bool sense, kw_jumps *jumps)
{
    static const kw_opcode with_r[] = {OP_JEQ, OP_JNE, OP_JLT, OP_JLE, OP_JGT, OP_JGE};
    static const kw_opcode with_k[] = {OP_JEQK, OP_JNEK, OP_JLTK, OP_JLEK, OP_JGTK, OP_JGEK};
    _Static_assert(sizeof(with_r) / sizeof(with_r[0]) == KW_OPR_GE - KW_OPR_EQ + 1 && sizeof(with_k) == sizeof(with_r),
                   "an instruction for each comparison");
    unsigned which = (unsigned)n->as.binary.op - KW_OPR_EQ;
    unsigned left = left_operand(c, n->as.binary.left, n->as.binary.right);
    int k = small_constant(c, n->as.binary.right);
    if (k >= 0)
        kw_gen_abc(c, with_k[which], left, (unsigned)k, sense);
    else
        kw_gen_abc(c, with_r[which], left, kw_gen_any(c, n->as.binary.right), sense);
    kw_gen_add(c, jumps, kw_gen_jump(c));
}

static void logical_jump(kw_compiler *c, const kw_node *n, bool sense, kw_jumps *jumps)
{
    bool is_or = n->as.binary.op == KW_OPR_OR;
    /* a ?? b has a value, and that is tested */
    assert(is_or || n->as.binary.op == KW_OPR_AND);
    if (is_or == sense) { /* either side decides: a || b jumps on true, a && b on false */
        kw_gen_condition(c, n->as.binary.left, sense, jumps);
        kw_gen_condition(c, n->as.binary.right, sense, jumps);
        return;
    }
    kw_jumps past = {.at = NULL};
    kw_gen_condition(c, n->as.binary.left, !sense, &past);
    kw_gen_condition(c, n->as.binary.right, sense, jumps);
    kw_gen_land(c, &past, kw_gen_here(c));
}

void kw_gen_condition(kw_compiler *c, const kw_node *n, bool sense, kw_jumps *jumps)
{
    unsigned mark = c->f->free;
    if (n->kind == KW_N_TRUE || n->kind == KW_N_FALSE) {
        if ((n->kind == KW_N_TRUE) == sense)
            kw_gen_add(c, jumps, kw_gen_jump(c));
    } else if (is_comparison(n)) {
        comparison_jump(c, n, sense, jumps);
    } else if (n->kind == KW_N_LOGICAL && n->as.binary.op != KW_OPR_COALESCE) {
        logical_jump(c, n, sense, jumps);
    } else {
        kw_gen_abc(c, OP_TEST, kw_gen_any(c, n), 0, sense);
        kw_gen_add(c, jumps, kw_gen_jump(c));
    }
    c->f->free = mark;
}

static void ternary(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_jumps no = {.at = NULL};
    kw_gen_condition(c, n->as.ternary.condition, false, &no);
    kw_gen_expr(c, n->as.ternary.yes, dest);
    uint32_t done = kw_gen_jump(c);
    kw_gen_land(c, &no, kw_gen_here(c));
    kw_gen_expr(c, n->as.ternary.no, dest);
    kw_gen_patch(c, done, kw_gen_here(c));
}

/* ---- Literals -------------------------------------------------------------------------------- */

/* Parts of an interpolation: joined in pieces, so that any number of them fits. */
static void interpolation(kw_compiler *c, const kw_node *n, unsigned dest)
{
    const kw_node_list *parts = &n->as.list;
    if (parts->count == 0) {
        kw_gen_load(c, dest, kw_of_string(kw_gen_string(c, "", 0)));
        return;
    }
    unsigned first = 0, used = 0;
    for (uint32_t i = 0; i < parts->count; i++) {
        if (used == CHUNK) { /* the piece so far becomes the first part of the next one */
            kw_gen_abc(c, OP_CONCAT, first, first, used);
            c->f->free = first + 1;
            used = 1;
        }
        unsigned reg = kw_gen_temp(c, 1);
        first = used == 0 ? reg : first;
        kw_gen_expr(c, parts->items[i], reg);
        used++;
    }
    assert(c->failed || c->f->free == first + used); /* the pieces lie in a row */
    kw_gen_abc(c, OP_CONCAT, dest, first, used);
}

static void list_literal(kw_compiler *c, const kw_node *n, unsigned dest)
{
    const kw_node_list *items = &n->as.list;
    unsigned list = items->count <= CHUNK ? dest : kw_gen_temp(c, 1);
    bool made = false;
    uint32_t i = 0;
    do {
        unsigned first = c->f->free, used = 0;
        for (; i < items->count && used < CHUNK; i++, used++)
            kw_gen_expr(c, items->items[i], kw_gen_temp(c, 1));
        assert(c->failed || c->f->free == first + used);
        kw_gen_abc(c, made ? OP_APPEND : OP_NEWLIST, list, first, used);
        made = true;
        c->f->free = first;
    } while (i < items->count);
    if (list != dest)
        kw_gen_abc(c, OP_MOVE, dest, list, 0);
}

static void map_literal(kw_compiler *c, const kw_node *n, unsigned dest)
{
    const kw_node_list *items = &n->as.list;
    assert(items->count % 2 == 0); /* a key and a value each */
    unsigned map = kw_gen_temp(c, 1);
    uint32_t pairs = items->count / 2;
    kw_gen_abx(c, OP_NEWMAP, map, pairs > 4096 ? 4096 : pairs);
    for (uint32_t i = 0; i + 1 < items->count; i += 2) {
        unsigned mark = c->f->free;
        unsigned key = kw_gen_temp(c, 1), value;
        kw_gen_expr(c, items->items[i], key);
        value = kw_gen_any(c, items->items[i + 1]);
        kw_gen_abc(c, OP_PUTMAP, map, key, value);
        c->f->free = mark;
    }
    kw_gen_abc(c, OP_MOVE, dest, map, 0);
}

static void raise(kw_compiler *c, kw_value what, kw_string *text)
{
    unsigned reg = kw_gen_temp(c, 3);
    kw_gen_load(c, reg, what);
    kw_gen_load(c, reg + 1, kw_of_string(text));
    kw_gen_abc(c, OP_LOADNULL, reg + 2, 0, 0);
    kw_gen_abc(c, OP_RETHROW, reg, 0, 0);
    c->f->free = reg;
}

void kw_gen_raise(kw_compiler *c, const char *type, kw_string *message)
{
    raise(c, kw_of_string(kw_intern_c(c->vm, type)), message);
}

void kw_gen_raise_known(kw_compiler *c, kw_error_id id, kw_string *name)
{
    raise(c, kw_int(id), name);
}

static void bytes_literal(kw_compiler *c, const kw_node *n, unsigned dest)
{
    if (n->as.bytes.bad_size > 0) {
        kw_gen_raise(c, "KiwiError",
                     kw_string_format(c->vm,
                                      "Non-ASCII character '%.*s' in byte literal (use string and .to_bytes() for "
                                      "Unicode)",
                                      (int)n->as.bytes.bad_size, n->as.bytes.bad_char));
        return;
    }
    kw_bytes *b = kw_bytes_new(c->vm, n->as.bytes.data, n->as.bytes.size);
    if (b != NULL)
        kw_gen_abx(c, OP_BYTELIT, dest, kw_gen_constant(c, kw_of_bytes(b)));
    else
        c->failed = true;
}

/* ---- Members --------------------------------------------------------------------------------- */

static void qualified(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_buf buf;
    kw_buf_init(&buf);
    for (uint32_t i = 0; i < n->as.qualified.count; i++) {
        if (i > 0)
            kw_buf_puts(&buf, "::");
        kw_buf_put(&buf, n->as.qualified.parts[i]->text, n->as.qualified.parts[i]->size);
    }
    kw_gen_read_global(c, buf.text, buf.size, dest);
    kw_buf_free(&buf);
}

static void slice(kw_compiler *c, const kw_node *n, unsigned dest)
{
    const kw_node *parts[3] = {n->as.slice.start, n->as.slice.stop, n->as.slice.step};
    unsigned base = kw_gen_temp(c, 4), given = 0;
    kw_gen_expr(c, n->as.slice.object, base);
    for (unsigned i = 0; i < 3; i++)
        if (parts[i] != NULL) {
            kw_gen_expr(c, parts[i], base + 1 + i);
            given |= 1u << i;
        }
    kw_gen_abc(c, OP_SLICE, dest, base, given);
}

static void member(kw_compiler *c, const kw_node *n, unsigned dest)
{
    const kw_node *object = n->as.member.object;
    kw_gen_abc(c, OP_GETFIELD, dest, first_operand(c, object, object, dest), 0);
    kw_gen_name_word(c, n->as.member.name->text, n->as.member.name->size);
}

static void attribute(kw_compiler *c, kw_opcode op, const kw_name *name, unsigned dest)
{
    kw_gen_abc(c, op, dest, 0, 0);
    kw_gen_name_word(c, name->text, name->size);
}

static void index_of(kw_compiler *c, const kw_node *n, unsigned dest)
{
    unsigned object = first_operand(c, n->as.index.object, n->as.index.index, dest);
    unsigned at = kw_gen_any(c, n->as.index.index);
    kw_gen_abc(c, OP_INDEX, dest, object, at);
}

static void emit_event(kw_compiler *c, const kw_node *n, unsigned dest)
{
    unsigned base = kw_gen_temp(c, 2);
    kw_gen_expr(c, n->as.emit.name, base);
    kw_gen_args_list(c, &n->as.emit.args, base + 1);
    kw_gen_abc(c, OP_EVENT, dest, base, 3);
}

static void yield(kw_compiler *c, const kw_node *n, unsigned dest)
{
    if (!c->f->is_generator) {
        kw_gen_raise(c, "RuntimeError", kw_intern_c(c->vm, "'yield' used outside of a generator."));
        return;
    }
    unsigned reg = kw_gen_temp(c, 1);
    if (n->as.value != NULL)
        kw_gen_expr(c, n->as.value, reg);
    else
        kw_gen_abc(c, OP_LOADNULL, reg, 0, 0);
    kw_gen_abc(c, OP_YIELD, reg, 0, 0);
    kw_gen_abc(c, OP_LOADNULL, dest, 0, 0);
}

static void import_like(kw_compiler *c, const kw_node *n, unsigned kind, unsigned dest)
{
    unsigned reg = kw_gen_temp(c, 1);
    kw_gen_expr(c, n->as.value, reg);
    kw_gen_abc(c, OP_IMPORT, dest, reg, kind);
}

/* What makes no long chains.  Not inlined: its room on the C stack is for the innermost level
 * only. */
__attribute__((noinline)) static void other_expr(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_value v;
    switch (n->kind) {
    case KW_N_NULL: kw_gen_abc(c, OP_LOADNULL, dest, 0, 0); break;
    case KW_N_TRUE: kw_gen_abc(c, OP_LOADBOOL, dest, 1, 0); break;
    case KW_N_FALSE: kw_gen_abc(c, OP_LOADBOOL, dest, 0, 0); break;
    case KW_N_INTEGER:
    case KW_N_FLOAT:
        (void)constant_number(n, &v);
        kw_gen_load(c, dest, v);
        break;
    case KW_N_STRING: kw_gen_load(c, dest, kw_of_string(kw_gen_string(c, n->as.string.text, n->as.string.size))); break;
    case KW_N_INTERPOLATION: interpolation(c, n, dest); break;
    case KW_N_BYTES: bytes_literal(c, n, dest); break;
    case KW_N_LIST: list_literal(c, n, dest); break;
    case KW_N_RANGE: {
        unsigned low = left_operand(c, n->as.range.low, n->as.range.high);
        kw_gen_abc(c, OP_NEWRANGE, dest, low, kw_gen_any(c, n->as.range.high));
        break;
    }
    case KW_N_HASHMAP: map_literal(c, n, dest); break;
    case KW_N_NAME: kw_gen_read_name(c, n->as.name, dest); break;
    case KW_N_QUALIFIED: qualified(c, n, dest); break;
    case KW_N_SELF: kw_gen_abc(c, OP_GETSELF, dest, 0, 0); break;
    case KW_N_ATTRIBUTE: attribute(c, OP_GETATTR, n->as.name, dest); break;
    case KW_N_STATIC: attribute(c, OP_GETSTATIC, n->as.name, dest); break;
    case KW_N_UNARY: unary(c, n, dest); break;
    case KW_N_LOGICAL: logical(c, n, dest); break;
    case KW_N_TERNARY: ternary(c, n, dest); break;
    case KW_N_ASSIGN: kw_gen_assign(c, n, (int)dest); break;
    case KW_N_SLICE: slice(c, n, dest); break;
    case KW_N_LAMBDA: kw_gen_lambda(c, n, dest); break;
    case KW_N_CASE: kw_gen_case(c, n, (int)dest, false); break;
    case KW_N_IMPORT: import_like(c, n, 0, dest); break;
    case KW_N_INCLUDE: import_like(c, n, 1, dest); break;
    case KW_N_EVAL: {
        unsigned reg = kw_gen_temp(c, 1);
        kw_gen_expr(c, n->as.value, reg);
        kw_gen_abc(c, OP_EVAL, dest, reg, 0);
        break;
    }
    case KW_N_EMIT: emit_event(c, n, dest); break;
    case KW_N_YIELD: yield(c, n, dest); break;
    default: /* a statement where a value is expected: null */
        kw_gen_stmt(c, n);
        kw_gen_abc(c, OP_LOADNULL, dest, 0, 0);
        break;
    }
}

void kw_gen_expr(kw_compiler *c, const kw_node *n, unsigned dest)
{
    unsigned mark = c->f->free;
    if (c->failed)
        return;
    assert(dest < mark); /* it was taken before: no temporary of this expression is the same */
    switch (n->kind) {
    case KW_N_BINARY: binary(c, n, dest); break;
    case KW_N_CALL:
    case KW_N_METHOD_CALL:
    case KW_N_SUPER_CALL: kw_gen_call(c, n, dest); break;
    case KW_N_MEMBER: member(c, n, dest); break;
    case KW_N_INDEX: index_of(c, n, dest); break;
    default: other_expr(c, n, dest); break;
    }
    c->f->free = mark;
}
