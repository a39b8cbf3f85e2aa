/* yaml_none.c - yaml::parse and yaml::parse_all in a build without libyaml: they say so. */
#include "config.h"

#include "packages/yaml.h"

kw_result kp_yaml_parse(kw_vm *vm, kw_call *call)
{
    static kb_library library = {.name = "libyaml", .package = "libyaml-0-2"};
    (void)kp_needs(vm, call, &library);
    return KW_THROWN;
}

kw_result kp_yaml_parse_all(kw_vm *vm, kw_call *call)
{
    return kp_yaml_parse(vm, call);
}
