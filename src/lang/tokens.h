/* tokens.h - the tokens of a text for scripts that look at source code (__tokenize__).
 *
 * Place: lang, on top of the lexer, whose names it keeps to itself.  Pure functions over text. */
#ifndef KW_TOKENS_H
#define KW_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct kw_text_token {
    int kind;              /* number of its kind: the same for equal punctuation and words */
    const char *type;      /* "Eof", "Identifier", "Keyword", "Literal", "String", "Typename", ... */
    uint32_t from, to;     /* bytes of the text */
    uint32_t line, column; /* from 1 */
} kw_text_token;

typedef struct kw_text_cursor {
    const char *text;
    uint32_t size, at, line, column; /* line and column start at 1 */
} kw_text_cursor;

/* Read the next token; at the end "Eof", again and again.  false: what stands there is no token. */
bool kw_tokens_next(kw_text_cursor *cursor, kw_text_token *out);

#endif
