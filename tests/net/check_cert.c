/* check_cert.c - net/cert: the development certificate is made once, kept safely, replaced when no
 * use. */
#include "config.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/cert.h"
#include "net/gnutls.h"
#include "net/tls_settings.h"
#include "support/ca.h"
#include "support/suite.h"

typedef struct leaf {
    unsigned char der[2048];
    unsigned size;
} leaf;

/* The certificate a server gets now. */
static void get_leaf(leaf *out)
{
    gnutls_certificate_credentials_t creds;
    gnutls_datum_t der = {NULL, 0};
    kb_error err = {.status = KB_OK};
    ck_assert_int_eq(kn_gnutls_load(&err), KB_OK);
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&creds), 0);
    kn_tls_settings *settings = kn_tls_settings_new(NULL, true);
    ck_assert_ptr_nonnull(settings);
    ck_assert_int_eq(kn_cert_dev_use(creds, settings->development, &err), KB_OK);
    free(settings);
    ck_assert_int_eq(gnutls_certificate_get_crt_raw(creds, 0, 0, &der), 0);
    ck_assert_uint_le(der.size, sizeof(out->der));
    memcpy(out->der, der.data, der.size);
    out->size = der.size;
    gnutls_certificate_free_credentials(creds);
}

static bool same(const leaf *a, const leaf *b)
{
    return a->size == b->size && memcmp(a->der, b->der, a->size) == 0;
}

/* Is it the one in the file? */
static bool known(leaf *l)
{
    gnutls_datum_t kept = {NULL, 0};
    kn_tls_settings *settings = kn_tls_settings_new(NULL, false);
    ck_assert_ptr_nonnull(settings);
    if (settings->development != NULL)
        kn_cert_dev_read(settings->development, &kept);
    bool same = kept.size == l->size && memcmp(kept.data, l->der, l->size) == 0;
    free(kept.data);
    free(settings);
    return same;
}

/* Is it the one that this process has used? */
static bool used(leaf *l)
{
    gnutls_datum_t der = {l->der, l->size};
    return kn_cert_dev_used(&der);
}

