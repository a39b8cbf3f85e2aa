/* tls_trust.c - see tls_trust.h. */
#include "config.h"

#include "net/tls_trust.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/locks.h"
#include "base/relief.h"
#include "net/gnutls.h"
#include "net/tls_file.h"

enum { FIRST_ROOM = 256 }; /* more than a system has */

typedef struct part {
    const unsigned char *at;
    size_t size;
} part;

struct kn_authority {
    gnutls_datum_t der;   /* the library's */
    part subject, issuer; /* of it */
    bool loaded;          /* the credentials have it, or never will */
};

int kn_tls_trust_init(kn_tls_trust *trust)
{
    *trust = (kn_tls_trust){.at = NULL};
    return pthread_rwlock_init(&trust->lock, NULL);
}

void kn_tls_trust_fini(kn_tls_trust *trust)
{
    for (size_t i = 0; i < trust->count; i++)
        (*kn_gnutls.free)(trust->at[i].der.data);
    free(trust->at);
    MUST(pthread_rwlock_destroy(&trust->lock));
}

/* ---- The names in a certificate (RFC 5280, 4.1) ---------------------------------------------- */

enum { DER_SEQUENCE = 0x30, DER_INTEGER = 0x02, DER_VERSION = 0xA0 };

/* How many bytes the element at *rest has, its head included, and how many the head.  0: it does not fit. */
static size_t measure(const part *rest, size_t *head)
{
    if (rest->size < 2)
        return 0;
    size_t size = rest->at[1], bytes = size >= 0x80 ? size & 0x7F : 0;
    *head = 2 + bytes;
    if (bytes > 4 || rest->size < *head)
        return 0;
    if (size >= 0x80)
        size = 0;
    for (size_t i = 0; i < bytes; i++)
        size = size << 8 | rest->at[2 + i];
    return size > rest->size - *head ? 0 : *head + size;
}

/* Take the element at the begin of *rest, whole, into *out (NULL: nobody needs it).  false: it is of another type. */
static bool take(part *rest, unsigned char type, part *out)
{
    size_t head, size = measure(rest, &head);
    if (size == 0 || rest->at[0] != type)
        return false;
    if (out != NULL)
        *out = (part){rest->at, size};
    rest->at += size;
    rest->size -= size;
    return true;
}

/* Go into the sequence at the begin of *rest. */
static bool enter(part *rest)
{
    size_t head, size = measure(rest, &head);
    if (size == 0 || rest->at[0] != DER_SEQUENCE)
        return false;
    *rest = (part){rest->at + head, size - head};
    return true;
}

/* false: it is no certificate. */
static bool read_names(const gnutls_datum_t *der, part *issuer, part *subject)
{
    part rest = {der->data, der->size};
    if (!enter(&rest) || !enter(&rest))
        return false;
    (void)take(&rest, DER_VERSION, NULL); /* version 1 does not say so */
    return take(&rest, DER_INTEGER, NULL) && take(&rest, DER_SEQUENCE, NULL) && take(&rest, DER_SEQUENCE, issuer) &&
           take(&rest, DER_SEQUENCE, NULL) && take(&rest, DER_SEQUENCE, subject);
}

static bool same(const part *a, const part *b)
{
    return a->size == b->size && memcmp(a->at, b->at, a->size) == 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* It may have come before: the folder of a system has each certificate, and the bundle of all. */
static bool is_known(const kn_tls_trust *trust, const gnutls_datum_t *der)
{
    for (size_t i = 0; i < trust->count; i++)
        if (trust->at[i].der.size == der->size && memcmp(trust->at[i].der.data, der->data, der->size) == 0)
            return true;
    return false;
}

static bool make_room(kn_tls_trust *trust)
{
    if (trust->count < trust->room)
        return true;
    size_t room = trust->room == 0 ? FIRST_ROOM : trust->room * 2;
    kn_authority *more = realloc(trust->at, room * sizeof(*more));
    if (more == NULL)
        return false;
    trust->at = more;
    trust->room = room;
    return true;
}

/* Add a certificate, which is taken over. */
static kb_status add(kn_tls_trust *trust, gnutls_datum_t der)
{
    kn_authority authority = {.der = der};
    bool wanted = read_names(&der, &authority.issuer, &authority.subject) && !is_known(trust, &der);
    bool added = wanted && make_room(trust);
    if (added)
        trust->at[trust->count++] = authority;
    else
        (*kn_gnutls.free)(der.data);
    return added || !wanted ? KB_OK : KB_ENOMEM;
}

static const char begin[] = "-----BEGIN ";

static bool begins_certificate(const char *text)
{
    static const char *const labels[] = {"CERTIFICATE-----", "X509 CERTIFICATE-----"};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
        if (strncmp(text + sizeof(begin) - 1, labels[i], strlen(labels[i])) == 0)
            return true;
    return false;
}

kb_status kn_tls_trust_add_file(kn_tls_trust *trust, const char *path)
{
    gnutls_datum_t text, der;
    kb_error err;
    kb_status status = kn_tls_file_read("TLS authorities", path, &text, &err);
    if (status != KB_OK)
        return status == KB_ENOMEM ? status : KB_OK;
    const char *end = (const char *)text.data + text.size;
    for (char *at = (char *)text.data; (at = strstr(at, begin)) != NULL && status == KB_OK; at++) {
        const gnutls_datum_t rest = {(unsigned char *)at, (unsigned)(end - at)};
        if (begins_certificate(at) && kn_gnutls.pem_base64_decode2(NULL, &rest, &der) >= 0)
            status = add(trust, der);
    }
    free(text.data);
    return status;
}

/* ---- Folders --------------------------------------------------------------------------------- */

typedef struct seen { /* files that were read: they have a second name each, for those who find them by a hash */
    struct {
        dev_t dev;
        ino_t ino;
    } * at;
    size_t count, room;
} seen;

/* Is this file a new one?  Without memory to note it, it is. */
static bool is_new(seen *files, const struct stat *info)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->at[i].ino == info->st_ino && files->at[i].dev == info->st_dev)
            return false;
    if (files->count == files->room) {
        size_t room = files->room == 0 ? FIRST_ROOM : files->room * 2;
        void *more = realloc(files->at, room * sizeof(*files->at));
        if (more == NULL)
            return true;
        files->at = more;
        files->room = room;
    }
    files->at[files->count].dev = info->st_dev;
    files->at[files->count++].ino = info->st_ino;
    return true;
}

