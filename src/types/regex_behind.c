/* regex_behind.c - matching the parts of a pattern (regex_behind.h). */
#include "config.h"

#include "types/regex_behind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/text.h"

enum {
    STACK_START = 32 << 10,
    FIRST_STEPS = 8,     /* a part that needs no more is paid by the 8 for each byte of a subject */
    MORE_STEPS = 4,      /* times as many for the next try */
    TURN_BYTES = 4096,   /* of the subject at a time, at least */
    KEPT_BYTES = 1 << 16 /* of room for a turned subject; more is given back */
};

/* Matches of different levels run at the same time: each needs its own of everything. */
typedef struct level {
    kw_regex_behind *of;
    unsigned number;              /* 0: the main pattern, which has its things in regex.c */
    pcre2_match_context *context; /* NULL: not needed so far */
    pcre2_match_data *data;
    uint32_t pairs; /* that `data` has room for */
    pcre2_jit_stack *stack;
} level;

struct kw_regex_behind {
    level levels[1 + KW_REGEX_LEVELS];
    /* Of the present match: */
    kw_regex *regex;
    const char *text;
    size_t size, from;
    uint32_t steps; /* left to the parts */
    bool given_up;  /* a part needed more */
    /* The subject with its characters in the opposite order, from its end on as far as needed. */
    const kw_string *subject; /* whose it is; NULL: of none */
    char *turned;
    size_t room;
    size_t done; /* bytes of the subject that are there, the last of `turned` */
};

/* ---- Life ------------------------------------------------------------------------------------ */

static int answer(pcre2_callout_block *block, void *data);

kw_regex_behind *kw_regex_behind_new(pcre2_match_context *main)
{
    kw_regex_behind *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    for (unsigned i = 0; i <= KW_REGEX_LEVELS; i++) {
        b->levels[i].of = b;
        b->levels[i].number = i;
    }
    (void)pcre2_set_callout(main, answer, &b->levels[0]);
    return b;
}

void kw_regex_behind_free(kw_regex_behind *b)
{
    if (b == NULL)
        return;
    for (unsigned i = 1; i <= KW_REGEX_LEVELS; i++) {
        pcre2_match_data_free(b->levels[i].data);
        pcre2_match_context_free(b->levels[i].context);
        pcre2_jit_stack_free(b->levels[i].stack);
    }
    free(b->turned);
    free(b);
}

bool kw_regex_behind_have_room(pcre2_match_data **data, uint32_t *pairs, const kw_regex_pattern *source)
{
    uint32_t needed = (uint32_t)(1 + source->capture_count + source->part_count);
    if (*pairs >= needed)
        return true;
    pcre2_match_data *more = pcre2_match_data_create(needed, NULL);
    if (more == NULL)
        return false;
    pcre2_match_data_free(*data);
    *data = more;
    *pairs = needed;
    return true;
}

static bool level_ready(level *l, const kw_regex_pattern *source)
{
    if (l->context == NULL) {
        l->context = pcre2_match_context_create(NULL);
        if (l->context == NULL)
            return false;
        (void)pcre2_set_heap_limit(l->context, KW_REGEX_MEMORY >> 10);
        (void)pcre2_set_callout(l->context, answer, l);
        l->stack = pcre2_jit_stack_create(STACK_START, KW_REGEX_MEMORY, NULL);
        if (l->stack != NULL)
            pcre2_jit_stack_assign(l->context, NULL, l->stack);
    }
    return kw_regex_behind_have_room(&l->data, &l->pairs, source);
}

/* ---- Compiling ------------------------------------------------------------------------------- */

void kw_regex_behind_leave_none(pcre2_compile_context *compiling)
{
#if PCRE2_MAJOR > 10 || PCRE2_MINOR >= 43
    (void)pcre2_set_max_varlookbehind(compiling, 0);
#else
    (void)compiling;
#endif
}

bool kw_regex_behind_helps(int code)
{
    enum { TOO_LONG_BRANCH = 200 }; /* has no name before 10.43 */
    return code == PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH || code == PCRE2_ERROR_LOOKBEHIND_TOO_COMPLICATED ||
           code == PCRE2_ERROR_LOOKBEHIND_TOO_LONG || code == TOO_LONG_BRANCH;
}

int kw_regex_behind_compile_parts(kw_regex_pattern *source, pcre2_compile_context *compiling, bool jit)
{
    assert(source->apart);
    for (size_t i = 0; i < source->part_count; i++) {
        kw_regex_part *part = &source->parts[i];
        int code;
        size_t at;
        part->code =
            pcre2_compile((PCRE2_SPTR)part->text, part->size, KW_BEHIND_APART | PCRE2_ANCHORED, &code, &at, compiling);
        if (part->code == NULL)
            return code;
        if (jit)
            (void)pcre2_jit_compile(part->code, PCRE2_JIT_COMPLETE);
    }
    return 0;
}

void kw_regex_behind_free_parts(kw_regex_pattern *source)
{
    for (size_t i = 0; i < source->part_count; i++) {
        pcre2_code_free(source->parts[i].code);
        source->parts[i].code = NULL;
    }
}

/* ---- The turned subject ---------------------------------------------------------------------- */

void kw_regex_behind_forget(kw_regex_behind *b)
{
    b->subject = NULL;
    if (b->room <= KEPT_BYTES)
        return;
    free(b->turned);
    b->turned = NULL;
    b->room = 0;
}

static bool turned_has_room(kw_regex_behind *b)
{
    if (b->room >= b->size && b->room > 0)
        return true;
    assert(b->done == 0); /* else what is turned already would be lost */
    free(b->turned);
    b->room = b->size < TURN_BYTES ? TURN_BYTES : b->size;
    b->turned = malloc(b->room);
    if (b->turned == NULL)
        b->room = 0;
    return b->turned != NULL;
}

