/* json_write.c - from values to JSON text.  See json_write.h. */
#include "config.h"

#include "packages/json_write.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "packages/json_read.h"
#include "vm/text.h"

typedef kp_writing writer;

static inline void put_char(writer *w, char c)
{
    if (w->buf.size < w->buf.cap)
        w->buf.text[w->buf.size++] = c;
    else
        kw_buf_putc(&w->buf, c);
}

/* ---- Strings ----------------------------------------------------------------------------------------- */

/* How an ASCII character is written: 0: as it is; 'u': by its number; else a backslash and this. */
static const char forms[128] = {
#define NUMBERS(a) [a] = 'u', [(a) + 1] = 'u', [(a) + 2] = 'u', [(a) + 3] = 'u'
    NUMBERS(0),   NUMBERS(4),  ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  [11] = 'u',  ['\f'] = 'f', ['\r'] = 'r',
    [14] = 'u',   [15] = 'u',  NUMBERS(16),  NUMBERS(20),  NUMBERS(24),   NUMBERS(28), ['"'] = 'u',  ['&'] = 'u',
    ['\''] = 'u', ['+'] = 'u', ['<'] = 'u',  ['>'] = 'u',  ['\\'] = '\\', ['`'] = 'u', [127] = 'u',
#undef NUMBERS
};

enum { ESCAPE = 6 /* size of \uXXXX */ };

static char *put_unit(char *to, uint32_t unit)
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[ESCAPE] = {
        '\\', 'u', digits[unit >> 12], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};
    memcpy(to, text, ESCAPE);
    return to + ESCAPE;
}

/* What is not written as it is: one character at *p. */
static char *put_escaped(char *to, const char **p)
{
    uint32_t c = kw_utf8_next(p);
    if (c < 0x80 && forms[c] != 'u') {
        *to++ = '\\';
        *to++ = forms[c];
        return to;
    }
    if (c < 0x10000)
        return put_unit(to, c);
    to = put_unit(to, 0xD800 + ((c - 0x10000) >> 10));
    return put_unit(to, 0xDC00 + (c & 0x3FF));
}

static inline bool is_plain(char c)
{
    return (unsigned char)c < sizeof(forms) && forms[(unsigned char)c] == 0;
}

enum {
    PART = 1024,      /* bytes at once: a part may take six times its size, and a character behind it */
    LONG = 64 * PART, /* strings that others have turns in */
};

/* A part of a string, from p on: where the next one begins.  NULL: failed. */
static const char *put_part(writer *w, const char *p, const char *end)
{
    const char *stop = end - p > PART ? p + PART : end;
    char *to = kw_buf_room(&w->buf, ESCAPE * ((size_t)(stop - p) + 1));
    if (to == NULL || !kw_buf_go_on(w->vm, &w->buf))
        return NULL;
    while (p < stop) {
        if (is_plain(*p))
            *to++ = *p++;
        else
            to = put_escaped(to, &p);
    }
    w->buf.size = (size_t)(to - w->buf.text);
    assert(w->buf.size <= w->buf.cap);
    return p;
}

/* A string; a long one becomes a level. */
static void put_string(writer *w, kw_string *s)
{
    const char *p = s->text, *end = p + s->size;
    put_char(w, '"');
    if (s->size > LONG) {
        (void)kp_writing_open(w, kw_of_string(s));
        return;
    }
    while (p < end && p != NULL)
        p = put_part(w, p, end);
    put_char(w, '"');
}

/* The next part of a long one. */
static bool step_string(writer *w, kp_level *level)
{
    const kw_string *s = level->value.as.string;
    assert(level->at <= s->size);
    const char *next = put_part(w, s->text + level->at, s->text + s->size);
    if (next == NULL)
        return false;
    level->at = (size_t)(next - s->text);
    if (level->at == s->size) {
        w->depth--;
        put_char(w, '"');
    }
    return true;
}

/* The display form of a value as a string. */
static bool put_shown(writer *w, kw_value v)
{
    kw_string *s = kw_display_text(w->vm, v);
    if (s != NULL)
        put_string(w, s);
    return s != NULL;
}

/* ---- Values ------------------------------------------------------------------------------------------ */

