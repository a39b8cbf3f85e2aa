/* stream.c - see stream.h.
 *
 * The one buffer holds what was read ahead, or what is still to be written: data[from..to). */
#include "config.h"

#include "packages/stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/locks.h"
#include "base/relief.h"

enum {
    FIRST = 1 << 14,       /* what is read at once at the start of a file, */
    PIECE = 1 << 18,       /* and by a thread later on */
    PENDING_MAX = 1 << 16, /* bytes that wait to be written */
    FILE_MODE = 0666,
};

struct kp_stream {
    atomic_int refs;
    bool reads, writes, binary, regular; /* constant, as this: */
    char *path;
    pthread_mutex_t lock; /* guards all below; held while the file is read and written, by no interpreter's thread */
    int fd;               /* -1: closed */
    bool pending;         /* the buffer is to be written */
    bool ended;           /* the end was read */
    bool begun;           /* something was read, or it is not at its start */
    unsigned char *data;
    size_t from, to, room;
    kp_claim claim; /* `room`, once it counts */
    size_t seen;    /* up to here what is looked for is not in the buffer */
};

/* ---- Opening ----------------------------------------------------------------------------------- */

static int flags_of(const char *mode, kp_stream *s)
{
    char first = mode[0];
    int flags = 0;
    if (first != 'r' && first != 'w' && first != 'a')
        return -1;
    bool both = false;
    for (const char *m = mode + 1; *m != '\0'; m++) {
        if (*m == '+' && !both)
            both = true;
        else if (*m == 'b' && !s->binary)
            s->binary = true;
        else
            return -1;
    }
    s->reads = both || first == 'r';
    s->writes = both || first != 'r';
    flags = both ? O_RDWR : first == 'r' ? O_RDONLY : O_WRONLY;
    return flags | (first == 'w' ? O_CREAT | O_TRUNC : first == 'a' ? O_CREAT | O_APPEND : 0);
}

static int open_fd(kp_stream *s, const char *path, int flags)
{
    struct stat st;
    do
        s->fd = open(path, flags | O_CLOEXEC | O_NOCTTY, FILE_MODE);
    while (s->fd < 0 && (errno == EINTR || kb_relief_ask(errno)));
    if (s->fd < 0)
        return errno;
    int error = fstat(s->fd, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? EISDIR : 0;
    s->regular = error == 0 && S_ISREG(st.st_mode);
    if (error != 0)
        (void)close(s->fd);
    return error;
}

int kp_stream_open(const char *path, const char *mode, kp_stream **out)
{
    kp_stream *s = calloc(1, sizeof(*s));
    if (s == NULL)
        return ENOMEM;
    s->path = strdup(path);
    int flags = flags_of(mode, s);
    int error = flags < 0 ? EINVAL : s->path == NULL ? ENOMEM : open_fd(s, path, flags);
    if (error == 0 && (error = pthread_mutex_init(&s->lock, NULL)) != 0)
        (void)close(s->fd);
    if (error != 0) {
        free(s->path);
        free(s);
        return error;
    }
    atomic_init(&s->refs, 1);
    *out = s;
    return 0;
}

kp_stream *kp_stream_ref(kp_stream *s)
{
    int refs = atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    assert(refs > 0); /* from one who has it */
    (void)refs;
    return s;
}

void kp_stream_drop(kp_stream *s)
{
    int refs = atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1)
        return;
    (void)kp_stream_close(s, true);
    assert(s->fd < 0);
    free(s->data);
    free(s->path);
    kp_account_release(&s->claim);
    MUST(pthread_mutex_destroy(&s->lock));
    free(s);
}

bool kp_stream_is_binary(const kp_stream *s)
{
    return s->binary;
}

bool kp_stream_reads(const kp_stream *s)
{
    return s->reads;
}

bool kp_stream_writes(const kp_stream *s)
{
    return s->writes;
}

const char *kp_stream_path(const kp_stream *s)
{
    return s->path;
}

/* Acquires what the others did before they dropped theirs. */
bool kp_stream_is_sole(const kp_stream *s)
{
    return atomic_load_explicit(&s->refs, memory_order_acquire) == 1;
}

bool kp_stream_is_clean(const kp_stream *s)
{
    return kp_stream_is_sole(s) && !s->pending;
}

/* ---- The buffer (all locked) ------------------------------------------------------------------- */

/* Take the lock of an open stream. */
static int enter(kp_stream *s, bool aside)
{
    if (aside)
        kb_lock(&s->lock);
    else if (!kb_try_lock(&s->lock))
        return EAGAIN;
    if (s->fd >= 0)
        return 0;
    kb_unlock(&s->lock);
    return EBADF;
}

