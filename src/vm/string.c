/* string.c - immutable UTF-8 strings, indexed by code point. */
#include "config.h"

#include "vm/object.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/hash.h"
#include "vm/text.h"
#include "vm/vm.h"

enum { STEP = 64 /* code points between two entries of the index */ };

void kw_string_fill(kw_string *s, size_t size, size_t length)
{
    assert(length <= size); /* a code point has a byte at least */
    s->size = size;
    s->length = length;
    s->index = NULL;
    s->header.flags = size == length ? KW_STR_ASCII : 0;
    s->text[size] = '\0';
}

kw_string *kw_string_blank(kw_vm *vm, size_t size, size_t length)
{
    if (size >= (size_t)1 << 31 && !kw_heap_room(vm, size, 1))
        return NULL;
    kw_string *s = kw_heap_try_new_obj(vm, KW_KIND_STRING, sizeof(*s) + size + 1);
    if (s == NULL)
        return NULL;
    kw_string_fill(s, size, length);
    return s;
}

kw_string *kw_string_valid(kw_vm *vm, const char *text, size_t size, size_t length)
{
    kw_string *s = kw_string_blank(vm, size, length == SIZE_MAX ? kw_text_count(text, size) : length);
    if (s != NULL && size > 0)
        memcpy(s->text, text, size);
    return s;
}

kw_string *kw_string_new(kw_vm *vm, const char *text, size_t size)
{
    size_t length;
    size_t at = kw_text_valid_part(text, size, &length);
    if (at == size)
        return kw_string_valid(vm, text, size, length);
    kw_buf buf;
    kw_buf_init(&buf);
    while (size > 0) {
        kw_buf_put(&buf, text, at);
        text += at;
        size -= at;
        if (size > 0) {
            uint32_t cp;
            int bad = 0;
            size_t used = kw_text_decode(text, text + size, &cp, &bad);
            kw_buf_put(&buf, "\xEF\xBF\xBD", 3);
            text += used;
            size -= used;
        }
        at = kw_text_valid_part(text, size, &length);
    }
    return kw_buf_string(vm, &buf);
}

kw_value kw_string_c(kw_vm *vm, const char *text)
{
    return kw_of_string(kw_string_new(vm, text, strlen(text)));
}

kw_string *kw_string_vformat(kw_vm *vm, const char *format, va_list args)
{
    char small[256];
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(small, sizeof(small), format, args);
    kw_string *s = NULL;
    if (size < 0 || (size_t)size < sizeof(small)) {
        s = kw_string_new(vm, small, size < 0 ? 0 : (size_t)size);
    } else if ((s = kw_string_blank(vm, (size_t)size, 0)) != NULL) {
        size_t length;
        (void)vsnprintf(s->text, (size_t)size + 1, format, again);
        if (kw_text_valid_part(s->text, s->size, &length) == s->size)
            kw_string_fill(s, s->size, length);
        else
            s = kw_string_new(vm, s->text, s->size);
    }
    va_end(again);
    return s;
}

kw_string *kw_string_format(kw_vm *vm, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    kw_string *s = kw_string_vformat(vm, format, args);
    va_end(args);
    return s;
}

uint32_t kw_string_hash(kw_string *s)
{
    if (!(s->header.flags & KW_STR_HASHED)) {
        s->header.spare32 = kw_hash_bytes(s->text, s->size);
        s->header.flags |= KW_STR_HASHED;
    }
    return s->header.spare32;
}

bool kw_string_same(kw_string *a, kw_string *b)
{
    if (a == b)
        return true;
    if (a->size != b->size || (a->header.flags & b->header.flags & KW_STR_INTERNED))
        return false;
    if ((a->header.flags & b->header.flags & KW_STR_HASHED) && a->header.spare32 != b->header.spare32)
        return false;
    return memcmp(a->text, b->text, a->size) == 0;
}

/* ---- Positions ------------------------------------------------------------------------------- */

/* Byte offset after `count` more code points from byte `from`. */
static size_t skip(const kw_string *s, size_t from, size_t count)
{
    const unsigned char *text = (const unsigned char *)s->text;
    for (; count > 0 && from < s->size; count--) {
        unsigned char c = text[from];
        from += c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    }
    return from;
}

static void make_index(kw_string *s)
{
    size_t count = s->length / STEP + 1;
    uint32_t *index = malloc(count * sizeof(*index));
    if (index == NULL)
        return; /* positions are counted from the start, then */
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        index[i] = (uint32_t)at;
        at = skip(s, at, STEP);
    }
    s->index = index;
}

size_t kw_string_offset(kw_string *s, size_t at)
{
    if (s->header.flags & KW_STR_ASCII)
        return at;
    if (at >= s->length)
        return s->size;
    if (s->index == NULL && s->length > STEP && s->size <= UINT32_MAX)
        make_index(s);
    if (s->index == NULL)
        return skip(s, 0, at);
    return skip(s, s->index[at / STEP], at % STEP);
}

kw_string *kw_string_sub(kw_vm *vm, kw_string *s, size_t from, size_t to)
{
    if (to > s->length)
        to = s->length;
    if (from > to)
        from = to;
    if (from == 0 && to == s->length)
        return s;
    if (to - from == 1)
        return kw_string_at(vm, s, from);
    assert(from <= to && to <= s->length);
    size_t start = kw_string_offset(s, from), end = kw_string_offset(s, to);
    return kw_string_valid(vm, s->text + start, end - start, to - from);
}

kw_string *kw_string_at(kw_vm *vm, kw_string *s, size_t at)
{
    assert(at < s->length);
    size_t start = kw_string_offset(s, at);
    unsigned char c = (unsigned char)s->text[start];
    if (c >= 0x80)
        return kw_string_valid(vm, s->text + start, skip(s, start, 1) - start, 1);
    if (vm->chars[c] == NULL)
        vm->chars[c] = kw_intern(vm, s->text + start, 1);
    return vm->chars[c];
}

kw_string *kw_string_concat(kw_vm *vm, kw_string *a, kw_string *b)
{
    if (b->size == 0)
        return a;
    if (a->size == 0)
        return b;
    kw_string *s = kw_string_blank(vm, a->size + b->size, a->length + b->length);
    if (s == NULL)
        return NULL;
    memcpy(s->text, a->text, a->size);
    memcpy(s->text + a->size, b->text, b->size);
    return s;
}
