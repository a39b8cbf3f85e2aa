/* bytes.c - package bytes: values packed into bytes as other programs lay them out (PACKAGES.md, "bytes"). */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "packages/buffer.h"
#include "packages/pack.h"
#include "packages/piece.h"
#include "types/filling.h"
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
    kw_filling *f;  /* its `at`: where in the format the item begins; count: see bytes_pack() */
} packer;

enum { TAKEN, ZEROS };

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
    if (p->f->count[ZEROS] == 0 && size > 0)
        kw_buf_put(&p->f->buf, text.data, size);
    return kw_filling_repeat(p->vm, p->f, "", 1, whole - size, &p->f->count[ZEROS]);
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
        return kw_filling_repeat(p->vm, p->f, "", 1, p->format.count, &p->f->count[ZEROS]);
    }
    for (size_t i = 0; i < p->format.count && kw_buf_go_on(p->vm, &p->f->buf); i++) {
        kw_value v = kw_null();
        uint64_t bits = 0;
        unsigned char out[sizeof(bits)];
        if (!next_value(p, &v) || !bits_of(p, v, &bits))
            return false;
        kp_pack_put(&p->format, bits, out);
        kw_buf_put(&p->f->buf, (const char *)out, p->format.size);
    }
    return true;
}

/* The values are the call's few arguments; what can be long are rows of zeros.  f->count: arguments that were taken
 * before the item, and zeros of it that are there. */
static kw_result bytes_pack(kw_vm *vm, kw_call *call)
{
    const kw_string *format = kw_native_operand(call, 0).as.string;
    kw_filling first, *f = kw_filling_begin(call, &first);
    packer p = {.vm = vm, .call = call, .f = f};
    size_t size;
    kp_pack_begin(&p.format, format->text, format->size);
    if (f == &first) {
        if (!measure(vm, &p.format, format, &size) || !kw_heap_room(vm, size, 1))
            return KW_THROWN;
        f->at = (size_t)(p.format.at - format->text);
        f->count[TAKEN] = 1;
        (void)kw_buf_room(&f->buf, size);
    }
    p.format.at = format->text + f->at;
    p.taken = (uint32_t)f->count[TAKEN];
    bool packed = !f->buf.failed;
    while (packed && kp_pack_next(&p.format) == KP_PACK_ITEM) {
        packed = pack_item(&p);
        if (!packed)
            break;
        f->at = (size_t)(p.format.at - format->text);
        f->count[TAKEN] = p.taken;
        f->count[ZEROS] = 0;
    }
    if (packed && !f->buf.failed && p.taken < call->argc) {
        (void)kw_throw(vm, "InvalidOperationError", "The format needs %u values, but %u were given.", p.taken - 1,
                       call->argc - 1);
        packed = false;
    }
    return packed || f->paused || f->buf.failed ? kw_filling_bytes(vm, call, f) : kw_filling_thrown(f);
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

/* What is kept between slices: the list, and where in the data and in the format the item begins that is at work, of
 * which so many values are in the list. */
typedef struct unpacker {
    kw_list *list;
    size_t at, item, done;
} unpacker;

enum { KEPT_SIZE, KEPT_LIST, KEPT_AT, KEPT_ITEM, KEPT_DONE, KEPT_COUNT };

/* The values of an item, until the slice is over.  false: thrown. */
static bool unpack_item(kw_vm *vm, const kp_pack_format *f, const unsigned char *data, unpacker *u)
{
    if (f->letter == 'x' || f->letter == 's') {
        kw_bytes *text = f->letter == 'x' ? NULL : kw_bytes_new(vm, f->count > 0 ? data + u->at : NULL, f->count);
        u->done = f->count;
        return f->letter == 'x' || (text != NULL && kw_list_push(vm, u->list, kw_of_bytes(text)) && kw_go_on(vm));
    }
    while (u->done < f->count) {
        kw_value v = kw_null();
        if (!unpack_value(vm, f, data + u->at + u->done * f->size, &v) || !kw_list_push(vm, u->list, v) ||
            !kw_go_on(vm))
            return false;
        u->done++;
        if (kw_slice_over(vm))
            break;
    }
    return true;
}

static kw_result bytes_unpack(kw_vm *vm, kw_call *call)
{
    const kw_bytes *data = kw_native_operand(call, 0).as.bytes;
    const kw_string *format = kw_native_operand(call, 1).as.string;
    kp_pack_format f;
    size_t size;
    kp_pack_begin(&f, format->text, format->size);
    bool first = call->kept == NULL;
    if (!first)
        size = kw_kept_size(call, KEPT_SIZE);
    else if (!measure(vm, &f, format, &size))
        return KW_THROWN;
    if (size != data->size) /* also if another task has changed it meanwhile */
        return kw_throw(vm, "InvalidOperationError", "The format '%s' is of %zu bytes, but %zu were given.",
                        format->text, size, data->size);
    unpacker u = {.list = first ? kw_list_new(vm, 0) : kw_kept(call, KEPT_LIST).as.list,
                  .at = kw_kept_size(call, KEPT_AT),
                  .item = first ? (size_t)(f.at - format->text) : kw_kept_size(call, KEPT_ITEM),
                  .done = kw_kept_size(call, KEPT_DONE)};
    f.at = format->text + u.item;
    while (u.list != NULL && kp_pack_next(&f) == KP_PACK_ITEM) {
        if (!unpack_item(vm, &f, data->data, &u))
            return KW_THROWN;
        if (u.done == f.count) {
            u.at += f.count * f.size;
            u.item = (size_t)(f.at - format->text);
            u.done = 0;
        }
        if (u.done > 0 || kw_slice_over(vm)) {
            const kw_value kept[KEPT_COUNT] = {[KEPT_SIZE] = kw_int((int64_t)size),
                                               [KEPT_LIST] = kw_of_list(u.list),
                                               [KEPT_AT] = kw_int((int64_t)u.at),
                                               [KEPT_ITEM] = kw_int((int64_t)u.item),
                                               [KEPT_DONE] = kw_int((int64_t)u.done)};
            return kw_call_again(vm, call, kept, KEPT_COUNT);
        }
    }
    assert(u.list == NULL || u.at == size);
    return kw_give_list(call, u.list);
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
