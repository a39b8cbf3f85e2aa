/* library.c - a standard library in a folder, in place of the embedded one (packages.md section 1). */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "packages/file.h"
#include "packages/packages.h"
#include "vm/interp.h"

static bool is_source(const char *name)
{
    static const char *const endings[] = {".kiwi", ".\xF0\x9F\xA5\x9D"};
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t end = strlen(endings[i]);
        if (size > end && strcmp(name + size - end, endings[i]) == 0)
            return true;
    }
    return false;
}

static int is_source_entry(const struct dirent *entry)
{
    return is_source(entry->d_name);
}

/* Run the file like a program; import and include know then that it ran. */
static int run_file(kw_vm *vm, const char *path)
{
    char *real = kp_real_path(path), *text = NULL;
    kw_string *name = kw_intern_c(vm, real != NULL ? real : path);
    size_t size;
    int code = 1;
    free(real);
    if (!kp_read_file(name->text, &text, &size)) {
        char why[96];
        kw_throw(vm, "FileReadError", "Cannot read %s: %s", name->text,
                 kb_errno_text(errno, why, sizeof(why)));
        return code;
    }
    kw_proto *p = kw_map_set(vm, vm->included, kw_of_string(name), kw_bool(true))
                      ? vm->hooks.compile(vm, name, text, size, true)
                      : NULL;
    kw_fiber *fiber =
        p == NULL ? NULL : kw_fiber_new(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)), NULL, 0);
    if (fiber != NULL)
        code = kw_sched_run(vm, fiber);
    free(text);
    return code;
}

static int run_folder(kw_vm *vm, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_source_entry, alphasort), code = 0;
    for (int i = 0; i < count; i++) { /* -1: there is no such folder, and nothing to run */
        kw_string *path = kw_string_format(vm, "%s/%s", folder, entries[i]->d_name);
        free(entries[i]);
        if (code == 0 && !vm->exiting)
            code = path != NULL ? run_file(vm, path->text) : 1;
    }
    free(entries);
    return code;
}

int kp_run_stdlib(kw_vm *vm, const char *path)
{
    const char *home = getenv("HOME");
    kw_string *full = path[0] == '~' && home != NULL ? kw_string_format(vm, "%s%s", home, path + 1)
                                                     : kw_intern_c(vm, path);
    struct stat s;
    if (full == NULL)
        return 1;
    if (is_source(full->text) && stat(full->text, &s) == 0 && S_ISREG(s.st_mode))
        return run_file(vm, full->text);
    return run_folder(vm, full->text);
}
