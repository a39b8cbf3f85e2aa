/* compress.c - package compress: deflate, gzip, Brotli, Zstandard and zip archives (PACKAGES.md, "compress").  The work is
 * done by codec_*.c and zip.c; this is what scripts see of it. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "packages/codec.h"
#include "packages/job.h"
#include "packages/package.h"
#include "packages/piece.h"
#include "packages/zip.h"
#include "types/give.h"

enum {
    AT_ONCE = 1 << 16,     /* bytes that are compressed or expanded at once: that takes 1 ms, about */
    AT_ONCE_OUT = 1 << 20, /* into no more than these */
    ZLIB_LEVEL = 6,
    BROTLI_LEVEL = 5,
    ZSTD_MOST = 22,
    ZLIB_MOST = 9,
    MOST_ENTRIES = 65536,
    MOST_RATIO = 1000,
};
#define MOST_SIZE 1073741824 /* also in the signatures */

/* `refused`: bytes that there was no room for, if that is known. */
static bool fail(kw_vm *vm, const kb_error *error, size_t refused)
{
    if (error->status == KB_ENOMEM && refused > 0)
        (void)kw_throw_memory(vm, refused);
    else if (error->status == KB_ENOMEM)
        (void)kw_throw(vm, "MemoryError", "compress: not enough memory.");
    else
        (void)kw_throw(vm, "InvalidOperationError", "compress: %s", error->text);
    return false;
}

/* An argument of `least` to `most`.  false: thrown. */
static bool within(kw_vm *vm, const char *what, int64_t n, int64_t least, int64_t most)
{
    if (n >= least && n <= most)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "compress: %s must be %lld to %lld, but is %lld", what,
                   (long long)least, (long long)most, (long long)n);
    return false;
}

/* ---- Jobs ---------------------------------------------------------------------------------------------- */

typedef struct compress_job compress_job;

typedef struct action {
    kb_status (*work)(compress_job *j);                        /* any thread, without the interpreter */
    bool (*give)(kw_vm *vm, compress_job *j, kw_value *value); /* false: thrown */
} action;

struct compress_job {
    kp_job job;
    const action *action;
    const kp_codec *codec;
    int level;
    kp_piece in;           /* what it works on, in the script's memory */
    void *copied;          /* or in the job's own */
    kp_zip_entry *entries; /* to write: their data is within `data`; or read: it is the job's */
    size_t count;
    bool reads;
    kp_zip_limits limits;
    kp_codec_out out;
    bool done;
    kb_status status;
    kb_error error;
};

static void work(kp_job *job)
{
    compress_job *j = (compress_job *)(void *)job;
    if (!j->done)
        j->status = j->action->work(j);
    j->done = true;
}

/* Forget an outcome. */
static void clear(compress_job *j)
{
    if (j->reads)
        kp_zip_free(j->entries, j->count);
    else
        free(j->entries);
    j->entries = NULL;
    j->count = 0;
    kp_codec_release(&j->out);
    j->done = false;
}

static void free_job(kp_job *job)
{
    compress_job *j = (compress_job *)(void *)job;
    clear(j);
    free(j->copied);
}

static bool give(kw_vm *vm, kp_job *job, kw_value *value)
{
    compress_job *j = (compress_job *)(void *)job;
    return j->status != KB_OK ? fail(vm, &j->error, j->job.claim.refused) : j->action->give(vm, j, value);
}

static const kp_job_kind job_kind = {.size = sizeof(compress_job), .work = work, .give = give, .free = free_job};

static compress_job *begin(kw_vm *vm, const action *what)
{
    compress_job *j = (compress_job *)(void *)kp_job_new(vm, &job_kind);
    if (j != NULL) {
        j->action = what;
        j->out.limit = SIZE_MAX;
        j->out.claim = j->limits.claim = &j->job.claim;
    }
    return j;
}

/* Bytes that the outcome may have. */
static void grant(compress_job *j, size_t most)
{
    j->out.most = j->limits.memory = most;
}

/* A thread sees a copy: the script's values may be collected, and bytes changed. */
static bool make_independent(kw_vm *vm, compress_job *j)
{
    if (j->copied == NULL && j->in.size > 0) {
        j->copied = malloc(j->in.size);
        if (j->copied == NULL) {
            (void)kw_throw_memory(vm, j->in.size);
            return false;
        }
        j->in.data = memcpy(j->copied, j->in.data, j->in.size);
    }
    return true;
}

/* Do it on a thread; it is taken over. */
static kw_result run_aside(kw_vm *vm, kw_call *call, compress_job *j)
{
    kw_result room = kp_job_claim(vm, call, &j->job, j->in.size);
    if (room != KW_DONE)
        return room;
    grant(j, SIZE_MAX);
    if (make_independent(vm, j))
        return kp_job_aside(vm, call, &j->job);
    kp_job_drop(&j->job);
    return KW_THROWN;
}

