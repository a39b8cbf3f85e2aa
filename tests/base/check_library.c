/* check_library.c - base/library: a library is opened when it is needed, once; a missing one is told. */
#include "config.h"

#include <pthread.h>
#include <string.h>

#include "base/library.h"
#include "support/suite.h"

#ifdef KIWI_GNUTLS_LIBRARY /* a library that is there */

enum { THREADS = 8 };

typedef const char *version(const char *at_least);

static struct table {
    version *check_version;
} table;

static const kb_symbol symbols[] = {
    {"gnutls_check_version", offsetof(struct table, check_version)},
    {NULL, 0},
};

static const kb_symbol unknown[] = {
    {"gnutls_check_version", offsetof(struct table, check_version)},
    {"gnutls_no_such_function", offsetof(struct table, check_version)},
    {NULL, 0},
};

static kb_library library = {"GnuTLS", "libgnutls30", KIWI_GNUTLS_LIBRARY, symbols, &table, false};

static void *load(void *unused)
{
    ck_assert_int_eq(kb_library_load(&library, NULL), KB_OK);
    ck_assert_ptr_nonnull(table.check_version(NULL));
    return unused;
}

START_TEST(several_threads_load_a_library_once)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, load, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

START_TEST(a_library_without_a_function_is_refused)
{
    static struct table other;
    kb_library l = {"GnuTLS", "libgnutls30", KIWI_GNUTLS_LIBRARY, unknown, &other, false};
    kb_error err;
    ck_assert_int_eq(kb_library_load(&l, &err), KB_ENOTFOUND);
    ck_assert_str_eq(err.text, KIWI_GNUTLS_LIBRARY " has no gnutls_no_such_function");
    l.symbols = symbols; /* a failure is not for ever */
    ck_assert_int_eq(kb_library_load(&l, &err), KB_OK);
}
END_TEST

START_TEST(a_missing_library_is_told)
{
    static struct table none;
    kb_library l = {"nothing", "nothing1", "libkiwi-no-such-thing.so.1", symbols, &none, false};
    kb_error err;
    ck_assert_int_eq(kb_library_load(&l, &err), KB_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "libkiwi-no-such-thing.so.1"));
    l.file = NULL;
    ck_assert_int_eq(kb_library_load(&l, &err), KB_ENOTFOUND);
    ck_assert_str_eq(err.text, "this build was made without nothing");
}
END_TEST

SUITE_MAIN("library", 10, several_threads_load_a_library_once, a_library_without_a_function_is_refused,
           a_missing_library_is_told)

#else

START_TEST(a_library_that_the_build_lacks_is_told)
{
    static void *table;
    kb_library l = {"nothing", "nothing1", NULL, NULL, &table, false};
    ck_assert_int_eq(kb_library_load(&l, NULL), KB_ENOTFOUND);
}
END_TEST

SUITE_MAIN("library", 10, a_library_that_the_build_lacks_is_told)

#endif
