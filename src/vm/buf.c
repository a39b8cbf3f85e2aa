/* buf.c - a growing text. */
#include "config.h"

#include "vm/object.h"

#include <stdlib.h>
#include <string.h>

#include "vm/text.h"
#include "vm/vm.h"

static const size_t buf_max = (size_t)1 << 31; /* as much as a string can hold */

void kw_buf_init(kw_buf *buf)
{
    buf->text = buf->small;
    buf->size = 0;
    buf->cap = sizeof(buf->small);
    buf->failed = false;
}

static bool grow(kw_buf *buf, size_t more)
{
    if (more >= buf_max || buf->size + more >= buf_max) {
        buf->failed = true;
        return false;
    }
    size_t cap = buf->cap * 2;
    while (cap < buf->size + more)
        cap *= 2;
    char *text = buf->text == buf->small ? malloc(cap) : realloc(buf->text, cap);
    if (text == NULL) {
        buf->failed = true;
        return false;
    }
    if (buf->text == buf->small)
        memcpy(text, buf->small, buf->size);
    buf->text = text;
    buf->cap = cap;
    return true;
}

void kw_buf_put(kw_buf *buf, const char *text, size_t size)
{
    if (buf->failed || size == 0 || (size > buf->cap - buf->size && !grow(buf, size)))
        return;
    memcpy(buf->text + buf->size, text, size);
    buf->size += size;
}

void kw_buf_put_reversed(kw_buf *buf, const char *text, size_t size)
{
    for (size_t end = size, at = end; at > 0;) {
        at--;
        if (!kw_utf8_starts(text[at]))
            continue;
        kw_buf_put(buf, text + at, end - at);
        end = at;
    }
}

void kw_buf_putc(kw_buf *buf, char c)
{
    kw_buf_put(buf, &c, 1);
}

void kw_buf_puts(kw_buf *buf, const char *text)
{
    kw_buf_put(buf, text, strlen(text));
}

void kw_buf_free(kw_buf *buf)
{
    if (buf->text != buf->small)
        free(buf->text);
    kw_buf_init(buf);
}

kw_string *kw_buf_string(kw_vm *vm, kw_buf *buf)
{
    kw_string *s = NULL;
    if (buf->failed)
        kw_throw_memory(vm, buf->size);
    else
        s = kw_string_valid(vm, buf->text, buf->size, SIZE_MAX);
    kw_buf_free(buf);
    return s;
}
