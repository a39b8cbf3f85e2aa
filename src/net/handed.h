/* handed.h - sockets that whoever started this process has opened for it.
 *
 * systemd and those who do as it does hand them over from descriptor 3 on, and say so by the variables LISTEN_PID,
 * LISTEN_FDS and LISTEN_FDNAMES (sd_listen_fds(3)).  Without these, descriptor 0 is one where it is a socket: inetd.
 * Each can be taken once: who has it owns its descriptor.
 * Place: net layer, below sockets; knows the system only.  Threads: any; the list is the process's, under a leaf
 * lock. */
#ifndef KN_HANDED_H
#define KN_HANDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    KN_HANDED_FIRST = 3,  /* descriptor of the first one */
    KN_HANDED_MAX = 1024, /* a number that is larger is a mistake */
};

typedef struct kn_handed_list {
    bool standard; /* descriptor 0 takes the place of the first one */
    int count;
    char *names;    /* with colons between them; NULL: they have none */
    bool *taken;    /* count of them */
    char none[128]; /* why there are none */
} kn_handed_list;

/* What the variables (NULL: not set) hand over to process `self`.  false: memory is short. */
bool kn_handed_read(const char *pid, const char *fds, const char *names, pid_t self, kn_handed_list *out);
void kn_handed_fini(kn_handed_list *list);
/* The one of this name that is free, else the first one so called; NULL: number `index`.  -1: there is none, and `why`
 * says what there is. */
int kn_handed_find(const kn_handed_list *list, const char *name, int64_t index, char *why, size_t size);

typedef struct kn_handed {
    int fd;        /* close-on-exec; a listener does not block, a connection does where KN_FD_BLOCKS */
    bool listener; /* else a connection */
    bool local;    /* a Unix socket */
} kn_handed;

/* Take one of those of this process; with `listening` a listener alone.  0, or an errno: `why` is its text. */
int kn_handed_take(const char *name, int64_t index, bool listening, kn_handed *out, char *why, size_t size);
/* Before another program is started: it shall have none of them. */
void kn_handed_keep(void);

#endif
