/* crypto.c - package crypto: digests, HMAC, keys from passwords, random bytes (PACKAGES.md, "crypto"); its structs are in
 * crypto.kiwi.  GnuTLS computes: net/digest.h. */
#include "config.h"

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/digest.h"
#include "packages/job.h"
#include "packages/package.h"
#include "packages/piece.h"
#include "types/bytes_methods.h"
#include "types/filling.h"
#include "types/give.h"
#include "types/list_methods.h"

/* What is computed at once takes 1 ms, about: less than what a fiber can go on for anyway.  Handing it over takes a copy. */
enum { AT_ONCE = 1 << 20, AT_ONCE_ROUNDS = 1000 };

typedef struct algorithm {
    const char *name;
    kn_digest digest;
    const char *hash, *hmac; /* names in error texts; hash NULL: other values have the text of to_bytes() */
    bool offered;            /* by hmac() */
} algorithm;

static const algorithm algorithms[] = {
    {"MD5", KN_DIGEST_MD5, "MD5", "HMACMD5", true},      {"SHA1", KN_DIGEST_SHA1, "SHA1", NULL, false},
    {"SHA224", KN_DIGEST_SHA224, NULL, NULL, false},     {"SHA256", KN_DIGEST_SHA256, NULL, "HMACSHA256", true},
    {"SHA384", KN_DIGEST_SHA384, "SHA384", NULL, false}, {"SHA512", KN_DIGEST_SHA512, "SHA512", "HMACSHA512", true},
};

/* The algorithm that a text of `size` names, in any case; NULL: none. */
static const algorithm *find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (strlen(algorithms[i].name) == size && strncasecmp(algorithms[i].name, name, size) == 0)
            return &algorithms[i];
    return NULL;
}

static const algorithm *find_string(const kw_string *name)
{
    return find(name->text, name->size);
}

static bool loaded(kw_vm *vm, const kw_call *call)
{
    if (kn_digest_load(NULL) == KB_OK)
        return true;
    (void)kp_needs_lacks(vm, call, "GnuTLS", "libgnutls30");
    return false;
}

/* ---- Jobs ---------------------------------------------------------------------------------------------- */

/* A digest that a script adds to.  While a thread does, `busy` keeps everybody else from it. */
typedef struct running {
    kn_digest_state *state;
    atomic_int refs; /* of the script's handle, and of jobs */
    atomic_bool busy;
} running;

typedef struct digest_job digest_job;
struct digest_job {
    kp_job job;
    kb_status (*work)(digest_job *j);
    kn_digest digest;
    kn_digest_text key, text;
    void *copied; /* both, where the job has its own */
    unsigned rounds;
    running *running; /* what is added to, or NULL */
    unsigned char digest_bytes[KN_DIGEST_MOST];
    unsigned char *out; /* of pbkdf2: malloc'ed */
    size_t size;        /* of the outcome */
    bool hex;           /* is it given as text? */
    kb_status status;
    kb_error error;
};

static void drop_running(running *r)
{
    int refs = atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1)
        return;
    kn_digest_free(r->state);
    free(r);
}

static void work(kp_job *job)
{
    digest_job *j = (digest_job *)(void *)job;
    j->status = j->work(j);
    if (j->running != NULL)
        atomic_store_explicit(&j->running->busy, false, memory_order_release);
}

static void free_job(kp_job *job)
{
    digest_job *j = (digest_job *)(void *)job;
    free(j->copied);
    free(j->out);
    if (j->running != NULL)
        drop_running(j->running);
}

static bool fail(kw_vm *vm, const kb_error *error)
{
    if (error->status == KB_ENOMEM)
        (void)kw_throw(vm, "MemoryError", "Not enough memory.");
    else
        (void)kw_throw(vm, "InvalidOperationError", "crypto: %s", error->text);
    return false;
}

static bool give_hex(kw_vm *vm, const unsigned char *data, size_t size, kw_value *value)
{
    assert(size <= KN_DIGEST_MOST);
    char text[2 * KN_DIGEST_MOST];
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    kw_string *s = kw_string_new(vm, text, 2 * size);
    *value = s != NULL ? kw_of_string(s) : kw_null();
    return s != NULL;
}

static bool give(kw_vm *vm, kp_job *job, kw_value *value)
{
    const digest_job *j = (const digest_job *)(const void *)job;
    if (j->status != KB_OK)
        return fail(vm, &j->error);
    if (j->hex)
        return give_hex(vm, j->digest_bytes, j->size, value);
    if (j->out == NULL) /* it was added to something */
        return true;
    kw_bytes *bytes = kw_bytes_new(vm, j->out, j->size);
    *value = bytes != NULL ? kw_of_bytes(bytes) : kw_null();
    return bytes != NULL;
}

