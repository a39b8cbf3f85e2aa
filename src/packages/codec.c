/* codec.c - what the codecs share.  See codec.h. */
#include "config.h"

#include "packages/codec.h"

#include <assert.h>
#include <stdlib.h>

kb_status kp_codec_invalid(kb_error *err)
{
    return kb_error_fail(err, KB_EINVAL, 0, "the data is invalid");
}

kb_status kp_codec_incomplete(kb_error *err)
{
    return kb_error_fail(err, KB_ETRUNCATED, 0, "the data is incomplete");
}

kb_status kp_codec_no_memory(kb_error *err)
{
    return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
}

static kb_status resize(kp_codec_out *out, size_t room, kb_error *err)
{
    assert(room >= out->room);
    size_t more = room - out->room;
    if (!kp_account_take(out->claim, more))
        return kp_codec_no_memory(err);
    unsigned char *data = realloc(out->data, room);
    if (data == NULL) {
        kp_account_give(out->claim, more);
        return kp_codec_no_memory(err);
    }
    out->data = data;
    out->room = room;
    return KB_OK;
}

/* One byte beyond what is allowed shows that there is more. */
kb_status kp_codec_reserve(kp_codec_out *out, kb_error *err)
{
    assert(out->size <= out->room);
    enum { FIRST = 4096, PART = 8 };
    size_t most = out->limit < out->most ? out->limit : out->most;
    if (out->size > most)
        return out->limit <= out->most ? kb_error_fail(err, KB_EFULL, 0, "output is larger than %zu bytes", out->limit)
                                       : kp_codec_no_memory(err);
    if (out->size < out->room)
        return KB_OK;
    size_t room = out->room < FIRST / 2 ? FIRST : out->room > SIZE_MAX / 2 ? SIZE_MAX : out->room * 2;
    kb_status status = resize(out, most < room ? most + 1 : room, err);
    size_t less = out->room + out->room / PART; /* where there is no room for as much again */
    return status == KB_OK || less <= out->room || less >= room || most < less ? status : resize(out, less, err);
}

void kp_codec_release(kp_codec_out *out)
{
    free(out->data);
    kp_account_give(out->claim, out->room);
    out->data = NULL;
    out->size = out->room = 0;
}

kb_status kp_codec_reserve_all(kp_codec_out *out, size_t size, kb_error *err)
{
    assert(size >= out->size); /* nothing is cut off */
    if (out->most < size)
        return kp_codec_no_memory(err);
    return size > out->room ? resize(out, size, err) : out->room > 0 ? KB_OK : resize(out, 1, err);
}
