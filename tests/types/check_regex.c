/* check_regex.c - types/regex: patterns of the .NET dialect are translated, compiled once, and
 * matched within limits. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "types/regex.h"
#include "vm/vm_test.h"

static kw_string *text(kw_vm *vm, const char *s)
{
    return kw_string_c(vm, s).as.string;
}

/* The match of `pattern` in `subject` from `from` is `want` (NULL: there is none). */
static void finds_from(kw_vm *vm, const char *pattern, const char *subject, size_t from, const char *want)
{
    kw_string *s = text(vm, subject);
    kw_regex *r = kw_regex_get(vm, text(vm, pattern), s);
    ck_assert_msg(r != NULL, "%s: %s", pattern, r == NULL ? vm->error.message->text : "");
    kw_regex_found found = kw_regex_match(vm, r, s, from);
    ck_assert_msg(found == (want == NULL ? KW_REGEX_NONE : KW_REGEX_FOUND), "%s in %s", pattern, subject);
    if (want == NULL)
        return;
    kw_regex_span span = r->spans[0];
    ck_assert_msg(strlen(want) == span.to - span.from && memcmp(subject + span.from, want, strlen(want)) == 0,
                  "%s in %s: got %.*s, not %s", pattern, subject, (int)(span.to - span.from), subject + span.from,
                  want);
}

static void finds(kw_vm *vm, const char *pattern, const char *subject, const char *want)
{
    finds_from(vm, pattern, subject, 0, want);
}

static void refuses(kw_vm *vm, const char *pattern, unsigned offset, const char *reason)
{
    char message[512];
    snprintf(message, sizeof(message), "Invalid pattern '%s' at offset %u. %s", pattern, offset, reason);
    ck_assert_ptr_null(kw_regex_get(vm, text(vm, pattern), text(vm, "")));
    threw(vm, "RegexError", message);
}

