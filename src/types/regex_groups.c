/* regex_groups.c - the first pass over a pattern: which groups are there, and what are their numbers
 * (regex_scan.h). */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "types/regex_reader.h"

typedef kw_regex_reader reader;

/* ---- Captures -------------------------------------------------------------------------------- */

static bool note_capture(reader *r, size_t at, kw_regex_slot is)
{
    kw_regex_pattern *p = r->s.p;
    if ((p->capture_count & (p->capture_count + 1)) == 0) { /* full: it grows by powers of two */
        size_t cap = (p->capture_count + 1) * 2;
        kw_regex_capture *more = realloc(p->captures, cap * sizeof(*more));
        if (more == NULL) {
            p->no_memory = true;
            return false;
        }
        p->captures = more;
    }
    p->captures[p->capture_count++] = (kw_regex_capture){.at = at, .is = is};
    return true;
}

/* After "(?<" or "(?'". */
static bool note_named(reader *r, size_t at)
{
    kw_regex_scan *s = &r->s;
    kw_regex_slot is = {.number = -1, .name = s->pos};
    if (kw_regex_peek(s, 0) >= '1' && kw_regex_peek(s, 0) <= '9') {
        if (!kw_regex_decimal(s, &is.number))
            return false;
    } else if (kw_regex_peek(s, 0) != '0' && kw_regex_is_word(kw_regex_peek(s, 0))) {
        is.name_size = kw_regex_word(s);
    } else {
        return true;
    }
    return note_capture(r, at, is);
}

static bool note_paren(reader *r, size_t at)
{
    kw_regex_scan *s = &r->s;
    if (kw_regex_peek(s, 0) == '?' && kw_regex_peek(s, 1) == '#') {
        s->pos--;
        return kw_regex_skip_blank(s);
    }
    if (!kw_regex_open_frame(r, s->options, 0))
        return false;
    bool ignored = r->ignore_next;
    r->ignore_next = false;
    if (kw_regex_peek(s, 0) != '?') {
        if ((s->options & KW_REGEX_N) || ignored)
            return true;
        return note_capture(r, at, (kw_regex_slot){.number = r->auto_number++});
    }
    s->pos++;
    char c = kw_regex_peek(s, 0);
    if ((c == '<' || c == '\'') && s->pos + 1 < s->size) {
        s->pos++;
        return note_named(r, at);
    }
    kw_regex_read_options(s);
    if (kw_regex_peek(s, 0) == ')') {
        s->pos++;
        r->depth--;
    } else if (kw_regex_peek(s, 0) == '(') {
        r->ignore_next = true;
    }
    return true;
}

static bool note_captures(reader *r)
{
    kw_regex_scan *s = &r->s;
    while (s->pos < s->size) {
        size_t at = s->pos;
        bool ok = true, assertion;
        switch (s->text[s->pos++]) {
        case '\\': ok = kw_regex_backslash(r, &assertion); break;
        case '[': ok = kw_regex_class(s, &s->p->out, 0); break;
        case '(': ok = note_paren(r, at); break;
        case ')':
            if (r->depth > 0)
                s->options = r->stack[--r->depth].options;
            break;
        case '#':
            if (s->options & KW_REGEX_X) {
                s->pos--;
                ok = kw_regex_skip_blank(s);
            }
            break;
        default: break;
        }
        if (!ok)
            return false;
    }
    return true;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

kw_regex_slot *kw_regex_slot_by_number(const kw_regex_pattern *p, int64_t number)
{
    for (size_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].number == number)
            return &p->slots[i];
    return NULL;
}

kw_regex_slot *kw_regex_slot_by_name(const kw_regex_scan *s, size_t name, size_t size)
{
    const kw_regex_pattern *p = s->p;
    for (size_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].name_size == size && memcmp(s->text + p->slots[i].name, s->text + name, size) == 0)
            return &p->slots[i];
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const kw_regex_slot *)a)->number, y = ((const kw_regex_slot *)b)->number;
    return (x > y) - (x < y);
}

/* The slot that a capture shares with an earlier one, or a new one. */
static void place_capture(reader *r, kw_regex_capture *c)
{
    kw_regex_pattern *p = r->s.p;
    kw_regex_slot *slot = c->is.name_size > 0 ? kw_regex_slot_by_name(&r->s, c->is.name, c->is.name_size)
                                              : kw_regex_slot_by_number(p, c->is.number);
    if (slot == NULL) {
        while (c->is.name_size > 0 && kw_regex_slot_by_number(p, r->auto_number) != NULL)
            r->auto_number++;
        if (c->is.name_size > 0)
            c->is.number = r->auto_number++;
        assert(p->slot_count <= p->capture_count); /* there is room for each capture and the whole match */
        slot = &p->slots[p->slot_count++];
        *slot = c->is;
    }
    c->is.number = slot->number;
}

/* Number the groups: those without a name first, then the names in the order of their first use. */
static bool make_slots(reader *r)
{
    kw_regex_pattern *p = r->s.p;
    p->slots = calloc(p->capture_count + 1, sizeof(*p->slots));
    if (p->slots == NULL) {
        p->no_memory = true;
        return false;
    }
    p->slot_count = 1; /* number 0 */
    for (int named = 0; named < 2; named++)
        for (size_t i = 0; i < p->capture_count; i++)
            if ((p->captures[i].is.name_size > 0) == (named == 1))
                place_capture(r, &p->captures[i]);
    qsort(p->slots, p->slot_count, sizeof(*p->slots), by_number);
    assert(p->slots[0].number == 0 && p->slots[0].name_size == 0); /* the whole match */
    for (size_t i = 0; i < p->capture_count; i++) {
        const kw_regex_slot *slot = kw_regex_slot_by_number(p, p->captures[i].is.number);
        assert(slot != NULL); /* place_capture() has seen to that */
        p->captures[i].slot = slot - p->slots;
    }
    return true;
}

bool kw_regex_find_groups(reader *r)
{
    return note_captures(r) && make_slots(r);
}
