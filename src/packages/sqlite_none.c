/* sqlite_none.c - a build without SQLite: no database can be opened.  See sqlite_db.h. */
#include "config.h"

#include <stdio.h>

#include "packages/sqlite_db.h"

kb_library kp_sqlite_library = {.name = "SQLite", .package = "libsqlite3-0"};

kp_sqlite_db *kp_sqlite_open(const char *path, int timeout_ms, kp_sqlite_answer *answer)
{
    (void)timeout_ms;
    (void)snprintf(answer->message, sizeof(answer->message), "This build has no SQLite for '%.100s'.", path);
    return NULL;
}

kp_sqlite_db *kp_sqlite_ref(kp_sqlite_db *db)
{
    return db;
}

void kp_sqlite_drop(kp_sqlite_db *db)
{
    (void)db;
}

void kp_sqlite_close(kp_sqlite_db *db)
{
    (void)db;
}

void kp_sqlite_run(kp_sqlite_db *db, const kp_sqlite_request *request, kp_sqlite_answer *answer)
{
    (void)db;
    (void)request;
    (void)answer;
}

int64_t kp_sqlite_last_id(const kp_sqlite_db *db)
{
    (void)db;
    return 0;
}

int64_t kp_sqlite_changes(const kp_sqlite_db *db)
{
    (void)db;
    return 0;
}
