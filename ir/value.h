// A value of a graph: what a node produces, a graph input, a constant, or a
// value captured from the enclosing graph.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/ids.h"
#include "ir/weight_form.h"

namespace pith::ir {

// A dimension: a number, a symbol ("batch"), or unknown (empty symbol).
using Dim = std::variant<std::int64_t, std::string>;

// A tensor type as declared; all parts may be unknown.
struct ValueType {
  DType dtype = DType::undefined;
  std::optional<std::vector<Dim>> shape;
  bool operator==(const ValueType&) const = default;
};

struct Value {
  std::string name;  // exact for graph inputs and outputs, else a hint that export makes unique
  ValueType type;
  bool declared = false;  // the file has a type declaration for it
  std::string carried;    // ONNX message with the parts of that declaration not modelled here
  NodeId producer = kNoNode;
  std::vector<NodeId> readers;  // one entry a use; a node that captures it for a subgraph is a reader
  std::shared_ptr<const Constant> constant;
  std::string constant_carried;  // ONNX message with the parts of the tensor not modelled here
  bool is_input = false;
  int output_uses = 0;          // how many graph outputs it is
  ValueId captured = kNoValue;  // the enclosing graph's value that this one stands for
  bool alive = true;
};

}  // namespace pith::ir
