/* zip.h - the zip container (APPNOTE 6.3): stored and deflated entries, without zip64, encryption and several disks.
 *
 * Place: packages layer, without the interpreter.  Threads: any, once the libraries of kp_codec_deflate are loaded.
 * Errors: as of codecs, with the name of the entry where it is known. */
#ifndef KP_ZIP_H
#define KP_ZIP_H

#include <stdbool.h>

#include "packages/codec.h"

/* A file, or a folder if its name ends in "/"; who has the array owns `data`, and the names are within something else. */
typedef struct kp_zip_entry {
    const char *name;
    size_t name_size;
    unsigned char *data;
    size_t size;
} kp_zip_entry;

/* What an archive may have at most: entries, bytes of all of them together, and as many bytes for each byte of data. */
typedef struct kp_zip_limits {
    size_t entries, size, ratio;
    size_t memory;   /* bytes that there are for them: more is KB_ENOMEM, */
    kp_claim *claim; /* as is what it does not grant; NULL: nothing counts */
} kp_zip_limits;

/* Is it a name within the folder where an archive is unpacked?  Not empty, not absolute, without NUL and "..". */
bool kp_zip_is_safe(const char *name, size_t size);
/* The archive of these entries into `out`; `level` is zlib's, 0: stored. */
kb_status kp_zip_write(const kp_zip_entry *entries, size_t count, int level, kp_codec_out *out, kb_error *err);
/* The entries of an archive into a malloc'ed array, also after an error; free it with kp_zip_free().  Names are in the
 * archive. */
kb_status kp_zip_read(const void *archive, size_t size, const kp_zip_limits *limits, kp_zip_entry **entries,
                      size_t *count, kb_error *err);
void kp_zip_free(kp_zip_entry *entries, size_t count);

#endif