static bool put_float(writer *w, double d)
{
    enum { LONGEST = 32 };
    char *to;
    if (!isfinite(d)) {
        kw_throw(w->vm, "JsonError", "JSON has no number for %s.", isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
        return false;
    }
    if ((to = kw_buf_room(&w->buf, LONGEST)) != NULL)
        w->buf.size += kw_display_double(d, to);
    return true;
}

/* A new line of pretty text. */
static void put_line(writer *w)
{
    static const char line[] = "\n                                ";
    if (!w->pretty)
        return;
    size_t indent = (size_t)w->depth * 2, most = sizeof(line) - 2;
    for (kw_buf_put(&w->buf, line, 1); indent > 0;) {
        size_t part = indent < most ? indent : most;
        kw_buf_put(&w->buf, line + 1, part);
        indent -= part;
    }
}

static bool open_container(writer *w, char c, kw_value v)
{
    _Static_assert((int)KP_JSON_DEPTH <= (int)KP_WRITING_DEPTH, "there is a level for each");
    if (w->depth == KP_JSON_DEPTH) {
        kw_throw(w->vm, "JsonError", "The value is nested deeper than %d levels, or contains itself.", KP_JSON_DEPTH);
        return false;
    }
    (void)kp_writing_open(w, v);
    put_char(w, c);
    return true;
}

static bool close_container(writer *w, char c)
{
    bool filled = kp_writing_innermost(w)->begun;
    w->depth--;
    if (filled)
        put_line(w);
    put_char(w, c);
    return true;
}

static bool put_value(writer *w, kw_value v)
{
    char number[20];
    switch ((kw_type)v.tag) {
    case KW_NULL: kw_buf_put(&w->buf, "null", 4); return true;
    case KW_BOOL: kw_buf_puts(&w->buf, v.as.i != 0 ? "true" : "false"); return true;
    case KW_INT: kw_buf_put(&w->buf, number, kw_display_int(v.as.i, number)); return true;
    case KW_FLOAT: return put_float(w, v.as.f);
    case KW_STRING: put_string(w, v.as.string); return true;
    case KW_LIST: return open_container(w, '[', v);
    case KW_MAP:
    case KW_OBJECT: return open_container(w, '{', v);
    default: return put_shown(w, v);
    }
}

/* What leads to an element. */
static bool put_before(writer *w, kp_level *level)
{
    if (level->begun)
        put_char(w, ',');
    level->begun = true;
    put_line(w);
    return kw_buf_go_on(w->vm, &w->buf);
}

static bool put_member(writer *w, kp_level *level, kw_value key, kw_value value)
{
    unsigned depth = w->depth;
    if (!put_before(w, level))
        return false;
    if (kw_is(key, KW_STRING))
        put_string(w, key.as.string);
    else if (!put_shown(w, key))
        return false;
    while (w->depth > depth) /* a key is not long */
        if (!step_string(w, kp_writing_innermost(w)))
            return false;
    put_char(w, ':');
    if (w->pretty)
        put_char(w, ' ');
    return put_value(w, value);
}

static bool step_list(writer *w, kp_level *level)
{
    const kw_list *list = level->value.as.list;
    if (level->at >= list->count)
        return close_container(w, ']');
    return put_before(w, level) && put_value(w, list->items[level->at++]);
}

static bool step_map(writer *w, kp_level *level)
{
    const kw_map *map = level->value.as.map;
    while (level->at < map->used && kw_is(map->entries[level->at].key, KW_UNDEF)) /* it was removed */
        level->at++;
    if (level->at >= map->used)
        return close_container(w, '}');
    const kw_entry *e = &map->entries[level->at++];
    return put_member(w, level, e->key, e->value);
}

/* Attributes are written in the order in which shapes add them. */
static bool step_object(writer *w, kp_level *level)
{
    const kw_object *o = level->value.as.object;
    const kw_shape *shape = o->shape;
    if (level->at >= shape->count)
        return close_container(w, '}');
    while (shape->count > level->at + 1)
        shape = shape->parent;
    assert(shape->name != NULL && shape->count == level->at + 1);
    return put_member(w, level, kw_of_string(shape->name), o->slots[level->at++]);
}

static bool step(writer *w)
{
    kp_level *level = kp_writing_innermost(w);
    switch ((kw_type)level->value.tag) {
    case KW_LIST: return step_list(w, level);
    case KW_MAP: return step_map(w, level);
    case KW_OBJECT: return step_object(w, level);
    default: return step_string(w, level);
    }
}

kw_result kp_json_write(kw_vm *vm, kw_call *call, kw_value v, bool pretty)
{
    writer first, *w = kp_writing_begin(vm, call, &first);
    w->pretty = pretty;
    if (w == &first && !put_value(w, v))
        return kp_writing_fail(call, w);
    return kp_writing_go_on(call, w, step);
}
