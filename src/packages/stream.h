/* stream.h - open files with a buffer, for reading piece by piece and line by line in constant memory.
 *
 * Place: packages layer, without the interpreter.
 * Threads: any; each function takes the stream's lock, and where `aside` is false it neither waits for that nor reads
 * or writes what may take long: EAGAIN says that a thread of its own has to do it.
 * Functions give 0 or an errno. */
#ifndef KP_STREAM_H
#define KP_STREAM_H

#include "packages/disk.h"

typedef struct kp_stream kp_stream;

/* What to read: up to `most` bytes; or, with `stop_size`, up to `stop`, which is left out.  `text`: no character is cut
 * in two, so there may be up to three bytes more. */
typedef struct kp_want {
    size_t most;
    const char *stop;
    size_t stop_size;
    bool text;
    bool many; /* with `stop`: up to the last one that was read ahead, at least one */
} kp_want;

/* "r", "w", "a", each with "+" for both ways and "b" for bytes.  EINVAL: another mode. */
int kp_stream_open(const char *path, const char *mode, kp_stream **out);
/* One more who has the stream; one less: the last one closes it. */
kp_stream *kp_stream_ref(kp_stream *s);
void kp_stream_drop(kp_stream *s);
/* Constant properties. */
bool kp_stream_is_binary(const kp_stream *s);
bool kp_stream_reads(const kp_stream *s);
bool kp_stream_writes(const kp_stream *s);
const char *kp_stream_path(const kp_stream *s); /* as it was opened */
/* Has the caller the only reference, so that nobody else can get one? */
bool kp_stream_is_sole(const kp_stream *s);
/* ... and nothing to write: the last drop only closes it. */
bool kp_stream_is_clean(const kp_stream *s);

/* Read into *out; *ended: there was nothing more.  From the first one on that counts what it takes, the buffer counts
 * there, too. */
int kp_stream_read(kp_stream *s, const kp_want *want, bool aside, kp_disk_bytes *out, bool *ended);
int kp_stream_write(kp_stream *s, const void *data, size_t size, bool aside);
/* As lseek(); *at is where it is then. */
int kp_stream_seek(kp_stream *s, int64_t offset, int whence, bool aside, int64_t *at);
int kp_stream_flush(kp_stream *s, bool aside);
/* At the end of a program: write what is in the buffer, if there is any.  EAGAIN: another thread is at it. */
int kp_stream_finish(kp_stream *s);
/* Write what is in the buffer and close; later calls give EBADF. */
int kp_stream_close(kp_stream *s, bool aside);

#endif
