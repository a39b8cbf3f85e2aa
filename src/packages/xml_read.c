/* xml_read.c - from XML text to nodes, by expat.  See xml.h.
 *
 * Expat is given the text in parts; after each the reader stops if others are to have their turn, and goes on from
 * there in the next call.  It loads nothing: a reference to an external entity is an error.  Its own protection
 * bounds what entities expand to. */
#include "config.h"

#define XML_DTD 1 /* the header shows the limits of entities to those who ask for it */
#include <assert.h>
#include <expat.h>
#include <string.h>

#include "packages/piece.h"
#include "packages/xml.h"
#include "vm/gc.h"

#define EXPAT_NAMES(X)                                                                                                 \
    X(ParserCreate)                                                                                                    \
    X(ParserFree)                                                                                                      \
    X(Parse)                                                                                                           \
    X(StopParser)                                                                                                      \
    X(SetUserData)                                                                                                     \
    X(SetElementHandler)                                                                                               \
    X(SetCharacterDataHandler)                                                                                         \
    X(SetCdataSectionHandler)                                                                                          \
    X(SetCommentHandler)                                                                                               \
    X(SetProcessingInstructionHandler)                                                                                 \
    X(SetExternalEntityRefHandler)                                                                                     \
    X(SetSkippedEntityHandler)                                                                                         \
    X(SetBillionLaughsAttackProtectionMaximumAmplification)                                                            \
    X(SetBillionLaughsAttackProtectionActivationThreshold)                                                             \
    X(GetErrorCode)                                                                                                    \
    X(ErrorString)                                                                                                     \
    X(GetCurrentLineNumber)                                                                                            \
    X(GetCurrentColumnNumber)

static struct expat {
#define FIELD(name) KB_LIBRARY_FIELD(name, XML_##name)
    EXPAT_NAMES(FIELD)
} expat;

static const kb_symbol symbols[] = {
#define SYMBOL(name) KB_LIBRARY_SYMBOL(struct expat, name, XML_##name)
    EXPAT_NAMES(SYMBOL){NULL, 0}};

static kb_library library = {"libexpat", "libexpat1", KIWI_EXPAT_LIBRARY, symbols, &expat, false};
KB_LIBRARY_NOTE(expat_note, KIWI_EXPAT_LIBRARY, "xml", "XML")

#define MOST_GROWTH 10.0f /* by entities, of a document that is no longer small: */
enum {
    SMALL = 1 << 20,
    PART = 1 << 16, /* bytes given to expat at once, */
    PARTS = 64,     /* but no more parts: what is not finished at the end of one may be read again */
};

typedef struct reader {
    kw_vm *vm;
    XML_Parser parser; /* NULL: it has ended */
    kw_class *node;
    kp_xml_names names;
    kw_value open[KP_XML_DEPTH]; /* elements within each other */
    unsigned depth;
    kw_value root;
    kw_buf text;   /* since the last tag */
    bool is_cdata; /* that is of a CDATA section */
    bool failed;   /* thrown */
    size_t done;   /* bytes of the text */
} reader;

/* ---- Errors ------------------------------------------------------------------------------------------ */

/* An error is thrown: expat is to come back. */
static void stop(reader *r)
{
    r->failed = true;
    (void)expat.StopParser(r->parser, XML_FALSE);
}

static void fail(reader *r, const char *what, const char *detail)
{
    (void)kw_throw(r->vm, "XmlError", "%s%s: line %lu, column %lu", what, detail,
                   (unsigned long)expat.GetCurrentLineNumber(r->parser),
                   (unsigned long)expat.GetCurrentColumnNumber(r->parser) + 1);
    stop(r);
}

/* ---- Nodes ------------------------------------------------------------------------------------------- */

/* A node, which is put into the innermost element.  KW_UNDEF: thrown. */
static kw_value add_node(reader *r, const char *tag, kw_map *attrs, kw_string *content)
{
    kw_list *children = kw_list_new(r->vm, 0);
    if (attrs == NULL || content == NULL || children == NULL || !kw_go_on(r->vm)) {
        stop(r);
        return kw_undef();
    }
    kw_object *node = kw_object_new(r->vm, r->node);
    const kw_value fields[] = {[KP_XML_TAG] = kw_of_string(kw_intern_c(r->vm, tag)),
                               [KP_XML_ATTRS] = kw_of_map(attrs),
                               [KP_XML_CHILDREN] = kw_of_list(children),
                               [KP_XML_CONTENT] = kw_of_string(content)};
    for (unsigned i = 0; i < KP_XML_FIELDS; i++)
        kw_object_set(r->vm, node, r->names.name[i], fields[i]);
    kw_value v = kw_of_obj(KW_OBJECT, node);
    if (r->depth == 0) {
        r->root = v;
        return v;
    }
    kw_object *parent = r->open[r->depth - 1].as.object;
    kw_value siblings = kw_object_get(parent, r->names.name[KP_XML_CHILDREN]);
    assert(kw_is(siblings, KW_LIST)); /* no script has seen the node so far */
    if (kw_list_push(r->vm, siblings.as.list, v))
        return v;
    stop(r);
    return kw_undef();
}

