/* yaml_read.c - from YAML text to values, by the events of libyaml.  See yaml.h.
 *
 * After each event the reader stops if others are to have their turn, and goes on from there in the next call. */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <yaml.h>

#include "packages/yaml.h"
#include "types/give.h"
#include "vm/gc.h"

#define YAML_NAMES(X)                                                                                                  \
    X(parser_initialize)                                                                                               \
    X(parser_delete)                                                                                                   \
    X(parser_set_input)                                                                                                \
    X(parser_set_encoding)                                                                                             \
    X(parser_parse)                                                                                                    \
    X(event_delete)

static struct yaml {
#define FIELD(name) KB_LIBRARY_FIELD(name, yaml_##name)
    YAML_NAMES(FIELD)
} yaml;

static const kb_symbol symbols[] = {
#define SYMBOL(name) KB_LIBRARY_SYMBOL(struct yaml, name, yaml_##name)
    YAML_NAMES(SYMBOL){NULL, 0}};

static kb_library library = {"libyaml", "libyaml-0-2", KIWI_LIBYAML_LIBRARY, symbols, &yaml, false};
KB_LIBRARY_NOTE(yaml_note, KIWI_LIBYAML_LIBRARY, "yaml", "YAML")

enum { MOST_ALIASED = 1000000 /* values that the aliases of a document stand for */ };

/* A list or hashmap that is being read. */
typedef struct level {
    kw_value container;
    kw_string *key;    /* whose value comes next; NULL: a key comes */
    kw_string *anchor; /* or NULL */
    size_t weight;     /* values in it */
} level;

typedef struct reader {
    kw_vm *vm;
    yaml_parser_t parser;
    bool open;             /* there is a parser */
    const kw_string *text; /* the argument of the call */
    size_t given;          /* bytes of it that libyaml has; one more: the newline behind it, too */
    bool all;              /* of all documents, rather than the first alone */
    kw_list *documents;
    level levels[KP_YAML_DEPTH];
    unsigned depth;
    kw_value document;
    kw_map *anchors, *weights; /* by the names of anchors */
    size_t aliased;
} reader;

/* ---- Errors ------------------------------------------------------------------------------------------ */

/* Throw a YamlError.  Always false. */
static bool fail(reader *r, const yaml_mark_t *at, const char *what, const char *detail)
{
    (void)kw_throw(r->vm, "YamlError", "%s%s: line %zu, column %zu", what, detail, at->line + 1, at->column + 1);
    return false;
}

static bool fail_by_parser(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem != NULL ? p->problem : "invalid text";
    if (p->error == YAML_MEMORY_ERROR)
        (void)kw_throw_memory(r->vm, r->text->size);
    else if (p->error == YAML_READER_ERROR)
        (void)kw_throw(r->vm, "YamlError", "%s: byte %zu", problem, p->problem_offset);
    else
        (void)fail(r, &p->problem_mark, problem, "");
    return false;
}

/* ---- Values ------------------------------------------------------------------------------------------ */

static kw_string *name_of(reader *r, const yaml_char_t *name)
{
    return name == NULL ? NULL : kw_string_new(r->vm, (const char *)name, strlen((const char *)name));
}

/* Note what an anchor names.  false: thrown. */
static bool anchor(reader *r, kw_string *name, kw_value v, size_t weight)
{
    return name == NULL || (kw_map_set(r->vm, r->anchors, kw_of_string(name), v) &&
                            kw_map_set(r->vm, r->weights, kw_of_string(name), kw_int((int64_t)weight)));
}

static level *innermost(reader *r)
{
    return r->depth > 0 ? &r->levels[r->depth - 1] : NULL;
}

static bool wants_key(reader *r)
{
    const level *in = innermost(r);
    return in != NULL && kw_is(in->container, KW_MAP) && in->key == NULL;
}

/* A value that is complete goes where it belongs.  false: thrown. */
static bool put(reader *r, kw_value v, size_t weight)
{
    level *in = innermost(r);
    if (in == NULL) {
        r->document = v;
        return true;
    }
    in->weight += weight;
    if (kw_is(in->container, KW_LIST))
        return kw_list_push(r->vm, in->container.as.list, v);
    assert(in->key != NULL); /* keys and values take turns */
    kw_string *key = in->key;
    in->key = NULL;
    return kw_map_set(r->vm, in->container.as.map, kw_of_string(key), v);
}

