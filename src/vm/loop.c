/* loop.c - the bytecode loop: dispatch and fast paths only; what is rare lives in files of its own
 * (overload.c, call.c, generator.c, unwind.c, import.c, member.c, global.c, print.c, iterate.c).
 *
 * `pc`, `r` (the registers of the frame) and `k` (its constants) are locals.  SAVE() stores pc
 * into the frame before anything that may throw, call, collect or switch fibers; LOAD() reloads
 * all of them after.  Calls between script functions never use the C stack. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "vm/interp.h"

#if defined(__GNUC__)
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define LIKELY(x)   (x)
#define UNLIKELY(x) (x)
#endif

/* What the compiler promises of its code, in builds that check the heap as well (--enable-debug-heap): an operand is
 * below the number of what it names, pc stays inside the code, a frame inside the stack. */
#if defined(KIWI_DEBUG_HEAP)
#define CHECKED(condition)      assert(condition)
#define AFTER(condition, value) (assert(condition), (value))
#else
#define CHECKED(condition)      ((void)0)
#define AFTER(condition, value) (value)
#endif
#define BELOW(n, count) AFTER((n) < (count), n)

/* ---- Loops over values ----------------------------------------------------------------------- */

/* The next element of list, hashmap keys, string or bytes at r[0] (position r[1]); false: none
 * left. */
static bool next_element(kw_vm *vm, kw_value *r, bool second)
{
    uint64_t at = (uint64_t)r[1].as.i;
    switch ((kw_type)r[0].tag) {
    case KW_LIST:
        if (at >= r[0].as.list->count)
            return false;
        r[2] = r[0].as.list->items[at];
        break;
    case KW_MAP: {
        if (at >= r[4].as.list->count)
            return false;
        r[2] = r[4].as.list->items[at];
        r[1].as.i++;
        if (second) {
            kw_value *v = kw_map_find(r[0].as.map, r[2]);
            r[3] = v != NULL ? *v : kw_null();
        }
        return true;
    }
    case KW_STRING:
        if (at >= r[0].as.string->length)
            return false;
        r[2] = kw_of_string(kw_string_at(vm, r[0].as.string, (size_t)at));
        break;
    case KW_BYTES:
        if (at >= r[0].as.bytes->size)
            return false;
        r[2] = kw_int(r[0].as.bytes->data[at]);
        break;
    default: return false;
    }
    if (second)
        r[3] = kw_int((int64_t)at);
    r[1].as.i++;
    return true;
}

/* ---- Making values --------------------------------------------------------------------------- */

static kw_closure *make_closure(kw_vm *vm, const kw_frame *frame, const kw_value *r, kw_proto *p)
{
    kw_closure *c = kw_closure_new(vm, p);
    if (!(p->header.flags & KW_PROTO_METHOD)) { /* a lambda in a method keeps the method's object */
        c->self = frame->self;
        if (!kw_is(frame->self, KW_UNDEF))
            c->header.flags = 0;
        c->home = frame->home;
    }
    for (uint32_t i = 0; i < p->capture_count; i++) {
        CHECKED(p->captures[i].from_register
                    ? p->captures[i].index < frame->closure->proto->reg_count && kw_is(r[p->captures[i].index], KW_CELL)
                    : p->captures[i].index < frame->closure->count);
        c->cells[i] = p->captures[i].from_register ? r[p->captures[i].index].as.cell
                                                   : frame->closure->cells[p->captures[i].index];
    }
    return c;
}

/* kw_call_push_frame() for what almost every call is: a plain function, and room on both
 * stacks.  NULL: it is not; nothing was done.  `self` NULL: none. */
static inline kw_frame *push_fast(kw_fiber *fiber, kw_closure *closure, uint32_t args_at, uint32_t argc, uint8_t dest,
                                  const kw_value *self, kw_class *home)
{
    const kw_proto *p = closure->proto;
    if (UNLIKELY(!(closure->header.flags & KW_CLOSURE_PLAIN) || fiber->frame_count == fiber->frame_cap ||
                 args_at + p->reg_count + argc >= fiber->stack_cap))
        return NULL;
    for (uint32_t i = argc < p->param_count ? argc : p->param_count; i < p->local_count; i++)
        fiber->stack[args_at + i] = kw_null();
    kw_frame *f = &fiber->frames[fiber->frame_count++];
    f->closure = closure;
    f->base = args_at;
    f->dest = dest;
    f->ret = KW_RET_REG;
    if (self != NULL)
        kw_copy(&f->self, self);
    else
        f->self.tag = KW_UNDEF;
    f->home = home;
    return f;
}

/* Do a method of a built-in type at once: the receiver is self[0], its arguments follow.  False:
 * not this time, the native itself must be called. */
static inline bool do_method(unsigned fast, const kw_value *self, unsigned argc, kw_value *out)
{
    kw_list *list = self->as.list;
    switch ((kw_fast)fast) {
    case KW_FAST_LIST_PUSH: /* a list or hashmap is copied */
        if (argc != 1 || kw_is(self[1], KW_LIST) || kw_is(self[1], KW_MAP) || list->count == list->cap)
            return false;
        kw_copy(&list->items[list->count++], &self[1]);
        kw_copy(out, self);
        return true;
    case KW_FAST_LIST_GET:
        if (argc == 0 || argc > 2 || !kw_is(self[1], KW_INT) || (uint64_t)self[1].as.i >= list->count)
            return false;
        kw_copy(out, &list->items[self[1].as.i]);
        return true;
    case KW_FAST_LIST_SIZE:
        if (argc == 0)
            *out = kw_int((int64_t)list->count);
        return argc == 0;
    case KW_FAST_MAP_SIZE:
        if (argc == 0)
            *out = kw_int((int64_t)self->as.map->count);
        return argc == 0;
    case KW_FAST_STRING_SIZE:
        if (argc == 0)
            *out = kw_int((int64_t)self->as.string->length);
        return argc == 0;
    case KW_FAST_NONE: break;
    }
    return false;
}