START_TEST(made_once_with_mode_0600)
{
    ca *folder = ca_new();
    leaf first, second;
    struct stat info;
    get_leaf(&first);
    get_leaf(&second);
    ck_assert(same(&first, &second));
    ck_assert(known(&first) && used(&first));
    ck_assert_int_eq(stat(ca_path(folder, "kiwi/development.pem"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(ca_path(folder, "kiwi"), &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0700);
    first.der[first.size - 1] ^= 1;
    ck_assert(!known(&first) && !used(&first));
    ca_free(folder);
}
END_TEST

START_TEST(names_and_time_are_as_promised)
{
    ca *folder = ca_new();
    leaf l;
    gnutls_x509_crt_t crt;
    get_leaf(&l);
    gnutls_datum_t der = {l.der, l.size};
    ck_assert_int_eq(gnutls_x509_crt_init(&crt), 0);
    ck_assert_int_eq(gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER), 0);
    ck_assert(!gnutls_x509_crt_check_hostname(crt, "kiwi.local"));
    ck_assert(gnutls_x509_crt_check_hostname(crt, "localhost"));
    ck_assert(gnutls_x509_crt_check_hostname(crt, "127.0.0.1"));
    ck_assert(gnutls_x509_crt_check_hostname(crt, "::1"));
    ck_assert(!gnutls_x509_crt_check_hostname(crt, "127.0.0.2"));
    ck_assert(!gnutls_x509_crt_check_hostname(crt, "example.com"));
    time_t left = gnutls_x509_crt_get_expiration_time(crt) - time(NULL);
    ck_assert_int_gt(left, 9L * 365 * 24 * 3600);
    ck_assert_int_le(left, 10L * 365 * 24 * 3600 + 60);
    ck_assert_int_eq(gnutls_x509_crt_get_pk_algorithm(crt, NULL), GNUTLS_PK_ECDSA);
    gnutls_x509_crt_deinit(crt);
    ca_free(folder);
}
END_TEST

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(useless_files_are_replaced)
{
    ca *folder = ca_new();
    const char *path = ca_path(folder, "kiwi/development.pem");
    leaf first, second, third;
    get_leaf(&first);
    write_text(path, "no certificate at all\n");
    ck_assert(!known(&first));
    get_leaf(&second);
    ck_assert(!same(&first, &second));
    ck_assert(known(&second));
    ck_assert_int_eq(chmod(path, 0644), 0); /* others may have read the key */
    ck_assert(!known(&second));
    get_leaf(&third);
    ck_assert(!same(&second, &third));
    ck_assert(known(&third));
    ca_free(folder);
}
END_TEST

static void copy_into(FILE *to, const char *path)
{
    char buf[4096];
    FILE *from = fopen(path, "r");
    ck_assert_ptr_nonnull(from);
    size_t n = fread(buf, 1, sizeof(buf), from);
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_eq(fwrite(buf, 1, n, to), n);
    ck_assert_int_eq(fclose(from), 0);
}

/* Put key and certificate `name` of the authority in the place of the development certificate. */
static void plant(ca *folder, const char *crt, const char *key)
{
    const char *path = ca_path(folder, "kiwi/development.pem");
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    copy_into(f, ca_path(folder, key));
    copy_into(f, ca_path(folder, crt));
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
}

START_TEST(expired_and_mismatched_are_replaced)
{
    ca *folder = ca_new();
    leaf l, planted, fresh;
    get_leaf(&l);
    ca_issue(folder, "good", &(ca_spec){.dns = "localhost", .self_signed = true, .until_s = 86400});
    ca_issue(folder, "old", &(ca_spec){.dns = "localhost", .self_signed = true, .from_s = -90000, .until_s = -80000});
    plant(folder, "good.pem", "good.key"); /* shows that planting works */
    get_leaf(&planted);
    ck_assert(!same(&l, &planted));
    get_leaf(&fresh);
    ck_assert(same(&planted, &fresh));
    plant(folder, "old.pem", "old.key");
    get_leaf(&fresh);
    ck_assert(known(&fresh));
    get_leaf(&l);
    ck_assert(same(&l, &fresh));
    plant(folder, "good.pem", "old.key");
    get_leaf(&fresh);
    ck_assert(!same(&fresh, &planted));
    ca_free(folder);
}
END_TEST

START_TEST(without_a_folder_it_is_one_per_process)
{
    ca *folder = ca_new();
    leaf first, second;
    write_text(ca_path(folder, "kiwi"), "a file in the way, for root too\n");
    get_leaf(&first);
    get_leaf(&second);
    ck_assert(same(&first, &second));
    ck_assert(used(&first));
    ca_free(folder);
    ck_assert_int_eq(unsetenv("XDG_STATE_HOME"), 0);
    ck_assert_int_eq(unsetenv("HOME"), 0);
    get_leaf(&second);
    ck_assert(same(&first, &second));
}
END_TEST

START_TEST(a_folder_others_may_write_is_not_used)
{
    ca *folder = ca_new();
    const char *kiwi = ca_path(folder, "kiwi");
    leaf l;
    ck_assert_int_eq(mkdir(kiwi, 0700), 0);
    ck_assert_int_eq(chmod(kiwi, 0777), 0);
    get_leaf(&l);
    ck_assert(used(&l)); /* in memory */
    ck_assert_int_ne(access(ca_path(folder, "kiwi/development.pem"), F_OK), 0);
    ca_free(folder);
}
END_TEST

static void *get_leaf_in_thread(void *out)
{
    get_leaf(out);
    return NULL;
}

START_TEST(threads_agree)
{
    enum { THREADS = 4 };
    ca *folder = ca_new();
    pthread_t thread[THREADS];
    leaf got[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, get_leaf_in_thread, &got[i]), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    for (int i = 1; i < THREADS; i++)
        ck_assert(same(&got[0], &got[i]));
    ca_free(folder);
}
END_TEST

SUITE_MAIN("cert", 20, made_once_with_mode_0600, names_and_time_are_as_promised, useless_files_are_replaced,
           expired_and_mismatched_are_replaced, without_a_folder_it_is_one_per_process,
           a_folder_others_may_write_is_not_used, threads_agree)
