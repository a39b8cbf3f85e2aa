/* codec.h - compression: bytes in, bytes out, by libraries that are opened when they are first needed.
 *
 * Place: packages layer, without the interpreter.  Threads: any, once the codec's libraries are loaded.
 * Errors: KB_EINVAL and KB_ETRUNCATED (not what the codec makes; it ends too early), KB_EFULL (larger than the limit),
 * KB_ENOMEM; the text is for people. */
#ifndef KP_CODEC_H
#define KP_CODEC_H

#include <stdint.h>

#include "base/library.h"
#include "packages/account.h"

/* What comes out: malloc'ed, at most `most` bytes. */
typedef struct kp_codec_out {
    unsigned char *data;
    size_t size, room;
    size_t limit;    /* more than this is KB_EFULL, */
    size_t most;     /* and more than this is KB_ENOMEM, */
    kp_claim *claim; /* as is what it does not grant; NULL: nothing counts */
} kp_codec_out;

typedef struct kp_codec {
    kb_library *compressor, *expander; /* NULL: this build was made without */
    kb_status (*compress)(const void *data, size_t size, int level, kp_codec_out *out, kb_error *err);
    kb_status (*expand)(const void *data, size_t size, kp_codec_out *out, kb_error *err);
} kp_codec;

/* RFC 1951, and for expand RFC 1950 as well; RFC 1952. */
extern const kp_codec kp_codec_deflate, kp_codec_gzip;
extern const kp_codec kp_codec_brotli, kp_codec_zstd;
/* zlib's; needs its library. */
uint32_t kp_codec_crc32(const void *data, size_t size);

/* For codecs: room for more at out->data + out->size.  KB_EFULL, KB_ENOMEM. */
kb_status kp_codec_reserve(kp_codec_out *out, kb_error *err);
/* Room for `size` bytes at once. */
kb_status kp_codec_reserve_all(kp_codec_out *out, size_t size, kb_error *err);
/* Free what came out. */
void kp_codec_release(kp_codec_out *out);
/* The usual errors. */
kb_status kp_codec_invalid(kb_error *err);
kb_status kp_codec_incomplete(kb_error *err);
kb_status kp_codec_no_memory(kb_error *err);

#endif
