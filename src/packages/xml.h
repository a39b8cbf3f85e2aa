/* xml.h - package xml: reading by expat, and writing (FUNCTIONS.md, "xml").
 *
 * A node is an object with the attributes of struct XmlNode (xml.kiwi).
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_XML_H
#define KP_XML_H

#include "packages/package.h"

enum { KP_XML_DEPTH = 256 /* of elements within each other, read or written */ };

/* The attributes of a node. */
typedef enum kp_xml_field { KP_XML_TAG, KP_XML_ATTRS, KP_XML_CHILDREN, KP_XML_CONTENT, KP_XML_FIELDS } kp_xml_field;
typedef struct kp_xml_names {
    kw_string *name[KP_XML_FIELDS];
} kp_xml_names;
kw_string *kp_xml_name(kw_vm *vm, kp_xml_field field);
kp_xml_names kp_xml_names_of(kw_vm *vm);

/* xml::parse(text or bytes): the root.  Errors: XmlError with the place, NotAvailableError without expat. */
kw_result kp_xml_parse(kw_vm *vm, kw_call *call);
/* xml::stringify(node, indent).  Errors: XmlError for what XML cannot hold. */
kw_result kp_xml_stringify(kw_vm *vm, kw_call *call);

#endif
