/* regex_none.c - the methods of regex_methods.c in a build without PCRE2: they say so. */
#include "config.h"

#include "types/types.h"

static kw_result unavailable(kw_vm *vm, kw_call *call)
{
    return kw_throw(vm, "RegexError",
                    "`%s` is not available: this build has no regular expressions (PCRE2).",
                    kw_call_name(call));
}

static const kw_native_def methods[] = {
    {"find", unavailable, 1, 1, "not in this build"},
    {"match", unavailable, 1, 1, "not in this build"},
    {"matches", unavailable, 1, 1, "not in this build"},
    {"matches_all", unavailable, 1, 1, "not in this build"},
    {"scan", unavailable, 1, 1, "not in this build"},
    {"scan_groups", unavailable, 1, 1, "not in this build"},
    {"named_captures", unavailable, 1, 1, "not in this build"},
    {"rreplace", unavailable, 2, 2, "not in this build"},
    {"rsplit", unavailable, 1, 2, "not in this build"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_regex_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_STRING, methods);
}
