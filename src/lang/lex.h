/* lex.h - the tokens of a Kiwi text.
 *
 * Place: lang, below the parser; a pure function over text.
 * The lexer never fails for good: what it cannot read is an ERROR token.  Strings are not decoded
 * here: the token gives their extent, the parser decodes and parses what is interpolated. */
#ifndef KW_LEX_H
#define KW_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "lang/ast.h"

/* X(NAME, text): tokens with a fixed text, except keywords. */
#define KW_PUNCTUATION(X)                                                                                              \
    X(LPAREN, "(")                                                                                                     \
    X(RPAREN, ")")                                                                                                     \
    X(LBRACKET, "[")                                                                                                   \
    X(RBRACKET, "]")                                                                                                   \
    X(LBRACE, "{")                                                                                                     \
    X(RBRACE, "}")                                                                                                     \
    X(COMMA, ",")                                                                                                      \
    X(COLON, ":")                                                                                                      \
    X(QUALIFIER, "::")                                                                                                 \
    X(DOT, ".")                                                                                                        \
    X(DOTDOT, "..")                                                                                                    \
    X(ELLIPSIS, "...")                                                                                                 \
    X(SELF, "@")                                                                                                       \
    X(ARROW, "=>")                                                                                                     \
    X(QUESTION, "?")                                                                                                   \
    X(ESCAPE, "\\")                                                                                                    \
    X(ADD, "+")                                                                                                        \
    X(SUB, "-")                                                                                                        \
    X(MUL, "*")                                                                                                        \
    X(DIV, "/")                                                                                                        \
    X(FLOORDIV, "//")                                                                                                  \
    X(MOD, "%")                                                                                                        \
    X(POW, "**")                                                                                                       \
    X(BAND, "&")                                                                                                       \
    X(BOR, "|")                                                                                                        \
    X(BXOR, "^")                                                                                                       \
    X(BNOT, "~")                                                                                                       \
    X(SHL, "<<")                                                                                                       \
    X(SHR, ">>")                                                                                                       \
    X(USHR, ">>>")                                                                                                     \
    X(EQ, "==")                                                                                                        \
    X(NE, "!=")                                                                                                        \
    X(LT, "<")                                                                                                         \
    X(LE, "<=")                                                                                                        \
    X(GT, ">")                                                                                                         \
    X(GE, ">=")                                                                                                        \
    X(AND, "&&")                                                                                                       \
    X(OR, "||")                                                                                                        \
    X(NOT, "!")                                                                                                        \
    X(COALESCE, "??")                                                                                                  \
    X(ASSIGN, "=")                                                                                                     \
    X(ASSIGN_OLD, "=<")                                                                                                \
    X(ADD_ASSIGN, "+=")                                                                                                \
    X(SUB_ASSIGN, "-=")                                                                                                \
    X(MUL_ASSIGN, "*=")                                                                                                \
    X(DIV_ASSIGN, "/=")                                                                                                \
    X(FLOORDIV_ASSIGN, "//=")                                                                                          \
    X(MOD_ASSIGN, "%=")                                                                                                \
    X(POW_ASSIGN, "**=")                                                                                               \
    X(BAND_ASSIGN, "&=")                                                                                               \
    X(BOR_ASSIGN, "|=")                                                                                                \
    X(BXOR_ASSIGN, "^=")                                                                                               \
    X(SHL_ASSIGN, "<<=")                                                                                               \
    X(SHR_ASSIGN, ">>=")                                                                                               \
    X(USHR_ASSIGN, ">>>=")                                                                                             \
    X(AND_ASSIGN, "&&=")                                                                                               \
    X(OR_ASSIGN, "||=")

/* X(NAME, word): reserved words, in the order of strcmp().  `and or not def` are not here: they are
 * other spellings of `&& || ! fn`. */
