/* check_tls_none.c - net/tls_none: in a build without GnuTLS whoever asks for TLS is told why there is none,
 * at once; nothing is sent to a peer in the clear. */
#include "config.h"

#include "net_test.h"

START_TEST(tls_faults_with_the_reason)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        kiwi_result r = await(p.net, kiwi_tls_listen(p.net, "127.0.0.1", 0, 1, NULL));
        ck_assert_str_eq(r.message, "this build has no TLS (GnuTLS)");
        ck_assert_int_eq(r.fault, KIWI_FAULT_TLS);
        r = await(p.net, kiwi_tls_connect(p.net, "host.test", 443, NULL, NULL));
        ck_assert_str_eq(r.message, "Cannot connect to host.test:443: this build has no TLS (GnuTLS)");
        ck_assert_int_eq(r.fault, KIWI_FAULT_TLS);
        r = await(p.net, kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, NULL));
        ck_assert_int_eq(r.fault, KIWI_FAULT_TLS);
        ck_assert_int_eq(kiwi_task_status(p.net, accept), KIWI_TASK_RUNNING); /* nobody came */
        await_fault(p.net, kiwi_tls_recv(p.net, p.client, 1), "Invalid socket");
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("tls_none", 10, tls_faults_with_the_reason)
