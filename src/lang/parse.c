/* parse.c - the frame of the parser: tokens, errors, unfinished lists, entry.  The contract is in
 * parse.h; the grammar is in the other parse_*.c. */
#include "config.h"

#include "lang/parse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lang/parse_internal.h"
#include "vm/text.h"

/* --- tokens --- */

/* After an error there are no more tokens. */
static void stop(kw_parser *p, kb_status status)
{
    assert(p->status == KB_OK && status != KB_OK); /* the first error is the one that is told */
    p->status = status;
    p->token.kind = KW_T_EOF;
    p->has_next = false;
    p->lexer.at = p->lexer.end;
}

/* A long text takes long: ask whether to go on. */
static bool goes_on(kw_parser *p)
{
    enum { BETWEEN = 4096 };
    const kw_parse_options *options = p->options;
    if (++p->tokens % BETWEEN != 0 || options->go_on == NULL || options->go_on(options->context))
        return true;
    stop(p, KB_ETHROWN);
    return false;
}

static void *fail_token(kw_parser *p, kw_error_id id);

void kw_parse_advance(kw_parser *p)
{
    if (p->status != KB_OK || !goes_on(p))
        return;
    p->last = p->token;
    if (p->has_next) {
        p->token = p->next;
        p->has_next = false;
    } else {
        kw_lex_next(&p->lexer, &p->token);
    }
    bool literal = p->token.kind == KW_T_STRING || p->token.kind == KW_T_BYTES;
    if (literal && !p->token.terminated)
        kw_parse_unterminated(p);
    if (p->token.kind != KW_T_ERROR)
        return;
    if (p->token.error == KW_LEX_COMMENT)
        kw_parse_unterminated(p);
    else if (p->token.error == KW_LEX_DEPTH)
        kw_parse_fail(p, KW_E_NESTING);
    else
        fail_token(p, p->token.error == KW_LEX_KEYWORD ? KW_E_KEYWORD : KW_E_UNREADABLE);
}

const kw_token *kw_parse_peek(kw_parser *p)
{
    if (!p->has_next && p->status == KB_OK) {
        kw_lex_next(&p->lexer, &p->next);
        p->has_next = true;
    }
    return p->has_next ? &p->next : &p->token;
}

bool kw_parse_same_line(const kw_parser *p)
{
    return p->token.pos.line == p->last.end_line;
}

bool kw_parse_at(const kw_parser *p, kw_token_kind kind)
{
    return p->token.kind == kind;
}

bool kw_parse_accept(kw_parser *p, kw_token_kind kind)
{
    if (p->token.kind != kind)
        return false;
    kw_parse_advance(p);
    return true;
}

bool kw_parse_expect(kw_parser *p, kw_token_kind kind, kw_error_id expected)
{
    if (!kw_parse_accept(p, kind))
        kw_parse_fail(p, expected);
    return p->status == KB_OK;
}

/* --- errors --- */

bool kw_parse_failed(const kw_parser *p)
{
    return p->status != KB_OK;
}

/* The token, for who looks for a known one; what is longer is none of these. */
static void note_token(kw_parser *p, const kw_token *token)
{
    size_t size = token->end - token->pos.offset;
    if (size >= sizeof(p->diag->token))
        size = 0;
    memcpy(p->diag->token, p->options->text + token->pos.offset, size);
    p->diag->token[size] = '\0';
}

void *kw_parse_fail_at(kw_parser *p, const kw_token *token, kw_error_id id, const char *message)
{
    if (p->status != KB_OK)
        return NULL;
    kw_diag *diag = p->diag;
    const kw_error_row *row = kw_errors_row(id);
    if (message == NULL)
        message = row->text;
    diag->id = id;
    diag->type = row->type;
    note_token(p, token);
    size_t size = strlen(message);
    if (size >= sizeof(diag->message))
        size = sizeof(diag->message) - 1;
    memcpy(diag->message, message, size);
    diag->message[size] = '\0';
    diag->file = p->options->file;
    diag->line = token->pos.line;
    diag->column = token->pos.column;
    diag->end_column = token->end_line == token->pos.line ? token->end_column : token->pos.column + 1;
    diag->at_end = p->token.kind == KW_T_EOF;
    stop(p, KB_ESYNTAX);
    return NULL;
}

static const kw_token *error_token(const kw_parser *p)
{
    return p->token.kind == KW_T_EOF && p->last.end > 0 ? &p->last : &p->token;
}

void *kw_parse_fail_with(kw_parser *p, kw_error_id id, const char *message)
{
    return kw_parse_fail_at(p, error_token(p), id, message);
}

