/* hint_syntax.c - what people mean when they write what is no Kiwi.  The contract is in hint.h. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lang/hint.h"
#include "lang/lex.h"

#define ARROW_FORM  "an arrow lambda is written `do (x) => VALUE`"
#define LAMBDA_FORM "a function without a name is `with (x) do ... end` or `do (x) => VALUE`"

/* Where the text must be: the line is that of the error; it may end this line or the one before, since an
 * expression goes on in the next. */
typedef enum place { ANYWHERE, IN_LINE, ENDS_LINE } place;

/* The first row fits whose error it is, at the token `token` (NULL: at any), and whose `text` (NULL: any) is in its place. */
static const struct {
    kw_error_id id;
    const char *token;
    place place;
    const char *text, *hint;
} mistakes[] = {
    {KW_E_WHILE_DO, NULL, ANYWHERE, NULL, "write `while CONDITION do ... end`"},
    {KW_E_FOR_DO, NULL, ANYWHERE, NULL, "write `for NAME in VALUES do ... end`"},
    {KW_E_IDENTIFIER, NULL, IN_LINE, "for", "write `for NAME in VALUES do ... end`"},
    {KW_E_LAMBDA_DO, NULL, ANYWHERE, NULL, "a lambda is `with (x) do ... end` or `do (x) => VALUE`"},
    {KW_E_CASE_WHEN, NULL, ANYWHERE, NULL, "write `case VALUE when A ... when B ... else ... end`"},
    {KW_E_STATEMENT_TOKEN, "=>", ANYWHERE, NULL, ARROW_FORM},
    {KW_E_CALL_PAREN, NULL, IN_LINE, "=>", ARROW_FORM},
    {KW_E_TOKEN, ">", IN_LINE, "->", ARROW_FORM},
    {KW_E_TOKEN, "|", IN_LINE, "|", LAMBDA_FORM},
    {KW_E_KEYWORD, "fn", ANYWHERE, NULL, LAMBDA_FORM},
    {KW_E_TOKEN, "if", ANYWHERE, NULL, "`if` has no value here: write `CONDITION ? A : B`"},
    {KW_E_UNREADABLE, ";", ANYWHERE, NULL, "statements need nothing between them: leave out the `;`"},
    {KW_E_TOKEN, "+", IN_LINE, "++", "there is no `++`: write `NAME += 1`"},
    {KW_E_TOKEN, "-", IN_LINE, "--", "there is no `--`: write `NAME -= 1`"},
    {KW_E_TOKEN, "=", IN_LINE, "===", "there is no `===`: `==` compares"},
    {KW_E_TOKEN, "=", IN_LINE, "!==", "there is no `!==`: `!=` compares"},
    {KW_E_TOKEN, "//", ANYWHERE, NULL, "a comment begins with `#`"},
    {KW_E_TOKEN, "/", IN_LINE, "/*", "a comment begins with `#`, one of several lines is `/# ... #/`"},
    {KW_E_UNREADABLE, "`", ANYWHERE, NULL, "a string is written in \" or in '"},
    {KW_E_HASHMAP_KEY, NULL, ANYWHERE, NULL,
     "`{` begins a hashmap, a block ends with `end`; a reserved word as a key needs quotes"},
    {KW_E_ENUM_MEMBER, NULL, IN_LINE, ",", "nothing stands between the members: leave out the `,`"},
    {KW_E_TYPE_NAME, NULL, ENDS_LINE, "):", "no `:` begins a block; after `)` it begins a return type"},
    {KW_E_TYPE_NAME, NULL, ANYWHERE, NULL,
     "types are any, integer, float, string, boolean, list, hashmap, bytes, date, lambda, object and structs"},
    {KW_E_UNCLOSED, NULL, ANYWHERE, "else if", "`else if` opens another `if` with an `end` of its own; write `elsif`"},
    {KW_E_UNCLOSED, NULL, ANYWHERE, "=>",
     "an `end` is missing; note that an arrow lambda takes the next `end` with it"},
    {KW_E_UNCLOSED, NULL, ANYWHERE, NULL,
     "an `end` is missing for the block opened at that line, or for one inside it"},
    {KW_E_BLOCK_OPEN, NULL, ANYWHERE, "function ", "write `fn NAME(...) ... end`"},
    {KW_E_BLOCK_OPEN, NULL, ANYWHERE, "class ", "write `struct NAME ... end`"},
    {KW_E_BLOCK_OPEN, NULL, ANYWHERE, "unless ", "write `if !CONDITION`"},
    {KW_E_BLOCK_OPEN, NULL, ANYWHERE, NULL, "no block is open here: is there an `end` too many above?"},
};

