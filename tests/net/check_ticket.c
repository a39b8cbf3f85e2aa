/* check_ticket.c - net/ticket and the sessions that clients resume with it. */
#include "config.h"

#include <time.h>

#include "net/gnutls.h"
#include "net/ticket.h"
#include "net/tls_pair.h"
#include "net/tls_session.h"
#include "support/suite.h"

static gnutls_datum_t datum(unsigned char byte)
{
    ck_assert_int_eq(kn_gnutls_load(NULL), KB_OK);
    gnutls_datum_t d = {gnutls_malloc(1), 1};
    ck_assert_ptr_nonnull(d.data);
    d.data[0] = byte;
    return d;
}

static void put(kn_tickets *tickets, const char *key, unsigned char byte)
{
    gnutls_datum_t d = datum(byte);
    kn_ticket_store_put(tickets, key, &d);
    ck_assert_ptr_null(d.data);
}

/* The byte of the newest session with `key`, -1 if there is none. */
static int take(kn_tickets *tickets, const char *key)
{
    gnutls_datum_t d;
    int byte = kn_ticket_store_take(tickets, key, &d) ? d.data[0] : -1;
    kn_ticket_wipe(&d);
    return byte;
}

START_TEST(newest_first_and_once)
{
    kn_tickets tickets;
    ck_assert_int_eq(kn_ticket_store_init(&tickets), 0);
    ck_assert_int_eq(take(&tickets, "a:1"), -1);
    put(&tickets, "a:1", 1);
    put(&tickets, "a:2", 2);
    put(&tickets, "a:1", 3);
    ck_assert_int_eq(take(&tickets, "a:1"), 3);
    ck_assert_int_eq(take(&tickets, "a:1"), 1);
    ck_assert_int_eq(take(&tickets, "a:1"), -1);
    ck_assert_int_eq(take(&tickets, "a:2"), 2);
    kn_ticket_store_fini(&tickets);
}
END_TEST

START_TEST(the_oldest_goes)
{
    kn_tickets tickets;
    ck_assert_int_eq(kn_ticket_store_init(&tickets), 0);
    put(&tickets, "old", 1);
    for (unsigned char i = 0; i < KN_TICKETS_MAX; i++)
        put(&tickets, "new", i);
    ck_assert_int_eq(take(&tickets, "old"), -1);
    for (int i = KN_TICKETS_MAX; i-- > 0;)
        ck_assert_int_eq(take(&tickets, "new"), i);
    ck_assert_int_eq(take(&tickets, "new"), -1);
    kn_ticket_store_fini(&tickets);
}
END_TEST

/* Connect anew with the contexts of *p, and say whether the session was resumed. */
static bool again(pair *p, const char *name, bool loopback)
{
    kiwi_socket_info client, server;
    pair_hang_up(p);
    pair_sessions(p, name, loopback, 0);
    shake_well(p);
    echo(p);
    kn_tls_info(p->client.tls, &client);
    kn_tls_info(p->server.tls, &server);
    ck_assert(client.verified);
    ck_assert_int_eq(client.resumed, server.resumed);
    return client.resumed;
}

static void check_resumption(bool old)
{
    pair p;
    only_12 = old;
    pair_open(&p, "localhost");
    shake_well(&p);
    echo(&p); /* tickets of TLS 1.3 come with the first data */
    ck_assert(again(&p, "localhost", false));
    ck_assert(again(&p, "localhost", false)); /* by a ticket of the resumed session */
    pair_close(&p);
    only_12 = false;
}

START_TEST(both_versions_resume)
{
    check_resumption(false);
    check_resumption(true);
}
END_TEST

/* A session is proof of what was verified then: the name, and the address for the development
 * trust. */
