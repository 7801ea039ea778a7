// Rewrites single nodes for operators whose form changed with an operator set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ir/onnx/proto.h"
#include "ir/result.h"
#include "ir/value.h"

namespace pith::ir::onnx {

// What a rewrite may know and add. Names are those of the model's messages.
class Surroundings {
 public:
  virtual ~Surroundings() = default;

  // The type of a value, nullptr when nothing is known of it.
  virtual const ValueType* type_of(const std::string& name) = 0;
  // A constant's values, if it has at most 1 KiB.
  virtual std::optional<Tensor> constant(const std::string& name) = 0;
  virtual bool is_used(const std::string& name) = 0;
  // The name of a constant with these values; `hint` is a word for it.
  virtual std::string add_constant(const std::string& hint, Tensor tensor) = 0;
  // A name that nothing has.
  virtual std::string new_name(const std::string& hint) = 0;

  // Nodes to place directly before and after the one that is rewritten.
  std::vector<proto::NodeProto> before;
  std::vector<proto::NodeProto> after;
};

// Turns a node that is valid in operator set `opset` - 1 into one with the same results in `opset`. Refuses
// when no form with the same results is known, or when it depends on something that is not known here.
[[nodiscard]] Result<void> adapt(proto::NodeProto& node, std::int64_t opset, Surroundings& around);

}  // namespace pith::ir::onnx
