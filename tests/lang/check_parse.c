/* check_parse.c - lang/parse, lang/diag: trees of the whole grammar, texts and places of syntax
 * errors, and hostile input, which must end in a tree or one error. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lang/parse.h"
#include "support/suite.h"

static bool known_type(void *context, const char *name, size_t size)
{
    (void)context;
    return size == 7 && memcmp(name, "Channel", 7) == 0;
}

static void count_warning(void *context, const char *message, kw_pos pos)
{
    ck_assert_str_eq(message, "Deprecation warning: '=<' is deprecated. Use '=' for unpacking instead.");
    ck_assert_uint_eq(pos.line, 1);
    (*(int *)context)++;
}

static kb_status parse(const char *text, size_t size, kw_arena *arena, kw_node **program, kw_diag *diag)
{
    kw_parse_options options = {.text = text, .size = size, .known_type = known_type};
    kw_arena_init(arena);
    return kw_parse(&options, arena, program, diag);
}

/* The dump of `text` is (PROGRAM `expected`). */
static void tree(const char *text, const char *expected)
{
    kw_arena arena;
    kw_node *program;
    kw_diag diag;
    kb_status status = parse(text, strlen(text), &arena, &program, &diag);
    ck_assert_msg(status == KB_OK, "%s: %s", text, diag.message);
    char *dump = NULL;
    size_t size;
    FILE *out = open_memstream(&dump, &size);
    ck_assert_ptr_nonnull(out);
    kw_ast_dump(out, program);
    fclose(out);
    char whole[2048];
    snprintf(whole, sizeof(whole), "(PROGRAM %s)", expected);
    ck_assert_str_eq(dump, whole);
    free(dump);
    kw_arena_fini(&arena);
}

static void error_of(const char *text, const char *type, const char *message, uint32_t line, uint32_t column)
{
    kw_arena arena;
    kw_node *program;
    kw_diag diag;
    kb_status status = parse(text, strlen(text), &arena, &program, &diag);
    ck_assert_msg(status == KB_ESYNTAX, "%s", text);
    ck_assert_ptr_null(program);
    ck_assert_str_eq(diag.message, message);
    ck_assert_str_eq(diag.type, type);
    ck_assert_msg(diag.line == line && diag.column == column, "%s: %u:%u", text, diag.line, diag.column);
    kw_arena_fini(&arena);
}

static void error(const char *text, const char *message, uint32_t line, uint32_t column)
{
    error_of(text, "SyntaxError", message, line, column);
}

/* --- trees --- */

START_TEST(operators_bind_by_their_level_and_group_to_the_left)
{
    tree("a ?? b || c", "(|| (?? a b) c)");
    tree("1 | 2 ^ 3 & 4 == 5 < 6 << 7 + 8 * 9", "(| 1 (^ 2 (& 3 (== 4 (< 5 (<< 6 (+ 7 (* 8 9))))))))");
    tree("2 ** 3 ** 2", "(** (** 2 3) 2)");
    tree("-2 ** 2 !3 in [1]", "(** (u- 2) 2) (in (u! 3) (LIST 1))");
    tree("a and not b or c", "(|| (&& a (u! b)) c)");
    tree("a ? b : c ? d : e", "(TERNARY a b (TERNARY c d e))");
    tree("x=-1 y = z=2*-3", "(= x (u- 1)) (= y (= z (* 2 (u- 3))))");
    tree("z = 1 + (w = 2)", "(= z (+ 1 (= w 2)))");
}
END_TEST

START_TEST(line_ends_matter_where_the_grammar_says)
{
    tree("total = a +\n b", "(= total (+ a b))");
    tree("words\n .map(f)", "(METHOD_CALL words map f)");
    tree("c = a\n(b)", "(= c a) b");
    tree("d = 5\n- 3", "(= d 5) (u- 3)");
    tree("a\n[b]", "a (LIST b)");
    tree("f (3) x [0]", "(CALL f 3) (INDEX x 0)");
    tree("a\n? b\n: c", "(TERNARY a b c)");
    tree("println\n 1", "(PRINT ln 1)");
    tree("println 1, 2", "(PRINT ln 1) 2");
    tree("a = 1 b = 2", "(= a 1) (= b 2)");
    tree("return\nx", "(RETURN :x)");
    error("a\n+ b", "Unexpected token `+`.", 2, 1);
}
END_TEST