static void add_leaf(reader *r, const char *tag, const char *content)
{
    if (r->depth > 0) /* what stands beside the root has no place */
        (void)add_node(r, tag, kw_map_new(r->vm, 0), kw_string_new(r->vm, content, strlen(content)));
}

static bool is_blank(const kw_buf *buf)
{
    for (size_t i = 0; i < buf->size; i++)
        if (strchr(" \t\r\n", buf->text[i]) == NULL)
            return false;
    return true;
}

/* The text since the last tag becomes a node. */
static void end_text(reader *r)
{
    if (r->failed || (!r->is_cdata && !r->text.failed && is_blank(&r->text))) {
        kw_buf_free(&r->text);
        return;
    }
    assert(r->depth > 0); /* expat tells no text outside of the root */
    kw_string *content = kw_buf_string(r->vm, &r->text);
    kw_buf_init(&r->text);
    (void)add_node(r, r->is_cdata ? "#cdata" : "#text", kw_map_new(r->vm, 0), content);
}

static kw_map *attributes(reader *r, const XML_Char **pairs)
{
    kw_map *map = kw_map_new(r->vm, 0);
    for (; map != NULL && *pairs != NULL; pairs += 2) {
        kw_string *value = kw_string_new(r->vm, pairs[1], strlen(pairs[1]));
        if (value == NULL || !kw_map_set_c(r->vm, map, pairs[0], kw_of_string(value)))
            return NULL;
    }
    return map;
}

/* ---- What expat calls -------------------------------------------------------------------------------- */

static void XMLCALL on_start(void *data, const XML_Char *tag, const XML_Char **pairs)
{
    reader *r = data;
    end_text(r);
    if (r->failed)
        return;
    if (r->depth == KP_XML_DEPTH) {
        fail(r, "elements are nested too deep in ", tag);
        return;
    }
    kw_value node = add_node(r, tag, attributes(r, pairs), kw_intern_c(r->vm, ""));
    if (!r->failed)
        r->open[r->depth++] = node;
}

static void XMLCALL on_end(void *data, const XML_Char *tag)
{
    reader *r = data;
    (void)tag;
    end_text(r);
    if (!r->failed) /* expat may tell the end of an empty element after its start has failed */
    {
        assert(r->depth > 0);
        r->depth--;
    }
}

static void XMLCALL on_text(void *data, const XML_Char *text, int size)
{
    reader *r = data;
    kw_buf_put(&r->text, text, (size_t)size);
    if (!r->failed && !kw_buf_go_on(r->vm, &r->text)) {
        (void)kw_buf_string(r->vm, &r->text); /* it throws */
        stop(r);
    }
}

static void XMLCALL on_cdata_start(void *data)
{
    reader *r = data;
    end_text(r);
    r->is_cdata = true;
}

static void XMLCALL on_cdata_end(void *data)
{
    reader *r = data;
    end_text(r);
    r->is_cdata = false;
}

static void XMLCALL on_comment(void *data, const XML_Char *text)
{
    reader *r = data;
    end_text(r);
    if (!r->failed)
        add_leaf(r, "#comment", text);
}

static void XMLCALL on_instruction(void *data, const XML_Char *target, const XML_Char *text)
{
    reader *r = data;
    end_text(r);
    if (r->failed || r->depth == 0)
        return;
    (void)add_node(r, "#pi", attributes(r, (const XML_Char *[]){"name", target, NULL}),
                   kw_string_new(r->vm, text, strlen(text)));
}

/* An entity whose declaration was not read, since it may be outside. */
static void XMLCALL on_skipped(void *data, const XML_Char *name, int is_parameter)
{
    reader *r = data;
    if (!is_parameter && !r->failed)
        fail(r, "undefined entity ", name);
}

static int XMLCALL on_external(XML_Parser parser, const XML_Char *context, const XML_Char *base, const XML_Char *system,
                               const XML_Char *public)
{
    (void)parser, (void)context, (void)base, (void)system, (void)public;
    return XML_STATUS_ERROR;
}