#define KW_KEYWORDS(X)                                                                                                 \
    X(ABSTRACT, "abstract")                                                                                            \
    X(ANY, "any")                                                                                                      \
    X(AS, "as")                                                                                                        \
    X(BOOLEAN, "boolean")                                                                                              \
    X(BREAK, "break")                                                                                                  \
    X(BYTES_TYPE, "bytes")                                                                                             \
    X(CASE, "case")                                                                                                    \
    X(CATCH, "catch")                                                                                                  \
    X(CONST, "const")                                                                                                  \
    X(DATE, "date")                                                                                                    \
    X(DO, "do")                                                                                                        \
    X(ELSE, "else")                                                                                                    \
    X(ELSIF, "elsif")                                                                                                  \
    X(EMIT, "emit")                                                                                                    \
    X(END, "end")                                                                                                      \
    X(ENUM, "enum")                                                                                                    \
    X(EPRINT, "eprint")                                                                                                \
    X(EPRINTLN, "eprintln")                                                                                            \
    X(EVAL, "eval")                                                                                                    \
    X(EXIT, "exit")                                                                                                    \
    X(EXPORT, "export")                                                                                                \
    X(FALSE, "false")                                                                                                  \
    X(FINALLY, "finally")                                                                                              \
    X(FLOAT_TYPE, "float")                                                                                             \
    X(FN, "fn")                                                                                                        \
    X(FOR, "for")                                                                                                      \
    X(GENERATOR, "generator")                                                                                          \
    X(HASHMAP, "hashmap")                                                                                              \
    X(IF, "if")                                                                                                        \
    X(IMPORT, "import")                                                                                                \
    X(IN, "in")                                                                                                        \
    X(INCLUDE, "include")                                                                                              \
    X(INTEGER_TYPE, "integer")                                                                                         \
    X(INTERFACE, "interface")                                                                                          \
    X(LAMBDA, "lambda")                                                                                                \
    X(LIST, "list")                                                                                                    \
    X(NEXT, "next")                                                                                                    \
    X(NONE, "none")                                                                                                    \
    X(NULL, "null")                                                                                                    \
    X(OBJECT, "object")                                                                                                \
    X(OFF, "off")                                                                                                      \
    X(ON, "on")                                                                                                        \
    X(ONCE, "once")                                                                                                    \
    X(OVERRIDE, "override")                                                                                            \
    X(PACKAGE, "package")                                                                                              \
    X(POINTER, "pointer")                                                                                              \
    X(PRINT, "print")                                                                                                  \
    X(PRINTLN, "println")                                                                                              \
    X(PRINTXY, "printxy")                                                                                              \
    X(PRIVATE, "private")                                                                                              \
    X(REPEAT, "repeat")                                                                                                \
    X(REQUIRE, "require")                                                                                              \
    X(RETURN, "return")                                                                                                \
    X(STATIC, "static")                                                                                                \
    X(STRING_TYPE, "string")                                                                                           \
    X(STRUCT, "struct")                                                                                                \
    X(SUPER, "super")                                                                                                  \
    X(THROW, "throw")                                                                                                  \
    X(TO, "to")                                                                                                        \
    X(TRUE, "true")                                                                                                    \
    X(TRY, "try")                                                                                                      \
    X(VAR, "var")                                                                                                      \
    X(WHEN, "when")                                                                                                    \
    X(WHILE, "while")                                                                                                  \
    X(WITH, "with")                                                                                                    \
    X(YIELD, "yield")

typedef enum kw_token_kind {
    KW_T_EOF,
    KW_T_ERROR, /* see kw_lex_error */
    KW_T_NAME,
    KW_T_INTEGER,
    KW_T_FLOAT,
    KW_T_STRING, /* also interpolated */
    KW_T_BYTES,
    KW_T_ATTRIBUTE,   /* @name, in one piece */
    KW_T_STATIC_NAME, /* @@name */
#define KW_TOKEN_ENUM(name, text) KW_T_##name,
    KW_PUNCTUATION(KW_TOKEN_ENUM)
#undef KW_TOKEN_ENUM
#define KW_TOKEN_ENUM(name, text) KW_KEY_##name,
        KW_KEYWORDS(KW_TOKEN_ENUM)
#undef KW_TOKEN_ENUM
            KW_T_COUNT
} kw_token_kind;

typedef enum kw_lex_error {
    KW_LEX_UNEXPECTED, /* character, operator or number that cannot be read */
    KW_LEX_KEYWORD,    /* @word with a reserved word */
    KW_LEX_DEPTH,      /* strings nested too deep in strings */
    KW_LEX_COMMENT     /* a block comment that never ends */
} kw_lex_error;

typedef struct kw_token {
    kw_token_kind kind;
    kw_pos pos;
    uint32_t end;        /* offset behind the token */
    uint32_t end_line;   /* where it ends */
    uint32_t end_column; /* behind the token */
    bool interpolated;   /* STRING: has at least one ${ */
    bool terminated;     /* STRING, BYTES: has its closing quote */
    kw_lex_error error;  /* ERROR */
    int64_t integer;     /* INTEGER */
    double number;       /* FLOAT */
} kw_token;

/* A place in a text.  A copy of it is a place to come back to. */
typedef struct kw_lexer {
    const char *text;
    uint32_t end; /* reading stops here */
    uint32_t at;
    uint32_t line;
    uint32_t column;
} kw_lexer;

/* Read the next token into *token; at the end EOF, again and again. */
void kw_lex_next(kw_lexer *lexer, kw_token *token);
/* Advance over bytes up to offset `to`, counting lines and columns. */
void kw_lex_skip(kw_lexer *lexer, uint32_t to);
/* `at` is behind a `${`: the offset of the matching `}`, or `end` if there is none.  Nested braces
 * are counted, nested string literals skipped unless `plain`.  *too_deep is set if strings are
 * nested deeper than the limit, else left alone. */
uint32_t kw_lex_brace_end(const char *text, uint32_t at, uint32_t end, bool plain, bool *too_deep);

static inline bool kw_is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static inline bool kw_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool kw_is_name_char(char c)
{
    return kw_is_name_start(c) || kw_is_digit(c);
}
/* Is it one of the type words, or a reserved word at all? */
bool kw_lex_is_type(kw_token_kind kind);
bool kw_lex_is_keyword(kw_token_kind kind);

#endif
