/* protobuf_read.c - from messages to hashmaps.  See protobuf.h.
 *
 * What has begun is on a stack of the reader's own, so that it stops after any value when others are to have their
 * turn, and goes on from there in the next call. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/protobuf.h"
#include "types/give.h"
#include "vm/gc.h"

/* A message, or values that lie behind each other. */
typedef struct part {
    size_t end;             /* in the data */
    kw_map *schema, *found; /* of a message; else: */
    kw_list *list;
    const kp_protobuf_type *packed;
} part;

typedef struct reader {
    kw_vm *vm;
    const uint8_t *data;
    size_t at;
    part parts[KP_PROTOBUF_DEPTH + 1];
    unsigned depth;
} reader;

/* ---- Errors ------------------------------------------------------------------------------------------ */

/* Throw a ProtobufError.  Always false. */
static bool fail(const reader *r, const char *what)
{
    (void)kw_throw(r->vm, "ProtobufError", "Byte %zu of the message: %s.", r->at, what);
    return false;
}

/* ---- Numbers ----------------------------------------------------------------------------------------- */

static bool read_varint(reader *r, size_t end, uint64_t *out)
{
    enum { BITS = 64 };
    *out = 0;
    for (unsigned shift = 0; r->at < end; shift += 7) {
        uint8_t byte = r->data[r->at];
        if (shift + 7 > BITS && byte > 1)
            return fail(r, "a number is larger than 64 bits");
        r->at++;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return fail(r, "it ends within a number");
}

static bool read_fixed(reader *r, size_t end, size_t size, uint64_t *out)
{
    assert(r->at <= end);
    if (end - r->at < size)
        return fail(r, "it ends within a number");
    *out = 0;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)r->data[r->at + i] << 8 * i;
    r->at += size;
    return true;
}

/* The size of what follows, which is there. */
static bool read_size(reader *r, size_t end, size_t *out)
{
    uint64_t n;
    if (!read_varint(r, end, &n))
        return false;
    *out = (size_t)n;
    return n <= end - r->at || fail(r, "what is here is said to be larger than the message");
}

static double real_of(uint64_t bits, kp_protobuf_wire wire)
{
    uint32_t low = (uint32_t)bits;
    double d;
    float f;
    memcpy(&d, &bits, sizeof(d));
    memcpy(&f, &low, sizeof(f));
    return wire == KP_PROTOBUF_64 ? d : (double)f;
}

/* As many of the bits as the type has. */
static int64_t integer_of(uint64_t bits, const kp_protobuf_type *t)
{
    if (t->most == INT32_MAX)
        return (int32_t)(uint32_t)bits;
    return t->most == UINT32_MAX ? (int64_t)(uint32_t)bits : (int64_t)bits;
}

static bool read_number(reader *r, size_t end, const kp_protobuf_type *t, kw_value *out)
{
    uint64_t bits;
    size_t size = t->wire == KP_PROTOBUF_64 ? 8 : 4;
    if (!(t->wire == KP_PROTOBUF_VARINT ? read_varint(r, end, &bits) : read_fixed(r, end, size, &bits)))
        return false;
    if (t->kind == KP_PROTOBUF_ZIGZAG)
        bits = bits >> 1 ^ (bits & 1 ? UINT64_MAX : 0);
    *out = t->kind == KP_PROTOBUF_REAL   ? kw_float(real_of(bits, t->wire))
           : t->kind == KP_PROTOBUF_BOOL ? kw_bool(bits != 0)
                                         : kw_int(integer_of(bits, t));
    return true;
}

/* ---- Fields ------------------------------------------------------------------------------------------ */

/* The list of a repeated field, which is made for its first value.  NULL: thrown. */
static kw_list *list_of(reader *r, kw_map *found, kw_string *name)
{
    const kw_value *there = kw_map_find_string(found, name);
    if (there != NULL && kw_is(*there, KW_LIST))
        return there->as.list;
    kw_list *list = kw_list_new(r->vm, 0);
    return list != NULL && kw_map_set(r->vm, found, kw_of_string(name), kw_of_list(list)) ? list : NULL;
}