START_TEST(literals_are_decoded)
{
    tree("\"a\\n\\q\\u00e9\\U0001F95D\\uD83E\\uDD5D\\u12\"", "\"a\\n\\\\q\xC3\xA9\xF0\x9F\xA5\x9D"
                                                             "\xF0\x9F\xA5\x9D\\\\u12\"");
    tree("'a\\n'", "\"a\\\\n\"");
    tree("b\"a\\x41\\n\" b'\xC3\xA9'", "b\"aA\\n\" b!\"\xC3\"");
    tree("[1, 2,]\n[1..3]\n[a to b]", "(LIST 1 2) (RANGE 1 3) (RANGE a b)");
    tree("x = {a: 1, \"b\": 2, k + \"\": 3, -1: 4,}", "(= x (HASHMAP \"a\" 1 \"b\" 2 (+ k \"\") 3 (u- 1) 4))");
    tree("typeof(x) == integer x = none", "(== (CALL typeof x) \"integer\") (= x \"null\")");
}
END_TEST

START_TEST(interpolation_holds_expressions)
{
    tree("\"a ${x + \"b ${c}\"} d\"", "(INTERPOLATION \"a \" (+ x (INTERPOLATION \"b \" c)) \" d\")");
    tree("'${a}'", "(INTERPOLATION a)");
    tree("\"\\${no} $1\"", "\"${no} $1\"");
    tree("\"\\\\${y}\"", "(INTERPOLATION \"\\\\\" y)");
    tree("\"${}\"", "(INTERPOLATION)");
    tree("\"${ {a: 1} }\"", "(INTERPOLATION (HASHMAP \"a\" 1))");
    error("x\n \"ab${1 + *}\"", "Unexpected token `*`.", 2, 11);
}
END_TEST

START_TEST(postfix_forms)
{
    tree("x[1:2] x[:] x[::2] x[i::2] x[a::b]", "(SLICE x 1 2 _) (SLICE x _ _ _) (SLICE x _ _ 2) "
                                               "(SLICE x i _ 2) (INDEX x (QUALIFIED a::b))");
    tree("f(*a, 1) g(a, b = 1, c: 2) f((x = 1))", "(CALL f *a 1) (CALL g a b=1 c=2) (CALL f (= x 1))");
    tree("a.b.c(1)(2)", "(CALL (METHOD_CALL (MEMBER a b) c 1) 2)");
    tree("@.m(1) @a(2) @@x super.new(1)", "(METHOD_CALL @ m 1) (CALL @a 2) @@x (SUPER_CALL new 1)");
    tree("@\na", "@ a");
    tree("string::f(x) a::b::c()", "(CALL (QUALIFIED string::f) x) (CALL (QUALIFIED a::b::c))");
}
END_TEST

START_TEST(assignments_guards_and_unpacking)
{
    tree("x = e when c else f", "(= x e when:c else:f)");
    tree("x[0] += 1 when c", "(+= (INDEX x 0) 1 when:c)");
    tree("a.b ||= 1 @c >>>= 2", "(||= (MEMBER a b) 1) (>>>= @c 2)");
    tree("f()\n when c else g()", "(GUARD c (CALL f) else:(CALL g))");
    tree("return 5 when x break next when y", "(GUARD x (RETURN :5)) (BREAK) (GUARD y (NEXT))");
    tree("if a f() when b\nelse g() end", "(IF a [(GUARD b (CALL f))] else[(CALL g)])");
    tree("do x end when c", "(GUARD c (BLOCK x))");
    tree("a, b = 1, 2, 3", "(UNPACK a b = 1 2) 3");
    tree("f(a, b = 1)\n[a, b]", "(CALL f a b=1) (LIST a b)");
    tree("a, b c", "a b c");
}
END_TEST

