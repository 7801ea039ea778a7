// When the result of a node is a value that is there already. Each rule is exact: every bit stays, for every
// input that the model accepts. ONNX's Operators.md defines what the operators do.
#pragma once

#include <optional>

#include "ir/model.h"
#include "passes/value_types.h"

namespace pith::passes::no_ops {

// Where a rule looks.
struct View {
  const ir::Model& model;
  ir::GraphId id;
  const ValueTypes& types;

  [[nodiscard]] const ir::Graph& graph() const { return model.graph(id); }
  [[nodiscard]] Place place(ir::ValueId value) const { return {id, value}; }
  // The node of this graph that makes the value and is that operator; nullptr when there is none.
  [[nodiscard]] const ir::Node* maker(ir::ValueId value, std::string_view op) const;
  [[nodiscard]] std::optional<std::vector<std::int64_t>> integers(const ir::Node& node, std::size_t input,
                                                                  std::string_view attribute) const {
    return integers_of(model, id, node, input, attribute);
  }
};

// The value of the same graph that the node's first output equals, or kNoValue.

// Cast to the type that is there, and there and back through a wider type; sums, products and powers with a
// neutral constant; products of integers with zero; Concat, Sum, Max, Min and Mean of one; Not, Neg, and what
// done twice is done once.
[[nodiscard]] ir::ValueId equal_elements(const View& view, const ir::Node& node);

// Reshape, Flatten, Expand, Tile, Pad, Slice, Transpose, Resize that change no shape; Squeeze and Unsqueeze
// that undo each other.
[[nodiscard]] ir::ValueId equal_layout(const View& view, const ir::Node& node);

}  // namespace pith::passes::no_ops
