/* machine.c - sysconf(), and the files by which control groups tell their limits: where there are
 * none, there is no limit. */
#include "config.h"

#include "base/machine.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(HAVE_MALLOC_H)
#include <malloc.h>
#endif

/* ---- Control groups -------------------------------------------------------------------------- */

enum { PATH_SIZE = 4096 };

/* The number in a file; UINT64_MAX: there is none, which for these files means no limit. */
static uint64_t number_in(const char *path)
{
    char text[32] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return UINT64_MAX;
    size_t size = fread(text, 1, sizeof(text) - 1, file);
    (void)fclose(file);
    text[size] = '\0';
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    return end == text || errno != 0 ? UINT64_MAX : n;
}

/* The least limit that `file` tells in the folder `group` below `tree` and in those around it.
 * Within a container the outermost of them may be all that can be seen. */
static uint64_t least_in(const char *tree, char *group, const char *file)
{
    uint64_t least = UINT64_MAX;
    for (;;) {
        char path[PATH_SIZE];
        int size = snprintf(path, sizeof(path), "%s%s/%s", tree, group, file);
        if (size > 0 && (size_t)size < sizeof(path)) {
            uint64_t here = number_in(path);
            least = here < least ? here : least;
        }
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* Is "memory" among the words between commas? */
static bool names_memory(const char *words)
{
    static const char word[] = "memory";
    for (; words != NULL; words = strchr(words, ',')) {
        words += *words == ',';
        if (strncmp(words, word, sizeof(word) - 1) == 0 &&
            (words[sizeof(word) - 1] == ',' || words[sizeof(word) - 1] == '\0'))
            return true;
    }
    return false;
}

/* A line of /proc/self/cgroup is "NUMBER:CONTROLLERS:GROUP"; version 2 has the one without
 * controllers. */
static uint64_t limit_of_line(const char *root, char *line)
{
    char tree[PATH_SIZE];
    char *controllers = strchr(line, ':'), *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL)
        return UINT64_MAX;
    *controllers++ = *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
    bool second = controllers[0] == '\0';
    if (!second && !names_memory(controllers))
        return UINT64_MAX;
    (void)snprintf(tree, sizeof(tree), "%s/sys/fs/cgroup%s", root, second ? "" : "/memory");
    return least_in(tree, group, second ? "memory.max" : "memory.limit_in_bytes");
}

static uint64_t group_limit(const char *root)
{
    char path[PATH_SIZE], line[PATH_SIZE];
    uint64_t least = UINT64_MAX;
    (void)snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return least;
    while (fgets(line, sizeof(line), file) != NULL) {
        uint64_t limit = limit_of_line(root, line);
        least = limit < least ? limit : least;
    }
    (void)fclose(file);
    return least;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

size_t kb_machine_memory_allowed(const char *root)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t all = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
    uint64_t group = group_limit(root), most = all / 4 * 3, part = group / 5 * 4;
    if (group != UINT64_MAX && (all == 0 || part < most))
        most = part;
    return most < SIZE_MAX ? (size_t)most : SIZE_MAX;
}

void kb_machine_memory_release(void)
{
#if defined(HAVE_MALLOC_TRIM)
    (void)malloc_trim(0);
#endif
}