START_TEST(for_the_same_peer_only)
{
    pair p = {.authority = ca_new()};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost", .ip = "127.0.0.1"});
    pair_contexts(&p, "good");
    pair_sessions(&p, "localhost", false, 0);
    shake_well(&p);
    echo(&p);
    ck_assert(!again(&p, "127.0.0.1", false));
    ck_assert(!again(&p, "localhost", true));
    ck_assert(again(&p, "localhost", false));
    pair_close(&p);
}
END_TEST

START_TEST(a_server_that_has_forgotten)
{
    pair p;
    pair_open(&p, "localhost");
    shake_well(&p);
    echo(&p);
    pair_hang_up(&p);
    kn_tls_context_unref(p.server_context);
    ck_assert_int_eq(server_context(&server_options, &p.server_context, NULL), KB_OK);
    pair_sessions(&p, "localhost", false, 0);
    ck_assert(!again(&p, "localhost", false));
    pair_close(&p);
}
END_TEST

/* The context that verifies against another authority has tickets of its own. */
START_TEST(trust_is_not_carried_over)
{
    pair p;
    pair_open(&p, "localhost");
    shake_well(&p);
    echo(&p);
    pair_hang_up(&p);
    ca *other = ca_new();
    kn_tls_context *context = p.client_context;
    client_options.ca = ca_path(other, "root.pem");
    ck_assert_int_eq(client_context(&client_options, NULL, NULL, &p.client_context, NULL), KB_OK);
    ck_assert_ptr_ne(context, p.client_context);
    pair_sessions(&p, "localhost", false, 0);
    shake(&p);
    ck_assert_int_eq(p.client.status, KB_EVERIFY);
    kn_tls_context_unref(context);
    pair_close(&p);
    ca_free(other);
}
END_TEST

START_TEST(servers_remember_verified_clients)
{
    pair p = {.authority = ca_new()};
    kiwi_socket_info info;
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    ca_issue(p.authority, "member", &(ca_spec){.dns = "member", .client = true});
    server_options.client_ca = ca_path(p.authority, "root.pem");
    client_options.cert = ca_path(p.authority, "member.pem");
    client_options.key = ca_path(p.authority, "member.key");
    pair_contexts(&p, "good");
    pair_sessions(&p, "localhost", false, 0);
    shake_well(&p);
    echo(&p);
    ck_assert(again(&p, "localhost", false));
    kn_tls_info(p.server.tls, &info);
    ck_assert(info.verified);
    pair_close(&p);
}
END_TEST

/* The library changes the keys that encrypt tickets after three times this many seconds. */
static void hasten(pair *p, int seconds)
{
    kn_gnutls_load(NULL);
    gnutls_db_set_cache_expiration(p->server.tls->session, seconds);
}

static bool resumes_after(pair *p, int wait_s)
{
    const struct timespec wait = {.tv_sec = wait_s};
    kiwi_socket_info info;
    pair_sessions(p, "localhost", false, 0);
    hasten(p, 1);
    shake_well(p);
    echo(p); /* tickets come */
    pair_hang_up(p);
    (void)nanosleep(&wait, NULL);
    pair_sessions(p, "localhost", false, 0);
    hasten(p, 1);
    shake_well(p);
    kn_tls_info(p->client.tls, &info);
    pair_hang_up(p);
    return info.resumed;
}

START_TEST(keys_of_tickets_change_and_old_ones_are_forgotten)
{
    pair p = {.authority = ca_new()};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    pair_contexts(&p, "good");
    ck_assert(resumes_after(&p, 0));
    ck_assert(!resumes_after(&p, 7)); /* two periods */
    kn_tls_context_unref(p.client_context);
    kn_tls_context_unref(p.server_context);
    ca_free(p.authority);
}
END_TEST

SUITE_MAIN("ticket", 30, newest_first_and_once, the_oldest_goes, both_versions_resume, for_the_same_peer_only,
           a_server_that_has_forgotten, trust_is_not_carried_over, servers_remember_verified_clients,
           keys_of_tickets_change_and_old_ones_are_forgotten)
