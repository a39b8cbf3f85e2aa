/* protobuf_write.c - from hashmaps to messages.  See protobuf.h. */
#include "config.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "packages/protobuf.h"
#include "types/give.h"

typedef struct writer {
    kw_vm *vm;
    kw_buf *buf;
    unsigned depth;
} writer;

enum { LONGEST = 10 /* bytes of a number */ };

/* ---- Numbers ----------------------------------------------------------------------------------------- */

static size_t varint(uint64_t n, char out[LONGEST])
{
    size_t size = 0;
    for (; n >= 0x80; n >>= 7)
        out[size++] = (char)(unsigned char)(n | 0x80);
    out[size++] = (char)(unsigned char)n;
    assert(size <= LONGEST);
    return size;
}

static void put_varint(writer *w, uint64_t n)
{
    char text[LONGEST];
    kw_buf_put(w->buf, text, varint(n, text));
}

/* The lowest byte first. */
static void put_fixed(writer *w, uint64_t n, size_t size)
{
    char text[8];
    assert(size <= sizeof(text));
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(unsigned char)(n >> 8 * i);
    kw_buf_put(w->buf, text, size);
}

static void put_real(writer *w, const kp_protobuf_type *type, double d)
{
    if (type->wire == KP_PROTOBUF_64) {
        uint64_t bits;
        memcpy(&bits, &d, sizeof(bits));
        put_fixed(w, bits, sizeof(bits));
        return;
    }
    float f = isfinite(d) && fabs(d) > FLT_MAX ? (d > 0 ? HUGE_VALF : -HUGE_VALF) : (float)d;
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    put_fixed(w, bits, sizeof(bits));
}

static void put_tag(writer *w, const kp_protobuf_field *f, kp_protobuf_wire wire)
{
    put_varint(w, f->number << 3 | (uint64_t)wire);
}

/* What was written from `start` on gets its size before it. */
static void put_size_before(writer *w, size_t start)
{
    char text[LONGEST];
    assert(w->buf->failed || start <= w->buf->size);
    size_t size = w->buf->failed ? 0 : w->buf->size - start, digits = varint(size, text);
    if (kw_buf_room(w->buf, digits) == NULL)
        return;
    memmove(w->buf->text + start + digits, w->buf->text + start, size);
    memcpy(w->buf->text + start, text, digits);
    w->buf->size += digits;
}

/* ---- Values ------------------------------------------------------------------------------------------ */

/* Is it a value of the field's type?  false: thrown. */
static bool check(writer *w, const kp_protobuf_field *f, kw_value v)
{
    const kp_protobuf_type *t = f->type;
    static const struct {
        uint32_t tags;
        const char *title;
    } wanted[] = {
        [KP_PROTOBUF_INTEGER] = {1U << KW_INT, "Integer"},
        [KP_PROTOBUF_ZIGZAG] = {1U << KW_INT, "Integer"},
        [KP_PROTOBUF_BOOL] = {1U << KW_BOOL, "Boolean"},
        [KP_PROTOBUF_REAL] = {1U << KW_INT | 1U << KW_FLOAT, "Number"},
        [KP_PROTOBUF_STRING] = {1U << KW_STRING, "String"},
        [KP_PROTOBUF_BYTES] = {1U << KW_BYTES, "Bytes"},
        [KP_PROTOBUF_MESSAGE] = {1U << KW_MAP, "Hashmap"},
    };
    if (!(wanted[t->kind].tags & 1U << v.tag)) {
        (void)kw_throw(w->vm, "ProtobufError", "The field '%.64s' (%s): expected %s but received %s.", f->name->text,
                       t->name, wanted[t->kind].title, kw_display_type_title((kw_type)v.tag));
        return false;
    }
    if (t->most == 0 || (v.as.i >= t->least && v.as.i <= t->most))
        return true;
    (void)kw_throw(w->vm, "ProtobufError",
                   "The field '%.64s' (%s): %" PRId64 " is not from %" PRId64 " to %" PRId64 ".", f->name->text,
                   t->name, v.as.i, t->least, t->most);
    return false;
}