START_TEST(spans_are_bytes_and_unset_groups_have_none)
{
    kw_vm *vm = make_vm();
    kw_string *s = text(vm, "é=b");
    kw_regex *r = kw_regex_get(vm, text(vm, "(\\w)=(a)?(b)"), s);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_FOUND);
    ck_assert_uint_eq(r->source.slot_count, 4);
    ck_assert(r->spans[0].from == 0 && r->spans[0].to == 4);
    ck_assert(r->spans[1].from == 0 && r->spans[1].to == 2);
    ck_assert(r->spans[2].from == KW_REGEX_NO_SPAN);
    ck_assert(r->spans[3].from == 3 && r->spans[3].to == 4);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_search_from_further_on_sees_what_is_before)
{
    kw_vm *vm = make_vm();
    finds_from(vm, "(?<=a)b", "ab", 1, "b");
    finds_from(vm, "^b", "ab", 1, NULL);
    finds_from(vm, "\\Gb", "ab", 1, "b");
    finds_from(vm, "$", "ab", 2, "");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_pattern_is_compiled_once)
{
    kw_vm *vm = make_vm();
    kw_string *ascii = text(vm, "a"), *other = text(vm, "é");
    kw_regex *r = kw_regex_get(vm, text(vm, "\\w"), ascii);
    ck_assert_ptr_nonnull(r);
    ck_assert_ptr_eq(kw_regex_get(vm, text(vm, "\\w"), ascii), r);
    ck_assert_ptr_ne(kw_regex_get(vm, text(vm, "\\w"), other), r); /* other words */
    ck_assert_ptr_eq(kw_regex_get(vm, text(vm, "\\w"), ascii), r);
    for (int i = 0; i < 10 * KW_REGEX_KEPT; i++) { /* the one in use stays */
        char pattern[16];
        snprintf(pattern, sizeof(pattern), "x%d", i);
        ck_assert_ptr_nonnull(kw_regex_get(vm, text(vm, pattern), ascii));
        ck_assert_ptr_eq(kw_regex_get(vm, text(vm, "\\w"), ascii), r);
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(invalid_patterns_say_where_and_why)
{
    static const struct {
        const char *pattern;
        unsigned offset;
        const char *reason;
    } rows[] = {
        {"(a", 2, "Not enough )'s."},
        {"a)", 2, "Too many )'s."},
        {"é[a", 3, "Unterminated [] set."},
        {"[", 1, "Unterminated [] set."},
        {"[]", 2, "Unterminated [] set."},
        {"[^", 2, "Unterminated [] set."},
        {"[a\\", 3, "Unterminated [] set."},
        {"*", 1, "Quantifier '*' following nothing."},
        {"(+a)", 2, "Quantifier '+' following nothing."},
        {"a|?", 3, "Quantifier '?' following nothing."},
        {"a+*", 3, "Nested quantifier '*'."},
        {"a{2}{3}", 5, "Nested quantifier '{'."},
        {"a*??", 4, "Nested quantifier '?'."},
        {"a{3,2}", 6, "Illegal {x,y} with x > y."},
        {"a{99999}", 8, "Repeating more than 65535 times is not supported: 99999."},
        {"a{9999999999}", 12, "Quantifier and capture group numbers must be less than or equal to Int32.MaxValue."},
        {"\\", 1, "Illegal \\ at end of pattern."},
        {"\\h", 2, "Unrecognized escape sequence \\h."},
        {"\\8", 2, "Reference to undefined group number 8."},
        {"\\k<x>", 5, "Reference to undefined group name 'x'."},
        {"\\kx", 3, "Malformed \\k<...> named back reference."},
        {"\\xg0", 2, "Insufficient or invalid hexadecimal digits."},
        {"\\u00e", 2, "Insufficient or invalid hexadecimal digits."},
        {"\\c", 2, "Missing control character."},
        {"\\c1", 3, "Unrecognized control character."},
        {"\\p{Latin}", 9, "Unknown property 'Latin'."},
        {"\\pLux", 3, "Malformed \\p{X} character escape."},
        {"[z-a]", 4, "[x-y] range in reverse order."},
        {"[a-\\w]", 5, "Cannot include class \\w in character range."},
        {"[a-z-[b]c]", 8, "A subtraction must be the last element in a character class."},
        {"(?", 2, "Unrecognized grouping construct."},
        {"(?P<n>x)", 3, "Unrecognized grouping construct."},
        {"(?<n", 4, "Unrecognized grouping construct."},
        {"(?<1a>x)", 4, "Invalid group name: Group names must begin with a word character."},
        {"(?<0>x)", 4, "Capture number cannot be zero."},
        {"(?<a-b>x)", 4, "Balancing groups are not supported."},
        {"(?#x", 4, "Unterminated (?#...) comment."},
        {"(?(9)a)", 5, "Conditional alternation refers to an undefined group number 9."},
        {"(?(?#x)a)", 2, "Alternation conditions cannot be comments."},
        {"(?(?<n>x)a)", 2, "Alternation conditions do not capture and cannot be named."},
        {"(?(a)b|c|d)", 11, "Too many | in (?()|)."},
        {"(?<=(?=(?<=(?=(?<=a*)))))", 18, "Look-behinds and look-aheads alternate too deeply."},
        {"(a)(?<=\\1b*)c", 13,
         "A look-behind of variable length and what is outside of it cannot refer to each other's "
         "groups."},
        {"(?<=(a)*)b\\1", 12,
         "A look-behind of variable length and what is outside of it cannot refer to each other's "
         "groups."},
    };
    kw_vm *vm = make_vm();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        refuses(vm, rows[i].pattern, rows[i].offset, rows[i].reason);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(every_beginning_of_a_pattern_is_valid_or_an_error)
{
    static const char *const wholes[] = {
        "(?<name>[^\\d\\w-[a-f\\]\\x41-\\u0042]]+?)(?(name)\\k<name>|\\1{2,3})(?i-ms:x)(?#note)$",
        "(?x) a # b\n [\\p{Lu}\\P{IsGreek}] (?>b) (?<=c)(?!d) \\101 \\cA (?'q'\\k'q')(?(?=x)y|z)(?<7>\\7)",
        "(?x)(?<=a*(?i-m)b|[c-[d]](?<n>\\w)+?(?(n)\\k<n>|\\G$)(?(?<!x+)y))(?<!(?=(?<=z*)\\b(.)\\1))",
        "é\\ud83d\\ude00[\\ud800-\\udfff][^\\ud800]{1,}\\b\\B*(?n:(a)(?<b>c))[[::]a-]",
    };
    kw_vm *vm = make_vm();
    static const char *const subjects[] = {"aAbb x", "é😀a"};
    for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++)
        for (size_t size = 0; size <= strlen(wholes[i]); size++)
            for (size_t k = 0; k < 2; k++) {
                kw_string *s = text(vm, subjects[k]);
                kw_regex *r = kw_regex_get(vm, kw_string_new(vm, wholes[i], size), s);
                bool whole = size == strlen(wholes[i]);
                ck_assert_msg(!whole || r != NULL, "%s: %s", wholes[i],
                              whole && r == NULL ? vm->error.message->text : "");
                ck_assert((r == NULL) == (vm->error.type != NULL));
                ck_assert(r == NULL || kw_regex_match(vm, r, s, 0) != KW_REGEX_THROWN);
                kw_throw_clear(vm);
            }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(the_dialect_is_that_of_dotnet)
{
    kw_vm *vm = make_vm();
    finds(vm, "\\v", "a\nb\v", "\v");         /* one character, not a class */
    finds(vm, "(?<n>a)(b)\\1", "abb", "abb"); /* names are numbered last */
    finds(vm, "(?<n>a)|(?<n>b)\\k<n>", "bb", "bb");
    finds(vm, "(?(x)xy|z)", "axy", "xy");
    finds(vm, "(a)?(?(1)b|c)", "xc", "c");
    finds(vm, "[a-z-[aeiou]]+", "aebcd", "bcd");
    finds(vm, "[^a-[b]]", "ab", NULL);
    finds(vm, "[^a-[b]]", "abc", "c");
    finds(vm, "\\b*\\w", " x", "x");
    finds(vm, "(?m)^", "a\n", "");
    finds_from(vm, "(?m)^", "a\n", 2, ""); /* after the last line break, too */
    finds(vm, "a{,2}", "a{,2}", "a{,2}");
    finds(vm, "\\0a\\x61\\141", "x", NULL);
    finds(vm, "\\141\\x61\\u0061", "xaaa", "aaa");
    finds(vm, "(?n)(a)(?<m>b)\\1", "abb", "abb");
    finds(vm, "(?i)\\p{Ll}+", "aBC1", "aBC");
    finds(vm, "[\\ud800-\\udfff]", "a😀", NULL);
    finds(vm, "(?x) a b # c\n d", "abd", "abd");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(words_are_those_of_the_subjects_language)
{
    kw_vm *vm = make_vm();
    finds(vm, "\\w+", "-naïve²", "naïve"); /* a superscript is no word character */
    finds(vm, "\\w+", "e\xCC\x81-", "e\xCC\x81");
    finds(vm, "\\W", "é_1-", "-");
    finds(vm, "[^\\W_]+", "_é1", "é1");
    finds(vm, "[\\W]", "aé\xC2\xB2", "\xC2\xB2");
    finds(vm, "\\d", "x٣", "٣");
    finds(vm, "\\s", "é\xE2\x80\x83", "\xE2\x80\x83");
    finds(vm, "[\\S]+", "\xC2\xA0é\x01 ", "é\x01");
    finds(vm, "\\bé\\b", "né é", "é");
    finds(vm, "\\Bé", "né é", "é");
    finds(vm, "(?i)ÀÉ", "xàé", "àé");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(look_behinds_have_any_width)
{
    kw_vm *vm = make_vm();
    finds(vm, "(?<=xa*)b", "ab xaab", "b");
    finds_from(vm, "(?<=xa*)b", "xab", 2, "b"); /* what is before the place is seen */
    finds_from(vm, "(?<=\\Ga*)b", "aab", 1, "b");
    finds_from(vm, "(?<=a\\Ga*)b", "aab", 0, NULL);
    finds(vm, "(?<=.*)", "", "");
    finds(vm, "(?<=ab?|b+).*", "xab", "b"); /* tried elsewhere than at the beginning */
    finds(vm, ".*(?<=a+)", "bab", "ba");    /* and gives back */
    finds(vm, "(?<=^a+$)\n", "aa\n", "\n");
    finds(vm, "(?<=(?=a+(?<!xa*)b)a*)b", "aab", "b");
    finds(vm, "(?<=a*(?i)B(?-i)C*)1", "abC1", "1");
    finds(vm, "(?<=a*(?i)B(?-i)C+)1", "abc1", NULL);
    finds(vm, "(?<=é{2,3}\\w*)本", "éé日本", "本");
    finds(vm, "(?<=\\bé*)a", "ééa", "a");
    kw_vm_destroy(vm);
}
END_TEST

static void captures(kw_vm *vm, const char *pattern, const char *subject, size_t slot, size_t from, size_t to)
{
    kw_string *s = text(vm, subject);
    kw_regex *r = kw_regex_get(vm, text(vm, pattern), s);
    ck_assert_msg(r != NULL, "%s", pattern);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_FOUND);
    kw_regex_span span = r->spans[slot];
    ck_assert_msg(span.from == from && (from == KW_REGEX_NO_SPAN || span.to == to), "%s in %s: group %zu is %zu to %zu",
                  pattern, subject, slot, span.from, span.to);
}

START_TEST(look_behinds_capture_from_right_to_left)
{
    kw_vm *vm = make_vm();
    captures(vm, "(?<=(\\w)+)2", "ab12", 1, 0, 1);
    captures(vm, "(?<=(\\d+)(\\w+))x", "123x", 1, 0, 1);
    captures(vm, "(?<=(\\d+)(\\w+))x", "123x", 2, 1, 3);
    captures(vm, "(?<=\\1-*(\\w))b", "é-éb", 1, 3, 5);
    captures(vm, "(x)?(?<=(a+)|(b+))(c)", "xbbc", 1, KW_REGEX_NO_SPAN, 0);
    captures(vm, "(x)?(?<=(a+)|(b+))(c)", "xbbc", 2, KW_REGEX_NO_SPAN, 0);
    captures(vm, "(x)?(?<=(a+)|(b+))(c)", "xbbc", 3, 1, 3);
    captures(vm, "(x)?(?<=(a+)|(b+))(c)", "xbbc", 4, 3, 4);
    captures(vm, "(?<!(a)+)(b)", "xb", 1, KW_REGEX_NO_SPAN, 0);
    captures(vm, "(?<!(a)+)(b)", "xb", 2, 1, 2);
    captures(vm, "(?<=(?=(xy+)).*)(\\d)", "xyy1", 1, 0, 3);
    captures(vm, "(?<n>c)(?<=(?<m>b+)c)(d)", "abbcd", 3, 1, 3); /* names are numbered last */
    captures(vm, "(?:(?<=(a*))b)+", "abb", 1, 2, 2);
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_subject_that_was_turned_is_not_taken_for_another)
{
    kw_vm *vm = make_vm();
    kw_string *pattern = text(vm, "(?<=a+)b");
    static const char *const subjects[] = {"aab", "ccb", "", "b", "ab"};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        kw_string *s = text(vm, subjects[i]);
        kw_regex *r = kw_regex_get(vm, pattern, s);
        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(kw_regex_match(vm, r, s, 0), subjects[i][0] == 'a' ? KW_REGEX_FOUND : KW_REGEX_NONE);
    }
    kw_buf buf; /* longer than what is turned at a time */
    kw_buf_init(&buf);
    kw_buf_puts(&buf, "a");
    for (int i = 0; i < 40000; i++)
        kw_buf_puts(&buf, "é");
    kw_buf_puts(&buf, "b");
    kw_string *s = kw_buf_string(vm, &buf);
    kw_regex *r = kw_regex_get(vm, text(vm, "(?<=(a.*))b|(?<=aé{10,20})é"), s);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_FOUND);
    ck_assert_uint_eq(r->spans[0].from, 21);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 50), KW_REGEX_FOUND);
    ck_assert(r->spans[0].from == 80001 && r->spans[1].from == 0 && r->spans[1].to == 80001);
    kw_vm_destroy(vm);
}
END_TEST

