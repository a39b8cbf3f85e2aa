/* sqlite_db.c - databases of SQLite.  See sqlite_db.h. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packages/sqlite_db.h"

/* clang-format off */
#define SQLITE_NAMES(X) \
    X(bind_blob64) X(bind_double) X(bind_int64) X(bind_parameter_count) X(bind_parameter_name) \
    X(bind_text64) X(busy_timeout) X(changes) X(close_v2) X(column_blob) X(column_bytes) \
    X(column_count) X(column_double) X(column_int64) X(column_name) X(column_text) \
    X(column_type) X(db_config) X(errmsg) X(errstr) X(finalize) X(last_insert_rowid) X(open_v2) \
    X(prepare_v2) X(step) X(stmt_readonly) X(threadsafe) X(total_changes)
/* clang-format on */

static struct lib {
#define FIELD(name) KB_LIBRARY_FIELD(name, sqlite3_##name)
    SQLITE_NAMES(FIELD)
} lib;

static const kb_symbol symbols[] = {
#define SYMBOL(name) KB_LIBRARY_SYMBOL(struct lib, name, sqlite3_##name)
    SQLITE_NAMES(SYMBOL){NULL, 0}};

kb_library kp_sqlite_library = {"SQLite", "libsqlite3-0", KIWI_SQLITE3_LIBRARY, symbols, &lib, false};
KB_LIBRARY_NOTE(sqlite_note, KIWI_SQLITE3_LIBRARY, "sqlite", "databases of SQLite")

struct kp_sqlite_db {
    atomic_int refs;
    sqlite3 *handle; /* NULL: closed */
};

/* ---- Opening and closing ----------------------------------------------------------------------- */

static void fail(kp_sqlite_answer *answer, int code, const char *why, const char *sql, size_t size)
{
    enum { SHOWN = 200 };
    size_t blank = strspn(sql, " \t\r\n");
    sql += blank < size ? blank : size;
    size -= blank < size ? blank : size;
    const char *dots = size > SHOWN ? "..." : "";
    if (code == SQLITE_NOMEM)
        answer->short_of_memory = true;
    (void)snprintf(answer->message, sizeof(answer->message), "SQLite Error %d: '%.220s'.%s%.*s%s", code, why,
                   size > 0 ? " Statement: " : "", (int)(size > SHOWN ? SHOWN : size), sql, dots);
}

kp_sqlite_db *kp_sqlite_open(const char *path, int timeout_ms, kp_sqlite_answer *answer)
{
    assert(lib.open_v2 != NULL); /* whoever opens has loaded the library */
    kp_sqlite_db *db = calloc(1, sizeof(*db));
    if (db == NULL || lib.threadsafe() == 0) {
        fail(answer, db == NULL ? SQLITE_NOMEM : SQLITE_MISUSE, "the library cannot be used by several threads", "", 0);
        free(db);
        return NULL;
    }
    atomic_init(&db->refs, 1);
    int code = lib.open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK) { /* foreign keys hold, as in Kiwi 1.4.3 */
        (void)lib.busy_timeout(db->handle, timeout_ms);
        (void)lib.db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, (int *)NULL);
        return db;
    }
    fail(answer, code, db->handle != NULL ? lib.errmsg(db->handle) : lib.errstr(code), "", 0);
    kp_sqlite_drop(db);
    return NULL;
}

kp_sqlite_db *kp_sqlite_ref(kp_sqlite_db *db)
{
    int refs = atomic_fetch_add_explicit(&db->refs, 1, memory_order_relaxed);
    assert(refs > 0); /* from one who has it */
    (void)refs;
    return db;
}

void kp_sqlite_drop(kp_sqlite_db *db)
{
    int refs = atomic_fetch_sub_explicit(&db->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1)
        return;
    kp_sqlite_close(db);
    free(db);
}

void kp_sqlite_close(kp_sqlite_db *db)
{
    if (db->handle != NULL)
        (void)lib.close_v2(db->handle);
    db->handle = NULL;
}

/* ---- Parameters -------------------------------------------------------------------------------- */

static int bind_value(sqlite3_stmt *s, int at, const kp_sqlite_value *v)
{
    switch (v->type) {
    case KP_SQLITE_INTEGER: return lib.bind_int64(s, at, v->integer);
    case KP_SQLITE_FLOAT: return lib.bind_double(s, at, v->number);
    case KP_SQLITE_TEXT: return lib.bind_text64(s, at, v->data, v->size, SQLITE_STATIC, SQLITE_UTF8);
    case KP_SQLITE_BYTES: return lib.bind_blob64(s, at, v->data, v->size, SQLITE_STATIC);
    case KP_SQLITE_NULL: break; /* as it is before anything is bound */
    }
    return SQLITE_OK;
}

/* Which value is that of parameter `at`?  `?` takes them in turn; 0: it has another name. */
static long place_of(sqlite3_stmt *s, int at)
{
    const char *name = lib.bind_parameter_name(s, at);
    if (name == NULL)
        return at;
    const char *digits = name[0] == '?' ? name + 1 : name[1] == 'p' ? name + 2 : "";
    char *end = NULL;
    long place = digits[0] >= '1' && digits[0] <= '9' ? strtol(digits, &end, 10) : 0;
    return end != NULL && *end == '\0' ? place : 0;
}

/* *why "": all are bound. */
static void bind_all(sqlite3_stmt *s, const kp_sqlite_request *request, int *code, char *why, size_t size)
{
    int count = lib.bind_parameter_count(s);
    why[0] = '\0';
    for (int i = 1; i <= count && *code == SQLITE_OK && why[0] == '\0'; i++) {
        const char *name = lib.bind_parameter_name(s, i);
        long place = place_of(s, i);
        if (place > 0 && (size_t)place <= request->count)
            *code = bind_value(s, i, &request->values[place - 1]);
        else if (name != NULL)
            (void)snprintf(why, size, "there is no value for parameter %.40s", name);
        else
            (void)snprintf(why, size, "there is no value for parameter %d", i);
    }
}

