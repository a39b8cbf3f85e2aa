/* op.h - the instructions of the register machine.
 *
 * An instruction is one 32-bit word:   | C:8 | B:8 | A:8 | op:8 |   formats
 *   ABC   three 8-bit operands;  ABx  B and C together: unsigned 16 bits;  AsBx  the same, signed
 *   sJ    A, B and C together: signed 24-bit jump, counted from the following instruction
 * "+W" says that one more word follows:   | cache:16 | name:16 |   name: index of a string constant,
 * cache: number of an inline cache of the function (made with kw_chunk_cache()).
 * R[x] register, K[x] constant, G[x] global record, U[x] captured cell, P[x] inner function.
 * "then J": the next instruction is a JMP; it is taken or skipped as said.
 * Calls: the callee lies in R[A], its arguments in R[A+1..A+B]; the result goes to R[C].  Registers from
 * R[A] up are the callee's afterwards: nothing live may lie above the arguments, and R[A..A+B] are dead
 * after the call (C itself may be any register below, or A).
 * Any instruction that says "may call" can run script code (an overloaded operator) in a new frame. */
#ifndef KW_OP_H
#define KW_OP_H

#include <stdint.h>

/* X(name, format, meaning) */
#define KW_OPCODES(X)                                                                                                               \
    /* moves */                                                                                                                     \
    X(MOVE, AB, "R[A] = R[B]")                                                                                                      \
    X(LOADK, ABx, "R[A] = K[Bx]")                                                                                                   \
    X(LOADKX, AW, "R[A] = K[next word]")                                                                                            \
    X(LOADI, AsBx, "R[A] = integer sBx")                                                                                            \
    X(LOADNULL, AB, "R[A..A+B] = null")                                                                                             \
    X(LOADBOOL, AB, "R[A] = B ? true : false")                                                                                      \
    X(NEWCELL, A, "R[A] = new cell holding R[A]; for captured parameters and locals at entry")                                      \
    X(GETCELL, AB, "R[A] = value of the cell in R[B]")                                                                              \
    X(SETCELL, AB, "value of the cell in R[A] = R[B]")                                                                              \
    X(GETUP, ABx, "R[A] = value of U[Bx]")                                                                                          \
    X(SETUP, ABx, "value of U[Bx] = R[A]")                                                                                          \
    X(GETGLOBAL, ABx, "R[A] = value of G[Bx] (VariableUndefinedError); may be a bound method")                                      \
    X(SETGLOBAL, ABx, "variable of G[Bx] = R[A]; refuses constants")                                                                \
    X(GETSIBLING, ABx, "inside a package: value of G[Bx], else of its plain name")                                                  \
    X(TRYGLOBAL, ABx,                                                                                                               \
      "R[A] = value of G[Bx] and skip the look-ups that follow, up to "                                                             \
      "GETGLOBAL or GETSIBLING; else go on with the next of them")                                                                  \
    X(DEFFUNC, ABx, "function of G[Bx] = R[A]")                                                                                     \
    X(DEFCONST, ABx, "constant of G[Bx] = R[A]")                                                                                    \
    X(DEFDECL, ABx,                                                                                                                 \
      "struct or enum of G[Bx] = R[A]; a struct is checked for abstract methods and replaces "                                      \
      "the former of that name in place")                                                                                           \
    X(DEFPACKAGE, ABx, "package of G[Bx] exists from here on")                                                                      \
    X(GETSTRUCT, ABx, "R[A] = struct G[Bx] (StructUndefinedError)")                                                                 \
    /* the current object */                                                                                                        \
    X(GETSELF, A, "R[A] = @, null outside methods")                                                                                 \
    X(GETATTR, AW, "R[A] = @name +W")                                                                                               \
    X(SETATTR, AW, "@name = R[A] +W")                                                                                               \
    X(GETSTATIC, AW, "R[A] = @@name +W")                                                                                            \
    X(SETSTATIC, AW, "@@name = R[A] +W")                                                                                            \
    X(GETSUPER, AW, "R[A] = method name of the base of the running method's struct, bound to @ +W")                                 \
    /* members, indexes */                                                                                                          \
    X(GETFIELD, ABW, "R[A] = R[B].name +W")                                                                                         \
    X(GETDECORATOR, ABW, "R[A] = R[B].name, without such an attribute the method, bound +W")                                        \
    X(SETFIELD, ABW, "R[A].name = R[B] +W")                                                                                         \
    X(INDEX, ABC, "R[A] = R[B][R[C]]")                                                                                              \
    X(SETINDEX, ABC, "R[A][R[B]] = R[C]")                                                                                           \
    X(UPDATEINDEX, ABC, "the same, after the operator of x[i] op= v: that one calls no overload")                                   \
    X(SLICE, ABC, "R[A] = R[B][R[B+1]:R[B+2]:R[B+3]]; bits 0-2 of C: part given")                                                   \
    X(SETSLICE, ABC, "R[A][R[A+1]:R[A+2]:R[A+3]] = R[B]; bits 0-2 of C: part given")                                                \
    /* making values */                                                                                                             \
    X(NEWLIST, ABC, "R[A] = list of R[B..B+C-1]")                                                                                   \
    X(APPEND, ABC, "append R[B..B+C-1] to the list R[A]")                                                                           \
    X(SPREAD, AB, "append the elements of R[B] (or R[B] itself if it is no list) to the list R[A]")                                 \
    X(NEWMAP, ABx, "R[A] = hashmap with room for Bx entries")                                                                       \
    X(PUTMAP, ABC, "key R[B] of the hashmap R[A] = R[C], in a literal")                                                             \
    X(NEWRANGE, ABC, "R[A] = list of the integers R[B] to R[C] (RangeError)")                                                       \
    X(CONCAT, ABC, "R[A] = display forms of R[B..B+C-1] joined")                                                                    \
    X(CLOSURE, ABx, "R[A] = closure of P[Bx]; captures as the function's table says")                                               \
    X(UNPACK, ABC, "R[A..A+C-1] = the elements of R[B], null where there are none; of no list: R[B] first")                         \
    X(BYTELIT, ABx, "R[A] = new bytes with the content of the bytes constant K[Bx]")                                                \
    /* arithmetic; all may call */                                                                                                  \
    X(ADD, ABC, "R[A] = R[B] + R[C]")                                                                                               \
    X(SUB, ABC, "R[A] = R[B] - R[C]")                                                                                               \
    X(MUL, ABC, "R[A] = R[B] * R[C]")                                                                                               \
    X(DIV, ABC, "R[A] = R[B] / R[C]")                                                                                               \
    X(IDIV, ABC, "R[A] = R[B] // R[C]")                                                                                             \
    X(MOD, ABC, "R[A] = R[B] % R[C]")                                                                                               \
    X(POW, ABC, "R[A] = R[B] ** R[C]")                                                                                              \
    X(ADDK, ABC, "R[A] = R[B] + K[C]")                                                                                              \
    X(SUBK, ABC, "R[A] = R[B] - K[C]")                                                                                              \
    X(MULK, ABC, "R[A] = R[B] * K[C]")                                                                                              \
    X(DIVK, ABC, "R[A] = R[B] / K[C]")                                                                                              \
    X(IDIVK, ABC, "R[A] = R[B] // K[C]")                                                                                            \
    X(MODK, ABC, "R[A] = R[B] % K[C]")                                                                                              \
    X(BAND, ABC, "R[A] = R[B] & R[C]")                                                                                              \
    X(BOR, ABC, "R[A] = R[B] | R[C]")                                                                                               \
    X(BXOR, ABC, "R[A] = R[B] ^ R[C]")                                                                                              \
    X(SHL, ABC, "R[A] = R[B] << R[C]")                                                                                              \
    X(SHR, ABC, "R[A] = R[B] >> R[C]")                                                                                              \
    X(USHR, ABC, "R[A] = R[B] >>> R[C]")                                                                                            \
    X(IN, ABC, "R[A] = R[B] in R[C]")                                                                                               \
    X(NEG, AB, "R[A] = -R[B]")                                                                                                      \
    X(NOT, AB, "R[A] = !R[B]")                                                                                                      \
    X(BNOT, AB, "R[A] = ~R[B]")                                                                                                     \
    /* comparisons as values; may call */                                                                                           \
    X(EQ, ABC, "R[A] = R[B] == R[C]")                                                                                               \
    X(NE, ABC, "R[A] = R[B] != R[C]")                                                                                               \
    X(LT, ABC, "R[A] = R[B] < R[C]")                                                                                                \
    X(LE, ABC, "R[A] = R[B] <= R[C]")                                                                                               \
    X(GT, ABC, "R[A] = R[B] > R[C]")                                                                                                \
    X(GE, ABC, "R[A] = R[B] >= R[C]")                                                                                               \
    /* jumps */                                                                                                                     \
    X(JMP, sJ, "pc += sJ")                                                                                                          \
    X(LOOP, sJ, "pc += sJ, a back-edge: safepoint")                                                                                 \
    X(TEST, AC, "then J: taken if R[A] is truthy == C")                                                                             \
    X(TESTNULL, AC, "then J: taken if (R[A] is null) == C")                                                                         \
    X(TESTSTR, AC, "then J: taken if (R[A] is a string) == C")                                                                      \
    X(JEQ, ABC, "then J: taken if (R[A] == R[B]) == C; may call, like all of these")                                                \
    X(JNE, ABC, "then J: taken if (R[A] != R[B]) == C")                                                                             \
    X(JLT, ABC, "then J: taken if (R[A] < R[B]) == C")                                                                              \
    X(JLE, ABC, "then J: taken if (R[A] <= R[B]) == C")                                                                             \
    X(JGT, ABC, "then J: taken if (R[A] > R[B]) == C")                                                                              \
    X(JGE, ABC, "then J: taken if (R[A] >= R[B]) == C")                                                                             \
    X(JEQK, ABC, "then J: taken if (R[A] == K[B]) == C")                                                                            \
    X(JNEK, ABC, "then J: taken if (R[A] != K[B]) == C")                                                                            \
    X(JLTK, ABC, "then J: taken if (R[A] < K[B]) == C")                                                                             \
    X(JLEK, ABC, "then J: taken if (R[A] <= K[B]) == C")                                                                            \
    X(JGTK, ABC, "then J: taken if (R[A] > K[B]) == C")                                                                             \
    X(JGEK, ABC, "then J: taken if (R[A] >= K[B]) == C")                                                                            \
    /* loops */                                                                                                                     \
    X(FORINIT, A, "R[A] = what to iterate over (hashmap: list of its keys in R[A+4]); R[A+1] = position 0")                         \
    X(FORNEXT, AC,                                                                                                                  \
      "then J: taken if there is a next element: R[A+2] = it, and if C R[A+3] = its position "                                      \
      "(hashmap: value); else skipped.  May run a generator.  R[A..A+4] belong to the loop")                                        \
    X(RANGEINIT, A, "loop over the integers R[A] to R[A+1] (RangeError): prepares R[A..A+2]")                                       \
    X(RANGENEXT, A, "then J: taken if there is a next integer: R[A+3] = it; else skipped")                                          \
    X(REPINIT, A, "check that the count R[A] is a number (ConversionError); R[A+1] = 0")                                            \
    X(REPNEXT, A, "then J: taken if R[A+1] + 1 <= R[A], after R[A+1] += 1; else skipped")                                           \
    /* calls; see above */                                                                                                          \
    X(CALL, ABC, "R[C] = R[A](R[A+1..A+B])")                                                                                        \
    X(CALLS, AC, "R[C] = R[A](elements of the list R[A+1]): splat")                                                                 \
    X(CALLN, ABCW,                                                                                                                  \
      "R[C] = R[A](R[A+1..A+B]) with names; next word: constant, a list as long as the arguments: "                                 \
      "name, or null for a positional one")                                                                                         \
    X(INVOKE, ABCW, "R[C] = R[A].name(R[A+1..A+B]) +W")                                                                             \
    X(INVOKES, ACW, "R[C] = R[A].name(elements of the list R[A+1]) +W")                                                             \
    X(INVOKEN, ABCW2, "like INVOKE with names; +W, then a word: constant as in CALLN")                                              \
    X(RETURN, A, "return R[A]")                                                                                                     \
    X(RETNULL, N, "return null")                                                                                                    \
    X(YIELD, A, "hand out R[A] to the consumer of this generator")                                                                  \
    /* errors; a handler is an entry of the function's table */                                                                     \
    X(THROW, A, "throw the value R[A]")                                                                                             \
    X(RETHROW, A,                                                                                                                   \
      "raise the error whose type is R[A], message R[A+1], origin R[A+2] (null: here); R[A] an integer: of that row, about R[A+1]") \
    X(CATCHMAP, AB, "R[A] = {\"error\": R[B], \"message\": R[B+1]}")                                                                \
    /* structs, enums */                                                                                                            \
    X(NEWCLASS, ABCW, "R[A] = new struct name +W, base R[B] if bit 0 of C, abstract if bit 1, enum if bit 2")                       \
    X(ADDMETHOD, ABCW, "method name +W of the struct R[A] = closure R[B]; C: bit 0 static, bit 1 abstract")                         \
    /* the rest */                                                                                                                  \
    X(PRINT, AB, "print R[A]; B: bit 0 with line feed, bit 1 to standard error")                                                    \
    X(PRINTXY, A, "move the cursor to column R[A+1], row R[A+2], print R[A]")                                                       \
    X(IMPORT, ABC, "R[A] = import (C 0), include (1), export (2) or require (3) of R[B]; may run a file")                           \
    X(EVAL, AB, "R[A] = eval R[B]; runs the text in a new frame")                                                                   \
    X(EVENT, ABC,                                                                                                                   \
      "events: C 0 on, 1 once (R[B] name, R[B+1] priority, R[B+2] handler), 2 off (R[B], R[B+1] "                                   \
      "handler or null), 3 emit (R[B] name, R[B+1] list of arguments): R[A] = result list")                                         \
    X(EXIT, AB, "end the program with exit code R[A] (B 0: without a value)")