/* With machine code or without. */
static void look_behinds_stay_within_limits(bool jit)
{
    kw_vm *vm = make_vm();
    ck_assert(kw_regex_use_jit(vm, jit));
    static const char *const patterns[] = {"(?<=[bc](a|a?)+)!", "(?<![bc](a|a?)+)!", "(?<=(?=(a|a?)+[bc]).*)!"};
    kw_string *s = text(vm, "xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        kw_regex *r = kw_regex_get(vm, text(vm, patterns[i]), s);
        ck_assert_ptr_nonnull(r);
        ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_THROWN);
        char want[128];
        snprintf(want, sizeof(want), "Pattern '%s' backtracks too much: given up after %u steps.", patterns[i],
                 (unsigned)(KW_REGEX_STEPS + 8 * s->size));
        threw(vm, "RegexError", want);
    }
    kw_buf buf;
    kw_buf_init(&buf);
    for (int i = 0; i < 8000000; i++)
        kw_buf_puts(&buf, "ab");
    kw_buf_puts(&buf, "c");
    s = kw_buf_string(vm, &buf);
    kw_regex *r = kw_regex_get(vm, text(vm, "(?<=(a|b)*)c"), s);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_THROWN);
    threw(vm, "RegexError", "Pattern '(?<=(a|b)*)c' needs too much memory: more than 67108864 bytes.");
    finds(vm, "(?<=a*)b", "ab", "b");
    kw_vm_destroy(vm);
}

