/* codec_zstd.c - Zstandard (RFC 8878), by libzstd. */
#include "config.h"

#include "packages/codec.h"

#ifdef KIWI_ZSTD_LIBRARY

#include <assert.h>
#include <zstd.h>

#define ZSTD_NAMES(X)                                                                                                  \
    X(ZSTD_compress)                                                                                                   \
    X(ZSTD_compressBound) X(ZSTD_createDStream) X(ZSTD_decompressStream) X(ZSTD_freeDStream) X(ZSTD_isError)

static struct zstd {
#define FIELD(name) KB_LIBRARY_FIELD(name, name)
    ZSTD_NAMES(FIELD)
} zstd;
static const kb_symbol symbols[] = {
#define SYMBOL(name) KB_LIBRARY_SYMBOL(struct zstd, name, name)
    ZSTD_NAMES(SYMBOL){NULL, 0}};
KB_LIBRARY_NOTE(zstd_note, KIWI_ZSTD_LIBRARY, "zstd", "Zstandard")
static kb_library library = {"libzstd", "libzstd1", KIWI_ZSTD_LIBRARY, symbols, &zstd};

static kb_status compress(const void *data, size_t size, int level, kp_codec_out *out, kb_error *err)
{
    assert(zstd.ZSTD_compressBound != NULL); /* kp_needs() comes before */
    size_t most = zstd.ZSTD_compressBound(size);
    if (zstd.ZSTD_isError(most)) /* it does not fit a size_t */
        return kp_codec_no_memory(err);
    kb_status status = kp_codec_reserve_all(out, most, err);
    if (status != KB_OK)
        return status;
    size_t done = zstd.ZSTD_compress(out->data, out->room, data, size, level);
    if (zstd.ZSTD_isError(done))
        return kp_codec_no_memory(err); /* there is room, so nothing else can fail */
    assert(done <= out->room);
    out->size = done;
    return KB_OK;
}

/* Frame after frame: after each of them, and only then, libzstd says that it expects 0 bytes more. */
static kb_status run(ZSTD_DStream *stream, ZSTD_inBuffer *in, kp_codec_out *out, kb_error *err)
{
    size_t expected = 1;
    while (in->pos < in->size || expected != 0) {
        kb_status status = kp_codec_reserve(out, err);
        if (status != KB_OK)
            return status;
        ZSTD_outBuffer piece = {out->data, out->room, out->size};
        expected = zstd.ZSTD_decompressStream(stream, &piece, in);
        out->size = piece.pos;
        if (zstd.ZSTD_isError(expected))
            return kp_codec_invalid(err);
        if (expected != 0 && in->pos == in->size && out->size < out->room)
            return kp_codec_incomplete(err);
    }
    return out->size > out->limit ? kp_codec_reserve(out, err) : KB_OK;
}

static kb_status expand(const void *data, size_t size, kp_codec_out *out, kb_error *err)
{
    assert(zstd.ZSTD_createDStream != NULL);
    ZSTD_DStream *stream = zstd.ZSTD_createDStream();
    if (stream == NULL)
        return kp_codec_no_memory(err);
    ZSTD_inBuffer in = {data, size, 0};
    kb_status status = run(stream, &in, out, err);
    (void)zstd.ZSTD_freeDStream(stream);
    return status;
}

const kp_codec kp_codec_zstd = {&library, &library, compress, expand};

#else

static kb_library library = {.name = "libzstd", .package = "libzstd1"};
const kp_codec kp_codec_zstd = {&library, &library, NULL, NULL};

#endif
