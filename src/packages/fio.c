/* fio.c - package fio: files and folders (FUNCTIONS.md, "fio"); and paths as texts. */
#include "config.h"

#include "packages/fio.h"
#include "packages/fio_left.h"

#include <stdlib.h>
#include <string.h>

#include "packages/fio_job.h"
#include "packages/pathname.h"
#include "types/give.h"

/* ---- Paths as texts -------------------------------------------------------------------------- */

/* `path`, malloc'ed, becomes the value; NULL: MemoryError. */
static kw_result give_path(kw_vm *vm, kw_call *call, char *path)
{
    kw_string *s = path != NULL ? kw_string_new(vm, path, strlen(path)) : NULL;
    if (path == NULL)
        (void)kw_throw_memory(vm, 0);
    free(path);
    return kw_give_string(call, s);
}

/* The path that is argument 0 in full; NULL: thrown, with `prefix` and the path. */
static char *full_path(kw_vm *vm, const kw_call *call, const char *prefix)
{
    const kw_string *path = kw_native_operand(call, 0).as.string;
    char *full = path->size > 0 && kp_fio_job_whole(path) ? kp_fio_job_from_here(path->text, kp_pathname_absolute)
                                                          : NULL;
    if (full == NULL)
        (void)kw_throw(vm, "FileSystemError", "%s%s", prefix, path->text);
    return full;
}

static kw_result fio_abspath(kw_vm *vm, kw_call *call)
{
    char *full = full_path(vm, call, "Could not get absolute path: ");
    return full == NULL ? KW_THROWN : give_path(vm, call, full);
}

static kw_result fio_parentdir(kw_vm *vm, kw_call *call)
{
    static const char failed[] = "Could not get parent path path: ";
    char *full = full_path(vm, call, failed);
    if (full == NULL)
        return KW_THROWN;
    size_t size = kp_pathname_parent(full);
    if (size == 0) {
        free(full);
        return kw_throw(vm, "FileSystemError", "%s%s", failed, kw_native_operand(call, 0).as.string->text);
    }
    full[size] = '\0';
    return give_path(vm, call, full);
}

static kw_result fio_combine(kw_vm *vm, kw_call *call)
{
    const kw_list *parts = kw_native_operand(call, 0).as.list;
    char *path = strdup("");
    for (size_t i = 0; path != NULL && i < parts->count; i++) {
        if (!kw_is(parts->items[i], KW_STRING)) {
            free(path);
            return kw_throw(vm, "InvalidOperationError", "Expected a list of strings.");
        }
        char *longer = kp_pathname_join(path, parts->items[i].as.string->text);
        free(path);
        path = longer;
    }
    return give_path(vm, call, path);
}

static kw_result fio_ext(kw_vm *vm, kw_call *call)
{
    return kw_return(call, kw_string_c(vm, kp_pathname_extension(kw_native_operand(call, 0).as.string->text)));
}

static kw_result fio_filename(kw_vm *vm, kw_call *call)
{
    return kw_return(call, kw_string_c(vm, kp_pathname_name(kw_native_operand(call, 0).as.string->text)));
}

static kw_result fio_pathparts(kw_vm *vm, kw_call *call)
{
    const char *at = kw_native_operand(call, 0).as.string->text;
    kw_list *list = kw_list_new(vm, 0);
    while (*(at += strspn(at, "/")) != '\0') {
        size_t size = strcspn(at, "/");
        if (!kp_fio_job_push_text(vm, list, at, size))
            return KW_THROWN;
        at += size;
    }
    return kw_give_list(call, list);
}

/* ---- The package ----------------------------------------------------------------------------- */

static const kp_struct *const structs[] = {&kp_fio_file, NULL};

