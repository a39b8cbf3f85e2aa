/* check_tls_trust.c - net/tls_trust: authorities that are loaded when a chain asks for them are trusted as if all had been
 * loaded at once. */
#include "config.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "net/tls_pair.h"
#include "support/suite.h"

/* How many the library has been given. */
static unsigned loaded(const kn_tls_context *context)
{
    gnutls_x509_trust_list_t list;
    gnutls_x509_trust_list_iter_t at = NULL;
    gnutls_x509_crt_t crt;
    unsigned count = 0;
    gnutls_certificate_get_trust_list(context->creds, &list);
    while (gnutls_x509_trust_list_iter_get_ca(list, &at, &crt) >= 0) {
        gnutls_x509_crt_deinit(crt);
        count++;
    }
    return count;
}

/* ---- Connecting -------------------------------------------------------------------------------- */

typedef enum where { BY_OPTION, BY_FILE, BY_FOLDER } where;

static const char *const variables[] = {[BY_FILE] = "SSL_CERT_FILE", [BY_FOLDER] = "SSL_CERT_DIR"};

/* Connect to a server whose certificate and key are in `server`.pem and .key, trusting `trusted`; *count: how many
 * authorities were loaded for that, of *all that were there. */
static kb_status connect_to(ca *a, const char *server, const char *trusted, where from, unsigned *count, size_t *all)
{
    static int copies; /* contexts are kept by the names of their files: each gets its own */
    pair p = {.authority = a};
    const char *parts[] = {trusted, NULL};
    char file[64], key[64], copy[64];
    (void)snprintf(copy, sizeof(copy), "copy-%d.pem", copies++);
    if (from != BY_FOLDER)
        ca_join(a, copy, parts);
    const char *path = ca_path(a, from != BY_FOLDER ? copy : trusted);
    (void)snprintf(file, sizeof(file), "%s.pem", server);
    (void)snprintf(key, sizeof(key), "%s.key", server);
    server_options = (kiwi_tls_options){.cert = ca_path(a, file), .key = ca_path(a, key)};
    client_options = (kiwi_tls_options){.ca = from == BY_OPTION ? path : NULL};
    for (where other = BY_FILE; other <= BY_FOLDER; other++)
        ck_assert_int_eq(unsetenv(variables[other]), 0);
    if (from != BY_OPTION)
        ck_assert_int_eq(setenv(variables[from], path, 1), 0);
    pair_contexts(&p, NULL);
    *all = p.client_context->trust.count;
    ck_assert_uint_eq(from == BY_OPTION ? 0 : loaded(p.client_context), 0);
    pair_sessions(&p, "localhost", false, 0);
    shake(&p);
    *count = loaded(p.client_context);
    kb_status status = p.client.status;
    pair_hang_up(&p);
    kn_tls_context_unref(p.client_context);
    kn_tls_context_unref(p.server_context);
    return status;
}

/* The answer must be that of a library that has got all. */
static void check_same(ca *a, const char *server, const char *trusted, unsigned count, size_t all)
{
    unsigned any, some;
    size_t none, there;
    kb_status right = connect_to(a, server, trusted, BY_OPTION, &any, &none);
    kb_status status = connect_to(a, server, trusted, BY_FILE, &some, &there);
    ck_assert_msg(status == right, "%s, trusting %s: %d, and all at once: %d", server, trusted, status, right);
    ck_assert_uint_eq(none, 0);
    ck_assert_uint_eq(there, all);
    ck_assert_uint_eq(some, count);
}

/* ca_join() of other authorities' files as well. */
static void join(ca *a, const char *file, ca *const *others, const char *own)
{
    FILE *out = fopen(ca_path(a, file), "w");
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; others[i] != NULL || own != NULL; i++) {
        const char *path = others[i] != NULL ? ca_path(others[i], "root.pem") : ca_path(a, own);
        FILE *in = fopen(path, "r");
        ck_assert_ptr_nonnull(in);
        for (int c; (c = getc(in)) != EOF;)
            (void)putc(c, out);
        (void)fclose(in);
        if (others[i] == NULL)
            break;
    }
    (void)fclose(out);
}