static int leave(kp_stream *s, int error)
{
    assert(s->from <= s->to && s->to <= s->room); /* what the next one relies on */
    assert(s->fd >= 0 || s->from == s->to);       /* and a closed one holds nothing */
    kb_unlock(&s->lock);
    return error;
}

static void forget(kp_stream *s)
{
    s->from = s->to = s->seen = 0;
    s->pending = s->ended = false;
}

/* Room for `more` bytes at data + to. */
static int reserve(kp_stream *s, size_t more)
{
    if (s->room - s->to >= more)
        return 0;
    if (s->from > 0) {
        memmove(s->data, s->data + s->from, s->to - s->from);
        s->to -= s->from;
        s->seen -= s->seen < s->from ? s->seen : s->from;
        s->from = 0;
    }
    kp_disk_bytes bytes = {.data = s->data, .size = s->to, .room = s->room, .claim = &s->claim};
    int error = kp_disk_reserve(&bytes, more);
    s->data = bytes.data;
    s->room = bytes.room;
    assert(error != 0 || s->room - s->to >= more);
    return error;
}

/* Write what is pending. */
static int put_pending(kp_stream *s, bool aside)
{
    if (!s->pending)
        return 0;
    if (!aside && s->to - s->from > FIRST)
        return EAGAIN;
    int error = kp_disk_put(s->fd, s->data + s->from, s->to - s->from);
    forget(s); /* after a failure, too: nobody knows what was written */
    return error;
}

