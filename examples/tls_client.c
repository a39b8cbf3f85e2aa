/* tls_client.c - send a line to a TLS server and print the answer.
 *
 *   tls_client HOST PORT [SNI [TEXT]]
 *
 * Without TEXT the line is read from standard input.  SNI is the name sent to the server and looked for
 * in its certificate; "" or nothing: HOST.  KIWI_TLS_CA names a file of authorities to trust besides the
 * system's.
 *
 * Each operation is a task; this program awaits each at once, which is the simplest way to use them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kiwi/net.h"

enum { LINE_BYTES = 4096, LIMIT_MS = 10000 };

/* Await `task`; true if it completed.  Says on standard error why it did not. */
static bool await(kiwi_net *net, const char *what, kiwi_id task, kiwi_result *result)
{
    int code = kiwi_task_await(net, task, LIMIT_MS, result);
    if (code == 0 && result->state == KIWI_TASK_COMPLETED)
        return true;
    (void)fprintf(stderr, "%s: %s\n", what, code == 0 ? result->message : "no answer in time");
    return false;
}

/* Print what the server sends until the end of a line or of the stream. */
static bool print_answer(kiwi_net *net, kiwi_id socket)
{
    kiwi_result got;
    bool more = true;
    while (more) {
        if (!await(net, "receive", kiwi_tls_recv(net, socket, LINE_BYTES), &got))
            return false;
        more = got.size > 0 && got.bytes[got.size - 1] != '\n';
        (void)fwrite(got.bytes != NULL ? got.bytes : (unsigned char *)"", 1, got.size, stdout);
        free(got.bytes);
    }
    return true;
}

static bool converse(kiwi_net *net, kiwi_id socket, const char *line)
{
    kiwi_result sent;
    kiwi_socket_info info;
    if (kiwi_socket_info_get(net, socket, &info) == 0)
        (void)fprintf(stderr, "%s, %s, peer %s\n", info.version, info.cipher,
                      info.verified ? "verified" : "not verified");
    bool good = await(net, "send", kiwi_tls_send(net, socket, line, strlen(line)), &sent) && print_answer(net, socket);
    kiwi_tls_close(net, socket);
    return good;
}

/* The line to send, with its newline. */
static bool take_line(const char *text, char line[LINE_BYTES])
{
    if (text == NULL)
        return fgets(line, LINE_BYTES, stdin) != NULL;
    int n = snprintf(line, LINE_BYTES, "%s\n", text);
    return n > 0 && n < LINE_BYTES;
}

int main(int argc, char **argv)
{
    kiwi_net *net = NULL;
    kiwi_result connected;
    char line[LINE_BYTES];
    if (argc < 3) {
        (void)fprintf(stderr, "usage: tls_client HOST PORT [SNI [TEXT]]\n");
        return 2;
    }
    if (!take_line(argc > 4 ? argv[4] : NULL, line)) {
        (void)fprintf(stderr, "no line to send\n");
        return 2;
    }
    if (kiwi_net_open(NULL, &net) != 0) {
        (void)fprintf(stderr, "cannot start the network\n");
        return 1;
    }
    kiwi_id task = kiwi_tls_connect(net, argv[1], strtol(argv[2], NULL, 10), argc > 3 ? argv[3] : "", NULL);
    bool good = await(net, "connect", task, &connected) && converse(net, connected.integer, line);
    kiwi_net_close(net);
    return good ? 0 : 1;
}
