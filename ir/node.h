// One operator application.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/attribute.h"
#include "ir/ids.h"

namespace pith::ir {

struct Node {
  std::string op_type;
  std::string domain;            // empty: ONNX's own operators
  std::string name;              // may be empty
  std::vector<ValueId> inputs;   // kNoValue: an optional input that is absent
  std::vector<ValueId> outputs;  // kNoValue: an optional output that is absent
  Attributes attributes;
  std::string carried;  // ONNX message with the fields not modelled here (doc string, metadata, ...)

  // Whether this is ONNX's own operator of that name.
  [[nodiscard]] bool is(std::string_view op) const { return domain.empty() && op_type == op; }

  // kNoValue when the input is absent, whether left out in the middle or at the end.
  [[nodiscard]] ValueId input(std::size_t index) const {
    return index < inputs.size() ? inputs[index] : kNoValue;
  }
  [[nodiscard]] bool has_input(std::size_t index) const { return input(index) != kNoValue; }
  [[nodiscard]] bool has_output(std::size_t index) const {
    return index < outputs.size() && outputs[index] != kNoValue;
  }

  // The attribute of that name and type, or nullptr.
  template <class T>
  [[nodiscard]] const T* find(std::string_view attribute_name) const {
    for (const auto& [key, value] : attributes) {
      if (key == attribute_name) return std::get_if<T>(&value);
    }
    return nullptr;
  }

  // The attribute's value, or `otherwise` when it is absent.
  template <class T>
  [[nodiscard]] T attribute(std::string_view attribute_name, T otherwise) const {
    const T* found = find<T>(attribute_name);
    return found != nullptr ? *found : otherwise;
  }

  // The subgraphs among the attributes, in attribute order.
  [[nodiscard]] std::vector<GraphId> subgraphs() const;
};

}  // namespace pith::ir
