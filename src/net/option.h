/* option.h - options of sockets: one table of them, and what every connection begins with.
 *
 * Place: net layer, below everything; knows the system only.  Threads: any. */
#ifndef KN_OPTION_H
#define KN_OPTION_H

#include <stdbool.h>

#include "kiwi/net.h"

/* `fd` is new: if it is one of TCP it sends without delay, and notices in the end that its peer has vanished: when, is the
 * system's default (hours). */
void kn_option_begin(int fd);
/* It notices so after two minutes.  Three calls: for a connection that waits, and most of those of a scan never do. */
void kn_option_keepalive_times(int fd);
/* Both for one that was just accepted: it may have all that from its listener. */
void kn_option_begin_accepted(int fd);
/* Give `fd` the options (NULL: none): 0; or why one cannot be, *refused (may be NULL) is its name then, and those before it
 * are set. */
int kn_option_set(int fd, const kiwi_socket_options *options, const char **refused);
/* Let several processes bind the port of `fd`.  0 or an errno. */
int kn_option_share_port(int fd);
/* The value of an option; `otherwise` if it is not given. */
int kn_option_value(const kiwi_socket_options *options, kiwi_socket_option option, int otherwise);

#endif
