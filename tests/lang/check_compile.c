/* check_compile.c - what code means: values of small programs on a bare vm, the shape of loops, and the
 * texts that are refused. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lang/ast.h"
#include "lang/generate.h"
#include "support/suite.h"
#include "vm/chunk.h"
#include "vm/vm.h"

static kw_vm *make_vm(void)
{
    kw_vm *vm = kw_vm_create();
    ck_assert_ptr_nonnull(vm);
    vm->hooks.compile = kw_generate_text;
    return vm;
}

static kw_proto *compile(kw_vm *vm, const char *text)
{
    return kw_generate_text(vm, kw_intern_c(vm, "<test>"), text, strlen(text), KW_TEXT_EVAL);
}

/* The value of the last statement of `text`, or "Type: message" of the error, is displayed as `want`. */
static void gives(const char *text, const char *want)
{
    kw_vm *vm = make_vm();
    kw_proto *p = compile(vm, text);
    if (p == NULL)
        ck_abort_msg("%s: %s", text, vm->error.message->text);
    kw_fiber *fiber = kw_fiber_new(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)), NULL, 0);
    ck_assert_ptr_nonnull(fiber);
    (void)kw_sched_run(vm, fiber);
    kw_string *type = NULL, *message = NULL;
    kw_value v = kw_fiber_outcome(fiber, &type, &message);
    kw_string *got = kw_is(v, KW_UNDEF) ? kw_string_format(vm, "%s: %s", type->text, message->text)
                                        : kw_display_text(vm, v);
    ck_assert_msg(strcmp(got->text, want) == 0, "%s\n gives %s\n   not %s", text, got->text, want);
    kw_vm_destroy(vm);
}

static void refuses(const char *text, const char *type, const char *message, unsigned line)
{
    kw_vm *vm = make_vm();
    ck_assert_ptr_null(compile(vm, text));
    ck_assert_str_eq(vm->error.type->text, type);
    ck_assert_str_eq(vm->error.message->text, message);
    ck_assert_uint_eq(vm->error.line, line);
    kw_vm_destroy(vm);
}

/* How often an instruction stands in the code; none of these texts has one with a further word. */
static unsigned count(const kw_proto *p, kw_opcode op)
{
    unsigned found = 0;
    for (uint32_t i = 0; i < p->code_count; i++)
        found += kw_i_op(p->code[i]) == op;
    return found;
}

/* ---- Values ------------------------------------------------------------------------------------------- */

START_TEST(operands_are_read_before_a_later_assignment_changes_them)
{
    gives("fn f(a) a + (a = 2) end f(1)", "3");
    gives("fn f(a) [a, (a = 2), a] end f(1)", "[1, 2, 2]");
    gives("fn f(a) return a + case 1 when 1 a, b = 5, 6 a end end f(1)", "6");
    gives("fn f(a) return a + case 1 when 1 for a in [7..8] do end a end end f(1)", "9");
    gives("fn f(a) a < (a = 2) ? \"less\" : \"more\" end f(1)", "less");
    gives("fn f(a) a += (a = 10) a end f(1)", "11");
    gives("fn f(i) l = [0, 0] l[i] = (i = 5) l end f(1)", "[0, 5]");
}
END_TEST

START_TEST(a_local_keeps_its_value_until_its_new_one_is_complete)
{
    gives("fn f(a) a = a && (a + 1) a end f(3)", "4");
    gives("fn f(a) a = {\"x\": a, \"y\": a} a end f(3)", "{\"x\": 3, \"y\": 3}");
    gives("fn f(a) a = \"${a}-${a}\" a end f(3)", "3-3");
    gives("fn f(a) try a = [a, a[0]] catch e end a end f(3)", "3");
}
END_TEST

START_TEST(an_assignment_to_a_member_is_a_value)
{
    const char *chain = "struct N end fn f() a = N() t = a b = N() t = t.nxt = b a.nxt.x = 4 "
                        "\n[t.nxt == null, b.x] end f()";
    gives(chain, "[true, 4]");
    gives("struct N end fn f() y = N() y.a = 1 z = y y = (y.a += 1)\n[y, z.a] end f()", "[2, 2]");
    gives("struct N end fn f() y = N() z = y y = (y.k ||= 5)\n[y, z.k] end f()", "[5, 5]");
    gives("fn f() l = [1] l[0] = 2 end f()", "null");
}
END_TEST