/* A value of a field, which is the last one or one more. */
static bool keep(reader *r, kw_map *found, const kp_protobuf_field *f, kw_value v)
{
    if (!f->repeated)
        return kw_map_set(r->vm, found, kw_of_string(f->name), v);
    kw_list *list = list_of(r, found, f->name);
    return list != NULL && kw_list_push(r->vm, list, v);
}

/* A message begins, whose fields are all described well. */
static bool begin_message(reader *r, kw_map *schema, kw_map *found, size_t end)
{
    uint32_t at = 0;
    kp_protobuf_field f;
    if (r->depth == KP_PROTOBUF_DEPTH)
        return fail(r, "messages are nested deeper than 100 levels");
    assert(r->depth == 0 || end <= r->parts[r->depth - 1].end); /* it lies within the one around it */
    for (const kw_entry *e; (e = kw_map_next(schema, &at)) != NULL;)
        if (!kp_protobuf_field_read(r->vm, e->key, e->value, &f))
            return false;
    r->parts[r->depth++] = (part){.end = end, .schema = schema, .found = found};
    return true;
}

/* Repeated fields are there, even if they are empty. */
static bool end_message(reader *r)
{
    part ended = r->parts[--r->depth];
    assert(r->at == ended.end);
    uint32_t at = 0;
    kp_protobuf_field f;
    for (const kw_entry *e; (e = kw_map_next(ended.schema, &at)) != NULL;)
        if (!kp_protobuf_field_read(r->vm, e->key, e->value, &f) ||
            (f.repeated && list_of(r, ended.found, f.name) == NULL))
            return false;
    return true;
}

/* A message that comes in two parts has the fields of both. */
static bool read_message(reader *r, kw_map *found, const kp_protobuf_field *f, size_t end)
{
    const kw_value *there = f->repeated ? NULL : kw_map_find_string(found, f->name);
    if (there != NULL && kw_is(*there, KW_MAP))
        return begin_message(r, f->schema, there->as.map, end);
    kw_map *map = kw_map_new(r->vm, 0);
    return map != NULL && keep(r, found, f, kw_of_map(map)) && begin_message(r, f->schema, map, end);
}

/* A field with its size before it. */
static bool read_sized(reader *r, const part *in, const kp_protobuf_field *f)
{
    size_t size;
    if (!read_size(r, in->end, &size))
        return false;
    if (f->type->kind == KP_PROTOBUF_MESSAGE)
        return read_message(r, in->found, f, r->at + size);
    if (kp_protobuf_is_packed(f->type)) {
        kw_list *list = list_of(r, in->found, f->name);
        assert(r->depth <= KP_PROTOBUF_DEPTH); /* one more than messages may have */
        r->parts[r->depth++] = (part){.end = r->at + size, .list = list, .packed = f->type};
        return list != NULL;
    }
    const char *text = (const char *)r->data + r->at;
    r->at += size;
    if (f->type->kind == KP_PROTOBUF_BYTES) {
        kw_bytes *bytes = kw_bytes_new(r->vm, text, size);
        return bytes != NULL && keep(r, in->found, f, kw_of_bytes(bytes));
    }
    kw_string *s = kw_string_new(r->vm, text, size);
    return s != NULL && keep(r, in->found, f, kw_of_string(s));
}

/* Pass the value of a field; `groups` counts those that have begun. */
static bool skip_value(reader *r, size_t end, unsigned wire, size_t *groups)
{
    uint64_t n;
    size_t size = 0;
    switch (wire) {
    case KP_PROTOBUF_VARINT: return read_varint(r, end, &n);
    case KP_PROTOBUF_64: return read_fixed(r, end, 8, &n);
    case KP_PROTOBUF_32: return read_fixed(r, end, 4, &n);
    case KP_PROTOBUF_GROUP: ++*groups; return true;
    case KP_PROTOBUF_GROUP_END:
        if (*groups == 0)
            return fail(r, "a group ends that has not begun");
        --*groups;
        return true;
    case KP_PROTOBUF_SIZED:
        if (!read_size(r, end, &size))
            return false;
        r->at += size;
        return true;
    default: return fail(r, "there is no such kind of field");
    }
}

