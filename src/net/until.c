/* until.c - receiving up to a delimiter, a line, so many bytes, or all of a stream.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "net/fault.h"
#include "net/task.h"
#include "net/wake.h"
#include "net/whole.h"

/* ---- What is whole --------------------------------------------------------------------------- */

static kn_look found(kn_whole *w, size_t size, size_t after)
{
    w->size = size;
    w->after = after;
    return KN_LOOK_FOUND;
}

static kn_look too_long(const kn_whole *w, const char *what, kiwi_result *out)
{
    kn_fault(out, KIWI_FAULT_TOO_LONG, 0, "too long: %s %zu bytes", what, w->max);
    return KN_LOOK_FAULT;
}

static kn_look truncated(const char *where, kiwi_result *out)
{
    kn_fault(out, KIWI_FAULT_TRUNCATED, 0, "truncated: the stream has ended %s", where);
    return KN_LOOK_FAULT;
}

static kn_look more(kn_whole *w, size_t have, size_t missing)
{
    w->looked = have;
    w->missing = missing;
    return KN_LOOK_MORE;
}

static kn_look look_until(kn_whole *w, const unsigned char *bytes, size_t have, bool ended, kiwi_result *out)
{
    static const char no_delimiter[] = "no delimiter within";
    size_t mark = kn_mark_size(w->mark), end = kn_mark_find(w->mark, bytes + w->looked, have - w->looked);
    if (end > 0) {
        size_t size = w->looked + end - mark;
        return size > w->max ? too_long(w, no_delimiter, out) : found(w, size, mark);
    }
    if (have >= w->max + mark)
        return too_long(w, no_delimiter, out);
    return ended ? truncated("before the delimiter", out) : more(w, have, SIZE_MAX);
}

/* A line ends with LF or CR LF. */
static kn_look look_line(kn_whole *w, const unsigned char *bytes, size_t have, bool ended, kiwi_result *out)
{
    const unsigned char *lf = memchr(bytes + w->looked, '\n', have - w->looked);
    size_t size = lf == NULL ? have : (size_t)(lf - bytes);
    bool cr = size > 0 && bytes[size - 1] == '\r'; /* without LF: it may be the end of the line, too */
    if (size - cr > w->max)
        return too_long(w, "no end of the line within", out);
    if (lf != NULL)
        return found(w, size - cr, 1 + (size_t)cr);
    if (ended)
        return have == 0 ? KN_LOOK_NOTHING : truncated("within a line", out);
    return more(w, have, SIZE_MAX);
}

/* No byte more than that is taken from the system. */
static kn_look look_exactly(kn_whole *w, const unsigned char *bytes, size_t have, bool ended, kiwi_result *out)
{
    (void)bytes;
    if (have >= w->max)
        return found(w, w->max, 0);
    if (!ended)
        return more(w, have, w->max - have);
    kn_fault(out, KIWI_FAULT_TRUNCATED, 0, "truncated: the stream has ended after %zu of %zu bytes", have, w->max);
    return KN_LOOK_FAULT;
}

static kn_look look_all(kn_whole *w, const unsigned char *bytes, size_t have, bool ended, kiwi_result *out)
{
    (void)bytes;
    if (have > w->max)
        return too_long(w, "the stream has more than", out);
    return ended ? found(w, have, 0) : more(w, have, w->max + 1 - have);
}

/* ---- Submitting ----------------------------------------------------------------------------- */

static kiwi_id no_delimiter(kiwi_net *net, const void *delimiter, size_t size)
{
    kiwi_result out = {0};
    if (delimiter != NULL && size > 0 && size <= KN_MARK_MAX)
        kn_fault_sys(&out, ENOMEM);
    else if (delimiter == NULL)
        kn_fault(&out, KIWI_FAULT_INVALID, EINVAL, "Invalid delimiter: NULL.");
    else
        kn_fault(&out, KIWI_FAULT_INVALID, EINVAL, "Invalid delimiter of %zu bytes: expected 1 to %d.", size,
                 KN_MARK_MAX);
    kn_lock(net);
    kiwi_id id = kn_task_faulted(net, &out);
    kn_wake_unlock(net);
    return id;
}

static kiwi_id recv_until(kiwi_net *net, kiwi_id socket, bool tls, const void *delimiter, size_t size, int64_t max)
{
    bool valid = delimiter != NULL && size > 0 && size <= KN_MARK_MAX;
    kn_mark *mark = valid ? kn_mark_new(delimiter, size) : NULL;
    if (mark == NULL)
        return no_delimiter(net, delimiter, size);
    return kn_whole_submit(net, socket, tls, 1, max, &(kn_whole){.look = look_until, .mark = mark});
}

static const kn_whole line = {.look = look_line, .text = true};
static const kn_whole exactly = {.look = look_exactly};
static const kn_whole all = {.look = look_all};

kiwi_id kiwi_tcp_recv_until(kiwi_net *net, kiwi_id socket, const void *delimiter, size_t size, int64_t max)
{
    return recv_until(net, socket, false, delimiter, size, max);
}

kiwi_id kiwi_tls_recv_until(kiwi_net *net, kiwi_id socket, const void *delimiter, size_t size, int64_t max)
{
    return recv_until(net, socket, true, delimiter, size, max);
}

kiwi_id kiwi_tcp_recv_line(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return kn_whole_submit(net, socket, false, 1, max, &line);
}

kiwi_id kiwi_tls_recv_line(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return kn_whole_submit(net, socket, true, 1, max, &line);
}

kiwi_id kiwi_tcp_recv_exactly(kiwi_net *net, kiwi_id socket, int64_t size)
{
    return kn_whole_submit(net, socket, false, 0, size, &exactly);
}

kiwi_id kiwi_tls_recv_exactly(kiwi_net *net, kiwi_id socket, int64_t size)
{
    return kn_whole_submit(net, socket, true, 0, size, &exactly);
}

kiwi_id kiwi_tcp_recv_all(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return kn_whole_submit(net, socket, false, 1, max, &all);
}

kiwi_id kiwi_tls_recv_all(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return kn_whole_submit(net, socket, true, 1, max, &all);
}