/* ---- The loop -------------------------------------------------------------------------------- */

#define PROTO (frame->closure->proto)
/* Is `pc` that of a word of the function; does the jump that a test wants stand there; have the registers of the frame
 * room? */
#define IN_CODE(pc)  ((pc) >= PROTO->code && (pc) < PROTO->code + PROTO->code_count)
#define AT_JUMP(pc)  (IN_CODE(pc) && (kw_i_op(*(pc)) == OP_JMP || kw_i_op(*(pc)) == OP_LOOP))
#define FRAME_FITS() (fiber->frame_count > 0 && frame->base + PROTO->reg_count <= fiber->stack_cap)
/* The next word. */
#define FETCH() AFTER(IN_CODE(pc), *pc++)

#define SAVE() (frame->pc = pc)
#define LOAD()                                                                                                         \
    do {                                                                                                               \
        fiber = vm->fiber;                                                                                             \
        frame = &fiber->frames[fiber->frame_count - 1];                                                                \
        pc = frame->pc;                                                                                                \
        r = fiber->stack + frame->base;                                                                                \
        k = frame->closure->proto->constants;                                                                          \
        CHECKED(FRAME_FITS());                                                                                         \
    } while (0)
#define A(i) kw_i_a(i)
#define B(i) kw_i_b(i)
#define C(i) kw_i_c(i)
/* What op.h writes as R[n], K[n], G[n], U[n], P[n]; a register that gets a result; `size` registers from R[n] on. */
#define R(n)         r[BELOW(n, PROTO->reg_count)]
#define K(n)         k[BELOW(n, PROTO->constant_count)]
#define G(n)         frame->closure->proto->globals[BELOW(n, PROTO->global_count)]
#define U(n)         frame->closure->cells[BELOW(n, frame->closure->count)]
#define P(n)         frame->closure->proto->inner[BELOW(n, PROTO->inner_count)]
#define DEST(n)      ((uint8_t)BELOW(n, PROTO->reg_count))
#define ROW(n, size) AFTER((n) + (size) <= PROTO->reg_count, &r[n])
/* Registers and constants of the operands; the byte offset comes out of the instruction in two
 * steps. */
#if defined(KIWI_DEBUG_HEAP)
#define RA(i) R(A(i))
#define RB(i) R(B(i))
#define RC(i) R(C(i))
#define KB(i) K(B(i))
#define KC(i) K(C(i))
#else
#define AT(from, offset) (*(kw_value *)(void *)((char *)(from) + (offset)))
#define RA(i)            AT(r, (i) >> 4 & 0xff0)
#define RB(i)            AT(r, (i) >> 12 & 0xff0)
#define RC(i)            AT(r, (i) >> 20 & 0xff0)
#define KB(i)            (*(const kw_value *)(const void *)((const char *)k + ((i) >> 12 & 0xff0)))
#define KC(i)            (*(const kw_value *)(const void *)((const char *)k + ((i) >> 20 & 0xff0)))
#endif
#define NAME(w)  (K((w)&65535).as.string)
#define CACHE(w) (&frame->closure->proto->caches[BELOW((w) >> 16, PROTO->cache_count)])
/* Take or skip the jump that follows. */
#define TAKE()                                                                                                         \
    do {                                                                                                               \
        CHECKED(AT_JUMP(pc));                                                                                          \
        pc += 1 + kw_i_sj(*pc);                                                                                        \
        if (UNLIKELY(--vm->budget < 0))                                                                                \
            goto safepoint;                                                                                            \
        NEXT();                                                                                                        \
    } while (0)
#define JUMP_IF(condition)                                                                                             \
    do {                                                                                                               \
        if (condition)                                                                                                 \
            TAKE();                                                                                                    \
        CHECKED(AT_JUMP(pc));                                                                                          \
        pc++;                                                                                                          \
        NEXT();                                                                                                        \
    } while (0)
/* Go on after something that may have pushed a frame, thrown or parked. */
#define ENTERED(call)                                                                                                  \
    do {                                                                                                               \
        SAVE();                                                                                                        \
        entered = (call);                                                                                              \
        goto after_call;                                                                                               \
    } while (0)
#define CHECK(call)                                                                                                    \
    do {                                                                                                               \
        SAVE();                                                                                                        \
        if (UNLIKELY(!(call)))                                                                                         \
            goto throw_error;                                                                                          \
    } while (0)

/* Go back to the caller, which wants the result in its register `dest`, declared here. */
#define LEAVE_FRAME()                                                                                                  \
    unsigned dest = frame->dest;                                                                                       \
    CHECKED(fiber->frame_count > 1);                                                                                   \
    fiber->frame_count--;                                                                                              \
    frame--;                                                                                                           \
    pc = frame->pc;                                                                                                    \
    r = fiber->stack + frame->base;                                                                                    \
    k = frame->closure->proto->constants;                                                                              \
    CHECKED(FRAME_FITS() && dest < PROTO->reg_count)

/* The frame `f` was pushed by push_fast(): go on in it. */
#define ENTER_FRAME(f)                                                                                                 \
    do {                                                                                                               \
        frame = (f);                                                                                                   \
        pc = frame->closure->proto->code;                                                                              \
        r = fiber->stack + frame->base;                                                                                \
        k = frame->closure->proto->constants;                                                                          \
        CHECKED(FRAME_FITS());                                                                                         \
        if (UNLIKELY(--vm->budget < 0))                                                                                \
            goto safepoint;                                                                                            \
        NEXT();                                                                                                        \
    } while (0)

/* One test for two tags: KW_INT is 0, KW_FLOAT 1. */
#define BOTH_INT(a, b)   (((a).tag | (b).tag) == KW_INT)
#define BOTH_FLOAT(a, b) ((((a).tag ^ KW_FLOAT) | ((b).tag ^ KW_FLOAT)) == 0)
#define BOTH_NUM(a, b)   ((a).tag <= KW_FLOAT && (b).tag <= KW_FLOAT)

