/* heap.c - allocation for the interpreter: counting, the limit, and what happens when memory runs out. */
#include "config.h"

#include "vm/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RESERVE = 256 << 10,       /* enough to unwind to a handler and to print a message */
    GRACE = 1 << 20,           /* what a handler of MemoryError may use before there is the next one */
    SMALL = 64 << 10,          /* requests above this are refused rather than overdrawn */
};

size_t kw_heap_size(const char *text)
{
    if (*text < '0' || *text > '9')
        return 0;
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    unsigned shift = *end == 'k' || *end == 'K' ? 10 : *end == 'm' || *end == 'M' ? 20
                     : *end == 'g' || *end == 'G' ? 30 : 0;
    if (errno != 0 || (shift == 0 && *end != '\0') || (shift != 0 && end[1] != '\0'))
        return 0;
    return n > (SIZE_MAX >> shift) ? SIZE_MAX : (size_t)n << shift;
}

/* Without a limit of the user's, stop short of what the machine has: an over-committed allocation would
 * end in the kernel killing the process instead of an error that the script can catch. */
static size_t machine_limit(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || size <= 0)
        return SIZE_MAX / 4;
    return (size_t)pages / 4 * 3 * (size_t)size;
}

kw_heap *kw_heap_new(void)
{
    kw_heap *heap = calloc(1, sizeof(*heap));
    if (heap == NULL)
        return NULL;
    const char *text = getenv("KIWI_MEMORY_LIMIT");
    heap->limit = text == NULL ? 0 : kw_heap_size(text);
    if (heap->limit == 0)
        heap->limit = machine_limit();
    heap->threshold = KW_LEAST_THRESHOLD;
    if (heap->threshold > heap->limit / 2)
        heap->threshold = heap->limit / 2;
    heap->reserve = malloc(RESERVE);
    return heap;
}

void kw_heap_free(kw_vm *vm)
{
    if (vm->heap == NULL)
        return;
    kw_slab_fini(&vm->heap->slabs);
    free(vm->heap->reserve);
    free(vm->heap->gray);
    free(vm->heap);
    vm->heap = NULL;
}

size_t kw_gc_bytes(const kw_vm *vm)
{
    return vm->heap->bytes;
}

uint64_t kw_gc_count(const kw_vm *vm)
{
    return vm->heap->collections;
}

static _Noreturn void die(void)
{
    static const char text[] = "kiwi: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)ignored;
    _exit(1);
}

static void ask(kw_vm *vm)
{
    vm->heap->due = true;
    vm->budget = 0;
}

static void count(kw_vm *vm, size_t more)
{
    kw_heap *heap = vm->heap;
    heap->bytes += more;
    if (heap->bytes > heap->threshold || vm->gc_stress)
        ask(vm);
}

static bool within(const kw_heap *heap, size_t more)
{
    return heap->bytes <= heap->limit && more <= heap->limit - heap->bytes;
}

/* May a request for `more` bytes be granted?  Natives cannot be interrupted by a collection, so one that does
 * not fit beside the garbage is granted where it would fit without it, up to twice the limit; the next
 * safepoint collects, and throws if the limit was passed in earnest.  A handler of MemoryError has its grace. */
static bool granted(kw_vm *vm, size_t more)
{
    kw_heap *heap = vm->heap;
    if (within(heap, more))
        return true;
    if (heap->bytes < heap->grace && more <= heap->grace - heap->bytes)
        return true;
    size_t ceiling = heap->limit < machine_limit() / 2 ? heap->limit * 2 : heap->limit;
    if (heap->live > heap->limit || more > heap->limit - heap->live || heap->bytes > ceiling ||
        more > ceiling - heap->bytes)
        return false;
    heap->overdrawn = true;
    ask(vm);
    return true;
}

/* The one way in which a request is refused, by the limit and by the system. */
static void *refuse(kw_vm *vm, size_t size)
{
    ask(vm);
    kw_throw_memory(vm, size);
    return NULL;
}

/* Give the reserve to the system, so that it has memory once more.  False: it was spent before. */
static bool spend_reserve(kw_vm *vm)
{
    if (vm->heap->reserve == NULL)
        return false;
    free(vm->heap->reserve);
    vm->heap->reserve = NULL;
    vm->heap->overdrawn = true;
    ask(vm);
    return true;
}

/* realloc() that first spends the reserve. */
static void *resize(kw_vm *vm, void *p, size_t size)
{
    void *q = realloc(p, size);
    if (q == NULL && spend_reserve(vm))
        q = realloc(p, size);
    return q;
}