static const kp_job_kind job_kind = {.size = sizeof(digest_job), .work = work, .give = give, .free = free_job};

static digest_job *begin(kw_vm *vm, const kw_call *call, kb_status (*what)(digest_job *), kn_digest digest)
{
    digest_job *j = loaded(vm, call) ? (digest_job *)(void *)kp_job_new(vm, &job_kind) : NULL;
    if (j == NULL)
        return NULL;
    j->work = what;
    j->digest = digest;
    return j;
}

/* A thread sees a copy: the script's values may be collected, and bytes changed. */
static bool make_independent(kw_vm *vm, digest_job *j)
{
    assert(j->copied == NULL);
    size_t size = j->key.size + j->text.size;
    unsigned char *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL) {
        (void)kw_throw_memory(vm, size);
        return false;
    }
    if (j->key.size > 0)
        memcpy(copy, j->key.data, j->key.size);
    if (j->text.size > 0)
        memcpy(copy + j->key.size, j->text.data, j->text.size);
    j->key.data = copy;
    j->text.data = copy + j->key.size;
    j->copied = copy;
    return true;
}

/* Do it, here or on a thread; it is taken over. */
static kw_result run(kw_vm *vm, kw_call *call, digest_job *j)
{
    size_t size = j->key.size + j->text.size;
    if (size <= AT_ONCE && j->rounds <= AT_ONCE_ROUNDS) {
        kw_before_scan(vm, size);
        return kp_job_now(vm, call, &j->job);
    }
    kw_result room = kp_job_claim(vm, call, &j->job, size);
    if (room != KW_DONE)
        return room;
    if (make_independent(vm, j)) {
        if (j->running != NULL)
            atomic_store_explicit(&j->running->busy, true, memory_order_relaxed);
        return kp_job_aside(vm, call, &j->job);
    }
    kp_job_drop(&j->job);
    return KW_THROWN;
}

/* ---- Arguments ------------------------------------------------------------------------------------------ */

/* The bytes of a string or of bytes.  false: another value, nothing is thrown. */
static bool take(kw_value v, kn_digest_text *out)
{
    kp_piece piece;
    if (!kp_piece_take(v, &piece))
        return false;
    *out = (kn_digest_text){piece.data, piece.size};
    return true;
}

/* The same, but a list is what its to_bytes() is.  false: thrown. */
static bool take_convertible(kw_vm *vm, kw_value v, kn_digest_text *out)
{
    if (kw_is(v, KW_LIST)) {
        kw_bytes *bytes = kw_list_bytes(vm, v.as.list); /* nothing is collected before it has been read */
        return bytes != NULL && take(kw_of_bytes(bytes), out);
    }
    if (take(v, out))
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "Expected a string or list of strings to convert to bytes.");
    return false;
}

/* The text of a hash; null, or nothing, is empty.  false: thrown. */
static bool take_input(kw_vm *vm, kw_value v, const char *title, kn_digest_text *out)
{
    if (kw_is(v, KW_NULL))
        return true;
    if (title == NULL)
        return take_convertible(vm, v, out);
    if (take(v, out))
        return true;
    (void)kw_throw_param(vm, title, 0, "String", v);
    return false;
}

/* ---- Digests -------------------------------------------------------------------------------------------- */

static kb_status do_hash(digest_job *j)
{
    return kn_digest_of(j->digest, j->text, j->digest_bytes, &j->error);
}

/* NAME_hash */
static kw_result hash(kw_vm *vm, kw_call *call)
{
    const char *name = call->native->name->text;
    const algorithm *a = find(name, strcspn(name, "_"));
    assert(a != NULL); /* the rows have no other names */
    digest_job *j = begin(vm, call, do_hash, a->digest);
    if (j == NULL)
        return KW_THROWN;
    j->hex = true;
    j->size = kn_digest_size(a->digest);
    if (take_input(vm, kw_native_operand(call, 0), a->hash, &j->text))
        return run(vm, call, j);
    kp_job_drop(&j->job);
    return KW_THROWN;
}

static kb_status do_hmac(digest_job *j)
{
    return kn_digest_hmac(j->digest, j->key, j->text, j->digest_bytes, &j->error);
}

