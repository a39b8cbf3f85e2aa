/* bytes.c - package bytes: values packed into bytes as other programs lay them out (PACKAGES.md, "bytes"). */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "packages/buffer.h"
#include "packages/pack.h"
#include "packages/piece.h"
#include "types/give.h"

/* The bytes that the format stands for; false: it is none, thrown. */
static bool measure(kw_vm *vm, const kp_pack_format *f, const kw_string *format, size_t *size)
{
    const char *bad;
    if (kp_pack_size(*f, size, &bad))
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "Invalid format of packed bytes: '%s', at position %zu.", format->text,
                   (size_t)(bad - format->text));
    return false;
}

/* ---- Packing -------------------------------------------------------------------------------------------- */

typedef struct packer {
    kw_vm *vm;
    const kw_call *call;
    kp_pack_format format;
    uint32_t taken; /* arguments, of the format and values */
    kw_buf buf;
} packer;

static bool next_value(packer *p, kw_value *v)
{
    if (p->taken < p->call->argc) {
        *v = kw_native_operand(p->call, p->taken++);
        return true;
    }
    (void)kw_throw(p->vm, "InvalidOperationError", "The format needs more values than the %u that were given.",
                   p->call->argc - 1);
    return false;
}

static bool reject(packer *p, const char *what, kw_value v)
{
    (void)kw_throw_param(p->vm, "pack", p->taken - 1, what, v);
    return false;
}

/* `size` bytes of a string or bytes, with zeros behind fewer ones. */
static bool pack_text(packer *p)
{
    kw_value v = kw_null();
    kp_piece text;
    size_t whole = p->format.count;
    if (!next_value(p, &v))
        return false;
    if (!kp_piece_take(v, &text))
        return reject(p, "Bytes", v);
    size_t size = text.size < whole ? text.size : whole;
    if (size > 0)
        kw_buf_put(&p->buf, text.data, size);
    kw_buf_fill(&p->buf, '\0', whole - size);
    return true;
}

static bool bits_of_float(packer *p, kw_value v, uint64_t *bits)
{
    if (!kw_is_number(v))
        return reject(p, "Number", v);
    double d = kw_to_double(v);
    if (p->format.size == sizeof(d)) {
        memcpy(bits, &d, sizeof(d));
        return true;
    }
    float narrow = (float)d;
    uint32_t word;
    if (isinf(narrow) && !isinf(d)) {
        (void)kw_throw(p->vm, "InvalidOperationError", "Too large to be packed as `f`: %s",
                       kw_display_text(p->vm, v)->text);
        return false;
    }
    memcpy(&word, &narrow, sizeof(word));
    *bits = word;
    return true;
}

static bool bits_of_integer(packer *p, kw_value v, uint64_t *bits)
{
    int64_t least, most;
    kp_pack_range(&p->format, &least, &most);
    if (!kw_is(v, KW_INT))
        return reject(p, "Integer", v);
    if (v.as.i < least || v.as.i > most) {
        (void)kw_throw(p->vm, "InvalidOperationError", "Expected %lld to %lld for `%c`, but received %lld.",
                       (long long)least, (long long)most, p->format.letter, (long long)v.as.i);
        return false;
    }
    *bits = (uint64_t)v.as.i;
    return true;
}

static bool bits_of(packer *p, kw_value v, uint64_t *bits)
{
    char letter = p->format.letter;
    if (letter == 'f' || letter == 'd')
        return bits_of_float(p, v, bits);
    if (letter != '?')
        return bits_of_integer(p, v, bits);
    *bits = kw_is(v, KW_BOOL) && v.as.i != 0 ? 1 : 0;
    return kw_is(v, KW_BOOL) || reject(p, "Boolean", v);
}

static bool pack_item(packer *p)
{
    if (p->format.letter == 's')
        return pack_text(p);
    if (p->format.letter == 'x') {
        kw_buf_fill(&p->buf, '\0', p->format.count);
        return true;
    }
    for (size_t i = 0; i < p->format.count && kw_buf_go_on(p->vm, &p->buf); i++) {
        kw_value v = kw_null();
        uint64_t bits = 0;
        unsigned char out[sizeof(bits)];
        if (!next_value(p, &v) || !bits_of(p, v, &bits))
            return false;
        kp_pack_put(&p->format, bits, out);
        kw_buf_put(&p->buf, (const char *)out, p->format.size);
    }
    return true;
}

