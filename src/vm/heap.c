/* heap.c - allocation for the interpreter: counting, the limit, and what happens when memory runs
 * out. */
#include "config.h"

#include "vm/heap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/machine.h"
#include "base/size.h"

enum {
    RESERVE = 256 << 10, /* enough to unwind to a handler and to print a message */
    /* what a handler of MemoryError may use before there is the next one */
    GRACE = 2 << 20,
    SMALL = 64 << 10, /* requests above this are refused rather than overdrawn */
    /* up to here nobody asks the system how much there is: it takes files to be read */
    UNASKED = 8 << 20,
};

/* The heap of the vm that runs on this thread, for buffers, which know no vm. */
static _Thread_local kw_heap *present;

kw_heap *kw_heap_enter(kw_heap *heap)
{
    kw_heap *before = present;
    present = heap;
    return before;
}

kw_heap *kw_heap_new(kw_vm *vm)
{
    kw_heap *heap = calloc(1, sizeof(*heap));
    if (heap == NULL)
        return NULL;
    heap->vm = vm;
    const char *text = getenv("KIWI_MEMORY_LIMIT");
    heap->limit = text == NULL ? 0 : kb_size_parse(text);
    heap->limit_known = heap->limit != 0;
    if (!heap->limit_known)
        heap->limit = UNASKED;
    heap->threshold = KW_LEAST_THRESHOLD;
    if (heap->threshold > heap->limit / 2)
        heap->threshold = heap->limit / 2;
    heap->reserve = malloc(RESERVE);
    present = heap;
    return heap;
}

void kw_heap_free(kw_vm *vm)
{
    if (vm->heap == NULL)
        return;
    assert(vm->heap->all == NULL);
    if (present == vm->heap)
        present = NULL;
    kw_slab_fini(&vm->heap->slabs);
    free(vm->heap->reserve);
    free(vm->heap->gray);
    free(vm->heap);
    vm->heap = NULL;
}

size_t kw_heap_bytes(const kw_vm *vm)
{
    return kw_heap_counted(vm->heap);
}

uint64_t kw_heap_collections(const kw_vm *vm)
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

/* What a block of so many bytes takes, with what malloc() keeps beside it. */
static size_t cost(size_t size)
{
    enum { BESIDE = sizeof(size_t), UNIT = 16 };
    return size == 0 ? 0 : (size + BESIDE + UNIT - 1) & ~(size_t)(UNIT - 1);
}

/* The same for a block of a slab. */
static size_t small_cost(size_t size)
{
    return (size + KW_SLAB_STEP - 1) / KW_SLAB_STEP * KW_SLAB_STEP;
}

static void ask(kw_vm *vm)
{
    vm->heap->due = true;
    vm->budget = 0;
}

/* Without a limit of the user's, stop short of what the machine has: an over-committed allocation
 * would end in the kernel killing the process instead of an error that the script can catch. */
static void ask_limit(kw_heap *heap)
{
    size_t allowed = kb_machine_memory_allowed("");
    heap->limit = allowed != 0 ? allowed : SIZE_MAX / 4;
    heap->limit_known = true;
    heap->ceiling = 0;
}

size_t kw_heap_outside(kw_heap *heap)
{
    const kw_port *port = &heap->vm->port;
    size_t held = port->held != NULL ? port->held(port->data) : 0;
    return held + atomic_load_explicit(&heap->lent, memory_order_relaxed);
}

/* All that counts against the limit. */
static size_t used(kw_heap *heap)
{
    return kw_heap_counted(heap) + kw_heap_outside(heap);
}

static bool fits(size_t in_use, size_t more, size_t limit)
{
    return in_use <= limit && more <= limit - in_use;
}

static bool within(kw_heap *heap, size_t more)
{
    if (fits(used(heap), more, heap->limit))
        return true;
    if (heap->limit_known)
        return false;
    ask_limit(heap);
    return fits(used(heap), more, heap->limit);
}

/* Natives cannot be interrupted by a collection: garbage lies beside what they make.  There is no
 * more of it than half the room that the last collection left, and so they may pass the limit by
 * that. */
static size_t ceiling_of(kw_heap *heap)
{
    if (heap->ceiling == 0) {
        size_t limit = heap->limit, allowed = kb_machine_memory_allowed(""), wanted = limit + limit / 2;
        heap->ceiling = wanted > limit && (allowed == 0 || wanted < allowed) ? wanted : limit;
    }
    return heap->ceiling;
}

/* Would `more` bytes fit without the garbage, and beside it up to the ceiling? */
static bool fits_collected(kw_heap *heap, size_t more, size_t ceiling)
{
    return fits(kw_heap_live(heap) + kw_heap_outside(heap), more, heap->limit) && fits(used(heap), more, ceiling);
}

/* Who asks for much memory is about to fill it. */
static void before_filling(kw_vm *vm, size_t bytes)
{
    enum { BYTES_A_STEP = 64 };
    kw_before_long(vm, bytes / BYTES_A_STEP);
}

