/* codec_zlib.c - deflate and gzip, by zlib. */
#include "config.h"

#include "packages/codec.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef KIWI_ZLIB_LIBRARY

#include <zlib.h>

#define ZLIB_NAMES(X)                                                                                                  \
    X(crc32)                                                                                                           \
    X(deflate) X(deflateEnd) X(deflateInit2_) X(inflate) X(inflateEnd) X(inflateInit2_) X(inflateReset)

static struct zlib {
#define FIELD(name) KB_LIBRARY_FIELD(name, name)
    ZLIB_NAMES(FIELD)
} zlib;
static const kb_symbol symbols[] = {
#define SYMBOL(name) KB_LIBRARY_SYMBOL(struct zlib, name, name)
    ZLIB_NAMES(SYMBOL){NULL, 0}};
KB_LIBRARY_NOTE(zlib_note, KIWI_ZLIB_LIBRARY, "zlib", "deflate, gzip and zip")
static kb_library library = {"zlib", "zlib1g", KIWI_ZLIB_LIBRARY, symbols, &zlib};

/* How streams begin and end: zlib's windowBits. */
enum { RAW = -15, ZLIB = 15, GZIP = 15 + 16 };

typedef struct stream {
    z_stream z;
    const unsigned char *data;
    size_t at, size; /* of the data */
    kp_codec_out *out;
    kb_error *err;
} stream;

/* One step with as much as zlib's counters hold; what it says into *r. */
static kb_status step(stream *s, int (*function)(z_stream *, int), int flush, int *r)
{
    assert(s->at <= s->size);
    enum { PIECE = 1 << 30 };
    kb_status status = kp_codec_reserve(s->out, s->err);
    if (status != KB_OK)
        return status;
    size_t in = s->size - s->at, out = s->out->room - s->out->size;
    bool whole = in <= PIECE;
    in = whole ? in : PIECE;
    out = out <= PIECE ? out : PIECE;
    assert(out > 0);                                              /* without room zlib would go round and round */
    s->z.next_in = (z_const Bytef *)(uintptr_t)(s->data + s->at); /* only read */
    s->z.avail_in = (uInt)in;
    s->z.next_out = s->out->data + s->out->size;
    s->z.avail_out = (uInt)out;
    *r = function(&s->z, whole ? flush : Z_NO_FLUSH);
    s->at += in - s->z.avail_in;
    s->out->size += out - s->z.avail_out;
    return *r == Z_MEM_ERROR ? kp_codec_no_memory(s->err) : KB_OK;
}

static kb_status compress_as(int window, const void *data, size_t size, int level, kp_codec_out *out, kb_error *err)
{
    enum { MEMORY = 8 }; /* zlib's default */
    stream s = {.data = data, .size = size, .out = out, .err = err};
    assert(zlib.deflateInit2_ != NULL); /* kp_needs() comes before */
    if (zlib.deflateInit2_(&s.z, level, Z_DEFLATED, window, MEMORY, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                           (int)sizeof(s.z)) != Z_OK)
        return kp_codec_no_memory(err);
    int r = Z_OK;
    kb_status status = KB_OK;
    while (status == KB_OK && r != Z_STREAM_END)
        status = step(&s, zlib.deflate, Z_FINISH, &r);
    (void)zlib.deflateEnd(&s.z);
    return status;
}

/* Behind the end of a stream: another one of gzip (`again`), or zeros, which tapes are filled up with; nothing else. */
static kb_status go_on(stream *s, int window, bool *again)
{
    size_t left = s->at;
    *again = window == GZIP && s->at < s->size && s->data[s->at] != 0;
    if (*again)
        return zlib.inflateReset(&s->z) == Z_OK ? KB_OK : kp_codec_invalid(s->err);
    while (window == GZIP && left < s->size && s->data[left] == 0)
        left++;
    return left == s->size ? KB_OK : kp_codec_invalid(s->err);
}

static kb_status expand_as(int window, const void *data, size_t size, kp_codec_out *out, kb_error *err)
{
    stream s = {.data = data, .size = size, .out = out, .err = err};
    assert(zlib.inflateInit2_ != NULL);
    if (zlib.inflateInit2_(&s.z, window, ZLIB_VERSION, (int)sizeof(s.z)) != Z_OK)
        return kp_codec_no_memory(err);
    kb_status status = KB_OK;
    bool again = true;
    while (status == KB_OK && again) {
        int r = Z_OK;
        status = step(&s, zlib.inflate, Z_NO_FLUSH, &r);
        if (status != KB_OK)
            continue;
        if (r == Z_STREAM_END)
            status = go_on(&s, window, &again);
        else if (r != Z_OK && r != Z_BUF_ERROR)
            status = kp_codec_invalid(err);
        else if (s.at == size && out->size < out->room)
            status = kp_codec_incomplete(err);
    }
    (void)zlib.inflateEnd(&s.z);
    return status == KB_OK && out->size > out->limit ? kp_codec_reserve(out, err) : status;
}

static kb_status compress_raw(const void *data, size_t size, int level, kp_codec_out *out, kb_error *err)
{
    return compress_as(RAW, data, size, level, out, err);
}

/* RFC 1950's first two bytes; no compressor begins a raw stream like that. */
static bool has_zlib_header(const unsigned char *data, size_t size)
{
    return size >= 2 && (data[0] & 0x0F) == Z_DEFLATED && (data[0] * 256 + data[1]) % 31 == 0;
}

static kb_status expand_raw(const void *data, size_t size, kp_codec_out *out, kb_error *err)
{
    return expand_as(has_zlib_header(data, size) ? ZLIB : RAW, data, size, out, err);
}

static kb_status compress_gzip(const void *data, size_t size, int level, kp_codec_out *out, kb_error *err)
{
    return compress_as(GZIP, data, size, level, out, err);
}

static kb_status expand_gzip(const void *data, size_t size, kp_codec_out *out, kb_error *err)
{
    return expand_as(GZIP, data, size, out, err);
}

uint32_t kp_codec_crc32(const void *data, size_t size)
{
    enum { PIECE = 1 << 30 };
    const unsigned char *at = data;
    uLong crc = zlib.crc32(0, NULL, 0);
    for (size_t left = size; left > 0;) {
        size_t some = left < PIECE ? left : PIECE;
        crc = zlib.crc32(crc, at, (uInt)some);
        at += some;
        left -= some;
    }
    return (uint32_t)crc;
}

const kp_codec kp_codec_deflate = {&library, &library, compress_raw, expand_raw};
const kp_codec kp_codec_gzip = {&library, &library, compress_gzip, expand_gzip};

#else

static kb_library library = {.name = "zlib", .package = "zlib1g"};
const kp_codec kp_codec_deflate = {&library, &library, NULL, NULL};
const kp_codec kp_codec_gzip = {&library, &library, NULL, NULL};

uint32_t kp_codec_crc32(const void *data, size_t size)
{
    (void)data;
    (void)size;
    return 0; /* not called: the library is not there */
}

#endif