/* Do it, here or on a thread; it is taken over.  Little data may become much: then a thread begins anew. */
static kw_result run(kw_vm *vm, kw_call *call, compress_job *j)
{
    if (j->in.size > AT_ONCE)
        return run_aside(vm, call, j);
    kw_before_scan(vm, AT_ONCE_OUT);
    grant(j, AT_ONCE_OUT);
    work(&j->job);
    if (j->status != KB_ENOMEM)
        return kp_job_now(vm, call, &j->job);
    clear(j);
    return run_aside(vm, call, j);
}

/* ---- Data ----------------------------------------------------------------------------------------------- */

static kb_status do_compress(compress_job *j)
{
    return j->codec->compress(j->in.data, j->in.size, j->level, &j->out, &j->error);
}

static kb_status do_expand(compress_job *j)
{
    return j->codec->expand(j->in.data, j->in.size, &j->out, &j->error);
}

static bool give_bytes(kw_vm *vm, compress_job *j, kw_value *value)
{
    unsigned char *data = j->out.data;
    size_t size = j->out.size;
    assert(size <= j->out.room);
    if (j->out.size < j->out.room / 2 + 1 && j->out.size > 0) { /* half of it would stay empty */
        unsigned char *less = realloc(data, j->out.size);
        data = less != NULL ? less : data;
    }
    j->out = (kp_codec_out){.limit = 0}; /* which is settled */
    *value = kw_of_bytes(kw_bytes_adopt(vm, data, size));
    return true;
}

static const action compressing = {do_compress, give_bytes}, expanding = {do_expand, give_bytes};

/* The functions that go through a codec, by their names. */
static const struct {
    const char *name;
    const kp_codec *codec;
    const action *action;
    int level;
} functions_of_codecs[] = {
    {"deflate", &kp_codec_deflate, &compressing, ZLIB_LEVEL},
    {"inflate", &kp_codec_deflate, &expanding, 0},
    {"gzip", &kp_codec_gzip, &compressing, ZLIB_LEVEL},
    {"gunzip", &kp_codec_gzip, &expanding, 0},
    {"brotli", &kp_codec_brotli, &compressing, BROTLI_LEVEL},
    {"unbrotli", &kp_codec_brotli, &expanding, 0},
    {"zstd", &kp_codec_zstd, &compressing, 0},
    {"unzstd", &kp_codec_zstd, &expanding, 0},
};

/* The second argument of those that have one: a level of zstd, a limit of the others. */
static bool take_option(kw_vm *vm, const kw_call *call, compress_job *j)
{
    if (j->action == &compressing && j->codec != &kp_codec_zstd)
        return true;
    int64_t n = kw_native_argument(call, 1).as.i;
    if (j->action == &compressing) {
        j->level = (int)n;
        return within(vm, "the level", n, 1, ZSTD_MOST);
    }
    j->out.limit = n > 0 ? kw_to_size(n) : 0;
    return within(vm, "the limit", n, 0, INT64_MAX);
}

static kw_result through_codec(kw_vm *vm, kw_call *call)
{
    size_t i = 0;
    while (strcmp(functions_of_codecs[i].name, call->native->name->text) != 0) {
        i++;
        assert(i < sizeof(functions_of_codecs) / sizeof(functions_of_codecs[0]));
    }
    const kp_codec *codec = functions_of_codecs[i].codec;
    const action *what = functions_of_codecs[i].action;
    if (!kp_needs(vm, call, what == &compressing ? codec->compressor : codec->expander))
        return KW_THROWN;
    compress_job *j = begin(vm, what);
    if (j == NULL)
        return KW_THROWN;
    j->codec = codec;
    j->level = functions_of_codecs[i].level;
    j->in = kp_piece_of(kw_native_operand(call, 0));
    if (take_option(vm, call, j))
        return run(vm, call, j);
    kp_job_drop(&j->job);
    return KW_THROWN;
}

/* ---- Zip archives --------------------------------------------------------------------------------------- */

/* The texts of an entry for zip_create().  false: thrown. */
static bool texts_of(kw_vm *vm, kw_value entry, kw_value *name, kw_value *content)
{
    kw_map *map = kw_is(entry, KW_MAP) ? entry.as.map : NULL;
    const kw_value *found = map != NULL ? kw_map_find_string(map, kw_intern_c(vm, "name")) : NULL;
    if (found == NULL || !kw_is(*found, KW_STRING)) {
        (void)kw_throw(vm, "InvalidOperationError", "Each zip entry must have a 'name' string key");
        return false;
    }
    *name = *found;
    found = kw_map_find_string(map, kw_intern_c(vm, "content"));
    if (found == NULL) {
        (void)kw_throw(vm, "InvalidOperationError", "Each zip entry must have a 'content' key");
        return false;
    }
    *content = *found;
    kp_piece data;
    if (kp_piece_take(*content, &data))
        return true;
    (void)kw_throw(vm, "InvalidOperationError",
                   "The content of a zip entry must be a string or bytes, but that of '%s' is `%s`.",
                   name->as.string->text, kw_display_type_title((kw_type)content->tag));
    return false;
}