START_TEST(the_old_unpacking_warns)
{
    kw_arena arena;
    kw_node *program;
    kw_diag diag;
    int count = 0;
    kw_parse_options options = {.text = "a, b =< c", .size = 9, .warn = count_warning, .context = &count};
    kw_arena_init(&arena);
    ck_assert_int_eq(kw_parse(&options, &arena, &program, &diag), KB_OK);
    ck_assert_int_eq(count, 1);
    kw_arena_fini(&arena);
}
END_TEST

START_TEST(when_bodies_end_at_the_next_when)
{
    tree("case x as y when 1\n z = 2\nwhen 2 return\nwhen 3 return 4 when q\n"
         "when a..b, c to d: 1 else: 5 when e end",
         "(CASE of:x as:y (when 1 [(= z 2)]) (when 2 [(RETURN)]) (when 3 [(GUARD q (RETURN :4))]) "
         "(when a..b c..d [1]) else[(GUARD e 5)])");
    tree("case when a f(do (x) => x when y) when b if c d when e end end",
         "(CASE (when a [(CALL f (LAMBDA (x) =>[(GUARD y x)]))]) (when b [(IF c [(GUARD e d)])]))");
}
END_TEST

START_TEST(blocks_and_loops)
{
    tree("if a b elsif c d else e end", "(IF a [b] c [d] else[e])");
    tree("while (i += 1) < 3 do f() end", "(WHILE (< (+= i 1) 3) [(CALL f)])");
    tree("for k, v in m do end repeat 3 as i do i end", "(FOR k v m []) (REPEAT i 3 [i])");
    tree("try a catch (t, m) b finally c end", "(TRY [a] catch t m [b] finally[c])");
    tree("try a catch e e.x end try a catch\n e end", "(TRY [a] catch e [(MEMBER e x)]) (TRY [a] catch [e])");
    tree("... printxy(a, 1, 2) eprint 1 exit", "(ELLIPSIS) (PRINTXY a 1 2) (PRINT err 1) (EXIT)");
}
END_TEST

START_TEST(functions_and_lambdas)
{
    tree("fn f(a: Channel, b: string? | list = 1, *c): integer a end",
         "(FUNCTION f (a:Channel b:string|list|null=1 *c):integer [a])");
    tree("fn f yield 1 do () => 2 end end", "(FUNCTION f yields () [(YIELD :1) (LAMBDA () =>[2])])");
    tree("do (x) => a end b", "(LAMBDA (x) =>[a]) b");
    tree("x = with do 1 end y = with (a) do => a", "(= x (LAMBDA () [1])) (= y (LAMBDA (a) =>[a]))");
    tree("@log::it(2)\n@a.b(1)\n@c\nfn f() end", "(FUNCTION f @((QUALIFIED log::it) 2) @((MEMBER a b) 1) @(c) () [])");
    tree("p::f(x) fn g() end", "(CALL (QUALIFIED p::f) x) (FUNCTION g () [])");
}
END_TEST

START_TEST(definitions)
{
    tree("abstract struct A < B : C, D static @n = 0 private fn new(x: A) @x = x end fn +(o) end "
         "abstract fn m() end 1 end",
         "(STRUCT abstract A <B @@n=0 (FUNCTION new private (x:A) [(= @x x)]) "
         "(FUNCTION + operator (o) []) (FUNCTION m abstract () []))");
    tree("enum E A B = 5 C end", "(ENUM E A B=5 C)");
    tree("package a::b fn list() end end", "(PACKAGE a::b [(FUNCTION list () [])])");
    tree("var x var (y, z: integer = 1) const A_B = 3", "(VAR x) (VAR y z:integer=1) (CONST A_B 3)");
    tree("export \"a\" require foo x = import \"y\"", "(EXPORT :\"a\") (REQUIRE :\"foo\") (= x (IMPORT :\"y\"))");
    tree("on \"a.*\", 5 do f() end once \"b\" (h) off \"b\" (h) off c emit \"d\" (1) emit e",
         "(ON \"a.*\" 5 (LAMBDA () [(CALL f)])) (ON once \"b\" 0 h) (OFF \"b\" handler:h) (OFF c) "
         "(EMIT \"d\" 1) (EMIT e)");
}
END_TEST

