/* event.c - the program's one event bus: on, once, off, emit (LANGUAGE.md section 16).
 *
 * Handlers are kept per registered name, by descending priority, then in order of registration.
 * `emit` collects those whose pattern matches and has them called by a function of the prelude,
 * because handlers may suspend. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/interp.h"

typedef struct handler {
    struct handler *next;
    kw_value callable;
    int64_t priority;
    bool once;
} handler;

typedef struct pattern { /* one registered name */
    struct pattern *next;
    kw_string *name;
    handler *handlers;
    handler *last; /* of them; NULL: there are none */
} pattern;

typedef struct kw_events kw_events;
struct kw_events {
    pattern *patterns; /* in the order in which the names were first registered */
};

/* Does `text` match `name`, where `*` stands for any run of characters without a dot?  Greedy with
 * one point to return to, like a file name pattern. */
static bool matches(const char *name, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text != '\0') {
        if (*name == '*') {
            star = ++name;
            again = text;
        } else if (*name == *text) {
            name++;
            text++;
        } else if (star != NULL && *again != '.') {
            name = star;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*name == '*')
        name++;
    return *name == '\0';
}

static pattern *find_pattern(kw_events *events, kw_string *name)
{
    pattern *p = events->patterns;
    while (p != NULL && !kw_string_same(p->name, name))
        p = p->next;
    return p;
}

static pattern *add_pattern(kw_vm *vm, kw_string *name)
{
    pattern **end = &vm->events->patterns;
    while (*end != NULL)
        end = &(*end)->next;
    pattern *p = kw_heap_realloc(vm, NULL, 0, sizeof(*p));
    *p = (pattern){.name = name};
    *end = p;
    return p;
}

static bool same_callable(kw_value a, kw_value b)
{
    return kw_is(a, KW_LAMBDA) && kw_is(b, KW_LAMBDA) && a.as.obj == b.as.obj;
}

/* Remove the handlers of `p` that are `callable` (null: all; KW_UNDEF: those of `once`). */
static void remove_handlers(kw_vm *vm, pattern *p, kw_value callable)
{
    bool all = kw_is(callable, KW_NULL), once = kw_is(callable, KW_UNDEF);
    handler **at = &p->handlers;
    p->last = NULL;
    while (*at != NULL) {
        handler *h = *at;
        if (all || (once ? h->once : same_callable(h->callable, callable))) {
            *at = h->next;
            kw_heap_release(vm, h, sizeof(*h));
        } else {
            p->last = h;
            at = &h->next;
        }
    }
}

/* Where a new handler of this priority goes: behind all of its own and of higher ones. */
static handler **place_for(pattern *p, int64_t priority)
{
    handler **at = p->last != NULL && p->last->priority >= priority ? &p->last->next : &p->handlers;
    while (*at != NULL && (*at)->priority >= priority)
        at = &(*at)->next;
    return at;
}

static bool add_handler(kw_vm *vm, const kw_value *r, bool once)
{
    if (!kw_is(r[2], KW_LAMBDA)) {
        kw_string *type = kw_display_typeof(vm, r[2]);
        kw_throw(vm, "InvalidOperationError", "Value of type '%s' is not callable.", type->text);
        return false;
    }
    pattern *p = find_pattern(vm->events, r[0].as.string);
    if (p == NULL)
        p = add_pattern(vm, r[0].as.string);
    int64_t priority = kw_is(r[1], KW_INT) ? r[1].as.i : 0;
    handler **at = place_for(p, priority);
    assert(*at == NULL || (*at)->priority < priority);
    handler *h = kw_heap_realloc(vm, NULL, 0, sizeof(*h));
    *h = (handler){.next = *at, .callable = r[2], .priority = priority, .once = once};
    *at = h;
    if (h->next == NULL)
        p->last = h;
    return true;
}

/* The callables to be run for `name`; those of `once` are removed. */
static kw_list *collect(kw_vm *vm, kw_string *name)
{
    kw_list *list = kw_list_new(vm, 0);
    for (pattern *p = vm->events->patterns; list != NULL && p != NULL; p = p->next) {
        if (!matches(p->name->text, name->text))
            continue;
        for (const handler *h = p->handlers; h != NULL; h = h->next)
            if (!kw_list_push(vm, list, h->callable))
                return NULL;
        remove_handlers(vm, p, kw_undef());
    }
    return list;
}

/* Registers that each emit leaves free below its frame: a handler that emits its own event then
 * overflows its stack after some 2000 turns, before the text of the error, which grows with each of
 * them, takes long to make. */
enum { EMIT_ROOM = 512 };

static kw_entered emit(kw_vm *vm, const kw_value *r, uint8_t dest, uint32_t free_at)
{
    free_at += EMIT_ROOM;
    kw_value run = vm->hooks.prelude(vm, "__emit__");
    kw_list *handlers = kw_is(run, KW_UNDEF) ? NULL : collect(vm, r[0].as.string);
    if (handlers == NULL || !kw_call_reserve(vm, vm->fiber, free_at + 4))
        return KW_ENTER_THROWN;
    kw_value name = r[0], args = r[1];
    kw_value *slot = vm->fiber->stack + free_at;
    slot[0] = kw_of_list(handlers);
    slot[1] = name;
    slot[2] = args;
    kw_target how = {.self = kw_undef(), .dest = dest, .ret = KW_RET_REG};
    return kw_call_enter(vm, run, free_at, 3, how);
}

kw_entered kw_event(kw_vm *vm, unsigned kind, uint32_t at, uint8_t dest, uint32_t free_at)
{
    kw_fiber *fiber = vm->fiber;
    assert(kind <= 3 && at + 2 < fiber->stack_cap);
    if (!kw_is(fiber->stack[at], KW_STRING)) {
        kw_throw(vm, "InvalidOperationError", "Expected a string for the name of an event.");
        return KW_ENTER_THROWN;
    }
    if (vm->events == NULL) {
        vm->events = kw_heap_realloc(vm, NULL, 0, sizeof(kw_events));
        vm->events->patterns = NULL;
    }
    kw_value r[3] = {fiber->stack[at], fiber->stack[at + 1], kind < 2 ? fiber->stack[at + 2] : kw_null()};
    if (kind == 3)
        return emit(vm, r, dest, free_at);
    if (kind < 2) {
        if (!add_handler(vm, r, kind == 1))
            return KW_ENTER_THROWN;
    } else {
        pattern *p = find_pattern(vm->events, r[0].as.string);
        if (p != NULL)
            remove_handlers(vm, p, r[1]);
    }
    fiber->stack[fiber->frames[fiber->frame_count - 1].base + dest] = kw_null();
    return KW_ENTER_DONE;
}

void kw_event_mark(kw_vm *vm)
{
    if (vm->events == NULL)
        return;
    for (pattern *p = vm->events->patterns; p != NULL; p = p->next) {
        kw_gc_mark_obj(vm, p->name);
        for (handler *h = p->handlers; h != NULL; h = h->next)
            kw_gc_mark_value(vm, h->callable);
    }
}

void kw_event_free(kw_vm *vm)
{
    if (vm->events == NULL)
        return;
    for (pattern *p = vm->events->patterns, *next; p != NULL; p = next) {
        next = p->next;
        remove_handlers(vm, p, kw_null());
        kw_heap_release(vm, p, sizeof(*p));
    }
    kw_heap_release(vm, vm->events, sizeof(kw_events));
    vm->events = NULL;
}
