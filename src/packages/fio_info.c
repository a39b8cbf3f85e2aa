/* fio_info.c - package fio: what is known of files and folders. */
#include "config.h"

#include "packages/fio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packages/fio_job.h"
#include "packages/pathname.h"
#include "packages/rows.h"
#include "types/date.h"
#include "types/give.h"

static int do_exists(kp_fio_job *j)
{
    j->number = stat(j->path, &j->stat) == 0;
    return 0;
}

static int do_is_file(kp_fio_job *j)
{
    j->number = stat(j->path, &j->stat) == 0 && !S_ISDIR(j->stat.st_mode);
    return 0;
}

static int do_is_dir(kp_fio_job *j)
{
    j->number = stat(j->path, &j->stat) == 0 && S_ISDIR(j->stat.st_mode);
    return 0;
}

static const kp_fio_op op_exists = {do_exists, kp_fio_job_give_flag, kp_fio_job_at_once, NULL, NULL, NULL};
static const kp_fio_op op_is_file = {do_is_file, kp_fio_job_give_flag, kp_fio_job_at_once, NULL, NULL, NULL};
static const kp_fio_op op_is_dir = {do_is_dir, kp_fio_job_give_flag, kp_fio_job_at_once, NULL, NULL, NULL};

kw_result kp_fio_info_exists(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_exists);
}

kw_result kp_fio_info_isfile(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_is_file);
}

kw_result kp_fio_info_isdir(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_is_dir);
}

static int do_info(kp_fio_job *j)
{
    struct stat behind;
    if (lstat(j->path, &j->stat) != 0)
        return errno;
    j->flag = S_ISLNK(j->stat.st_mode);
    if (j->flag && stat(j->path, &behind) == 0)
        j->stat = behind;
    j->number = access(j->path, W_OK) == 0;
    return kp_fio_job_absolute(&j->path, kp_pathname_absolute);
}

static kw_value local_date(struct timespec t)
{
    return kw_date_since_epoch((int64_t)t.tv_sec, t.tv_nsec);
}

static kw_map *attributes(kw_vm *vm, const kp_fio_job *j)
{
    mode_t mode = j->stat.st_mode;
    bool hidden = kp_pathname_name(j->path)[0] == '.', folder = S_ISDIR(mode), locked = j->number == 0;
    bool device = S_ISCHR(mode) || S_ISBLK(mode);
    const struct {
        const char *name;
        bool is;
    } rows[] = {
        {"ReadOnly", locked},
        {"Hidden", hidden},
        {"System", false},
        {"Directory", folder},
        {"Archive", false},
        {"Device", device},
        {"Normal", !locked && !hidden && !folder && !device && !j->flag},
        {"Temporary", false},
        {"SparseFile", false},
        {"ReparsePoint", j->flag},
        {"Compressed", false},
        {"Offline", false},
        {"NotContentIndexed", false},
        {"Encrypted", false},
        {"IntegrityStream", false},
        {"NoScrubData", false},
    };
    kw_map *map = kw_map_new(vm, sizeof(rows) / sizeof(rows[0]));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        (void)kw_map_set_c(vm, map, rows[i].name, kw_bool(rows[i].is));
    return map;
}

static bool is_before(struct timespec a, struct timespec b)
{
    return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

/* When a file was made POSIX does not say: not later than this. */
static struct timespec made(const struct stat *s)
{
    return is_before(s->st_mtim, s->st_ctim) ? s->st_mtim : s->st_ctim;
}

static bool give_info(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    const kp_row rows[] = {
        {"creation_time", local_date(made(&j->stat))},
        {"name", kw_string_c(vm, kp_pathname_name(j->path))},
        {"extension", kw_string_c(vm, kp_pathname_extension(j->path))},
        {"full_name", kw_string_c(vm, j->path)},
        {"last_access_time", local_date(j->stat.st_atim)},
        {"last_write_time", local_date(j->stat.st_mtim)},
        {"attributes", kw_of_map(attributes(vm, j))},
    };
    *value = kp_rows_hashmap(vm, rows, sizeof(rows) / sizeof(rows[0]));
    return !kw_is(*value, KW_UNDEF);
}

static const kp_fio_op op_info = {
    do_info, give_info, kp_fio_job_at_once, "FileSystemError", "Could not list path metadata: ", ""};

kw_result kp_fio_info_fileinfo(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_info);
}
