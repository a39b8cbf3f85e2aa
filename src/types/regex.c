/* regex.c - the engine: PCRE2 behind regex.h, and the cache of compiled patterns. */
#include "config.h"

#include "types/regex.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/regex_behind.h"
#include "vm/gc.h"
#include "vm/text.h"
#include "vm/vm.h"

enum {
    JIT_STACK_START = 32 << 10,
    NEST_LIMIT = 800 /* what the translation makes of regex_pattern.c's limit */
};

struct kw_regexes {
    kw_regex *kept[KW_REGEX_KEPT];
    uint64_t clock;
    bool jit;
    size_t memory; /* bytes for backtracking */
    pcre2_compile_context *compiling;
    pcre2_match_context *matching;
    pcre2_jit_stack *stack;
    pcre2_match_data *data;  /* one for all: it keeps the memory of the greediest match */
    uint32_t pairs;          /* that `data` has room for */
    kw_regex_behind *behind; /* NULL: not needed so far */
};
typedef struct kw_regexes kw_regexes;

/* ---- Life ------------------------------------------------------------------------------------ */

static void free_regex(kw_regex *r)
{
    if (r == NULL)
        return;
    pcre2_code_free(r->code);
    kw_regex_behind_free_parts(&r->source);
    kw_regex_pattern_fini(&r->source);
    free(r->spans);
    free(r->text);
    free(r);
}

static void free_regexes(kw_vm *vm, void *data)
{
    kw_regexes *all = data;
    assert(vm->regexes == NULL || vm->regexes == all);
    vm->regexes = NULL;
    for (size_t i = 0; i < KW_REGEX_KEPT; i++)
        free_regex(all->kept[i]);
    kw_regex_behind_free(all->behind);
    pcre2_match_data_free(all->data);
    pcre2_match_context_free(all->matching);
    pcre2_jit_stack_free(all->stack);
    pcre2_compile_context_free(all->compiling);
    free(all);
}

/* Bytes for backtracking, of which the interpreter knows nothing: a part of what it may use. */
static size_t memory_for(const kw_vm *vm)
{
    size_t part = kw_heap_limit_bytes(vm) / 4;
    return part < KW_REGEX_MEMORY ? part : KW_REGEX_MEMORY;
}

static kw_regexes *make_regexes(size_t memory)
{
    kw_regexes *all = calloc(1, sizeof(*all));
    if (all == NULL)
        return NULL;
    all->jit = true;
    all->compiling = pcre2_compile_context_create(NULL);
    all->matching = pcre2_match_context_create(NULL);
    if (all->compiling == NULL || all->matching == NULL) {
        pcre2_match_context_free(all->matching);
        pcre2_compile_context_free(all->compiling);
        free(all);
        return NULL;
    }
    (void)pcre2_set_newline(all->compiling, PCRE2_NEWLINE_LF);
    (void)pcre2_set_parens_nest_limit(all->compiling, NEST_LIMIT);
    kw_regex_behind_leave_none(all->compiling);
    all->memory = memory;
    (void)pcre2_set_heap_limit(all->matching, (uint32_t)(memory >> 10));
    all->stack = pcre2_jit_stack_create(JIT_STACK_START, memory, NULL);
    if (all->stack != NULL) /* without it machine code has 32 KiB of its own */
        pcre2_jit_stack_assign(all->matching, NULL, all->stack);
    return all;
}

/* The interpreter's patterns, made on first use.  NULL: thrown. */
static kw_regexes *regexes_of(kw_vm *vm)
{
    static const char type[] = "regular expressions";
    if (vm->regexes != NULL)
        return vm->regexes;
    kw_regexes *all = make_regexes(memory_for(vm));
    if (all == NULL) {
        kw_throw_memory(vm, sizeof(*all));
        return NULL;
    }
    kw_value handle = kw_pointer_new(vm, type, all, NULL, free_regexes);
    if (!kw_list_push(vm, vm->pinned, handle))
        return NULL; /* the collector frees it with the handle */
    vm->regexes = all;
    return all;
}

bool kw_regex_use_jit(kw_vm *vm, bool use)
{
    kw_regexes *all = regexes_of(vm);
    if (all != NULL)
        all->jit = use;
    return all != NULL;
}

/* ---- Compiling ------------------------------------------------------------------------------- */

