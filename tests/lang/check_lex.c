/* check_lex.c - lang/lex: every text is split into tokens, each with its place; nothing is lost. */
#include "config.h"

#include <string.h>

#include "lang/lex.h"
#include "support/suite.h"

static kw_lexer lexer_of(const char *text)
{
    return (kw_lexer){.text = text, .end = (uint32_t)strlen(text), .line = 1, .column = 1};
}

/* The next token, which must be of `kind`. */
static kw_token next(kw_lexer *lexer, kw_token_kind kind)
{
    kw_token token;
    kw_lex_next(lexer, &token);
    ck_assert_int_eq(token.kind, kind);
    return token;
}

static void only(const char *text, const kw_token_kind *kinds, size_t count)
{
    kw_lexer lexer = lexer_of(text);
    for (size_t i = 0; i < count; i++)
        next(&lexer, kinds[i]);
    next(&lexer, KW_T_EOF);
}
#define ONLY(text, ...)                                                                                                \
    only(text, (const kw_token_kind[]){__VA_ARGS__},                                                                   \
         sizeof((const kw_token_kind[]){__VA_ARGS__}) / sizeof(kw_token_kind))

START_TEST(operators_split_into_the_longest_known)
{
    ONLY("x=-1", KW_T_NAME, KW_T_ASSIGN, KW_T_SUB, KW_T_INTEGER);
    ONLY("a==-1", KW_T_NAME, KW_T_EQ, KW_T_SUB, KW_T_INTEGER);
    ONLY("!!x", KW_T_NOT, KW_T_NOT, KW_T_NAME);
    ONLY("a>>>=b", KW_T_NAME, KW_T_USHR_ASSIGN, KW_T_NAME);
    ONLY("a&&!b", KW_T_NAME, KW_T_AND, KW_T_NOT, KW_T_NAME);
    ONLY("x<-1", KW_T_NAME, KW_T_LT, KW_T_SUB, KW_T_INTEGER);
    ONLY(". .. ... : :: => =<", KW_T_DOT, KW_T_DOTDOT, KW_T_ELLIPSIS, KW_T_COLON, KW_T_QUALIFIER, KW_T_ARROW,
         KW_T_ASSIGN_OLD);
}
END_TEST

START_TEST(every_reserved_word_is_a_token_of_its_own)
{
    static const struct {
        const char *text;
        kw_token_kind kind;
    } words[] = {
#define WORD(name, text) {text, KW_KEY_##name},
        KW_KEYWORDS(WORD)
#undef WORD
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        only(words[i].text, &words[i].kind, 1);
        char longer[32];
        snprintf(longer, sizeof(longer), "%s_", words[i].text);
        ONLY(longer, KW_T_NAME);
        longer[strlen(words[i].text)] = '\0';
        longer[0] = (char)(longer[0] - 'a' + 'A');
        ONLY(longer, KW_T_NAME);
    }
    ONLY("and or not def", KW_T_AND, KW_T_OR, KW_T_NOT, KW_KEY_FN);
}
END_TEST

static int64_t integer_of(const char *text)
{
    kw_lexer lexer = lexer_of(text);
    kw_token token = next(&lexer, KW_T_INTEGER);
    next(&lexer, KW_T_EOF);
    return token.integer;
}

static double float_of(const char *text)
{
    kw_lexer lexer = lexer_of(text);
    kw_token token = next(&lexer, KW_T_FLOAT);
    next(&lexer, KW_T_EOF);
    return token.number;
}

START_TEST(numbers_have_their_value)
{
    ck_assert_int_eq(integer_of("007"), 7);
    ck_assert_int_eq(integer_of("9223372036854775807"), INT64_MAX);
    ck_assert_int_eq(integer_of("0xffffffffffffffff"), -1);
    ck_assert_int_eq(integer_of("0XfF"), 255);
    ck_assert_int_eq(integer_of("0b101"), 5);
    ck_assert_int_eq(integer_of("0O17"), 15);
    ck_assert(float_of("1.5") == 1.5);
    ck_assert(float_of("3.") == 3.0);
    ck_assert(float_of("1.e5") == 1e5);
    ck_assert(float_of("1e3") == 1e3);
    ck_assert(float_of("1.5e-3") == 1.5e-3);
    ck_assert(float_of("0.1") == 0.1);
    ck_assert(float_of("123456789012345678901234567890.5") == 123456789012345678901234567890.5);
}
END_TEST

START_TEST(floats_with_thousands_of_digits_keep_their_size)
{
    char text[4096];
    memset(text, '0', sizeof(text));
    text[0] = '1';
    memcpy(text + 3001, ".5e-3000", 9); /* 1, 3000 zeros, back by 3000 */
    ck_assert(float_of(text) == 1.0);
}
END_TEST

