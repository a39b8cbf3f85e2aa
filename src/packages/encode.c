/* encode.c - package encode: base64, hexadecimal and URL encoding (PACKAGES.md, "encode"). */
#include "config.h"

#include "packages/encode.h"

#include <assert.h>
#include <string.h>

#include "packages/package.h"
#include "packages/piece.h"
#include "types/bytes_methods.h"
#include "types/give.h"
#include "types/unicode.h"

static const char hex_digits[] = "0123456789abcdef";

/* ---- Bytes of a value ------------------------------------------ */

/* The bytes of a list of integers; `whole` ones are checked to be 0 to 255, else their low byte counts.  NULL: thrown.
 */
static kw_bytes *bytes_of_list(kw_vm *vm, const kw_list *list, bool whole)
{
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < list->count && kw_buf_go_on(vm, &buf); i++) {
        kw_value n = list->items[i];
        bool good = kw_is(n, KW_INT);
        if (!good)
            kw_throw(vm, "TypeError", "Expected an integer but instead received `%s`.",
                     kw_display_type_title((kw_type)n.tag));
        if (!good || (whole && !kw_bytes_check(vm, n.as.i))) {
            kw_buf_free(&buf);
            return NULL;
        }
        kw_buf_putc(&buf, (char)(unsigned char)(n.as.i & 0xFF));
    }
    return kw_buf_bytes(vm, &buf);
}

/* The bytes of a string, of bytes or of a list of integers: of what f->held[0] holds from the start on.  false:
 * thrown. */
static bool take_bytes(kw_vm *vm, kw_filling *f, kw_value v, bool whole, const char *complaint, kp_piece *out)
{
    if (kw_is(f->held[0], KW_UNDEF) && kw_is(v, KW_LIST)) {
        kw_bytes *bytes = bytes_of_list(vm, v.as.list, whole);
        v = bytes != NULL ? kw_of_bytes(bytes) : kw_undef();
    } else if (!kw_is(f->held[0], KW_UNDEF)) {
        v = f->held[0];
    }
    f->held[0] = v;
    if (!kw_is(v, KW_UNDEF) && kp_piece_take(v, out))
        return true;
    if (!kw_is(v, KW_UNDEF))
        kw_throw(vm, "InvalidOperationError", "%s", complaint);
    return false;
}

/* ---- Base64 ------------------------------------------ */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

kw_result kp_encode_base64(kw_vm *vm, kw_call *call, kw_value v)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    kp_piece data;
    if (!take_bytes(vm, f, v, true, "Expected a list or bytes.", &data))
        return kw_filling_thrown(f);
    for (; f->at < data.size && kw_filling_go_on(vm, f); f->at += 3) {
        const unsigned char *at = (const unsigned char *)data.data + f->at;
        size_t have = data.size - f->at < 3 ? data.size - f->at : 3;
        unsigned group = (unsigned)at[0] << 16 | (have > 1 ? (unsigned)at[1] << 8 : 0) | (have > 2 ? at[2] : 0u);
        char out[4];
        for (size_t i = 0; i < 4; i++)
            out[i] = i <= have ? base64_digits[group >> (18 - 6 * i) & 63] : '=';
        kw_buf_put(&f->buf, out, sizeof(out));
    }
    return kw_filling_text(vm, call, f);
}

/* The value of a digit, -1 for others. */
static int base64_value(char c)
{
    const char *at = c != '\0' ? strchr(base64_digits, c) : NULL;
    return at != NULL ? (int)(at - base64_digits) : -1;
}

/* One group of four digits, the last `padding` of them "=". */
static void put_group(const int group[4], int padding, kw_buf *buf)
{
    assert(padding >= 0 && padding <= 2);
    unsigned bits = (unsigned)group[0] << 18 | (unsigned)group[1] << 12 | (unsigned)group[2] << 6 | (unsigned)group[3];
    char out[3];
    for (int i = 0; i < 3; i++)
        out[i] = (char)(unsigned char)(bits >> (16 - 8 * i) & 0xFF);
    kw_buf_put(buf, out, (size_t)(3 - padding));
}

kw_result kp_encode_base64_decode(kw_vm *vm, kw_call *call, const kw_string *s,
                                  kw_result (*give)(kw_vm *, kw_call *, kw_filling *))
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    int group[4] = {0}, count = 0, padding = 0;
    bool ok = true, ended = f->count[0] != 0;
    size_t i = f->at; /* where the group begins that f->at tells at a pause */
    for (; i < s->size && ok && (count > 0 || kw_filling_go_on(vm, f)); i++) {
        char c = s->text[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            if (count > 0 && !kw_go_on(vm))
                f->buf.failed = true;
            ok = !f->buf.failed;
            continue;
        }
        if (c == '=' && count >= 2)
            padding++;
        int value = c == '=' ? 0 : base64_value(c);
        ok = !ended && value >= 0 && (c == '=' ? padding > 0 : padding == 0);
        group[count++] = value;
        if (!ok || count < 4)
            continue;
        put_group(group, padding, &f->buf);
        ended = padding > 0;
        count = 0;
    }
    f->at = i;
    f->count[0] = ended;
    if (f->buf.failed || (ok && count == 0))
        return give(vm, call, f);
    (void)kw_throw(vm, "InvalidOperationError", "Invalid base64 string.");
    return kw_filling_thrown(f);
}

static kw_result encode_base64(kw_vm *vm, kw_call *call)
{
    return kp_encode_base64(vm, call, kw_arg(call, 0));
}

static kw_result decode_base64(kw_vm *vm, kw_call *call)
{
    return kp_encode_base64_decode(vm, call, call->args[0].as.string, kw_filling_bytes);
}

/* ---- Hexadecimal ------------------------------------------ */

