/* encode.c - package encode: base64, hexadecimal and URL encoding (packages.md, "encode"). */
#include "config.h"

#include "packages/encode.h"

#include <string.h>

#include "packages/operand.h"
#include "packages/packages.h"
#include "types/types.h"
#include "types/unicode.h"

static const char hex_digits[] = "0123456789abcdef";

kw_result kp_give_text(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    kw_string *s = NULL;
    if (buf->failed)
        kw_throw_memory(vm, buf->size);
    else
        s = kw_string_new(vm, buf->text, buf->size);
    kw_buf_free(buf);
    return kw_give_string(call, s);
}

static kw_result give_bytes(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    kw_bytes *b = NULL;
    if (buf->failed)
        kw_throw_memory(vm, buf->size);
    else
        b = kw_bytes_new(vm, buf->text, buf->size);
    kw_buf_free(buf);
    return kw_give_bytes(call, b);
}

/* ---- Bytes of a value ------------------------------------------ */

/* Append the bytes of a string, of bytes or of a list of integers; `whole` ones are
 * checked to be 0 to 255, else their low byte counts. */
static bool take_bytes(kw_vm *vm, kw_value v, bool whole, const char *complaint, kw_buf *buf)
{
    if (kw_is(v, KW_STRING)) {
        kw_buf_put(buf, v.as.string->text, v.as.string->size);
        return true;
    }
    if (kw_is(v, KW_BYTES)) {
        kw_buf_put(buf, (const char *)v.as.bytes->data, v.as.bytes->size);
        return true;
    }
    if (!kw_is(v, KW_LIST)) {
        kw_throw(vm, "InvalidOperationError", "%s", complaint);
        return false;
    }
    for (size_t i = 0; i < v.as.list->count; i++) {
        kw_value n = v.as.list->items[i];
        if (!kw_is(n, KW_INT)) {
            kw_throw(vm, "TypeError", "Expected an integer but instead received `%s`.",
                     kw_type_title((kw_type)n.tag));
            return false;
        }
        if (whole && !kw_check_byte(vm, n.as.i))
            return false;
        kw_buf_putc(buf, (char)(unsigned char)(n.as.i & 0xFF));
    }
    return true;
}