static kw_result bytes_pack(kw_vm *vm, kw_call *call)
{
    const kw_string *format = kw_native_operand(call, 0).as.string;
    packer p = {.vm = vm, .call = call, .taken = 1};
    size_t size;
    kp_pack_begin(&p.format, format->text, format->size);
    if (!measure(vm, &p.format, format, &size) || !kw_heap_room(vm, size, 1))
        return KW_THROWN;
    kw_buf_init(&p.buf);
    bool packed = true;
    while (packed && kp_pack_next(&p.format) == KP_PACK_ITEM)
        packed = pack_item(&p);
    if (packed && !p.buf.failed && p.taken < call->argc) {
        (void)kw_throw(vm, "InvalidOperationError", "The format needs %u values, but %u were given.", p.taken - 1,
                       call->argc - 1);
        packed = false;
    }
    if (packed) {
        assert(p.buf.failed || p.buf.size == size); /* as much as was measured */
        return kw_give_bytes(call, kw_buf_bytes(vm, &p.buf));
    }
    kw_buf_free(&p.buf);
    return KW_THROWN;
}

/* ---- Unpacking ------------------------------------------------------------------------------------------ */

static bool unpack_float(const kp_pack_format *f, uint64_t bits, kw_value *out)
{
    assert(f->size == sizeof(double) || f->size == sizeof(float));
    double d;
    float narrow;
    uint32_t word = (uint32_t)bits;
    memcpy(&d, &bits, sizeof(d));
    memcpy(&narrow, &word, sizeof(narrow));
    *out = kw_float(f->size == sizeof(d) ? d : (double)narrow);
    return true;
}

/* The value of an item; false: thrown. */
static bool unpack_value(kw_vm *vm, const kp_pack_format *f, const unsigned char *at, kw_value *out)
{
    uint64_t bits = kp_pack_get(f, at);
    if (f->letter == 'f' || f->letter == 'd')
        return unpack_float(f, bits, out);
    if (!f->is_signed && bits > INT64_MAX) {
        (void)kw_throw(vm, "InvalidOperationError", "Too large for an integer: %llu; `q` gives its bits.",
                       (unsigned long long)bits);
        return false;
    }
    *out = f->letter == '?' ? kw_bool(bits != 0) : kw_int((int64_t)bits);
    return true;
}

/* The values of an item, the first byte of which is *at. */
static bool unpack_item(kw_vm *vm, const kp_pack_format *f, const unsigned char **at, kw_list *list)
{
    if (f->letter == 's') {
        kw_bytes *text = kw_bytes_new(vm, f->count > 0 ? *at : NULL, f->count);
        if (text == NULL || !kw_list_push(vm, list, kw_of_bytes(text)))
            return false;
    }
    for (size_t i = 0; i < f->count && f->letter != 's' && f->letter != 'x'; i++) {
        kw_value v = kw_null();
        if (!unpack_value(vm, f, *at + i * f->size, &v) || !kw_list_push(vm, list, v) || !kw_go_on(vm))
            return false;
    }
    if (f->count > 0)
        *at += f->count * f->size;
    return true;
}

static kw_result bytes_unpack(kw_vm *vm, kw_call *call)
{
    const kw_bytes *data = kw_native_operand(call, 0).as.bytes;
    const kw_string *format = kw_native_operand(call, 1).as.string;
    const unsigned char *at = data->data;
    kp_pack_format f;
    size_t size;
    kp_pack_begin(&f, format->text, format->size);
    if (!measure(vm, &f, format, &size))
        return KW_THROWN;
    if (size != data->size)
        return kw_throw(vm, "InvalidOperationError", "The format '%s' is of %zu bytes, but %zu were given.",
                        format->text, size, data->size);
    kw_list *list = kw_list_new(vm, 0);
    while (list != NULL && kp_pack_next(&f) == KP_PACK_ITEM)
        if (!unpack_item(vm, &f, &at, list))
            return KW_THROWN;
    assert(list == NULL || at - data->data == (ptrdiff_t)size);
    return kw_give_list(call, list);
}

#define FORMATS                                                                                                                     \
    "Formats are those of Python's struct: `>` or `!` (the most significant byte first), `<` (the least), `=` (as "                 \
    "the machine has it, the default), then letters, each with a number before it that says how many: `b B h H i I q Q` (integers " \
    "of 1, 2, 4, 8 bytes; capitals without sign), `f d` (floats of 4 and 8 bytes), `?` (a boolean), `10s` (10 bytes), "             \
    "`x` (a zero that is no value).  Nothing is aligned."

/* clang-format off */
static const kw_native_def functions[] = {
    {"pack(format: string, values...: any): bytes", bytes_pack, "Values as bytes.  " FORMATS,
     "println bytes::pack(\">HI\", 1, 258)  # => [0, 1, 0, 0, 1, 2]"},
    {"unpack(data: bytes, format: string): list", bytes_unpack,
     "The values that bytes were packed from, as many bytes as the format stands for.  " FORMATS,
     "println bytes::unpack(b\"\\x00\\x01ab\", \">H2s\")  # => [1, [97, 98]]"},
    {NULL},
};
/* clang-format on */

static const kp_struct *const structs[] = {&kp_bytes_buffer, NULL};

const kp_package kp_bytes = {
    .name = "bytes",
    .about = "Bytes as other programs lay them out, and a buffer for what comes in pieces.",
    .functions = functions,
    .structs = structs,
};
