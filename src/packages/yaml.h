/* yaml.h - package yaml: reading by libyaml, and writing (FUNCTIONS.md, "yaml").
 *
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_YAML_H
#define KP_YAML_H

#include "packages/package.h"

enum { KP_YAML_DEPTH = 256 /* of lists and hashmaps within each other, read or written */ };

/* What a plain scalar stands for: null, a boolean, an integer of 64 bits or a float.  false: for itself, a string.
 * There is a NUL behind the text. */
bool kp_yaml_typed(const char *text, size_t size, kw_value *out);

/* yaml::parse(text): the first document, and yaml::parse_all(text): a list of those that are not null.  Errors:
 * YamlError with the place, NotAvailableError without libyaml. */
kw_result kp_yaml_parse(kw_vm *vm, kw_call *call);
kw_result kp_yaml_parse_all(kw_vm *vm, kw_call *call);
/* yaml::stringify(value).  Errors: YamlError. */
kw_result kp_yaml_stringify(kw_vm *vm, kw_call *call);

#endif