/* ---- Base64 ------------------------------------------ */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool kp_base64_encode(kw_vm *vm, kw_value v, kw_buf *buf)
{
    kw_buf data;
    kw_buf_init(&data);
    bool ok = take_bytes(vm, v, true, "Expected a list or bytes.", &data);
    const unsigned char *at = (const unsigned char *)data.text;
    for (size_t left = ok ? data.size : 0; left > 0 && !buf->failed;) {
        size_t have = left < 3 ? left : 3;
        unsigned group = (unsigned)at[0] << 16 | (have > 1 ? (unsigned)at[1] << 8 : 0) |
                         (have > 2 ? at[2] : 0u);
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
    unsigned bits = (unsigned)group[0] << 18 | (unsigned)group[1] << 12 | (unsigned)group[2] << 6 |
                    (unsigned)group[3];
    for (int i = 0; i < 3 - padding; i++)
        kw_buf_putc(buf, (char)(unsigned char)(bits >> (16 - 8 * i) & 0xFF));
}

bool kp_base64_decode(kw_vm *vm, const kw_string *s, kw_buf *buf)
{
    int group[4] = {0}, count = 0, padding = 0;
    bool ok = true, ended = false;
    for (size_t i = 0; i < s->size && ok; i++) {
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
    if (!ok || count != 0) {
        kw_throw(vm, "InvalidOperationError", "Invalid base64 string.");
        return false;
    }
    return true;
}

static kw_result encode_base64(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    if (kp_base64_encode(vm, kw_arg(call, 0), &buf))
        return kp_give_text(vm, call, &buf);
    kw_buf_free(&buf);
    return KW_THROWN;
}

static kw_result decode_base64(kw_vm *vm, kw_call *call)
{
    if (!kp_operand_is(vm, call, 0, KW_STRING, "__base64decode__"))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    if (kp_base64_decode(vm, call->args[0].as.string, &buf))
        return give_bytes(vm, call, &buf);
    kw_buf_free(&buf);
    return KW_THROWN;
}

/* ---- Hexadecimal ------------------------------------------ */

static kw_result encode_hex(kw_vm *vm, kw_call *call)
{
    kw_buf data, buf;
    kw_buf_init(&data);
    if (!take_bytes(vm, kw_arg(call, 0), false, "hexencode requires string, bytes, or list.",
                    &data)) {
        kw_buf_free(&data);
        return KW_THROWN;
    }
    kw_buf_init(&buf);
    for (size_t i = 0; i < data.size; i++) {
        unsigned char byte = (unsigned char)data.text[i];
        kw_buf_putc(&buf, hex_digits[byte >> 4]);
        kw_buf_putc(&buf, hex_digits[byte & 15]);
    }
    buf.failed |= data.failed;
    kw_buf_free(&data);
    return kp_give_text(vm, call, &buf);
}

static kw_result decode_hex(kw_vm *vm, kw_call *call)
{
    if (!kp_operand_is(vm, call, 0, KW_STRING, "__hexdecode__"))
        return KW_THROWN;
    const kw_string *s = call->args[0].as.string;
    size_t digits = 0;
    bool ok = true;
    int high = 0;
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < s->size; i++) {
        if (s->text[i] == ' ' || s->text[i] == '-')
            continue;
        int value = kw_hex_digit(s->text[i]);
        ok = ok && value >= 0;
        digits += kw_utf8_starts(s->text[i]) ? 1 : 0;
        if (digits % 2 == 0)
            kw_buf_putc(&buf, (char)(unsigned char)(high * 16 + (value & 15)));
        high = value & 15;
    }
    if (digits % 2 == 0 && ok)
        return give_bytes(vm, call, &buf);
    kw_buf_free(&buf);
    return kw_throw(vm, "InvalidOperationError",
                    digits % 2 != 0 ? "Hex string must have even length." : "Invalid hex string.");
}

/* ---- URL encoding ------------------------------------------ */

void kp_url_encode(const kw_string *s, kw_buf *buf)
{
    for (size_t i = 0; i < s->size; i++) {
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
        int value = kw_hex_digit(text[i]);
        if (value < 0)
            return -1;
        n = n * 16 + value;
    }
    return n;
}

void kp_url_decode(const kw_string *s, kw_buf *buf)
{
    for (size_t i = 0; i < s->size; i++) {
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

static kw_result url(kw_vm *vm, kw_call *call, const char *native,
                     void (*convert)(const kw_string *, kw_buf *))
{
    if (!kp_operand_is(vm, call, 0, KW_STRING, native))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    convert(call->args[0].as.string, &buf);
    return kp_give_text(vm, call, &buf);
}

static kw_result encode_url(kw_vm *vm, kw_call *call)
{
    return url(vm, call, "__urlencode__", kp_url_encode);
}

static kw_result decode_url(kw_vm *vm, kw_call *call)
{
    return url(vm, call, "__urldecode__", kp_url_decode);
}

void kp_encode_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"base64_encode", encode_base64, 1, 1,
         "base64_encode(v): base64 of a string, bytes or list"},
        {"base64_decode", decode_base64, 1, 1, "base64_decode(s): bytes"},
        {"hex_encode", encode_hex, 1, 1, "hex_encode(v): two lower-case digits per byte"},
        {"hex_decode", decode_hex, 1, 1, "hex_decode(s): bytes"},
        {"url_encode", encode_url, 1, 1, "url_encode(s): form encoding"},
        {"url_decode", decode_url, 1, 1, "url_decode(s): text of form encoding"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "encode", functions);
}