/* Note that `more` bytes are needed: they are given in any case, but a script over its limit
 * gets an error. */
static void check_limit(kw_vm *vm, size_t more)
{
    if (!within(vm->heap, more) && vm->heap->bytes >= vm->heap->grace) {
        vm->heap->overdrawn = true;
        ask(vm);
    }
}

bool kw_gc_fits(kw_vm *vm, size_t size)
{
    return granted(vm, size);
}

bool kw_gc_room(kw_vm *vm, size_t n, size_t size)
{
    if (n != 0 && size > SIZE_MAX / 2 / n) {
        (void)refuse(vm, SIZE_MAX / 2);
        return false;
    }
    if (n >= (size_t)1 << 31 || !granted(vm, n * size)) {
        (void)refuse(vm, n * size);
        return false;
    }
    return true;
}

void *kw_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size)
{
    if (new_size == 0) {
        kw_free(vm, p, old_size);
        return NULL;
    }
    if (new_size > old_size)
        check_limit(vm, new_size - old_size);
    void *q = resize(vm, p, new_size);
    if (q == NULL)
        die();
    vm->heap->bytes -= old_size;
    count(vm, new_size);
    return q;
}

void *kw_try_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size)
{
    if (new_size <= SMALL || new_size <= old_size)
        return kw_realloc(vm, p, old_size, new_size);
    if (!granted(vm, new_size - old_size))
        return refuse(vm, new_size);
    void *q = realloc(p, new_size);
    if (q == NULL)
        return refuse(vm, new_size);
    vm->heap->bytes -= old_size;
    count(vm, new_size);
    return q;
}

void kw_free(kw_vm *vm, void *p, size_t size)
{
    if (p == NULL)
        return;
    free(p);
    vm->heap->bytes -= size;
}

void kw_gc_adopt(kw_vm *vm, size_t size)
{
    count(vm, size);
}

static void *link_obj(kw_vm *vm, kw_obj *o, kw_kind kind)
{
    o->next = vm->heap->all;
    o->kind = (uint8_t)kind;
    o->mark = KW_WHITE;
    o->flags = 0;
    o->spare = 0;
    o->spare32 = 0;
    vm->heap->all = o;
    return o;
}

/* Memory of a small object; never NULL. */
static void *take(kw_vm *vm, size_t size)
{
    check_limit(vm, size);
    void *block = kw_slab_take(&vm->heap->slabs, size);
    if (block == NULL && spend_reserve(vm))
        block = kw_slab_take(&vm->heap->slabs, size);
    if (block == NULL)
        die();
    count(vm, size);
    return block;
}

void *kw_new_raw_obj(kw_vm *vm, kw_kind kind, size_t size)
{
    return link_obj(vm, size <= KW_SLAB_MAX ? take(vm, size) : kw_realloc(vm, NULL, 0, size), kind);
}

void *kw_new_obj(kw_vm *vm, kw_kind kind, size_t size)
{
    kw_obj *o = kw_new_raw_obj(vm, kind, size);
    memset(o + 1, 0, size - sizeof(*o));
    return o;
}

void *kw_try_new_obj(kw_vm *vm, kw_kind kind, size_t size)
{
    kw_obj *o = size <= KW_SLAB_MAX ? take(vm, size) : kw_try_realloc(vm, NULL, 0, size);
    return o == NULL ? NULL : link_obj(vm, o, kind);
}

void kw_heap_give(kw_vm *vm, kw_obj *o, size_t size)
{
    if (size > KW_SLAB_MAX) {
        kw_free(vm, o, size);
        return;
    }
    kw_slab_give(&vm->heap->slabs, o, size);
    vm->heap->bytes -= size;
}

void kw_heap_limit(kw_vm *vm, size_t limit)
{
    vm->heap->limit = limit;
    if (vm->heap->threshold > limit / 2)
        vm->heap->threshold = limit / 2;
}

bool kw_gc_due(kw_vm *vm)
{
    return vm->heap->due;
}

bool kw_gc_overdrawn(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    if (!heap->overdrawn)
        return false;
    if (heap->reserve == NULL)
        heap->reserve = malloc(RESERVE);
    /* A heap that is all but full counts as full: collections that free next to nothing would follow
     * one another for ever. */
    bool short_of = heap->reserve == NULL || heap->bytes > heap->limit - heap->limit / KW_LEAST_ROOM;
    heap->grace = short_of ? heap->bytes + GRACE : 0;
    if (short_of)
        (void)refuse(vm, heap->bytes); /* asks for a collection of what the handler lets go of */
    heap->overdrawn = false;
    return short_of;
}