START_TEST(a_number_leaves_two_dots_alone)
{
    ONLY("1..3", KW_T_INTEGER, KW_T_DOTDOT, KW_T_INTEGER);
    ONLY("1.5..2.5", KW_T_FLOAT, KW_T_DOTDOT, KW_T_FLOAT);
    ONLY("5.abs", KW_T_FLOAT, KW_T_NAME);
}
END_TEST

START_TEST(malformed_numbers_are_errors)
{
    static const char *const texts[] = {"1.2.3",  "1e",
                                        "1e5e3",  "0x",
                                        "0b",     "0o",
                                        "0b12",   "0xfg",
                                        "0o8",    "9223372036854775808",
                                        "1e5.5e", "0x10000000000000000"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ONLY(texts[i], KW_T_ERROR);
    ONLY("1e+", KW_T_ERROR, KW_T_ADD);
    ONLY("1e+x", KW_T_ERROR, KW_T_ADD, KW_T_NAME);
}
END_TEST

START_TEST(comments_and_blanks_are_skipped)
{
    ONLY("#!first\n1 # two\n/# 3 \n # #/ 4 # open", KW_T_INTEGER, KW_T_INTEGER);
    ONLY("/#/ 1 #/ 2", KW_T_INTEGER);
    ONLY(" \t\r\n", KW_T_EOF);
}
END_TEST

START_TEST(a_comment_that_never_ends_is_an_error_at_its_start)
{
    kw_lexer lexer = lexer_of("1\n /# open #");
    (void)next(&lexer, KW_T_INTEGER);
    kw_token token = next(&lexer, KW_T_ERROR);
    ck_assert_int_eq(token.error, KW_LEX_COMMENT);
    ck_assert_uint_eq(token.pos.line, 2);
    ck_assert_uint_eq(token.pos.column, 2);
    (void)next(&lexer, KW_T_EOF);
}
END_TEST

START_TEST(places_count_characters_and_lines)
{
    kw_lexer lexer = lexer_of("a\r\n\xC3\xA9 'x\ny' b");
    kw_token token = next(&lexer, KW_T_NAME);
    ck_assert_uint_eq(token.pos.line, 1);
    token = next(&lexer, KW_T_ERROR); /* the é */
    ck_assert_uint_eq(token.end - token.pos.offset, 2);
    ck_assert_uint_eq(token.pos.line, 2);
    ck_assert_uint_eq(token.pos.column, 1);
    token = next(&lexer, KW_T_STRING);
    ck_assert_uint_eq(token.pos.column, 3);
    ck_assert_uint_eq(token.end_line, 3);
    token = next(&lexer, KW_T_NAME);
    ck_assert_uint_eq(token.pos.line, 3);
    ck_assert_uint_eq(token.pos.column, 4);
    ck_assert_uint_eq(token.end_column, 5);
}
END_TEST

START_TEST(strings_end_at_their_own_quote)
{
    kw_lexer lexer = lexer_of("\"a ${\"b}\" + '\"'} c\" x");
    kw_token token = next(&lexer, KW_T_STRING);
    ck_assert(token.interpolated && token.terminated);
    next(&lexer, KW_T_NAME);
    ONLY("\"\\\"\" x", KW_T_STRING, KW_T_NAME);
    ONLY("'\\' x", KW_T_STRING, KW_T_NAME);
    ONLY("b\"\\\"\" b'x' b", KW_T_BYTES, KW_T_BYTES, KW_T_NAME);
    lexer = lexer_of("\"\\${a}\"");
    ck_assert(!next(&lexer, KW_T_STRING).interpolated);
}
END_TEST

START_TEST(unterminated_strings_end_with_the_text)
{
    static const char *const texts[] = {"\"", "'", "\"a\\", "\"${", "\"${\"", "\"${'}", "'${"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        kw_lexer lexer = lexer_of(texts[i]);
        ck_assert(!next(&lexer, KW_T_STRING).terminated);
        next(&lexer, KW_T_EOF);
    }
}
END_TEST

START_TEST(a_name_must_touch_its_at)
{
    ONLY("@a @@b @ c", KW_T_ATTRIBUTE, KW_T_STATIC_NAME, KW_T_SELF, KW_T_NAME);
    ONLY("@next", KW_T_ERROR);
    ONLY("@@", KW_T_ERROR);
}
END_TEST

SUITE_MAIN("lang/lex", 10, operators_split_into_the_longest_known, every_reserved_word_is_a_token_of_its_own,
           numbers_have_their_value, floats_with_thousands_of_digits_keep_their_size, a_number_leaves_two_dots_alone,
           malformed_numbers_are_errors, comments_and_blanks_are_skipped,
           a_comment_that_never_ends_is_an_error_at_its_start, places_count_characters_and_lines,
           strings_end_at_their_own_quote, unterminated_strings_end_with_the_text, a_name_must_touch_its_at)
