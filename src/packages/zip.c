/* zip.c - see zip.h.  The list at the end of an archive (the central directory) says what is in it; what stands before the
 * data of an entry is looked at only to find where that begins. */
#include "config.h"

#include "packages/zip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOCAL = 0x04034B50,
    LOCAL_SIZE = 30,
    CENTRAL = 0x02014B50,
    CENTRAL_SIZE = 46,
    END = 0x06054B50,
    END_SIZE = 22,
    MOST_COMMENT = 0xFFFF,
    MOST_ENTRIES = 0xFFFF,
    MOST_NAME = 0xFFFF,
    STORED = 0,
    DEFLATED = 8,
    ENCRYPTED = 1,
    UTF8 = 0x800, /* flags */
    VERSION_NEEDED = 20,
    NO_DATE = 0x21, /* 1 January 1980 */
};
#define MOST_BYTES 0xFFFFFFFEU /* one more means zip64 */

/* ---- Names ---------------------------------------------------------------------------------------------- */

static bool is_separator(char c)
{
    return c == '/' || c == '\\';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool kp_zip_is_safe(const char *name, size_t size)
{
    if (size == 0 || is_separator(name[0]) || memchr(name, '\0', size) != NULL)
        return false;
    if (size >= 2 && is_letter(name[0]) && name[1] == ':')
        return false;
    for (size_t from = 0, to = 0; from < size; from = to + 1) {
        for (to = from; to < size && !is_separator(name[to]);)
            to++;
        if (to - from == 2 && name[from] == '.' && name[from + 1] == '.')
            return false;
    }
    return true;
}

/* An error with as much of a name as there is room for. */
static kb_status complain(kb_error *err, const char *what, const char *name, size_t size)
{
    enum { MOST_SHOWN = 80 };
    return kb_error_fail(err, KB_EINVAL, 0, "%s: '%.*s'", what, (int)(size < MOST_SHOWN ? size : MOST_SHOWN), name);
}

/* ---- Writing -------------------------------------------------------------------------------------------- */

static void put(unsigned char *at, unsigned bytes, size_t n)
{
    assert(bytes >= sizeof(n) || n >> (8 * bytes) == 0); /* what does not fit was refused */
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (unsigned char)(n >> (8 * i) & 0xFF);
}

/* What stands before an entry's data and, from its second field on, in the list. */
typedef struct written {
    size_t at, packed;
    unsigned method;
    uint32_t crc;
} written;

static void put_common(unsigned char *at, const kp_zip_entry *e, const written *w)
{
    put(at, 2, VERSION_NEEDED);
    put(at + 2, 2, UTF8);
    put(at + 4, 2, w->method);
    put(at + 6, 2, 0);
    put(at + 8, 2, NO_DATE);
    put(at + 10, 4, w->crc);
    put(at + 14, 4, w->packed);
    put(at + 18, 4, e->size);
    put(at + 22, 2, e->name_size);
}

static kb_status append(kp_codec_out *out, const void *data, size_t size, kb_error *err)
{
    assert(size <= MOST_BYTES && out->size <= out->room);
    if (out->size > MOST_BYTES - size)
        return kb_error_fail(err, KB_EFULL, 0, "a zip archive has at most 4 GiB");
    if (out->room - out->size < size) {
        size_t wanted = out->size + size, twice = out->room < SIZE_MAX / 2 ? out->room * 2 : SIZE_MAX;
        kb_status status = twice > wanted ? kp_codec_reserve_all(out, twice, err) : KB_ENOMEM;
        if (status != KB_OK && (status = kp_codec_reserve_all(out, wanted, err)) != KB_OK)
            return status;
    }
    assert(out->room - out->size >= size);
    if (size > 0)
        memcpy(out->data + out->size, data, size);
    out->size += size;
    return KB_OK;
}

/* The data of an entry, deflated if that makes it smaller. */
static kb_status pack(const kp_zip_entry *e, int level, kp_codec_out *packed, written *w, kb_error *err)
{
    *w = (written){.method = STORED, .packed = e->size, .crc = kp_codec_crc32(e->data, e->size)};
    if (level == 0 || e->size == 0)
        return KB_OK;
    kb_status status = kp_codec_deflate.compress(e->data, e->size, level, packed, err);
    if (status == KB_OK && packed->size < e->size) {
        w->method = DEFLATED;
        w->packed = packed->size;
    }
    return status;
}

static kb_status write_entry(const kp_zip_entry *e, int level, kp_codec_out *out, written *w, kb_error *err)
{
    unsigned char head[LOCAL_SIZE] = {0};
    if (e->size > MOST_BYTES || e->name_size > MOST_NAME || !kp_zip_is_safe(e->name, e->name_size))
        return complain(err, e->size > MOST_BYTES ? "too large for a zip archive" : "not a safe name of a zip entry",
                        e->name, e->name_size);
    kp_codec_out packed = {.limit = SIZE_MAX, .most = out->most, .claim = out->claim};
    kb_status status = pack(e, level, &packed, w, err);
    w->at = out->size;
    put(head, 4, LOCAL);
    put_common(head + 4, e, w);
    if (status == KB_OK)
        status = append(out, head, sizeof(head), err);
    if (status == KB_OK)
        status = append(out, e->name, e->name_size, err);
    if (status == KB_OK)
        status = append(out, w->method == STORED ? e->data : packed.data, w->packed, err);
    kp_codec_release(&packed);
    return status;
}

static kb_status write_list_item(const kp_zip_entry *e, const written *w, kp_codec_out *out, kb_error *err)
{
    unsigned char head[CENTRAL_SIZE] = {0};
    put(head, 4, CENTRAL);
    put(head + 4, 2, VERSION_NEEDED);
    put_common(head + 6, e, w);
    put(head + 42, 4, w->at);
    kb_status status = append(out, head, sizeof(head), err);
    return status == KB_OK ? append(out, e->name, e->name_size, err) : status;
}

static kb_status write_end(size_t count, size_t list, kp_codec_out *out, kb_error *err)
{
    unsigned char end[END_SIZE] = {0};
    put(end, 4, END);
    put(end + 8, 2, count);
    put(end + 10, 2, count);
    put(end + 12, 4, out->size - list);
    put(end + 16, 4, list);
    return append(out, end, sizeof(end), err);
}

kb_status kp_zip_write(const kp_zip_entry *entries, size_t count, int level, kp_codec_out *out, kb_error *err)
{
    if (count > MOST_ENTRIES - 1)
        return kb_error_fail(err, KB_EFULL, 0, "a zip archive has at most %d entries", MOST_ENTRIES - 1);
    written *all = calloc(count > 0 ? count : 1, sizeof(*all));
    kb_status status = all != NULL ? KB_OK : kp_codec_no_memory(err);
    for (size_t i = 0; i < count && status == KB_OK; i++)
        status = write_entry(&entries[i], level, out, &all[i], err);
    size_t list = out->size;
    for (size_t i = 0; i < count && status == KB_OK; i++)
        status = write_list_item(&entries[i], &all[i], out, err);
    free(all);
    return status == KB_OK ? write_end(count, list, out, err) : status;
}

/* ---- Reading -------------------------------------------------------------------------------------------- */

static size_t get(const unsigned char *at, unsigned bytes)
{
    size_t n = 0;
    for (unsigned i = bytes; i > 0; i--)
        n = n << 8 | at[i - 1];
    return n;
}

typedef struct archive {
    const unsigned char *data;
    size_t size;
    size_t list, count; /* where the list begins; entries */
    size_t left;        /* bytes that entries may still have, */
    size_t memory;      /* and that there are for them */
    const kp_zip_limits *limits;
    kb_error *err;
} archive;

/* An item of the list. */
typedef struct item {
    const char *name;
    size_t name_size, flags, method, crc, packed, size, at;
} item;

/* The end of the list is found by its mark, which a comment of up to 64 KiB follows. */
static kb_status find_end(archive *a)
{
    size_t first = a->size > END_SIZE + MOST_COMMENT ? a->size - END_SIZE - MOST_COMMENT : 0;
    for (size_t at = a->size >= END_SIZE ? a->size - END_SIZE + 1 : 0; at > first; at--) {
        const unsigned char *end = a->data + at - 1;
        if (get(end, 4) != END || get(end + 20, 2) != a->size - (at - 1) - END_SIZE)
            continue;
        a->count = get(end + 10, 2);
        a->list = get(end + 16, 4);
        if (a->count == MOST_ENTRIES || a->list == MOST_BYTES + 1U)
            return kb_error_fail(a->err, KB_EINVAL, 0, "zip64 archives are not supported");
        if (get(end + 4, 4) != 0 || get(end + 8, 2) != a->count)
            return kb_error_fail(a->err, KB_EINVAL, 0, "zip archives of several parts are not supported");
        return a->list <= at - 1 ? KB_OK : kp_codec_invalid(a->err);
    }
    return kb_error_fail(a->err, KB_EINVAL, 0, "not a zip archive");
}

/* The item at *at, which goes on to the next one. */
static kb_status read_item(const archive *a, size_t *at, item *it)
{
    assert(*at <= a->size);
    const unsigned char *head = a->data + *at;
    if (a->size - *at < CENTRAL_SIZE || get(head, 4) != CENTRAL)
        return kp_codec_invalid(a->err);
    *it = (item){.name = (const char *)head + CENTRAL_SIZE,
                 .name_size = get(head + 28, 2),
                 .flags = get(head + 8, 2),
                 .method = get(head + 10, 2),
                 .crc = get(head + 16, 4),
                 .packed = get(head + 20, 4),
                 .size = get(head + 24, 4),
                 .at = get(head + 42, 4)};
    size_t whole = CENTRAL_SIZE + it->name_size + get(head + 30, 2) + get(head + 32, 2);
    if (a->size - *at < whole)
        return kp_codec_invalid(a->err);
    *at += whole;
    return KB_OK;
}

/* May the item be unpacked? */
static kb_status admit(archive *a, const item *it)
{
    if (!kp_zip_is_safe(it->name, it->name_size))
        return complain(a->err, "not a safe name of a zip entry", it->name, it->name_size);
    if ((it->flags & ENCRYPTED) != 0)
        return complain(a->err, "an encrypted zip entry", it->name, it->name_size);
    if (it->method != STORED && it->method != DEFLATED)
        return complain(a->err, "a zip entry by an unknown method", it->name, it->name_size);
    if (it->size > a->left)
        return kb_error_fail(a->err, KB_EFULL, 0, "output is larger than %zu bytes", a->limits->size);
    if (it->size / a->limits->ratio > it->packed ||
        (it->size / a->limits->ratio == it->packed && it->size % a->limits->ratio > 0))
        return kb_error_fail(a->err, KB_EFULL, 0, "a zip entry is larger than %zu times its data: '%.*s'",
                             a->limits->ratio, (int)(it->name_size < 80 ? it->name_size : 80), it->name);
    a->left -= it->size;
    return KB_OK;
}

/* The data of the item as it is in the archive.  NULL: it is not there. */
static const unsigned char *find_data(const archive *a, const item *it)
{
    if (it->at > a->size || a->size - it->at < LOCAL_SIZE || get(a->data + it->at, 4) != LOCAL)
        return NULL;
    const unsigned char *head = a->data + it->at;
    size_t skip = LOCAL_SIZE + get(head + 26, 2) + get(head + 28, 2), left = a->size - it->at;
    return left >= skip && left - skip >= it->packed ? head + skip : NULL;
}

static kb_status unpack(archive *a, const item *it, kp_zip_entry *e)
{
    const unsigned char *data = find_data(a, it);
    if (data == NULL)
        return complain(a->err, "the data of a zip entry is incomplete", it->name, it->name_size);
    if (it->size > a->memory)
        return kp_codec_no_memory(a->err);
    kp_codec_out out = {.limit = it->size, .most = a->memory, .claim = a->limits->claim};
    kb_status status = KB_OK;
    if (it->method == DEFLATED)
        status = kp_codec_deflate.expand(data, it->packed, &out, a->err);
    else if (it->packed == it->size && (status = kp_codec_reserve_all(&out, it->size, a->err)) == KB_OK) {
        memcpy(out.data, data, it->size);
        out.size = it->size;
    }
    if (status == KB_OK && out.size == it->size && kp_codec_crc32(out.data, out.size) == it->crc) {
        *e = (kp_zip_entry){it->name, it->name_size, out.data, out.size};
        a->memory -= out.size;
        return KB_OK;
    }
    kp_codec_release(&out);
    return status == KB_ENOMEM ? status
                               : complain(a->err, "the data of a zip entry is invalid", it->name, it->name_size);
}

/* The entry of the item at *at, which goes on to the next one. */
static kb_status read_entry(archive *a, size_t *at, kp_zip_entry *e)
{
    item it = {.name = NULL};
    kb_status status = read_item(a, at, &it);
    if (status == KB_OK)
        status = admit(a, &it);
    if (status == KB_OK)
        status = unpack(a, &it, e);
    return status;
}

kb_status kp_zip_read(const void *data, size_t size, const kp_zip_limits *limits, kp_zip_entry **entries, size_t *count,
                      kb_error *err)
{
    assert(limits->ratio > 0); /* it divides */
    archive a = {.data = data, .size = size, .left = limits->size, .limits = limits, .err = err};
    *entries = NULL;
    *count = 0;
    kb_status status = find_end(&a);
    if (status != KB_OK)
        return status;
    if (a.count > limits->entries)
        return kb_error_fail(err, KB_EFULL, 0, "a zip archive of more than %zu entries", limits->entries);
    *entries = calloc(a.count > 0 ? a.count : 1, sizeof(**entries));
    if (*entries == NULL)
        return kp_codec_no_memory(err);
    a.memory = limits->memory;
    for (size_t at = a.list; *count < a.count && status == KB_OK;)
        if ((status = read_entry(&a, &at, &(*entries)[*count])) == KB_OK)
            ++*count;
    return status;
}

void kp_zip_free(kp_zip_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(entries[i].data);
    free(entries);
}
