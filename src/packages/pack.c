/* pack.c - see pack.h. */
#include "config.h"

#include "packages/pack.h"

#include <assert.h>
#include <string.h>

static const struct {
    char letter;
    unsigned char size;
    bool is_signed;
} letters[] = {
    {'x', 1, false}, {'s', 1, false}, {'?', 1, false}, {'b', 1, true},  {'B', 1, false},
    {'h', 2, true},  {'H', 2, false}, {'i', 4, true},  {'I', 4, false}, {'q', 8, true},
    {'Q', 8, false}, {'f', 4, true},  {'d', 8, true},
};

static bool machine_is_big(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

void kp_pack_begin(kp_pack_format *f, const char *format, size_t size)
{
    char order = size > 0 ? format[0] : '\0';
    bool named = order == '<' || order == '>' || order == '!' || order == '=';
    *f = (kp_pack_format){.at = format + (named ? 1 : 0), .end = format + size, .big = machine_is_big()};
    if (named && order != '=')
        f->big = order != '<';
}

/* A number before a letter; 1 where there is none.  false: too great. */
static bool read_count(kp_pack_format *f)
{
    enum { MOST = 1 << 30 };
    if (f->at == f->end || *f->at < '0' || *f->at > '9') {
        f->count = 1;
        return true;
    }
    f->count = 0;
    while (f->at < f->end && *f->at >= '0' && *f->at <= '9') {
        f->count = f->count * 10 + (size_t)(*f->at - '0');
        if (f->count > MOST)
            return false;
        f->at++;
    }
    return true;
}

kp_pack_status kp_pack_next(kp_pack_format *f)
{
    while (f->at < f->end && (*f->at == ' ' || (*f->at >= '\t' && *f->at <= '\r')))
        f->at++;
    if (f->at == f->end)
        return KP_PACK_END;
    if (!read_count(f) || f->at == f->end)
        return KP_PACK_BAD;
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
        if (letters[i].letter == *f->at) {
            f->letter = *f->at++;
            f->size = letters[i].size;
            f->is_signed = letters[i].is_signed;
            assert(f->size >= 1 && f->size <= sizeof(uint64_t)); /* its bits are shifted by that */
            return KP_PACK_ITEM;
        }
    return KP_PACK_BAD;
}

bool kp_pack_size(kp_pack_format f, size_t *size, const char **bad)
{
    kp_pack_status status;
    *size = 0;
    while ((status = kp_pack_next(&f)) == KP_PACK_ITEM)
        *size = f.count > (SIZE_MAX - *size) / f.size ? SIZE_MAX : *size + f.count * f.size;
    *bad = f.at;
    return status == KP_PACK_END;
}

void kp_pack_range(const kp_pack_format *f, int64_t *least, int64_t *most)
{
    unsigned bits = (unsigned)f->size * 8;
    *most = bits == 64 ? INT64_MAX : (int64_t)(((uint64_t)1 << (f->is_signed ? bits - 1 : bits)) - 1);
    *least = f->is_signed ? -*most - 1 : 0;
}

void kp_pack_put(const kp_pack_format *f, uint64_t bits, unsigned char *out)
{
    for (size_t i = 0; i < f->size; i++)
        out[f->big ? f->size - 1 - i : i] = (unsigned char)(bits >> (8 * i) & 0xFF);
}

uint64_t kp_pack_get(const kp_pack_format *f, const unsigned char *in)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < f->size; i++)
        bits = bits << 8 | in[f->big ? i : f->size - 1 - i];
    if (f->is_signed && f->size < sizeof(bits) && bits >> (8 * f->size - 1) != 0)
        bits |= UINT64_MAX << (8 * f->size);
    return bits;
}
