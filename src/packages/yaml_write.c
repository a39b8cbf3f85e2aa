/* yaml_write.c - from values to YAML text in block style.  See yaml.h. */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "packages/writing.h"
#include "packages/yaml.h"
#include "types/give.h"
#include "vm/text.h"

typedef kp_writing writer; /* a line begins with two spaces for each level but one */

/* ---- Strings ----------------------------------------------------------------------------------------- */

/* Is it a character that can be written as it is? */
static bool is_printable(uint32_t c)
{
    return c >= ' ' && (c < 0x7F || c >= 0xA0) && c != 0x2028 && c != 0x2029 && c != 0xFEFF && c != 0xFFFE &&
           c != 0xFFFF;
}

/* Does a reader take the bare text for the same string?  Of `key` any type does. */
static bool is_plain(const kw_string *s, bool key)
{
    kw_value v;
    const char *p = s->text, *end = p + s->size;
    if (s->size == 0 || strchr(":#&*!|>'\"%@`{}[], ", *p) != NULL || end[-1] == ' ' || end[-1] == ':')
        return false;
    if (strchr("-?", *p) != NULL && (s->size == 1 || p[1] == ' '))
        return false;
    if (s->size >= 3 && (memcmp(p, "---", 3) == 0 || memcmp(p, "...", 3) == 0))
        return false;
    while (p < end) {
        char before = *p;
        if (!is_printable(kw_utf8_next(&p)) || (before == ':' && *p == ' ') || (before == ' ' && *p == '#'))
            return false;
    }
    return key || !kp_yaml_typed(s->text, s->size, &v);
}

static void put_quoted(writer *w, const kw_string *s)
{
    static const char meant[] = "\"\\\n\t\r", names[] = "\"\\ntr";
    const char *p = s->text, *end = p + s->size;
    kw_buf_putc(&w->buf, '"');
    while (p < end && kw_buf_go_on(w->vm, &w->buf)) {
        const char *from = p, *special = *p != '\0' ? strchr(meant, *p) : NULL;
        uint32_t c = kw_utf8_next(&p);
        char text[16];
        if (special != NULL)
            (void)snprintf(text, sizeof(text), "\\%c", names[special - meant]);
        else
            (void)snprintf(text, sizeof(text), "\\u%04X", (unsigned)c);
        if (special != NULL || !is_printable(c))
            kw_buf_puts(&w->buf, text);
        else
            kw_buf_put(&w->buf, from, (size_t)(p - from));
    }
    kw_buf_putc(&w->buf, '"');
}

static void put_string(writer *w, const kw_string *s, bool key)
{
    if (is_plain(s, key))
        kw_buf_put(&w->buf, s->text, s->size);
    else
        put_quoted(w, s);
}

/* ---- Values ------------------------------------------------------------------------------------------ */

static bool put_scalar(writer *w, kw_value v)
{
    if (kw_is(v, KW_FLOAT) && !isfinite(v.as.f)) {
        kw_buf_puts(&w->buf, isnan(v.as.f) ? ".nan" : v.as.f > 0 ? ".inf" : "-.inf");
        return true;
    }
    if (kw_is(v, KW_NULL) || (kw_is(v, KW_FLOAT) && v.as.f == 0 && signbit(v.as.f))) {
        kw_buf_puts(&w->buf, kw_is(v, KW_NULL) ? "null" : "-0.0"); /* -0 is an integer */
        return true;
    }
    const kw_string *s = kw_display_text(w->vm, v);
    if (s == NULL)
        return false;
    if (kw_is_number(v) || kw_is(v, KW_BOOL))
        kw_buf_put(&w->buf, s->text, s->size);
    else
        put_string(w, s, false);
    return true;
}

static bool has_elements(kw_value v)
{
    return (kw_is(v, KW_LIST) && v.as.list->count > 0) || (kw_is(v, KW_MAP) && v.as.map->count > 0);
}

/* A value in the line that has begun, without elements below it. */
static bool put_inline(writer *w, kw_value v)
{
    bool list = kw_is(v, KW_LIST);
    if (!list && !kw_is(v, KW_MAP))
        return put_scalar(w, v);
    kw_buf_puts(&w->buf, list ? "[]" : "{}");
    return true;
}

/* Begin a line; the first one of a container within a list goes on with that of the list. */
static bool begin_line(writer *w, bool first)
{
    assert(w->depth > 0); /* what has no lines is not opened */
    if (!first || w->buf.size == 0 || w->buf.text[w->buf.size - 1] != ' ')
        kw_buf_fill(&w->buf, ' ', 2 * ((size_t)w->depth - 1));
    return kw_buf_go_on(w->vm, &w->buf);
}

/* The lines of a list or hashmap that has elements become a level. */
static bool open_container(writer *w, kw_value v)
{
    _Static_assert((int)KP_YAML_DEPTH <= (int)KP_WRITING_DEPTH, "there is a level for each");
    if (w->depth == KP_YAML_DEPTH) {
        (void)kw_throw(w->vm, "YamlError", "The value is nested deeper than %d levels, or contains itself.",
                       KP_YAML_DEPTH);
        return false;
    }
    (void)kp_writing_open(w, v);
    return true;
}

/* A value behind what leads to it: in this line, or in lines below. */
static bool put_value(writer *w, kw_value v)
{
    if (has_elements(v))
        return open_container(w, v);
    bool ok = put_inline(w, v);
    kw_buf_putc(&w->buf, '\n');
    return ok;
}

static bool put_element(writer *w, kw_value v)
{
    kw_buf_puts(&w->buf, "- ");
    return put_value(w, v);
}

static bool put_member(writer *w, kw_value key, kw_value v)
{
    enum { LONGEST = 128 }; /* characters of a key before a colon: at most 1024 with its quotation marks and escapes */
    const kw_string *s = kw_display_text(w->vm, key);
    if (s == NULL)
        return false;
    bool apart = s->length > LONGEST;
    kw_buf_puts(&w->buf, apart ? "? " : "");
    put_string(w, s, true);
    if (apart) {
        kw_buf_putc(&w->buf, '\n');
        (void)begin_line(w, false);
    }
    kw_buf_putc(&w->buf, ':');
    kw_buf_putc(&w->buf, has_elements(v) ? '\n' : ' ');
    return put_value(w, v);
}

static const kw_entry *next_entry(kp_level *level)
{
    uint32_t at = (uint32_t)level->at;
    const kw_entry *e = kw_map_next(level->value.as.map, &at);
    level->at = at;
    return e;
}

/* The next element, or the end. */
static bool step(writer *w)
{
    kp_level *level = kp_writing_innermost(w);
    bool list = kw_is(level->value, KW_LIST), first = level->at == 0;
    const kw_entry *e = list ? NULL : next_entry(level);
    if (list ? level->at >= level->value.as.list->count : e == NULL) {
        w->depth--;
        return true;
    }
    if (!begin_line(w, first))
        return false;
    return list ? put_element(w, level->value.as.list->items[level->at++]) : put_member(w, e->key, e->value);
}

kw_result kp_yaml_stringify(kw_vm *vm, kw_call *call)
{
    kw_value v = kw_native_operand(call, 0);
    writer first, *w = kp_writing_begin(vm, call, &first);
    if (w == &first && !(has_elements(v) ? open_container(w, v) : put_inline(w, v)))
        return kp_writing_fail(call, w);
    return kp_writing_go_on(call, w, step);
}
