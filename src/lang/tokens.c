/* tokens.c - the lexer for scripts: kinds of tokens by name. */
#include "config.h"

#include "lang/tokens.h"

#include <assert.h>

#include "lang/lex.h"

static const char *type_of(kw_token_kind kind)
{
    switch (kind) {
    case KW_T_EOF: return "Eof";
    case KW_T_NAME:
    case KW_T_ATTRIBUTE:
    case KW_T_STATIC_NAME: return "Identifier";
    case KW_T_INTEGER:
    case KW_T_FLOAT:
    case KW_T_BYTES: return "Literal";
    case KW_T_STRING: return "String";
    case KW_T_LPAREN: return "OpenParen";
    case KW_T_RPAREN: return "CloseParen";
    case KW_T_LBRACKET: return "OpenBracket";
    case KW_T_RBRACKET: return "CloseBracket";
    case KW_T_LBRACE: return "OpenBrace";
    case KW_T_RBRACE: return "CloseBrace";
    case KW_T_COMMA: return "Comma";
    case KW_T_COLON: return "Colon";
    case KW_T_QUALIFIER: return "Qualifier";
    case KW_T_DOT: return "Dot";
    default: break;
    }
    if (kw_lex_is_type(kind))
        return "Typename";
    return kw_lex_is_keyword(kind) ? "Keyword" : "Operator";
}

bool kw_tokens_next(kw_text_cursor *cursor, kw_text_token *out)
{
    kw_lexer lexer = {
        .text = cursor->text, .end = cursor->size, .at = cursor->at, .line = cursor->line, .column = cursor->column};
    kw_token t;
    assert(cursor->at <= cursor->size && cursor->line > 0 && cursor->column > 0);
    kw_lex_next(&lexer, &t);
    cursor->at = lexer.at;
    cursor->line = lexer.line;
    cursor->column = lexer.column;
    *out = (kw_text_token){.kind = (int)t.kind,
                           .type = type_of(t.kind),
                           .from = t.pos.offset,
                           .to = t.end,
                           .line = t.pos.line,
                           .column = t.pos.column};
    return t.kind != KW_T_ERROR;
}