/* May a request for `more` bytes be granted?  One that does not fit beside the garbage is granted
 * where it would fit without it, up to the ceiling; the next safepoint collects, and throws if the
 * limit was passed in earnest.  A handler of MemoryError has its grace. */
static bool granted(kw_vm *vm, size_t more)
{
    kw_heap *heap = vm->heap;
    before_filling(vm, more);
    if (within(heap, more) || fits(used(heap), more, heap->grace))
        return true;
    if (!fits_collected(heap, more, ceiling_of(heap)))
        return false;
    heap->overdrawn = true;
    ask(vm);
    return true;
}

void kw_heap_know_limit(kw_vm *vm)
{
    if (!vm->heap->limit_known)
        ask_limit(vm->heap);
    (void)ceiling_of(vm->heap);
}

bool kw_heap_affords(kw_vm *vm, size_t more)
{
    kw_heap *heap = vm->heap;
    if (fits(used(heap), more, heap->limit))
        return true;
    atomic_store_explicit(&heap->short_outside, true, memory_order_relaxed);
    return fits_collected(heap, more, heap->ceiling);
}

bool kw_heap_fits(kw_vm *vm, size_t more)
{
    if (within(vm->heap, more) || fits(used(vm->heap), more, vm->heap->grace))
        return true;
    ask(vm);
    return false;
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
    vm->heap->overdrawn = vm->strained = true;
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

/* More is in use than a collection is due for: memory that was given in any case may have passed
 * the limit, which is an error then. */
static void notice(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    ask(vm);
    if (within(heap, 0) || used(heap) < heap->grace)
        return;
    heap->overdrawn = true;
    if (used(heap) > ceiling_of(heap))
        vm->strained = true;
}

void kw_heap_dropped(kw_vm *vm, size_t bytes)
{
    enum { SOONER = 3 };
    kw_heap *heap = vm->heap;
    size_t live = kw_heap_live(heap), least = live < KW_LEAST_THRESHOLD ? KW_LEAST_THRESHOLD : live;
    size_t above = heap->threshold > least ? heap->threshold - least : 0;
    heap->threshold -= bytes < above / SOONER ? bytes * SOONER : above;
}

static inline void count(kw_vm *vm, size_t more)
{
    kw_heap *heap = vm->heap;
    kw_heap_count(heap, more, 0);
    if (kw_heap_counted(heap) > heap->threshold || vm->gc_stress)
        notice(vm);
}

bool kw_heap_strained(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    vm->strained = false;
    if (heap->reserve != NULL && (used(heap) <= ceiling_of(heap) || used(heap) < heap->grace))
        return false;
    /* else this is the error: what was made so far is garbage now */
    heap->overdrawn = heap->reserve == NULL;
    (void)refuse(vm, used(heap));
    return true;
}

bool kw_heap_room(kw_vm *vm, size_t n, size_t size)
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

void *kw_heap_must(kw_heap *heap, void *p, size_t old_size, size_t new_size)
{
    if (heap != NULL)
        return kw_heap_realloc(heap->vm, p, old_size, new_size);
    void *q = realloc(p, new_size);
    if (q == NULL)
        die();
    return q;
}

void *kw_heap_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size)
{
    if (new_size == 0) {
        kw_heap_release(vm, p, old_size);
        return NULL;
    }
    assert((p == NULL) == (old_size == 0));
    before_filling(vm, new_size);
    void *q = resize(vm, p, new_size);
    if (q == NULL)
        die();
    kw_heap_count(vm->heap, 0, cost(old_size));
    count(vm, cost(new_size));
    return q;
}

void *kw_heap_try_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size)
{
    if (new_size <= SMALL || new_size <= old_size)
        return kw_heap_realloc(vm, p, old_size, new_size);
    if (!granted(vm, new_size - old_size))
        return refuse(vm, new_size);
    void *q = realloc(p, new_size);
    if (q == NULL)
        return refuse(vm, new_size);
    kw_heap_count(vm->heap, 0, cost(old_size));
    count(vm, cost(new_size));
    return q;
}

void kw_heap_release(kw_vm *vm, void *p, size_t size)
{
    if (p == NULL)
        return;
    assert(size > 0 && cost(size) <= kw_heap_counted(vm->heap));
    free(p);
    kw_heap_count(vm->heap, 0, cost(size));
}

void kw_heap_uncount(kw_vm *vm, size_t size)
{
    assert(cost(size) <= kw_heap_counted(vm->heap));
    kw_heap_count(vm->heap, 0, cost(size));
}

void kw_heap_adopt(kw_vm *vm, size_t size)
{
    count(vm, cost(size));
}

size_t kw_heap_left(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    if (!heap->limit_known)
        ask_limit(heap);
    size_t in_use = used(heap);
    return in_use < heap->limit ? heap->limit - in_use : 0;
}

size_t kw_heap_limit_bytes(const kw_vm *vm)
{
    return vm->heap->limit_known ? vm->heap->limit : SIZE_MAX;
}

/* ---- Buffers --------------------------------------------------------------------------------- */

kw_heap *kw_heap_present(void)
{
    return present;
}

