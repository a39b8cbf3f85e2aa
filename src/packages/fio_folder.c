/* fio_folder.c - package fio: files and folders copied, moved, removed, listed, made. */
#define _XOPEN_SOURCE 700 /* mkstemp() belongs to the XSI part of POSIX */
#include "config.h"

#include "packages/fio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packages/fio_job.h"
#include "packages/glob.h"
#include "packages/pathname.h"
#include "packages/tree.h"
#include "types/give.h"

/* ---- Copying, moving, removing --------------------------------------------------------------- */

static int do_copy(kp_fio_job *j)
{
    return kp_disk_copy(j->path, j->to, j->flag);
}

static int do_copy_tree(kp_fio_job *j)
{
    j->number = stat(j->path, &j->stat) == 0 && S_ISDIR(j->stat.st_mode);
    return j->number ? kp_tree_copy(j->path, j->to) : 0;
}

static int do_move(kp_fio_job *j)
{
    return kp_disk_move(j->path, j->to, j->flag);
}

static const kp_fio_op op_copy = {
    do_copy, NULL, kp_fio_job_reads_little, "FileSystemError", "Could not copy file: ", ""};
static const kp_fio_op op_copyr = {do_copy_tree,      kp_fio_job_give_flag,         NULL,
                                   "FileSystemError", "Could not copy directory: ", ""};
static const kp_fio_op op_move = {do_move, NULL, NULL, "FileSystemError", "Could not move file: ", ""};

/* From the path that is argument 0 to that of argument 1. */
static kw_result transfer(kw_vm *vm, kw_call *call, const kp_fio_op *what, bool overwrite)
{
    const kw_string *to = kw_native_operand(call, 1).as.string;
    kp_fio_job *j = kp_fio_job_begin(vm, call, what);
    if (j == NULL)
        return KW_THROWN;
    j->flag = overwrite;
    j->to = strdup(to->text);
    if (j->error == 0)
        j->error = j->to == NULL ? ENOMEM : kp_fio_job_whole(to) ? 0 : EINVAL;
    return kp_fio_job_run(vm, call, j);
}

kw_result kp_fio_folder_copy(kw_vm *vm, kw_call *call)
{
    return transfer(vm, call, &op_copy, kw_native_argument(call, 2).as.i != 0);
}

kw_result kp_fio_folder_copyr(kw_vm *vm, kw_call *call)
{
    return transfer(vm, call, &op_copyr, true);
}

/* Only a script that says so keeps what is there. */
kw_result kp_fio_folder_move(kw_vm *vm, kw_call *call)
{
    kw_value overwrite = kw_native_operand(call, 2);
    return transfer(vm, call, &op_move, !kw_is(overwrite, KW_BOOL) || overwrite.as.i != 0);
}

static int do_remove(kp_fio_job *j)
{
    if (lstat(j->path, &j->stat) != 0)
        return errno == ENOENT || errno == ENOTDIR ? 0 : errno;
    j->number = 1;
    return (S_ISDIR(j->stat.st_mode) ? rmdir(j->path) : unlink(j->path)) != 0 ? errno : 0;
}

/* 0 for what is no folder, though it may be a link to one: then the link goes. */
static int do_remove_tree(kp_fio_job *j)
{
    bool folder = stat(j->path, &j->stat) == 0 && S_ISDIR(j->stat.st_mode);
    return folder ? kp_tree_remove(j->path, &j->number) : 0;
}

#define REMOVE_ERROR "FileSystemError", "Could not remove path: ", ""
static const kp_fio_op op_remove = {do_remove, kp_fio_job_give_flag, kp_fio_job_at_once, REMOVE_ERROR};
static const kp_fio_op op_rmdirf = {do_remove_tree, kp_fio_job_give_number, NULL, REMOVE_ERROR};

kw_result kp_fio_folder_remove(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_remove);
}

kw_result kp_fio_folder_rmdirf(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_rmdirf);
}

/* ---- Folders --------------------------------------------------------------------------------- */

/* Names below j->path, shown as below the path that was given. */
static bool push_names(kw_vm *vm, const kp_fio_job *j, const kp_disk_bytes *names, kw_list *list)
{
    size_t skip = strlen(j->path);
    for (size_t at = 0; at < names->size;) {
        const char *full = (const char *)names->data + at, *rest = full + skip;
        char *name = kp_pathname_join(j->shown, rest + strspn(rest, "/"));
        bool pushed = name != NULL && kp_fio_job_push_text(vm, list, name, strlen(name));
        if (name == NULL)
            (void)kw_throw_memory(vm, strlen(full));
        free(name);
        if (!pushed)
            return false;
        at += strlen(full) + 1;
    }
    return true;
}

static bool give_names(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    kw_list *list = kw_list_new(vm, 0);
    *value = kw_of_list(list);
    return push_names(vm, j, &j->bytes, list) && push_names(vm, j, &j->folders, list);
}

static int do_mkdir(kp_fio_job *j)
{
    return kp_disk_mkdirs(j->path);
}

static int do_list(kp_fio_job *j)
{
    return kp_tree_list(j->path, j->flag, &j->bytes, &j->folders);
}