typedef enum kw_opcode {
#define KW_OP_ENUM(name, format, meaning) OP_##name,
    KW_OPCODES(KW_OP_ENUM)
#undef KW_OP_ENUM
        OP_COUNT
} kw_opcode;

typedef uint32_t kw_instr;

static inline kw_instr kw_abc(kw_opcode op, unsigned a, unsigned b, unsigned c)
{
    return (kw_instr)op | (kw_instr)(a & 255) << 8 | (kw_instr)(b & 255) << 16 | (kw_instr)(c & 255) << 24;
}
static inline kw_instr kw_abx(kw_opcode op, unsigned a, unsigned bx)
{
    return (kw_instr)op | (kw_instr)(a & 255) << 8 | (kw_instr)(bx & 65535) << 16;
}
static inline kw_instr kw_sj(kw_opcode op, int32_t jump)
{
    return (kw_instr)op | (kw_instr)(uint32_t)jump << 8;
}
static inline kw_opcode kw_i_op(kw_instr i)
{
    return (kw_opcode)(i & 255);
}
static inline unsigned kw_i_a(kw_instr i)
{
    return i >> 8 & 255;
}
static inline unsigned kw_i_b(kw_instr i)
{
    return i >> 16 & 255;
}
static inline unsigned kw_i_c(kw_instr i)
{
    return i >> 24;
}
static inline unsigned kw_i_bx(kw_instr i)
{
    return i >> 16;
}
static inline int kw_i_sbx(kw_instr i)
{
    return (int16_t)(i >> 16);
}
static inline int32_t kw_i_sj(kw_instr i)
{
    return (int32_t)i >> 8;
}

#endif
