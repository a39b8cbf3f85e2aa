/* sqlite_value.c - values packed one behind the other.  See sqlite_db.h. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/sqlite_db.h"

static bool has_data(kp_sqlite_type type)
{
    return type == KP_SQLITE_TEXT || type == KP_SQLITE_BYTES;
}

int kp_sqlite_put(kp_disk_bytes *out, const kp_sqlite_value *v)
{
    unsigned char head[1 + sizeof(int64_t)] = {(unsigned char)v->type};
    uint64_t size = v->size;
    if (v->type == KP_SQLITE_FLOAT)
        memcpy(head + 1, &v->number, sizeof(v->number));
    else
        memcpy(head + 1, has_data(v->type) ? (const void *)&size : &v->integer, sizeof(size));
    int error = kp_disk_append(out, head, sizeof(head));
    return error == 0 && has_data(v->type) && size > 0 ? kp_disk_append(out, v->data, v->size) : error;
}

bool kp_sqlite_take(const kp_disk_bytes *in, size_t *at, kp_sqlite_value *v)
{
    uint64_t size = 0;
    if (*at >= in->size)
        return false;
    assert(in->size - *at >= 1 + sizeof(size)); /* values are whole */
    const unsigned char *head = in->data + *at;
    *v = (kp_sqlite_value){.type = (kp_sqlite_type)head[0]};
    *at += 1 + sizeof(size);
    if (v->type == KP_SQLITE_FLOAT)
        memcpy(&v->number, head + 1, sizeof(v->number));
    else
        memcpy(has_data(v->type) ? (void *)&size : &v->integer, head + 1, sizeof(size));
    v->data = in->data + *at;
    v->size = (size_t)size;
    *at += v->size;
    assert(*at <= in->size);
    return true;
}
