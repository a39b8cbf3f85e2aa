/* regex_none.c - the methods of regex_methods.c in a build without PCRE2: they say so. */
#include "config.h"

#include "types/regex_rows.h"

static kw_result unavailable(kw_vm *vm, kw_call *call)
{
    return kw_throw(vm, "RegexError", "`%s` is not available: this build has no regular expressions (PCRE2).",
                    kw_native_title(vm, call->native));
}

#define FUNCTION(name) unavailable
const kw_native_def kw_regex_methods[] = {KW_REGEX_ROWS(FUNCTION)};