/* ---- Places -------------------------------------------------------------------------------------------------- */

typedef struct span {
    const char *at;
    size_t size;
} span;

static bool contains(span in, const char *text)
{
    size_t wanted = strlen(text);
    for (size_t i = 0; i + wanted <= in.size; i++)
        if (memcmp(in.at + i, text, wanted) == 0)
            return true;
    return false;
}

static bool ends_with(span in, const char *text)
{
    size_t wanted = strlen(text);
    while (in.size > 0 && strchr(" \t\r", in.at[in.size - 1]) != NULL)
        in.size--;
    return in.size >= wanted && memcmp(in.at + in.size - wanted, text, wanted) == 0;
}

static span line_of(span source, uint32_t number)
{
    const char *end = source.at + source.size, *stop;
    for (; number > 1 && (stop = memchr(source.at, '\n', (size_t)(end - source.at))) != NULL; number--)
        source.at = stop + 1;
    stop = memchr(source.at, '\n', (size_t)(end - source.at));
    return (span){.at = source.at, .size = (size_t)((stop != NULL ? stop : end) - source.at)};
}

static bool fits(size_t row, kw_error_id id, const char *token, span source, uint32_t line)
{
    const char *text = mistakes[row].text;
    if (mistakes[row].id != id || (mistakes[row].token != NULL && strcmp(mistakes[row].token, token) != 0))
        return false;
    assert(text != NULL || mistakes[row].place == ANYWHERE); /* a row without text names no place for it */
    if (text == NULL)
        return true;
    switch (mistakes[row].place) {
    case ANYWHERE: return contains(source, text);
    case IN_LINE: return contains(line_of(source, line), text);
    case ENDS_LINE:
        return ends_with(line_of(source, line), text) || (line > 1 && ends_with(line_of(source, line - 1), text));
    }
    return false;
}

/* ---- Brackets ------------------------------------------------------------------------------------------------ */

/* What closes the bracket; KW_T_EOF: it is none. */
static kw_token_kind closer(kw_token_kind kind)
{
    return kind == KW_T_LPAREN     ? KW_T_RPAREN
           : kind == KW_T_LBRACKET ? KW_T_RBRACKET
           : kind == KW_T_LBRACE   ? KW_T_RBRACE
                                   : KW_T_EOF;
}

/* The innermost bracket that is still open at the end of the text.  False: there is none, or others do not
 * match. */
static bool open_bracket(span source, kw_token *out)
{
    enum { DEEPEST = 64 };
    kw_token open[DEEPEST], token;
    size_t count = 0;
    kw_lexer lexer = {.text = source.at, .end = (uint32_t)source.size, .line = 1, .column = 1};
    for (kw_lex_next(&lexer, &token); token.kind != KW_T_EOF; kw_lex_next(&lexer, &token)) {
        bool closes = token.kind == KW_T_RPAREN || token.kind == KW_T_RBRACKET || token.kind == KW_T_RBRACE;
        if (closer(token.kind) != KW_T_EOF) {
            if (count == DEEPEST)
                return false;
            open[count++] = token;
        } else if (closes && (count == 0 || closer(open[--count].kind) != token.kind)) {
            return false;
        }
    }
    if (count > 0)
        *out = open[count - 1];
    return count > 0;
}

/* Errors of an expression that went on into what follows it. */
static bool may_lack_bracket(kw_error_id id)
{
    switch ((int)id) {
    case KW_E_TOKEN:
    case KW_E_KEYWORD:
    case KW_E_PAREN:
    case KW_E_CALL_PAREN:
    case KW_E_CATCH_PAREN:
    case KW_E_EVENT_PAREN:
    case KW_E_INDEX_BRACKET:
    case KW_E_LIST_BRACKET:
    case KW_E_RANGE_BRACKET:
    case KW_E_HASHMAP_BRACE:
    case KW_E_HASHMAP_COLON: return true;
    default: return false;
    }
}

bool kw_hint_syntax(kw_error_id id, const char *token, const char *source, size_t size, uint32_t line, char *out,
                    size_t room)
{
    span all = {.at = source != NULL ? source : "", .size = source != NULL && size < UINT32_MAX ? size : 0};
    kw_token bracket;
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
        if (fits(i, id, token, all, line))
            return snprintf(out, room, "%s", mistakes[i].hint) > 0;
    if (!may_lack_bracket(id) || !open_bracket(all, &bracket))
        return false;
    return snprintf(out, room, "the `%c` in line %lu, column %lu is not closed", all.at[bracket.pos.offset],
                    (unsigned long)bracket.pos.line, (unsigned long)bracket.pos.column) > 0;
}
