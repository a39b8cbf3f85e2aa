/* regex_turn.c - parts of patterns, and writing what is matched from right to left
 * (regex_scan.h). */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/regex_reader.h"

typedef kw_regex_reader reader;
typedef kw_regex_frame frame;

/* Those that PCRE2 has to know. */
enum { PCRE_OPTIONS = KW_REGEX_I | KW_REGEX_M | KW_REGEX_S };

/* ---- Turning round --------------------------------------------------------------------------- */

/* What stands for the anchor `c`, one of "^$AzZ"; turned: in what is matched backwards. */
static const char *turned_anchor(const kw_regex_scan *s, char c, bool turned)
{
#define FINAL "(?:\\A|(?<=\\A\\x{a}))" /* at the end or before a final LF: turned round */
    static const struct {
        char c;
        const char *plain, *turned, *turned_multiline;
    } rows[] = {
        {'^', "^", "\\z", "(?=\\x{a}|\\z)"}, {'$', "$", FINAL, "(?:\\A|(?<=\\x{a}))"},
        {'A', "\\A", "\\z", "\\z"},          {'z', "\\z", "\\A", "\\A"},
        {'Z', "\\Z", FINAL, FINAL},
    };
#undef FINAL
    size_t i = 0;
    while (rows[i].c != c) {
        i++;
        assert(i < sizeof(rows) / sizeof(rows[0]));
    }
    if (!turned)
        return rows[i].plain;
    return s->options & KW_REGEX_M ? rows[i].turned_multiline : rows[i].turned;
}

static void turn_bytes(char *from, char *to)
{
    while (from < to) {
        char c = *from;
        *from++ = *--to;
        *to = c;
    }
}

/* Put `count` units, at least one, which follow each other in text[from..) up to these ends, in the
 * opposite order. */
static void turn_units(char *text, size_t from, const size_t *ends, size_t count)
{
    assert(count > 0 && from <= ends[0] && ends[0] <= ends[count - 1]);
    char *at = text + from;
    turn_bytes(at, text + ends[count - 1]);
    for (size_t i = count; i > 0; i--) { /* and each unit back */
        size_t size = ends[i - 1] - (i > 1 ? ends[i - 2] : from);
        turn_bytes(at, at + size);
        at += size;
    }
}

/* ---- Parts ----------------------------------------------------------------------------------- */

/* Is what is read now matched against the turned subject? */
bool kw_regex_backwards(const reader *r)
{
    return r->level % 2 != 0;
}

/* The letters of the options that PCRE2 has to know: "(?i-ms" and then `end`. */
static void options_text(unsigned options, char end, char text[16])
{
    static const struct {
        unsigned bit;
        char letter;
    } known[] = {{KW_REGEX_I, 'i'}, {KW_REGEX_M, 'm'}, {KW_REGEX_S, 's'}};
    size_t size = 0;
    text[size++] = '(';
    text[size++] = '?';
    for (int off = 0; off < 2; off++) {
        if (off)
            text[size++] = '-';
        for (size_t i = 0; i < 3; i++)
            if (((options & known[i].bit) == 0) == (off == 1))
                text[size++] = known[i].letter;
    }
    text[size++] = end;
    text[size] = '\0';
    assert(size < 16); /* two more than all letters need */
}

void kw_regex_put_options(reader *r, char end)
{
    char text[16];
    options_text(r->s.options, end, text);
    kw_regex_put(r, text);
}

/* What stands for the anchor `c`, a letter behind a backslash or one of "^$". */
const char *kw_regex_anchor(const reader *r, char c)
{
    if (c == 'G')
        return r->level > 0 ? "(?C0)" : "\\G"; /* a part is started elsewhere */
    return turned_anchor(&r->s, c, kw_regex_backwards(r));
}

/* What frame `f` writes begins here. */
void kw_regex_begin_inside(reader *r, frame *f)
{
    f->alternative_at = r->s.p->out.size;
    f->marks = r->mark_count;
    f->known = r->s.options;
}

/* A unit, which begins at `unit_at`, is complete with its quantifier.  If it is to be moved, it
 * takes the options with it that were set on the way. */
bool kw_regex_end_unit(reader *r, size_t unit_at)
{
    kw_regex_pattern *p = r->s.p;
    if (!kw_regex_backwards(r))
        return true;
    assert(r->depth > 0);
    const frame *f = &r->stack[r->depth - 1]; /* at least that of the part */
    if ((r->s.options ^ f->known) & PCRE_OPTIONS) {
        char text[16];
        options_text(r->s.options, ':', text);
        kw_regex_put_before(r, unit_at, text);
        kw_regex_put(r, ")");
    }
    if (r->mark_count == r->mark_cap) {
        size_t cap = r->mark_cap * 2 + 64;
        size_t *more = realloc(r->marks, cap * sizeof(*more));
        if (more == NULL) {
            p->no_memory = true;
            return false;
        }
        r->marks = more;
        r->mark_cap = cap;
    }
    r->marks[r->mark_count++] = p->out.size;
    return true;
}

/* An alternative of `f` is complete: put its last unit first. */
void kw_regex_end_alternative(reader *r, const frame *f)
{
    const kw_buf *out = &r->s.p->out;
    if (!kw_regex_backwards(r) || out->failed || r->mark_count == f->marks)
        return;
    turn_units(out->text, f->alternative_at, &r->marks[f->marks], r->mark_count - f->marks);
    r->mark_count = f->marks;
}

/* After the opening of a look-around: PCRE2 looks ahead, in the text or, backwards, in the turned
 * one; what looks the other way is a part. */
bool kw_regex_open_around(reader *r, frame *f, bool behind, bool negated)
{
    if (behind == kw_regex_backwards(r)) {
        kw_regex_put(r, negated ? "(?!" : "(?=");
        return true;
    }
    if (r->level == KW_REGEX_LEVELS)
        return kw_regex_fail_plain(&r->s, "Look-behinds and look-aheads alternate too deeply.");
    r->level++;
    f->is_part = true;
    f->negated = negated;
    f->body_at = r->s.p->out.size;
    f->captures = r->captures_read;
    kw_regex_put_options(r, ')'); /* a part begins without any */
    return true;
}

/* The look-around `f` is complete: move it out of what is written and call it instead. */
bool kw_regex_close_part(reader *r, const frame *f)
{
    assert(f->is_part && r->level > 0);
    kw_regex_pattern *p = r->s.p;
    kw_buf *out = &p->out;
    if (out->failed)
        return false;
    if (p->part_count == KW_REGEX_PARTS)
        return kw_regex_fail_plain(&r->s, "It has too many look-behinds.");
    kw_regex_part *parts = realloc(p->parts, (p->part_count + 1) * sizeof(*parts));
    if (parts == NULL) {
        p->no_memory = true;
        return false;
    }
    p->parts = parts;
    size_t size = out->size - f->body_at; /* there are at least the options */
    kw_regex_part part = {.level = r->level--, .negated = f->negated, .size = size};
    part.text = malloc(size);
    if (part.text == NULL) {
        p->no_memory = true;
        return false;
    }
    memcpy(part.text, out->text + f->body_at, size);
    parts[p->part_count++] = part;
    r->moved += size;
    out->size = f->body_at;
    char text[48];
    (void)snprintf(text, sizeof(text), "(?C%zu)", p->part_count);
    kw_regex_put(r, text);
    if (!f->negated && r->captures_read > f->captures) { /* notes where they are to be found */
        (void)snprintf(text, sizeof(text), "(?<p%zu>)", p->part_count);
        kw_regex_put(r, text);
    }
    return true;
}
