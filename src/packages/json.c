/* json.c - package json: the natives of it (FUNCTIONS.md, "json"); its pipeline is in json.kiwi. */
#include "config.h"

#include "packages/json_read.h"
#include "packages/json_write.h"
#include "packages/package.h"

extern const kp_package kp_json;

/* Its slice is over: the reader goes on in the next call. */
static kw_result read_later(kw_vm *vm, kw_call *call, kp_json_reader *r)
{
    if (call->kept != NULL)
        return kw_call_again(vm, call, (kw_value[]){kw_kept(call, 0)}, 1);
    kp_json_reader *kept = kp_json_read_keep(r);
    kw_value handle = kw_pointer_new(vm, "JSON reader", kept, kp_json_read_mark, kp_json_read_drop);
    return kw_call_again(vm, call, &handle, 1);
}

static kw_result json_parse(kw_vm *vm, kw_call *call)
{
    kp_json_reader first, *r = &first;
    if (call->kept != NULL) {
        r = kw_kept(call, 0).as.pointer->data;
    } else {
        const kw_string *text = kw_native_operand(call, 0).as.string;
        kp_json_keys *keys = kp_state(vm, &kp_json);
        if (keys == NULL)
            return KW_THROWN;
        kp_json_read_begin(r, vm, keys, text->text, text->size);
    }
    kp_json_status status = kp_json_read_go_on(r);
    if (status == KP_JSON_MORE)
        return read_later(vm, call, r);
    kw_value value = r->values[0];
    kp_json_read_end(r);
    return status == KP_JSON_DONE ? kw_return(call, value) : KW_THROWN;
}

static kw_result json_stringify(kw_vm *vm, kw_call *call)
{
    kw_value pretty = kw_native_operand(call, 1);
    return kp_json_write(vm, call, kw_native_operand(call, 0), kw_is(pretty, KW_BOOL) && pretty.as.i != 0);
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"parse(text: string): any", json_parse,
     "The value that a JSON text stands for.  Comments and commas before the end of a list or object are allowed; an "
     "integer beyond 64 bits becomes a float; of equal keys the last value counts.",
     "println json::parse('{\"port\": 8080, \"hosts\": [\"a\", \"b\"]}').hosts.size()  # => 2", "__json_parse__/1"},
    {"stringify(value: any, pretty: any = false): string", json_stringify,
     "The JSON text of a value; `pretty`: in lines.  NaN, infinities and what is nested too deep are a JsonError.",
     "println json::stringify({\"port\": 8080, \"open\": true})  # => {\"port\":8080,\"open\":true}",
     "__json_stringify__/2"},
    {NULL},
};
/* clang-format on */

const kp_package kp_json = {
    .name = "json",
    .about = "JSON: read it, write it, and load records from several sources.",
    .functions = functions,
    .state_size = sizeof(kp_json_keys),
    .mark = kp_json_read_mark_keys,
};
