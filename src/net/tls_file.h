/* tls_file.h - inside the TLS layer: files of certificates and keys, and whether they have changed.
 *
 * Place: net layer, below contexts; nobody else includes it.
 * Threads: any, each on its own data.  All functions read files: they may hang where a server is gone, so no lock is
 * held around them. */
#ifndef KN_TLS_FILE_H
#define KN_TLS_FILE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Read the PEM file at `path`, which `what` names for a person, into *out: malloc'ed, terminated; the caller frees
 * it.  Errors, which name the file: KB_EIO (not readable, empty, too large), KB_EINVAL (no PEM in it), KB_ENOMEM. */
kb_status kn_tls_file_read(const char *what, const char *path, gnutls_datum_t *out, kb_error *err);

/* The same for a DER file. */
kb_status kn_tls_file_read_der(const char *what, const char *path, gnutls_datum_t *out, kb_error *err);

/* Files and folders as they were when they were last looked at. */
typedef struct kn_tls_files {
    struct kn_tls_file *at; /* tls_file.c */
    size_t count;
} kn_tls_files;

/* Remember `path` as it is now: before it is read, so that no change is missed.  NULL is ignored.  KB_ENOMEM. */
kb_status kn_tls_file_watch(kn_tls_files *files, const char *path);
/* Has one of them changed, come or gone?  What is no file or folder (a pipe) never changes. */
bool kn_tls_file_changed(const kn_tls_files *files);
void kn_tls_file_forget(kn_tls_files *files);

#endif
