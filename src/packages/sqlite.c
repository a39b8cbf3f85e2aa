/* sqlite.c - package sqlite: databases (PACKAGES.md section 4).
 *
 * Every statement is a job, and those of one database stand in a line: what several tasks want of it happens one after
 * the other, and none of them stops the others. */
#include "config.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/relief.h"
#include "packages/fio_job.h"
#include "packages/job.h"
#include "packages/library.h"
#include "packages/package.h"
#include "packages/pathname.h"
#include "packages/sqlite_db.h"

enum { FILES = 3 }; /* that the library opens beside the database: a journal, a temporary file, a folder */

typedef struct database {
    kp_sqlite_db *db;
    kiwi_line *line;
    int64_t id;
    bool closed;
} database;

typedef struct sqlite_state {
    int64_t last; /* id */
} sqlite_state;

extern const kp_package kp_sqlite;
static const kp_struct database_struct;

static void free_database(kw_vm *vm, void *data)
{
    database *d = data;
    kp_sqlite_drop(d->db);
    kiwi_line_close(d->line);
    kw_heap_release(vm, d, sizeof(*d));
}

/* The open database of the call.  NULL: thrown. */
static database *open_database(kw_vm *vm, const kw_call *call)
{
    database *d = kp_struct_handle(vm, call, &database_struct);
    if (d == NULL || !d->closed)
        return d;
    (void)kw_throw(vm, "SqliteError", "No open connection with id %lld", (long long)d->id);
    return NULL;
}

/* ---- Jobs -------------------------------------------------------------------------------------- */

typedef struct request_job request_job;

typedef struct action {
    void (*work)(request_job *j);
    bool (*give)(kw_vm *vm, request_job *j, kw_value *value);
} action;

struct request_job {
    kp_job job;
    const action *action;
    kp_sqlite_db *db;
    kp_sqlite_request request;
    kp_sqlite_answer answer;
    kp_disk_bytes packed;    /* what the values of the request stand in */
    kp_sqlite_value *values; /* owned, as */
    char *text;              /* the statements, or the path of open */
    int timeout_ms;          /* of open */
    int64_t number;
};

static void work(kp_job *job)
{
    request_job *j = (request_job *)(void *)job;
    j->action->work(j);
}

static bool give(kw_vm *vm, kp_job *job, kw_value *value)
{
    request_job *j = (request_job *)(void *)job;
    if (j->answer.short_of_memory)
        (void)kw_throw_memory(vm, j->job.claim.refused > 0 ? j->job.claim.refused : j->answer.rows.size);
    else if (j->answer.message[0] != '\0')
        (void)kw_throw(vm, "SqliteError", "%s", j->answer.message);
    else
        return j->action->give(vm, j, value);
    return false;
}

static void free_job(kp_job *job)
{
    request_job *j = (request_job *)(void *)job;
    if (j->db != NULL)
        kp_sqlite_drop(j->db);
    kp_disk_release(&j->answer.rows);
    kp_disk_release(&j->packed);
    free(j->values);
    free(j->text);
}

static const kp_job_kind job_kind = {.size = sizeof(request_job), .work = work, .give = give, .free = free_job};

/* A job with a copy of `text`.  NULL: thrown. */
static request_job *new_job(kw_vm *vm, const action *what, const char *text, size_t size)
{
    request_job *j = (request_job *)(void *)kp_job_new(vm, &job_kind);
    if (j == NULL)
        return NULL;
    j->action = what;
    j->answer.rows.claim = j->packed.claim = &j->job.claim;
    bool room = kp_job_claim_now(vm, &j->job, size + 1);
    j->text = room ? malloc(size + 1) : NULL;
    if (j->text == NULL) {
        if (room)
            (void)kw_throw_memory(vm, size);
        kp_job_drop(&j->job);
        return NULL;
    }
    memcpy(j->text, text, size);
    j->text[size] = '\0';
    j->request = (kp_sqlite_request){.sql = j->text, .size = size};
    return j;
}

static bool give_number(kw_vm *vm, request_job *j, kw_value *value)
{
    (void)vm;
    *value = kw_int(j->number);
    return true;
}