/* --- errors --- */

START_TEST(texts_and_places_of_errors)
{
    error("x = 1\ntotal = 1 + * 2\n", "Unexpected token `*`.", 2, 13);
    error("x = (1 + ", "Unexpected token `+`.", 1, 8);
    error("x = ;", "Unexpected token ';'.", 1, 5);
    error("1.2.3", "Unexpected token '1.2.3'.", 1, 1);
    error("x = then + if", "Unexpected token `if`.", 1, 12);
    error("x = then + when", "Unexpected keyword 'when'.", 1, 12);
    error("interface", "Unexpected keyword 'interface'.", 1, 1);
    error("x = 5 = 3", "Unexpected token `=`.", 1, 7);
    error("a::b = 2", "Unexpected token `=`.", 1, 6);
    error("end", "Expected if-statement or case-statement.", 1, 1);
    error("if\nx end", "Expected condition on the same line as 'if'.", 1, 1);
    error("if a elsif end", "Expected condition after 'elsif'.", 1, 12);
    error("f() when end", "Expected condition after 'when'.", 1, 10);
    error("while x y end", "Expected 'do' in while-loop.", 1, 9);
    error("for x in y z", "Expected 'do' in for-loop.", 1, 12);
    error("repeat 1 z", "Expected 'do' in repeat-loop.", 1, 10);
    error("with (a) b", "Expected 'do' in lambda expression.", 1, 10);
    error("for x on", "Expected 'in' in for-loop.", 1, 7);
    error("fn\nf() end", "Expected function name on the same line as 'fn'.", 1, 1);
    error("fn 1() end", "Expected identifier after 'fn'.", 1, 4);
    error("fn +(x) end", "Global operator overloading is not supported.", 1, 4);
    error("fn f(1) end", "Expected parameter name.", 1, 6);
    error("fn f(a b) end", "Expected ',' or ')' in parameter list.", 1, 8);
    error("fn f(a, a) end", "The parameter name `a` is already used.", 1, 9);
    error("do (a, a) => 1", "The parameter name 'a' is already used.", 1, 8);
    error("fn f(*a, b) end", "Variadic parameter '*' must be the last parameter.", 1, 8);
    error("fn f(a: b) end", "Expected a type name in parameter type hint.", 1, 9);
    error("fn f(): b end", "Expected a type name in parameter type hint.", 1, 9);
    error("var x: b", "Expected a type name in parameter type hint.", 1, 8);
    error("f(1 2)", "Expected ')' or ',' in lambda call.", 1, 5);
    error("f(*a, b = 1)", "Splat (*) and named arguments cannot be combined in the same call.", 1, 7);
    error("x = [1 2]", "Expected ']' or ',' in list literal.", 1, 8);
    error("x = [1..2, 3]", "Expected ']' or '..' in range literal.", 1, 10);
    error("x = {a 1}", "Expected ':' in hashmap literal", 1, 8);
    error("x = {a: 1 2}", "Expected '}' or ',' in hashmap literal", 1, 11);
    error("x = {if: 1}", "Invalid expression for hashmap key.", 1, 6);
    error("x.if", "Expected identifier after '.' in member access.", 1, 3);
    error("a ? b c", "Expected ':' in ternary operation.", 1, 7);
    error("println()", "Expected a value between '(' and ')'.", 1, 9);
    error("try catch (a end", "Expected ')' in catch parameter expression.", 1, 14);
    error("var 1", "Expected variable name or '(' after 'var'.", 1, 5);
    error("var (x, 1)", "Expected variable name.", 1, 9);
    error("var (x y)", "Expected ',' or ')' in variable declaration list.", 1, 8);
    error("var (x, x)", "The variable name `x` is already declared.", 1, 9);
    error("const aB = 1", "Constant identifiers should contain only uppercase characters and underscores.", 1, 7);
    error("struct 1", "Expected identifier for struct name.", 1, 8);
    error("abstract fn", "Expected 'struct' after 'abstract'.", 1, 10);
    error("enum E 1", "Expected identifier for enum member name.", 1, 8);
    error("package 1", "Expected identifier for package name.", 1, 9);
    error("case x y", "Expected 'when' or 'else' in 'case' statement.", 1, 8);
    error("case x end", "Expected at least one 'when' clause in 'case' statement.", 1, 8);
    error("on \"${a}\" (f)", "Expected a string-literal for event name.", 1, 4);
    error("on \"a\", b (f)", "Expected an integer priority after ','.", 1, 9);
    error("b\"\\q\"", "Invalid escape sequence in byte literal.", 1, 1);
    error("x[1:2] += 3", "Compound assignment operators are not supported on slice ranges.", 1, 8);
    error("x[]", "Invalid index value in indexer.", 1, 3);
    error("(1", "Unexpected token `1`.", 1, 2);
    error("with do yield 1 end", "A lambda cannot contain 'yield'.", 1, 9);
}
END_TEST

