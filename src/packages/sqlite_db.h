/* sqlite_db.h - databases of SQLite, without the interpreter: statements carried out, values in and out.
 *
 * Place: packages layer.  Threads: any; of those that use one database at most one at a time, and all of this may
 * block.  The library is opened by whoever opens a database: kp_sqlite_library. */
#ifndef KP_SQLITE_DB_H
#define KP_SQLITE_DB_H

#include "base/library.h"
#include "packages/disk.h"

extern kb_library kp_sqlite_library;

/* ---- Values ------------------------------------------------------------------------------------ */

typedef enum kp_sqlite_type {
    KP_SQLITE_NULL,
    KP_SQLITE_INTEGER,
    KP_SQLITE_FLOAT,
    KP_SQLITE_TEXT, /* UTF-8, as far as who wrote it saw to that */
    KP_SQLITE_BYTES,
} kp_sqlite_type;

typedef struct kp_sqlite_value {
    kp_sqlite_type type;
    int64_t integer;
    double number;
    const void *data; /* of texts and bytes; somebody else's */
    size_t size;
} kp_sqlite_value;

/* Put a value behind those in `out`.  0 or ENOMEM. */
int kp_sqlite_put(kp_disk_bytes *out, const kp_sqlite_value *value);
/* The value at *at, which moves on; its data stays in `in`.  false: there is none. */
bool kp_sqlite_take(const kp_disk_bytes *in, size_t *at, kp_sqlite_value *value);

/* ---- Databases --------------------------------------------------------------------------------- */

typedef struct kp_sqlite_db kp_sqlite_db; /* counts references; the last one closes it */

typedef struct kp_sqlite_request {
    const char *sql; /* statements, `size` bytes without NUL and one behind them */
    size_t size;
    const kp_sqlite_value *values; /* of parameters: the first one is that of `?`, `?1`, `@p1`, `:p1` and `$p1` */
    size_t count;
    bool rows; /* those of the first statement that has columns are wanted */
} kp_sqlite_request;

typedef struct kp_sqlite_answer {
    bool short_of_memory;
    char message[512];  /* why it failed; "": it did not */
    int64_t changed;    /* rows that were; -1: no statement could change any */
    size_t columns;     /* of each row */
    kp_disk_bytes rows; /* owned: the names of the columns, then the values, if there is a row */
} kp_sqlite_answer;

/* Open a database, for one thread at a time; a statement waits `timeout_ms` for other programs.  NULL: *answer. */
kp_sqlite_db *kp_sqlite_open(const char *path, int timeout_ms, kp_sqlite_answer *answer);
kp_sqlite_db *kp_sqlite_ref(kp_sqlite_db *db);
void kp_sqlite_drop(kp_sqlite_db *db);
/* Close it now, whoever still has it. */
void kp_sqlite_close(kp_sqlite_db *db);
/* Carry out all statements in turn, up to the first that fails. */
void kp_sqlite_run(kp_sqlite_db *db, const kp_sqlite_request *request, kp_sqlite_answer *answer);
int64_t kp_sqlite_last_id(const kp_sqlite_db *db);
int64_t kp_sqlite_changes(const kp_sqlite_db *db);

#endif