START_TEST(assignments_choose_the_scope_of_the_reference)
{
    gives("x = 1 fn f() x = 2 end f() x", "2");
    gives("fn f() x = 2 end x2 = f() x", "VariableUndefinedError: The variable has not been declared: 'x'");
    gives("x = 1 fn f() for x in [5..6] do end x end f() + x", "7");
    gives("fn f() q = 1 g = with () do q += 1 end g() g() q end f()", "3");
    gives("fn f() h((x = 4)) x end fn h(v) v end f()", "4");
    gives("fn f() inner() fn inner() 1 end end f()",
          "VariableUndefinedError: The variable has not been declared: 'inner'");
}
END_TEST

START_TEST(package_variables_stay_in_the_package)
{
    gives("x = 1 package a x = 10 fn set(v) x = v end fn get() x end end a::set(20)\n[x, a::x, a::get()]",
          "[1, 20, 20]");
    gives("package a x = 1 end package a fn bump() x = x + 1 end end a::bump() a::x", "2");
}
END_TEST

START_TEST(a_struct_defined_again_has_the_new_methods_and_statics)
{
    gives("struct A static @n = 1 fn f() 1 end end o = A() struct A static @n = 2 fn f() 2 end end "
          "[A.n, o.f(), A().f()]",
          "[2, 2, 2]");
    gives("fn mk() package p struct S static @q = 7 fn f() 8 end end end end mk() mk()\n"
          "[p::S.new().f(), S().f(), S.q, p::S.q]",
          "[8, 8, 7, 7]");
}
END_TEST

START_TEST(finally_runs_on_every_way_out)
{
    gives("log = [] fn f() try return 1 finally log += [2] end end [f(), log]", "[1, [2]]");
    gives("fn f() x = 1 try return x finally x = 2 end end f()", "1");
    gives("fn f() try return 1 finally return 2 end end f()", "2");
    gives("l = [] for i in [1..3] do try next when i == 1 break when i == 2 finally l += [i] end end l", "[1, 2]");
    gives("fn f() try try throw \"a\" finally throw \"b\" end catch e return e.message end end f()", "b");
    gives("fn f() try throw \"a\" catch throw \"b\" finally l = 1 end end f()", "KiwiError: b");
    gives("fn f() for i in [1..2] do try try break finally throw \"in\" end catch e m = e.message end end m + i end "
          "f()",
          "in2");
}
END_TEST

START_TEST(closures_share_the_variables_of_their_call)
{
    gives("fn c() n = 0 with () do n += 1 end end a = c() b = c() a() a()\n[a(), b()]", "[3, 1]");
    gives("fn d(a, b = a + 1, c = with () do a + b end) c() end [d(1), d(1, 5)]", "[3, 6]");
    gives("fn r(n) fn in2(k) return k <= 0 ? 0 : k + in2(k - 1) end in2(n) end r(10)", "55");
    gives("struct P fn new(x) @x = x end fn l() with () do @x end end end f = P(4).l() f()", "4");
}
END_TEST

START_TEST(arguments_find_their_parameters)
{
    gives("fn v(a, *r) [a, r] end [v(), v(1), v(1, 2, 3), v(*[1, 2], 3)]",
          "[[null, []], [1, []], [1, [2, 3]], [1, [2, 3]]]");
    gives("fn f(a, b = 2) [a, b] end [f(b: 5, a: 1), f(1, null), f(b = 3, 4)]", "[[1, 5], [1, 2], [4, 3]]");
    gives("fn f(a) a end f(z: 1)", "RuntimeError: 'f': no parameter named 'z'.");
}
END_TEST