static kw_result in_line(kw_vm *vm, kw_call *call, const database *d, request_job *j)
{
    assert(j->db == NULL); /* the job drops one reference */
    j->db = kp_sqlite_ref(d->db);
    return kp_job_in_line(vm, call, &j->job, d->line);
}

/* ---- Opening and closing ----------------------------------------------------------------------- */

static void do_open(request_job *j)
{
    kb_relief_ahead(FILES);
    j->db = kp_sqlite_open(j->text, j->timeout_ms, &j->answer);
}

static bool give_database(kw_vm *vm, request_job *j, kw_value *value)
{
    sqlite_state *state = kp_state(vm, &kp_sqlite);
    kiwi_line *line = state != NULL ? kiwi_line_open() : NULL;
    if (line == NULL) {
        if (state != NULL)
            (void)kw_throw_memory(vm, sizeof(database));
        return false;
    }
    kw_object *object = kw_object_new(vm, kp_struct_class(vm, &database_struct));
    database *d = kw_heap_realloc(vm, NULL, 0, sizeof(*d));
    assert(j->db != NULL);
    *d = (database){.db = j->db, .line = line, .id = ++state->last};
    j->db = NULL;
    kp_struct_give_handle(vm, object, &database_struct, d);
    *value = kw_of_obj(KW_OBJECT, object);
    return true;
}

static kw_result sqlite_open(kw_vm *vm, kw_call *call)
{
    static const action open = {do_open, give_database};
    const kw_string *path = kw_native_operand(call, 0).as.string;
    int64_t timeout_ms;
    if (kp_args_text(vm, call, 0, "A path") == NULL || !kp_args_limit(vm, call, 1, &timeout_ms) ||
        !kp_needs(vm, call, &kp_sqlite_library))
        return KW_THROWN;
    request_job *j = new_job(vm, &open, path->text, path->size);
    if (j == NULL)
        return KW_THROWN;
    j->timeout_ms = (int)timeout_ms;
    /* another thread sees it from the folder that is the current one now */
    if (strcmp(j->text, ":memory:") != 0 && kp_fio_job_absolute(&j->text, kp_pathname_join) != 0) {
        kp_job_drop(&j->job);
        return kw_throw_memory(vm, path->size);
    }
    return kp_job_aside(vm, call, &j->job);
}

static void do_close(request_job *j)
{
    kp_sqlite_close(j->db);
}

static bool give_null(kw_vm *vm, request_job *j, kw_value *value)
{
    (void)vm;
    (void)j;
    *value = kw_null();
    return true;
}

static kw_result database_close(kw_vm *vm, kw_call *call)
{
    static const action close = {do_close, give_null};
    database *d = kp_struct_handle(vm, call, &database_struct);
    if (d == NULL || d->closed)
        return d == NULL ? KW_THROWN : KW_DONE;
    request_job *j = new_job(vm, &close, "", 0);
    if (j == NULL)
        return KW_THROWN;
    d->closed = true;
    return in_line(vm, call, d, j);
}

/* ---- Parameters -------------------------------------------------------------------------------- */

/* false: no database can have it. */
static bool convert(kw_value v, kp_sqlite_value *out)
{
    *out = (kp_sqlite_value){.type = KP_SQLITE_NULL};
    switch (v.tag) {
    case KW_NULL: return true;
    case KW_INT:
    case KW_BOOL: *out = (kp_sqlite_value){.type = KP_SQLITE_INTEGER, .integer = v.as.i}; return true;
    case KW_FLOAT: *out = (kp_sqlite_value){.type = KP_SQLITE_FLOAT, .number = v.as.f}; return true;
    case KW_STRING:
        *out = (kp_sqlite_value){.type = KP_SQLITE_TEXT, .data = v.as.string->text, .size = v.as.string->size};
        return true;
    case KW_BYTES:
        *out = (kp_sqlite_value){.type = KP_SQLITE_BYTES, .data = v.as.bytes->data, .size = v.as.bytes->size};
        return true;
    default: return false;
    }
}