/* Have all before byte `at` of the subject, and the character there, which \b looks at. */
static bool turn(kw_regex_behind *b, size_t at)
{
    if (!turned_has_room(b))
        return false;
    if (b->done > at || b->done == b->size)
        return true;
    assert(b->room >= b->size && b->done < b->size);
    size_t end = b->size - at <= TURN_BYTES ? b->size : at + TURN_BYTES;
    while (end < b->size && !kw_utf8_starts(b->text[end]))
        end++;
    while (b->done < end) {
        size_t from = b->done++;
        while (b->done < end && !kw_utf8_starts(b->text[b->done]))
            b->done++;
        memcpy(b->turned + (b->size - b->done), b->text + from, b->done - from);
    }
    return true;
}

/* ---- Matching -------------------------------------------------------------------------------- */

void kw_regex_behind_start(kw_regex_behind *b, kw_regex *r, const kw_string *subject, size_t from, uint32_t steps)
{
    assert(r->source.apart && from <= subject->size);
    if (b->subject != subject)
        b->done = 0;
    b->subject = subject;
    b->regex = r;
    b->text = subject->text;
    b->size = subject->size;
    b->from = from;
    b->steps = steps;
    b->given_up = false;
}

uint32_t kw_regex_behind_left(const kw_regex_behind *b, bool *given_up)
{
    *given_up = b->given_up;
    return b->steps;
}

static bool is_turned(unsigned number)
{
    return number % 2 != 0;
}

/* Match `part` at byte `at` of the subject; PCRE2's result.  PCRE2 does not tell how many steps a
 * match has taken, so the limit starts low, and what it was is paid. */
static int match_part(kw_regex_behind *b, const kw_regex_part *part, size_t at)
{
    assert(part->level >= 1 && part->level <= KW_REGEX_LEVELS && at <= b->size);
    level *l = &b->levels[part->level];
    bool turned = is_turned(part->level);
    if (!level_ready(l, &b->regex->source) || (turned && !turn(b, at)))
        return PCRE2_ERROR_NOMEMORY;
    PCRE2_SPTR text = (PCRE2_SPTR)(turned ? b->turned : b->text);
    size_t start = turned ? b->size - at : at;
    int code = PCRE2_ERROR_MATCHLIMIT;
    for (uint32_t limit = FIRST_STEPS; code == PCRE2_ERROR_MATCHLIMIT && limit <= b->steps;) {
        b->steps -= limit;
        (void)pcre2_set_match_limit(l->context, limit);
        code = pcre2_match(part->code, text, b->size, start, PCRE2_NO_UTF_CHECK, l->data, l->context);
        limit = limit < UINT32_MAX / MORE_STEPS ? limit * MORE_STEPS : UINT32_MAX;
    }
    b->given_up |= code == PCRE2_ERROR_MATCHLIMIT;
    return code;
}

/* PCRE2 is at (?Cn): 0, it goes on; above 0, there is no match this way; below, an error. */
static int answer(pcre2_callout_block *block, void *data)
{
    const level *l = data;
    kw_regex_behind *b = l->of;
    size_t at = block->current_position;
    if (is_turned(l->number))
        at = b->size - at;
    if (block->callout_number == 0)
        return at != b->from;
    assert(block->callout_number <= b->regex->source.part_count);
    const kw_regex_part *part = &b->regex->source.parts[block->callout_number - 1];
    assert(part->level == l->number + 1);
    int code = match_part(b, part, at);
    if (code < 0 && code != PCRE2_ERROR_NOMATCH)
        return code;
    return (code >= 0) == part->negated;
}

/* ---- Captures -------------------------------------------------------------------------------- */

static int note_level(kw_regex_behind *b, const pcre2_code *code, pcre2_match_data *data, bool turned);

static int note_group(kw_regex_behind *b, const char *name, kw_regex_span span)
{
    size_t index = (size_t)strtoul(name + 1, NULL, 10) - 1;
    if (name[0] == 'c') {
        kw_regex_note_capture(b->regex, index, span);
        return 0;
    }
    assert(name[0] == 'p' && index < b->regex->source.part_count); /* regex_turn.c gives no other names */
    const kw_regex_part *part = &b->regex->source.parts[index];
    int code = match_part(b, part, span.from);
    if (code < 0)
        return code; /* too many steps: a match it was */
    return note_level(b, part->code, b->levels[part->level].data, is_turned(part->level));
}

/* The match of a part or of the main pattern, with the matches of the parts in it. */
static int note_level(kw_regex_behind *b, const pcre2_code *code, pcre2_match_data *data, bool turned)
{
    const PCRE2_SIZE *pairs = pcre2_get_ovector_pointer(data);
    PCRE2_SPTR entry = NULL; /* number, high byte first, and name */
    uint32_t count = 0, entry_size = 0;
    (void)pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &count);
    (void)pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
    (void)pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &entry);
    for (; count > 0; count--, entry += entry_size) {
        const PCRE2_SIZE *pair = &pairs[2 * (entry[0] << 8 | entry[1])];
        if (pair[0] == PCRE2_UNSET)
            continue;
        kw_regex_span span = {pair[0], pair[1]};
        if (turned)
            span = (kw_regex_span){b->size - pair[1], b->size - pair[0]};
        int result = note_group(b, (const char *)entry + 2, span);
        if (result < 0)
            return result;
    }
    return 0;
}

int kw_regex_behind_note_captures(kw_regex_behind *b, const pcre2_code *code, pcre2_match_data *data)
{
    return note_level(b, code, data, false);
}
