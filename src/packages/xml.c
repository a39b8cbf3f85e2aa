/* xml.c - package xml: the natives of it (FUNCTIONS.md, "xml"); its structs are in xml.kiwi. */
#include "config.h"

#include "packages/xml.h"

kw_string *kp_xml_name(kw_vm *vm, kp_xml_field field)
{
    static const char *const names[KP_XML_FIELDS] = {
        [KP_XML_TAG] = "tag", [KP_XML_ATTRS] = "attrs", [KP_XML_CHILDREN] = "children", [KP_XML_CONTENT] = "content"};
    return kw_intern_c(vm, names[field]);
}

kp_xml_names kp_xml_names_of(kw_vm *vm)
{
    kp_xml_names names;
    for (int i = 0; i < KP_XML_FIELDS; i++)
        names.name[i] = kp_xml_name(vm, (kp_xml_field)i);
    return names;
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"parse(text: string|bytes): XmlNode", kp_xml_parse,
     "The root element of an XML document; of bytes, in the encoding that the document names.  Text between elements "
     "that is white space alone is left out.  External entities are an XmlError, so are entities that grow the "
     "document more than tenfold, and elements nested deeper than 256 levels.",
     "println xml::parse(\"<a id='7'>x</a>\").get_attr(\"id\")  # => 7", "__xml_parse__", KW_CHECK_NONE},
    {"stringify(node: XmlNode, indent: integer = 0): string", kp_xml_stringify,
     "The XML text of a node, a line for each element, `indent` levels of two spaces to the right.  Of an element its "
     "children are written, not its `content`.  What XML cannot hold is an XmlError.",
     "println xml::stringify(xml::create(\"a\", {id: \"1\"}))  # => <a id=\"1\"/>", NULL},
    {NULL},
};
/* clang-format on */

const kp_package kp_xml = {
    .name = "xml",
    .about = "XML: read it, look into it, write it.",
    .functions = functions,
};
