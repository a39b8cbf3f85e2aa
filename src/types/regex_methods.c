/* regex_methods.c - methods of strings that take a regular expression (TYPES.md section 10). */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "types/give.h"
#include "types/regex.h"
#include "types/regex_rows.h"
#include "types/string_methods.h"
#include "types/unicode.h"

/* ---- Going through the matches --------------------------------------------------------------- */

/* A subject and where the next match may begin. */
typedef struct walk {
    kw_regex *regex;
    kw_string *s;
    size_t from; /* beyond the end: there is no further match */
} walk;

static bool text_arg(kw_vm *vm, const kw_call *call, uint32_t at, kw_string **out)
{
    kw_value v = call->args[at];
    *out = NULL;
    if (!kw_is(v, KW_STRING)) {
        (void)kw_throw_expected(vm, "string", v);
        return false;
    }
    *out = v.as.string;
    return true;
}

/* The pattern is the only argument; false: thrown. */
static bool start(kw_vm *vm, kw_call *call, walk *w)
{
    kw_string *pattern;
    *w = (walk){.s = call->self.as.string};
    if (!text_arg(vm, call, 0, &pattern))
        return false;
    w->regex = kw_regex_get(vm, pattern, w->s);
    return w->regex != NULL;
}

/* After an empty match the search goes on one character later: as in .NET, not as in Perl. */
static kw_regex_found next(kw_vm *vm, walk *w, kw_regex_span *at)
{
    *at = (kw_regex_span){0, 0};
    if (w->from > w->s->size)
        return KW_REGEX_NONE;
    kw_regex_found found = kw_regex_match(vm, w->regex, w->s, w->from);
    if (found != KW_REGEX_FOUND)
        return found;
    assert(w->regex->spans[0].from >= w->from &&
           w->regex->spans[0].from <= w->regex->spans[0].to); /* it goes forward */
    *at = w->regex->spans[0];
    w->from = at->to;
    if (at->from == at->to) {
        w->from++;
        while (w->from < w->s->size && !kw_utf8_starts(w->s->text[w->from]))
            w->from++;
    }
    return found;
}

/* The first match of the pattern that is the only argument, if it is *found.  false: thrown. */
static bool first(kw_vm *vm, kw_call *call, walk *w, kw_regex_span *at, bool *found)
{
    if (!start(vm, call, w))
        return false;
    kw_regex_found it = next(vm, w, at);
    *found = it == KW_REGEX_FOUND;
    return it != KW_REGEX_THROWN;
}

static size_t slot_count(const walk *w)
{
    return w->regex->source.slot_count;
}

/* ---- Texts of a match ------------------------------------------------------------------------ */

static bool push_piece(kw_vm *vm, kw_list *list, const walk *w, kw_regex_span span)
{
    assert(span.from == KW_REGEX_NO_SPAN || (span.from <= span.to && span.to <= w->s->size));
    kw_string *piece = span.from == KW_REGEX_NO_SPAN ? kw_string_c(vm, "").as.string
                                                     : kw_string_piece(vm, w->s, span.from, span.to);
    return piece != NULL && kw_list_push(vm, list, kw_of_string(piece));
}

