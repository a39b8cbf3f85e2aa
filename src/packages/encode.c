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

kw_result kp_encode_give_text(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    return kw_give_string(call, kw_buf_text(vm, buf));
}

static kw_result give_bytes(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    return kw_give_bytes(call, kw_buf_bytes(vm, buf));
}

/* ---- Bytes of a value ------------------------------------------ */

/* Append the bytes of a string, of bytes or of a list of integers; `whole` ones are
 * checked to be 0 to 255, else their low byte counts. */
static bool take_bytes(kw_vm *vm, kw_value v, bool whole, const char *complaint, kw_buf *buf)
{
    kp_piece piece;
    if (kp_piece_take(v, &piece)) {
        kw_buf_put(buf, piece.data, piece.size);
        return true;
    }
    if (!kw_is(v, KW_LIST)) {
        kw_throw(vm, "InvalidOperationError", "%s", complaint);
        return false;
    }
    for (size_t i = 0; i < v.as.list->count && kw_buf_go_on(vm, buf); i++) {
        kw_value n = v.as.list->items[i];
        if (!kw_is(n, KW_INT)) {
            kw_throw(vm, "TypeError", "Expected an integer but instead received `%s`.",
                     kw_display_type_title((kw_type)n.tag));
            return false;
        }
        if (whole && !kw_bytes_check(vm, n.as.i))
            return false;
        kw_buf_putc(buf, (char)(unsigned char)(n.as.i & 0xFF));
    }
    return true;
}

/* ---- Base64 ------------------------------------------ */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool kp_encode_base64(kw_vm *vm, kw_value v, kw_buf *buf)
{
    kw_buf data;
    kw_buf_init(&data);
    bool ok = take_bytes(vm, v, true, "Expected a list or bytes.", &data);
    const unsigned char *at = (const unsigned char *)data.text;
    for (size_t left = ok ? data.size : 0; left > 0 && kw_buf_go_on(vm, buf);) {
        size_t have = left < 3 ? left : 3;
        unsigned group = (unsigned)at[0] << 16 | (have > 1 ? (unsigned)at[1] << 8 : 0) | (have > 2 ? at[2] : 0u);
        for (size_t i = 0; i < 4; i++)
            kw_buf_putc(buf, i <= have ? base64_digits[group >> (18 - 6 * i) & 63] : '=');
        at += have;
        left -= have;
    }
    buf->failed |= data.failed;
    kw_buf_free(&data);
    return ok;
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
    for (int i = 0; i < 3 - padding; i++)
        kw_buf_putc(buf, (char)(unsigned char)(bits >> (16 - 8 * i) & 0xFF));
}

bool kp_encode_base64_decode(kw_vm *vm, const kw_string *s, kw_buf *buf)
{
    int group[4] = {0}, count = 0, padding = 0;
    bool ok = true, ended = false;
    for (size_t i = 0; i < s->size && ok && kw_buf_go_on(vm, buf); i++) {
        char c = s->text[i];
        if (c == ' ' || (c >= '\t' && c <= '\r'))
            continue;
        if (c == '=' && count >= 2)
            padding++;
        int value = c == '=' ? 0 : base64_value(c);
        ok = !ended && value >= 0 && (c == '=' ? padding > 0 : padding == 0);
        group[count++] = value;
        if (!ok || count < 4)
            continue;
        put_group(group, padding, buf);
        ended = padding > 0;
        count = 0;
    }
    if (!buf->failed && (!ok || count != 0)) {
        kw_throw(vm, "InvalidOperationError", "Invalid base64 string.");
        return false;
    }
    return true;
}

static kw_result encode_base64(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    if (kp_encode_base64(vm, kw_arg(call, 0), &buf))
        return kp_encode_give_text(vm, call, &buf);
    kw_buf_free(&buf);
    return KW_THROWN;
}

static kw_result decode_base64(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    if (kp_encode_base64_decode(vm, call->args[0].as.string, &buf))
        return give_bytes(vm, call, &buf);
    kw_buf_free(&buf);
    return KW_THROWN;
}

/* ---- Hexadecimal ------------------------------------------ */

static kw_result encode_hex(kw_vm *vm, kw_call *call)
{
    kw_buf data, buf;
    kw_buf_init(&data);
    if (!take_bytes(vm, kw_arg(call, 0), false, "hexencode requires string, bytes, or list.", &data)) {
        kw_buf_free(&data);
        return KW_THROWN;
    }
    kw_buf_init(&buf);
    for (size_t i = 0; i < data.size && kw_buf_go_on(vm, &buf); i++) {
        unsigned char byte = (unsigned char)data.text[i];
        kw_buf_putc(&buf, hex_digits[byte >> 4]);
        kw_buf_putc(&buf, hex_digits[byte & 15]);
    }
    buf.failed |= data.failed;
    kw_buf_free(&data);
    return kp_encode_give_text(vm, call, &buf);
}

static kw_result decode_hex(kw_vm *vm, kw_call *call)
{
    const kw_string *s = call->args[0].as.string;
    size_t digits = 0;
    bool ok = true;
    int high = 0;
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < s->size && kw_buf_go_on(vm, &buf); i++) {
        if (s->text[i] == ' ' || s->text[i] == '-')
            continue;
        int value = kw_text_hex_digit(s->text[i]);
        ok = ok && value >= 0;
        digits += kw_utf8_starts(s->text[i]) ? 1 : 0;
        if (digits % 2 == 0)
            kw_buf_putc(&buf, (char)(unsigned char)(high * 16 + (value & 15)));
        high = value & 15;
    }
    if (buf.failed || (digits % 2 == 0 && ok))
        return give_bytes(vm, call, &buf);
    kw_buf_free(&buf);
    return kw_throw(vm, "InvalidOperationError",
                    digits % 2 != 0 ? "Hex string must have even length." : "Invalid hex string.");
}

/* ---- URL encoding ------------------------------------------ */

void kp_encode_url(kw_vm *vm, const kw_string *s, kw_buf *buf)
{
    for (size_t i = 0; i < s->size && kw_buf_go_on(vm, buf); i++) {
        unsigned char c = (unsigned char)s->text[i];
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

void kp_encode_url_decode(kw_vm *vm, const kw_string *s, kw_buf *buf)
{
    for (size_t i = 0; i < s->size && kw_buf_go_on(vm, buf); i++) {
        const char *at = s->text + i;
        int wide = at[0] == '%' && at[1] == 'u' ? hex_number(at + 2, 4) : -1;
        int byte = at[0] == '%' ? hex_number(at + 1, 2) : -1;
        if (wide >= 0) {
            char out[4];
            bool half = wide >= 0xD800 && wide <= 0xDFFF; /* of a pair: no character by itself */
            kw_buf_put(buf, out, kw_text_encode(half ? 0xFFFD : (uint32_t)wide, out));
            i += 5;
        } else if (byte >= 0) {
            kw_buf_putc(buf, (char)(unsigned char)byte);
            i += 2;
        } else {
            kw_buf_putc(buf, *at == '+' ? ' ' : *at);
        }
    }
}

static kw_result url(kw_vm *vm, kw_call *call, void (*convert)(kw_vm *, const kw_string *, kw_buf *))
{
    kw_buf buf;
    kw_buf_init(&buf);
    convert(vm, call->args[0].as.string, &buf);
    return kp_encode_give_text(vm, call, &buf);
}

static kw_result encode_url(kw_vm *vm, kw_call *call)
{
    return url(vm, call, kp_encode_url);
}

static kw_result decode_url(kw_vm *vm, kw_call *call)
{
    return url(vm, call, kp_encode_url_decode);
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
