/* tree.c - see tree.h. */
#define _XOPEN_SOURCE 700
#include "config.h"

#include "packages/tree.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/relief.h"
#include "packages/pathname.h"

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next name in `dir`; NULL: its end, or errno is set. */
static const char *next_name(DIR *dir)
{
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(dir);
    } while (entry != NULL && is_dots(entry->d_name));
    return entry != NULL ? entry->d_name : NULL;
}

/* ---- Walking ----------------------------------------------------------------------------------- */

/* What a walk does with the entries of a folder.  Gives 0, an errno, or SKIP for a folder that is not to be entered. */
enum { SKIP = -1 };
typedef struct walk walk;
struct walk {
    int (*enter)(walk *w, const char *path, const struct stat *s); /* a folder, before what is in it */
    int (*meet)(walk *w, const char *path, const struct stat *s);  /* anything else */
    void *data;
};

static int walk_folder(walk *w, const char *path, int depth);

/* A folder that is a link is not a folder here. */
static int walk_entry(walk *w, const char *folder, const char *name, int depth)
{
    struct stat s;
    char *path = kp_pathname_join(folder, name);
    int error = path == NULL ? ENOMEM : 0;
    if (error == 0 && lstat(path, &s) != 0)
        error = errno == ENOENT ? SKIP : errno; /* somebody has removed it meanwhile */
    if (error == 0 && !S_ISDIR(s.st_mode))
        error = w->meet(w, path, &s);
    else if (error == 0 && (error = w->enter(w, path, &s)) == 0)
        error = walk_folder(w, path, depth + 1);
    free(path);
    return error == SKIP ? 0 : error;
}

static int walk_folder(walk *w, const char *path, int depth)
{
    DIR *dir;
    do
        dir = depth < KP_TREE_DEPTH ? opendir(path) : NULL;
    while (dir == NULL && depth < KP_TREE_DEPTH && kb_relief_ask(errno));
    int error = 0;
    const char *name;
    if (dir == NULL)
        return depth < KP_TREE_DEPTH ? errno : ELOOP;
    while (error == 0 && (name = next_name(dir)) != NULL)
        error = walk_entry(w, path, name, depth);
    if (error == 0)
        error = errno; /* of next_name() */
    (void)closedir(dir);
    return error;
}

static int put_name(kp_disk_bytes *names, const char *name)
{
    return kp_disk_append(names, name, strlen(name) + 1);
}

/* ---- Listing ----------------------------------------------------------------------------------- */

typedef struct listing {
    kp_disk_bytes *files, *folders;
    bool recursive;
} listing;

static int list_folder(walk *w, const char *path, const struct stat *s)
{
    const listing *l = w->data;
    (void)s;
    int error = put_name(l->folders, path);
    return error == 0 && !l->recursive ? SKIP : error;
}

/* A link to a folder is listed with the folders. */
static int list_file(walk *w, const char *path, const struct stat *s)
{
    const listing *l = w->data;
    struct stat behind;
    bool folder = S_ISLNK(s->st_mode) && stat(path, &behind) == 0 && S_ISDIR(behind.st_mode);
    return put_name(folder ? l->folders : l->files, path);
}

int kp_tree_list(const char *path, bool recursive, kp_disk_bytes *files, kp_disk_bytes *folders)
{
    listing l = {files, folders, recursive};
    walk w = {list_folder, list_file, &l};
    return walk_folder(&w, path, 0);
}

/* ---- Copying ----------------------------------------------------------------------------------- */

typedef struct copying {
    const char *from, *to;
    struct stat target; /* the folder that is made: it may lie in what is copied, and is not copied into itself */
} copying;

/* Where the copy of `path` goes. */
static char *copy_of(const copying *c, const char *path)
{
    assert(strncmp(path, c->from, strlen(c->from)) == 0); /* a walk begins there */
    const char *inside = path + strlen(c->from);
    return kp_pathname_join(c->to, inside + strspn(inside, "/"));
}

static int copy_folder(walk *w, const char *path, const struct stat *s)
{
    const copying *c = w->data;
    if (s->st_dev == c->target.st_dev && s->st_ino == c->target.st_ino)
        return SKIP;
    char *to = copy_of(c, path);
    int error = to == NULL ? ENOMEM : kp_disk_mkdirs(to);
    free(to);
    return error;
}

static int copy_link(const char *from, const char *to, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        return ENOMEM;
    ssize_t n = readlink(from, text, size + 1);
    int error = n < 0 ? errno : (size_t)n > size ? EAGAIN : 0; /* changed meanwhile */
    if (error == 0) {
        text[n] = '\0';
        if (unlink(to) != 0 && errno != ENOENT)
            error = errno;
        else if (symlink(text, to) != 0)
            error = errno;
    }
    free(text);
    return error;
}

static int copy_file(walk *w, const char *path, const struct stat *s)
{
    char *to = copy_of(w->data, path);
    int error = 0;
    if (to == NULL)
        error = ENOMEM;
    else if (S_ISLNK(s->st_mode))
        error = copy_link(path, to, s->st_size > 0 ? (size_t)s->st_size : 4096);
    else if (S_ISREG(s->st_mode)) /* a pipe or a device would hang, or never end */
        error = kp_disk_copy(path, to, true);
    free(to);
    return error;
}

int kp_tree_copy(const char *from, const char *to)
{
    copying c = {.from = from, .to = to};
    walk w = {copy_folder, copy_file, &c};
    int error = kp_disk_mkdirs(to);
    if (error == 0 && stat(to, &c.target) != 0)
        error = errno;
    return error == 0 ? walk_folder(&w, from, 0) : error;
}

/* ---- Removing ---------------------------------------------------------------------------------- */

static int remove_folder(int parent, const char *name, int depth, int64_t *count);

/* A name in the folder `parent`; by descriptors, so that nobody can put a link in its way. */
static int remove_entry(int parent, const char *name, int depth, int64_t *count)
{
    struct stat s;
    if (fstatat(parent, name, &s, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : errno;
    if (S_ISDIR(s.st_mode))
        return remove_folder(parent, name, depth, count);
    if (unlinkat(parent, name, 0) != 0)
        return errno == ENOENT ? 0 : errno;
    ++*count;
    return 0;
}

static int empty_folder(DIR *dir, int depth, int64_t *count)
{
    int error = 0;
    const char *name;
    while (error == 0 && (name = next_name(dir)) != NULL)
        error = remove_entry(dirfd(dir), name, depth, count);
    return error == 0 ? errno : error;
}

static int remove_folder(int parent, const char *name, int depth, int64_t *count)
{
    if (depth >= KP_TREE_DEPTH)
        return ELOOP;
    int fd;
    do
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    while (fd < 0 && kb_relief_ask(errno));
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        int error = errno;
        if (fd >= 0)
            (void)close(fd);
        return error;
    }
    int error = empty_folder(dir, depth + 1, count);
    (void)closedir(dir);
    if (error == 0 && unlinkat(parent, name, AT_REMOVEDIR) != 0)
        error = errno;
    *count += error == 0;
    return error;
}

/* A slash at the end would follow a link. */
int kp_tree_remove(const char *path, int64_t *count)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    char *bare = strndup(path, size);
    *count = 0;
    int error = bare == NULL ? ENOMEM : remove_entry(AT_FDCWD, bare, 0, count);
    free(bare);
    return error;
}