kb_status kn_tls_trust_add_folder(kn_tls_trust *trust, const char *path)
{
    DIR *folder;
    do
        folder = opendir(path);
    while (folder == NULL && kb_relief_ask(errno));
    seen files = {.at = NULL};
    kb_status status = KB_OK;
    if (folder == NULL)
        return KB_OK;
    for (struct dirent *entry; status == KB_OK && (entry = readdir(folder)) != NULL;) {
        char name[PATH_MAX];
        struct stat info;
        int size = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (size > 0 && (size_t)size < sizeof(name) && stat(name, &info) == 0 && S_ISREG(info.st_mode) &&
            is_new(&files, &info))
            status = kn_tls_trust_add_file(trust, name);
    }
    (void)closedir(folder);
    free(files.at);
    return status;
}

/* ---- Loading --------------------------------------------------------------------------------- */

/* false: memory is short. */
static bool load(const kn_authority *authority, gnutls_certificate_credentials_t creds)
{
    gnutls_x509_trust_list_t list;
    gnutls_x509_crt_t crt;
    if (kn_gnutls.x509_crt_init(&crt) < 0)
        return false;
    kn_gnutls.certificate_get_trust_list(creds, &list);
    int r = kn_gnutls.x509_crt_import(crt, &authority->der, GNUTLS_X509_FMT_DER);
    if (r < 0 || kn_gnutls.x509_trust_list_add_cas(list, &crt, 1, 0) != 1)
        kn_gnutls.x509_crt_deinit(crt); /* else it is the list's */
    return r != GNUTLS_E_MEMORY_ERROR;
}

/* Load the authorities with that name; `dry`: only say whether there are any to be loaded. */
static bool load_named(kn_tls_trust *trust, gnutls_certificate_credentials_t creds, const part *name, bool dry)
{
    bool any = false;
    for (size_t i = 0; i < trust->count; i++) {
        kn_authority *authority = &trust->at[i];
        if (authority->loaded || !same(&authority->subject, name))
            continue;
        any = true;
        if (dry)
            break;
        authority->loaded = load(authority, creds);
    }
    return any;
}

/* The names that the chain has, of those who are in it and of those who issued them. */
static bool load_chain(kn_tls_trust *trust, gnutls_certificate_credentials_t creds, const gnutls_datum_t *chain,
                       unsigned count, bool dry)
{
    bool any = false;
    for (unsigned i = 0; i < count && !(any && dry); i++) {
        part issuer, subject;
        if (!read_names(&chain[i], &issuer, &subject))
            continue;
        any = load_named(trust, creds, &issuer, dry) || any;
        any = load_named(trust, creds, &subject, dry) || any;
    }
    return any;
}

void kn_tls_trust_prepare(kn_tls_trust *trust, gnutls_certificate_credentials_t creds, const gnutls_datum_t *chain,
                          unsigned count)
{
    if (trust->count == 0)
        return;
    kb_lock_read(&trust->lock);
    bool missing = load_chain(trust, creds, chain, count, true);
    kb_unlock_shared(&trust->lock);
    if (!missing)
        return;
    kb_lock_write(&trust->lock);
    (void)load_chain(trust, creds, chain, count, false);
    kb_unlock_shared(&trust->lock);
}

void kn_tls_trust_enter(kn_tls_trust *trust)
{
    kb_lock_read(&trust->lock);
}

void kn_tls_trust_leave(kn_tls_trust *trust)
{
    kb_unlock_shared(&trust->lock);
}