/* ---- Tests ------------------------------------------------------------------------------------- */

START_TEST(what_the_chain_asks_for_is_loaded_and_nothing_else)
{
    ca *a = ca_new();
    static const char *const names[] = {"root.pem", "other.pem", "third.pem", NULL};
    ca_issue(a, "other", &(ca_spec){.dns = "other.example", .self_signed = true});
    ca_issue(a, "third", &(ca_spec){.dns = "third.example", .self_signed = true});
    ca_issue(a, "good", &(ca_spec){.dns = "localhost"});
    ca_join(a, "all.pem", names);
    ca_join(a, "others.pem", names + 1);
    check_same(a, "good", "all.pem", 1, 3);
    check_same(a, "good", "others.pem", 0, 2);
    ca_free(a);
}
END_TEST

START_TEST(authorities_of_one_name_are_all_tried)
{
    ca *a = ca_new(), *b = ca_new(), *c = ca_new();
    ca *const both[] = {b, c, NULL}, *const one[] = {b, NULL};
    ca_issue(a, "good", &(ca_spec){.dns = "localhost"});
    join(a, "all.pem", both, "root.pem");
    join(a, "strangers.pem", both, NULL);
    check_same(a, "good", "all.pem", 3, 3);
    check_same(a, "good", "strangers.pem", 2, 2);
    join(a, "twice.pem", one, "all.pem");
    check_same(a, "good", "twice.pem", 3, 3); /* the second copy counts for nothing */
    ca_free(a);
    ca_free(b);
    ca_free(c);
}
END_TEST

START_TEST(who_is_in_the_chain_himself_may_be_trusted)
{
    ca *a = ca_new();
    ca_issue(a, "own", &(ca_spec){.dns = "localhost", .self_signed = true});
    check_same(a, "own", "own.pem", 1, 1);
    check_same(a, "own", "root.pem", 0, 1);
    ca_issue(a, "middle", &(ca_spec){.authority = true});
    ca_issue(a, "leaf", &(ca_spec){.dns = "localhost", .below = true});
    static const char *const whole[] = {"leaf.pem", "middle.pem", NULL}, *const key[] = {"leaf.key", NULL};
    static const char *const both[] = {"middle.pem", "root.pem", NULL};
    ca_join(a, "chain.pem", whole);
    ca_join(a, "chain.key", key);
    ca_join(a, "both.pem", both);
    check_same(a, "chain", "root.pem", 1, 1);
    check_same(a, "chain", "middle.pem", 1, 1);
    check_same(a, "chain", "both.pem", 2, 2);
    check_same(a, "leaf", "root.pem", 0, 1); /* the peer left out the one between */
    check_same(a, "leaf", "middle.pem", 1, 1);
    ca_free(a);
}
END_TEST