/* HMAC of the arguments from `at` on: the key, the text. */
static kw_result hmac_of(kw_vm *vm, kw_call *call, const algorithm *a, uint32_t at)
{
    assert(a != NULL && a->hmac != NULL);
    kn_digest_text both[2] = {{NULL, 0}};
    for (uint32_t i = 0; i < 2; i++)
        if (!take(kw_native_operand(call, at + i), &both[i]))
            return kw_throw_param(vm, a->hmac, i, "String", kw_native_operand(call, at + i));
    digest_job *j = begin(vm, call, do_hmac, a->digest);
    if (j == NULL)
        return KW_THROWN;
    j->hex = true;
    j->size = kn_digest_size(a->digest);
    j->key = both[0];
    j->text = both[1];
    return run(vm, call, j);
}

/* hmac_NAME */
static kw_result hmac_named(kw_vm *vm, kw_call *call)
{
    const char *name = strchr(call->native->name->text, '_') + 1;
    return hmac_of(vm, call, find(name, strlen(name)), 0);
}

static kw_result hmac(kw_vm *vm, kw_call *call)
{
    kw_value name = kw_native_operand(call, 0);
    if (!kw_is(name, KW_STRING))
        return kw_throw_expected(vm, "string", name);
    const algorithm *a = find_string(name.as.string);
    if (a == NULL || !a->offered)
        return kw_throw(vm, "KiwiError", "crypto::hmac: unsupported algorithm '%s'. Use MD5, SHA256, or SHA512.",
                        name.as.string->text);
    return hmac_of(vm, call, a, 1);
}

/* ---- Keys and random bytes ------------------------------------------------------------------------------ */

static kb_status do_pbkdf2(digest_job *j)
{
    return kn_digest_pbkdf2(j->digest, j->key, j->text, j->rounds, j->out, j->size, &j->error);
}

/* `least` to `most`; false: thrown. */
static bool within(kw_vm *vm, const kw_call *call, const char *what, int64_t n, int64_t least, int64_t most)
{
    if (n >= least && n <= most)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "crypto::%s: %s must be %lld to %lld, but is %lld.",
                   call->native->name->text, what, (long long)least, (long long)most, (long long)n);
    return false;
}

static kw_result pbkdf2(kw_vm *vm, kw_call *call)
{
    enum { SIZE_MOST = 1 << 20 };
    int64_t rounds = kw_native_operand(call, 2).as.i, size = kw_native_argument(call, 3).as.i;
    const kw_string *name = kw_native_argument(call, 4).as.string;
    const algorithm *a = find_string(name);
    if (a == NULL)
        return kw_throw(vm, "KiwiError",
                        "crypto::pbkdf2: unsupported algorithm '%s'. Use MD5, SHA1, SHA224, SHA256, "
                        "SHA384, or SHA512.",
                        name->text);
    if (!within(vm, call, "iterations", rounds, 1, INT_MAX) || !within(vm, call, "size", size, 1, SIZE_MOST))
        return KW_THROWN;
    digest_job *j = begin(vm, call, do_pbkdf2, a->digest);
    if (j == NULL)
        return KW_THROWN;
    (void)take(kw_native_operand(call, 0), &j->key);
    (void)take(kw_native_operand(call, 1), &j->text);
    j->rounds = (unsigned)rounds;
    j->size = (size_t)size;
    j->out = malloc(j->size);
    if (j->out != NULL)
        return run(vm, call, j);
    kp_job_drop(&j->job);
    return kw_throw_memory(vm, (size_t)size);
}

/* Random bytes into `out`; false: thrown. */
static bool fill(kw_vm *vm, const kw_call *call, void *out, size_t size)
{
    kb_error error;
    return loaded(vm, call) && (kn_digest_random(out, size, &error) == KB_OK || fail(vm, &error));
}

static kw_result random_bytes(kw_vm *vm, kw_call *call)
{
    enum { MOST = 1 << 30, PIECE = 1 << 16, BYTES_A_STEP = 8 };
    int64_t size = kw_native_operand(call, 0).as.i;
    if (!within(vm, call, "size", size, 0, MOST))
        return KW_THROWN;
    kw_filling random, *f = kw_filling_begin(call, &random);
    for (size_t all = (size_t)size; f->buf.size < all;) {
        size_t part = all - f->buf.size < PIECE ? all - f->buf.size : PIECE;
        char *room = kw_buf_room(&f->buf, f->buf.size == 0 ? all : part);
        if (room == NULL)
            break;
        if (!fill(vm, call, room, part))
            return kw_filling_thrown(f);
        f->buf.size += part;
        if (!kw_filling_spend(vm, f, part / BYTES_A_STEP))
            break;
    }
    return kw_filling_bytes(vm, call, f);
}

