/* check_keys.c - what a terminal sends is taken apart into keys. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "support/suite.h"

#include "packages/keys.h"

enum { SHIFT = 1, ALT = 2, CONTROL = 4 };

static const struct {
    const char *bytes;
    size_t taken;
    const char *title, *text;
    int modifiers;
} sent[] = {
    {"ab", 1, "A", "a", 0},
    {"A", 1, "A", "A", SHIFT},
    {"7", 1, "D7", "7", 0},
    {" ", 1, "Spacebar", " ", 0},
    {"\r", 1, "Enter", "\r", 0},
    {"\n", 1, "Enter", "\n", 0},
    {"\t", 1, "Tab", "\t", 0},
    {"\x7F", 1, "Backspace", "\x7F", 0},
    {"\x01", 1, "A", "\x01", CONTROL},
    {"\x1b", 1, "Escape", "\x1b", 0},
    {"\x1bx", 2, "X", "x", ALT},
    {"\x1b\x1b", 2, "Escape", "\x1b", ALT},
    {"\x1b[A", 3, "UpArrow", "", 0},
    {"\x1b[Ax", 3, "UpArrow", "", 0},
    {"\x1bOP", 3, "F1", "", 0},
    {"\x1b[Z", 3, "Tab", "", SHIFT},
    {"\x1b[3~", 4, "Delete", "", 0},
    {"\x1b[24~", 5, "F12", "", 0},
    {"\x1b[1;5C", 6, "RightArrow", "", CONTROL},
    {"\x1b[5;4~", 6, "PageUp", "", SHIFT | ALT},
    {"\x1b[99999999999999999999~", 23, "Unknown", "", 0},
    {"\x1b[", 2, "[", "[", ALT},
    {"\x1b[1;", 2, "[", "[", ALT}, /* not whole: it is what its bytes are */
    {"\x1b[1\x80", 2, "[", "[", ALT},
    {"\x1b[1\n", 2, "[", "[", ALT},
    {"\xC3\xA4x", 2, "\xC3\xA4", "\xC3\xA4", 0},
    {"\xF0\x9F\xA5\x9D", 4, "\xF0\x9F\xA5\x9D", "\xF0\x9F\xA5\x9D", 0},
    {"\xC3", 1, "\xEF\xBF\xBD", "\xEF\xBF\xBD", 0},
    {"\x80\x80", 1, "\xEF\xBF\xBD", "\xEF\xBF\xBD", 0},
    {"\xFFx", 1, "\xEF\xBF\xBD", "\xEF\xBF\xBD", 0},
};

START_TEST(a_key_is_what_was_sent)
{
    kp_key key;
    char buffer[KP_KEYS_TITLE];
    ck_assert_uint_eq(kp_keys_decode(sent[_i].bytes, strlen(sent[_i].bytes), &key), sent[_i].taken);
    ck_assert_str_eq(kp_keys_title(&key, buffer), sent[_i].title);
    ck_assert_str_eq(key.text, sent[_i].text);
    ck_assert_int_eq((key.shift ? SHIFT : 0) | (key.alt ? ALT : 0) | (key.control ? CONTROL : 0), sent[_i].modifiers);
}
END_TEST

/* Whatever bytes come, some are taken and not more than there are. */
START_TEST(any_bytes_end)
{
    unsigned state = 1;
    for (int round = 0; round < 100000; round++) {
        char bytes[8];
        kp_key key;
        size_t size = 1 + (size_t)round % sizeof(bytes);
        for (size_t i = 0; i < size; i++) {
            state = state * 1103515245u + 12345u;
            bytes[i] = "\x1b[O;~A1\x80\xC3\xF0z"[(state >> 16) % 12];
        }
        size_t taken = kp_keys_decode(bytes, size, &key);
        ck_assert_uint_ge(taken, 1);
        ck_assert_uint_le(taken, size);
        ck_assert_uint_lt(strlen(key.text), sizeof(key.text));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("keys");
    TCase *tcase = tcase_create("keys");
    tcase_add_loop_test(tcase, a_key_is_what_was_sent, 0, (int)(sizeof(sent) / sizeof(sent[0])));
    tcase_add_test(tcase, any_bytes_end);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
