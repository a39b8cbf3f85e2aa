/* socket_options.h - the hashmap of options that stands last in functions of socket and tls.
 *
 * Place: packages; one table of all options, of which each function takes its own. */
#ifndef KP_SOCKET_OPTIONS_H
#define KP_SOCKET_OPTIONS_H

#include "packages/package.h"

enum { /* whose options a function takes */
       KP_OPTIONS_UNIX = 1,
       KP_OPTIONS_TLS = 2,
       KP_OPTIONS_OPEN = 4,         /* of a connection that is there already; */
       KP_OPTIONS_SERVER = 8,       /* of a listener over TCP; */
       KP_OPTIONS_CLIENT = 16,      /* of one that is to be made over TCP */
       KP_OPTIONS_SERVE = 32,       /* of serve(); */
       KP_OPTIONS_RESOLVE = 64,     /* of resolve(); */
       KP_OPTIONS_TLS_SERVER = 128, /* of the server's side of TLS, besides KP_OPTIONS_TLS: kp_socket_options_free() */
       KP_OPTIONS_INHERITED = 256,  /* of a listener, or connection, that is there already */
};

typedef struct kp_socket_options { /* the texts are the hashmap's; tls.socket points to `socket` */
    kiwi_tls_options tls;
    kiwi_tls_name *names; /* that tls.names are */
    kiwi_socket_options socket;
    bool client_auth; /* given */
    int mode;         /* of the file of a Unix socket; -1: as the umask leaves it */
    int clients;      /* of serve: how many at a time; */
    int drain_ms;     /* how long they may go on when it ends */
    kiwi_family family;
    int limit_ms; /* of a look-up; 0: none */
} kp_socket_options;

/* Read the hashmap at argument `at` (missing or null: no options).  false: thrown, and nothing is to be freed. */
bool kp_socket_options_read(kw_vm *vm, const kw_call *call, uint32_t at, unsigned whose, kp_socket_options *out);
/* What those of KP_OPTIONS_TLS_SERVER take besides the hashmap. */
void kp_socket_options_free(kp_socket_options *out);

#endif
