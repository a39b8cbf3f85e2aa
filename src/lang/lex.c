/* lex.c - reading tokens.  The contract is in lex.h. */
#include "config.h"

#include "lang/lex.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/text.h"

enum {
    STRING_DEPTH_MAX = 32, /* strings in interpolations in strings ...; each level is read again */
    FLOAT_DIGITS_MAX = 800 /* more digits cannot change a double, see float_value() */
};

typedef struct word {
    const char *text;
    kw_token_kind kind;
} word;

static const word PUNCTUATION[] = {
#define WORD(name, text) {text, KW_T_##name},
    KW_PUNCTUATION(WORD)
#undef WORD
};

static const word KEYWORDS[] = {
#define WORD(name, text) {text, KW_KEY_##name},
    KW_KEYWORDS(WORD)
#undef WORD
};

static const word ALIASES[] = {
    {"and", KW_T_AND},
    {"or", KW_T_OR},
    {"not", KW_T_NOT},
    {"def", KW_KEY_FN},
};

bool kw_lex_is_type(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_KEY_ANY:
    case KW_KEY_BOOLEAN:
    case KW_KEY_BYTES_TYPE:
    case KW_KEY_DATE:
    case KW_KEY_FLOAT_TYPE:
    case KW_KEY_GENERATOR:
    case KW_KEY_HASHMAP:
    case KW_KEY_INTEGER_TYPE:
    case KW_KEY_LAMBDA:
    case KW_KEY_LIST:
    case KW_KEY_NONE:
    case KW_KEY_OBJECT:
    case KW_KEY_POINTER:
    case KW_KEY_STRING_TYPE: return true;
    default: return false;
    }
}

bool kw_lex_is_keyword(kw_token_kind kind)
{
    return kind >= KW_KEY_ABSTRACT && kind < KW_T_COUNT;
}

/* The byte `ahead` of the place, 0 behind the end. */
static char peek(const kw_lexer *lexer, uint32_t ahead)
{
    assert(lexer->at <= lexer->end);
    return ahead < lexer->end - lexer->at ? lexer->text[lexer->at + ahead] : '\0';
}

void kw_lex_skip(kw_lexer *lexer, uint32_t to)
{
    assert(lexer->at <= to && to <= lexer->end);
    while (lexer->at < to) {
        unsigned char c = (unsigned char)lexer->text[lexer->at++];
        if (c == '\n') {
            lexer->line++;
            lexer->column = 1;
        } else if ((c & 0xC0) != 0x80) { /* continuation bytes do not count */
            lexer->column++;
        }
    }
}

static void skip_line_comment(kw_lexer *lexer)
{
    const char *from = lexer->text + lexer->at;
    const char *line_end = memchr(from, '\n', lexer->end - lexer->at);
    kw_lex_skip(lexer, line_end == NULL ? lexer->end : (uint32_t)(line_end - lexer->text));
}

/* False: the comment never ends, and the lexer stays at its start. */
static bool skip_block_comment(kw_lexer *lexer)
{
    uint32_t at = lexer->at + 2;
    while (at < lexer->end && !(lexer->text[at] == '/' && lexer->text[at - 1] == '#' && at - 1 >= lexer->at + 2))
        at++;
    if (at < lexer->end)
        kw_lex_skip(lexer, at + 1);
    return at < lexer->end;
}

/* Advance over blanks, line ends and comments.  False: stopped at a comment that never ends. */
static bool skip_blanks(kw_lexer *lexer)
{
    while (lexer->at < lexer->end) {
        char c = lexer->text[lexer->at];
        if (c == ' ' || (c >= '\t' && c <= '\r'))
            kw_lex_skip(lexer, lexer->at + 1);
        else if (c == '#')
            skip_line_comment(lexer);
        else if (c != '/' || peek(lexer, 1) != '#')
            break;
        else if (!skip_block_comment(lexer))
            return false;
    }
    return true;
}

/* --- strings --- */

static uint32_t string_end(const char *text, uint32_t at, uint32_t end, int depth, bool *found, bool *too_deep);

