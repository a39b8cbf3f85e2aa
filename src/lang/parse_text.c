/* parse_text.c - string and byte literals: escapes, interpolation, missing ends (3.2 to 3.4). */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/parse_internal.h"
#include "vm/text.h"

/* --- UTF-8 --- */

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
enum { REPLACEMENT_SIZE = 3, UNICODE_MAX = 0x10FFFF };

static size_t put_utf8(char *out, uint32_t c)
{
    bool is_character = c <= UNICODE_MAX && (c < 0xD800 || c > 0xDFFF);
    return kw_text_encode(is_character ? c : 0xFFFD, out);
}

/* The size of the character at `text`, or of an invalid sequence: then *bad is set. */
static size_t utf8_size(const char *text, size_t left, int *bad)
{
    uint32_t c;
    *bad = 0;
    return kw_text_decode(text, text + left, &c, bad);
}

/* A STRING node of decoded bytes; those that are no UTF-8 become replacement characters. */
static kw_node *text_node(kw_parser *p, const char *text, size_t size, kw_pos pos)
{
    size_t count = 0, step;
    int bad;
    for (size_t i = 0; i < size; i += step) {
        step = utf8_size(text + i, size - i, &bad);
        count += bad != 0;
    }
    if (count > 0) {
        char *clean = kw_parse_alloc(p, size + REPLACEMENT_SIZE * count + 1);
        if (clean == NULL)
            return NULL;
        size_t used = 0;
        for (size_t i = 0; i < size; i += step) {
            step = utf8_size(text + i, size - i, &bad);
            size_t put = bad ? REPLACEMENT_SIZE : step;
            memcpy(clean + used, bad ? replacement : text + i, put);
            used += put;
        }
        assert(used <= size + REPLACEMENT_SIZE * count); /* both loops saw the same sequences */
        text = clean;
        size = used;
    }
    kw_node *node = kw_parse_node(p, KW_N_STRING, pos);
    if (node != NULL) {
        node->as.string.text = text;
        node->as.string.size = (uint32_t)size;
    }
    return node;
}

/* --- strings --- */

typedef struct string_reader {
    kw_lexer place;  /* in the literal, behind the opening quote at first */
    kw_pos part_pos; /* where the literal part in `out` began */
    char quote;
    char *out;    /* as long as the literal: escapes only shrink */
    size_t begun; /* start of the unfinished literal part in `out` */
    size_t used;
    uint32_t plain_to; /* behind \${: no interpolation before this offset */
    bool unmatched;    /* a \${ had no }: do not search again */
} string_reader;