/* Invalid pattern 'P' at offset N. REASON */
static void throw_invalid(kw_vm *vm, const kw_regex *r, size_t at, const char *reason, size_t reason_size)
{
    char offset[48];
    kw_buf buf;
    kw_buf_init(&buf);
    (void)snprintf(offset, sizeof(offset), "' at offset %zu. ", at);
    kw_buf_puts(&buf, "Invalid pattern '");
    kw_buf_put(&buf, r->text, r->size);
    kw_buf_puts(&buf, offset);
    kw_buf_put(&buf, reason, reason_size);
    kw_string *message = kw_buf_string(vm, &buf);
    if (message != NULL)
        kw_throw_strings(vm, kw_intern_c(vm, "RegexError"), message);
}

/* What PCRE2 does not accept although the pattern is well formed; the place is not known. */
static void throw_refused(kw_vm *vm, const kw_regex *r, int code, size_t characters)
{
    char reason[200] = "A look-behind of variable length and what is outside of it cannot refer to "
                       "each other's groups.";
    if (code == PCRE2_ERROR_HEAP_FAILED) {
        kw_throw_memory(vm, r->size);
        return;
    }
    if (!r->source.apart || code != PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE) {
        char text[160] = "";
        (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
        (void)snprintf(reason, sizeof(reason), "PCRE2 says: %s.", text);
    }
    throw_invalid(vm, r, characters, reason, strlen(reason));
}

static bool translate(kw_vm *vm, kw_regex *r, bool apart)
{
    kw_regex_pattern *source = &r->source;
    if (kw_regex_pattern_init(source, r->text, r->size, r->ascii, apart))
        return true;
    if (source->no_memory)
        kw_throw_memory(vm, r->size);
    else
        throw_invalid(vm, r, source->error_at, source->reason.text, source->reason.size);
    return false;
}

/* 0, or PCRE2's error. */
static int compile_main(const kw_regexes *all, kw_regex *r)
{
    kw_regex_pattern *source = &r->source;
    uint32_t options = (source->apart ? KW_BEHIND_APART : KW_BEHIND_PLAIN) | PCRE2_USE_OFFSET_LIMIT;
    int code;
    size_t at;
    r->code = pcre2_compile((PCRE2_SPTR)source->out.text, source->out.size, options, &code, &at, all->compiling);
    kw_buf_free(&source->out);
    if (r->code == NULL)
        return code;
    uint32_t first = 0;
    (void)pcre2_pattern_info(r->code, PCRE2_INFO_FIRSTCODETYPE, &first);
    r->begins_lines = first == 2;
    return 0;
}

/* As it is PCRE2 has refused it for a look-behind: read it again.  *code: 0, or PCRE2's error. */
static bool compile_apart(kw_vm *vm, kw_regexes *all, kw_regex *r, int *code)
{
    if (all->behind == NULL)
        all->behind = kw_regex_behind_new(all->matching);
    if (all->behind == NULL) {
        kw_throw_memory(vm, r->size);
        return false;
    }
    kw_regex_pattern_fini(&r->source);
    if (!translate(vm, r, true))
        return false;
    *code = compile_main(all, r);
    if (*code == 0)
        *code = kw_regex_behind_compile_parts(&r->source, all->compiling, all->jit);
    return true;
}

static bool compile(kw_vm *vm, kw_regexes *all, kw_regex *r, const kw_string *pattern)
{
    r->text = malloc(pattern->size + 1);
    if (r->text == NULL) {
        kw_throw_memory(vm, pattern->size);
        return false;
    }
    memcpy(r->text, pattern->text, pattern->size + 1);
    r->size = pattern->size;
    r->begins_here = strstr(r->text, "\\G") != NULL;
    assert(r->text[r->size] == '\0'); /* the string's own */
    if (!translate(vm, r, false))
        return false;
    size_t slots = r->source.slot_count;
    r->spans = calloc(slots, sizeof(*r->spans));
    if (r->spans == NULL) {
        kw_throw_memory(vm, r->size);
        return false;
    }
    int code = compile_main(all, r);
    if (kw_regex_behind_helps(code) && !compile_apart(vm, all, r, &code))
        return false;
    assert(r->source.slot_count == slots); /* `spans` is as long, even if the pattern was read twice */
    if (code != 0) {
        throw_refused(vm, r, code, pattern->length);
        return false;
    }
    if (all->jit)
        (void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* if it fails, PCRE2 interprets */
    return true;
}

/* Patterns that read a long subject step by step are not to blame. */
static uint32_t steps_for(size_t size)
{
    return KW_REGEX_STEPS + (uint32_t)(size < UINT32_MAX / 16 ? 8 * size : UINT32_MAX / 2);
}

static void begin_effort(kw_vm *vm, kw_regex *r, const kw_string *subject)
{
    kw_before_scan(vm, subject->size);
    r->spent = 0;
    r->parts_left = steps_for(subject->size);
}

kw_regex *kw_regex_get(kw_vm *vm, kw_string *pattern, const kw_string *subject)
{
    kw_regexes *all = regexes_of(vm);
    if (all == NULL)
        return NULL;
    if (all->behind != NULL)
        kw_regex_behind_forget(all->behind);
    bool ascii = (subject->header.flags & KW_STR_ASCII) != 0;
    uint32_t hash = kw_string_hash(pattern);
    kw_regex **place = &all->kept[0];
    for (size_t i = 0; i < KW_REGEX_KEPT; i++) {
        kw_regex *r = all->kept[i];
        if (r == NULL) {
            place = &all->kept[i];
            break;
        }
        if (r->hash == hash && r->ascii == ascii && r->size == pattern->size &&
            memcmp(r->text, pattern->text, r->size) == 0) {
            r->used = ++all->clock;
            begin_effort(vm, r, subject);
            return r;
        }
        if (r->used < (*place)->used)
            place = &all->kept[i];
    }
    kw_regex *r = calloc(1, sizeof(*r));
    if (r == NULL) {
        kw_throw_memory(vm, sizeof(*r));
        return NULL;
    }
    r->hash = hash;
    r->ascii = ascii;
    r->used = ++all->clock;
    if (!compile(vm, all, r, pattern)) {
        free_regex(r);
        return NULL;
    }
    free_regex(*place);
    *place = r;
    begin_effort(vm, r, subject);
    return r;
}

/* ---- Matching -------------------------------------------------------------------------------- */

void kw_regex_note_capture(kw_regex *r, size_t index, kw_regex_span span)
{
    assert(index < r->source.capture_count);
    assert(r->source.captures[index].slot >= 0 && (size_t)r->source.captures[index].slot < r->source.slot_count);
    kw_regex_span *known = &r->spans[r->source.captures[index].slot];
    if (span.from <= span.to && (known->from == KW_REGEX_NO_SPAN || span.to >= known->to))
        *known = span;
}

/* 0, or PCRE2's error: captures in look-behinds may be looked for only now. */
static int read_spans(const kw_regexes *all, kw_regex *r)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(all->data);
    const kw_regex_pattern *source = &r->source;
    assert(all->pairs > source->capture_count); /* a pair for each, and one for the whole */
    for (size_t i = 0; i < source->slot_count; i++)
        r->spans[i] = (kw_regex_span){KW_REGEX_NO_SPAN, 0};
    r->spans[0] = (kw_regex_span){pairs[0], pairs[1]};
    if (source->apart)
        return kw_regex_behind_note_captures(all->behind, r->code, all->data);
    for (size_t i = 1; i <= source->capture_count; i++)
        if (pairs[2 * i] != PCRE2_UNSET)
            kw_regex_note_capture(r, i - 1, (kw_regex_span){pairs[2 * i], pairs[2 * i + 1]});
    return 0;
}

static void throw_given_up(kw_vm *vm, const kw_regex *r, size_t size, int code)
{
    kw_buf buf;
    char text[160] = "";
    if (code == PCRE2_ERROR_MATCHLIMIT)
        (void)snprintf(text, sizeof(text), "' backtracks too much: given up after %u steps.",
                       (unsigned)steps_for(size));
    else if (code == PCRE2_ERROR_JIT_STACKLIMIT || code == PCRE2_ERROR_HEAPLIMIT || code == PCRE2_ERROR_NOMEMORY)
        (void)snprintf(text, sizeof(text), "' needs too much memory: more than %zu bytes.", vm->regexes->memory);
    else
        (void)snprintf(text, sizeof(text), "' cannot be matched: PCRE2 error %d.", code);
    kw_buf_init(&buf);
    kw_buf_puts(&buf, "Pattern '");
    kw_buf_put(&buf, r->text, r->size);
    kw_buf_puts(&buf, text);
    kw_string *message = kw_buf_string(vm, &buf);
    if (message != NULL)
        kw_throw_strings(vm, kw_intern_c(vm, "RegexError"), message);
}

enum { FIRST_STEPS = 256, MORE_STEPS = 8 };

/* Which starts a match is looked for at, and how many steps one may take. */
typedef struct search {
    const kw_string *subject;
    size_t at, width; /* the starts at `at` to `at` + `width` - 1; width 0: all from `at` on */
    uint32_t limit, most;
} search;

static int match_once(kw_vm *vm, kw_regex *r, const search *s, bool *given_up)
{
    kw_regexes *all = vm->regexes;
    assert(s->at <= s->subject->size && s->limit <= s->most);
    (void)pcre2_set_match_limit(all->matching, s->limit);
    (void)pcre2_set_offset_limit(all->matching, s->width == 0 ? PCRE2_UNSET : s->at + s->width - 1);
    kw_before_long(vm, s->limit);
    int code = pcre2_match(r->code, (PCRE2_SPTR)s->subject->text, s->subject->size, s->at, PCRE2_NO_UTF_CHECK,
                           all->data, all->matching);
    if (code == PCRE2_ERROR_MATCHLIMIT)
        r->spent += s->limit;
    else if (s->limit > FIRST_STEPS)
        r->spent += s->limit / 2;
    if (r->source.apart)
        r->parts_left = kw_regex_behind_left(all->behind, given_up);
    return code;
}

/* The start of the next line.  false: there is none. */
static bool next_line(search *s)
{
    const char *from = s->subject->text + s->at;
    const char *end = memchr(from, '\n', s->subject->size - s->at);
    s->at += end != NULL ? (size_t)(end - from) + 1 : 0;
    s->limit = FIRST_STEPS;
    return end != NULL;
}

/* No match begins in the window: on to the next one, twice as wide.  false: there is none. */
static bool next_window(const kw_regex *r, search *s)
{
    assert(s->width > 0); /* else all starts were tried */
    if (r->begins_lines)
        return next_line(s);
    s->at += s->width;
    while (s->at < s->subject->size && !kw_utf8_starts(s->subject->text[s->at]))
        s->at++;
    if (s->at > s->subject->size)
        return false;
    s->width = s->limit > FIRST_STEPS ? 1 : s->width * 2;
    s->limit = FIRST_STEPS;
    return true;
}

/* The window has taken too many steps: a narrower one, or more steps for one start.  false: given up. */
static bool try_harder(const kw_regex *r, search *s)
{
    if (s->width != 1 && !r->begins_here) {
        s->width = 1;
        return true;
    }
    if (s->limit == s->most)
        return false;
    s->limit = s->limit < s->most / MORE_STEPS ? s->limit * MORE_STEPS : s->most;
    return true;
}

/* PCRE2 does not tell how many steps a match has taken, and counts them for each start anew.  So the limit starts
 * low; where it is passed, one start at a time gets more, and what the limit was is paid.  What the lowest limit
 * allows is free: there are no more such starts than bytes. */
static int match_within(kw_vm *vm, kw_regex *r, const kw_string *subject, size_t from)
{
    search s = {.subject = subject, .at = from, .limit = FIRST_STEPS, .most = steps_for(subject->size)};
    bool given_up = false;
    for (;;) {
        int code = match_once(vm, r, &s, &given_up);
        bool stopped = code == PCRE2_ERROR_MATCHLIMIT;
        if (given_up || (!stopped && (code != PCRE2_ERROR_NOMATCH || s.width == 0)))
            return code;
        if (r->spent > s.most)
            return PCRE2_ERROR_MATCHLIMIT;
        if (stopped ? !try_harder(r, &s) : !next_window(r, &s))
            return code;
    }
}

kw_regex_found kw_regex_match(kw_vm *vm, kw_regex *r, const kw_string *subject, size_t from)
{
    kw_regexes *all = vm->regexes;
    const kw_regex_pattern *source = &r->source;
    assert(from <= subject->size);
    assert(!r->ascii || (subject->header.flags & KW_STR_ASCII)); /* else \w and its like are too simple */
    if (!kw_go_on(vm))
        return KW_REGEX_THROWN;
    if (!kw_regex_behind_have_room(&all->data, &all->pairs, source)) {
        kw_throw_memory(vm, source->capture_count * sizeof(kw_regex_span));
        return KW_REGEX_THROWN;
    }
    if (source->apart)
        kw_regex_behind_start(all->behind, r, subject, from, r->parts_left);
    int code = match_within(vm, r, subject, from);
    if (code == PCRE2_ERROR_NOMATCH)
        return KW_REGEX_NONE;
    if (code >= 0)
        code = read_spans(all, r);
    if (code < 0) {
        throw_given_up(vm, r, subject->size, code);
        return KW_REGEX_THROWN;
    }
    return KW_REGEX_FOUND;
}