/* Give the job copies of the values.  false: thrown. */
static bool take_values(kw_vm *vm, request_job *j, const kw_list *list)
{
    size_t at = 0;
    for (size_t i = 0; i < list->count; i++) {
        kp_sqlite_value v;
        if (!convert(list->items[i], &v)) {
            (void)kw_throw(vm, "SqliteError", "Parameter %zu is of type %s, which a database cannot hold.", i + 1,
                           kw_display_type_title((kw_type)list->items[i].tag));
            return false;
        }
        if (kp_sqlite_put(&j->packed, &v) != 0) {
            (void)kw_throw_memory(vm, v.size);
            return false;
        }
    }
    j->values = list->count > 0 ? calloc(list->count, sizeof(*j->values)) : NULL;
    if (j->values == NULL && list->count > 0) {
        (void)kw_throw_memory(vm, list->count * sizeof(*j->values));
        return false;
    }
    j->request.values = j->values;
    while (kp_sqlite_take(&j->packed, &at, &j->values[j->request.count]))
        j->request.count++;
    assert(j->request.count == list->count);
    return true;
}

/* ---- Statements -------------------------------------------------------------------------------- */

/* A job for the statements of a call, whose errors name the function `internal`; `with_values`: argument 1 is a list.
 * NULL: thrown. */
static request_job *statement(kw_vm *vm, const kw_call *call, const action *what, const char *internal,
                              bool with_values)
{
    kw_value sql = kw_arg(call, 0), values = kw_arg(call, 1);
    if (!kw_is(sql, KW_STRING)) {
        (void)kw_throw_param(vm, internal, 1, "String", sql);
        return NULL;
    }
    if (with_values && !kw_is(values, KW_LIST) && !kw_is(values, KW_NULL)) {
        (void)kw_throw_param(vm, internal, 2, "List", values);
        return NULL;
    }
    request_job *j = new_job(vm, what, sql.as.string->text, sql.as.string->size);
    if (j == NULL || !with_values || kw_is(values, KW_NULL) || take_values(vm, j, values.as.list))
        return j;
    kp_job_drop(&j->job);
    return NULL;
}

static void do_run(request_job *j)
{
    kb_relief_ahead(FILES);
    kp_sqlite_run(j->db, &j->request, &j->answer);
}

static bool give_changed(kw_vm *vm, request_job *j, kw_value *value)
{
    j->number = j->answer.changed;
    return give_number(vm, j, value);
}

static kw_result exec(kw_vm *vm, kw_call *call, const char *internal, bool with_values)
{
    static const action run = {do_run, give_changed};
    const database *d = open_database(vm, call);
    request_job *j = d == NULL ? NULL : statement(vm, call, &run, internal, with_values);
    return j == NULL ? KW_THROWN : in_line(vm, call, d, j);
}

static kw_result database_exec(kw_vm *vm, kw_call *call)
{
    return exec(vm, call, "__sqlite_exec__", false);
}

static kw_result database_exec_params(kw_vm *vm, kw_call *call)
{
    return exec(vm, call, "__sqlite_exec_params__", true);
}

/* ---- Rows -------------------------------------------------------------------------------------- */

typedef struct rows {
    kp_disk_bytes packed;
    size_t columns;
} rows;

static const char rows_type[] = "rows of a database";

static void free_rows(kw_vm *vm, void *data)
{
    rows *r = data;
    kw_heap_release(vm, r->packed.data, r->packed.room);
    kw_heap_release(vm, r, sizeof(*r));
}

/* The rows as they are: making values of them may take long, and other tasks go on meanwhile. */
static bool give_rows(kw_vm *vm, request_job *j, kw_value *value)
{
    rows *r = kw_heap_realloc(vm, NULL, 0, sizeof(*r));
    *r = (rows){.packed = j->answer.rows, .columns = j->answer.columns};
    if (r->packed.data != NULL)
        kw_heap_adopt(vm, r->packed.room);
    j->answer.rows = (kp_disk_bytes){.data = NULL};
    *value = kw_pointer_new(vm, rows_type, r, NULL, free_rows);
    return true;
}

