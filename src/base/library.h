/* library.h - libraries that are opened when they are first needed, not linked, so that start-up and a program that
 * does without them pay nothing.
 *
 * A file lists the functions that it calls, and has them in a table:
 *
 *     #define ZLIB_NAMES(X) X(deflate) X(inflate)
 *     static struct zlib {
 *     #define FIELD(name) KB_LIBRARY_FIELD(name, name)
 *         ZLIB_NAMES(FIELD)
 *     } zlib;
 *     static const kb_symbol symbols[] = {
 *     #define SYMBOL(name) KB_LIBRARY_SYMBOL(struct zlib, name, name)
 *         ZLIB_NAMES(SYMBOL)
 *         {NULL, 0}};
 *     static kb_library library = {"zlib", "zlib1g", "libz.so.1", symbols, &zlib};
 *     KB_LIBRARY_NOTE(zlib_note, "libz.so.1", "compress", "gzip and zlib")
 *
 * configure finds the file's name: KIWI_LIBRARY_FILE of m4/kiwi.m4.
 * Place: base layer.  Threads: any; a table is constant once kb_library_load() has returned KB_OK. */
#ifndef KB_LIBRARY_H
#define KB_LIBRARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct kb_symbol {
    const char *name; /* NULL: the end of the list */
    size_t place;     /* in the table */
} kb_symbol;

typedef struct kb_library {
    const char *name;    /* for people: "libbrotli" */
    const char *package; /* that Debian has it in: "libbrotli1" */
    const char *file;    /* "libbrotlidec.so.1"; NULL: this build was made without it */
    const kb_symbol *symbols;
    void *table;        /* of pointers to functions */
    atomic_bool loaded; /* zero at first */
} kb_library;

#define KB_LIBRARY_FIELD(name, function)         __typeof__(function) *name;
#define KB_LIBRARY_SYMBOL(table, name, function) {#function, offsetof(table, name)},

/* Open the library and fill the table, if that has not been done; it stays open.  A failure is not remembered: the
 * next call tries again.  Errors: KB_ENOTFOUND (no such library, or one without a function; the text says which). */
kb_status kb_library_load(kb_library *library, kb_error *err);

/* Packagers' tools read in the program which libraries it may open: https://systemd.io/ELF_PACKAGE_METADATA has such
 * notes ("FDO" 0x407c0c0a). */
#if defined(__ELF__) && defined(__GNUC__)
#define KB_LIBRARY_NOTE(id, file, feature, about)                                                                      \
    KB_LIBRARY_NOTE_OF(id, "[{\"feature\":\"" feature "\",\"description\":\"" about                                    \
                           "\",\"priority\":\"recommended\",\"soname\":[\"" file "\"]}]")
#define KB_LIBRARY_NOTE_OF(id, json)                                                                                   \
    static const struct {                                                                                              \
        uint32_t owner_size, size, type;                                                                               \
        char owner[4], text[sizeof(json)];                                                                             \
    } id __attribute__((used, aligned(4), section(".note.dlopen"))) = {4, sizeof(json), 0x407c0c0a, "FDO", json};
#else
#define KB_LIBRARY_NOTE(id, file, feature, about)
#endif

#endif