void *kw_parse_fail(kw_parser *p, kw_error_id id)
{
    return kw_parse_fail_with(p, id, NULL);
}

/* Append a byte of script text so that the result is valid UTF-8 without control characters. */
static size_t put_shown(char *out, const char *text, size_t left, size_t *taken)
{
    static const char HEX[] = "0123456789ABCDEF";
    unsigned char c = (unsigned char)text[0];
    uint32_t cp;
    int bad = 0;
    size_t need = kw_text_decode(text, text + left, &cp, &bad);
    bool good = !bad && ((c >= 0x20 && c != 0x7F) || c == '\n' || c == '\t');
    if (good) {
        memcpy(out, text, need);
        *taken = need;
        return need;
    }
    *taken = 1;
    out[0] = '\\';
    out[1] = 'x';
    out[2] = HEX[c >> 4];
    out[3] = HEX[c & 15];
    return 4;
}

/* The error of this row, whose text has a % in place of the token. */
static void *fail_token(kw_parser *p, kw_error_id id)
{
    enum { SHOWN_MAX = 120 }; /* bytes of a token; leaves room for the words around */
    if (p->status != KB_OK)
        return NULL;
    char message[sizeof(p->diag->message)];
    const kw_token *token = error_token(p);
    assert(strchr(kw_errors_row(id)->text, '%') != NULL); /* the row is one of those that show the token */
    const char *before = kw_errors_row(id)->text, *after = strchr(before, '%') + 1;
    const char *text = p->options->text + token->pos.offset;
    size_t size = token->end - token->pos.offset, used = (size_t)(after - before) - 1, at = 0, taken;
    memcpy(message, before, used);
    while (at < size && used < SHOWN_MAX) {
        used += put_shown(message + used, text + at, size - at, &taken);
        at += taken;
    }
    if (at < size) {
        memcpy(message + used, "...", 3);
        used += 3;
    }
    assert(used + strlen(after) < sizeof(message)); /* the words of the row are short */
    memcpy(message + used, after, strlen(after) + 1);
    return kw_parse_fail_at(p, token, id, message);
}

void *kw_parse_unexpected(kw_parser *p)
{
    bool divides = kw_parse_at(p, KW_KEY_IF) || kw_parse_at(p, KW_KEY_ELSIF) || kw_parse_at(p, KW_KEY_ELSE) ||
                   kw_parse_at(p, KW_KEY_END); /* Kiwi 1.4.3 has a kind of their own for these */
    return fail_token(p, kw_lex_is_keyword(p->token.kind) && !divides ? KW_E_KEYWORD : KW_E_TOKEN);
}

void *kw_parse_unclosed(kw_parser *p, const kw_token *opener)
{
    char message[128];
    int size = (int)(opener->end - opener->pos.offset);
    snprintf(message, sizeof(message), KW_E_TEXT_UNCLOSED, size, p->options->text + opener->pos.offset,
             (unsigned long)opener->pos.line);
    return kw_parse_fail_with(p, KW_E_UNCLOSED, message);
}

void *kw_parse_no_memory(kw_parser *p)
{
    if (p->status == KB_OK)
        stop(p, KB_ENOMEM);
    return NULL;
}

/* --- nesting --- */

bool kw_parse_enter(kw_parser *p, kw_level *level)
{
    level->height = p->height;
    p->height = 0;
    if (++p->depth > KW_NESTING_MAX)
        kw_parse_fail(p, KW_E_NESTING);
    return p->status == KB_OK;
}

bool kw_parse_leave(kw_parser *p, kw_level level)
{
    assert(p->depth > 0);
    p->depth--;
    kw_parse_link(p);
    if (p->height < level.height)
        p->height = level.height;
    return p->status == KB_OK;
}

bool kw_parse_link(kw_parser *p)
{
    if (++p->height > KW_TREE_HEIGHT_MAX - 4) /* program, function, list and the leaf itself */
        kw_parse_fail(p, KW_E_NESTING);
    return p->status == KB_OK;
}

/* --- nodes, names, lists --- */

void *kw_parse_alloc(kw_parser *p, size_t size)
{
    void *memory = kw_arena_alloc(p->arena, size);
    return memory != NULL ? memory : kw_parse_no_memory(p);
}

kw_node *kw_parse_node(kw_parser *p, kw_node_kind kind, kw_pos pos)
{
    kw_node *node = kw_parse_alloc(p, sizeof(*node));
    if (node == NULL)
        return NULL;
    node->kind = kind;
    node->pos = pos;
    return node;
}

