/* regex_behind.h - look-behinds of any width, which PCRE2 does not have.
 *
 * Place: inside the types layer; regex.c turns to it when PCRE2 refuses a pattern for its
 * look-behinds.  The pattern is then written in parts (regex_scan.h), each compiled by itself.
 * Where the main pattern has a look-behind PCRE2 calls back, and the part is matched against the
 * turned subject: once, anchored, beginning where the subject was.  That is what .NET does, so what
 * captures hold is the same, at no more cost.  A callback cannot capture: after the match the parts
 * that took part are matched once more for that.
 * Limits: what all parts do in one match is limited like the main pattern, and each level of parts
 * like it in memory.
 * Threads: the interpreter thread only. */
#ifndef KW_REGEX_BEHIND_H
#define KW_REGEX_BEHIND_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "types/regex.h"

/* Options for patterns; written apart, for all parts: PCRE2 takes a callout for something that
 * never fails.  It would try "(?C1).*" at the beginnings of lines only, and never let ".*(?C1)"
 * give back what it took. */
enum {
    KW_BEHIND_PLAIN = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_ALT_CIRCUMFLEX,
    KW_BEHIND_APART = KW_BEHIND_PLAIN | PCRE2_NO_DOTSTAR_ANCHOR | PCRE2_NO_AUTO_POSSESS,
};

/* What parts need for matching; each interpreter has one at most. */
typedef struct kw_regex_behind kw_regex_behind;

/* `main`: the context in which main patterns are matched; it gets the callback.  NULL: no memory. */
kw_regex_behind *kw_regex_behind_new(pcre2_match_context *main);
void kw_regex_behind_free(kw_regex_behind *b);

/* Let PCRE2 refuse variable lengths even where it could do some: captures would differ. */
void kw_regex_behind_leave_none(pcre2_compile_context *compiling);
/* Is `code` of pcre2_compile() about a look-behind? */
bool kw_regex_behind_helps(int code);

/* Compile the parts of `source`.  Returns 0 or PCRE2's error; undo with kw_regex_behind_free_parts() in
 * any case. */
int kw_regex_behind_compile_parts(kw_regex_pattern *source, pcre2_compile_context *compiling, bool jit);
void kw_regex_behind_free_parts(kw_regex_pattern *source);

/* Before a match of `r`, which is written apart, in `subject` from byte `from`: the parts may take
 * `steps`.  Both stay until the next start or the end of the interpreter's use of them. */
void kw_regex_behind_start(kw_regex_behind *b, kw_regex *r, const kw_string *subject, size_t from, uint32_t steps);
/* How many of them are left; *given_up: a part needed more than there were. */
uint32_t kw_regex_behind_left(const kw_regex_behind *b, bool *given_up);
/* The match was found by `code`: note its captures.  Returns 0 or PCRE2's error. */
int kw_regex_behind_note_captures(kw_regex_behind *b, const pcre2_code *code, pcre2_match_data *data);
/* The subject is gone: another one may have its address. */
void kw_regex_behind_forget(kw_regex_behind *b);

/* Let *data, of *pairs groups, have room for all groups of `source`.  false: no memory. */
bool kw_regex_behind_have_room(pcre2_match_data **data, uint32_t *pairs, const kw_regex_pattern *source);

#endif
