/* check_tls_sni.c - net/tls_sni: which of its pairs a server shows to which client. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/gnutls.h"
#include "net/tls_pair.h"
#include "net/tls_sni.h"
#include "support/suite.h"

enum { NAMES = 3 };

static kiwi_tls_name names[NAMES];

/* Servers have these pairs besides good.pem. */
static void name_pairs(ca *a)
{
    static const char *const given[NAMES] = {"One.Example", "*.example", "x.deep.example"};
    static const char *const cert[NAMES] = {"one.pem", "many.pem", "deep.pem"};
    static const char *const key[NAMES] = {"one.key", "many.key", "deep.key"};
    ca_issue(a, "good", &(ca_spec){.dns = "one.example"}); /* as GnuTLS would choose, which the map overrules */
    ca_issue(a, "one", &(ca_spec){.dns = "number.one"});
    ca_issue(a, "many", &(ca_spec){.dns = "number.many", .rsa_bits = 2048});
    ca_issue(a, "deep", &(ca_spec){.dns = "number.deep"});
    for (int i = 0; i < NAMES; i++)
        names[i] = (kiwi_tls_name){.name = given[i], .cert = ca_path(a, cert[i]), .key = ca_path(a, key[i])};
    server_options.names = names;
    server_options.name_count = NAMES;
}

/* The first name of the certificate that the client has got: the caller frees it. */
static char *shown(pair *p)
{
    kiwi_tls_peer *peer = calloc(1, sizeof(*peer));
    ck_assert_ptr_nonnull(peer);
    if (kn_tls_describe_peer(p->client.tls, peer) == EAGAIN) {
        pair_examine(p);
        ck_assert_int_eq(kn_tls_describe_peer(p->client.tls, peer), 0);
    }
    ck_assert_uint_eq(peer->name_count, 1);
    char *name = strdup(peer->names[0]);
    kiwi_tls_peer_free(peer);
    return name;
}

static void check_shown(pair *p, const char *name, const char *expected)
{
    pair_sessions(p, name, false, 0);
    shake_well(p);
    char *got = shown(p);
    ck_assert_msg(strcmp(got, expected) == 0, "%s: %s", name, got);
    free(got);
    pair_hang_up(p);
}

START_TEST(the_name_that_is_asked_for_decides)
{
    for (int i = 0; i < 2; i++) {
        pair p = {.authority = ca_new()};
        only_12 = i == 1;
        name_pairs(p.authority);
        client_options.verify = KIWI_OFF;
        pair_contexts(&p, "good");
        check_shown(&p, "one.example", "number.one");
        check_shown(&p, "ONE.example", "number.one");
        check_shown(&p, "two.example", "number.many");
        check_shown(&p, "x.deep.example", "number.deep");
        check_shown(&p, "y.deep.example", "one.example");
        check_shown(&p, "example", "one.example");
        check_shown(&p, "192.0.2.1", "one.example");
        pair_close(&p);
    }
}
END_TEST

START_TEST(clients_are_verified_whatever_they_ask_for)
{
    pair p = {.authority = ca_new()};
    ca *other = ca_new(); /* of the same name, or the client would not even send its certificate */
    name_pairs(p.authority);
    ca_issue(p.authority, "member", &(ca_spec){.dns = "me", .client = true});
    ca_issue(other, "stranger", &(ca_spec){.dns = "me", .client = true});
    server_options.client_ca = ca_path(p.authority, "root.pem");
    client_options = (kiwi_tls_options){.verify = KIWI_OFF,
                                        .cert = ca_path(p.authority, "member.pem"),
                                        .key = ca_path(p.authority, "member.key"),
                                        .ca = ca_path(p.authority, "root.pem")};
    pair_contexts(&p, "good");
    check_shown(&p, "one.example", "number.one");
    check_shown(&p, "none", "one.example");
    kn_tls_context_unref(p.client_context);
    client_options.cert = ca_path(other, "stranger.pem");
    client_options.key = ca_path(other, "stranger.key");
    ck_assert_int_eq(client_context(&client_options, NULL, NULL, &p.client_context, NULL), KB_OK);
    pair_sessions(&p, "one.example", false, 0);
    shake(&p);
    ck_assert_int_eq(p.server.status, KB_EVERIFY);
    pair_close(&p);
    ca_free(other);
}
END_TEST

START_TEST(a_session_may_be_resumed)
{
    pair p = {.authority = ca_new()};
    name_pairs(p.authority);
    client_options.verify = KIWI_OFF;
    pair_contexts(&p, "good");
    for (int i = 0; i < 2; i++) {
        kiwi_socket_info info = {.resumed = false};
        pair_sessions(&p, "one.example", false, 0);
        shake_well(&p);
        echo(&p); /* the ticket comes */
        kn_tls_info(p.client.tls, &info);
        ck_assert_int_eq(info.resumed, i == 1);
        pair_hang_up(&p);
    }
    pair_close(&p);
}
END_TEST

static void until_due(const kn_tls_context *context)
{
    while (!kn_tls_context_due(context))
        (void)poll(NULL, 0, 20);
}

