/* regex_pattern.c - groups, quantifiers and everything else of a pattern but classes
 * (regex_scan.h). */
#include "config.h"

#include "types/regex_reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/unicode.h"

enum {
    MAX_SIZE = 65535,   /* bytes of a pattern: near PCRE2's own limit for what it makes of them */
    MAX_REPEAT = 65535, /* PCRE2's limit */
    MAX_OUT = 1 << 22,  /* bytes written: references to a name of many groups are long */
};

typedef kw_regex_reader reader;
typedef kw_regex_frame frame;

/* ---- Small things ---------------------------------------------------------------------------- */

bool kw_regex_fail(kw_regex_scan *s, const char *before, const char *value, size_t value_size, const char *after)
{
    kw_buf *reason = &s->p->reason;
    reason->size = 0;
    kw_buf_puts(reason, before);
    kw_buf_put(reason, value, value_size);
    kw_buf_puts(reason, after);
    assert(s->pos <= s->size);
    s->p->error_at = kw_text_count(s->text, s->pos);
    return false;
}

bool kw_regex_fail_plain(kw_regex_scan *s, const char *reason)
{
    return kw_regex_fail(s, reason, "", 0, "");
}

static bool fail_number(kw_regex_scan *s, const char *before, int64_t number)
{
    char digits[24];
    int size = snprintf(digits, sizeof(digits), "%lld", (long long)number);
    return kw_regex_fail(s, before, digits, (size_t)size, ".");
}

char kw_regex_peek(const kw_regex_scan *s, size_t ahead)
{
    assert(s->pos <= s->size); /* the difference would wrap */
    return s->size - s->pos > ahead ? s->text[s->pos + ahead] : '\0';
}

