/* glob.c - files whose names match patterns.  See glob.h. */
#include "config.h"

#include "packages/glob.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packages/tree.h"

/* ---- Patterns ---------------------------------------------------------------------------------- */

/* Does the text [name, name_end) without slashes match [pattern, pattern_end)?  Linear but for the last `*`. */
static bool part_matches(const char *pattern, const char *pattern_end, const char *name, const char *name_end)
{
    const char *star = NULL, *from = NULL; /* the last `*`, and where what it stands for ends so far */
    while (name < name_end) {
        if (pattern < pattern_end && *pattern == '*') {
            star = pattern++;
            from = name;
        } else if (pattern < pattern_end && *pattern == *name) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (pattern < pattern_end && *pattern == '*')
        pattern++;
    return pattern == pattern_end;
}

static const char *part_end(const char *text)
{
    return text + strcspn(text, "/");
}

static const char *next_part(const char *text)
{
    text = part_end(text);
    return text + strspn(text, "/");
}

/* As above, a level up: `**` stands for any number of parts.  A pattern that ends with a slash means all below. */
bool kp_glob_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *from = NULL;
    pattern += strspn(pattern, "/");
    while (strncmp(pattern, "./", 2) == 0)
        pattern = next_part(pattern);
    bool below = pattern[0] != '\0' && pattern[strlen(pattern) - 1] == '/';
    while (*name != '\0') {
        const char *end = part_end(pattern);
        if (end - pattern == 2 && pattern[0] == '*' && pattern[1] == '*') {
            star = pattern = next_part(pattern);
            from = name;
            if (*pattern == '\0')
                return true;
        } else if (end > pattern && part_matches(pattern, end, name, part_end(name))) {
            pattern = next_part(pattern);
            name = next_part(name);
            if (below && *pattern == '\0' && *name != '\0')
                return true;
        } else if (star != NULL) {
            pattern = star;
            name = from = next_part(from);
        } else {
            return false;
        }
    }
    return *pattern == '\0' && !below;
}

/* ---- Files ------------------------------------------------------------------------------------- */

static bool one_matches(const char *const *patterns, const char *name)
{
    for (; *patterns != NULL; patterns++)
        if (kp_glob_matches(*patterns, name))
            return true;
    return false;
}

/* Can a pattern match below the top? */
static bool goes_deep(const char *const *patterns)
{
    for (; *patterns != NULL; patterns++)
        if (strchr(*patterns, '/') != NULL || strstr(*patterns, "**") != NULL)
            return true;
    return false;
}

int kp_glob_find(const char *path, const char *const *includes, const char *const *excludes, kp_disk_bytes *found)
{
    kp_disk_bytes files = {.data = NULL}, folders = {.data = NULL};
    int error = kp_tree_list(path, goes_deep(includes), &files, &folders);
    size_t skip = strlen(path);
    for (size_t at = 0; error == 0 && at < files.size;) {
        const char *file = (const char *)files.data + at, *name = file + skip;
        assert(strncmp(file, path, skip) == 0);
        size_t size = strlen(file) + 1;
        name += strspn(name, "/");
        if (one_matches(includes, name) && !one_matches(excludes, name))
            error = kp_disk_append(found, file, size);
        at += size;
    }
    free(files.data);
    free(folders.data);
    return error;
}
