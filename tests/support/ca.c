/* ca.c - an authority for tests.  The contract is in ca.h. */
#include "config.h"

#include "support/ca.h"

#include <arpa/inet.h>
#include <check.h>
#include <dirent.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATHS = 64, PATH_BYTES = 256, HOUR_S = 3600 };

struct ca {
    char folder[64];
    char paths[PATHS][PATH_BYTES];
    int path_count;
    gnutls_x509_crt_t crt, middle; /* middle: the intermediate authority, or NULL */
    gnutls_x509_privkey_t key, middle_key;
};

#define GOOD(call) ck_assert_int_ge((call), 0)

const char *ca_path(ca *authority, const char *file)
{
    char path[PATH_BYTES];
    int n = snprintf(path, sizeof(path), "%s/%s", authority->folder, file);
    ck_assert(n > 0 && n < PATH_BYTES);
    for (int i = 0; i < authority->path_count; i++)
        if (strcmp(authority->paths[i], path) == 0)
            return authority->paths[i];
    ck_assert_int_lt(authority->path_count, PATHS);
    return memcpy(authority->paths[authority->path_count++], path, sizeof(path));
}

static void save(ca *authority, const char *name, const char *ending, gnutls_datum_t *pem)
{
    char file[64];
    (void)snprintf(file, sizeof(file), "%s.%s", name, ending);
    FILE *f = fopen(ca_path(authority, file), "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(pem->data, 1, pem->size, f), pem->size);
    ck_assert_int_eq(fclose(f), 0);
    gnutls_free(pem->data);
    pem->data = NULL;
}

static gnutls_x509_privkey_t new_key(int rsa_bits)
{
    gnutls_x509_privkey_t key;
    GOOD(gnutls_x509_privkey_init(&key));
    if (rsa_bits > 0)
        GOOD(gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, (unsigned)rsa_bits, 0));
    else
        GOOD(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    return key;
}

static gnutls_x509_crt_t new_crt(const char *name, gnutls_x509_privkey_t key)
{
    gnutls_x509_crt_t crt;
    unsigned char serial[8];
    GOOD(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)));
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40);
    GOOD(gnutls_x509_crt_init(&crt));
    GOOD(gnutls_x509_crt_set_version(crt, 3));
    GOOD(gnutls_x509_crt_set_serial(crt, serial, sizeof(serial)));
    GOOD(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)));
    GOOD(gnutls_x509_crt_set_key(crt, key));
    return crt;
}

static void add_names(gnutls_x509_crt_t crt, const ca_spec *spec)
{
    unsigned char address[16];
    if (spec->dns != NULL)
        GOOD(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, spec->dns, (unsigned)strlen(spec->dns),
                                                  GNUTLS_FSAN_APPEND));
    if (spec->ip == NULL)
        return;
    bool v4 = inet_pton(AF_INET, spec->ip, address) == 1;
    ck_assert(v4 || inet_pton(AF_INET6, spec->ip, address) == 1);
    GOOD(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, address, v4 ? 4 : 16, GNUTLS_FSAN_APPEND));
}

static void set_time(gnutls_x509_crt_t crt, const ca_spec *spec)
{
    time_t now = time(NULL);
    GOOD(gnutls_x509_crt_set_activation_time(crt, now + (spec->from_s != 0 ? spec->from_s : -HOUR_S)));
    GOOD(gnutls_x509_crt_set_expiration_time(crt, now + (spec->until_s != 0 ? spec->until_s : HOUR_S)));
}

static void set_use(gnutls_x509_crt_t crt, const ca_spec *spec)
{
    GOOD(gnutls_x509_crt_set_basic_constraints(crt, spec->authority, -1));
    GOOD(gnutls_x509_crt_set_key_usage(crt, spec->authority ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE));
    if (!spec->authority)
        GOOD(gnutls_x509_crt_set_key_purpose_oid(
            crt, spec->client ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER, 0));
}

static void sign(ca *authority, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const ca_spec *spec)
{
    gnutls_x509_crt_t by = spec->self_signed ? crt : spec->below ? authority->middle : authority->crt;
    gnutls_x509_privkey_t with = spec->self_signed ? key : spec->below ? authority->middle_key : authority->key;
    GOOD(gnutls_x509_crt_sign2(crt, by, with, spec->sha1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256, 0));
}

