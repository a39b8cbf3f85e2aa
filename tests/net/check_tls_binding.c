/* check_tls_binding.c - net/tls_binding: both ends of a session have the same bytes, or are told why there are none. */
#include "config.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <string.h>

#include "net/tls_pair.h"
#include "support/suite.h"

static const char end_point[] = "tls-server-end-point", exporter[] = "tls-exporter";

/* The bytes of both sides, which must be the same. */
static kiwi_tls_binding bind_both(pair *p, const char *kind)
{
    kiwi_tls_binding client = {.size = 0}, server = {.size = 0};
    ck_assert_msg(kn_tls_bind(p->client.tls, kind, &client) == 0, "%s: %s", kind, client.why_not);
    ck_assert_msg(kn_tls_bind(p->server.tls, kind, &server) == 0, "%s: %s", kind, server.why_not);
    ck_assert_uint_gt(client.size, 0);
    ck_assert_uint_eq(client.size, server.size);
    ck_assert_int_eq(memcmp(client.bytes, server.bytes, client.size), 0);
    return client;
}

static void check_none(kn_tls *tls, const char *kind, const char *why)
{
    kiwi_tls_binding none = {.size = 0};
    ck_assert_int_eq(kn_tls_bind(tls, kind, &none), ENOTSUP);
    ck_assert_msg(strstr(none.why_not, why) != NULL, "%s", none.why_not);
    ck_assert_uint_eq(none.size, 0);
}

static bool differ(const kiwi_tls_binding *a, const kiwi_tls_binding *b)
{
    return a->size != b->size || memcmp(a->bytes, b->bytes, a->size) != 0;
}

/* A new session of the same contexts, with its tickets. */
static bool connect_again(pair *p)
{
    kiwi_socket_info info = {.resumed = false};
    if (p->client.tls != NULL)
        pair_hang_up(p);
    pair_sessions(p, "localhost", false, 0);
    shake_well(p);
    echo(p);
    kn_tls_info(p->server.tls, &info);
    return info.resumed;
}

START_TEST(both_ends_have_the_same_bytes)
{
    for (int i = 0; i < 2; i++) {
        pair p = {.authority = ca_new()};
        only_12 = i == 1;
        ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
        pair_contexts(&p, "good");
        ck_assert(!connect_again(&p));
        kiwi_tls_binding point = bind_both(&p, end_point), secrets = bind_both(&p, exporter);
        ck_assert_uint_eq(secrets.size, 32);
        ck_assert(connect_again(&p)); /* and so they have when it is taken up again: */
        kiwi_tls_binding point_then = bind_both(&p, end_point), secrets_then = bind_both(&p, exporter);
        ck_assert(!differ(&point, &point_then));
        ck_assert(differ(&secrets, &secrets_then));
        ck_assert_int_eq(kn_tls_bind(p.client.tls, "tls-unique", &point), EINVAL);
        pair_close(&p);
    }
}
END_TEST

START_TEST(the_digest_is_that_of_the_signature_unless_it_is_broken)
{
    static const struct {
        ca_spec spec;
        gnutls_digest_algorithm_t digest;
    } rows[] = {
        {{.dns = "localhost"}, GNUTLS_DIG_SHA256},
        {{.dns = "localhost", .sha1 = true}, GNUTLS_DIG_SHA256},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pair p = {.authority = ca_new()};
        unsigned char digest[64];
        gnutls_datum_t der;
        ca_issue(p.authority, "good", &rows[i].spec);
        client_options.verify = KIWI_OFF;
        pair_contexts(&p, "good");
        (void)connect_again(&p);
        ck_assert_int_ge(gnutls_certificate_get_crt_raw(p.server_context->creds, 0, 0, &der), 0);
        ck_assert_int_ge(gnutls_hash_fast(rows[i].digest, der.data, der.size, digest), 0);
        kiwi_tls_binding point = bind_both(&p, end_point);
        ck_assert_uint_eq(point.size, gnutls_hash_get_len(rows[i].digest));
        ck_assert_int_eq(memcmp(point.bytes, digest, point.size), 0);
        pair_close(&p);
    }
}
END_TEST

START_TEST(a_server_does_not_guess_the_certificate_of_an_earlier_session)
{
    pair p = {.authority = ca_new()};
    kn_tls_context *fresh = NULL;
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    pair_contexts(&p, "good");
    ck_assert(!connect_again(&p));
    /* Read again, but the same. */
    ck_assert_int_eq(kn_tls_context_reload(p.server_context, &fresh, NULL), KB_OK);
    kn_tls_context_unref(p.server_context);
    p.server_context = fresh;
    ck_assert(connect_again(&p));
    (void)bind_both(&p, end_point);
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    ck_assert_int_eq(kn_tls_context_reload(p.server_context, &fresh, NULL), KB_OK);
    kn_tls_context_unref(p.server_context);
    p.server_context = fresh;
    ck_assert(connect_again(&p));
    check_none(p.server.tls, end_point, "the certificate may have changed since");
    (void)bind_both(&p, exporter);
    /* A client that begins anew sees the new one. */
    kn_tls_context_unref(p.client_context);
    client_options.alpn = "other";
    ck_assert_int_eq(client_context(&client_options, NULL, NULL, &p.client_context, NULL), KB_OK);
    ck_assert(!connect_again(&p));
    (void)bind_both(&p, end_point);
    pair_close(&p);
}
END_TEST

START_TEST(old_sessions_without_the_extended_master_secret_have_no_exporter)
{
    pair p = {.authority = ca_new()};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    client_options.ciphers = "NORMAL:-VERS-TLS1.3:%NO_SESSION_HASH";
    pair_contexts(&p, "good");
    (void)connect_again(&p);
    check_none(p.client.tls, exporter, "extended master secret");
    check_none(p.server.tls, exporter, "extended master secret");
    (void)bind_both(&p, end_point);
    pair_close(&p);
}
END_TEST

SUITE_MAIN("tls_binding", 60, both_ends_have_the_same_bytes, the_digest_is_that_of_the_signature_unless_it_is_broken,
           a_server_does_not_guess_the_certificate_of_an_earlier_session,
           old_sessions_without_the_extended_master_secret_have_no_exporter)