/* Keys are strings, whatever they look like. */
static bool take_key(reader *r, kw_string *key)
{
    innermost(r)->key = key;
    return key != NULL;
}

static bool scalar(reader *r, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value, *tag = (const char *)e->data.scalar.tag;
    size_t size = e->data.scalar.length;
    kw_string *name = name_of(r, e->data.scalar.anchor), *s = NULL;
    static const char *const typed_tags[] = {YAML_NULL_TAG, YAML_BOOL_TAG, YAML_INT_TAG, YAML_FLOAT_TAG};
    bool typed = tag == NULL && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    for (size_t i = 0; tag != NULL && i < sizeof(typed_tags) / sizeof(typed_tags[0]); i++)
        typed |= strcmp(tag, typed_tags[i]) == 0;
    kw_value v;
    if (wants_key(r) || !typed || !kp_yaml_typed(text, size, &v)) {
        s = kw_string_new(r->vm, text, size);
        if (s == NULL)
            return false;
        v = kw_of_string(s);
    }
    if (!anchor(r, name, v, 1))
        return false;
    return wants_key(r) ? take_key(r, s) : put(r, v, 1);
}

static bool alias(reader *r, const yaml_event_t *e)
{
    const char *written = (const char *)e->data.alias.anchor;
    kw_string *name = name_of(r, e->data.alias.anchor);
    const kw_value *v = name != NULL ? kw_map_find_string(r->anchors, name) : NULL;
    if (name == NULL)
        return false;
    if (v == NULL)
        return fail(r, &e->start_mark, "undefined alias ", written);
    if (wants_key(r)) {
        if (kw_is(*v, KW_LIST) || kw_is(*v, KW_MAP))
            return fail(r, &e->start_mark, "a key is no scalar, but the alias ", written);
        return take_key(r, kw_display_text(r->vm, *v));
    }
    const kw_value *weighed = kw_map_find_string(r->weights, name);
    assert(weighed != NULL); /* anchor() notes both */
    size_t weight = (size_t)weighed->as.i;
    r->aliased += weight;
    if (r->aliased > MOST_ALIASED)
        return fail(r, &e->start_mark, "the aliases stand for too many values, with ", written);
    return put(r, *v, weight);
}

static bool begin_container(reader *r, const yaml_event_t *e, kw_value container, const yaml_char_t *name)
{
    if (wants_key(r))
        return fail(r, &e->start_mark, "a key is no scalar", "");
    if (r->depth == KP_YAML_DEPTH)
        return fail(r, &e->start_mark, "values are nested too deep", "");
    if (container.as.obj == NULL) /* no memory: thrown */
        return false;
    r->levels[r->depth++] = (level){.container = container, .anchor = name_of(r, name), .weight = 1};
    return name == NULL || innermost(r)->anchor != NULL;
}

static bool end_container(reader *r)
{
    assert(r->depth > 0);
    level ended = r->levels[--r->depth];
    assert(ended.key == NULL); /* each key got its value */
    return anchor(r, ended.anchor, ended.container, ended.weight) && put(r, ended.container, ended.weight);
}

/* ---- Documents --------------------------------------------------------------------------------------- */

static bool begin_document(reader *r)
{
    r->document = kw_null();
    r->anchors = kw_map_new(r->vm, 0);
    r->weights = kw_map_new(r->vm, 0);
    r->aliased = 0;
    return r->anchors != NULL && r->weights != NULL;
}

static bool end_document(reader *r)
{
    assert(r->depth == 0);
    return !r->all || kw_is(r->document, KW_NULL) || kw_list_push(r->vm, r->documents, r->document);
}

static bool take(reader *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT: return begin_document(r);
    case YAML_DOCUMENT_END_EVENT: return end_document(r);
    case YAML_SCALAR_EVENT: return scalar(r, e);
    case YAML_ALIAS_EVENT: return alias(r, e);
    case YAML_SEQUENCE_START_EVENT:
        return begin_container(r, e, kw_of_list(kw_list_new(r->vm, 0)), e->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return begin_container(r, e, kw_of_map(kw_map_new(r->vm, 0)), e->data.mapping_start.anchor);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return end_container(r);
    default: return true;
    }
}