/* ---- Rows -------------------------------------------------------------------------------------- */

static kp_sqlite_value column(sqlite3_stmt *s, int at)
{
    kp_sqlite_value v = {.type = KP_SQLITE_NULL};
    switch (lib.column_type(s, at)) {
    case SQLITE_INTEGER: v = (kp_sqlite_value){.type = KP_SQLITE_INTEGER, .integer = lib.column_int64(s, at)}; break;
    case SQLITE_FLOAT: v = (kp_sqlite_value){.type = KP_SQLITE_FLOAT, .number = lib.column_double(s, at)}; break;
    case SQLITE_TEXT: v = (kp_sqlite_value){.type = KP_SQLITE_TEXT, .data = lib.column_text(s, at)}; break;
    case SQLITE_BLOB: v = (kp_sqlite_value){.type = KP_SQLITE_BYTES, .data = lib.column_blob(s, at)}; break;
    default: break;
    }
    if (v.type == KP_SQLITE_TEXT || v.type == KP_SQLITE_BYTES)
        v.size = (size_t)lib.column_bytes(s, at); /* after the call that fixes its form */
    return v;
}

static int put_names(sqlite3_stmt *s, kp_sqlite_answer *answer)
{
    int error = 0;
    for (int i = 0; i < (int)answer->columns && error == 0; i++) {
        const char *name = lib.column_name(s, i);
        kp_sqlite_value v = {.type = KP_SQLITE_TEXT, .data = name};
        v.size = name != NULL ? strlen(name) : 0;
        error = name != NULL ? kp_sqlite_put(&answer->rows, &v) : ENOMEM;
    }
    return error;
}

/* false: there is no room. */
static bool put_row(sqlite3_stmt *s, kp_sqlite_answer *answer)
{
    int error = 0;
    if (answer->columns == 0) {
        answer->columns = (size_t)lib.column_count(s);
        error = put_names(s, answer);
    }
    for (int i = 0; i < (int)answer->columns && error == 0; i++) {
        kp_sqlite_value v = column(s, i);
        error = kp_sqlite_put(&answer->rows, &v);
    }
    return error == 0;
}

/* ---- Statements -------------------------------------------------------------------------------- */

/* Take all steps of a statement.  `wanted`: its rows are. */
static int step_all(sqlite3_stmt *s, bool wanted, kp_sqlite_answer *answer)
{
    int code;
    while ((code = lib.step(s)) == SQLITE_ROW)
        if (wanted && !put_row(s, answer))
            return SQLITE_NOMEM;
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int carry_out(sqlite3 *handle, sqlite3_stmt *s, bool wanted, kp_sqlite_answer *answer)
{
    int before = lib.total_changes(handle);
    int code = step_all(s, wanted, answer);
    if (lib.stmt_readonly(s))
        return code;
    int64_t changed = lib.total_changes(handle) != before ? lib.changes(handle) : 0;
    answer->changed = (answer->changed < 0 ? 0 : answer->changed) + changed;
    return code;
}

/* One statement of the text, at `sql`; *tail is behind it.  false: it failed.  *took: its rows were wanted. */
static bool run_one(sqlite3 *handle, const kp_sqlite_request *request, const char *sql, const char **tail, bool *took,
                    kp_sqlite_answer *answer)
{
    char why[128] = "";
    sqlite3_stmt *s = NULL;
    size_t left = (size_t)(request->sql + request->size - sql);
    assert(sql >= request->sql && sql < request->sql + request->size);
    int code = lib.prepare_v2(handle, sql, (int)left, &s, tail);
    assert(code != SQLITE_OK || (*tail >= sql && *tail <= sql + left));
    size_t size = code == SQLITE_OK ? (size_t)(*tail - sql) : left;
    if (s != NULL)
        bind_all(s, request, &code, why, sizeof(why));
    bool wanted = s != NULL && request->rows && !*took && lib.column_count(s) > 0;
    *took = *took || wanted;
    if (s != NULL && code == SQLITE_OK && why[0] == '\0')
        code = carry_out(handle, s, wanted, answer);
    if (code != SQLITE_OK || why[0] != '\0')
        fail(answer, code != SQLITE_OK ? code : SQLITE_MISUSE, code != SQLITE_OK ? lib.errmsg(handle) : why, sql, size);
    (void)lib.finalize(s);
    return answer->message[0] == '\0';
}

void kp_sqlite_run(kp_sqlite_db *db, const kp_sqlite_request *request, kp_sqlite_answer *answer)
{
    assert(db->handle != NULL); /* its line has nothing behind a close */
    assert(request->sql[request->size] == '\0' && answer->message[0] == '\0');
    const char *at = request->sql, *end = at + request->size;
    bool took = false;
    answer->changed = -1;
    if (memchr(at, '\0', request->size) != NULL)
        fail(answer, SQLITE_MISUSE, "a statement must not contain a NUL character", at, strlen(at));
    else if (request->size > INT_MAX)
        fail(answer, SQLITE_TOOBIG, lib.errstr(SQLITE_TOOBIG), at, request->size);
    while (answer->message[0] == '\0' && at < end) {
        const char *tail = end;
        if (!run_one(db->handle, request, at, &tail, &took, answer))
            return;
        at = tail > at ? tail : end;
    }
}

int64_t kp_sqlite_last_id(const kp_sqlite_db *db)
{
    assert(db->handle != NULL);
    return lib.last_insert_rowid(db->handle);
}

int64_t kp_sqlite_changes(const kp_sqlite_db *db)
{
    return lib.changes(db->handle);
}
