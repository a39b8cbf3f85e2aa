/* notify.c - telling whoever supervises this process, systemd, how it is (sd_notify(3)).  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/size.h"
#include "kiwi/net.h"
#include "net/fd.h"

/* The address of NOTIFY_SOCKET; 0 or an errno. */
static int address_of(const char *name, struct sockaddr_un *out, socklen_t *size)
{
    size_t length = strlen(name);
    if (name[0] != '/' && name[0] != '@')
        return EAFNOSUPPORT; /* vsock:CID:PORT of virtual machines, say */
    if (length >= sizeof(out->sun_path))
        return ENAMETOOLONG;
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, name, length);
    bool abstract = name[0] == '@';
    if (abstract)
        out->sun_path[0] = '\0';
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + !abstract);
    return 0;
}

static int send_to(const struct sockaddr_un *to, socklen_t to_size, const char *text, size_t size)
{
    int fd = -1, error = kn_fd_socket(AF_UNIX, SOCK_DGRAM, &fd);
    if (error != 0)
        return error;
    while (sendto(fd, text, size, KN_FD_SEND, (const struct sockaddr *)to, to_size) < 0) {
        error = errno;
        if (error != EINTR)
            break;
        error = 0;
    }
    (void)close(fd);
    return error;
}

int kiwi_notify(const char *text, size_t size)
{
    struct sockaddr_un to;
    socklen_t to_size;
    const char *name = getenv("NOTIFY_SOCKET");
    if (text == NULL)
        return EINVAL;
    if (name == NULL || name[0] == '\0')
        return ENOENT;
    int error = address_of(name, &to, &to_size);
    if (error == 0)
        error = send_to(&to, to_size, text, size);
    return error == ECONNREFUSED ? ENOENT : error; /* there was somebody */
}

int64_t kiwi_watchdog_us(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    int64_t us = kb_size_number(getenv("WATCHDOG_USEC"));
    return us <= 0 || (pid != NULL && kb_size_number(pid) != getpid()) ? 0 : us;
}