static kw_result encode_hex(kw_vm *vm, kw_call *call)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    kp_piece data;
    if (!take_bytes(vm, f, kw_arg(call, 0), false, "hexencode requires string, bytes, or list.", &data))
        return kw_filling_thrown(f);
    for (; f->at < data.size && kw_filling_go_on(vm, f); f->at++) {
        unsigned char byte = ((const unsigned char *)data.data)[f->at];
        const char out[2] = {hex_digits[byte >> 4], hex_digits[byte & 15]};
        kw_buf_put(&f->buf, out, sizeof(out));
    }
    return kw_filling_text(vm, call, f);
}

static kw_result decode_hex(kw_vm *vm, kw_call *call)
{
    enum { DIGITS, HIGH, BAD };
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = call->args[0].as.string;
    for (; f->at < s->size && kw_filling_go_on(vm, f); f->at++) {
        char c = s->text[f->at];
        if (c == ' ' || c == '-')
            continue;
        int value = kw_text_hex_digit(c);
        f->count[BAD] |= value < 0;
        f->count[DIGITS] += kw_utf8_starts(c) ? 1 : 0;
        if (f->count[DIGITS] % 2 == 0)
            kw_buf_putc(&f->buf, (char)(unsigned char)(f->count[HIGH] * 16 + (unsigned)(value & 15)));
        f->count[HIGH] = (unsigned)(value & 15);
    }
    bool odd = f->count[DIGITS] % 2 != 0;
    if (f->buf.failed || f->paused || (!odd && f->count[BAD] == 0))
        return kw_filling_bytes(vm, call, f);
    (void)kw_throw(vm, "InvalidOperationError", odd ? "Hex string must have even length." : "Invalid hex string.");
    return kw_filling_thrown(f);
}

/* ---- URL encoding ------------------------------------------ */

kw_result kp_encode_url(kw_vm *vm, kw_call *call, kw_filling *f, const kw_string *s)
{
    kw_buf *buf = &f->buf;
    for (; f->at < s->size && kw_filling_go_on(vm, f); f->at++) {
        unsigned char c = (unsigned char)s->text[f->at];
        bool stays = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c != '\0' && strchr("-_.!*()", c) != NULL);
        if (stays) {
            kw_buf_putc(buf, (char)c);
        } else if (c == ' ') {
            kw_buf_putc(buf, '+');
        } else {
            char out[3] = {'%', hex_digits[c >> 4], hex_digits[c & 15]};
            kw_buf_put(buf, out, sizeof(out));
        }
    }
    return kw_filling_text(vm, call, f);
}

/* The number of `count` hexadecimal digits at `text`, or -1.  The text ends in NUL,
 * which is no digit. */
static int hex_number(const char *text, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++) {
        int value = kw_text_hex_digit(text[i]);
        if (value < 0)
            return -1;
        n = n * 16 + value;
    }
    return n;
}

kw_result kp_encode_url_decode(kw_vm *vm, kw_call *call, kw_filling *f, const kw_string *s)
{
    kw_buf *buf = &f->buf;
    for (; f->at < s->size && kw_filling_go_on(vm, f); f->at++) {
        const char *at = s->text + f->at;
        int wide = at[0] == '%' && at[1] == 'u' ? hex_number(at + 2, 4) : -1;
        int byte = at[0] == '%' ? hex_number(at + 1, 2) : -1;
        if (wide >= 0) {
            char out[4];
            bool half = wide >= 0xD800 && wide <= 0xDFFF; /* of a pair: no character by itself */
            kw_buf_put(buf, out, kw_text_encode(half ? 0xFFFD : (uint32_t)wide, out));
            f->at += 5;
        } else if (byte >= 0) {
            kw_buf_putc(buf, (char)(unsigned char)byte);
            f->at += 2;
        } else {
            kw_buf_putc(buf, *at == '+' ? ' ' : *at);
        }
    }
    return kw_filling_text(vm, call, f);
}

static kw_result encode_url(kw_vm *vm, kw_call *call)
{
    kw_filling first;
    return kp_encode_url(vm, call, kw_filling_begin(call, &first), call->args[0].as.string);
}

static kw_result decode_url(kw_vm *vm, kw_call *call)
{
    kw_filling first;
    return kp_encode_url_decode(vm, call, kw_filling_begin(call, &first), call->args[0].as.string);
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"base64_encode(data: any): string", encode_base64, "Base64 of a string, bytes or a list of integers.",
     "println encode::base64_encode(\"kiwi\")  # => a2l3aQ==", "__base64encode__/1", KW_CHECK_NONE},
    {"base64_decode(text: string): bytes", decode_base64, "The bytes that base64 stands for.",
     "println encode::base64_decode(\"a2l3aQ==\").to_string()  # => kiwi", "__base64decode__/1"},
    {"hex_encode(data: any): string", encode_hex, "Two lower-case digits for each byte of a string, bytes or a list.",
     "println encode::hex_encode(\"kiwi\")  # => 6b697769", "__hexencode__/1", KW_CHECK_NONE},
    {"hex_decode(text: string): bytes", decode_hex, "The bytes that hexadecimal digits stand for.",
     "println encode::hex_decode(\"6b697769\").size()  # => 4", "__hexdecode__/1"},
    {"url_encode(text: string): string", encode_url, "The form encoding of URLs.",
     "println encode::url_encode(\"a b&c\")  # => a+b%26c", "__urlencode__/1"},
    {"url_decode(text: string): string", decode_url, "The text that form encoding stands for.",
     "println encode::url_decode(\"a+b%26c\")  # => a b&c", "__urldecode__/1"},
    {NULL},
};
/* clang-format on */

const kp_package kp_encode = {
    .name = "encode",
    .about = "Base64, hexadecimal digits, and the encoding of URLs.",
    .functions = functions,
};