bool kw_regex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool kw_regex_is_word(char c)
{
    return kw_regex_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

bool kw_regex_decimal(kw_regex_scan *s, int64_t *out)
{
    *out = 0;
    while (s->pos < s->size && kw_regex_is_digit(s->text[s->pos])) {
        *out = *out * 10 + (s->text[s->pos++] - '0');
        if (*out > INT32_MAX)
            return kw_regex_fail_plain(
                s, "Quantifier and capture group numbers must be less than or equal to Int32.MaxValue.");
    }
    return true;
}

size_t kw_regex_word(kw_regex_scan *s)
{
    size_t start = s->pos;
    while (s->pos < s->size && kw_regex_is_word(s->text[s->pos]))
        s->pos++;
    return s->pos - start;
}

void kw_regex_put(reader *r, const char *text)
{
    kw_buf_puts(&r->s.p->out, text);
}

/* Put `text` into what is written, before position `at`. */
void kw_regex_put_before(reader *r, size_t at, const char *text)
{
    assert(r->s.p->out.failed || at <= r->s.p->out.size);
    kw_buf *out = &r->s.p->out;
    size_t size = strlen(text), moved = out->size - at;
    kw_buf_puts(out, text); /* for the room */
    if (out->failed)
        return;
    memmove(out->text + at + size, out->text + at, moved);
    memcpy(out->text + at, text, size);
}

/* Write one character that stands for itself, outside a class. */
static void put_char(kw_regex_scan *s, uint32_t c)
{
    char text[16];
    size_t size;
    if (c >= 0xD800 && c <= 0xDFFF)
        size = (size_t)snprintf(text, sizeof(text), "(?!)"); /* half of a character: never found */
    else if (c >= 0x80)
        size = kw_text_encode(c, text);
    else if (kw_regex_is_word((char)c))
        size = (size_t)snprintf(text, sizeof(text), "%c", (char)c);
    else
        size = (size_t)snprintf(text, sizeof(text), "\\x{%x}", (unsigned)c);
    assert(size > 0 && size < sizeof(text));
    kw_buf_put(&s->p->out, text, size);
}

/* Skip comments, and white space if option x says so. */
bool kw_regex_skip_blank(kw_regex_scan *s)
{
    for (;;) {
        bool x = (s->options & KW_REGEX_X) != 0;
        while (x && s->pos < s->size && strchr(" \t\n\r\f", s->text[s->pos]) != NULL && s->text[s->pos] != '\0')
            s->pos++;
        char end;
        if (x && kw_regex_peek(s, 0) == '#')
            end = '\n';
        else if (kw_regex_peek(s, 0) == '(' && kw_regex_peek(s, 1) == '?' && kw_regex_peek(s, 2) == '#')
            end = ')';
        else
            return true;
        const char *at = memchr(s->text + s->pos, end, s->size - s->pos);
        s->pos = at == NULL ? s->size : (size_t)(at - s->text) + (end == ')');
        if (at == NULL && end == ')')
            return kw_regex_fail_plain(s, "Unterminated (?#...) comment.");
    }
}

/* Read letters of options and set them. */
void kw_regex_read_options(kw_regex_scan *s)
{
    static const char letters[] = "imnsx"; /* in the order of KW_REGEX_* */
    for (bool off = false; s->pos < s->size; s->pos++) {
        char c = s->text[s->pos];
        if (c == '-' || c == '+') {
            off = c == '-';
            continue;
        }
        const char *at = c == '\0' ? NULL : strchr(letters, c | 0x20);
        if (at == NULL)
            return;
        unsigned bit = 1u << (at - letters);
        s->options = off ? s->options & ~bit : s->options | bit;
    }
}

/* Is a quantifier at pos?  "{" may be an ordinary character. */
static bool at_quantifier(const kw_regex_scan *s)
{
    char c = kw_regex_peek(s, 0);
    if (c != '{')
        return c == '*' || c == '+' || c == '?';
    size_t at = 1;
    while (kw_regex_is_digit(kw_regex_peek(s, at)))
        at++;
    if (at == 1)
        return false;
    if (kw_regex_peek(s, at) == ',')
        for (at++; kw_regex_is_digit(kw_regex_peek(s, at));)
            at++;
    return kw_regex_peek(s, at) == '}';
}

bool kw_regex_open_frame(reader *r, unsigned options, size_t out_at)
{
    if (r->depth == KW_REGEX_DEPTH)
        return kw_regex_fail_plain(&r->s, "Parentheses are nested too deeply.");
    r->stack[r->depth++] = (frame){.options = options, .kind = KW_REGEX_GROUP, .out_at = out_at};
    return true;
}

/* ---- References ------------------------------------------------------------------------------- */

/* Patterns with parts know their groups by name: the numbers of each part are its own. */
static const char *capture_letter(const kw_regex_pattern *p)
{
    return p->apart ? "c" : "";
}

/* Write "has group `slot` matched? `yes` : `no`" for each capture of the slot, the last of them
 * first; yes == NULL: a reference to the capture. */
static void put_by_slot(reader *r, const kw_regex_slot *slot, const char *yes)
{
    const kw_regex_pattern *p = r->s.p;
    assert(slot >= p->slots && slot < p->slots + p->slot_count); /* captures tell it by its place */
    char text[64], condition[32];
    unsigned open = 0;
    for (size_t i = p->capture_count; i > 0; i--) {
        if (p->captures[i - 1].slot != slot - p->slots)
            continue;
        (void)snprintf(condition, sizeof(condition), p->apart ? "<c%zu>" : "%zu", i);
        if (yes == NULL)
            (void)snprintf(text, sizeof(text), "(?(%s)\\g{%s%zu}|", condition, capture_letter(p), i);
        else
            (void)snprintf(text, sizeof(text), "(?(%s)%s|", condition, yes);
        kw_regex_put(r, text);
        open++;
    }
    kw_regex_put(r, "(?!)");
    for (; open > 0; open--)
        kw_regex_put(r, ")");
}

static size_t only_capture(const kw_regex_pattern *p, const kw_regex_slot *slot)
{
    size_t found = 0;
    for (size_t i = 0; i < p->capture_count; i++) {
        if (p->captures[i].slot != slot - p->slots)
            continue;
        if (found != 0)
            return 0;
        found = i + 1;
    }
    return found;
}

static void put_reference(reader *r, const kw_regex_slot *slot)
{
    char text[32];
    size_t capture = only_capture(r->s.p, slot);
    if (capture == 0) {
        put_by_slot(r, slot, NULL);
        return;
    }
    (void)snprintf(text, sizeof(text), "\\g{%s%zu}", capture_letter(r->s.p), capture);
    kw_regex_put(r, text);
}

/* ---- Backslash ------------------------------------------------------------------------------- */

/* \1, \k<name>, \k<1> and the same without k; *done = false: it is none, pos is where it was. */
static bool back_reference(reader *r, bool *done)
{
    kw_regex_scan *s = &r->s;
    size_t start = s->pos;
    char c = s->text[s->pos], close = '\0';
    *done = true;
    if (c == 'k') {
        c = kw_regex_peek(s, 1);
        s->pos = s->size - s->pos < 2 ? s->pos : s->pos + 2;
        if ((c != '<' && c != '\'') || s->pos >= s->size)
            return kw_regex_fail_plain(s, "Malformed \\k<...> named back reference.");
        close = c == '<' ? '>' : '\'';
    } else if ((c == '<' || c == '\'') && s->pos + 1 < s->size) {
        close = c == '<' ? '>' : '\'';
        s->pos++;
    }
    c = s->text[s->pos];
    size_t name = s->pos;
    const kw_regex_slot *slot;
    int64_t number;
    if (kw_regex_is_digit(c) && (close != '\0' || c != '0')) {
        if (!kw_regex_decimal(s, &number))
            return false;
        slot = kw_regex_slot_by_number(s->p, number);
        bool closed = close == '\0' || (s->pos < s->size && s->text[s->pos++] == close);
        if (s->counting)
            return true;
        if (closed && slot != NULL) {
            put_reference(r, slot);
            return true;
        }
        if (closed && (close != '\0' || number <= 9))
            return fail_number(s, "Reference to undefined group number ", number);
    } else if (close != '\0' && kw_regex_is_word(c)) {
        size_t size = kw_regex_word(s);
        if (s->pos < s->size && s->text[s->pos++] == close) {
            if (s->counting)
                return true;
            slot = kw_regex_slot_by_name(s, name, size);
            if (slot == NULL)
                return kw_regex_fail(s, "Reference to undefined group name '", s->text + name, size, "'.");
            put_reference(r, slot);
            return true;
        }
    }
    s->pos = start;
    *done = false;
    return true;
}

/* After "\".  *assertion: what it stands for has no width. */
bool kw_regex_backslash(reader *r, bool *assertion)
{
    kw_regex_scan *s = &r->s;
    if (s->pos == s->size)
        return kw_regex_fail_plain(s, "Illegal \\ at end of pattern.");
    char c = s->text[s->pos];
    if (c != '\0' && strchr("bBAGZz", c) != NULL) {
        *assertion = true;
        s->pos++;
        if (!s->counting)
            kw_regex_put(r, c == 'b' || c == 'B' ? kw_regex_boundary(s, c == 'B') : kw_regex_anchor(r, c));
        return true;
    }
    if (c != '\0' && strchr("wWsSdDpP", c) != NULL)
        return kw_regex_shorthand(s);
    bool done;
    uint32_t ch;
    if (!back_reference(r, &done))
        return false;
    if (done)
        return true;
    if (!kw_regex_char_escape(s, &ch))
        return false;
    if (!s->counting)
        put_char(s, ch);
    return true;
}

/* ---- Second pass: groups --------------------------------------------------------------------- */

static bool unrecognized(reader *r)
{
    return kw_regex_fail_plain(&r->s, "Unrecognized grouping construct.");
}

/* The group at `at` captures: it must be the next one that the first pass has found. */
static bool open_capture(reader *r, size_t at)
{
    const kw_regex_pattern *p = r->s.p;
    if (r->captures_read == p->capture_count || p->captures[r->captures_read].at != at)
        return unrecognized(r);
    char text[32] = "(";
    r->captures_read++;
    if (p->apart)
        (void)snprintf(text, sizeof(text), "(?<c%zu>", r->captures_read);
    kw_regex_put(r, text);
    return true;
}

/* After "(?<" or "(?'": a name or number up to `close`. */
static bool open_named(reader *r, size_t at, char close)
{
    kw_regex_scan *s = &r->s;
    static const char invalid[] = "Invalid group name: Group names must begin with a word character.";
    char c = kw_regex_peek(s, 0);
    int64_t number = -1;
    if (kw_regex_is_digit(c)) {
        if (!kw_regex_decimal(s, &number))
            return false;
    } else if (s->pos < s->size && kw_regex_is_word(c)) {
        (void)kw_regex_word(s);
    } else if (c != '-') {
        return kw_regex_fail_plain(s, invalid);
    }
    c = kw_regex_peek(s, 0);
    if (s->pos < s->size && c != close && c != '-')
        return kw_regex_fail_plain(s, invalid);
    if (number == 0)
        return kw_regex_fail_plain(s, "Capture number cannot be zero.");
    if (c == '-')
        return kw_regex_fail_plain(s, "Balancing groups are not supported.");
    if (s->pos == s->size)
        return unrecognized(r);
    s->pos++;
    return open_capture(r, at);
}

/* After "(?(": the number or name of a group, or a pattern. */
static bool open_conditional(reader *r, frame *f)
{
    kw_regex_scan *s = &r->s;
    size_t paren = s->pos - 1;
    char c = kw_regex_peek(s, 0);
    const kw_regex_slot *slot = NULL;
    if (kw_regex_is_digit(c)) {
        int64_t number;
        if (!kw_regex_decimal(s, &number))
            return false;
        if (s->pos >= s->size || s->text[s->pos++] != ')')
            return fail_number(s, "Conditional alternation is missing a closing parenthesis after the group number ",
                               number);
        slot = kw_regex_slot_by_number(s->p, number);
        if (slot == NULL)
            return fail_number(s, "Conditional alternation refers to an undefined group number ", number);
    } else if (s->pos < s->size && kw_regex_is_word(c)) {
        size_t name = s->pos, size = kw_regex_word(s);
        if (kw_regex_peek(s, 0) == ')')
            slot = kw_regex_slot_by_name(s, name, size);
        s->pos++;
    }
    if (slot != NULL) {
        f->kind = KW_REGEX_BY_GROUP;
        kw_regex_put(r, "(?(?=");
        put_by_slot(r, slot, "");
        kw_regex_put(r, ")");
        return true;
    }
    s->pos = paren;
    f->kind = KW_REGEX_BY_PATTERN;
    r->ignore_next = true;
    bool extended = kw_regex_peek(s, 1) == '?';
    char third = kw_regex_peek(s, 2), fourth = kw_regex_peek(s, 3);
    if (extended && third == '#')
        return kw_regex_fail_plain(s, "Alternation conditions cannot be comments.");
    if (extended && (third == '\'' || (third == '<' && fourth != '\0' && fourth != '!' && fourth != '=')))
        return kw_regex_fail_plain(s, "Alternation conditions do not capture and cannot be named.");
    kw_regex_put(r, "(?");
    return true;
}

/* After "(?": options and then ":" or ")"; "(?i)" opens nothing. */
static bool open_options(reader *r, bool condition)
{
    kw_regex_scan *s = &r->s;
    if (!condition)
        kw_regex_read_options(s);
    if (s->pos == s->size)
        return unrecognized(r);
    char c = s->text[s->pos++];
    if (c == ')') {
        if (!kw_regex_backwards(r)) /* else kw_regex_end_unit() does it */
            kw_regex_put_options(r, ')');
        r->depth--; /* the options stay */
        return true;
    }
    if (c != ':')
        return unrecognized(r);
    kw_regex_put_options(r, ':');
    return true;
}

/* After "(": open a group. */
static bool open_group(reader *r)
{
    static const struct {
        const char *text;
        kw_regex_group_kind kind;
    } kinds[] = {{"?:", KW_REGEX_GROUP}, {"?=", KW_REGEX_ASSERTION},  {"?!", KW_REGEX_ASSERTION},
                 {"?>", KW_REGEX_GROUP}, {"?<=", KW_REGEX_ASSERTION}, {"?<!", KW_REGEX_ASSERTION}};
    kw_regex_scan *s = &r->s;
    size_t at = s->pos - 1;
    bool ignored = r->ignore_next;
    bool condition = r->depth > 0 && r->stack[r->depth - 1].kind == KW_REGEX_BY_PATTERN && ignored;
    r->ignore_next = false;
    if (!kw_regex_open_frame(r, s->options, s->p->out.size))
        return false;
    frame *f = &r->stack[r->depth - 1];
    if (condition) {
        f->kind = KW_REGEX_CONDITION;
        kw_regex_put(r, "(?=");
    }
    if (kw_regex_peek(s, 0) != '?' || kw_regex_peek(s, 1) == ')') {
        if (!(s->options & KW_REGEX_N) && !ignored)
            return open_capture(r, at);
        kw_regex_put(r, "(?:");
        return true;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t size = strlen(kinds[i].text);
        if (s->size - s->pos < size || memcmp(s->text + s->pos, kinds[i].text, size) != 0)
            continue;
        if (!condition)
            f->kind = kinds[i].kind;
        s->pos += size;
        if (s->p->apart && kinds[i].kind == KW_REGEX_ASSERTION)
            return kw_regex_open_around(r, f, kinds[i].text[1] == '<', kinds[i].text[size - 1] == '!');
        kw_regex_put(r, "(");
        kw_regex_put(r, kinds[i].text);
        return true;
    }
    s->pos++;
    char c = kw_regex_peek(s, 0);
    if (c == '<' || c == '\'') {
        s->pos++;
        return s->pos == s->size ? unrecognized(r) : open_named(r, at, c == '<' ? '>' : '\'');
    }
    if (c == '(' && !condition) {
        s->pos++;
        return open_conditional(r, f);
    }
    return open_options(r, condition);
}

/* After ")": *is_unit, something that a quantifier may follow. */
static bool close_group(reader *r, size_t *unit_at, bool *assertion, bool *is_unit)
{
    kw_regex_scan *s = &r->s;
    if (r->depth == 0)
        return kw_regex_fail_plain(s, "Too many )'s.");
    frame *f = &r->stack[--r->depth];
    if ((f->kind == KW_REGEX_BY_GROUP || f->kind == KW_REGEX_BY_PATTERN) && f->bars > 1)
        return kw_regex_fail_plain(s, "Too many | in (?()|).");
    kw_regex_end_alternative(r, f);
    s->options = f->options;
    *unit_at = f->out_at;
    *assertion = f->kind == KW_REGEX_ASSERTION;
    *is_unit = f->kind != KW_REGEX_CONDITION;
    if (!f->is_part)
        kw_regex_put(r, ")");
    else if (!kw_regex_close_part(r, f))
        return false;
    if (f->kind == KW_REGEX_CONDITION) {
        assert(r->depth > 0); /* a condition stands in the group that it decides about */
        kw_regex_put(r, ")");
        r->stack[r->depth - 1].alternative_at = s->p->out.size;
    }
    return true;
}

/* ---- Second pass: quantifiers and the whole -------------------------------------------------- */

/* At a quantifier, after what it repeats, which begins at `unit_at` of what is written. */
static bool quantify(reader *r, size_t unit_at, bool assertion)
{
    kw_regex_scan *s = &r->s;
    int64_t min = 0, max = -1; /* -1: no limit */
    char c = s->text[s->pos++], text[48];
    if (c == '?')
        max = 1;
    else if (c == '+')
        min = 1;
    else if (c == '{') {
        if (!kw_regex_decimal(s, &min))
            return false;
        max = min;
        if (s->text[s->pos] == ',') {
            s->pos++;
            max = -1;
            if (s->text[s->pos] != '}' && !kw_regex_decimal(s, &max))
                return false;
        }
        assert(s->text[s->pos] == '}');
        s->pos++; /* at_quantifier has seen the "}" */
    }
    if (!kw_regex_skip_blank(s))
        return false;
    bool lazy = kw_regex_peek(s, 0) == '?';
    s->pos += lazy;
    if (max >= 0 && min > max)
        return kw_regex_fail_plain(s, "Illegal {x,y} with x > y.");
    if (min > MAX_REPEAT || max > MAX_REPEAT)
        return fail_number(s, "Repeating more than 65535 times is not supported: ", min > max ? min : max);
    if (assertion) { /* PCRE2 wants no quantifier there */
        kw_regex_put_before(r, unit_at, "(?:");
        kw_regex_put(r, ")");
    }
    if (max < 0)
        (void)snprintf(text, sizeof(text), "{%lld,}%s", (long long)min, lazy ? "?" : "");
    else
        (void)snprintf(text, sizeof(text), "{%lld,%lld}%s", (long long)min, (long long)max, lazy ? "?" : "");
    kw_regex_put(r, text);
    return true;
}

static bool enter_group(reader *r)
{
    size_t depth = r->depth;
    if (!open_group(r))
        return false;
    if (r->depth > depth) /* "(?i)" opens nothing */
        kw_regex_begin_inside(r, &r->stack[depth]);
    return true;
}

static void next_alternative(reader *r)
{
    frame *f = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
    if (f != NULL)
        kw_regex_end_alternative(r, f);
    kw_regex_put(r, "|");
    if (f == NULL)
        return;
    f->alternative_at = r->s.p->out.size;
    f->bars++;
}

/* One item of the pattern, at `pos`; *is_unit: a quantifier may follow. */
static bool item(reader *r, bool after_quantifier, size_t *unit_at, bool *assertion, bool *is_unit)
{
    kw_regex_scan *s = &r->s;
    *unit_at = s->p->out.size;
    *assertion = false;
    *is_unit = true;
    if (at_quantifier(s)) {
        char c = s->text[s->pos++];
        return kw_regex_fail(s, after_quantifier ? "Nested quantifier '" : "Quantifier '", &c, 1,
                             after_quantifier ? "'." : "' following nothing.");
    }
    const char *at = s->text + s->pos;
    uint32_t c = kw_utf8_next(&at);
    s->pos = (size_t)(at - s->text);
    switch (c) {
    case '\\': return kw_regex_backslash(r, assertion);
    case '[': return kw_regex_class(s, &s->p->out, 0);
    case '(': *is_unit = false; return enter_group(r);
    case ')': return close_group(r, unit_at, assertion, is_unit);
    case '|':
        *is_unit = false;
        next_alternative(r);
        return true;
    case '^':
    case '$':
        *assertion = true;
        kw_regex_put(r, kw_regex_anchor(r, (char)c));
        return true;
    case '.': kw_regex_put(r, "."); return true;
    default: put_char(s, c); return true;
    }
}

static bool translate(reader *r)
{
    kw_regex_scan *s = &r->s;
    bool quantified = false;
    for (;;) {
        size_t unit_at;
        bool assertion, is_unit;
        if (!kw_regex_skip_blank(s))
            return false;
        if (s->pos == s->size)
            break;
        if (!item(r, quantified, &unit_at, &assertion, &is_unit))
            return false;
        if (s->p->out.size + r->moved > MAX_OUT)
            return kw_regex_fail_plain(s, "It is too large.");
        quantified = false;
        if (!is_unit)
            continue;
        if (!kw_regex_skip_blank(s))
            return false;
        quantified = at_quantifier(s);
        if (quantified && !quantify(r, unit_at, assertion))
            return false;
        if (!kw_regex_end_unit(r, unit_at))
            return false;
    }
    assert(r->depth > 0 || r->level == 0); /* parts are groups: with the last one all are written */
    return r->depth == 0 || kw_regex_fail_plain(s, "Not enough )'s.");
}

bool kw_regex_pattern_init(kw_regex_pattern *p, const char *text, size_t size, bool ascii, bool apart)
{
    memset(p, 0, sizeof(*p));
    p->apart = apart;
    kw_buf_init(&p->out);
    kw_buf_init(&p->reason);
    reader *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        p->no_memory = true;
        return false;
    }
    r->s = (kw_regex_scan){.text = text, .size = size, .ascii = ascii, .counting = true, .p = p};
    r->auto_number = 1;
    bool ok = size <= MAX_SIZE;
    if (!ok)
        kw_regex_fail_plain(&r->s, "It is longer than 65535 bytes.");
    if (ok)
        ok = kw_regex_find_groups(r);
    if (ok) {
        r->s.pos = 0;
        r->s.options = 0;
        r->s.counting = false;
        r->depth = 0;
        r->ignore_next = false;
        assert(p->out.size == 0 && r->captures_read == 0); /* the first pass only counts */
        ok = translate(r);
    }
    free(r->marks);
    free(r);
    p->no_memory |= p->out.failed || p->reason.failed;
    return ok && !p->no_memory;
}

void kw_regex_pattern_fini(kw_regex_pattern *p)
{
    kw_buf_free(&p->out);
    kw_buf_free(&p->reason);
    for (size_t i = 0; i < p->part_count; i++)
        free(p->parts[i].text);
    free(p->parts);
    free(p->slots);
    free(p->captures);
}
