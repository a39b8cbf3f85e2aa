/* fd.h - descriptors as the runtime wants them, and pipes that wake threads.
 *
 * Place: net layer, below everything; knows the system only.  Threads: any.  Functions that return int give
 * 0 or an errno. */
#ifndef KN_FD_H
#define KN_FD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* A connected socket gets into blocking mode, so that a worker can wait in recv() and send() themselves; a call that
 * must not wait says so by KN_FD_NOW.  Where the system cannot say it, sockets stay non-blocking and workers wait in
 * poll(). */
#if defined(MSG_DONTWAIT)
enum { KN_FD_BLOCKS = 1, KN_FD_NOW = MSG_DONTWAIT };
#else
enum { KN_FD_BLOCKS = 0, KN_FD_NOW = 0 };
#endif
/* For every send(): a peer that has gone is an error, not a signal.  (Elsewhere SO_NOSIGPIPE is set.) */
#if defined(MSG_NOSIGNAL)
enum { KN_FD_SEND = MSG_NOSIGNAL };
#else
enum { KN_FD_SEND = 0 };
#endif

/* *out: a socket that is non-blocking, close-on-exec and sends without delay. */
int kn_fd_socket(int family, int type, int *out);
/* Two of the same, connected to each other; Unix sockets. */
int kn_fd_pair(int fds[2]);
/* *out: the next connection of `listener`, in the mode of KN_FD_BLOCKS, close-on-exec, without delay; *peer: where it
 * comes from, if that is an internet address. */
int kn_fd_accept(int listener, int *out, struct sockaddr_in6 *peer);
/* `fd`, a socket that another program has made, becomes as those above are.  It stays open in any case. */
int kn_fd_adopt(int fd, bool blocking);
/* Put a connected socket into blocking mode. */
int kn_fd_block(int fd);
/* A blocking recv(), or with `sending` send(), of `fd` returns after `us` microseconds; 0: no limit. */
int kn_fd_limit(int fd, bool sending, int64_t us);
/* Let no connection begin any more on `listener`, of TCP, while those that have begun can be accepted.  Who tries does so again
 * after a second, when somebody else may listen there: nobody is refused.  ENOTSUP: the system cannot do that. */
int kn_fd_stop_new(int listener);
/* Is there anything to receive?  1: bytes, or a datagram; 0: the end of the stream, or an empty datagram; -1: errno
 * says why not.  Never waits, and takes nothing. */
int kn_fd_peek(int fd);
/* How many bytes that were sent the peer has not acknowledged, its FIN counted as one; -1: not known here. */
int kn_fd_unsent(int fd);
/* A datagram socket on every address of this machine answers from the address that was asked, not from the one that
 * the system would choose; an IPv4 address is a mapped one here, `::` says that it is not known. */
/* Let `fd` (of `family`) tell which address each datagram was sent to. */
void kn_fd_tell_asked(int fd, int family);
/* recvfrom(), with the address that was asked in *asked. */
ssize_t kn_fd_recv_from(int fd, void *buf, size_t size, struct sockaddr_storage *from, struct in6_addr *asked);
/* sendto() from a socket of `family`, from address `asked` if that is known and still ours. */
ssize_t kn_fd_send_to(int fd, int family, const void *data, size_t size, const struct sockaddr *to, socklen_t to_size,
                      const struct in6_addr *asked);

/* A descriptor, close-on-exec, that is readable once process `pid` has ended; -1: the system has none. */
int kn_fd_process(pid_t pid);
/* Reading from `fd` must not wait. */
int kn_fd_now(int fd);

/* Let close() of `fd` reset the connection. */
void kn_fd_will_reset(int fd);

/* A pipe, non-blocking and close-on-exec at both ends; both are -1 on failure. */
int kn_fd_pipe(int fds[2]);
/* Make the pipe whose writing end is `fd` readable.  Async-signal-safe. */
void kn_fd_signal(int fd);
/* Empty the pipe whose reading end is `fd`. */
void kn_fd_drain(int fd);

#endif