/* The bytes of all names and contents.  false: thrown. */
static bool measure(kw_vm *vm, const kw_list *list, size_t *size)
{
    *size = 0;
    for (size_t i = 0; i < list->count; i++) {
        kw_value both[2];
        if (!texts_of(vm, list->items[i], &both[0], &both[1]) || !kw_go_on(vm))
            return false;
        *size += kp_piece_of(both[0]).size + kp_piece_of(both[1]).size;
    }
    return true;
}

/* Copy the texts, which measure() has looked at, and let the entries point to them. */
static void collect(kw_vm *vm, const kw_list *list, compress_job *j)
{
    unsigned char *at = j->copied;
    j->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        kp_zip_entry *e = &j->entries[i];
        kw_value name, content;
        (void)texts_of(vm, list->items[i], &name, &content);
        e->name = memcpy(at, name.as.string->text, name.as.string->size);
        e->name_size = name.as.string->size;
        at += e->name_size;
        kp_piece data = kp_piece_of(content);
        e->data = memcpy(at, data.data, data.size);
        e->size = data.size;
        at += e->size;
    }
    assert(at == (const unsigned char *)j->copied + j->in.size); /* as much as was measured */
}

static kb_status do_zip_create(compress_job *j)
{
    return kp_zip_write(j->entries, j->count, j->level, &j->out, &j->error);
}

static const action creating = {do_zip_create, give_bytes};

static kw_result zip_create(kw_vm *vm, kw_call *call)
{
    const kw_list *list = kw_native_operand(call, 0).as.list;
    int64_t level = kw_native_argument(call, 1).as.i;
    size_t size;
    if (!within(vm, "the level", level, 0, ZLIB_MOST) || !measure(vm, list, &size) ||
        !kp_needs(vm, call, kp_codec_deflate.compressor))
        return KW_THROWN;
    compress_job *j = begin(vm, &creating);
    if (j == NULL)
        return KW_THROWN;
    kw_result room = kp_job_claim(vm, call, &j->job, size);
    if (room != KW_DONE)
        return room;
    j->level = (int)level;
    j->in.size = size;
    j->copied = malloc(size > 0 ? size : 1);
    j->entries = calloc(list->count > 0 ? list->count : 1, sizeof(*j->entries));
    if (j->copied == NULL || j->entries == NULL) {
        kp_job_drop(&j->job);
        return kw_throw_memory(vm, size);
    }
    collect(vm, list, j);
    grant(j, SIZE_MAX);
    if (size > AT_ONCE)
        return kp_job_aside(vm, call, &j->job);
    kw_before_scan(vm, AT_ONCE_OUT);
    return kp_job_now(vm, call, &j->job);
}

static kb_status do_zip_extract(compress_job *j)
{
    return kp_zip_read(j->in.data, j->in.size, &j->limits, &j->entries, &j->count, &j->error);
}

static bool give_entries(kw_vm *vm, compress_job *j, kw_value *value)
{
    kw_list *list = kw_list_new(vm, j->count);
    for (size_t i = 0; list != NULL && i < j->count; i++) {
        kp_zip_entry *e = &j->entries[i];
        kw_map *map = kw_map_new(vm, 2);
        kw_string *name = map != NULL ? kw_string_new(vm, e->name, e->name_size) : NULL;
        if (name == NULL || !kw_map_set_c(vm, map, "name", kw_of_string(name)))
            return false;
        kw_bytes *content = kw_bytes_adopt(vm, e->data, e->size);
        e->data = NULL;
        if (!kw_map_set_c(vm, map, "content", kw_of_bytes(content)) || !kw_list_push(vm, list, kw_of_map(map)) ||
            !kw_go_on(vm))
            return false;
    }
    *value = list != NULL ? kw_of_list(list) : kw_null();
    return list != NULL;
}

static const action extracting = {do_zip_extract, give_entries};

