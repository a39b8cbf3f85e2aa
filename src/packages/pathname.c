/* pathname.c - see pathname.h. */
#include "config.h"

#include "packages/pathname.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

char *kp_pathname_join(const char *folder, const char *name)
{
    size_t folder_size = name[0] == '/' ? 0 : strlen(folder), name_size = strlen(name);
    bool slash = folder_size > 0 && name_size > 0 && folder[folder_size - 1] != '/';
    char *joined = malloc(folder_size + slash + name_size + 1);
    if (joined == NULL)
        return NULL;
    memcpy(joined, folder, folder_size);
    if (slash)
        joined[folder_size] = '/';
    memcpy(joined + folder_size + slash, name, name_size + 1);
    return joined;
}

/* Take the last part off [text, end), which begins with a slash or is empty. */
static char *climb(const char *text, char *end)
{
    while (end > text && *--end != '/')
        continue;
    return end;
}

/* Resolve `.`, `..` and doubled slashes of an absolute path in place. */
static void normalise(char *path)
{
    char *end = path;
    for (const char *at = path; *at != '\0';) {
        at += strspn(at, "/");
        size_t size = strcspn(at, "/");
        if (size == 2 && at[0] == '.' && at[1] == '.') {
            end = climb(path, end);
        } else if (size == 0 || size > 1 || at[0] != '.') {
            assert(end < at); /* it gets shorter: in place nothing is overtaken */
            *end++ = '/';     /* with size 0: the slash at the end */
            memmove(end, at, size);
            end += size;
        }
        at += size;
    }
    if (end == path)
        *end++ = '/';
    *end = '\0';
}

char *kp_pathname_absolute(const char *folder, const char *path)
{
    assert(folder[0] == '/' || path[0] == '/');
    char *joined = kp_pathname_join(folder, path);
    if (joined != NULL)
        normalise(joined);
    return joined;
}

const char *kp_pathname_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

const char *kp_pathname_extension(const char *path)
{
    const char *name = kp_pathname_name(path), *dot = strrchr(name, '.');
    return dot != NULL && dot[1] != '\0' ? dot : name + strlen(name);
}

size_t kp_pathname_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || strcmp(path, "/") == 0)
        return 0;
    return slash == path ? 1 : (size_t)(slash - path);
}
