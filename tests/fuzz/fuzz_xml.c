/* fuzz_xml.c - libFuzzer target: xml::parse of strings and bytes.  What was written is read again, as the same; but
 * expat goes by an older edition of XML, which has fewer characters for names. */
#include "config.h"

#include "fuzz/data.h"

static const char script[] =
    "fn same(a, b)\n"
    "  return false when a.tag != b.tag || a.attrs != b.attrs\n"
    "  return a.content == b.content when !a.is_element()\n"
    "  a.elements().size() == b.elements().size()\n"
    "end\n"
    "for text in [data, raw] do\n"
    "  try\n"
    "    root = xml::parse(text)\n"
    "    written = root.serialize()\n"
    "    throw \"not as before\" when !same(root, xml::parse(written))\n"
    "    root.text_content()\n"
    "    xml::pipeline().from_string(written).parse()\n"
    "  catch (kind, message)\n"
    "    throw message when ![\"XmlError\", \"MemoryError\"].contains(kind)\n"
    "  end\n"
    "end\n"
    "try\n"
    "  for node in [xml::create(\"a\", {a: data}), xml::text_node(data), xml::comment_node(data),\n"
    "               xml::cdata_node(data), XmlNode.new(\"#pi\", {name: \"a\"}, [], data)] do\n"
    "    try\n"
    "      outer = xml::create(\"a\")\n"
    "      outer.add_child(node)\n"
    "      written = outer.serialize()\n"
    "    catch (kind, message)\n"
    "      throw message when kind != \"XmlError\"\n"
    "      written = \"<a/>\"\n"
    "    end\n"
    "    xml::parse(written)\n"
    "  end\n"
    "catch (kind, message)\n"
    "  throw message when kind != \"MemoryError\"\n"
    "end\n"
    "try\n"
    "  attrs = {}\n"
    "  attrs[data] = 1\n"
    "  xml::parse(xml::create(data, attrs).serialize())\n"
    "catch (kind, message)\n"
    "  throw message when ![\"XmlError\", \"MemoryError\"].contains(kind)\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_data(script, data, size);
    return 0;
}