/* The groups of the match just found.  NULL: thrown. */
static kw_list *groups(kw_vm *vm, const walk *w)
{
    kw_list *list = kw_list_new(vm, slot_count(w) - 1);
    for (size_t i = 1; list != NULL && i < slot_count(w); i++)
        if (!push_piece(vm, list, w, w->regex->spans[i]))
            return NULL;
    return list;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static kw_result string_find(kw_vm *vm, kw_call *call)
{
    walk w;
    kw_regex_span at;
    bool found;
    if (!first(vm, call, &w, &at, &found))
        return KW_THROWN;
    return kw_give_string(call, kw_string_piece(vm, w.s, at.from, at.to)); /* none: 0 to 0 */
}

static kw_result string_match(kw_vm *vm, kw_call *call)
{
    walk w;
    kw_regex_span at;
    bool found;
    if (!first(vm, call, &w, &at, &found))
        return KW_THROWN;
    return kw_give_list(call, found ? groups(vm, &w) : kw_list_new(vm, 0));
}

static kw_result string_matches(kw_vm *vm, kw_call *call)
{
    walk w;
    kw_regex_span at;
    bool found;
    if (!first(vm, call, &w, &at, &found))
        return KW_THROWN;
    return kw_return(call, kw_bool(found && at.to - at.from == w.s->size));
}

static kw_result string_matches_all(kw_vm *vm, kw_call *call)
{
    walk w;
    kw_regex_span at;
    size_t sum = 0;
    kw_regex_found found;
    if (!start(vm, call, &w))
        return KW_THROWN;
    while ((found = next(vm, &w, &at)) == KW_REGEX_FOUND)
        sum += at.to - at.from;
    return found == KW_REGEX_THROWN ? KW_THROWN : kw_return(call, kw_bool(sum == w.s->size));
}

/* A list with what `add` appends for each match. */
static kw_result collect(kw_vm *vm, kw_call *call, bool (*add)(kw_vm *, kw_list *, const walk *))
{
    walk w;
    kw_regex_span at;
    kw_regex_found found;
    if (!start(vm, call, &w))
        return KW_THROWN;
    kw_list *list = kw_list_new(vm, 0);
    if (list == NULL)
        return KW_THROWN;
    while ((found = next(vm, &w, &at)) == KW_REGEX_FOUND)
        if (!add(vm, list, &w))
            return KW_THROWN;
    return found == KW_REGEX_THROWN ? KW_THROWN : kw_give_list(call, list);
}

static bool add_whole(kw_vm *vm, kw_list *list, const walk *w)
{
    return push_piece(vm, list, w, w->regex->spans[0]);
}

static bool add_groups(kw_vm *vm, kw_list *list, const walk *w)
{
    kw_list *of_match = groups(vm, w);
    return of_match != NULL && kw_list_push(vm, list, kw_of_list(of_match));
}

static kw_result string_scan(kw_vm *vm, kw_call *call)
{
    return collect(vm, call, add_whole);
}

static kw_result string_scan_groups(kw_vm *vm, kw_call *call)
{
    return collect(vm, call, add_groups);
}

static kw_result string_named_captures(kw_vm *vm, kw_call *call)
{
    walk w;
    kw_regex_span at;
    bool found;
    if (!first(vm, call, &w, &at, &found))
        return KW_THROWN;
    kw_map *map = kw_map_new(vm, 0);
    if (map == NULL)
        return KW_THROWN;
    const kw_regex *r = w.regex;
    for (size_t i = 1; found && i < slot_count(&w); i++) {
        const kw_regex_slot *slot = &r->source.slots[i];
        kw_regex_span span = r->spans[i].from == KW_REGEX_NO_SPAN ? (kw_regex_span){0, 0} : r->spans[i];
        if (slot->name_size == 0)
            continue;
        kw_string *name = kw_string_new(vm, r->text + slot->name, slot->name_size);
        kw_string *text = kw_string_piece(vm, w.s, span.from, span.to);
        if (name == NULL || text == NULL || !kw_map_set(vm, map, kw_of_string(name), kw_of_string(text)))
            return KW_THROWN;
    }
    return kw_return(call, kw_of_map(map));
}

/* ---- Replacing ------------------------------------------------------------------------------- */

/* The slot of the number at text[*at..), or -1; *at moves behind the digits. */
static int64_t slot_of_number(const kw_regex *r, const kw_string *t, size_t *at)
{
    int64_t number = 0;
    for (; *at < t->size && kw_regex_is_digit(t->text[*at]); ++*at)
        if (number <= INT32_MAX)
            number = number * 10 + (t->text[*at] - '0');
    for (size_t i = 0; i < r->source.slot_count; i++)
        if (r->source.slots[i].number == number)
            return (int64_t)i;
    return -1;
}

static int64_t slot_of_name(const kw_regex *r, const kw_string *t, size_t *at)
{
    size_t name = *at;
    while (*at < t->size && kw_regex_is_word(t->text[*at]))
        ++*at;
    for (size_t i = 1; *at > name && i < r->source.slot_count; i++) {
        const kw_regex_slot *slot = &r->source.slots[i];
        if (slot->name_size == *at - name && memcmp(r->text + slot->name, t->text + name, *at - name) == 0)
            return (int64_t)i;
    }
    return -1;
}

/* What the template has behind "$" at *at: false if it means nothing; else *span of *from, and *at
 * behind it. */
static bool reference(const walk *w, const kw_string *t, size_t *at, const kw_string **from, kw_regex_span *span)
{
    const kw_regex_span *spans = w->regex->spans;
    char c = *at < t->size ? t->text[*at] : '\0';
    size_t end = *at + 1;
    *from = w->s;
    if (c == '{' || kw_regex_is_digit(c)) {
        bool braces = c == '{';
        end = *at + braces;
        bool number = end < t->size && kw_regex_is_digit(t->text[end]);
        int64_t slot = number ? slot_of_number(w->regex, t, &end) : slot_of_name(w->regex, t, &end);
        if (slot < 0 || (braces && (end >= t->size || t->text[end++] != '}')))
            return false;
        *span = spans[slot];
    } else if (c == '$') {
        *from = t;
        *span = (kw_regex_span){*at, *at + 1};
    } else if (c == '&') {
        *span = spans[0];
    } else if (c == '`') {
        *span = (kw_regex_span){0, spans[0].from};
    } else if (c == '\'') {
        *span = (kw_regex_span){spans[0].to, w->s->size};
    } else if (c == '+') {
        *span = spans[slot_count(w) - 1];
    } else if (c == '_') {
        *span = (kw_regex_span){0, w->s->size};
    } else {
        return false;
    }
    *at = end;
    return true;
}

/* Append the template `t` for the match just found. */
static void expand(const walk *w, kw_buf *buf, const kw_string *t)
{
    for (size_t at = 0; at < t->size;) {
        const char *dollar = memchr(t->text + at, '$', t->size - at);
        size_t stop = dollar == NULL ? t->size : (size_t)(dollar - t->text);
        kw_buf_put(buf, t->text + at, stop - at);
        at = stop + 1;
        const kw_string *from;
        kw_regex_span span;
        if (dollar == NULL)
            break;
        if (!reference(w, t, &at, &from, &span))
            kw_buf_putc(buf, '$');
        else if (span.from != KW_REGEX_NO_SPAN)
            kw_buf_put(buf, from->text + span.from, span.to - span.from);
    }
}

static kw_result string_rreplace(kw_vm *vm, kw_call *call)
{
    walk w = {.s = call->self.as.string};
    kw_string *pattern, *template;
    if (!text_arg(vm, call, 0, &pattern) || !text_arg(vm, call, 1, &template))
        return KW_THROWN;
    w.regex = kw_regex_get(vm, pattern, w.s);
    if (w.regex == NULL)
        return KW_THROWN;
    if (w.s->size == 0)
        return kw_return(call, call->self);
    kw_buf buf;
    kw_buf_init(&buf);
    kw_regex_span at;
    kw_regex_found found = KW_REGEX_NONE;
    size_t done = 0;
    while (!buf.failed && (found = next(vm, &w, &at)) == KW_REGEX_FOUND) {
        assert(done <= at.from); /* matches do not overlap */
        kw_buf_put(&buf, w.s->text + done, at.from - done);
        expand(&w, &buf, template);
        done = at.to;
    }
    if (!buf.failed && found == KW_REGEX_THROWN) {
        kw_buf_free(&buf);
        return KW_THROWN;
    }
    kw_buf_put(&buf, w.s->text + done, w.s->size - done);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* ---- Splitting ------------------------------------------------------------------------------- */

/* Empty pieces are dropped if the limit is negative. */
static bool push_part(kw_vm *vm, kw_list *list, const walk *w, kw_regex_span span, int64_t limit)
{
    return (limit < 0 && span.from == span.to) || push_piece(vm, list, w, span);
}

static bool split(kw_vm *vm, kw_list *list, walk *w, int64_t limit)
{
    size_t done = 0;
    kw_regex_span at;
    for (int64_t pieces = 1; limit <= 0 || pieces < limit; pieces++) {
        kw_regex_found found = next(vm, w, &at);
        if (found == KW_REGEX_THROWN)
            return false;
        if (found == KW_REGEX_NONE)
            break;
        if (!push_part(vm, list, w, (kw_regex_span){done, at.from}, limit))
            return false;
        done = at.to;
        for (size_t i = 1; i < slot_count(w); i++)
            if (w->regex->spans[i].from != KW_REGEX_NO_SPAN && !push_part(vm, list, w, w->regex->spans[i], limit))
                return false;
    }
    return push_part(vm, list, w, (kw_regex_span){done, w->s->size}, limit);
}

static kw_result string_rsplit(kw_vm *vm, kw_call *call)
{
    walk w = {.s = call->self.as.string};
    kw_string *pattern;
    if (!text_arg(vm, call, 0, &pattern))
        return KW_THROWN;
    if (call->argc == 2 && !kw_is(call->args[1], KW_INT))
        return kw_throw_expected(vm, "integer", call->args[1]);
    int64_t limit = kw_native_argument(call, 1).as.i;
    w.regex = kw_regex_get(vm, pattern, w.s);
    kw_list *list = w.regex == NULL ? NULL : kw_list_new(vm, 0);
    if (list == NULL)
        return KW_THROWN;
    bool ok = w.s->size == 0 ? push_part(vm, list, &w, (kw_regex_span){0, 0}, limit) : split(vm, list, &w, limit);
    return ok ? kw_give_list(call, list) : KW_THROWN;
}

#define FUNCTION(name) string_##name
const kw_native_def kw_regex_methods[] = {KW_REGEX_ROWS(FUNCTION)};
