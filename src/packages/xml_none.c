/* xml_none.c - xml::parse in a build without expat: it says so. */
#include "config.h"

#include "packages/xml.h"

kw_result kp_xml_parse(kw_vm *vm, kw_call *call)
{
    static kb_library library = {.name = "libexpat", .package = "libexpat1"};
    (void)kp_needs(vm, call, &library);
    return KW_THROWN;
}
