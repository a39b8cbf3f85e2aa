/* xml_write.c - from nodes to XML text.  See xml.h.
 *
 * Names that are none, and characters and sequences that XML cannot hold where they stand, are errors, so that what is
 * written is XML. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/writing.h"
#include "packages/xml.h"
#include "types/give.h"
#include "vm/text.h"

typedef kp_writing writer;

/* ---- Errors ------------------------------------------------------------------------------------------ */

/* Throw an XmlError about `s`.  Always false. */
static bool refuse(writer *w, const char *what, const kw_string *s)
{
    enum { SHOWN = 64 }; /* bytes, at most */
    int size = (int)(s->size < SHOWN ? s->size : SHOWN);
    while (size > 0 && (size_t)size < s->size && !kw_utf8_starts(s->text[size]))
        size--;
    (void)kw_throw(w->vm, "XmlError", "%s: '%.*s'", what, size, s->text);
    return false;
}

/* ---- Text -------------------------------------------------------------------------------------------- */

/* The characters that names begin with (XML 1.0, fifth edition, section 2.3), */
static bool begins_name(uint32_t c)
{
    static const uint32_t ranges[][2] = {{':', ':'},       {'A', 'Z'},       {'_', '_'},       {'a', 'z'},
                                         {0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                                         {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                                         {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

/* and those that they go on with. */
static bool is_in_name(uint32_t c)
{
    return begins_name(c) || c == '-' || c == '.' || (c >= '0' && c <= '9') || c == 0xB7 ||
           (c >= 0x300 && c <= 0x36F) || c == 0x203F || c == 0x2040;
}

static bool put_name(writer *w, const kw_string *s)
{
    const char *p = s->text, *end = p + s->size;
    bool ok = s->size > 0 && begins_name(kw_utf8_next(&p));
    while (ok && p < end)
        ok = is_in_name(kw_utf8_next(&p));
    if (!ok)
        return refuse(w, "not a name", s);
    kw_buf_put(&w->buf, s->text, s->size);
    return true;
}

/* Has XML all characters of the text?  false: thrown. */
static bool is_possible(writer *w, const kw_string *s)
{
    for (const char *p = s->text, *end = p + s->size; p < end;) {
        uint32_t c = kw_utf8_next(&p);
        if ((c < ' ' && c != '\t' && c != '\n' && c != '\r') || c == 0xFFFE || c == 0xFFFF) {
            (void)kw_throw(w->vm, "XmlError", "XML has no character U+%04X.", (unsigned)c);
            return false;
        }
    }
    return true;
}

/* How a character is written; NULL: as it is.  Readers turn \r into \n, and white space in attributes into spaces. */
static const char *form_of(char c, bool in_attribute)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\r': return "&#13;";
    case '"': return in_attribute ? "&quot;" : NULL;
    case '\n': return in_attribute ? "&#10;" : NULL;
    case '\t': return in_attribute ? "&#9;" : NULL;
    default: return NULL;
    }
}

static bool put_escaped(writer *w, const kw_string *s, bool in_attribute)
{
    if (!is_possible(w, s))
        return false;
    const char *from = s->text, *end = from + s->size;
    for (const char *p = from; p < end; p++) {
        const char *form = form_of(*p, in_attribute);
        if (form == NULL)
            continue;
        kw_buf_put(&w->buf, from, (size_t)(p - from));
        kw_buf_puts(&w->buf, form);
        from = p + 1;
    }
    kw_buf_put(&w->buf, from, (size_t)(end - from));
    return kw_buf_go_on(w->vm, &w->buf);
}

static bool has(const kw_string *s, const char *part)
{
    size_t size = strlen(part);
    for (size_t i = 0; i + size <= s->size; i++)
        if (memcmp(s->text + i, part, size) == 0)
            return true;
    return false;
}

/* Sections end at the first ]]>, so a text that has it becomes two of them. */
static bool put_cdata(writer *w, const kw_string *s)
{
    const char *from = s->text, *end = from + s->size;
    kw_buf_puts(&w->buf, "<![CDATA[");
    for (const char *p = from; end - p >= 3; p++)
        if (memcmp(p, "]]>", 3) == 0) {
            kw_buf_put(&w->buf, from, (size_t)(p + 2 - from));
            kw_buf_puts(&w->buf, "]]><![CDATA[");
            from = p + 2;
        }
    kw_buf_put(&w->buf, from, (size_t)(end - from));
    kw_buf_puts(&w->buf, "]]>");
    return is_possible(w, s);
}

static bool put_comment(writer *w, const kw_string *s)
{
    if (has(s, "--") || (s->size > 0 && s->text[s->size - 1] == '-'))
        return refuse(w, "no comment can have --, or - at its end", s);
    kw_buf_puts(&w->buf, "<!--");
    kw_buf_put(&w->buf, s->text, s->size);
    kw_buf_puts(&w->buf, "-->");
    return is_possible(w, s);
}

/* ---- Nodes ------------------------------------------------------------------------------------------- */

static kw_value field(const writer *w, kw_value node, kp_xml_field which)
{
    kw_value v = kw_object_get(node.as.object, kp_xml_name(w->vm, which));
    return kw_is(v, KW_UNDEF) ? kw_null() : v;
}

/* A text attribute of a node; nothing is an empty one.  NULL: thrown. */
static kw_string *text_field(writer *w, kw_value node, kp_xml_field which)
{
    kw_value v = field(w, node, which);
    return kw_is(v, KW_NULL) ? kw_intern_c(w->vm, "") : kw_display_text(w->vm, v);
}

static bool is_text_node(const writer *w, kw_value v)
{
    kw_value tag = kw_is(v, KW_OBJECT) ? field(w, v, KP_XML_TAG) : v;
    return kw_is(v, KW_OBJECT) && kw_is(tag, KW_STRING) && strcmp(tag.as.string->text, "#text") == 0;
}

static bool put_attributes(writer *w, kw_value attrs)
{
    uint32_t at = 0;
    if (kw_is(attrs, KW_NULL))
        return true;
    if (!kw_is(attrs, KW_MAP)) {
        (void)kw_throw_expected(w->vm, "hashmap", attrs);
        return false;
    }
    for (const kw_entry *e; (e = kw_map_next(attrs.as.map, &at)) != NULL;) {
        const kw_string *name = kw_display_text(w->vm, e->key), *value = kw_display_text(w->vm, e->value);
        if (name == NULL || value == NULL)
            return false;
        kw_buf_putc(&w->buf, ' ');
        if (!put_name(w, name))
            return false;
        kw_buf_puts(&w->buf, "=\"");
        if (!put_escaped(w, value, true))
            return false;
        kw_buf_putc(&w->buf, '"');
    }
    return true;
}

static bool put_instruction(writer *w, kw_value node, const kw_string *content)
{
    kw_value attrs = field(w, node, KP_XML_ATTRS);
    kw_value *name = kw_is(attrs, KW_MAP) ? kw_map_find_string(attrs.as.map, kw_intern_c(w->vm, "name")) : NULL;
    const kw_string *target = name != NULL ? kw_display_text(w->vm, *name) : kw_intern_c(w->vm, "");
    if (has(content, "?>"))
        return refuse(w, "no processing instruction can have ?>", content);
    kw_buf_puts(&w->buf, "<?");
    if (target == NULL || !put_name(w, target))
        return false;
    kw_buf_puts(&w->buf, content->size > 0 ? " " : "");
    kw_buf_put(&w->buf, content->text, content->size);
    kw_buf_puts(&w->buf, "?>");
    return is_possible(w, content);
}

/* Its children are on lines of their own, or text alone behind the tag. */
static bool has_only_text(const writer *w, const kw_list *children)
{
    for (size_t i = 0; i < children->count; i++)
        if (!is_text_node(w, children->items[i]))
            return false;
    return true;
}

static void put_end(writer *w, const kw_string *tag)
{
    kw_buf_puts(&w->buf, "</");
    kw_buf_put(&w->buf, tag->text, tag->size);
    kw_buf_putc(&w->buf, '>');
}

/* An element up to its children, which become a level. */
static bool put_element(writer *w, kw_value node, kw_string *tag, size_t indent)
{
    kw_value children = field(w, node, KP_XML_CHILDREN);
    _Static_assert((int)KP_XML_DEPTH <= (int)KP_WRITING_DEPTH, "there is a level for each");
    if (w->depth == KP_XML_DEPTH) {
        (void)kw_throw(w->vm, "XmlError", "The node is nested deeper than %d levels, or contains itself.",
                       KP_XML_DEPTH);
        return false;
    }
    kw_buf_fill(&w->buf, ' ', 2 * indent);
    kw_buf_putc(&w->buf, '<');
    if (!put_name(w, tag) || !put_attributes(w, field(w, node, KP_XML_ATTRS)))
        return false;
    if (kw_is(children, KW_NULL) || (kw_is(children, KW_LIST) && children.as.list->count == 0)) {
        kw_buf_puts(&w->buf, "/>");
        return true;
    }
    if (!kw_is(children, KW_LIST)) {
        (void)kw_throw_expected(w->vm, "list", children);
        return false;
    }
    kw_buf_putc(&w->buf, '>');
    kp_level *level = kp_writing_open(w, children);
    level->about = kw_of_string(tag);
    level->flag = has_only_text(w, children.as.list);
    return true;
}

/* A node whose tag begins with #. */
static bool put_special(writer *w, kw_value node, const kw_string *tag, size_t indent)
{
    const kw_string *content = text_field(w, node, KP_XML_CONTENT);
    if (content == NULL)
        return false;
    if (strcmp(tag->text, "#text") == 0)
        return put_escaped(w, content, false);
    kw_buf_fill(&w->buf, ' ', 2 * indent);
    if (strcmp(tag->text, "#comment") == 0)
        return put_comment(w, content);
    if (strcmp(tag->text, "#cdata") == 0)
        return put_cdata(w, content);
    if (strcmp(tag->text, "#pi") == 0)
        return put_instruction(w, node, content);
    return refuse(w, "not a name", tag);
}

static bool put_node(writer *w, kw_value node)
{
    size_t indent = w->indent + w->depth;
    if (!kw_is(node, KW_OBJECT)) {
        (void)kw_throw_expected(w->vm, "node of XML", node);
        return false;
    }
    kw_string *tag = text_field(w, node, KP_XML_TAG);
    if (tag == NULL)
        return false;
    return tag->text[0] == '#' ? put_special(w, node, tag, indent) : put_element(w, node, tag, indent);
}

/* The next child, or the end of the element. */
static bool step(writer *w)
{
    kp_level *level = kp_writing_innermost(w);
    assert(kw_is(level->value, KW_LIST) && kw_is(level->about, KW_STRING)); /* put_element() opens all of them */
    const kw_list *children = level->value.as.list;
    if (!kw_buf_go_on(w->vm, &w->buf))
        return false;
    if (!level->flag)
        kw_buf_putc(&w->buf, '\n');
    if (level->at < children->count)
        return put_node(w, children->items[level->at++]);
    w->depth--;
    if (!level->flag)
        kw_buf_fill(&w->buf, ' ', 2 * (w->indent + w->depth));
    put_end(w, level->about.as.string);
    return true;
}

kw_result kp_xml_stringify(kw_vm *vm, kw_call *call)
{
    int64_t indent = kw_native_argument(call, 1).as.i;
    enum { MOST = 1000 };
    if (indent < 0 || indent > MOST)
        return kw_throw(vm, "InvalidOperationError", "An indentation is 0 to %d levels, not %lld.", MOST,
                        (long long)indent);
    writer first, *w = kp_writing_begin(vm, call, &first);
    w->indent = (size_t)indent;
    if (w == &first && !put_node(w, kw_native_operand(call, 0)))
        return kp_writing_fail(call, w);
    return kp_writing_go_on(call, w, step);
}