/* + - *: integers wrap around silently. */
#define ARITH(name, op, KB, right)                                                                                     \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        const kw_value *x = &RB(i), *y = (right);                                                                      \
        if (LIKELY(BOTH_INT(*x, *y))) {                                                                                \
            RA(i) = kw_int((int64_t)((uint64_t)x->as.i op(uint64_t) y->as.i));                                         \
            NEXT();                                                                                                    \
        }                                                                                                              \
        if (LIKELY(BOTH_FLOAT(*x, *y))) {                                                                              \
            RA(i) = kw_float(x->as.f op y->as.f);                                                                      \
            NEXT();                                                                                                    \
        }                                                                                                              \
        if (BOTH_NUM(*x, *y)) {                                                                                        \
            R(A(i)) = kw_float(kw_to_double(*x) op kw_to_double(*y));                                                  \
            NEXT();                                                                                                    \
        }                                                                                                              \
        ENTERED(kw_overload_arithmetic(vm, KB, *x, *y, DEST(A(i))));                                                   \
    }
#define DIVIDE(name, right)                                                                                            \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        const kw_value *x = &RB(i), *y = (right);                                                                      \
        if (LIKELY(BOTH_NUM(*x, *y))) {                                                                                \
            double d = kw_to_double(*y);                                                                               \
            if (LIKELY(d < 0 || d > 0)) {                                                                              \
                RA(i) = kw_float(kw_to_double(*x) / d);                                                                \
                NEXT();                                                                                                \
            }                                                                                                          \
        }                                                                                                              \
        ENTERED(kw_overload_arithmetic(vm, KW_OP_DIV, *x, *y, DEST(A(i))));                                            \
    }
#define MODULO(name, right)                                                                                            \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        const kw_value *x = &RB(i), *y = (right);                                                                      \
        if (LIKELY(BOTH_INT(*x, *y) && y->as.i > 0)) {                                                                 \
            RA(i) = kw_int(x->as.i % y->as.i);                                                                         \
            NEXT();                                                                                                    \
        }                                                                                                              \
        ENTERED(kw_overload_arithmetic(vm, KW_OP_MOD, *x, *y, DEST(A(i))));                                            \
    }
#define FLOOR_DIVIDE(name, right)                                                                                      \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        const kw_value *x = &RB(i), *y = (right);                                                                      \
        if (LIKELY(BOTH_INT(*x, *y) && y->as.i > 0 && x->as.i >= 0)) {                                                 \
            R(A(i)) = kw_int(x->as.i / y->as.i);                                                                       \
            NEXT();                                                                                                    \
        }                                                                                                              \
        ENTERED(kw_overload_arithmetic(vm, KW_OP_IDIV, *x, *y, DEST(A(i))));                                           \
    }
#define BINARY(name, op) OP(name) : ENTERED(kw_overload_arithmetic(vm, op, R(B(i)), R(C(i)), DEST(A(i))));
#define BITWISE(name, op, KB)                                                                                          \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        if (LIKELY(BOTH_INT(R(B(i)), R(C(i))))) {                                                                      \
            R(A(i)) = kw_int(R(B(i)).as.i op R(C(i)).as.i);                                                            \
            NEXT();                                                                                                    \
        }                                                                                                              \
        ENTERED(kw_overload_arithmetic(vm, KB, R(B(i)), R(C(i)), DEST(A(i))));                                         \
    }
#define COMPARE(name, op, ov)                                                                                          \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        kw_value x = R(B(i)), y = R(C(i));                                                                             \
        if (LIKELY(BOTH_INT(x, y))) {                                                                                  \
            R(A(i)) = kw_bool(x.as.i op y.as.i);                                                                       \
            NEXT();                                                                                                    \
        }                                                                                                              \
        ENTERED(kw_overload_compare_value(vm, ov, x, y, DEST(A(i))));                                                  \
    }
#define COMPARE_JUMP(name, op, ov, right)                                                                              \
    OP(name) :                                                                                                         \
    {                                                                                                                  \
        const kw_value *x = &RA(i), *y = (right);                                                                      \
        if (LIKELY(BOTH_INT(*x, *y)))                                                                                  \
            JUMP_IF((unsigned)(x->as.i op y->as.i) == C(i)); /* C is 0 or 1 */                                         \
        if (BOTH_FLOAT(*x, *y))                                                                                        \
            JUMP_IF((unsigned)(x->as.f op y->as.f) == C(i));                                                           \
        ENTERED(kw_overload_compare_jump(vm, ov, *x, *y, C(i) != 0));                                                  \
    }

/* The pragmas allow the labels as values, which -Wpedantic refuses. */
#if defined(__GNUC__) && !defined(KW_SWITCH_DISPATCH)
#define COMPUTED_GOTO 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#define OP(name) label_##name
#define NEXT()                                                                                                         \
    do {                                                                                                               \
        i = FETCH();                                                                                                   \
        CHECKED((i & 255) < OP_COUNT);                                                                                 \
        goto *labels[i & 255];                                                                                         \
    } while (0)
#else
#define OP(name) case OP_##name
#define NEXT()   goto dispatch
#endif

/* Compare floats for equality on purpose: that is what the script asked for. */
#pragma GCC diagnostic ignored "-Wfloat-equal"