static kw_result fetch(kw_vm *vm, kw_call *call, const char *internal, bool with_values)
{
    static const action query = {do_run, give_rows};
    const database *d = open_database(vm, call);
    request_job *j = d == NULL ? NULL : statement(vm, call, &query, internal, with_values);
    if (j == NULL)
        return KW_THROWN;
    j->request.rows = true;
    return in_line(vm, call, d, j);
}

static kw_result database_fetch(kw_vm *vm, kw_call *call)
{
    return fetch(vm, call, "__sqlite_query__", false);
}

static kw_result database_fetch_params(kw_vm *vm, kw_call *call)
{
    return fetch(vm, call, "__sqlite_query_params__", true);
}

static kw_result query(kw_vm *vm, kw_call *call, const char *function)
{
    const kw_value args[] = {call->self, kw_arg(call, 0), kw_arg(call, 1)};
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "sqlite", function), args, 3);
}

static kw_result database_query(kw_vm *vm, kw_call *call)
{
    return query(vm, call, "sqlite::__query__");
}

static kw_result database_query_params(kw_vm *vm, kw_call *call)
{
    return query(vm, call, "sqlite::__query_params__");
}

/* The next value; KW_UNDEF: thrown. */
static kw_value next_value(kw_vm *vm, const rows *r, size_t *at)
{
    assert(*at < r->packed.size);
    kp_sqlite_value v = {.type = KP_SQLITE_NULL};
    (void)kp_sqlite_take(&r->packed, at, &v);
    switch (v.type) {
    case KP_SQLITE_INTEGER: return kw_int(v.integer);
    case KP_SQLITE_FLOAT: return kw_float(v.number);
    case KP_SQLITE_TEXT: {
        kw_string *s = kw_string_new(vm, v.data, v.size);
        return s != NULL ? kw_of_string(s) : kw_undef();
    }
    case KP_SQLITE_BYTES: {
        kw_bytes *b = kw_bytes_new(vm, v.data, v.size);
        return b != NULL ? kw_of_bytes(b) : kw_undef();
    }
    case KP_SQLITE_NULL: break;
    }
    return kw_null();
}

/* A list of so many values.  NULL: thrown. */
static kw_list *next_values(kw_vm *vm, const rows *r, size_t *at)
{
    kw_list *list = kw_list_new(vm, r->columns);
    for (size_t i = 0; i < r->columns; i++) {
        kw_value v = next_value(vm, r, at);
        if (kw_is(v, KW_UNDEF) || !kw_list_push(vm, list, v))
            return NULL;
    }
    return list;
}

static bool add_row(kw_vm *vm, const rows *r, const kw_list *names, kw_list *out, size_t *at)
{
    assert(names->count == r->columns);
    kw_map *row = kw_map_new(vm, r->columns);
    for (size_t i = 0; i < r->columns; i++) {
        kw_value v = next_value(vm, r, at);
        if (kw_is(v, KW_UNDEF) || !kw_map_set(vm, row, names->items[i], v))
            return false;
    }
    return kw_list_push(vm, out, kw_of_map(row)) && kw_go_on(vm);
}

static kw_result sqlite_unpack(kw_vm *vm, kw_call *call)
{
    kw_value given = kw_arg(call, 0);
    if (!kw_is(given, KW_POINTER) || given.as.pointer->type != rows_type)
        return kw_throw(vm, "InvalidOperationError", "Not %s.", rows_type);
    const rows *r = given.as.pointer->data;
    size_t at = kw_kept_size(call, 0);
    kw_list *names = call->kept != NULL ? kw_kept(call, 1).as.list : next_values(vm, r, &at);
    kw_list *out = call->kept != NULL ? kw_kept(call, 2).as.list : kw_list_new(vm, 0);
    if (names == NULL)
        return KW_THROWN;
    while (at < r->packed.size) {
        if (!add_row(vm, r, names, out, &at))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_int((int64_t)at), kw_of_list(names), kw_of_list(out)}, 3);
    }
    assert(at == r->packed.size); /* rows are whole */
    return kw_return(call, kw_of_list(out));
}

/* ---- What is known of the last statement ------------------------------------------------------- */

static void do_last_id(request_job *j)
{
    j->number = kp_sqlite_last_id(j->db);
}

