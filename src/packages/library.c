/* library.c - a standard library in a folder, in place of the embedded one (PACKAGES.md section 1). */
#include "config.h"

#include "packages/library.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "packages/file.h"
#include "packages/packages.h"

static int is_source(const struct dirent *entry)
{
    return kp_import_has_extension(entry->d_name);
}

static int run_file(kw_vm *vm, kw_string *path)
{
    kw_proto *p = path != NULL ? kp_import_load_file(vm, path) : NULL;
    if (p == NULL && vm->error.type == NULL)
        return 0; /* a link to one that ran */
    return kp_library_run_program(vm, p);
}

static int run_folder(kw_vm *vm, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_source, alphasort), code = 0;
    for (int i = 0; i < count; i++) { /* -1: there is no such folder, and nothing to run */
        kw_string *path = kw_string_format(vm, "%s/%s", folder, entries[i]->d_name);
        free(entries[i]);
        if (code == 0 && !vm->exiting)
            code = run_file(vm, path);
    }
    free(entries);
    return code;
}

/* Note for env::lib() where the library is. */
static void remember_folder(kw_vm *vm, const kw_string *path, bool one_file)
{
    char *real = kp_file_real_path(vm, path->text);
    const char *text = real != NULL ? real : path->text;
    const char *slash = one_file ? strrchr(text, '/') : NULL;
    vm->stdlib_path = kw_intern(vm, text, slash != NULL ? (size_t)(slash - text) : strlen(text));
    free(real);
}

int kp_library_run_folder(kw_vm *vm, const char *path)
{
    const char *home = getenv("HOME");
    kw_string *full = path[0] == '~' && home != NULL ? kw_string_format(vm, "%s%s", home, path + 1)
                                                     : kw_intern_c(vm, path);
    if (full == NULL)
        return 1;
    kw_vm_pin(vm, kw_of_string(full)); /* what runs may collect it */
    bool one_file = kp_import_has_extension(full->text) && kp_file_is_file(vm, full->text);
    remember_folder(vm, full, one_file);
    return one_file ? run_file(vm, full) : run_folder(vm, full->text);
}
