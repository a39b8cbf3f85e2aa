/* ca.h - an authority for tests: makes certificates in a temporary folder.
 *
 * Every failure here fails the test that called.  The folder also serves as the user's state folder
 * (XDG_STATE_HOME is set), so no test touches the development certificate of the person who runs it. */
#ifndef CA_H
#define CA_H

#include <stdbool.h>

typedef struct ca ca;

typedef struct ca_spec {
    const char *dns;  /* name, or NULL */
    const char *ip;   /* IPv4 or IPv6 address, or NULL */
    long from_s;      /* valid from now + from_s; 0: an hour ago */
    long until_s;     /* valid until now + until_s; 0: in an hour */
    bool self_signed; /* not by the authority */
    bool client;      /* for clients, not for servers */
    int rsa_bits;     /* of an RSA key; 0: ECDSA P-256 */
    bool sha1;        /* signed with SHA-1 */
    bool authority;   /* an intermediate authority: all that an authority issues are one, renewed */
    bool below;       /* by the intermediate authority that was issued last */
} ca_spec;

/* Make a folder with the certificate of a fresh authority, root.pem, in it. */
ca *ca_new(void);

/* Remove the folder and all in it. */
void ca_free(ca *authority);

/* Issue NAME.pem and NAME.key. */
void ca_issue(ca *authority, const char *name, const ca_spec *spec);

/* Write the files of the NULL-terminated list one after the other into `file`. */
void ca_join(ca *authority, const char *file, const char *const *parts);

/* The path of `file` in the folder; valid until ca_free(). */
const char *ca_path(ca *authority, const char *file);

#endif