static void do_changes(request_job *j)
{
    j->number = kp_sqlite_changes(j->db);
}

static kw_result ask(kw_vm *vm, kw_call *call, const action *what)
{
    const database *d = open_database(vm, call);
    request_job *j = d == NULL ? NULL : new_job(vm, what, "", 0);
    return j == NULL ? KW_THROWN : in_line(vm, call, d, j);
}

static kw_result database_last_insert_id(kw_vm *vm, kw_call *call)
{
    static const action last_id = {do_last_id, give_number};
    return ask(vm, call, &last_id);
}

static kw_result database_changes(kw_vm *vm, kw_call *call)
{
    static const action changes = {do_changes, give_number};
    return ask(vm, call, &changes);
}

/* ---- The declaration --------------------------------------------------------------------------- */

/* clang-format off */
static const kw_native_def methods[] = {
    {"exec(sql: string): integer", database_exec,
     "Carry out statements; the number of rows that they have changed, -1 if they can change none.",
     "println db.exec(\"INSERT INTO t VALUES (3, 'c')\")  # => 1", "__sqlite_exec__",
     KW_CHECK_NONE},
    {"exec_params(sql: string, params: list): integer", database_exec_params,
     "The same with values for the parameters ? (in turn) or @p1, @p2, ...",
     "println db.exec_params(\"INSERT INTO t VALUES (?, ?)\", [3, \"it's\"])  # => 1",
     "__sqlite_exec_params__", KW_CHECK_NONE},
    {"query(sql: string): list", database_query, "The rows of a statement, each a hashmap.",
     "println db.query(\"SELECT * FROM t\")[1].name  # => b", "__sqlite_query__", KW_CHECK_NONE},
    {"query_params(sql: string, params: list): list", database_query_params,
     "The same with values for the parameters.",
     "println db.query_params(\"SELECT name FROM t WHERE id = @p1\", [1])  # => [{\"name\": \"a\"}]",
     "__sqlite_query_params__", KW_CHECK_NONE},
    {"last_insert_id(): integer", database_last_insert_id, "The row id of what was inserted last.",
     "println db.last_insert_id()  # => 2"},
    {"changes(): integer", database_changes,
     "How many rows the last INSERT, UPDATE or DELETE has changed.",
     "db.exec(\"UPDATE t SET name = 'x'\")\nprintln db.changes()  # => 2"},
    {"close()", database_close,
     "Close the database, after what other tasks want of it; again: harmless.", "db.close()"},
    {"__fetch__(sql: string)", database_fetch, "Rows, packed.", NULL, NULL, KW_CHECK_NONE},
    {"__fetch_params__(sql: string, params: list)", database_fetch_params, "Rows, packed.", NULL,
     NULL, KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */

static const kp_struct database_struct = {
    .package = &kp_sqlite,
    .name = "SqliteDb",
    .about = "A database; tasks that use it at the same time take turns.",
    .methods = methods,
    .noun = "database",
    .field = "database",
    .free = free_database,
};

/* clang-format off */
static const kw_native_def functions[] = {
    {"open(path: string, timeout_ms: integer = 30000): SqliteDb", sqlite_open,
     "Open a database, made if it is not there; \":memory:\" is one without a file.  A statement waits so long for "
     "other programs that use it.",
     "m = sqlite::open(\":memory:\")\nprintln m.query(\"SELECT 1 + 1 AS two\")  # => [{\"two\": 2}]",
     "__sqlite_open__"},
    {"__unpack__(rows: any): list", sqlite_unpack, "Values of packed rows.", NULL, NULL,
     KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */

static const kp_struct *const structs[] = {&database_struct, NULL};

const kp_package kp_sqlite = {
    .name = "sqlite",
    .about = "Databases of SQLite.",
    .functions = functions,
    .structs = structs,
    .refused = "sqlite",
    .network = true,
    .setup = "db = sqlite::open(\":memory:\")\ndb.exec(\"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);\n"
             "  INSERT INTO t (name) VALUES ('a'), ('b')\")",
    .state_size = sizeof(sqlite_state),
};
