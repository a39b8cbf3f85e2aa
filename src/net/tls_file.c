/* tls_file.c - see tls_file.h. */
#include "config.h"

#include "net/tls_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/relief.h"

enum {
    FILE_MAX = 16 * 1024 * 1024, /* bytes; the bundle of a system has about 200 KB */
    FIRST_SIZE = 16 * 1024,
};

struct kn_tls_file {
    char *path;
    bool there;
    struct stat info;
};

static kb_status fail(kb_error *err, kb_status status, int sys, const char *what, const char *path, const char *why)
{
    return kb_error_fail(err, status, sys, "%s %.120s: %s", what, path, why);
}

static kb_status fail_sys(kb_error *err, const char *what, const char *path)
{
    char buf[96];
    int sys = errno;
    return fail(err, KB_EIO, sys, what, path, kb_error_errno_text(sys, buf, sizeof(buf)));
}

/* Read all of `fd` into *out, growing; there is room for a terminator. */
static kb_status read_all(int fd, const char *what, const char *path, gnutls_datum_t *out, kb_error *err)
{
    size_t room = 0, size = 0;
    for (;;) {
        if (size + 1 >= room) {
            room = room == 0 ? FIRST_SIZE : room * 2;
            unsigned char *more = room > FILE_MAX ? NULL : realloc(out->data, room);
            if (more == NULL)
                return room > FILE_MAX ? fail(err, KB_EIO, EFBIG, what, path, "the file is too large")
                                       : fail(err, KB_ENOMEM, ENOMEM, what, path, "out of memory");
            out->data = more;
        }
        ssize_t n = read(fd, out->data + size, room - size - 1);
        if (n < 0 && errno != EINTR)
            return fail_sys(err, what, path);
        if (n == 0)
            break;
        size += n > 0 ? (size_t)n : 0;
    }
    out->data[size] = '\0';
    out->size = (unsigned)size;
    return KB_OK;
}

typedef enum form { PEM, DER } form;

static kb_status check_form(const gnutls_datum_t *data, form wanted, const char *what, const char *path, kb_error *err)
{
    if (data->size == 0)
        return fail(err, KB_EIO, 0, what, path, "the file is empty");
    bool pem = strstr((const char *)data->data, "-----BEGIN") != NULL, der = data->data[0] == 0x30;
    if (wanted == PEM ? pem : der)
        return KB_OK;
    if (wanted == DER)
        return fail(err, KB_EINVAL, 0, what, path,
                    pem ? "it has the form PEM, DER is needed" : "it does not have the form DER");
    return fail(err, KB_EINVAL, 0, what, path,
                der ? "it has the form DER, PEM is needed" : "it is no PEM file (no -----BEGIN in it)");
}

static kb_status read_file(const char *what, const char *path, form wanted, gnutls_datum_t *out, kb_error *err)
{
    *out = (gnutls_datum_t){NULL, 0};
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && kb_relief_ask(errno));
    if (fd < 0)
        return fail_sys(err, what, path);
    kb_status status = read_all(fd, what, path, out, err);
    (void)close(fd);
    if (status == KB_OK)
        status = check_form(out, wanted, what, path, err);
    if (status != KB_OK) {
        free(out->data);
        *out = (gnutls_datum_t){NULL, 0};
    }
    return status;
}

kb_status kn_tls_file_read(const char *what, const char *path, gnutls_datum_t *out, kb_error *err)
{
    return read_file(what, path, PEM, out, err);
}

kb_status kn_tls_file_read_der(const char *what, const char *path, gnutls_datum_t *out, kb_error *err)
{
    return read_file(what, path, DER, out, err);
}

/* ---- Changes --------------------------------------------------------------------------------- */

static void look(struct kn_tls_file *file)
{
    file->there = stat(file->path, &file->info) == 0;
}

kb_status kn_tls_file_watch(kn_tls_files *files, const char *path)
{
    if (path == NULL)
        return KB_OK;
    struct kn_tls_file *more = realloc(files->at, (files->count + 1) * sizeof(*more));
    if (more == NULL)
        return KB_ENOMEM;
    files->at = more;
    more[files->count].path = strdup(path);
    if (more[files->count].path == NULL)
        return KB_ENOMEM;
    look(&more[files->count++]);
    return KB_OK;
}

static bool changed(const struct kn_tls_file *old)
{
    struct kn_tls_file now = {.path = old->path};
    look(&now);
    if (now.there != old->there)
        return true;
    if (!now.there || !(S_ISREG(now.info.st_mode) || S_ISDIR(now.info.st_mode)))
        return false;
    return now.info.st_dev != old->info.st_dev || now.info.st_ino != old->info.st_ino ||
           now.info.st_size != old->info.st_size || now.info.st_mtim.tv_sec != old->info.st_mtim.tv_sec ||
           now.info.st_mtim.tv_nsec != old->info.st_mtim.tv_nsec;
}

bool kn_tls_file_changed(const kn_tls_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        if (changed(&files->at[i]))
            return true;
    return false;
}

void kn_tls_file_forget(kn_tls_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        free(files->at[i].path);
    free(files->at);
    *files = (kn_tls_files){.at = NULL};
}
