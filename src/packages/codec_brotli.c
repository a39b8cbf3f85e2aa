/* codec_brotli.c - Brotli (RFC 7932), by libbrotli. */
#include "config.h"

#include "packages/codec.h"

#if defined(KIWI_BROTLIENC_LIBRARY) && defined(KIWI_BROTLIDEC_LIBRARY)

#include <assert.h>
#include <brotli/decode.h>
#include <brotli/encode.h>

#define ENCODER_NAMES(X) X(BrotliEncoderCompress) X(BrotliEncoderMaxCompressedSize)
#define DECODER_NAMES(X)                                                                                               \
    X(BrotliDecoderCreateInstance)                                                                                     \
    X(BrotliDecoderDecompressStream) X(BrotliDecoderDestroyInstance) X(BrotliDecoderGetErrorCode)

#define FIELD(name) KB_LIBRARY_FIELD(name, name)
static struct encoder {
    ENCODER_NAMES(FIELD)
} encoder;
static struct decoder {
    DECODER_NAMES(FIELD)
} decoder;
static const kb_symbol encoder_symbols[] = {
#define ENCODER_SYMBOL(name) KB_LIBRARY_SYMBOL(struct encoder, name, name)
    ENCODER_NAMES(ENCODER_SYMBOL){NULL, 0}};
static const kb_symbol decoder_symbols[] = {
#define DECODER_SYMBOL(name) KB_LIBRARY_SYMBOL(struct decoder, name, name)
    DECODER_NAMES(DECODER_SYMBOL){NULL, 0}};
KB_LIBRARY_NOTE(encoder_note, KIWI_BROTLIENC_LIBRARY, "brotli", "Brotli")
KB_LIBRARY_NOTE(decoder_note, KIWI_BROTLIDEC_LIBRARY, "unbrotli", "Brotli")
static kb_library encoder_library = {"libbrotli", "libbrotli1", KIWI_BROTLIENC_LIBRARY, encoder_symbols, &encoder};
static kb_library decoder_library = {"libbrotli", "libbrotli1", KIWI_BROTLIDEC_LIBRARY, decoder_symbols, &decoder};

static kb_status compress(const void *data, size_t size, int level, kp_codec_out *out, kb_error *err)
{
    assert(encoder.BrotliEncoderCompress != NULL); /* kp_needs() comes before */
    size_t most = encoder.BrotliEncoderMaxCompressedSize(size);
    if (most == 0) /* it does not fit a size_t */
        return kp_codec_no_memory(err);
    kb_status status = kp_codec_reserve_all(out, most, err);
    if (status != KB_OK)
        return status;
    out->size = out->room;
    if (!encoder.BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, size, data, &out->size,
                                       out->data))
        return kp_codec_no_memory(err); /* there is room, so nothing else can fail */
    return KB_OK;
}

static kb_status fault(BrotliDecoderState *state, kb_error *err)
{
    BrotliDecoderErrorCode code = decoder.BrotliDecoderGetErrorCode(state);
    bool memory = code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                  code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
    return memory ? kp_codec_no_memory(err) : kp_codec_invalid(err);
}

static kb_status run(BrotliDecoderState *state, const uint8_t *in, size_t left, kp_codec_out *out, kb_error *err)
{
    for (;;) {
        kb_status status = kp_codec_reserve(out, err);
        if (status != KB_OK)
            return status;
        uint8_t *at = out->data + out->size;
        size_t room = out->room - out->size;
        BrotliDecoderResult r = decoder.BrotliDecoderDecompressStream(state, &left, &in, &room, &at, NULL);
        out->size = out->room - room;
        assert(room <= out->room && at == out->data + out->size);
        if (r == BROTLI_DECODER_RESULT_SUCCESS)
            return left > 0 ? kp_codec_invalid(err) : out->size > out->limit ? kp_codec_reserve(out, err) : KB_OK;
        if (r == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
            return kp_codec_incomplete(err);
        if (r == BROTLI_DECODER_RESULT_ERROR)
            return fault(state, err);
    }
}

static kb_status expand(const void *data, size_t size, kp_codec_out *out, kb_error *err)
{
    assert(decoder.BrotliDecoderCreateInstance != NULL);
    BrotliDecoderState *state = decoder.BrotliDecoderCreateInstance(NULL, NULL, NULL);
    if (state == NULL)
        return kp_codec_no_memory(err);
    kb_status status = run(state, data, size, out, err);
    decoder.BrotliDecoderDestroyInstance(state);
    return status;
}

const kp_codec kp_codec_brotli = {&encoder_library, &decoder_library, compress, expand};

#else

static kb_library library = {.name = "libbrotli", .package = "libbrotli1"};
const kp_codec kp_codec_brotli = {&library, &library, NULL, NULL};

#endif