static void write_file(ca *a, const char *name, const char *text)
{
    FILE *out = fopen(ca_path(a, name), "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

START_TEST(what_is_no_certificate_is_left_out)
{
    ca *a = ca_new();
    unsigned count;
    size_t all;
    ca_issue(a, "good", &(ca_spec){.dns = "localhost"});
    write_file(a, "noise.pem",
               "# comment\n-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"
               "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
               "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"
               "-----BEGIN PRIVATE KEY-----\nMAMCAQE=\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\n");
    ck_assert_int_eq(connect_to(a, "good", "noise.pem", BY_FILE, &count, &all), KB_EVERIFY);
    ck_assert_uint_eq(all, 0);
    write_file(a, "empty.pem", "");
    ck_assert_int_eq(connect_to(a, "good", "empty.pem", BY_FILE, &count, &all), KB_EVERIFY);
    static const char *const parts[] = {"noise.pem", "root.pem", NULL};
    ca_join(a, "some.pem", parts);
    ck_assert_int_eq(connect_to(a, "good", "some.pem", BY_FILE, &count, &all), KB_OK);
    ca_free(a);
}
END_TEST

START_TEST(a_folder_gives_each_file_once)
{
    ca *a = ca_new();
    unsigned count;
    size_t all;
    char there[600];
    static const char *const root[] = {"root.pem", NULL};
    ca_issue(a, "good", &(ca_spec){.dns = "localhost"});
    ck_assert_int_eq(mkdir(ca_path(a, "folder"), 0700), 0);
    ck_assert_int_eq(mkdir(ca_path(a, "folder/below"), 0700), 0);
    ck_assert_int_eq(mkfifo(ca_path(a, "folder/pipe"), 0600), 0); /* reading it would wait */
    ca_join(a, "folder/root.pem", root);
    ca_join(a, "folder/copy.pem", root);
    write_file(a, "folder/text", "nothing\n");
    (void)snprintf(there, sizeof(there), "%s", ca_path(a, "folder/root.pem"));
    ck_assert_int_eq(symlink(there, ca_path(a, "folder/4a6481c9.0")), 0);
    ck_assert_int_eq(connect_to(a, "good", "folder", BY_FOLDER, &count, &all), KB_OK);
    ck_assert_uint_eq(all, 1);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(connect_to(a, "good", "folder/below", BY_FOLDER, &count, &all), KB_EVERIFY);
    ck_assert_int_eq(connect_to(a, "good", "nowhere", BY_FOLDER, &count, &all), KB_EVERIFY);
    ca_free(a);
}
END_TEST

/* ---- Threads ----------------------------------------------------------------------------------- */

enum { THREADS = 8 };

static struct {
    kn_tls_context *context;
    gnutls_datum_t der;
    gnutls_x509_crt_t crt;
} shared;

static void *look(void *unused)
{
    gnutls_x509_trust_list_t list;
    unsigned flaws = 1;
    gnutls_certificate_get_trust_list(shared.context->creds, &list);
    for (int i = 0; i < 20; i++) {
        kn_tls_trust_prepare(&shared.context->trust, shared.context->creds, &shared.der, 1);
        kn_tls_trust_enter(&shared.context->trust);
        int r = gnutls_x509_trust_list_verify_crt(list, &shared.crt, 1, 0, &flaws, NULL);
        kn_tls_trust_leave(&shared.context->trust);
        ck_assert(r >= 0 && flaws == 0);
    }
    return unused;
}

START_TEST(threads_load_an_authority_once)
{
    ca *a = ca_new();
    pthread_t threads[THREADS];
    gnutls_datum_t text;
    client_options = (kiwi_tls_options){.ca = NULL};
    ca_issue(a, "good", &(ca_spec){.dns = "localhost"});
    ck_assert_int_eq(unsetenv("SSL_CERT_DIR"), 0);
    ck_assert_int_eq(setenv("SSL_CERT_FILE", ca_path(a, "root.pem"), 1), 0);
    ck_assert_int_eq(client_context(&client_options, NULL, NULL, &shared.context, NULL), KB_OK);
    ck_assert_int_eq(gnutls_load_file(ca_path(a, "good.pem"), &text), 0);
    ck_assert_int_eq(gnutls_x509_crt_init(&shared.crt), 0);
    ck_assert_int_eq(gnutls_x509_crt_import(shared.crt, &text, GNUTLS_X509_FMT_PEM), 0);
    ck_assert_int_eq(gnutls_x509_crt_export2(shared.crt, GNUTLS_X509_FMT_DER, &shared.der), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, look, NULL), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(loaded(shared.context), 1);
    gnutls_free(text.data);
    gnutls_free(shared.der.data);
    gnutls_x509_crt_deinit(shared.crt);
    kn_tls_context_unref(shared.context);
    ca_free(a);
}
END_TEST

SUITE_MAIN("tls_trust", 60, what_the_chain_asks_for_is_loaded_and_nothing_else, authorities_of_one_name_are_all_tried,
           who_is_in_the_chain_himself_may_be_trusted, what_is_no_certificate_is_left_out,
           a_folder_gives_each_file_once, threads_load_an_authority_once)
