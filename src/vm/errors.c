/* errors.c - the rows of the errors of syntax. */
#include "config.h"

#include "vm/errors.h"

#include <assert.h>
#include <stddef.h>

const kw_error_row *kw_errors_row(kw_error_id id)
{
    static const kw_error_row rows[] = {
#define KW_ERROR_ROW(id, type, text) [KW_E_##id] = {type, text},
        KW_SYNTAX_ERRORS(KW_ERROR_ROW)
#undef KW_ERROR_ROW
    };
    assert(id > KW_E_NONE && (size_t)id < sizeof(rows) / sizeof(rows[0])); /* the others need arguments */
    return &rows[id];
}
