/* cert.c - make, keep and recognise the development certificate.  The contract is in cert.h.
 *
 * Key and certificate share one file, so that no reader can see the key of one and the certificate
 * of another.  A new file appears by link(), which fails if another process was faster: then that
 * one's is taken, and all servers of the user agree.  Only a file that is no use is replaced, by
 * rename(). */
#include "config.h"

#include "net/cert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/locks.h"
#include "base/must.h"
#include "base/relief.h"
#include "net/gnutls.h"

enum {
    FILE_MAX = 16384,               /* bytes; key and certificate together have about 1100 */
    VALID_S = 10 * 365 * 24 * 3600, /* ten years */
    SLACK_S = 3600,                 /* for clocks that differ a little */
};

typedef struct dev_cert {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
} dev_cert;

typedef enum load_result {
    LOAD_OK,
    LOAD_MISSING,
    LOAD_UNUSABLE,
    LOAD_FAILED, /* nothing is known of what is there: it must not be replaced */
} load_result;

/* Both guarded by dev_lock, a leaf; no file is read under it. */
static pthread_mutex_t dev_lock = PTHREAD_MUTEX_INITIALIZER;
static dev_cert dev_memory;     /* the one that could not be written, or NULLs; never freed */
static gnutls_datum_t dev_last; /* DER of the last one used */

static void dev_fini(dev_cert *dev)
{
    if (dev->crt != NULL)
        kn_gnutls.x509_crt_deinit(dev->crt);
    if (dev->key != NULL)
        kn_gnutls.x509_privkey_deinit(dev->key);
    *dev = (dev_cert){NULL, NULL};
}

static int dev_init(dev_cert *dev)
{
    *dev = (dev_cert){NULL, NULL};
    int r = kn_gnutls.x509_crt_init(&dev->crt);
    if (r >= 0)
        r = kn_gnutls.x509_privkey_init(&dev->key);
    if (r < 0)
        dev_fini(dev);
    return r;
}

/* ---- Making ---------------------------------------------------------------------------------- */

static int dev_names(gnutls_x509_crt_t crt)
{
    static const char *const dns[] = {"localhost", "*.localhost"};
    static const unsigned char v4[4] = {127, 0, 0, 1};
    static const unsigned char v6[16] = {[15] = 1};
    int r = 0;
    for (size_t i = 0; i < sizeof(dns) / sizeof(dns[0]) && r >= 0; i++)
        r = kn_gnutls.x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, dns[i], (unsigned)strlen(dns[i]),
                                                    GNUTLS_FSAN_APPEND);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v4, sizeof(v4), GNUTLS_FSAN_APPEND);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, v6, sizeof(v6), GNUTLS_FSAN_APPEND);
    return r;
}

static int dev_usage(gnutls_x509_crt_t crt)
{
    int r = kn_gnutls.x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (r >= 0) /* no authority: whoever trusts it trusts this one certificate */
        r = kn_gnutls.x509_crt_set_basic_constraints(crt, 0, -1);
    return r;
}

static int dev_identity(gnutls_x509_crt_t crt)
{
    static const char name[] = "localhost";
    unsigned char serial[8];
    time_t now = time(NULL);
    int r = kn_gnutls.rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* a positive number without leading 0 */
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_version(crt, 3);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_serial(crt, serial, sizeof(serial));
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_activation_time(crt, now - SLACK_S);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_expiration_time(crt, now + VALID_S);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, sizeof(name) - 1);
    return r;
}