/* RFC 9562, version 4. */
static kw_result uuid(kw_vm *vm, kw_call *call)
{
    enum { SIZE = 16, OF_VERSION = 6, OF_VARIANT = 8 };
    static const size_t ends[] = {8, 12, 16, 20}; /* of groups of digits */
    unsigned char data[SIZE];
    kw_value digits;
    kw_buf buf;
    if (!fill(vm, call, data, sizeof(data)))
        return KW_THROWN;
    data[OF_VERSION] = (unsigned char)((data[OF_VERSION] & 0x0F) | 0x40);
    data[OF_VARIANT] = (unsigned char)((data[OF_VARIANT] & 0x3F) | 0x80);
    if (!give_hex(vm, data, sizeof(data), &digits))
        return KW_THROWN;
    kw_buf_init(&buf);
    size_t from = 0;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); from = ends[i++]) {
        kw_buf_put(&buf, digits.as.string->text + from, ends[i] - from);
        kw_buf_putc(&buf, '-');
    }
    kw_buf_puts(&buf, digits.as.string->text + from);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* ---- Digests piece by piece, for the structs ------------------------------------------------------------ */

static const char running_type[] = "digest";

static void free_running(kw_vm *vm, void *data)
{
    (void)vm;
    drop_running(data);
}

/* The handle of a new state, which is taken over. */
static kw_result give_running(kw_vm *vm, kw_call *call, kn_digest_state *state)
{
    running *r = malloc(sizeof(*r));
    if (r == NULL) {
        kn_digest_free(state);
        return kw_throw_memory(vm, sizeof(*r));
    }
    r->state = state;
    atomic_init(&r->refs, 1);
    atomic_init(&r->busy, false);
    return kw_return(call, kw_pointer_new(vm, running_type, r, NULL, free_running));
}

/* The state behind argument 0, for this task alone.  NULL: thrown. */
static running *running_of(kw_vm *vm, const kw_call *call)
{
    kw_value v = kw_native_operand(call, 0);
    running *r = kw_is(v, KW_POINTER) && v.as.pointer->type == running_type ? v.as.pointer->data : NULL;
    if (r == NULL)
        (void)kw_throw(vm, "InvalidOperationError", "Not a digest.");
    else if (atomic_load_explicit(&r->busy, memory_order_acquire))
        (void)kw_throw(vm, "InvalidOperationError", "Another task is adding to the digest.");
    else
        return r;
    return NULL;
}

static kw_result running_begin(kw_vm *vm, kw_call *call)
{
    kn_digest_state *state;
    kb_error error;
    const kw_string *name = kw_native_operand(call, 0).as.string;
    const algorithm *a = find_string(name);
    if (a == NULL)
        return kw_throw(vm, "KiwiError", "crypto: unsupported algorithm '%s'.", name->text);
    if (!loaded(vm, call))
        return KW_THROWN;
    if (kn_digest_begin(a->digest, &state, &error) == KB_OK)
        return give_running(vm, call, state);
    (void)fail(vm, &error);
    return KW_THROWN;
}

static kb_status do_add(digest_job *j)
{
    return kn_digest_add(j->running->state, j->text, &j->error);
}

static kw_result running_add(kw_vm *vm, kw_call *call)
{
    kn_digest_text text = {NULL, 0};
    running *r = running_of(vm, call);
    if (r == NULL || !take_convertible(vm, kw_native_operand(call, 1), &text))
        return KW_THROWN;
    digest_job *j = begin(vm, call, do_add, KN_DIGEST_MD5);
    if (j == NULL)
        return KW_THROWN;
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    j->running = r;
    j->text = text;
    return run(vm, call, j);
}

static kw_result running_now(kw_vm *vm, kw_call *call)
{
    unsigned char digest[KN_DIGEST_MOST];
    size_t size;
    kb_error error;
    running *r = running_of(vm, call);
    if (r == NULL)
        return KW_THROWN;
    if (kn_digest_now(r->state, digest, &size, &error) == KB_OK)
        return kw_give_bytes(call, kw_bytes_new(vm, digest, size));
    (void)fail(vm, &error);
    return KW_THROWN;
}