static uint32_t brace_end(const char *text, uint32_t at, uint32_t end, bool plain, int depth, bool *too_deep)
{
    uint32_t open = 1;
    while (at < end) {
        char c = text[at];
        if (!plain && (c == '"' || c == '\'')) {
            at = string_end(text, at, end, depth + 1, NULL, too_deep);
            continue;
        }
        if (c == '{')
            open++;
        else if (c == '}' && --open == 0)
            return at;
        at++;
    }
    assert(at == end); /* no string went beyond */
    return end;
}

uint32_t kw_lex_brace_end(const char *text, uint32_t at, uint32_t end, bool plain, bool *too_deep)
{
    return brace_end(text, at, end, plain, 0, too_deep);
}

/* The offset behind the string that starts at `at` with its quote; *found tells (if not NULL)
 * whether it has a closing one. */
static uint32_t string_end(const char *text, uint32_t at, uint32_t end, int depth, bool *found, bool *too_deep)
{
    char quote = text[at++];
    if (found != NULL)
        *found = false;
    if (depth > STRING_DEPTH_MAX) {
        *too_deep = true;
        return end;
    }
    while (at < end) {
        char c = text[at];
        if (c == quote) {
            if (found != NULL)
                *found = true;
            return at + 1;
        }
        /* A '...' string ends at the next quote whatever stands before it. */
        if (quote == '"' && c == '\\' && end - at > 1) {
            at += 2;
        } else if (quote == '"' && c == '$' && end - at > 1 && text[at + 1] == '{') {
            at = brace_end(text, at + 2, end, false, depth, too_deep);
            at += at < end;
        } else {
            at++;
        }
    }
    return end;
}

static bool has_interpolation(const char *text, uint32_t at, uint32_t end, char quote)
{
    assert(at <= end);
    for (; end - at > 1; at++) {
        if (text[at] == '\\' && (quote == '"' || text[at + 1] == '$')) {
            at++;
            if (end - at < 2)
                break;
        } else if (text[at] == '$' && text[at + 1] == '{') {
            return true;
        }
    }
    return false;
}

static void read_string(kw_lexer *lexer, kw_token *token)
{
    bool too_deep = false;
    uint32_t start = lexer->at;
    uint32_t end = string_end(lexer->text, start, lexer->end, 0, &token->terminated, &too_deep);
    token->kind = KW_T_STRING;
    token->interpolated = has_interpolation(lexer->text, start + 1, end, lexer->text[start]);
    if (too_deep) {
        token->kind = KW_T_ERROR;
        token->error = KW_LEX_DEPTH;
    }
    kw_lex_skip(lexer, end);
}

static void read_bytes(kw_lexer *lexer, kw_token *token)
{
    uint32_t at = lexer->at + 1;
    char quote = lexer->text[at++];
    token->kind = KW_T_BYTES;
    while (at < lexer->end && lexer->text[at] != quote)
        at += lexer->text[at] == '\\' && lexer->end - at > 1 ? 2 : 1;
    token->terminated = at < lexer->end;
    kw_lex_skip(lexer, at < lexer->end ? at + 1 : lexer->end);
}

/* --- numbers --- */

static void bad_token(kw_token *token)
{
    token->kind = KW_T_ERROR;
    token->error = KW_LEX_UNEXPECTED;
}

/* 0x, 0b, 0o: a pattern of at most 64 bits. */
static void read_based(kw_lexer *lexer, kw_token *token, unsigned bits)
{
    uint64_t value = 0;
    bool good = kw_text_hex_digit(peek(lexer, 2)) >= 0;
    uint32_t at = lexer->at + 2;
    for (; at < lexer->end && kw_is_name_char(lexer->text[at]); at++) {
        int digit = kw_text_hex_digit(lexer->text[at]);
        if (digit < 0 || digit >= 1 << bits || value >> (64 - bits) != 0)
            good = false;
        else
            value = value << bits | (unsigned)digit;
    }
    kw_lex_skip(lexer, at);
    token->kind = KW_T_INTEGER;
    token->integer = (int64_t)value;
    if (!good)
        bad_token(token);
}