void *kw_heap_resize(kw_heap *heap, void *p, size_t old_size, size_t new_size)
{
    if (heap != NULL && new_size > old_size && new_size > SMALL && !granted(heap->vm, new_size - old_size))
        return NULL;
    void *q = NULL;
    if (new_size == 0)
        free(p);
    else if ((q = heap != NULL && new_size <= SMALL ? resize(heap->vm, p, new_size) : realloc(p, new_size)) == NULL)
        return NULL;
    if (heap != NULL) {
        kw_heap_count(heap, 0, cost(old_size));
        count(heap->vm, cost(new_size));
    }
    return q;
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
    void *block = kw_slab_take(&vm->heap->slabs, size);
    if (block == NULL && spend_reserve(vm))
        block = kw_slab_take(&vm->heap->slabs, size);
    if (block == NULL)
        die();
    count(vm, small_cost(size));
    return block;
}

/* Give back what take() gave. */
static void give(kw_vm *vm, void *block, size_t size)
{
    kw_slab_give(&vm->heap->slabs, block, size);
    kw_heap_count(vm->heap, 0, small_cost(size));
}

void *kw_heap_new_raw_obj(kw_vm *vm, kw_kind kind, size_t size)
{
    return link_obj(vm, size <= KW_SLAB_MAX ? take(vm, size) : kw_heap_realloc(vm, NULL, 0, size), kind);
}

void *kw_heap_new_obj(kw_vm *vm, kw_kind kind, size_t size)
{
    assert(size >= sizeof(kw_obj));
    kw_obj *o = kw_heap_new_raw_obj(vm, kind, size);
    memset(o + 1, 0, size - sizeof(*o));
    return o;
}

void *kw_heap_try_new_obj(kw_vm *vm, kw_kind kind, size_t size)
{
    kw_obj *o = size <= KW_SLAB_MAX ? take(vm, size) : kw_heap_try_realloc(vm, NULL, 0, size);
    return o == NULL ? NULL : link_obj(vm, o, kind);
}

void *kw_heap_link(kw_vm *vm, kw_kind kind, void *block)
{
    return link_obj(vm, block, kind);
}

void kw_heap_give(kw_vm *vm, kw_obj *o, size_t size)
{
    if (size > KW_SLAB_MAX) {
        kw_heap_release(vm, o, size);
        return;
    }
    give(vm, o, size);
}

/* ---- Elements -------------------------------------------------------------------------------- */

void kw_heap_free_elements(kw_vm *vm, void *p, size_t size)
{
    if (size > KW_SLAB_MAX)
        kw_heap_release(vm, p, size);
    else if (p != NULL)
        give(vm, p, size);
}

static void *resize_elements(kw_vm *vm, void *p, size_t old_size, size_t new_size,
                             void *(*large)(kw_vm *, void *, size_t, size_t))
{
    assert(new_size > 0 && (p == NULL) == (old_size == 0));
    if (old_size > KW_SLAB_MAX && new_size > KW_SLAB_MAX)
        return large(vm, p, old_size, new_size);
    void *q = new_size <= KW_SLAB_MAX ? take(vm, new_size) : large(vm, NULL, 0, new_size);
    if (q == NULL || p == NULL)
        return q;
    memcpy(q, p, old_size < new_size ? old_size : new_size);
    kw_heap_free_elements(vm, p, old_size);
    return q;
}

void *kw_heap_resize_elements(kw_vm *vm, void *p, size_t old_size, size_t new_size)
{
    return resize_elements(vm, p, old_size, new_size, kw_heap_realloc);
}

void *kw_heap_try_resize_elements(kw_vm *vm, void *p, size_t old_size, size_t new_size)
{
    return resize_elements(vm, p, old_size, new_size, kw_heap_try_realloc);
}

void kw_heap_limit(kw_vm *vm, size_t limit)
{
    vm->heap->limit = limit;
    vm->heap->limit_known = true;
    vm->heap->ceiling = 0;
    if (vm->heap->threshold > limit / 2)
        vm->heap->threshold = limit / 2;
}

bool kw_heap_due(kw_vm *vm)
{
    return vm->heap->due || atomic_load_explicit(&vm->heap->short_outside, memory_order_relaxed);
}

bool kw_heap_overdrawn(kw_vm *vm)
{
    kw_heap *heap = vm->heap;
    if (!heap->overdrawn)
        return false;
    if (heap->reserve == NULL)
        heap->reserve = malloc(RESERVE);
    /* A heap that stays all but full counts as full: collections that free next to nothing would
     * follow one another for ever. */
    size_t room = heap->limit / KW_LEAST_ROOM, in_use = used(heap);
    bool full = in_use > heap->limit || (in_use > heap->limit - room && heap->freed < room);
    bool short_of = heap->reserve == NULL || full;
    heap->grace = short_of ? in_use + GRACE : 0;
    if (short_of)
        (void)refuse(vm, in_use); /* asks for a collection of what the handler lets go of */
    heap->overdrawn = false;
    return short_of;
}