kw_name *kw_parse_take_name(kw_parser *p)
{
    if (p->status != KB_OK)
        return NULL;
    uint32_t start = p->token.pos.offset, end = p->token.end;
    while (start < end && p->options->text[start] == '@')
        start++;
    assert(start < end); /* what the callers look for is longer than its @ */
    kw_name *name = kw_arena_name(p->arena, p->options->text + start, end - start);
    if (name == NULL)
        return kw_parse_no_memory(p);
    kw_parse_advance(p);
    return name;
}

kw_name *kw_parse_name(kw_parser *p, kw_error_id expected)
{
    return kw_parse_at(p, KW_T_NAME) ? kw_parse_take_name(p) : kw_parse_fail(p, expected);
}

size_t kw_parse_mark(const kw_parser *p)
{
    return p->scratch_used;
}

bool kw_parse_push(kw_parser *p, const void *item, size_t size)
{
    if (p->status != KB_OK)
        return false;
    enum { SCRATCH_FIRST = 1024 };
    assert(size <= SCRATCH_FIRST); /* so that to double it once is enough */
    if (p->scratch_size - p->scratch_used < size) {
        size_t grown = p->scratch_size == 0 ? SCRATCH_FIRST : p->scratch_size * 2;
        char *scratch = realloc(p->scratch, grown);
        if (scratch == NULL) {
            kw_parse_no_memory(p);
            return false;
        }
        p->scratch = scratch;
        p->scratch_size = grown;
    }
    memcpy(p->scratch + p->scratch_used, item, size);
    p->scratch_used += size;
    return true;
}

bool kw_parse_take(kw_parser *p, size_t mark, size_t item_size, void **items, uint32_t *count)
{
    assert(mark <= p->scratch_used); /* nobody inside took more than was his */
    size_t size = p->scratch_used - mark;
    *items = NULL;
    *count = 0;
    p->scratch_used = mark;
    if (p->status != KB_OK)
        return false;
    assert(size % item_size == 0); /* and those inside took all that was theirs */
    if (size == 0)
        return true;
    *items = kw_parse_alloc(p, size);
    if (*items == NULL)
        return false;
    memcpy(*items, p->scratch + mark, size);
    *count = (uint32_t)(size / item_size);
    return true;
}

bool kw_parse_take_nodes(kw_parser *p, size_t mark, kw_node_list *list)
{
    void *items;
    bool good = kw_parse_take(p, mark, sizeof(kw_node *), &items, &list->count);
    list->items = items;
    return good;
}

/* --- entry --- */

kw_lexer kw_parse_first_place(const kw_parse_options *options)
{
    bool marked = options->size >= 3 && memcmp(options->text, "\xEF\xBB\xBF", 3) == 0;
    return (kw_lexer){.text = options->text,
                      .end = (uint32_t)options->size,
                      .at = marked ? 3 : 0,
                      .line = options->first_line == 0 ? 1 : options->first_line,
                      .column = 1};
}

static void parse_program(kw_parser *p, kw_node **program)
{
    kw_parse_advance(p);
    kw_node *node = kw_parse_node(p, KW_N_PROGRAM, p->token.pos);
    if (node == NULL || !kw_parse_statements(p, &node->as.list, (kw_context){0}))
        return;
    /* What kw_parse_statements() stops at closes a block, and there is none. */
    if (kw_parse_at(p, KW_KEY_END) || kw_parse_at(p, KW_KEY_ELSE) || kw_parse_at(p, KW_KEY_ELSIF))
        kw_parse_fail(p, KW_E_BLOCK_OPEN);
    else if (!kw_parse_at(p, KW_T_EOF))
        kw_parse_unexpected(p);
    else if (p->status == KB_OK)
        *program = node;
}

kb_status kw_parse(const kw_parse_options *options, kw_arena *arena, kw_node **program, kw_diag *diag)
{
    *program = NULL;
    *diag = (kw_diag){.type = "SyntaxError", .file = options->file};
    kw_parser p = {.options = options, .arena = arena, .diag = diag};
    p.lexer = kw_parse_first_place(options);
    p.token.pos = p.last.pos = (kw_pos){p.lexer.line, 1, 0};
    p.token.end_line = p.last.end_line = p.lexer.line;
    if (options->size > UINT32_MAX / 2) { /* offsets are 32 bits wide */
        kw_parse_fail(&p, KW_E_TEXT_TOO_LONG);
        return p.status;
    }
    parse_program(&p, program);
    assert((p.status == KB_OK) == (*program != NULL));
    /* what was entered was left, what was pushed was taken */
    assert(p.status != KB_OK || (p.depth == 0 && p.structs == 0 && p.function == NULL && p.scratch_used == 0));
    free(p.scratch);
    return p.status;
}