/* ---- Reading ----------------------------------------------------------------------------------------- */

static void mark(kw_vm *vm, void *data)
{
    const reader *r = data;
    kw_gc_mark_value(vm, kw_of_class(r->node));
    kw_gc_mark_value(vm, r->root);
    for (unsigned i = 0; i < r->depth; i++)
        kw_gc_mark_value(vm, r->open[i]);
    for (unsigned i = 0; i < KP_XML_FIELDS; i++)
        kw_gc_mark_value(vm, kw_of_string(r->names.name[i]));
}

/* Free what the reader holds beside values. */
static void end(reader *r)
{
    if (r->parser != NULL)
        expat.ParserFree(r->parser);
    r->parser = NULL;
    kw_buf_free(&r->text);
}

static void drop(kw_vm *vm, void *data)
{
    end(data);
    kw_heap_release(vm, data, sizeof(reader));
}

static void equip(reader *r)
{
    XML_Parser p = r->parser;
    expat.SetUserData(p, r);
    expat.SetElementHandler(p, on_start, on_end);
    expat.SetCharacterDataHandler(p, on_text);
    expat.SetCdataSectionHandler(p, on_cdata_start, on_cdata_end);
    expat.SetCommentHandler(p, on_comment);
    expat.SetProcessingInstructionHandler(p, on_instruction);
    expat.SetSkippedEntityHandler(p, on_skipped);
    expat.SetExternalEntityRefHandler(p, on_external);
    (void)expat.SetBillionLaughsAttackProtectionMaximumAmplification(p, MOST_GROWTH);
    (void)expat.SetBillionLaughsAttackProtectionActivationThreshold(p, SMALL);
}

/* A reader behind a value; the text of strings is UTF-8, whatever it says.  KW_UNDEF: thrown. */
static kw_value begin(kw_vm *vm, bool is_string)
{
    kw_value node = kw_global_value(vm, kw_names_global_member(vm, "xml", "XmlNode"));
    if (!kw_is(node, KW_STRUCT)) {
        if (vm->error.type == NULL)
            (void)kw_throw_undeclared(vm, "XmlNode");
        return kw_undef();
    }
    reader *r = kw_heap_realloc(vm, NULL, 0, sizeof(*r));
    *r = (reader){.vm = vm, .node = node.as.klass, .names = kp_xml_names_of(vm), .root = kw_null()};
    kw_buf_init(&r->text);
    kw_value handle = kw_pointer_new(vm, "XML reader", r, mark, drop);
    assert(expat.ParserCreate != NULL); /* kp_needs() comes before */
    r->parser = expat.ParserCreate(is_string ? "UTF-8" : NULL);
    if (r->parser == NULL) {
        (void)kw_throw_memory(vm, sizeof(*r));
        return kw_undef();
    }
    equip(r);
    return handle;
}

/* Read the next part of the text.  false: thrown. */
static bool read_part(reader *r, const char *text, size_t size)
{
    assert(r->parser != NULL);
    enum { BYTES_A_STEP = 8 };
    size_t part = size / PARTS > PART ? size / PARTS : PART, left = size > r->done ? size - r->done : 0;
    if (part > left)
        part = left;
    kw_spend(r->vm, part / BYTES_A_STEP);
    enum XML_Status status = expat.Parse(r->parser, left > 0 ? text + r->done : "", (int)part, part == left);
    r->done += part;
    if (!r->failed && status != XML_STATUS_OK)
        fail(r, expat.ErrorString(expat.GetErrorCode(r->parser)), "");
    return !r->failed;
}

kw_result kp_xml_parse(kw_vm *vm, kw_call *call)
{
    kw_value from = kw_native_operand(call, 0);
    kp_piece text;
    if (!kp_piece_take(from, &text))
        return kw_throw_param(vm, kw_native_title(vm, call->native), 0, "String", from);
    if (!kp_needs(vm, call, &library))
        return KW_THROWN;
    kw_value handle = call->kept != NULL ? kw_kept(call, 0) : begin(vm, kw_is(from, KW_STRING));
    if (kw_is(handle, KW_UNDEF))
        return KW_THROWN;
    reader *r = handle.as.pointer->data;
    /* bytes may have been changed by others meanwhile */
    do {
        if (!read_part(r, text.data, text.size)) {
            end(r);
            return KW_THROWN;
        }
        if (r->done < text.size && kw_slice_over(vm))
            return kw_call_again(vm, call, &handle, 1);
    } while (r->done < text.size);
    end(r);
    assert(r->depth == 0); /* else expat would have complained */
    return kw_return(call, r->root);
}