/* The value of exactly `count` hexadecimal digits, or -1. */
static int64_t hex_value(const char *text, uint32_t at, uint32_t end, uint32_t count)
{
    int64_t value = 0;
    assert(at <= end);
    if (end - at < count)
        return -1;
    for (uint32_t i = 0; i < count; i++) {
        int digit = kw_text_hex_digit(text[at + i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* \uXXXX, \UXXXXXXXX at `at`: bytes taken from the text, 0 if it stays as written. */
static uint32_t read_unicode(string_reader *r, uint32_t at)
{
    const char *text = r->place.text;
    uint32_t end = r->place.end, digits = text[at + 1] == 'u' ? 4 : 8;
    int64_t value = hex_value(text, at + 2, end, digits);
    uint32_t taken = digits + 2;
    if (value < 0 || value > UNICODE_MAX)
        return 0;
    bool high = value >= 0xD800 && value <= 0xDBFF;
    if (high && end - at > taken + 1 && text[at + taken] == '\\' && text[at + taken + 1] == 'u') {
        int64_t low = hex_value(text, at + taken + 2, end, 4);
        if (low >= 0xDC00 && low <= 0xDFFF) { /* a pair of UTF-16 halves is one character */
            value = 0x10000 + ((value - 0xD800) << 10) + (low - 0xDC00);
            taken += 6;
        }
    }
    r->used += put_utf8(r->out + r->used, (uint32_t)value);
    return taken;
}

/* A backslash at `at`; the bytes taken. */
static uint32_t read_escape(string_reader *r, uint32_t at)
{
    static const char LETTERS[] = "nrtbf\\\"", VALUES[] = "\n\r\t\b\f\\\"";
    _Static_assert(sizeof(LETTERS) == sizeof(VALUES), "a value for each letter");
    const char *text = r->place.text;
    uint32_t end = r->place.end, taken = 0;
    char c = end - at > 1 ? text[at + 1] : '\0';
    if (c == '$' && end - at > 2 && text[at + 2] == '{') {
        if (at >= r->plain_to && !r->unmatched) {
            bool too_deep = false;
            uint32_t close = kw_lex_brace_end(text, at + 3, end, true, &too_deep);
            r->unmatched = close == end;
            r->plain_to = r->unmatched ? 0 : close;
        }
        r->out[r->used++] = '$';
        r->out[r->used++] = '{';
        return 3;
    }
    if (r->quote == '"' && c != '\0') {
        const char *letter = strchr(LETTERS, c);
        if (letter != NULL) {
            r->out[r->used++] = VALUES[letter - LETTERS];
            return 2;
        }
        if (c == 'u' || c == 'U')
            taken = read_unicode(r, at);
    }
    if (taken == 0) {
        r->out[r->used++] = '\\';
        taken = 1;
    }
    return taken;
}

static bool finish_part(kw_parser *p, string_reader *r)
{
    if (r->used == r->begun)
        return true;
    kw_node *node = text_node(p, r->out + r->begun, r->used - r->begun, r->part_pos);
    r->out[r->used++] = '\0';
    r->begun = r->used;
    return node != NULL && kw_parse_push(p, &node, sizeof(node));
}

/* Parse ${...} at the place of the reader, in the middle of the string token. */
static bool read_interpolation(kw_parser *p, string_reader *r)
{
    kw_lexer *place = &r->place;
    bool too_deep = false;
    kw_lex_skip(place, place->at + 2);
    uint32_t close = kw_lex_brace_end(place->text, place->at, place->end, false, &too_deep);
    kw_parser outer = *p;
    p->lexer = *place;
    p->lexer.end = close;
    p->has_next = false;
    p->context = (kw_context){0};
    kw_parse_advance(p);
    kw_node *node = NULL;
    if (!kw_parse_at(p, KW_T_EOF) && !kw_parse_failed(p)) {
        node = kw_parse_expr(p);
        if (node == NULL || !kw_parse_push(p, &node, sizeof(node)))
            return false;
    }
    if (kw_parse_failed(p))
        return false;
    /* what is not restored here the expression has left as it was */
    assert(p->depth == outer.depth && p->structs == outer.structs && p->function == outer.function);
    p->lexer = outer.lexer;
    p->token = outer.token;
    p->last = outer.last;
    p->next = outer.next;
    p->has_next = outer.has_next;
    p->context = outer.context;
    kw_lex_skip(place, close < place->end ? close + 1 : close);
    return true;
}

static bool read_parts(kw_parser *p, string_reader *r)
{
    kw_lexer *place = &r->place;
    while (place->at < place->end) {
        uint32_t at = place->at;
        char c = place->text[at];
        if (r->used == r->begun)
            r->part_pos = (kw_pos){place->line, place->column, at};
        bool opens = c == '$' && place->end - at > 1 && place->text[at + 1] == '{';
        if (opens && at >= r->plain_to) {
            if (!finish_part(p, r) || !read_interpolation(p, r))
                return false;
        } else if (c == '\\') {
            kw_lex_skip(place, at + read_escape(r, at));
        } else {
            r->out[r->used++] = c;
            kw_lex_skip(place, at + 1);
        }
    }
    return true;
}

kw_node *kw_parse_string(kw_parser *p)
{
    kw_token token = p->token;
    uint32_t start = token.pos.offset, size = token.end - start;
    size_t mark = kw_parse_mark(p);
    string_reader r = {.quote = p->options->text[start]};
    r.place =
        (kw_lexer){p->options->text, token.end - (token.terminated ? 1 : 0), start, token.pos.line, token.pos.column};
    kw_lex_skip(&r.place, start + 1);
    /* Each part ends with a NUL; the ${} that ended it is longer. */
    r.out = kw_parse_alloc(p, (size_t)size + 1);
    if (r.out == NULL || !read_parts(p, &r))
        return NULL;
    kw_node *node;
    assert(r.used <= size);
    /* the lexer has seen every ${ that read_parts() took for one */
    assert(token.interpolated || kw_parse_mark(p) == mark);
    if (token.interpolated) {
        node = kw_parse_node(p, KW_N_INTERPOLATION, token.pos);
        if (node == NULL || !finish_part(p, &r) || !kw_parse_take_nodes(p, mark, &node->as.list))
            return NULL;
    } else {
        node = text_node(p, r.out, r.used, token.pos);
    }
    kw_parse_advance(p);
    return kw_parse_link(p) ? node : NULL;
}

/* --- bytes --- */

/* The byte behind a backslash at `at`; -1 if the escape is bad.  *taken: bytes of text. */
static int byte_escape(const char *text, uint32_t at, uint32_t end, uint32_t *taken)
{
    static const char LETTERS[] = "nrt\\\"'0abefv", VALUES[] = "\n\r\t\\\"'\0\a\b\033\f\v";
    _Static_assert(sizeof(LETTERS) == sizeof(VALUES), "a value for each letter");
    *taken = 2;
    if (end - at < 2 || text[at + 1] == '\0')
        return -1;
    const char *letter = strchr(LETTERS, text[at + 1]);
    if (letter != NULL)
        return VALUES[letter - LETTERS];
    if (text[at + 1] != 'x')
        return -1;
    *taken = 4;
    return (int)hex_value(text, at + 2, end, 2);
}

kw_node *kw_parse_bytes(kw_parser *p)
{
    const char *text = p->options->text;
    uint32_t at = p->token.pos.offset + 2, end = p->token.end - (p->token.terminated ? 1 : 0);
    kw_node *node = kw_parse_node(p, KW_N_BYTES, p->token.pos);
    uint8_t *data = kw_parse_alloc(p, (size_t)(end - at) + 1);
    if (node == NULL || data == NULL)
        return NULL;
    uint32_t used = 0, taken;
    for (; at < end; at += taken) {
        taken = 1;
        int value = (unsigned char)text[at];
        if (value == '\\')
            value = byte_escape(text, at, end, &taken);
        if (value < 0)
            return kw_parse_fail(p, KW_E_BYTES_ESCAPE);
        if ((unsigned char)text[at] >= 0x80) {
            int invalid;
            taken = (uint32_t)utf8_size(text + at, end - at, &invalid);
            if (node->as.bytes.bad_char == NULL) {
                kw_node *bad = text_node(p, text + at, taken, p->token.pos);
                if (bad == NULL)
                    return NULL;
                node->as.bytes.bad_char = kw_arena_copy(p->arena, bad->as.string.text, bad->as.string.size);
                node->as.bytes.bad_size = bad->as.string.size;
                if (node->as.bytes.bad_char == NULL)
                    return kw_parse_no_memory(p);
            }
        }
        data[used++] = (uint8_t)value;
    }
    assert(used <= end - p->token.pos.offset - 2); /* escapes only shrink here, too */
    node->as.bytes.data = data;
    node->as.bytes.size = used;
    kw_parse_advance(p);
    return node;
}

/* --- missing ends --- */

/* May this byte follow the quote that ends a string?  A quote with text behind it rather begins one. */
static bool follows_string(char c)
{
    return !kw_is_name_char(c) && c != '"' && c != '\'' && c != '$' && c != '\\' && (unsigned char)c < 0x80;
}

/* The line of the first string before `last` that goes on over the end of its line and stops where
 * another one seems to begin: since then all quotes were taken the wrong way round.  0: none. */
static uint32_t left_open(const kw_parser *p, const kw_token *last)
{
    kw_lexer lexer = kw_parse_first_place(p->options);
    kw_token token;
    lexer.end = last->pos.offset;
    do {
        kw_lex_next(&lexer, &token);
        if (token.kind == KW_T_STRING && token.terminated && token.end_line > token.pos.line &&
            !follows_string(lexer.text[token.end]))
            return token.pos.line;
    } while (token.kind != KW_T_EOF);
    return 0;
}

void *kw_parse_unterminated(kw_parser *p)
{
    if (kw_parse_failed(p))
        return NULL;
    kw_token token = p->token;
    const char *what = token.kind == KW_T_STRING ? "string" : token.kind == KW_T_BYTES ? "byte literal" : "comment";
    char message[160];
    int size = snprintf(message, sizeof(message), KW_E_TEXT_UNTERMINATED, what, (unsigned long)token.pos.line,
                        (unsigned long)token.pos.column);
    assert(size > 0 && (size_t)size < sizeof(message)); /* there is room for more behind it */
    uint32_t line = token.kind != KW_T_ERROR ? left_open(p, &token) : 0;
    if (line > 0)
        snprintf(message + size, sizeof(message) - (size_t)size,
                 " The string of line %lu seems to have been left open.", (unsigned long)line);
    kw_parse_fail_at(p, &token, KW_E_UNTERMINATED, message);
    p->diag->at_end = true; /* what is missing may come in the next line */
    return NULL;
}