START_TEST(look_behinds_stay_within_limits_in_machine_code)
{
    look_behinds_stay_within_limits(true);
}
END_TEST

START_TEST(look_behinds_stay_within_limits_in_the_interpreter)
{
    look_behinds_stay_within_limits(false);
}
END_TEST

/* With machine code or without. */
static void stays_within_limits(bool jit)
{
    kw_vm *vm = make_vm();
    ck_assert(kw_regex_use_jit(vm, jit));
    kw_string *s = text(vm, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");
    kw_regex *r = kw_regex_get(vm, text(vm, "^(a+)+$"), s);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_THROWN);
    char want[128];
    snprintf(want, sizeof(want), "Pattern '^(a+)+$' backtracks too much: given up after %u steps.",
             (unsigned)(KW_REGEX_STEPS + 8 * s->size));
    threw(vm, "RegexError", want);

    kw_buf buf;
    kw_buf_init(&buf);
    for (int i = 0; i < 8000000; i++)
        kw_buf_puts(&buf, "ab");
    s = kw_buf_string(vm, &buf);
    r = kw_regex_get(vm, text(vm, "(a|b)*"), s);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_THROWN);
    threw(vm, "RegexError", "Pattern '(a|b)*' needs too much memory: more than 67108864 bytes.");
    finds(vm, "b", "ab", "b"); /* the next match is not affected */
    kw_vm_destroy(vm);
}