static int dev_make(dev_cert *dev)
{
    int r = dev_init(dev);
    if (r < 0)
        return r;
    r = kn_gnutls.x509_privkey_generate(dev->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (r >= 0)
        r = dev_identity(dev->crt);
    if (r >= 0)
        r = dev_names(dev->crt);
    if (r >= 0)
        r = dev_usage(dev->crt);
    if (r >= 0)
        r = kn_gnutls.x509_crt_set_key(dev->crt, dev->key);
    if (r >= 0)
        r = kn_gnutls.x509_crt_sign2(dev->crt, dev->crt, dev->key, GNUTLS_DIG_SHA256, 0);
    if (r < 0)
        dev_fini(dev);
    return r;
}

/* ---- Files ----------------------------------------------------------------------------------- */

/* Make `folder` and what is missing above it.  False unless it then is ours alone to write. */
static bool dev_folder_make(char *folder)
{
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* what matters is the last one, checked below */
        *slash = '/';
    }
    (void)mkdir(folder, 0700);
    struct stat info;
    return stat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static ssize_t read_all(int fd, char *buf, size_t size)
{
    size_t have = 0;
    while (have < size) {
        ssize_t n = read(fd, buf + have, size - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static bool write_all(int fd, const unsigned char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static bool dev_in_force(const dev_cert *dev)
{
    unsigned char of_crt[64], of_key[64];
    size_t crt_size = sizeof(of_crt), key_size = sizeof(of_key);
    time_t now = time(NULL);
    if (kn_gnutls.x509_crt_get_activation_time(dev->crt) > now + SLACK_S ||
        kn_gnutls.x509_crt_get_expiration_time(dev->crt) < now + SLACK_S)
        return false;
    return kn_gnutls.x509_crt_get_key_id(dev->crt, 0, of_crt, &crt_size) >= 0 &&
           kn_gnutls.x509_privkey_get_key_id(dev->key, 0, of_key, &key_size) >= 0 && crt_size == key_size &&
           memcmp(of_crt, of_key, crt_size) == 0;
}

static load_result dev_parse(dev_cert *dev, char *text, size_t size)
{
    gnutls_datum_t pem = {(unsigned char *)text, (unsigned)size};
    int r = dev_init(dev);
    if (r < 0)
        return LOAD_FAILED;
    r = kn_gnutls.x509_privkey_import(dev->key, &pem, GNUTLS_X509_FMT_PEM);
    if (r >= 0)
        r = kn_gnutls.x509_crt_import(dev->crt, &pem, GNUTLS_X509_FMT_PEM);
    if (r >= 0 && dev_in_force(dev))
        return LOAD_OK;
    dev_fini(dev);
    return r == GNUTLS_E_MEMORY_ERROR ? LOAD_FAILED : LOAD_UNUSABLE;
}

/* Open the file to read; -1 with errno set. */
static int dev_open(const char *path)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    while (fd < 0 && (errno == EINTR || kb_relief_ask(errno)));
    return fd;
}

static load_result why_not_opened(int error)
{
    bool is_short = error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO;
    return error == ENOENT ? LOAD_MISSING : is_short ? LOAD_FAILED : LOAD_UNUSABLE;
}

static load_result dev_load(const char *path, dev_cert *dev)
{
    char text[FILE_MAX];
    struct stat info;
    load_result result = LOAD_UNUSABLE;
    *dev = (dev_cert){NULL, NULL};
    int fd = dev_open(path);
    if (fd < 0)
        return why_not_opened(errno);
    /* A key that others could read or put there proves nothing. */
    if (fstat(fd, &info) != 0) {
        result = LOAD_FAILED;
    } else if (S_ISREG(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & 077) == 0) {
        ssize_t n = read_all(fd, text, sizeof(text));
        if (n < 0)
            result = LOAD_FAILED;
        else if (n > 0 && n < (ssize_t)sizeof(text))
            result = dev_parse(dev, text, (size_t)n);
    }
    (void)close(fd);
    kn_gnutls.memset(text, 0, sizeof(text));
    return result;
}

static bool dev_write(int fd, const dev_cert *dev)
{
    gnutls_datum_t key = {NULL, 0}, crt = {NULL, 0};
    bool ok = kn_gnutls.x509_privkey_export2(dev->key, GNUTLS_X509_FMT_PEM, &key) >= 0 &&
              kn_gnutls.x509_crt_export2(dev->crt, GNUTLS_X509_FMT_PEM, &crt) >= 0 &&
              write_all(fd, key.data, key.size) && /* first: the reader looks at the first block */
              write_all(fd, crt.data, crt.size) && fsync(fd) == 0;
    if (key.data != NULL)
        kn_gnutls.memset(key.data, 0, key.size);
    (*kn_gnutls.free)(key.data);
    (*kn_gnutls.free)(crt.data);
    return ok;
}

/* Put `dev` at `path`.  `replace`: what is there is no use.  A failure shows when the file is
 * read. */
static void dev_store(const char *path, const dev_cert *dev, bool replace)
{
    char draft[PATH_MAX];
    int n = snprintf(draft, sizeof(draft), "%s.XXXXXX", path);
    if (n < 0 || (size_t)n >= sizeof(draft))
        return;
    int fd = mkstemp(draft); /* mode 0600 */
    if (fd < 0)
        return;
    /* It holds a key: what another thread executes meanwhile must not inherit it. */
    bool ok = fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && dev_write(fd, dev);
    ok = close(fd) == 0 && ok;
    if (ok && !replace && link(draft, path) != 0 && errno != EEXIST)
        replace = true; /* a file system without links */
    if (!ok || !replace || rename(draft, path) != 0)
        (void)unlink(draft);
}

/* ---- Using ----------------------------------------------------------------------------------- */

/* Make the folder of the file at `path`.  False unless nobody else may write there. */
static bool dev_place_make(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    return dev_folder_make(folder);
}

/* Keep `made` in memory, unless there is one already; *dev is the one that is. */
static void dev_remember(dev_cert made, dev_cert *dev)
{
    kb_lock(&dev_lock);
    bool first = dev_memory.crt == NULL;
    if (first)
        dev_memory = made;
    *dev = dev_memory;
    kb_unlock(&dev_lock);
    if (!first)
        dev_fini(&made);
}

static bool dev_recall(dev_cert *dev)
{
    kb_lock(&dev_lock);
    *dev = dev_memory;
    kb_unlock(&dev_lock);
    return dev->crt != NULL;
}

/* Load the user's certificate, or make and store it.  Gives the certificate to use in *dev, and in
 * *kept whether it is the one in the file: then it is the caller's. */
static int dev_find(const char *path, dev_cert *dev, bool *kept)
{
    load_result found = path == NULL ? LOAD_FAILED : dev_load(path, dev);
    *kept = true;
    if (found == LOAD_OK)
        return 0;
    bool writable = found != LOAD_FAILED && dev_place_make(path);
    *kept = false;
    if (!writable && dev_recall(dev))
        return 0;
    dev_cert made;
    int r = dev_make(&made);
    if (r < 0)
        return r;
    if (writable) {
        dev_store(path, &made, found == LOAD_UNUSABLE);
        if (dev_load(path, dev) == LOAD_OK) { /* ours, or that of another thread or process that was faster */
            dev_fini(&made);
            *kept = true;
            return 0;
        }
    }
    dev_remember(made, dev);
    return 0;
}

/* Copy `from`, the library's, to *out: malloc'ed, and free it. */
static void take_der(gnutls_datum_t *from, gnutls_datum_t *out)
{
    out->data = malloc(from->size);
    out->size = out->data == NULL ? 0 : from->size;
    if (out->data != NULL)
        memcpy(out->data, from->data, from->size);
    (*kn_gnutls.free)(from->data);
}

static void dev_export(const dev_cert *dev, gnutls_datum_t *out)
{
    gnutls_datum_t der = {NULL, 0};
    *out = der;
    if (kn_gnutls.x509_crt_export2(dev->crt, GNUTLS_X509_FMT_DER, &der) >= 0)
        take_der(&der, out);
}

/* Clients of this process know it without looking at the file.  0 or an error of the library. */
static int dev_note(const dev_cert *dev)
{
    gnutls_datum_t der;
    dev_export(dev, &der);
    if (der.data == NULL)
        return GNUTLS_E_MEMORY_ERROR;
    kb_lock(&dev_lock);
    gnutls_datum_t old = dev_last;
    dev_last = der;
    kb_unlock(&dev_lock);
    free(old.data);
    return 0;
}

kb_status kn_cert_dev_use(gnutls_certificate_credentials_t creds, const char *path, kb_error *err)
{
    dev_cert dev = {NULL, NULL};
    bool kept = false;
    int r = dev_find(path, &dev, &kept);
    if (r >= 0)
        r = kn_gnutls.certificate_set_x509_key(creds, &dev.crt, 1, dev.key);
    if (r >= 0)
        r = dev_note(&dev);
    if (kept)
        dev_fini(&dev);
    if (r < 0)
        return kb_error_fail(err, r == GNUTLS_E_MEMORY_ERROR ? KB_ENOMEM : KB_ETLS, 0, "development certificate: %s",
                             kn_gnutls.strerror(r));
    return KB_OK;
}

void kn_cert_dev_read(const char *path, gnutls_datum_t *out)
{
    dev_cert dev;
    *out = (gnutls_datum_t){NULL, 0};
    if (dev_load(path, &dev) != LOAD_OK)
        return;
    dev_export(&dev, out);
    dev_fini(&dev);
}

bool kn_cert_dev_used(const gnutls_datum_t *leaf)
{
    kb_lock(&dev_lock);
    bool used = dev_last.size == leaf->size && leaf->size > 0 && memcmp(dev_last.data, leaf->data, leaf->size) == 0;
    kb_unlock(&dev_lock);
    return used;
}