/* strtod() wants a terminated text.  Digits far behind the precision of a double are dropped: those
 * before the dot come back as exponent, so that the result is the same. */
static double float_value(const char *text, uint32_t size)
{
    char buf[FLOAT_DIGITS_MAX + 64];
    size_t used = 0;
    long dropped = 0; /* digits before the dot that are not in buf */
    uint32_t i = 0;
    bool dot = false;
    while (i + 1 < size && text[i] == '0' && kw_is_digit(text[i + 1]))
        i++;
    for (; i < size && (kw_is_digit(text[i]) || text[i] == '.'); i++) {
        if (text[i] == '.')
            dot = true;
        if (used < FLOAT_DIGITS_MAX || text[i] == '.')
            buf[used++] = text[i];
        else if (!dot)
            dropped++;
    }
    long exponent = 0;
    if (i < size) { /* at the e */
        bool negative = text[i + 1] == '-';
        for (i += text[i + 1] == '-' || text[i + 1] == '+' ? 2 : 1; i < size; i++)
            if (exponent < 1000000000)
                exponent = exponent * 10 + (text[i] - '0');
        exponent = negative ? -exponent : exponent;
    }
    exponent += dropped;
    buf[used++] = 'e';
    buf[used++] = exponent < 0 ? '-' : '+';
    unsigned long rest = exponent < 0 ? (unsigned long)-exponent : (unsigned long)exponent;
    char digits[24];
    size_t count = 0;
    do
        digits[count++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    while (count > 0)
        buf[used++] = digits[--count];
    assert(used < sizeof(buf)); /* the digits, one dot, and an exponent of a few words' size */
    buf[used] = '\0';
    return strtod(buf, NULL);
}

static void read_decimal(kw_lexer *lexer, kw_token *token)
{
    const char *text = lexer->text;
    uint32_t start = lexer->at, at = start, dots = 0, exponents = 0;
    bool good = true;
    for (; at < lexer->end; at++) {
        char c = text[at];
        char next = lexer->end - at > 1 ? text[at + 1] : '\0';
        if (c == '.' && next != '.') {
            dots++;
        } else if (c == 'e' || c == 'E') {
            exponents++;
            bool sign = (next == '+' || next == '-') && lexer->end - at > 2;
            if (sign && kw_is_digit(text[at + 2]))
                at++;
            else if (!kw_is_digit(next))
                good = false;
        } else if (!kw_is_digit(c)) {
            break;
        }
        if (exponents > 0 && c == '.')
            good = false;
    }
    kw_lex_skip(lexer, at);
    if (!good || dots > 1 || exponents > 1) {
        bad_token(token);
        return;
    }
    if (dots + exponents > 0) {
        token->kind = KW_T_FLOAT;
        token->number = float_value(text + start, at - start);
        return;
    }
    token->kind = KW_T_INTEGER;
    int64_t value = 0;
    for (uint32_t i = start; i < at; i++) {
        int digit = text[i] - '0';
        if (value > (INT64_MAX - digit) / 10) {
            bad_token(token);
            return;
        }
        value = value * 10 + digit;
    }
    token->integer = value;
}

static void read_number(kw_lexer *lexer, kw_token *token)
{
    char second = peek(lexer, 1);
    if (peek(lexer, 0) == '0' && (second == 'x' || second == 'X'))
        read_based(lexer, token, 4);
    else if (peek(lexer, 0) == '0' && (second == 'b' || second == 'B'))
        read_based(lexer, token, 1);
    else if (peek(lexer, 0) == '0' && (second == 'o' || second == 'O'))
        read_based(lexer, token, 3);
    else
        read_decimal(lexer, token);
}

/* --- words and operators --- */

static int compare_word(const char *text, uint32_t size, const char *with)
{
    int order = strncmp(text, with, size);
    return order != 0 ? order : with[size] == '\0' ? 0 : -1;
}

static kw_token_kind word_kind(const char *text, uint32_t size)
{
    for (size_t i = 0; i < sizeof(ALIASES) / sizeof(ALIASES[0]); i++)
        if (compare_word(text, size, ALIASES[i].text) == 0)
            return ALIASES[i].kind;
    size_t low = 0, high = sizeof(KEYWORDS) / sizeof(KEYWORDS[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare_word(text, size, KEYWORDS[middle].text);
        if (order == 0)
            return KEYWORDS[middle].kind;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return KW_T_NAME;
}

static uint32_t name_end(const kw_lexer *lexer, uint32_t at)
{
    while (at < lexer->end && kw_is_name_char(lexer->text[at]))
        at++;
    return at;
}

static void read_word(kw_lexer *lexer, kw_token *token)
{
    uint32_t start = lexer->at;
    kw_lex_skip(lexer, name_end(lexer, start));
    token->kind = word_kind(lexer->text + start, lexer->at - start);
}

/* @, @name, @@name; the name touches, so that `@` and a name on the next line are two tokens. */
static void read_at(kw_lexer *lexer, kw_token *token)
{
    uint32_t ats = peek(lexer, 1) == '@' ? 2 : 1;
    uint32_t start = lexer->at + ats;
    bool named = start < lexer->end && kw_is_name_start(lexer->text[start]);
    uint32_t end = named ? name_end(lexer, start) : start;
    kw_lex_skip(lexer, end);
    if (!named) {
        token->kind = KW_T_SELF;
        if (ats == 2)
            bad_token(token);
        return;
    }
    token->kind = ats == 1 ? KW_T_ATTRIBUTE : KW_T_STATIC_NAME;
    if (word_kind(lexer->text + start, end - start) != KW_T_NAME) {
        token->kind = KW_T_ERROR;
        token->error = KW_LEX_KEYWORD;
    }
}

/* The longest operator that the text starts with. */
static void read_operator(kw_lexer *lexer, kw_token *token)
{
    uint32_t left = lexer->end - lexer->at, best = 0;
    for (size_t i = 0; i < sizeof(PUNCTUATION) / sizeof(PUNCTUATION[0]); i++) {
        uint32_t size = (uint32_t)strlen(PUNCTUATION[i].text);
        if (size > best && size <= left && memcmp(lexer->text + lexer->at, PUNCTUATION[i].text, size) == 0) {
            best = size;
            token->kind = PUNCTUATION[i].kind;
        }
    }
    if (best == 0) { /* one whole character, however many bytes */
        bad_token(token);
        best = 1;
        if ((unsigned char)lexer->text[lexer->at] >= 0xC0)
            while (best < left && best < 4 && (lexer->text[lexer->at + best] & 0xC0) == 0x80)
                best++;
    }
    kw_lex_skip(lexer, lexer->at + best);
}

void kw_lex_next(kw_lexer *lexer, kw_token *token)
{
    bool closed = skip_blanks(lexer);
    *token = (kw_token){.kind = KW_T_EOF};
    token->pos = (kw_pos){lexer->line, lexer->column, lexer->at};
    if (!closed) {
        token->kind = KW_T_ERROR;
        token->error = KW_LEX_COMMENT;
        kw_lex_skip(lexer, lexer->end);
    } else if (lexer->at < lexer->end) {
        char c = peek(lexer, 0);
        if (c == '"' || c == '\'')
            read_string(lexer, token);
        else if (c == 'b' && (peek(lexer, 1) == '"' || peek(lexer, 1) == '\''))
            read_bytes(lexer, token);
        else if (kw_is_digit(c))
            read_number(lexer, token);
        else if (kw_is_name_start(c))
            read_word(lexer, token);
        else if (c == '@')
            read_at(lexer, token);
        else
            read_operator(lexer, token);
    }
    /* all but the end take something: whoever reads until the end gets there */
    assert(token->kind == KW_T_EOF ? lexer->at == lexer->end : lexer->at > token->pos.offset);
    token->end = lexer->at;
    token->end_line = lexer->line;
    token->end_column = lexer->column;
}