kw_stop kw_loop_run(kw_vm *vm)
{
#ifdef COMPUTED_GOTO
    static const void *const labels[256] = {
#define KW_OP_LABEL(name, format, meaning) [OP_##name] = &&label_##name,
        KW_OPCODES(KW_OP_LABEL)
#undef KW_OP_LABEL
    };
#endif
    kw_fiber *fiber;
    kw_frame *frame;
    const kw_instr *pc;
    kw_value *r;
    const kw_value *k;
    kw_instr i;
    kw_entered entered = KW_ENTER_DONE;

    LOAD();
    if (fiber->woken) {
        fiber->woken = false;
        if (fiber->wake_type != NULL) {
            kw_throw_strings(vm, fiber->wake_type, fiber->wake_message);
            fiber->wake_type = NULL;
            goto throw_error;
        }
        if (fiber->wake_at != UINT32_MAX)
            fiber->stack[fiber->wake_at] = fiber->wake_value;
        fiber->wake_value = kw_null();
    }
    NEXT();

after_call:
    switch (entered) {
    case KW_ENTER_FRAME:
    case KW_ENTER_DONE: /* a compare-and-jump may have jumped back: a back-edge like others */
        LOAD();
        if (UNLIKELY(--vm->budget < 0))
            goto safepoint;
        NEXT();
    case KW_ENTER_PARKED: return KW_STOP_PARKED;
    case KW_ENTER_THROWN: goto throw_error;
    }

throw_error: /* vm->error is set and every frame's pc is saved */
    if (vm->exiting)
        return KW_STOP_EXIT;
    if (!kw_unwind(vm))
        return KW_STOP_ENDED;
    LOAD();
    NEXT();

safepoint:
    SAVE();
    if (kw_sched_safepoint(vm))
        return KW_STOP_SLICE;
    if (vm->error.type != NULL)
        goto throw_error;
    LOAD();
    NEXT();

#ifndef COMPUTED_GOTO
dispatch:
    i = FETCH();
    switch ((kw_opcode)(i & 255)) {
#endif

        OP(MOVE) : kw_copy(&RA(i), &RB(i));
        NEXT();
        OP(LOADK) : kw_copy(&RA(i), &K(kw_i_bx(i)));
        NEXT();
        OP(LOADKX) : CHECKED(IN_CODE(pc) && *pc < PROTO->constant_count);
        R(A(i)) = k[*pc++];
        NEXT();
        OP(LOADI) : RA(i) = kw_int(kw_i_sbx(i));
        NEXT();
        OP(LOADNULL) : for (unsigned n = 0; n <= B(i); n++) R(A(i) + n) = kw_null();
        NEXT();
        OP(LOADBOOL) : RA(i) = kw_bool(B(i) != 0);
        NEXT();

        OP(NEWCELL) : R(A(i)) = kw_of_obj(KW_CELL, kw_cell_new(vm, R(A(i))));
        NEXT();
        OP(GETCELL) : CHECKED(kw_is(RB(i), KW_CELL));
        kw_copy(&RA(i), &RB(i).as.cell->value);
        NEXT();
        OP(SETCELL) : CHECKED(kw_is(RA(i), KW_CELL));
        kw_copy(&RA(i).as.cell->value, &RB(i));
        NEXT();
        OP(GETUP) : kw_copy(&RA(i), &U(kw_i_bx(i))->value);
        NEXT();
        OP(SETUP) : kw_copy(&U(kw_i_bx(i))->value, &RA(i));
        NEXT();

        OP(GETGLOBAL) :
        {
            kw_global *g = G(kw_i_bx(i));
            if (LIKELY(g->means == KW_MEANS_FUNCTION))
                kw_copy(&RA(i), &g->function);
            else if (LIKELY(g->means == KW_MEANS_VARIABLE))
                kw_copy(&RA(i), &g->variable);
            else
                CHECK(kw_global_get(vm, frame, g, false, &R(A(i))));
            NEXT();
        }
        OP(SETGLOBAL) :
        {
            kw_global *g = G(kw_i_bx(i));
            if (LIKELY(g->means == KW_MEANS_VARIABLE))
                kw_copy(&g->variable, &RA(i));
            else
                CHECK(kw_global_set(vm, g, R(A(i))));
            NEXT();
        }
        OP(GETSIBLING) :
        {
            kw_global *g = G(kw_i_bx(i));
            if (LIKELY(g->means == KW_MEANS_FUNCTION))
                kw_copy(&RA(i), &g->function);
            else if (LIKELY(g->means == KW_MEANS_VARIABLE))
                kw_copy(&RA(i), &g->variable);
            else
                CHECK(kw_global_get(vm, frame, g, true, &R(A(i))));
            NEXT();
        }
        OP(TRYGLOBAL) :
        {
            kw_global *g = G(kw_i_bx(i));
            SAVE();
            kw_value v = kw_global_value(vm, g);
            if (UNLIKELY(vm->error.type != NULL))
                goto throw_error;
            if (kw_is(v, KW_UNDEF))
                NEXT();
            kw_copy(&RA(i), &v);
            while (kw_i_op(FETCH()) == OP_TRYGLOBAL)
                ;
            NEXT();
        }
        OP(DEFFUNC) : kw_global_define(vm, G(kw_i_bx(i)), KW_MEANS_FUNCTION, R(A(i)));
        NEXT();
        OP(DEFCONST) : kw_global_define(vm, G(kw_i_bx(i)), KW_MEANS_CONSTANT, R(A(i)));
        NEXT();
        OP(DEFDECL) : CHECK(kw_global_define_decl(vm, G(kw_i_bx(i)), &R(A(i))));
        NEXT();
        OP(DEFPACKAGE) : CHECK(kw_global_open_package(vm, G(kw_i_bx(i))));
        NEXT();
        OP(GETSTRUCT) :
        {
            kw_global *g = G(kw_i_bx(i));
            SAVE();
            (void)kw_global_value(vm, g);
            if (vm->error.type != NULL)
                goto throw_error;
            if (!(g->means & KW_MEANS_DECL) || (g->decl.as.klass->header.flags & KW_CLASS_ENUM)) {
                kw_throw(vm, "StructUndefinedError", "The struct has not been declared: '%s'", g->name->text);
                goto throw_error;
            }
            R(A(i)) = g->decl;
            NEXT();
        }

        OP(GETSELF) : R(A(i)) = kw_is(frame->self, KW_OBJECT) ? frame->self : kw_null();
        NEXT();
        OP(GETATTR) :
        {
            kw_instr w = FETCH();
            if (LIKELY(kw_is(frame->self, KW_OBJECT))) {
                kw_object *o = frame->self.as.object;
                kw_cache *cache = CACHE(w);
                if (LIKELY(cache->key == o->shape)) {
                    kw_copy(&RA(i), &o->slots[cache->slot]);
                    NEXT();
                }
                int64_t slot = kw_object_slot(o->shape, NAME(w));
                if (slot < 0) {
                    R(A(i)) = kw_null();
                    NEXT();
                }
                cache->key = o->shape;
                cache->slot = (uint32_t)slot;
                R(A(i)) = o->slots[slot];
            } else {
                R(A(i)) = kw_null();
            }
            NEXT();
        }
        OP(SETATTR) :
        {
            kw_instr w = FETCH();
            if (LIKELY(kw_is(frame->self, KW_OBJECT))) {
                kw_object *o = frame->self.as.object;
                kw_cache *cache = CACHE(w);
                if (LIKELY(cache->key == o->shape)) {
                    if (cache->next == NULL) { /* the attribute is there already */
                        kw_copy(&o->slots[cache->slot], &RA(i));
                        NEXT();
                    }
                    if (cache->slot < o->cap) { /* it is added, and there is room */
                        kw_copy(&o->slots[cache->slot], &RA(i));
                        o->shape = cache->next;
                        NEXT();
                    }
                }
                kw_shape *before = o->shape;
                kw_object_set(vm, o, NAME(w), R(A(i)));
                cache->key = before;
                cache->slot = (uint32_t)kw_object_slot(o->shape, NAME(w));
                cache->next = o->shape == before ? NULL : o->shape;
            }
            NEXT();
        }
        OP(GETSTATIC) :
        {
            kw_instr w = FETCH();
            kw_class *c = kw_is(frame->self, KW_OBJECT)   ? frame->self.as.object->klass
                          : kw_is(frame->self, KW_STRUCT) ? frame->self.as.klass
                                                          : NULL;
            kw_value *v = c != NULL ? kw_map_find_string(c->statics, NAME(w)) : NULL;
            R(A(i)) = v != NULL ? *v : kw_null();
            NEXT();
        }
        OP(SETSTATIC) :
        {
            kw_instr w = FETCH();
            kw_class *c = kw_is(frame->self, KW_OBJECT)   ? frame->self.as.object->klass
                          : kw_is(frame->self, KW_STRUCT) ? frame->self.as.klass
                                                          : NULL;
            if (c != NULL)
                CHECK(kw_map_set(vm, c->statics, kw_of_string(NAME(w)), R(A(i))));
            NEXT();
        }
        OP(GETSUPER) :
        {
            kw_instr w = FETCH();
            CHECK(kw_member_get_super(vm, frame, NAME(w), &R(A(i))));
            NEXT();
        }

        OP(GETFIELD) :
        {
            kw_instr w = FETCH();
            kw_value x = RB(i);
            if (LIKELY(kw_is(x, KW_OBJECT)) && CACHE(w)->key == x.as.object->shape) {
                kw_copy(&RA(i), &x.as.object->slots[CACHE(w)->slot]);
                NEXT();
            }
            CHECK(kw_member_get(vm, x, NAME(w), &R(A(i))));
            if (kw_is(x, KW_OBJECT)) {
                int64_t slot = kw_object_slot(x.as.object->shape, NAME(w));
                if (slot >= 0) {
                    CACHE(w)->key = x.as.object->shape;
                    CACHE(w)->slot = (uint32_t)slot;
                }
            }
            NEXT();
        }
        OP(GETDECORATOR) :
        {
            kw_instr w = FETCH();
            CHECK(kw_member_get_decorator(vm, R(B(i)), NAME(w), &R(A(i))));
            NEXT();
        }
        OP(SETFIELD) :
        {
            kw_instr w = FETCH();
            CHECK(kw_member_set(vm, R(A(i)), NAME(w), R(B(i))));
            NEXT();
        }
        OP(INDEX) :
        {
            const kw_value *x = &RB(i), *at = &RC(i);
            if (LIKELY(kw_is(*x, KW_LIST) && kw_is(*at, KW_INT) && (uint64_t)at->as.i < x->as.list->count)) {
                kw_copy(&RA(i), &x->as.list->items[at->as.i]);
                NEXT();
            }
            if (kw_is(*x, KW_MAP)) {
                kw_value *v = kw_map_find(x->as.map, *at);
                R(A(i)) = v != NULL ? *v : kw_null();
                NEXT();
            }
            CHECK(kw_index(vm, *x, *at, &R(A(i))));
            NEXT();
        }
        OP(UPDATEINDEX) : OP(SETINDEX) :
        {
            const kw_value *x = &RA(i), *at = &RB(i);
            if (LIKELY(kw_is(*x, KW_LIST) && kw_is(*at, KW_INT) && (uint64_t)at->as.i < x->as.list->count)) {
                kw_copy(&x->as.list->items[at->as.i], &RC(i));
                NEXT();
            }
            CHECK(kw_index_set(vm, *x, *at, R(C(i))));
            NEXT();
        }
        OP(SLICE) :
        {
            kw_value part[3];
            for (unsigned n = 0; n < 3; n++)
                part[n] = C(i) >> n & 1 ? R(B(i) + 1 + n) : kw_undef();
            CHECK(kw_index_slice(vm, R(B(i)), part, &R(A(i))));
            NEXT();
        }
        OP(SETSLICE) :
        {
            kw_value part[3];
            for (unsigned n = 0; n < 3; n++)
                part[n] = C(i) >> n & 1 ? R(A(i) + 1 + n) : kw_undef();
            CHECK(kw_index_set_slice(vm, R(A(i)), part, R(B(i))));
            NEXT();
        }

        OP(NEWLIST) :
        {
            kw_list *list;
            CHECK((list = kw_list_new(vm, C(i))) != NULL);
            if (C(i) > 0)
                memcpy(list->items, ROW(B(i), C(i)), C(i) * sizeof(kw_value));
            list->count = C(i);
            R(A(i)) = kw_of_list(list);
            NEXT();
        }
        OP(APPEND) : for (unsigned n = 0; n < C(i); n++) CHECK(kw_list_push(vm, R(A(i)).as.list, R(B(i) + n)));
        NEXT();
        OP(SPREAD) :
        {
            kw_value v = R(B(i));
            if (kw_is(v, KW_LIST)) {
                for (size_t n = 0; n < v.as.list->count; n++)
                    CHECK(kw_list_push(vm, R(A(i)).as.list, v.as.list->items[n]));
            } else {
                CHECK(kw_list_push(vm, R(A(i)).as.list, v));
            }
            NEXT();
        }
        OP(NEWMAP) : R(A(i)) = kw_of_map(kw_map_new(vm, kw_i_bx(i)));
        NEXT();
        OP(PUTMAP) : CHECK(kw_map_set(vm, R(A(i)).as.map, R(B(i)), R(C(i))));
        NEXT();
        OP(NEWRANGE) : CHECK(kw_index_range(vm, R(B(i)), R(C(i)), &R(A(i))));
        NEXT();
        OP(CONCAT) :
        {
            kw_string *joined;
            CHECK((joined = kw_display_joined(vm, ROW(B(i), C(i)), C(i))) != NULL);
            R(A(i)) = kw_of_string(joined);
            NEXT();
        }
        OP(CLOSURE) :
        {
            kw_proto *inner = P(kw_i_bx(i));
            R(A(i)) = kw_of_obj(KW_LAMBDA, make_closure(vm, frame, r, inner));
            NEXT();
        }
        OP(UNPACK) :
        {
            kw_value from = R(B(i));
            const kw_list *list = kw_is(from, KW_LIST) ? from.as.list : NULL;
            for (unsigned n = 0; n < C(i); n++)
                R(A(i) + n) = list == NULL ? (n == 0 ? from : kw_null()) : n < list->count ? list->items[n] : kw_null();
            NEXT();
        }
        OP(BYTELIT) :
        {
            const kw_bytes *from = K(kw_i_bx(i)).as.bytes;
            kw_bytes *b;
            CHECK((b = kw_bytes_new(vm, from->data, from->size)) != NULL);
            R(A(i)) = kw_of_bytes(b);
            NEXT();
        }

        ARITH(ADD, +, KW_OP_ADD, &RC(i))
        ARITH(SUB, -, KW_OP_SUB, &RC(i))
        ARITH(MUL, *, KW_OP_MUL, &RC(i))
        DIVIDE(DIV, &RC(i))
        FLOOR_DIVIDE(IDIV, &RC(i))
        MODULO(MOD, &RC(i))
        BINARY(POW, KW_OP_POW)
        ARITH(ADDK, +, KW_OP_ADD, &KC(i))
        ARITH(SUBK, -, KW_OP_SUB, &KC(i))
        ARITH(MULK, *, KW_OP_MUL, &KC(i))
        DIVIDE(DIVK, &KC(i))
        FLOOR_DIVIDE(IDIVK, &KC(i))
        MODULO(MODK, &KC(i))
        BITWISE(BAND, &, KW_OP_BAND)
        BITWISE(BOR, |, KW_OP_BOR)
        BITWISE(BXOR, ^, KW_OP_BXOR)
        BINARY(SHL, KW_OP_SHL)
        BINARY(SHR, KW_OP_SHR)
        BINARY(USHR, KW_OP_USHR)
        BINARY(IN, KW_OP_IN)
        OP(NEG) : CHECK(kw_arith_negate(vm, R(B(i)), &R(A(i))));
        NEXT();
        OP(NOT) :
        {
            kw_value v = R(B(i));
            /* `!` of these is false, although they are not truthy */
            bool odd = kw_is(v, KW_STRUCT) || kw_is(v, KW_PACKAGE) || kw_is(v, KW_GENERATOR) || kw_is(v, KW_POINTER);
            R(A(i)) = kw_bool(!odd && !kw_truth_of(v));
            NEXT();
        }
        OP(BNOT) : CHECK(kw_arith_bit_not(vm, R(B(i)), &R(A(i))));
        NEXT();

        COMPARE(EQ, ==, KW_OV_EQ)
        COMPARE(NE, !=, KW_OV_NE)
        COMPARE(LT, <, KW_OV_LT)
        COMPARE(LE, <=, KW_OV_LE)
        COMPARE(GT, >, KW_OV_GT)
        COMPARE(GE, >=, KW_OV_GE)

        OP(JMP) : pc += kw_i_sj(i);
        NEXT();
        OP(LOOP) : pc += kw_i_sj(i);
        if (UNLIKELY(--vm->budget < 0))
            goto safepoint;
        NEXT();
        OP(TEST) :
        {
            const kw_value *v = &RA(i);
            if (LIKELY(kw_is(*v, KW_BOOL)))
                JUMP_IF((unsigned)(v->as.i != 0) == C(i));
            JUMP_IF(kw_truth_of(*v) == (C(i) != 0));
        }
        OP(TESTNULL) : JUMP_IF(kw_is(R(A(i)), KW_NULL) == (C(i) != 0));
        OP(TESTSTR) : JUMP_IF(kw_is(R(A(i)), KW_STRING) == (C(i) != 0));
        COMPARE_JUMP(JEQ, ==, KW_OV_EQ, &RB(i))
        COMPARE_JUMP(JNE, !=, KW_OV_NE, &RB(i))
        COMPARE_JUMP(JLT, <, KW_OV_LT, &RB(i))
        COMPARE_JUMP(JLE, <=, KW_OV_LE, &RB(i))
        COMPARE_JUMP(JGT, >, KW_OV_GT, &RB(i))
        COMPARE_JUMP(JGE, >=, KW_OV_GE, &RB(i))
        COMPARE_JUMP(JEQK, ==, KW_OV_EQ, &KB(i))
        COMPARE_JUMP(JNEK, !=, KW_OV_NE, &KB(i))
        COMPARE_JUMP(JLTK, <, KW_OV_LT, &KB(i))
        COMPARE_JUMP(JLEK, <=, KW_OV_LE, &KB(i))
        COMPARE_JUMP(JGTK, >, KW_OV_GT, &KB(i))
        COMPARE_JUMP(JGEK, >=, KW_OV_GE, &KB(i))

        OP(FORINIT) : R(A(i) + 1) = kw_int(0);
        if (UNLIKELY(kw_is(R(A(i)), KW_OBJECT)))
            CHECK(kw_generator_of_object(vm, &R(A(i))));
        if (kw_is(R(A(i)), KW_MAP)) {
            SAVE();
            R(A(i) + 4) = kw_iterate_keys(vm, R(A(i)).as.map);
            if (kw_is(R(A(i) + 4), KW_UNDEF)) {
                R(A(i) + 4) = kw_null();
                goto throw_error;
            }
        }
        NEXT();
        OP(FORNEXT) : if (UNLIKELY(kw_is(R(A(i)), KW_GENERATOR)))
        {
            SAVE();
            int resumed = kw_generator_resume(vm, R(A(i)).as.generator);
            if (resumed < 0)
                goto throw_error;
            if (resumed > 0) {
                LOAD();
                NEXT(); /* where it yielded last, or at its start */
            }
            pc++;
            NEXT();
        }
        JUMP_IF(next_element(vm, ROW(A(i), 5), C(i) != 0));
        OP(RANGEINIT) : CHECK(kw_iterate_range(vm, ROW(A(i), 3)));
        NEXT();
        OP(RANGENEXT) :
        {
            kw_value *loop = ROW(A(i), 4);
            if (loop[1].as.i != 0) {
                loop[3] = kw_int(loop[0].as.i);
                loop[0].as.i = (int64_t)((uint64_t)loop[0].as.i + (uint64_t)loop[2].as.i);
                loop[1].as.i--;
                TAKE();
            }
            pc++;
            NEXT();
        }
        OP(REPINIT) : if (!kw_is_number(R(A(i))))
        {
            SAVE();
            kw_throw(vm, "ConversionError", "Expected a numeric value for the count of 'repeat'.");
            goto throw_error;
        }
        R(A(i) + 1) = kw_int(0);
        NEXT();
        OP(REPNEXT) :
        {
            kw_value *loop = ROW(A(i), 2);
            bool more = kw_is(loop[0], KW_INT) ? loop[1].as.i < loop[0].as.i
                                               : (double)(loop[1].as.i + 1) <= loop[0].as.f;
            if (more) {
                loop[1].as.i++;
                TAKE();
            }
            pc++;
            NEXT();
        }

        OP(CALL) :
        {
            CHECKED(A(i) + B(i) < PROTO->reg_count);
            SAVE();
            if (LIKELY(kw_is(RA(i), KW_LAMBDA) && RA(i).as.obj->kind == KW_KIND_CLOSURE)) {
                kw_frame *top =
                    push_fast(fiber, (kw_closure *)RA(i).as.obj, frame->base + A(i) + 1, B(i), DEST(C(i)), NULL, NULL);
                if (LIKELY(top != NULL))
                    ENTER_FRAME(top);
            } else if (kw_is(RA(i), KW_LAMBDA) && RA(i).as.obj->kind == KW_KIND_NATIVE) {
                static const kw_value none = {.tag = KW_UNDEF};
                entered = kw_call_enter_native(vm, (kw_native *)RA(i).as.obj, &none, frame->base + A(i) + 1, B(i),
                                               DEST(C(i)));
                goto after_call;
            }
            kw_value f = RA(i);
            kw_target how = {.self = kw_undef(), .dest = DEST(C(i)), .ret = KW_RET_REG};
            entered = kw_call_enter(vm, f, frame->base + A(i) + 1, B(i), how);
            goto after_call;
        }
        OP(CALLS) :
        {
            SAVE();
            kw_list *args = R(A(i) + 1).as.list;
            kw_value f = R(A(i));
            uint32_t at = frame->base + A(i) + 1;
            if (!kw_call_spread_args(vm, at, args))
                goto throw_error;
            kw_target how = {.self = kw_undef(), .dest = DEST(C(i)), .ret = KW_RET_REG};
            entered = kw_call_enter(vm, f, at, (uint32_t)args->count, how);
            goto after_call;
        }
        OP(CALLN) :
        {
            kw_instr w = FETCH();
            CHECKED(A(i) + B(i) < PROTO->reg_count);
            SAVE();
            uint32_t argc = B(i);
            kw_value f = R(A(i));
            uint32_t at = frame->base + A(i) + 1;
            if (!kw_call_name_args(vm, f, at, 0, K(w).as.list, &argc))
                goto throw_error;
            kw_target how = {.self = kw_undef(), .dest = DEST(C(i)), .ret = KW_RET_REG};
            entered = kw_call_enter(vm, f, at, argc, how);
            goto after_call;
        }
        OP(INVOKE) :
        {
            kw_instr w = FETCH();
            CHECKED(A(i) + B(i) < PROTO->reg_count);
            SAVE();
            const kw_value *self = &RA(i);
            kw_cache *cache = CACHE(w);
            if (LIKELY(kw_is(*self, KW_OBJECT) && cache->key == self->as.object->klass &&
                       cache->epoch == vm->method_epoch && cache->slot == 0 &&
                       cache->value.as.obj->kind == KW_KIND_CLOSURE)) {
                kw_frame *top = push_fast(fiber, (kw_closure *)cache->value.as.obj, frame->base + A(i) + 1, B(i),
                                          DEST(C(i)), self, cache->home);
                if (LIKELY(top != NULL))
                    ENTER_FRAME(top);
            } else if (cache->key == &kw_type_keys[self->tag] && cache->epoch == vm->method_epoch) {
                if (cache->fast != KW_FAST_NONE && do_method(cache->fast, self, B(i), &RC(i)))
                    NEXT();
                if (cache->slot == 0 && cache->value.as.obj->kind == KW_KIND_NATIVE) {
                    entered = kw_call_enter_native(vm, (kw_native *)cache->value.as.obj, self, frame->base + A(i) + 1,
                                                   B(i), DEST(C(i)));
                    goto after_call;
                }
            }
            entered = kw_call_enter_method(vm, frame->base + A(i), B(i), NAME(w), cache, DEST(C(i)));
            goto after_call;
        }
        OP(INVOKES) :
        {
            kw_instr w = FETCH();
            SAVE();
            kw_list *args = R(A(i) + 1).as.list;
            if (!kw_call_spread_args(vm, frame->base + A(i) + 1, args))
                goto throw_error;
            entered =
                kw_call_enter_method(vm, frame->base + A(i), (uint32_t)args->count, NAME(w), CACHE(w), DEST(C(i)));
            goto after_call;
        }
        OP(INVOKEN) :
        {
            kw_instr w = FETCH();
            kw_instr names = FETCH();
            CHECKED(A(i) + B(i) < PROTO->reg_count);
            SAVE();
            kw_found found;
            if (!kw_call_find_method(vm, R(A(i)), NAME(w), &found))
                goto throw_error;
            uint32_t fixed = found.self_first ? 1 : 0; /* the receiver lies before the arguments */
            uint32_t argc = B(i) + fixed;
            uint32_t at = frame->base + A(i) + 1 - fixed;
            if (!kw_call_name_args(vm, found.callable, at, fixed, K(names).as.list, &argc))
                goto throw_error;
            kw_target how = {.self = found.self_first ? kw_undef() : found.self,
                             .home = found.home,
                             .dest = DEST(C(i)),
                             .ret = KW_RET_REG};
            entered = kw_call_enter(vm, found.callable, at, argc, how);
            goto after_call;
        }
        OP(RETURN) :
        {
            const kw_value *v = &RA(i);
            if (LIKELY(frame->ret == KW_RET_REG)) {
                LEAVE_FRAME();
                kw_copy(&r[dest], v);
                NEXT();
            }
            entered = kw_generator_leave(vm, *v);
            goto after_leave;
        }
        OP(RETNULL) :
        {
            if (LIKELY(frame->ret == KW_RET_REG)) {
                LEAVE_FRAME();
                r[dest] = kw_null();
                NEXT();
            }
            entered = kw_generator_leave(vm, kw_null());
            goto after_leave;
        }
        OP(YIELD) : SAVE();
        kw_generator_yield(vm, R(A(i)));
        LOAD();
        NEXT();

        OP(THROW) : SAVE();
        (void)kw_throw_any(vm, R(A(i)));
        kw_unwind_note_trace(vm, fiber);
        goto throw_error;
        OP(RETHROW) : SAVE();
        CHECKED(A(i) + 3 <= PROTO->reg_count);
        kw_unwind_rethrow(vm, &RA(i));
        goto throw_error;
        OP(CATCHMAP) :
        {
            kw_map *map = kw_map_new(vm, 2);
            CHECK(kw_map_set_c(vm, map, "error", R(B(i))) && kw_map_set_c(vm, map, "message", R(B(i) + 1)));
            R(A(i)) = kw_of_map(map);
            NEXT();
        }

        OP(NEWCLASS) :
        {
            kw_instr w = FETCH();
            kw_class *c = kw_class_new(vm, NAME(w));
            if (C(i) & 1)
                c->base = R(B(i)).as.klass;
            c->header.flags = (uint8_t)((C(i) & 2 ? KW_CLASS_ABSTRACT : 0) | (C(i) & 4 ? KW_CLASS_ENUM : 0) |
                                        (vm->loading > 0 ? KW_CLASS_LIBRARY : 0));
            R(A(i)) = kw_of_class(c);
            NEXT();
        }
        OP(ADDMETHOD) :
        {
            kw_instr w = FETCH();
            kw_class_add(vm, R(A(i)).as.klass, NAME(w), R(B(i)), (C(i) & 1) != 0, (C(i) & 2) != 0);
            NEXT();
        }

        OP(PRINT) : CHECK(kw_print(vm, R(A(i)), B(i)));
        NEXT();
        OP(PRINTXY) : CHECK(kw_print_at(vm, ROW(A(i), 3)));
        NEXT();
        OP(IMPORT) : ENTERED(kw_import(vm, C(i), R(B(i)), DEST(A(i))));
        OP(EVAL) : ENTERED(kw_import_eval(vm, R(B(i)), DEST(A(i))));
        OP(EVENT) : CHECKED(B(i) + (C(i) < 2 ? 3u : 2u) <= PROTO->reg_count);
        ENTERED(kw_event(vm, C(i), frame->base + B(i), DEST(A(i)), frame->base + frame->closure->proto->reg_count));
        OP(EXIT) : SAVE();
        vm->exit_code = B(i) && kw_is(R(A(i)), KW_INT) ? (int)((uint64_t)R(A(i)).as.i & 255) : 1;
        vm->exiting = true;
        return KW_STOP_EXIT;

#ifndef COMPUTED_GOTO
    case OP_COUNT: break;
    }
#endif

after_leave:
    if (entered == KW_ENTER_PARKED)
        return KW_STOP_ENDED;
    LOAD();
    NEXT();
}
#ifdef COMPUTED_GOTO
#pragma GCC diagnostic pop
#endif
