// Attributes of a node.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ir/ids.h"
#include "ir/tensor.h"

namespace pith::ir {

// An attribute that the IR does not model (types, sparse tensors, references of functions):
// the bytes of its ONNX message, carried as they came.
struct CarriedAttribute {
  std::string message;
  bool operator==(const CarriedAttribute&) const = default;
};

using Attribute = std::variant<std::int64_t, float, std::string, Tensor, GraphId, std::vector<std::int64_t>,
                               std::vector<float>, std::vector<std::string>, std::vector<Tensor>,
                               std::vector<GraphId>, CarriedAttribute>;

// Sorted by name.
using Attributes = std::vector<std::pair<std::string, Attribute>>;

}  // namespace pith::ir