START_TEST(errors_of_other_types)
{
    static const struct {
        const char *text, *type;
    } starts[] = {{")", "RParen"},  {"]", "RBracket"}, {"}", "RBrace"},    {":", "Colon"},
                  {".", "Dot"},     {"..", "Range"},   {"=>", "Arrow"},    {"list", "Typename"},
                  {"\\", "Escape"}, {"?", "Question"}, {"::", "Qualifier"}};
    char message[96];
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        snprintf(message, sizeof(message), "Unexpected token in statement: %s: `%s`", starts[i].type, starts[i].text);
        error_of(starts[i].text, "TokenStreamError", message, 1, 1);
    }
    static const char *const opened[][2] = {
        {"fn", "fn f()"},         {"def", "def f()"},        {"if", "if a b"},         {"while", "while a do"},
        {"for", "for a in b do"}, {"repeat", "repeat 1 do"}, {"do", "do a"},           {"case", "case a"},
        {"struct", "struct A"},   {"enum", "enum A"},        {"package", "package a"}, {"with", "with do"}};
    for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
        char text[64];
        snprintf(text, sizeof(text), "\n\n%s\nlast", opened[i][1]);
        if (i == 7 || i == 8 || i == 9) /* there `last` would be something else */
            text[strlen(text) - 4] = '\0';
        snprintf(message, sizeof(message), "Unclosed '%s' block. Block opened at line 3.", opened[i][0]);
        kw_arena arena;
        kw_node *program;
        kw_diag diag;
        ck_assert_int_eq(parse(text, strlen(text), &arena, &program, &diag), KB_ESYNTAX);
        ck_assert_str_eq(diag.message, message);
        ck_assert_str_eq(diag.type, "UnexpectedEndOfFileError");
        kw_arena_fini(&arena);
    }
    error_of("try a", "UnexpectedEndOfFileError", "Unexpected end of file.", 1, 5);
    error_of("case 1 when 1 a", "UnexpectedEndOfFileError", "Unexpected end of file.", 1, 15);
}
END_TEST

