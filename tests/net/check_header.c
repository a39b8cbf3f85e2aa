/* check_header.c - headers of proxies and networks, as strangers and people write them. */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/header.h"
#include "net/network.h"
#include "support/suite.h"

static const char *why;

static kn_header_found read_text(const char *text, kn_header *out)
{
    return kn_header_read((const unsigned char *)text, strlen(text), out, &why);
}

/* A header of version 2 in `out`, with `size` bytes of `rest` and as many as `told` in its field; its bytes. */
static size_t binary(unsigned char *out, unsigned command, unsigned family, const void *rest, size_t size, size_t told)
{
    static const unsigned char signature[] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
    memcpy(out, signature, sizeof(signature));
    out[12] = (unsigned char)command;
    out[13] = (unsigned char)family;
    out[14] = (unsigned char)(told >> 8);
    out[15] = (unsigned char)told;
    memcpy(out + 16, rest, size);
    return 16 + size;
}

static const unsigned char four[] = {192, 0, 2, 1, 198, 51, 100, 2, 0xC3, 0x50, 0x01, 0xBB, 3, 0, 4, 1, 2, 3, 4};
enum { FOUR = 12 }; /* without the value behind the addresses */

START_TEST(a_line_of_version_1_is_read)
{
    kn_header h;
    char text[INET6_ADDRSTRLEN];
    const char *line = "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\nGET / HTTP/1.0\r\n";
    ck_assert_int_eq(read_text(line, &h), KN_HEADER_WHOLE);
    ck_assert(h.known && h.family == AF_INET);
    ck_assert_uint_eq(h.size, strcspn(line, "\n") + 1);
    ck_assert_str_eq(inet_ntop(AF_INET, h.from, text, sizeof(text)), "192.0.2.1");
    ck_assert_str_eq(inet_ntop(AF_INET, h.to, text, sizeof(text)), "198.51.100.2");
    ck_assert(h.from_port == 50000 && h.to_port == 443);
    ck_assert_int_eq(read_text("PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", &h), KN_HEADER_WHOLE);
    ck_assert(h.known && h.family == AF_INET6 && h.from_port == 0 && h.to_port == 65535);
    ck_assert_str_eq(inet_ntop(AF_INET6, h.from, text, sizeof(text)), "2001:db8::1");
    ck_assert_int_eq(read_text("PROXY UNKNOWN\r\n", &h), KN_HEADER_WHOLE);
    ck_assert(!h.known && h.size == 15);
    ck_assert_int_eq(read_text("PROXY UNKNOWN ff:: ff:: 1 2\r\n", &h), KN_HEADER_WHOLE);
    ck_assert(!h.known);
}
END_TEST

START_TEST(a_line_that_is_not_whole_is_a_part_and_at_most_107_bytes_long)
{
    kn_header h;
    const char *line = "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n";
    for (size_t size = 0; size < strlen(line); size++)
        ck_assert_int_eq(kn_header_read((const unsigned char *)line, size, &h, &why), KN_HEADER_PART);
    char longest[200];
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "PROXY UNKNOWN ", 14);
    ck_assert_int_eq(kn_header_read((unsigned char *)longest, 106, &h, &why), KN_HEADER_PART);
    ck_assert_int_eq(kn_header_read((unsigned char *)longest, 107, &h, &why), KN_HEADER_BAD);
    ck_assert_str_eq(why, "its line is too long");
    memcpy(longest + 105, "\r\n", 2);
    ck_assert_int_eq(kn_header_read((unsigned char *)longest, sizeof(longest), &h, &why), KN_HEADER_WHOLE);
    ck_assert_uint_eq(h.size, 107);
    memcpy(longest + 105, "x\r\n", 3);
    ck_assert_int_eq(kn_header_read((unsigned char *)longest, sizeof(longest), &h, &why), KN_HEADER_BAD);
}
END_TEST

START_TEST(a_line_that_lies_is_bad)
{
    static const char *const lines[] = {
        "PROXY \r\n",
        "PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 4294967297\r\n",
        "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP6 fe80::1%lo ::1 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n2\r\n",
    };
    kn_header h;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        ck_assert_msg(read_text(lines[i], &h) == KN_HEADER_BAD, "%s", lines[i]);
        ck_assert(!h.known && why[0] != '\0');
    }
    static const unsigned char nul[] = "PROXY UNKNOWN\0\r\n";
    ck_assert_int_eq(kn_header_read(nul, sizeof(nul) - 1, &h, &why), KN_HEADER_BAD);
}
END_TEST

START_TEST(a_header_of_version_2_is_read)
{
    kn_header h;
    char text[INET6_ADDRSTRLEN];
    unsigned char data[300], six[36] = {0x20, 1, 0x0d, 0xb8, [15] = 1, [31] = 1, [32] = 1, [35] = 2};
    size_t size = binary(data, 0x21, 0x11, four, sizeof(four), sizeof(four)); /* with a value behind the addresses */
    ck_assert_int_eq(kn_header_read(data, size, &h, &why), KN_HEADER_WHOLE);
    ck_assert(h.known && h.family == AF_INET && h.size == size && h.from_port == 50000 && h.to_port == 443);
    ck_assert_str_eq(inet_ntop(AF_INET, h.from, text, sizeof(text)), "192.0.2.1");
    ck_assert_str_eq(inet_ntop(AF_INET, h.to, text, sizeof(text)), "198.51.100.2");
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_int_eq(kn_header_read(data, cut, &h, &why), KN_HEADER_PART);
    size = binary(data, 0x21, 0x21, six, sizeof(six), sizeof(six));
    ck_assert_int_eq(kn_header_read(data, size, &h, &why), KN_HEADER_WHOLE);
    ck_assert(h.known && h.family == AF_INET6 && h.from_port == 256 && h.to_port == 2);
    ck_assert_str_eq(inet_ntop(AF_INET6, h.from, text, sizeof(text)), "2001:db8::1");
}
END_TEST

