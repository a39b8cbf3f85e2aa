/* check_error.c - base/error and status: failures carry their detail. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "support/suite.h"

START_TEST(a_failure_fills_in_kind_errno_and_text)
{
    kb_error err;
    ck_assert_int_eq(kb_error_fail(&err, KB_EIO, ECONNRESET, "recv on %d: %s", 7, "reset"), KB_EIO);
    ck_assert_int_eq(err.status, KB_EIO);
    ck_assert_int_eq(err.sys, ECONNRESET);
    ck_assert_int_eq(err.tls, 0);
    ck_assert_str_eq(err.text, "recv on 7: reset");
}
END_TEST

START_TEST(a_long_text_is_cut_and_terminated)
{
    char text[500];
    kb_error err;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)kb_error_fail(&err, KB_EINVAL, 0, "%s", text);
    ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

START_TEST(nobody_need_want_the_detail)
{
    ck_assert_int_eq(kb_error_fail(NULL, KB_ENOMEM, 0, "dropped"), KB_ENOMEM);
}
END_TEST

START_TEST(every_status_and_errno_has_a_text)
{
    char text[96];
    for (int s = KB_OK; s <= KB_ETHROWN; s++)
        ck_assert_uint_gt(strlen(kb_error_status_text((kb_status)s)), 0);
    ck_assert_str_eq(kb_error_status_text((kb_status)9999), "unknown status");
    ck_assert_str_eq(kb_error_errno_text(ECONNREFUSED, text, sizeof(text)), "Connection refused");
    ck_assert_str_eq(kb_error_errno_text(EMSGSIZE, text, sizeof(text)), "Message too long");
    ck_assert_str_eq(kb_error_errno_text(ETIMEDOUT, text, 8), "Connect");
    ck_assert_uint_gt(strlen(kb_error_errno_text(ENOENT, text, sizeof(text))), 0);
    ck_assert_uint_gt(strlen(kb_error_errno_text(99999, text, sizeof(text))), 0);
}
END_TEST

SUITE_MAIN("error", 10, a_failure_fills_in_kind_errno_and_text, a_long_text_is_cut_and_terminated,
           nobody_need_want_the_detail, every_status_and_errno_has_a_text)