/* Whoever is issued after it as `below` is issued by it. */
static void keep_authority(ca *authority, gnutls_x509_crt_t crt, gnutls_x509_privkey_t key)
{
    if (authority->middle != NULL)
        gnutls_x509_crt_deinit(authority->middle);
    authority->middle = crt;
    authority->middle_key = key;
}

void ca_issue(ca *authority, const char *name, const ca_spec *spec)
{
    gnutls_datum_t pem = {NULL, 0};
    bool renewed = spec->authority && authority->middle_key != NULL;
    gnutls_x509_privkey_t key = renewed ? authority->middle_key : new_key(spec->rsa_bits);
    gnutls_x509_crt_t crt = new_crt(spec->authority ? "Kiwi intermediate authority" : name, key);
    set_time(crt, spec);
    set_use(crt, spec);
    add_names(crt, spec);
    sign(authority, crt, key, spec);
    GOOD(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem));
    save(authority, name, "pem", &pem);
    GOOD(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem));
    save(authority, name, "key", &pem);
    if (spec->authority) {
        keep_authority(authority, crt, key);
        return;
    }
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

void ca_join(ca *authority, const char *file, const char *const *parts)
{
    FILE *to = fopen(ca_path(authority, file), "w");
    ck_assert_ptr_nonnull(to);
    for (; *parts != NULL; parts++) {
        char buf[8192];
        FILE *from = fopen(ca_path(authority, *parts), "r");
        ck_assert_ptr_nonnull(from);
        size_t n = fread(buf, 1, sizeof(buf), from);
        ck_assert_uint_eq(fwrite(buf, 1, n, to), n);
        ck_assert_int_eq(fclose(from), 0);
    }
    ck_assert_int_eq(fclose(to), 0);
}

ca *ca_new(void)
{
    gnutls_datum_t pem = {NULL, 0};
    time_t now = time(NULL);
    ca *authority = calloc(1, sizeof(*authority));
    ck_assert_ptr_nonnull(authority);
    memcpy(authority->folder, "/tmp/kiwi-ca-XXXXXX", sizeof("/tmp/kiwi-ca-XXXXXX"));
    ck_assert_ptr_nonnull(mkdtemp(authority->folder));
    ck_assert_int_eq(setenv("XDG_STATE_HOME", authority->folder, 1), 0);
    authority->key = new_key(0);
    authority->crt = new_crt("Kiwi test authority", authority->key);
    /* Long ago, so that expired certificates are expired only themselves. */
    GOOD(gnutls_x509_crt_set_activation_time(authority->crt, now - 1000L * HOUR_S));
    GOOD(gnutls_x509_crt_set_expiration_time(authority->crt, now + 1000L * HOUR_S));
    GOOD(gnutls_x509_crt_set_basic_constraints(authority->crt, 1, -1));
    GOOD(gnutls_x509_crt_set_key_usage(authority->crt, GNUTLS_KEY_KEY_CERT_SIGN));
    GOOD(gnutls_x509_crt_sign2(authority->crt, authority->crt, authority->key, GNUTLS_DIG_SHA256, 0));
    GOOD(gnutls_x509_crt_export2(authority->crt, GNUTLS_X509_FMT_PEM, &pem));
    save(authority, "root", "pem", &pem);
    return authority;
}

/* Remove `folder` and what is in it; folders in it may hold files only. */
static void clear_folder(const char *folder, int depth)
{
    char path[PATH_BYTES * 2];
    (void)chmod(folder, 0700);
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (unlink(path) != 0 && depth > 0)
            clear_folder(path, depth - 1);
    }
    (void)closedir(entries);
    ck_assert_int_eq(rmdir(folder), 0);
}

void ca_free(ca *authority)
{
    clear_folder(authority->folder, 2);
    gnutls_x509_crt_deinit(authority->crt);
    gnutls_x509_privkey_deinit(authority->key);
    if (authority->middle != NULL)
        gnutls_x509_crt_deinit(authority->middle);
    if (authority->middle_key != NULL)
        gnutls_x509_privkey_deinit(authority->middle_key);
    free(authority);
}
