#include "ir/documentation.h"

#include <utility>
#include <vector>

#include "ir/wire.h"

namespace pith::ir {
namespace {

// The fields of a message, by number (onnx.proto), that hold texts, and those with messages that do.
struct Texts {
  std::uint64_t doc_string = 0;
  std::uint64_t metadata = 0;  // StringStringEntryProto
  std::vector<std::pair<std::uint64_t, const Texts*>> inner = {};
};

const Texts& attribute_texts() {
  static const Texts kTexts{.doc_string = 13};
  return kTexts;
}
const Texts& value_texts() {
  static const Texts kTexts{.doc_string = 3, .metadata = 4};
  return kTexts;
}
const Texts& tensor_texts() {
  static const Texts kTexts{.doc_string = 12, .metadata = 16};
  return kTexts;
}
const Texts& node_texts() {
  static const Texts kTexts{.doc_string = 6, .metadata = 9, .inner = {{5, &attribute_texts()}}};
  return kTexts;
}
const Texts& graph_texts() {
  static const Texts kTexts{.doc_string = 10, .metadata = 16, .inner = {{13, &value_texts()}}};
  return kTexts;
}
const Texts& function_texts() {
  static const Texts kTexts{
      .doc_string = 8, .metadata = 14, .inner = {{7, &node_texts()}, {12, &value_texts()}}};
  return kTexts;
}
const Texts& model_texts() {
  static const Texts kTexts{.inner = {{25, &function_texts()}}};
  return kTexts;
}

Field take(FieldReader& fields) {
  const auto field = fields.next();
  PITH_ASSERT(field.has_value(), "a carried message that was changed");
  return *field;
}

bool is_of_exporter(std::string_view entry) {
  for (FieldReader fields(entry); !fields.done();) {
    const Field field = take(fields);
    if (field.number == 1) return field.content == "namespace" || field.content.starts_with("pkg.");
  }
  return false;
}

// What a node carries of an attribute is its name, for the sake of the doc string.
bool is_only_a_name(std::string_view attribute) {
  for (FieldReader fields(attribute); !fields.done();) {
    if (take(fields).number != 1) return false;
  }
  return true;
}

std::string strip(std::string_view message, const Texts& texts) {
  std::string kept;
  for (FieldReader fields(message); !fields.done();) {
    const Field field = take(fields);
    if (field.number == texts.doc_string) continue;
    if (field.number == texts.metadata && is_of_exporter(field.content)) continue;
    const Texts* inner = nullptr;
    for (const auto& [number, found] : texts.inner) {
      if (number == field.number) inner = found;
    }
    if (inner == nullptr || !field.delimited) {
      kept += field.whole;
      continue;
    }
    const std::string stripped = strip(field.content, *inner);
    if (inner == &attribute_texts() && is_only_a_name(stripped)) continue;
    kept += field.tag;
    put_varint(stripped.size(), kept);
    kept += stripped;
  }
  return kept;
}

}  // namespace

std::string without_documentation(Rewriter::CarriedBy whom, const std::string& message) {
  switch (whom) {
    case Rewriter::CarriedBy::model:
      return strip(message, model_texts());
    case Rewriter::CarriedBy::graph:
      return strip(message, graph_texts());
    case Rewriter::CarriedBy::node:
      return strip(message, node_texts());
    case Rewriter::CarriedBy::value:
      return strip(message, value_texts());
    case Rewriter::CarriedBy::constant:
      return strip(message, tensor_texts());
  }
  throw InternalError("a message that nothing carries");
}

}  // namespace pith::ir