static bool put_message(writer *w, kw_map *schema, kw_map *data);

/* A value without its tag.  false: thrown. */
static bool put_value(writer *w, const kp_protobuf_field *f, kw_value v)
{
    size_t start;
    if (!check(w, f, v) || !kw_buf_go_on(w->vm, w->buf))
        return false;
    uint64_t bits = (uint64_t)v.as.i;
    switch (f->type->kind) {
    case KP_PROTOBUF_ZIGZAG: bits = bits << 1 ^ (v.as.i < 0 ? UINT64_MAX : 0); /* fall through */
    case KP_PROTOBUF_INTEGER:
    case KP_PROTOBUF_BOOL:
        if (f->type->wire == KP_PROTOBUF_VARINT)
            put_varint(w, bits);
        else
            put_fixed(w, bits, f->type->wire == KP_PROTOBUF_64 ? 8 : 4);
        return true;
    case KP_PROTOBUF_REAL: put_real(w, f->type, kw_to_double(v)); return true;
    case KP_PROTOBUF_STRING:
        put_varint(w, v.as.string->size);
        kw_buf_put(w->buf, v.as.string->text, v.as.string->size);
        return true;
    case KP_PROTOBUF_BYTES:
        put_varint(w, v.as.bytes->size);
        kw_buf_put(w->buf, (const char *)v.as.bytes->data, v.as.bytes->size);
        return true;
    default:
        start = w->buf->size;
        if (!put_message(w, f->schema, v.as.map))
            return false;
        put_size_before(w, start);
        return true;
    }
}

/* ---- Fields ------------------------------------------------------------------------------------------ */

static bool put_repeated(writer *w, const kp_protobuf_field *f, kw_value v)
{
    if (!kw_is(v, KW_LIST)) {
        (void)kw_throw(w->vm, "ProtobufError", "The field '%.64s' is repeated: expected List but received %s.",
                       f->name->text, kw_display_type_title((kw_type)v.tag));
        return false;
    }
    const kw_list *list = v.as.list;
    bool packed = kp_protobuf_is_packed(f->type) && list->count > 0;
    if (packed)
        put_tag(w, f, KP_PROTOBUF_SIZED);
    size_t start = w->buf->size;
    for (size_t i = 0; i < list->count; i++) {
        if (!packed)
            put_tag(w, f, f->type->wire);
        if (!put_value(w, f, list->items[i]))
            return false;
    }
    if (packed)
        put_size_before(w, start);
    return true;
}

static bool put_field(writer *w, const kp_protobuf_field *f, kw_value v)
{
    if (f->repeated)
        return put_repeated(w, f, v);
    put_tag(w, f, f->type->wire);
    return put_value(w, f, v);
}

/* In the order of the schema. */
static bool put_message(writer *w, kw_map *schema, kw_map *data)
{
    uint32_t at = 0;
    if (w->depth == KP_PROTOBUF_DEPTH) {
        (void)kw_throw(w->vm, "ProtobufError", "Messages are nested deeper than %d levels.", KP_PROTOBUF_DEPTH);
        return false;
    }
    w->depth++;
    for (const kw_entry *e; (e = kw_map_next(schema, &at)) != NULL;) {
        kp_protobuf_field f;
        if (!kp_protobuf_field_read(w->vm, e->key, e->value, &f))
            return false;
        const kw_value *v = kw_map_find_string(data, f.name);
        if (v != NULL && !kw_is(*v, KW_NULL) && !put_field(w, &f, *v))
            return false;
    }
    w->depth--;
    return true;
}

kw_result kp_protobuf_encode(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    writer w = {.vm = vm, .buf = &buf};
    if (put_message(&w, kw_native_operand(call, 0).as.map, kw_native_operand(call, 1).as.map) || vm->error.type == NULL)
        return kw_give_bytes(call, kw_buf_bytes(vm, &buf));
    kw_buf_free(&buf);
    return KW_THROWN;
}
