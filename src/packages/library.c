/* library.c - a standard library in a folder, in place of the embedded one (packages.md section 1). */
#include "config.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "packages/packages.h"

static int is_source(const struct dirent *entry)
{
    return kp_has_extension(entry->d_name);
}

static int run_file(kw_vm *vm, kw_string *path)
{
    kw_proto *p = path != NULL ? kp_load_file(vm, path) : NULL;
    if (p == NULL && vm->error.type == NULL)
        return 0; /* a link to one that ran */
    return kp_run_program(vm, p);
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

int kp_run_stdlib(kw_vm *vm, const char *path)
{
    const char *home = getenv("HOME");
    kw_string *full = path[0] == '~' && home != NULL ? kw_string_format(vm, "%s%s", home, path + 1)
                                                     : kw_intern_c(vm, path);
    struct stat s;
    if (full == NULL)
        return 1;
    kw_pin(vm, kw_of_string(full)); /* what runs may collect it */
    if (kp_has_extension(full->text) && stat(full->text, &s) == 0 && S_ISREG(s.st_mode))
        return run_file(vm, full);
    return run_folder(vm, full->text);
}