/* clang-format off */
static const kw_native_def functions[] = {
    {"read(path: string): string", kp_fio_content_read, "The text of a file; a byte-order mark is left out.",
     "println fio::read(path).size()  # => 8", "__fio_readfile__"},
    {"readlines(path: string): list", kp_fio_content_readlines, "The lines of a file, without their ends.",
     "println fio::readlines(path)  # => [\"one\", \"two\"]", "__fio_readlines__"},
    {"readbytes(path: string): bytes", kp_fio_content_readbytes, "The bytes of a file.",
     "println fio::readbytes(path).size()  # => 8", "__fio_readbytes__"},
    {"readslice(path: string, offset: integer, size: integer): bytes", kp_fio_content_readslice,
     "Up to `size` bytes from a place on; fewer at the end.",
     "println fio::readslice(path, 4, 3).to_string()  # => two", "__fio_readslice__"},
    {"write(path: string, text: string = \"\", options: any = null): boolean", kp_fio_content_write,
     "Write a text in place of what the file held.  Option atomic: at any moment the file is the old or the new one.",
     "println fio::write(path, \"new\", {atomic: true})  # => true", "__fio_writetext__"},
    {"append(path: string, text: string = \"\"): boolean", kp_fio_content_append,
     "Write a text at the end of the file.",
     "println fio::append(path, \"more\")  # => true", "__fio_appendtext__"},
    {"touch(path: string): boolean", kp_fio_content_touch, "Make the file if there is none.",
     "println fio::touch(path)  # => true", "__fio_appendtext__"},
    {"writeln(path: string, text: any): boolean", kp_fio_content_writeln,
     "Append a line, or a line for each element of a list.",
     "println fio::writeln(path, [1, 2])  # => true", "__fio_writeline__"},
    {"writebytes(path: string, bytes: any): integer", kp_fio_content_writebytes,
     "Write bytes, or a list of them, in place of what the file held; their number.",
     "println fio::writebytes(path, [1, 2, 3])  # => 3", "__fio_writebytes__"},
    {"writeslice(path: string, offset: integer, bytes: bytes): integer", kp_fio_content_writeslice,
     "Write bytes at a place; the file and its folders are made, a gap is filled with zeros.",
     "println fio::writeslice(path, 1, b\"x\")  # => 1", "__fio_writeslice__"},
    {"create(path: string): boolean", kp_fio_content_create, "Make an empty file; one that is there is emptied.",
     "println fio::create(path)  # => true", "__fio_createfile__"},
    {"exists(path: string): boolean", kp_fio_info_exists, "Is there a file or a folder?",
     "println fio::exists(path)  # => true", "__fio_isfile__"},
    {"isfile(path: string): boolean", kp_fio_info_isfile, "Is there a file?", "println fio::isfile(path)  # => true",
     "__fio_isfile__"},
    {"isdir(path: string): boolean", kp_fio_info_isdir, "Is there a folder?", "println fio::isdir(path)  # => false",
     "__fio_isdir__"},
    {"filesize(path: string): integer", kp_fio_content_filesize, "The size of a file in bytes.",
     "println fio::filesize(path)  # => 8", "__fio_filesize__"},
    {"fileinfo(path: string): hashmap", kp_fio_info_fileinfo, "Names, times and attributes of a file or folder.",
     "println fio::fileinfo(path)[\"attributes\"][\"Directory\"]  # => false", "__fio_fileinfo__"},
    {"copy(from: string, to: string, overwrite: boolean = true): boolean", kp_fio_folder_copy, "Copy a file.",
     "println fio::copy(path, path + \".2\")  # => true\nfio::remove(path + \".2\")", "__fio_copyfile__"},
    {"copyr(from: string, to: string): boolean", kp_fio_folder_copyr,
     "Copy a folder with all that is in it; false if there is none.",
     "println fio::copyr(\"/no/such\", \"/tmp/x\")  # => false", "__fio_copyr__"},
    {"move(from: string, to: string, overwrite: boolean? = null): boolean", kp_fio_folder_move,
     "Move a file; one that is there is replaced unless `overwrite` is false.",
     "println fio::move(path, path + \".2\")  # => true\nfio::remove(path + \".2\")", "__fio_movefile__"},
    {"remove(path: string): boolean", kp_fio_folder_remove, "Remove a file or an empty folder; false if there is none.",
     "println fio::remove(path)  # => true", "__fio_rmdir__"},
    {"rmdir(path: string): boolean", kp_fio_folder_remove,
     "The same as remove.", "println fio::rmdir(\"/no/such\")  # => false",
     "__fio_rmdir__"},
    {"rmdirf(path: string): integer", kp_fio_folder_rmdirf,
     "Remove a folder with all that is in it; how many files and folders that were.",
     "println fio::rmdirf(\"/no/such\")  # => 0", "__fio_rmdirf__"},
    {"mkdir(path: string): boolean", kp_fio_folder_mkdir,
     "Make a folder and those above it; one that is there is fine.",
     "println fio::mkdir(fio::tmpdir())  # => true", "__fio_mkdir__"},
    {"mkdirp(path: string): boolean", kp_fio_folder_mkdir, "The same as mkdir.",
     "println fio::mkdirp(fio::tmpdir())  # => true", "__fio_mkdirp__"},
    {"listdir(path: string, recursive: boolean = false): list", kp_fio_folder_listdir,
     "The files, then the folders in a folder, in no order; in those below, too.",
     "println fio::listdir(fio::tmpdir()).contains(path)  # => true", "__fio_listdir__"},
    {"glob(path: string, includes: list, excludes: list = []): list", kp_fio_folder_glob,
     "The full paths of the files below a folder whose names match: * is any text, ** any number of folders.",
     "println fio::glob(fio::tmpdir(), [fio::filename(path)]) == [path]  # => true", "__fio_glob__"},
    {"cwd(): string", kp_fio_folder_cwd, "The current folder.", "println fio::cwd() == fio::abspath(\".\")  # => true",
     "__fio_cwd__"},
    {"chdir(path: string): boolean", kp_fio_folder_chdir, "Change the current folder.",
     "println fio::chdir(fio::tmpdir())  # => true", "__fio_chdir__"},
    {"tmpdir(): string", kp_fio_folder_tmpdir, "The folder for temporary files, with a slash at the end.",
     "println fio::tmpdir().ends_with(\"/\")  # => true", "__fio_tmpdir__"},
    {"tmpfile(): string", kp_fio_folder_tmpfile, "A new empty file in it.",
     "p = fio::tmpfile()\nprintln fio::filesize(p)  # => 0\nfio::remove(p)", "__fio_tmpfile__"},
    {"abspath(path: string): string", fio_abspath, "The full path, without . and ..",
     "println fio::abspath(\"/a/../b\")  # => /b", "__fio_fileabspath__"},
    {"combine(parts: list): string", fio_combine, "Parts joined by slashes; an absolute one begins anew.",
     "println fio::combine([\"a\", \"b\"])  # => a/b", "__fio_combine__"},
    {"ext(path: string): string", fio_ext, "The extension, with its dot.", "println fio::ext(\"a.tar.gz\")  # => .gz",
     "__fio_fileext__"},
    {"filename(path: string): string", fio_filename, "What is behind the last slash.",
     "println fio::filename(\"/a/b.txt\")  # => b.txt", "__fio_filename__"},
    {"parentdir(path: string): string", fio_parentdir, "The full path of the folder.",
     "println fio::parentdir(\"/a/b.txt\")  # => /a", "__fio_filepath__"},
    {"pathparts(path: string): list", fio_pathparts, "The parts between slashes.",
     "println fio::pathparts(\"/a/b\")  # => [\"a\", \"b\"]", "__fio_pathparts__"},
    {"open(path: string, mode: string = \"r\"): File", kp_fio_file_open,
     "Open a file: r to read, w to write anew, a to append, + for both, b for bytes in place of text.",
     "f = fio::open(path)\nprintln f.read_line()  # => one\nf.close()", "__fio_open__"},
    {NULL},
};
/* clang-format on */

const kp_package kp_fio = {
    .name = "fio",
    .about = "Files and folders.",
    .functions = functions,
    .structs = structs,
    .refused = "fio",
    .setup = "path = fio::tmpfile()\nfio::write(path, \"one\\ntwo\\n\")",
    .state_size = sizeof(kp_lefts),
    .collect = kp_fio_left_collect,
    .end = kp_fio_left_end,
    .close = kp_fio_left_close,
};