static int do_glob(kp_fio_job *j)
{
    if (stat(j->path, &j->stat) != 0 || !S_ISDIR(j->stat.st_mode))
        return 0;
    return kp_glob_find(j->path, (const char *const *)j->includes, (const char *const *)j->excludes, &j->bytes);
}

static int do_chdir(kp_fio_job *j)
{
    return chdir(j->path) != 0 ? errno : 0;
}

static const kp_fio_op op_mkdir = {
    do_mkdir, NULL, kp_fio_job_at_once, "FileSystemError", "Could not create path: ", ""};
static const kp_fio_op op_list = {
    do_list, give_names, NULL, "FileSystemError", "Could not list directory contents: ", ""};
static const kp_fio_op op_glob = {
    do_glob, give_names, NULL, "FileSystemError", "Could not list directory contents: ", ""};
static const kp_fio_op op_chdir = {
    do_chdir, NULL, kp_fio_job_at_once, "FileSystemError", "Could not change directory: ", ""};

kw_result kp_fio_folder_mkdir(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_mkdir);
}

kw_result kp_fio_folder_chdir(kw_vm *vm, kw_call *call)
{
    return kp_fio_job_simple(vm, call, &op_chdir);
}

kw_result kp_fio_folder_listdir(kw_vm *vm, kw_call *call)
{
    kp_fio_job *j = kp_fio_job_begin(vm, call, &op_list);
    if (j == NULL)
        return KW_THROWN;
    j->flag = kw_native_argument(call, 1).as.i != 0;
    return kp_fio_job_run(vm, call, j);
}

/* The patterns of a list, ended by NULL, malloc'ed; NULL: thrown. */
static char **patterns(kw_vm *vm, kw_value list)
{
    size_t count = kw_is(list, KW_LIST) ? list.as.list->count : 0;
    char **texts = calloc(count + 1, sizeof(*texts));
    if (texts == NULL)
        (void)kw_throw_memory(vm, count * sizeof(*texts));
    for (size_t i = 0; texts != NULL && i < count; i++) {
        kw_value v = list.as.list->items[i];
        if (!kw_is(v, KW_STRING))
            (void)kw_throw(vm, "TypeError", "Expected a list of strings.");
        else if ((texts[i] = strdup(v.as.string->text)) != NULL)
            continue;
        else
            (void)kw_throw_memory(vm, v.as.string->size);
        kp_fio_job_free_texts(texts);
        return NULL;
    }
    return texts;
}

kw_result kp_fio_folder_glob(kw_vm *vm, kw_call *call)
{
    if (kw_native_operand(call, 1).as.list->count == 0)
        return kw_throw(vm, "TypeError", "Expected a non-empty list.");
    kp_fio_job *j = kp_fio_job_begin(vm, call, &op_glob);
    if (j == NULL)
        return KW_THROWN;
    j->includes = patterns(vm, kw_native_operand(call, 1));
    j->excludes = j->includes == NULL ? NULL : patterns(vm, kw_native_operand(call, 2));
    if (j->excludes == NULL) {
        kp_job_drop(&j->job);
        return KW_THROWN;
    }
    if (j->error == 0 && (j->error = kp_fio_job_absolute(&j->path, kp_pathname_absolute)) == 0) {
        free(j->shown); /* the names are told in full */
        j->shown = strdup(j->path);
        j->error = j->shown == NULL ? ENOMEM : 0;
    }
    return kp_fio_job_run(vm, call, j);
}

kw_result kp_fio_folder_cwd(kw_vm *vm, kw_call *call)
{
    char *here = kp_fio_job_here(), why[96];
    if (here == NULL)
        return kw_throw(vm, "FileSystemError", "Could not get the current directory: %s",
                        kb_error_errno_text(errno, why, sizeof(why)));
    kw_string *s = kw_string_new(vm, here, strlen(here));
    free(here);
    return kw_give_string(call, s);
}

/* ---- Temporary files ------------------------------------------------------------------------- */

static const char *temporary_folder(void)
{
    const char *set = getenv("TMPDIR");
    return set != NULL && set[0] != '\0' ? set : "/tmp";
}

static kw_string *temporary_path(kw_vm *vm, const char *name)
{
    const char *folder = temporary_folder();
    return kw_string_format(vm, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
}

kw_result kp_fio_folder_tmpdir(kw_vm *vm, kw_call *call)
{
    return kw_give_string(call, temporary_path(vm, ""));
}

kw_result kp_fio_folder_tmpfile(kw_vm *vm, kw_call *call)
{
    char why[96];
    const kw_string *pattern = temporary_path(vm, "kiwi.XXXXXX");
    char *path = pattern != NULL ? strdup(pattern->text) : NULL;
    int fd = path != NULL ? mkstemp(path) : -1, error = errno;
    kw_string *s = fd >= 0 ? kw_string_new(vm, path, strlen(path)) : NULL;
    free(path);
    if (pattern == NULL)
        return KW_THROWN;
    if (fd < 0)
        return kw_throw(vm, "FileSystemError", "Could not create file: %s: %s", pattern->text,
                        kb_error_errno_text(error, why, sizeof(why)));
    (void)close(fd);
    return kw_give_string(call, s);
}