/* Pass a field that the schema does not know. */
static bool skip(reader *r, size_t end, unsigned wire)
{
    uint64_t tag;
    size_t groups = 0;
    while (skip_value(r, end, wire, &groups)) {
        if (groups == 0)
            return true;
        if (!kw_go_on(r->vm) || !read_varint(r, end, &tag))
            return false;
        wire = tag & 7;
    }
    return false;
}

static bool read_field(reader *r)
{
    part *in = &r->parts[r->depth - 1];
    uint64_t tag;
    if (!read_varint(r, in->end, &tag))
        return false;
    unsigned wire = tag & 7;
    if (tag >> 3 == 0 || tag >> 32 != 0)
        return fail(r, "no field has this number");
    const kw_value *descriptor = kw_map_find(in->schema, kw_int((int64_t)(tag >> 3)));
    kp_protobuf_field f;
    kw_value v;
    if (descriptor == NULL)
        return skip(r, in->end, wire);
    if (!kp_protobuf_field_read(r->vm, kw_int((int64_t)(tag >> 3)), *descriptor, &f))
        return false;
    if (wire == KP_PROTOBUF_SIZED && (f.repeated || !kp_protobuf_is_packed(f.type)))
        return read_sized(r, in, &f);
    if (wire != f.type->wire)
        return fail(r, "the field has another type than in the schema");
    return read_number(r, in->end, f.type, &v) && keep(r, in->found, &f, v);
}

/* One step.  false: thrown. */
static bool step(reader *r)
{
    assert(r->depth > 0);
    part *in = &r->parts[r->depth - 1];
    kw_value v;
    assert(r->at <= in->end);
    if (!kw_go_on(r->vm))
        return false;
    if (r->at < in->end && in->packed == NULL)
        return read_field(r);
    if (r->at < in->end)
        return read_number(r, in->end, in->packed, &v) && kw_list_push(r->vm, in->list, v);
    if (in->packed == NULL)
        return end_message(r);
    r->depth--;
    return true;
}

/* ---- The function ------------------------------------------------------------------------------------ */

static void mark(kw_vm *vm, void *data)
{
    const reader *r = data;
    for (unsigned i = 0; i < r->depth; i++)
        if (r->parts[i].packed != NULL) {
            kw_gc_mark_value(vm, kw_of_list(r->parts[i].list));
        } else {
            kw_gc_mark_value(vm, kw_of_map(r->parts[i].schema));
            kw_gc_mark_value(vm, kw_of_map(r->parts[i].found));
        }
}

static void drop(kw_vm *vm, void *data)
{
    kw_heap_release(vm, data, sizeof(reader));
}

/* Go on later, with a copy of the reader. */
static kw_result read_later(kw_vm *vm, kw_call *call, const reader *r)
{
    if (call->kept != NULL)
        return kw_call_again(vm, call, (kw_value[]){kw_kept(call, 0), kw_kept(call, 1)}, 2);
    reader *kept = kw_heap_realloc(vm, NULL, 0, sizeof(*kept));
    *kept = *r;
    kw_value handle = kw_pointer_new(vm, "protobuf reader", kept, mark, drop);
    return kw_call_again(vm, call, (kw_value[]){handle, kw_of_map(r->parts[0].found)}, 2);
}

kw_result kp_protobuf_decode(kw_vm *vm, kw_call *call)
{
    const kw_bytes *data = kw_native_operand(call, 1).as.bytes;
    reader first = {.vm = vm}, *r = call->kept != NULL ? kw_kept(call, 0).as.pointer->data : &first;
    r->data = data->data;
    kw_map *map = call->kept == NULL ? kw_map_new(vm, 0) : NULL;
    if (call->kept == NULL && (map == NULL || !begin_message(r, kw_native_operand(call, 0).as.map, map, data->size)))
        return KW_THROWN;
    kw_map *found = r->parts[0].found;
    if (data->size < r->parts[0].end)
        return kw_throw(vm, "ProtobufError", "The message was changed while it was read.");
    while (r->depth > 0) {
        if (!step(r))
            return KW_THROWN;
        if (r->depth > 0 && kw_slice_over(vm))
            return read_later(vm, call, r);
    }
    return kw_give_map(call, found);
}