START_TEST(changed_files_of_a_name_are_noticed)
{
    pair p = {.authority = ca_new()};
    name_pairs(p.authority);
    client_options.verify = KIWI_OFF;
    pair_contexts(&p, "good");
    check_shown(&p, "one.example", "number.one");
    ca_issue(p.authority, "one", &(ca_spec){.dns = "number.new"});
    until_due(p.server_context);
    kn_tls_context *renewed = kn_tls_context_renewed(p.server_context, NULL, NULL);
    ck_assert_ptr_ne(renewed, p.server_context);
    kn_tls_context_unref(p.server_context);
    p.server_context = renewed;
    check_shown(&p, "one.example", "number.new");
    pair_close(&p);
}
END_TEST

/* ---- The map itself --------------------------------------------------------------------------- */

static kb_status load(kn_tls_sni *sni, ca *a, const char *const given[], size_t count, kb_error *err)
{
    kiwi_tls_name all[8];
    kn_tls_files files = {.at = NULL};
    ck_assert_uint_le(count, 8);
    for (size_t i = 0; i < count; i++)
        all[i] = (kiwi_tls_name){.name = given[i], .cert = ca_path(a, "one.pem"), .key = ca_path(a, "one.key")};
    kb_status status = kn_tls_sni_load(sni, all, count, &files, err);
    kn_tls_file_forget(&files);
    return status;
}

START_TEST(names_are_compared_as_the_domain_name_system_does)
{
    static const char *const given[] = {"b.test.", "*.c.test", "*.test", "m\xc3\xbcller.example",
                                        "*.xn--mller-kva.example"};
    static const struct {
        const char *asked;
        int at; /* in `given`; -1: none */
    } rows[] = {
        {"b.test", 0},
        {"B.TEST.", 0},
        {"x.b.test", -1},
        {"x.c.test", 1},
        {"c.test", 2},
        {"d.TeSt", 2},
        {"test", -1},
        {"", -1},
        {".", -1},
        {".test", -1},
        {".c.test", -1},
        {"xn--mller-kva.example", 3},
        {"a.xn--mller-kva.example", 4},
        {"e.f.c.test", -1},
    };
    ca *a = ca_new();
    kn_tls_sni sni = {.at = NULL};
    char longest[300];
    ck_assert_int_eq(kn_gnutls_load(NULL), KB_OK);
    ca_issue(a, "one", &(ca_spec){.dns = "one"});
    ck_assert_int_eq(load(&sni, a, given, 5, NULL), KB_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *found = NULL;
        gnutls_certificate_credentials_t creds = kn_tls_sni_find(&sni, rows[i].asked);
        for (size_t n = 0; n < sni.count; n++)
            if (creds != NULL && sni.at[n].creds == creds)
                found = sni.at[n].name;
        static const char *const kept[] = {"b.test", "*.c.test", "*.test", "xn--mller-kva.example",
                                           "*.xn--mller-kva.example"};
        const char *expected = rows[i].at < 0 ? NULL : kept[rows[i].at];
        ck_assert_msg(expected == NULL ? found == NULL : found != NULL && strcmp(found, expected) == 0, "%s: %s",
                      rows[i].asked, found != NULL ? found : "none");
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_ptr_null(kn_tls_sni_find(&sni, longest));
    kn_tls_sni_fini(&sni);
    ck_assert_ptr_null(kn_tls_sni_find(&sni, "b.test"));
    ca_free(a);
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
    char label[80], many[300];
    const char *const bad[] = {"",     ".",  "*",         "*.",  "*.*.a", "a.*", "a*.b", "a b",
                               "a..b", ".a", "127.0.0.1", "::1", "a:1",   label, many,   "\xff\xfe"};
    ca *a = ca_new();
    memset(label, 'a', 64);
    label[64] = '\0';
    for (size_t i = 0; i < sizeof(many) - 1; i++)
        many[i] = i % 2 == 0 ? 'a' : '.';
    many[sizeof(many) - 1] = '\0';
    ck_assert_int_eq(kn_gnutls_load(NULL), KB_OK);
    ca_issue(a, "one", &(ca_spec){.dns = "one"});
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        kn_tls_sni sni = {.at = NULL};
        kb_error err = {.status = KB_OK};
        ck_assert_msg(load(&sni, a, &bad[i], 1, &err) == KB_EINVAL, "%s", bad[i]);
        ck_assert_msg(strstr(err.text, "expected the name of a host") != NULL, "%s", err.text);
        kn_tls_sni_fini(&sni);
    }
    static const char *const twice[] = {"a.test", "b.test", "A.TEST."};
    kn_tls_sni sni = {.at = NULL};
    kb_error err = {.status = KB_OK};
    ck_assert_int_eq(load(&sni, a, twice, 3, &err), KB_EINVAL);
    ck_assert_str_eq(err.text, "TLS sni 'a.test': the name is there twice");
    kn_tls_sni_fini(&sni);
    ca_free(a);
}
END_TEST

SUITE_MAIN("tls_sni", 60, the_name_that_is_asked_for_decides, clients_are_verified_whatever_they_ask_for,
           a_session_may_be_resumed, changed_files_of_a_name_are_noticed,
           names_are_compared_as_the_domain_name_system_does, what_is_no_name_is_refused)
