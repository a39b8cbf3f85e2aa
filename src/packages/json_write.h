/* json_write.h - from values to JSON text (FUNCTIONS.md, "json").
 *
 * The text is of ASCII alone: what HTML or JavaScript could take for something else is written as \uXXXX, as is
 * every character beyond.  Lists and hashmaps may be nested as deep as the reader allows, which ends cycles, too.
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_JSON_WRITE_H
#define KP_JSON_WRITE_H

#include "packages/writing.h"

/* The text of `v`, as the result of the call; `pretty`: in lines.  Errors: JsonError (NaN, an infinity, too deep). */
kw_result kp_json_write(kw_vm *vm, kw_call *call, kw_value v, bool pretty);

#endif