/* Read more. */
static int fill(kp_stream *s, bool aside)
{
    assert(!s->pending); /* the buffer is of one kind only */
    if (!aside && (!s->regular || s->begun))
        return EAGAIN;
    size_t more = aside ? PIECE : FIRST;
    int error = reserve(s, more);
    if (error != 0)
        return error;
    ssize_t n = kp_disk_get(s->fd, s->data + s->to, more);
    if (n < 0)
        return errno;
    s->to += (size_t)n;
    if (!s->begun && !s->binary && s->to - s->from >= 3 && memcmp(s->data + s->from, "\xEF\xBB\xBF", 3) == 0)
        s->from += 3; /* a byte-order mark */
    s->begun = true;
    s->ended = n == 0;
    return 0;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static const unsigned char *find(const unsigned char *at, size_t size, const char *stop, size_t stop_size)
{
    for (const unsigned char *end = at + size; (size_t)(end - at) >= stop_size; at++) {
        at = memchr(at, (unsigned char)stop[0], (size_t)(end - at) - stop_size + 1);
        if (at == NULL || memcmp(at, stop, stop_size) == 0)
            return at;
    }
    return NULL;
}

/* Is what is wanted in the buffer?  *size bytes of it then, and *skip that are left out behind them. */
static bool there(kp_stream *s, const kp_want *w, size_t *size, size_t *skip)
{
    size_t have = s->to - s->from;
    *skip = 0;
    *size = have < w->most ? have : w->most;
    if (w->stop_size == 0) {
        size_t spare = w->text ? 3 : 0;
        if (have < w->most || have - w->most < spare)
            return s->ended;
    } else if (have == 0) { /* there may be no buffer yet */
        return s->ended;
    } else {
        size_t from = s->seen > s->from ? s->seen : s->from;
        assert(from <= s->to && (!w->many || w->stop_size == 1));
        const unsigned char *at = find(s->data + from, s->to - from, w->stop, w->stop_size);
        s->seen = s->to - s->from >= w->stop_size ? s->to - w->stop_size + 1 : s->from;
        if (at == NULL)
            return s->ended;
        if (w->many) /* of one byte */
            for (at = s->data + s->to - 1; *at != (unsigned char)w->stop[0]; at--)
                continue;
        *size = (size_t)(at - s->data) - s->from;
        *skip = w->stop_size;
    }
    return true;
}

static bool is_inside(unsigned char byte) /* of a character of several bytes */
{
    return (byte & 0xC0) == 0x80;
}

/* Nothing is left in a large buffer: the next one begins with a small one. */
static void shrink(kp_stream *s)
{
    if (s->from < s->to || s->room <= 2 * PIECE)
        return;
    free(s->data);
    kp_account_give(&s->claim, s->room);
    s->data = NULL;
    s->from = s->to = s->seen = s->room = 0;
}

/* All that is in the buffer is wanted: it changes hands, since there may be no room for two of its size. */
static void hand_over(kp_stream *s, kp_disk_bytes *out)
{
    assert(out->data == NULL);
    size_t size = s->to - s->from;
    memmove(s->data, s->data + s->from, size);
    kp_account_move(&s->claim, out->claim, s->room);
    *out = (kp_disk_bytes){.data = s->data, .size = size, .room = s->room, .claim = out->claim};
    s->data = NULL;
    s->from = s->to = s->seen = s->room = 0;
}

/* Count the buffer where `out` counts. */
static int count_buffer(kp_stream *s, const kp_disk_bytes *out)
{
    if (s->claim.account != NULL || out->claim == NULL || out->claim->account == NULL)
        return 0;
    kp_account_claim(&s->claim, out->claim->account);
    if (kp_account_take(&s->claim, s->room))
        return 0;
    kp_account_release(&s->claim);
    return ENOMEM;
}

static int take(kp_stream *s, const kp_want *w, size_t size, size_t skip, kp_disk_bytes *out)
{
    assert(size <= s->to - s->from && skip <= s->to - s->from - size);
    const unsigned char *at = s->data != NULL ? s->data + s->from : NULL; /* NULL: an empty file */
    for (int i = 0; w->text && skip == 0 && i < 3 && s->from + size < s->to && is_inside(at[size]); i++)
        size++;
    if (size == s->to - s->from && size > PIECE && out->data == NULL) {
        hand_over(s, out);
        return 0;
    }
    int error = kp_disk_append(out, at, size);
    if (error != 0)
        return error;
    s->from += size + skip;
    s->seen = s->from;
    shrink(s);
    return 0;
}

int kp_stream_read(kp_stream *s, const kp_want *want, bool aside, kp_disk_bytes *out, bool *ended)
{
    size_t size = 0, skip = 0;
    int error = enter(s, aside);
    if (error != 0)
        return error;
    error = count_buffer(s, out);
    if (error == 0)
        error = put_pending(s, aside);
    while (error == 0 && !there(s, want, &size, &skip))
        error = fill(s, aside);
    if (error == ENOMEM && out->claim != NULL)
        out->claim->refused = s->claim.refused;
    if (error != 0)
        return leave(s, error);
    *ended = size == 0 && skip == 0 && s->ended && want->most > 0;
    error = take(s, want, size, skip, out);
    if (*ended)
        s->ended = false; /* a file that grows goes on */
    return leave(s, error);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

/* Go back to where the script is: what was read ahead is read again. */
static int unread(kp_stream *s)
{
    if (s->pending || s->from == s->to) {
        if (!s->pending)
            forget(s);
        return 0;
    }
    off_t back = -(off_t)(s->to - s->from);
    forget(s);
    return lseek(s->fd, back, SEEK_CUR) < 0 && errno != ESPIPE ? errno : 0;
}

static int append(kp_stream *s, const void *data, size_t size, bool aside)
{
    if (!s->regular) /* who reads the other end wants it now */
        return aside ? kp_disk_put(s->fd, data, size) : EAGAIN;
    int error = unread(s);
    assert(error != 0 || s->pending || s->from == s->to); /* nothing that was read ahead is left */
    if (error == 0 && s->to - s->from + size > PENDING_MAX) {
        if (!aside)
            return EAGAIN;
        error = put_pending(s, aside);
        if (error == 0 && size > PENDING_MAX)
            return kp_disk_put(s->fd, data, size);
    }
    if (error == 0 && (error = reserve(s, size)) == 0 && size > 0) {
        memcpy(s->data + s->to, data, size);
        s->to += size;
        s->pending = true;
    }
    return error;
}

int kp_stream_write(kp_stream *s, const void *data, size_t size, bool aside)
{
    int error = enter(s, aside);
    return error != 0 ? error : leave(s, append(s, data, size, aside));
}

int kp_stream_flush(kp_stream *s, bool aside)
{
    int error = enter(s, aside);
    return error != 0 ? error : leave(s, put_pending(s, aside));
}

int kp_stream_finish(kp_stream *s)
{
    int error = enter(s, false);
    return error == EBADF ? 0 : error != 0 ? error : leave(s, put_pending(s, true));
}

int kp_stream_seek(kp_stream *s, int64_t offset, int whence, bool aside, int64_t *at)
{
    int error = enter(s, aside);
    if (error != 0)
        return error;
    error = put_pending(s, aside);
    if (error == 0)
        error = unread(s);
    if (error != 0)
        return leave(s, error);
    *at = (int64_t)lseek(s->fd, (off_t)offset, whence);
    forget(s);
    s->begun = s->begun || *at != 0;
    return leave(s, *at < 0 ? errno : 0);
}

int kp_stream_close(kp_stream *s, bool aside)
{
    int error = enter(s, aside);
    if (error != 0)
        return error == EBADF ? 0 : error;
    error = put_pending(s, aside);
    if (error == EAGAIN && !aside)
        return leave(s, error);
    if (close(s->fd) != 0 && error == 0 && errno != EINTR)
        error = errno;
    s->fd = -1;
    forget(s);
    return leave(s, error);
}