static void printed(const kw_diag_report *report, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    kw_diag_print(out, report);
    fclose(out);
    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(reports_show_the_source_line)
{
    const char *source = "a = 1\n\xC3\xA9 = 1 + * 2\r\nlast\n";
    kw_diag_report report = {.type = "SyntaxError",
                             .message = "No.",
                             .message_size = 3,
                             .file = "/x.kiwi",
                             .line = 2,
                             .column = 9,
                             .source = source,
                             .source_size = strlen(source)};
    printed(&report, "[SyntaxError]: No.\nFile: /x.kiwi:2:9\n\xC3\xA9 = 1 + * 2\n        ^^^\n");
    report.line = 3; /* the last line is not shown */
    printed(&report, "[SyntaxError]: No.\nFile: /x.kiwi:3:9\n");
    report.line = 1;
    report.column = 0;
    report.at_function = "<main>";
    report.at_file = "/x.kiwi";
    report.at_line = 1;
    printed(&report, "[SyntaxError]: No.\nFile: /x.kiwi:1:0\na = 1\n^^^^^\nat <main> in /x.kiwi:1:0\n");
    report = (kw_diag_report){.type = "E", .line = 2, .at_function = NULL};
    printed(&report, "[E]: \nFile: :2:0\n");
}
END_TEST

/* --- hostile input --- */

/* Parse and walk; whatever the bytes are, there is a tree or a complete error. */
static void survive(const char *text, size_t size)
{
    kw_arena arena;
    kw_node *program;
    kw_diag diag;
    char *copy = malloc(size + 1); /* exactly as long as the text: reading behind it shows */
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    char *exact = realloc(copy, size == 0 ? 1 : size);
    ck_assert_ptr_nonnull(exact);
    kb_status status = parse(exact, size, &arena, &program, &diag);
    free(exact);
    if (status == KB_OK) {
        FILE *out = fopen("/dev/null", "w");
        ck_assert_ptr_nonnull(out);
        kw_ast_dump(out, program);
        fclose(out);
    } else {
        ck_assert_int_eq(status, KB_ESYNTAX);
        ck_assert_ptr_null(program);
        ck_assert(diag.message[0] != '\0' && diag.line > 0 && diag.column > 0);
    }
    kw_arena_fini(&arena);
}

static const char SAMPLE[] =
    "#!/usr/bin/env kiwi\n"
    "@log::it(2, n = 1)\nfn f(a: integer, b = \"x ${a + 1}\", *c): string?\n"
    "  return b when a > 0x1F\n  x, y = c\n"
    "  x[1:] = [1..3] when y else {k: 'v', 2: b\"\\x41\"}\nend\n"
    "abstract struct A < B\n  static @n = 1.5e3\n"
    "  fn +(o) @x = o @@n <<= 1 super.new(*o) end\nend\n"
    "case f(1)\n  when 1..2, \"a\": println 1, 2\n  when 3 emit \"e\" (1)\n  else ... end\n"
    "for k, v in {a: [1, 2]} do next when k == 'a' end\n"
    "try on \"x.*\", 5 do hits ||= 1 end "
    "catch (t, m) eprintln \"${t}: ${\"${m}\"}\" finally z end\n"
    "package p::q enum E A B = 2 end end /# c #/\n"
    "w = with (n) do => n.map(do (x) => x ? -x : !x)\nvar (i, j: list = []) const K = typeof(w)\n";

START_TEST(every_prefix_is_survived)
{
    for (size_t size = 0; size < sizeof(SAMPLE); size++)
        survive(SAMPLE, size);
}
END_TEST

START_TEST(random_changes_are_survived)
{
    static const char *const pieces[] = {"end ",  "when ", "${", "\"", "'",   "(",  "]",  "{",
                                         "=>",    "::",    "@",  ",",  "b\"", "\\", "/#", "\xFF",
                                         "else ", "do ",   "..", "=",  "fn ", "\n", "0x", "yield "};
    uint64_t seed = 88172645463325252u; /* xorshift64: the same run each time */
    char text[sizeof(SAMPLE) + 64];
    for (int round = 0; round < 4000; round++) {
        size_t size = sizeof(SAMPLE) - 1;
        memcpy(text, SAMPLE, size);
        for (int i = 0; i < 4; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            size_t at = (size_t)(seed >> 16) % size;
            const char *piece = pieces[(seed >> 40) % (sizeof(pieces) / sizeof(pieces[0]))];
            if (seed % 3 == 0) {
                text[at] = (char)(seed >> 8);
            } else if (seed % 3 == 1) {
                memmove(text + at + strlen(piece), text + at, size - at);
                memcpy(text + at, piece, strlen(piece));
                size += strlen(piece);
            } else {
                size_t cut = (seed >> 50) % 16 < size - at ? (seed >> 50) % 16 : 0;
                memmove(text + at, text + at + cut, size - at - cut);
                size -= cut;
            }
        }
        survive(text, size);
    }
}
END_TEST

static const char *const REPEATED[] = {"(",
                                       "[",
                                       "{a:",
                                       "-",
                                       "not ",
                                       "if a ",
                                       "do ",
                                       "do () => ",
                                       "a ? ",
                                       "a ? b : ",
                                       "\"${",
                                       "'${",
                                       "x = ",
                                       "1 + ",
                                       "a.b",
                                       ".b",
                                       "f(",
                                       "a[0",
                                       "a when b else ",
                                       "case when ",
                                       "a, ",
                                       "\"",
                                       "\\${",
                                       "/#",
                                       "fn f() ",
                                       "struct S fn m() ",
                                       "try ",
                                       "with do ",
                                       "elsif ",
                                       "1,",
                                       "@a\n",
                                       "print ",
                                       "import ",
                                       "1 || 2 && 3 | 4 ^ (",
                                       "package a ",
                                       "a::",
                                       "$",
                                       "(1)",
                                       "${",
                                       "\xC3",
                                       "\0"};

static void *parse_repeated(void *unused)
{
    enum { COPIES = 20000 };
    for (size_t i = 0; i < sizeof(REPEATED) / sizeof(REPEATED[0]); i++) {
        size_t size = strlen(REPEATED[i]) + (REPEATED[i][0] == '\0');
        char *text = malloc(size * COPIES + 1);
        ck_assert_ptr_nonnull(text);
        text[0] = '"'; /* the second run is inside a string */
        for (int k = 0; k < COPIES; k++)
            memcpy(text + 1 + (size_t)k * size, REPEATED[i], size);
        survive(text + 1, size * COPIES);
        survive(text, size * COPIES + 1);
        free(text);
    }
    return unused;
}

START_TEST(deep_and_long_texts_need_little_stack)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
    enum { STACK = 1024 * 1024 }; /* frames are several times larger with sanitizers */
#else
    enum { STACK = 256 * 1024 };
#endif
    pthread_attr_t attr;
    pthread_t thread;
    ck_assert_int_eq(pthread_attr_init(&attr), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attr, STACK), 0);
    ck_assert_int_eq(pthread_create(&thread, &attr, parse_repeated, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attr);
    char deep[1001];
    memset(deep, '(', sizeof(deep));
    deep[1000] = '\0';
    error(deep, "Nesting too deep.", 1, 200);
}
END_TEST