/* A limit that the hashmap has.  false: thrown. */
static bool take_limit(kw_vm *vm, const kw_entry *e, kp_zip_limits *limits)
{
    static const char *const names[] = {"entries", "size", "ratio"};
    size_t *const places[] = {&limits->entries, &limits->size, &limits->ratio};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!kw_is(e->key, KW_STRING) || strcmp(e->key.as.string->text, names[i]) != 0)
            continue;
        if (!kw_is(e->value, KW_INT)) {
            (void)kw_throw_expected(vm, "integer", e->value);
            return false;
        }
        *places[i] = e->value.as.i > 0 ? kw_to_size(e->value.as.i) : 1;
        return within(vm, names[i], e->value.as.i, 1, INT64_MAX);
    }
    kw_string *text = kw_display_text(vm, e->key);
    if (text != NULL)
        (void)kw_throw(vm, "InvalidOperationError", "compress: unknown limit '%s': use entries, size, or ratio",
                       text->text);
    return false;
}

static bool take_limits(kw_vm *vm, const kw_call *call, kp_zip_limits *limits)
{
    kw_value given = kw_native_argument(call, 1);
    kw_entry *e;
    *limits = (kp_zip_limits){.entries = MOST_ENTRIES, .size = MOST_SIZE, .ratio = MOST_RATIO};
    if (!kw_is(given, KW_MAP))
        return true;
    for (uint32_t i = 0; (e = kw_map_next(given.as.map, &i)) != NULL;)
        if (!take_limit(vm, e, limits))
            return false;
    return true;
}

static kw_result zip_extract(kw_vm *vm, kw_call *call)
{
    kp_zip_limits limits;
    if (!take_limits(vm, call, &limits) || !kp_needs(vm, call, kp_codec_deflate.expander))
        return KW_THROWN;
    compress_job *j = begin(vm, &extracting);
    if (j == NULL)
        return KW_THROWN;
    j->reads = true;
    j->limits = limits;
    j->limits.claim = &j->job.claim;
    j->in = kp_piece_of(kw_native_operand(call, 0));
    return run(vm, call, j);
}

#define LIMIT "  More than `limit` bytes are an InvalidOperationError."
/* clang-format off */
static const kw_native_def functions[] = {
    {"deflate(data: string|bytes): bytes", through_codec, "Compress: deflate without a header (RFC 1951).",
     "println compress::deflate(\"a\" * 1000).size() < 100  # => true"},
    {"inflate(data: string|bytes, limit: integer = 1073741824): bytes", through_codec,
     "What deflate made, with zlib's header (RFC 1950) or without one." LIMIT,
     "println compress::inflate(compress::deflate(\"kiwi\")).to_string()  # => kiwi"},
    {"gzip(data: string|bytes): bytes", through_codec, "Compress: gzip.",
     "println compress::gzip(\"a\" * 1000).size() < 100  # => true"},
    {"gunzip(data: string|bytes, limit: integer = 1073741824): bytes", through_codec,
     "What gzip made, one or several files of it." LIMIT,
     "println compress::gunzip(compress::gzip(\"kiwi\")).to_string()  # => kiwi"},
    {"brotli(data: string|bytes): bytes", through_codec, "Compress: Brotli.",
     "println compress::brotli(\"a\" * 1000).size() < 100  # => true"},
    {"unbrotli(data: string|bytes, limit: integer = 1073741824): bytes", through_codec, "What brotli made." LIMIT,
     "println compress::unbrotli(compress::brotli(\"kiwi\")).to_string()  # => kiwi"},
    {"zstd(data: string|bytes, level: integer = 3): bytes", through_codec,
     "Compress: Zstandard, at a level from 1 (quick) to 22 (small).",
     "println compress::zstd(\"a\" * 1000).size() < 100  # => true"},
    {"unzstd(data: string|bytes, limit: integer = 1073741824): bytes", through_codec, "What zstd made." LIMIT,
     "println compress::unzstd(compress::zstd(\"kiwi\", 19)).to_string()  # => kiwi"},
    {"zip_create(entries: list, level: integer = 1): bytes", zip_create,
     "A zip archive of hashmaps with a `name` and a `content`, a string or bytes; a name that ends in a slash is a folder's.  "
     "Level: 0 (stored), 1 (quick) to 9 (small).",
     "println compress::zip_create([{\"name\": \"a.txt\", \"content\": \"hello\"}]).size() > 100  # => true"},
    {"zip_extract(archive: bytes, limits: hashmap = {}): list", zip_extract,
     "The entries of a zip archive: hashmaps with `name` and `content`, bytes.  Limits: `entries` (65,536), `size` of all in "
     "bytes (1 GiB), `ratio` (1,000: as many bytes from one at most); names that are absolute or have `..` are refused.",
     "archive = compress::zip_create([{\"name\": \"a.txt\", \"content\": \"hello\"}])\n"
     "println compress::zip_extract(archive)[0].content.to_string()  # => hello"},
    {NULL},
};
/* clang-format on */

const kp_package kp_compress = {
    .name = "compress",
    .about = "Compression: deflate, gzip, Brotli, Zstandard, and zip archives.",
    .functions = functions,
};