/* Take the next event, and tell its kind.  false: thrown. */
static bool next(reader *r, yaml_event_type_t *kind)
{
    yaml_event_t event;
    assert(r->open);
    if (!yaml.parser_parse(&r->parser, &event))
        return fail_by_parser(r);
    *kind = event.type;
    /* what follows the first document is looked at, as far as the next one begins there */
    bool beyond = !r->all && r->anchors != NULL && event.type == YAML_DOCUMENT_START_EVENT;
    if (beyond)
        *kind = YAML_STREAM_END_EVENT;
    bool ok = beyond || (take(r, &event) && kw_go_on(r->vm));
    yaml.event_delete(&event);
    return ok;
}

/* ---- Readers ----------------------------------------------------------------------------------------- */

/* Give libyaml text; it ends with a newline, so that block scalars do. */
static int give(void *data, unsigned char *buffer, size_t size, size_t *given)
{
    reader *r = data;
    assert(r->given <= r->text->size + 1);
    size_t left = r->text->size - r->given;
    if (r->given > r->text->size) {
        *given = 0;
    } else if (left > 0) {
        *given = left < size ? left : size;
        memcpy(buffer, r->text->text + r->given, *given);
        r->given += *given;
    } else {
        buffer[0] = '\n';
        *given = 1;
        r->given++;
    }
    return 1;
}

static void mark(kw_vm *vm, void *data)
{
    const reader *r = data;
    const kw_value roots[] = {kw_of_list(r->documents), kw_of_map(r->anchors), kw_of_map(r->weights)};
    for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++)
        if (roots[i].as.obj != NULL)
            kw_gc_mark_value(vm, roots[i]);
    kw_gc_mark_value(vm, r->document);
    for (unsigned i = 0; i < r->depth; i++) {
        const level *l = &r->levels[i];
        kw_gc_mark_value(vm, l->container);
        if (l->key != NULL)
            kw_gc_mark_value(vm, kw_of_string(l->key));
        if (l->anchor != NULL)
            kw_gc_mark_value(vm, kw_of_string(l->anchor));
    }
}

/* Free what the reader holds beside values. */
static void end(reader *r)
{
    if (r->open)
        yaml.parser_delete(&r->parser);
    r->open = false;
}

static void drop(kw_vm *vm, void *data)
{
    end(data);
    kw_heap_release(vm, data, sizeof(reader));
}

/* A reader behind a value.  KW_UNDEF: thrown. */
static kw_value begin(kw_vm *vm, const kw_string *text, bool all)
{
    kw_list *documents = kw_list_new(vm, 0);
    if (documents == NULL)
        return kw_undef();
    reader *r = kw_heap_realloc(vm, NULL, 0, sizeof(*r));
    memset(r, 0, sizeof(*r));
    r->vm = vm;
    r->text = text;
    r->all = all;
    r->documents = documents;
    r->document = kw_null();
    kw_value handle = kw_pointer_new(vm, "YAML reader", r, mark, drop);
    assert(yaml.parser_initialize != NULL); /* kp_needs() comes before */
    r->open = yaml.parser_initialize(&r->parser) != 0;
    if (!r->open) {
        (void)kw_throw_memory(vm, sizeof(*r));
        return kw_undef();
    }
    yaml.parser_set_input(&r->parser, give, r);
    yaml.parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    return handle;
}

static kw_result read_documents(kw_vm *vm, kw_call *call, bool all)
{
    if (!kp_needs(vm, call, &library))
        return KW_THROWN;
    kw_value handle = call->kept != NULL ? kw_kept(call, 0) : begin(vm, kw_native_operand(call, 0).as.string, all);
    if (kw_is(handle, KW_UNDEF))
        return KW_THROWN;
    reader *r = handle.as.pointer->data;
    yaml_event_type_t kind = YAML_NO_EVENT;
    while (kind != YAML_STREAM_END_EVENT) {
        if (!next(r, &kind)) {
            end(r);
            return KW_THROWN;
        }
        if (kind != YAML_STREAM_END_EVENT && kw_slice_over(vm))
            return kw_call_again(vm, call, &handle, 1);
    }
    end(r);
    return kw_return(call, all ? kw_of_list(r->documents) : r->document);
}

kw_result kp_yaml_parse(kw_vm *vm, kw_call *call)
{
    return read_documents(vm, call, false);
}

kw_result kp_yaml_parse_all(kw_vm *vm, kw_call *call)
{
    return read_documents(vm, call, true);
}