START_TEST(long_literals_and_argument_lists_are_made_in_pieces)
{
    char text[40000];
    size_t at = (size_t)snprintf(text, sizeof(text), "fn n(*a) c = 0 for x in a do c += x end c end l = [");
    for (int i = 0; i < 1000; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%d, ", i % 7);
    at += (size_t)snprintf(text + at, sizeof(text) - at, "] s = 0 for x in l do s += x end s == n(");
    for (int i = 0; i < 1000; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%d%s", i % 7, i < 999 ? ", " : ")");
    gives(text, "true");
}
END_TEST

START_TEST(generators_hand_out_values_in_order)
{
    gives("fn g(n) i = 0 while i < n do yield i i += 1 end end l = [] for x, i in g(3) do l += [x * 10 + i] end l",
          "[0, 11, 22]");
    gives("yield 1", "RuntimeError: 'yield' used outside of a generator.");
}
END_TEST

/* ---- Shape ------------------------------------------------------------------------------------------- */

START_TEST(a_turn_of_a_loop_takes_one_backward_jump)
{
    kw_vm *vm = make_vm();
    const kw_proto *p = compile(vm, "fn f(n) i = 0 while i < n do i += 1 end end");
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(count(p->inner[0], OP_LOOP), 1);
    ck_assert_uint_eq(count(p->inner[0], OP_JMP), 1); /* to the condition, once */
    ck_assert_uint_eq(count(p->inner[0], OP_JLT), 1);
    ck_assert_uint_eq(count(p->inner[0], OP_ADDK), 1);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_range_loop_makes_no_list)
{
    kw_vm *vm = make_vm();
    const kw_proto *p = compile(vm, "fn f(n) for i in [1..n] do end end");
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(count(p->inner[0], OP_RANGENEXT), 1);
    ck_assert_uint_eq(count(p->inner[0], OP_NEWRANGE), 0);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(arithmetic_of_literals_is_done_at_once)
{
    kw_vm *vm = make_vm();
    const kw_proto *p = compile(vm, "-(2 + 3) * 4");
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq(count(p, OP_MUL) + count(p, OP_MULK) + count(p, OP_ADD) + count(p, OP_NEG), 0);
    kw_vm_destroy(vm);
    gives("-(2 + 3) * 4", "-20");
    gives("9223372036854775807 + 1", "-9223372036854775808");
}
END_TEST

/* ---- Refused --------------------------------------------------------------------------------------------- */

START_TEST(syntax_errors_have_type_text_and_line)
{
    refuses("x = 1\ny = )", "SyntaxError", "Unexpected token `)`.", 2);
    refuses("f = with () do yield 1 end", "SyntaxError", "A lambda cannot contain 'yield'.", 1);
}
END_TEST

START_TEST(copies_of_finally_bodies_end_before_memory_does)
{
    char text[4000];
    size_t at = (size_t)snprintf(text, sizeof(text), "fn f()\n");
    for (int i = 0; i < 40; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "try return 1 finally ");
    for (int i = 0; i < 41; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "end ");
    refuses(text, "SyntaxError", "The program is too large.", 2);
}
END_TEST

START_TEST(too_many_locals_are_refused)
{
    char text[8000];
    size_t at = (size_t)snprintf(text, sizeof(text), "fn f()\n");
    for (int i = 0; i < 300; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "v%d = %d\n", i, i);
    (void)snprintf(text + at, sizeof(text) - at, "end");
    kw_vm *vm = make_vm();
    ck_assert_ptr_null(compile(vm, text));
    ck_assert_str_eq(vm->error.type->text, "SyntaxError");
    kw_vm_destroy(vm);
}
END_TEST

/* f(f(...1...)()()...)()()...: `depth` calls inside each other, each with `links` calls behind it. */
static void compile_chains(unsigned depth, unsigned links)
{
    char text[8000];
    size_t at = 0;
    for (unsigned i = 0; i < depth; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "f(");
    at += (size_t)snprintf(text + at, sizeof(text) - at, "1");
    for (unsigned i = 0; i < depth; i++) {
        text[at++] = ')';
        for (unsigned k = 0; k < links; k++)
            at += (size_t)snprintf(text + at, sizeof(text) - at, "()");
    }
    text[at] = '\0';
    kw_vm *vm = make_vm();
    bool fits = depth * (links + 1) < KW_TREE_HEIGHT_MAX / 2;
    ck_assert_msg((compile(vm, text) != NULL) >= fits, "%s", text);
    if (vm->error.type != NULL)
        ck_assert_str_eq(vm->error.message->text, "Nesting too deep.");
    kw_vm_destroy(vm);
}

static void *compile_deep(void *unused)
{
    for (unsigned depth = 1; depth < 200; depth += 7)
        for (unsigned links = 0; links <= 12; links += 2)
            compile_chains(depth, links);
    return unused;
}

START_TEST(what_the_parser_takes_compiles_with_little_stack)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__) || !defined(__x86_64__)
    enum { STACK = 2048 * 1024 }; /* frames are larger there */
#else
    enum { STACK = 256 * 1024 };
#endif
    pthread_attr_t attr;
    pthread_t thread;
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, STACK), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, compile_deep, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attr);
}
END_TEST

SUITE_MAIN("lang/compile", 30, operands_are_read_before_a_later_assignment_changes_them,
           a_local_keeps_its_value_until_its_new_one_is_complete, an_assignment_to_a_member_is_a_value,
           assignments_choose_the_scope_of_the_reference, package_variables_stay_in_the_package,
           a_struct_defined_again_has_the_new_methods_and_statics, finally_runs_on_every_way_out,
           closures_share_the_variables_of_their_call, arguments_find_their_parameters,
           long_literals_and_argument_lists_are_made_in_pieces, generators_hand_out_values_in_order,
           a_turn_of_a_loop_takes_one_backward_jump, a_range_loop_makes_no_list, arithmetic_of_literals_is_done_at_once,
           syntax_errors_have_type_text_and_line, copies_of_finally_bodies_end_before_memory_does,
           too_many_locals_are_refused, what_the_parser_takes_compiles_with_little_stack)