static kw_result running_copy(kw_vm *vm, kw_call *call)
{
    kn_digest_state *state;
    kb_error error;
    running *r = running_of(vm, call);
    if (r == NULL)
        return KW_THROWN;
    if (kn_digest_copy(r->state, &state, &error) == KB_OK)
        return give_running(vm, call, state);
    (void)fail(vm, &error);
    return KW_THROWN;
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"md5_hash(input: string|bytes = \"\"): string", hash,
     "MD5 as 32 hexadecimal digits; of no use against anybody who forges.",
     "println crypto::md5_hash(\"abc\")  # => 900150983cd24fb0d6963f7d28e17f72", NULL, KW_CHECK_NONE},
    {"sha1_hash(input: string|bytes = \"\"): string", hash,
     "SHA-1 as 40 hexadecimal digits; of no use against anybody who forges.",
     "println crypto::sha1_hash(\"abc\")  # => a9993e364706816aba3e25717850c26c9cd0d89d", NULL, KW_CHECK_NONE},
    {"sha224_hash(input: string|bytes|list = \"\"): string", hash,
     "SHA-224 as 56 hexadecimal digits; of a list: that of its to_bytes().",
     "println crypto::sha224_hash(\"abc\").begins_with(\"23097d22\")  # => true", NULL, KW_CHECK_NONE},
    {"sha256_hash(input: string|bytes|list = \"\"): string", hash,
     "SHA-256 as 64 hexadecimal digits; of a list: that of its to_bytes().",
     "println crypto::sha256_hash(\"abc\").begins_with(\"ba7816bf\")  # => true", NULL, KW_CHECK_NONE},
    {"sha384_hash(input: string|bytes = \"\"): string", hash, "SHA-384 as 96 hexadecimal digits.",
     "println crypto::sha384_hash(b\"abc\").begins_with(\"cb00753f\")  # => true", NULL, KW_CHECK_NONE},
    {"sha512_hash(input: string|bytes = \"\"): string", hash, "SHA-512 as 128 hexadecimal digits.",
     "println crypto::sha512_hash(\"abc\").size()  # => 128", NULL, KW_CHECK_NONE},
    {"hmac(algorithm: string, key: string|bytes, text: string|bytes): string", hmac,
     "The HMAC with MD5, SHA256 or SHA512, in any case, as hexadecimal digits.",
     "println crypto::hmac(\"sha256\", \"key\", \"msg\").begins_with(\"2d93cbc1\")  # => true", NULL, KW_CHECK_NONE},
    {"hmac_md5(key: string|bytes, text: string|bytes): string", hmac_named, "The HMAC with MD5 as hexadecimal digits.",
     "println crypto::hmac_md5(\"key\", \"msg\")  # => 18e3548c59ad40dd03907b7aeee71d67", NULL, KW_CHECK_NONE},
    {"hmac_sha256(key: string|bytes, text: string|bytes): string", hmac_named,
     "The HMAC with SHA-256 as hexadecimal digits.",
     "println crypto::hmac_sha256(\"key\", \"msg\").size()  # => 64", NULL, KW_CHECK_NONE},
    {"hmac_sha512(key: string|bytes, text: string|bytes): string", hmac_named,
     "The HMAC with SHA-512 as hexadecimal digits.",
     "println crypto::hmac_sha512(\"key\", \"msg\").size()  # => 128", NULL, KW_CHECK_NONE},
    {"pbkdf2(password: string|bytes, salt: string|bytes, iterations: integer, size: integer = 32, "
     "algorithm: string = \"SHA256\"): bytes", pbkdf2,
     "A key of `size` bytes, up to 1 MiB, from a password (PBKDF2); the more iterations, the longer does it take to guess "
     "one.  Algorithms: MD5, SHA1, SHA224, SHA256, SHA384, SHA512.",
     "println crypto::pbkdf2(\"secret\", \"salt\", 1000, 16).size()  # => 16"},
    {"random_bytes(size: integer): bytes", random_bytes, "Bytes that nobody can guess, fit for keys; up to 1 GiB.",
     "println crypto::random_bytes(16).size()  # => 16"},
    {"uuid(): string", uuid, "A random UUID (version 4).", "println crypto::uuid().size()  # => 36"},
    {"__begin__(algorithm: string): any", running_begin, "A digest without text.", NULL},
    {"__add__(digest: any, text: any)", running_add, "Add to it.", NULL, NULL, KW_CHECK_NONE},
    {"__now__(digest: any): bytes", running_now, "What it is so far.", NULL},
    {"__copy__(digest: any): any", running_copy, "Another one that has come as far.", NULL},
    {NULL},
};
/* clang-format on */

const kp_package kp_crypto = {
    .name = "crypto",
    .about = "Digests, message authentication codes, keys from passwords, random bytes.",
    .functions = functions,
};