START_TEST(machine_code_stays_within_limits)
{
    stays_within_limits(true);
}
END_TEST

START_TEST(the_interpreter_stays_within_limits)
{
    stays_within_limits(false);
}
END_TEST

START_TEST(patterns_that_are_too_large_are_refused)
{
    kw_vm *vm = make_vm();
    static const struct {
        const char *unit;
        int count;
        bool refused;
    } rows[] = {{"a", 70000, true},     {"(", 10000, true},   {"(?:", 10000, true},         {"[a-", 10000, true},
                {"()", 32000, true},    {"\\b", 30000, true}, {"(?<a>)\\k<a>", 5000, true}, {"(?(1)", 9000, true},
                {"(?i)", 16000, false}, {"|", 20000, false},  {"(?<=a*)", 255, false},      {"(?<=a*)", 256, true},
                {"(?<=a*|", 100, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kw_buf buf;
        kw_buf_init(&buf);
        for (int k = 0; k < rows[i].count; k++)
            kw_buf_puts(&buf, rows[i].unit);
        kw_string *s = text(vm, "é");
        kw_regex *r = kw_regex_get(vm, kw_buf_string(vm, &buf), s);
        ck_assert_msg((r == NULL) == rows[i].refused, "%s", rows[i].unit);
        ck_assert((r == NULL) == (vm->error.type != NULL));
        ck_assert(r == NULL || kw_regex_match(vm, r, s, 0) == KW_REGEX_FOUND);
        kw_throw_clear(vm);
    }
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(nul_is_a_character)
{
    kw_vm *vm = make_vm();
    kw_string *s = kw_string_new(vm, "a\0b", 3);
    kw_regex *r = kw_regex_get(vm, kw_string_new(vm, "\0b", 2), s);
    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(kw_regex_match(vm, r, s, 0), KW_REGEX_FOUND);
    ck_assert(r->spans[0].from == 1 && r->spans[0].to == 3);
    ck_assert_ptr_null(kw_regex_get(vm, kw_string_new(vm, "\0(", 2), s));
    static const char want[] = "Invalid pattern '\0(' at offset 2. Not enough )'s.";
    ck_assert_uint_eq(vm->error.message->size, sizeof(want) - 1);
    ck_assert_mem_eq(vm->error.message->text, want, sizeof(want));
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("regex", 60, spans_are_bytes_and_unset_groups_have_none, a_search_from_further_on_sees_what_is_before,
           a_pattern_is_compiled_once, invalid_patterns_say_where_and_why,
           every_beginning_of_a_pattern_is_valid_or_an_error, the_dialect_is_that_of_dotnet,
           words_are_those_of_the_subjects_language, look_behinds_have_any_width,
           look_behinds_capture_from_right_to_left, a_subject_that_was_turned_is_not_taken_for_another,
           look_behinds_stay_within_limits_in_machine_code, look_behinds_stay_within_limits_in_the_interpreter,
           machine_code_stays_within_limits, the_interpreter_stays_within_limits,
           patterns_that_are_too_large_are_refused, nul_is_a_character)
