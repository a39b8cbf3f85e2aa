/* file.c - see file.h. */
#define _XOPEN_SOURCE 700 /* realpath() belongs to the XSI part of POSIX */
#include "config.h"

#include "packages/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/relief.h"

enum { FIRST_CAP = 1 << 14 };

/* Read from `fd` to its end. */
static bool read_all(int fd, char **text, size_t *size)
{
    for (size_t cap = 0;;) {
        if (*size == cap) {
            cap = cap == 0 ? FIRST_CAP : cap * 2;
            char *bigger = realloc(*text, cap);
            if (bigger == NULL) {
                errno = ENOMEM;
                return false;
            }
            *text = bigger;
        }
        ssize_t n = read(fd, *text + *size, cap - *size);
        if (n == 0)
            return true;
        if (n > 0)
            *size += (size_t)n;
        else if (errno != EINTR)
            return false;
    }
}

bool kp_file_read(kw_vm *vm, const char *path, char **text, size_t *size)
{
    *text = NULL;
    *size = 0;
    kw_port_flush(vm);
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && kb_relief_ask(errno));
    if (fd < 0)
        return false;
    bool ok = read_all(fd, text, size);
    int why = errno;
    (void)close(fd);
    if (!ok) {
        free(*text);
        *text = NULL;
        errno = why;
    }
    return ok;
}

bool kp_file_is_file(kw_vm *vm, const char *path)
{
    struct stat s;
    kw_port_flush(vm);
    return stat(path, &s) == 0 && S_ISREG(s.st_mode);
}

char *kp_file_real_path(kw_vm *vm, const char *path)
{
    kw_port_flush(vm);
    char *real = realpath(path, NULL);
    return real != NULL ? real : strdup(path);
}