START_TEST(memory_may_run_out_anywhere)
{
    char text[5 * sizeof(SAMPLE)];
    size_t size = 0;
    for (int i = 0; i < 5; i++, size += sizeof(SAMPLE) - 1)
        memcpy(text + size, SAMPLE, sizeof(SAMPLE) - 1);
    kb_status status = KB_ENOMEM;
    int failures = 0;
    for (size_t limit = 1; status == KB_ENOMEM; limit += 512, failures++) {
        kw_arena arena;
        kw_node *program;
        kw_diag diag;
        kw_parse_options options = {.text = text, .size = size};
        kw_arena_init(&arena);
        arena.limit = limit;
        status = kw_parse(&options, &arena, &program, &diag);
        ck_assert(arena.total <= limit);
        ck_assert((program == NULL) == (status != KB_OK));
        kw_arena_fini(&arena);
    }
    ck_assert_int_eq(status, KB_OK);
    ck_assert_int_gt(failures, 20);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_survived)
{
    survive("\xEF\xBB\xBF"
            "x",
            4);
    survive("\0\0", 2);
    survive("\"\xFF\0\xC3\"", 5);
    error("\x01", "Unexpected token '\\x01'.", 1, 1);
    error("x = \xFF", "Unexpected token '\\xFF'.", 1, 5);
    error("x = \xC3\xA9", "Unexpected token '\xC3\xA9'.", 1, 5);
    tree("'a\xFFz'", "\"a\xEF\xBF\xBDz\"");
}
END_TEST

SUITE_MAIN("lang/parse", 60, operators_bind_by_their_level_and_group_to_the_left,
           line_ends_matter_where_the_grammar_says, literals_are_decoded, interpolation_holds_expressions,
           postfix_forms, assignments_guards_and_unpacking, the_old_unpacking_warns, when_bodies_end_at_the_next_when,
           blocks_and_loops, functions_and_lambdas, definitions, texts_and_places_of_errors, errors_of_other_types,
           reports_show_the_source_line, every_prefix_is_survived, random_changes_are_survived,
           deep_and_long_texts_need_little_stack, memory_may_run_out_anywhere, bytes_that_are_no_text_are_survived)