START_TEST(a_proxy_may_speak_for_itself)
{
    kn_header h;
    unsigned char data[300] = {0};
    static const unsigned char paths[216];
    ck_assert_int_eq(kn_header_read(data, binary(data, 0x20, 0, "", 0, 0), &h, &why), KN_HEADER_WHOLE);
    ck_assert(!h.known && h.size == 16);
    ck_assert_int_eq(kn_header_read(data, binary(data, 0x20, 0x11, four, FOUR, FOUR), &h, &why), KN_HEADER_WHOLE);
    ck_assert(!h.known);
    ck_assert_int_eq(kn_header_read(data, binary(data, 0x21, 0, "", 0, 0), &h, &why), KN_HEADER_WHOLE);
    ck_assert(!h.known);
    ck_assert_int_eq(kn_header_read(data, binary(data, 0x21, 0x31, paths, 216, 216), &h, &why), KN_HEADER_WHOLE);
    ck_assert(!h.known);
}
END_TEST

START_TEST(a_header_of_version_2_that_lies_is_bad)
{
    kn_header h;
    unsigned char data[300];
    static const struct {
        unsigned command, family;
        size_t told;
        const char *why;
    } lies[] = {
        {0x11, 0x11, FOUR, "its version is unknown"},        {0x31, 0x11, FOUR, "its version is unknown"},
        {0x22, 0x11, FOUR, "its command is unknown"},        {0x21, 0x12, FOUR, "it is about no stream"},
        {0x21, 0x13, FOUR, "it is about no stream"},         {0x21, 0x41, FOUR, "its family of addresses is unknown"},
        {0x21, 0x11, FOUR - 1, "its addresses are cut off"}, {0x21, 0x11, 0, "its addresses are cut off"},
        {0x21, 0x21, FOUR, "its addresses are cut off"},     {0x21, 0x31, FOUR, "its addresses are cut off"},
        {0x21, 0x11, KN_HEADER_MAX - 15, "it is too long"},  {0x20, 0x00, 65535, "it is too long"},
    };
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        size_t size = binary(data, lies[i].command, lies[i].family, four, sizeof(four), lies[i].told);
        ck_assert_msg(kn_header_read(data, size, &h, &why) == KN_HEADER_BAD, "%zu", i);
        ck_assert_str_eq(why, lies[i].why);
        ck_assert(!h.known);
    }
}
END_TEST

START_TEST(what_begins_with_something_else_is_no_header)
{
    kn_header h;
    static const char *const others[] = {"GET / HTTP/1.0\r\n", "P\r",       "PROXX",       "PROXY\t",
                                         "\r\n\r\n\r",         "\r\n\r\nx", "\x16\x03\x01"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ck_assert_msg(read_text(others[i], &h) == KN_HEADER_NONE, "%s", others[i]);
    ck_assert_int_eq(read_text("\r\n\r\n", &h), KN_HEADER_PART); /* that of version 2, perhaps */
    ck_assert_int_eq(read_text("PRO", &h), KN_HEADER_PART);
    ck_assert_int_eq(read_text("", &h), KN_HEADER_PART);
}
END_TEST

static bool has(const char *network, const char *address)
{
    kn_network n;
    kn_network one;
    ck_assert_msg(kn_network_read(network, &n), "%s", network);
    ck_assert_msg(kn_network_read(address, &one), "%s", address); /* an address alone is a network, too */
    return kn_network_has(&n, &one.base);
}

START_TEST(a_network_has_its_addresses)
{
    ck_assert(has("10.0.0.0/8", "10.255.0.1") && !has("10.0.0.0/8", "11.0.0.1"));
    ck_assert(has("192.0.2.128/25", "192.0.2.128") && !has("192.0.2.128/25", "192.0.2.127"));
    ck_assert(has("127.0.0.1", "127.0.0.1") && !has("127.0.0.1", "127.0.0.2"));
    ck_assert(has("0.0.0.0/0", "8.8.8.8") && !has("0.0.0.0/0", "2001:db8::1"));
    ck_assert(has("::/0", "8.8.8.8") && has("::/0", "2001:db8::1"));
    ck_assert(has("fd00::/8", "fdff::1") && !has("fd00::/8", "fe00::1"));
    ck_assert(has("::ffff:10.0.0.0/104", "10.1.2.3") && has("2001:db8::/33", "2001:db8:7fff::"));
    ck_assert(!has("2001:db8::/33", "2001:db8:8000::"));
}
END_TEST

START_TEST(what_is_no_network_is_refused)
{
    static const char *const texts[] = {
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/8x",
        "10.0.0.0/0008",
        "10.0.0/8",
        "10.0.0.1/8",
        "::1/64",
        "::/129",
        "localhost",
        "10.0.0.0/8/8",
        " 10.0.0.0/8",
        "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18/8",
    };
    kn_network n;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!kn_network_read(texts[i], &n), "%s", texts[i]);
}
END_TEST

SUITE_MAIN("header", 20, a_line_of_version_1_is_read, a_line_that_is_not_whole_is_a_part_and_at_most_107_bytes_long,
           a_line_that_lies_is_bad, a_header_of_version_2_is_read, a_proxy_may_speak_for_itself,
           a_header_of_version_2_that_lies_is_bad, what_begins_with_something_else_is_no_header,
           a_network_has_its_addresses, what_is_no_network_is_refused)
