/* check_gnutls.c - net/gnutls: the library is loaded when it is first needed. */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net/gnutls.h"
#include "support/suite.h"

START_TEST(loading_twice_is_loading_once)
{
    ck_assert_int_eq(kn_gnutls_load(NULL), KB_OK);
    struct kn_gnutls before = kn_gnutls;
    ck_assert_int_eq(kn_gnutls_load(NULL), KB_OK);
    ck_assert_ptr_eq((void *)before.free, (void *)kn_gnutls.free);
    ck_assert_ptr_nonnull(kn_gnutls.strerror(GNUTLS_E_AGAIN));
}
END_TEST

#ifdef KIWI_GNUTLS_LIBRARY

/* A server that has no descriptor left when the first TLS client comes must be able to serve the next. */
START_TEST(a_failure_is_not_for_ever)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = open("/dev/null", O_RDONLY);
    ck_assert_int_ge(next, 0);
    (void)close(next);
    struct rlimit none = {(rlim_t)next, limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    kb_error err = {.status = KB_OK};
    kb_status without = kn_gnutls_load(&err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(without, KB_ETLS);
    ck_assert_ptr_nonnull(strstr(err.text, KIWI_GNUTLS_LIBRARY));
    ck_assert_int_eq(kn_gnutls_load(&err), KB_OK);
}
END_TEST

SUITE_MAIN("gnutls", 10, loading_twice_is_loading_once, a_failure_is_not_for_ever)

#else

SUITE_MAIN("gnutls", 10, loading_twice_is_loading_once)

#endif
