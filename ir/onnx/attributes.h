// Attributes between ONNX messages and the IR; graphs are left to the caller.
#pragma once

#include <functional>

#include "ir/attribute.h"
#include "ir/onnx/tensors.h"

namespace pith::ir::onnx {

using ReadGraph = std::function<Result<GraphId>(proto::GraphProto&)>;
using WriteTensor = std::function<void(const Tensor&, proto::TensorProto&)>;
using WriteGraph = std::function<void(GraphId, proto::GraphProto&)>;

// Moves the attribute's value out of the message; what the IR does not model becomes a CarriedAttribute.
// Refuses values of several kinds at once.
[[nodiscard]] Result<Attribute> take_attribute(proto::AttributeProto& message, TensorData& data,
                                               const ReadGraph& read_graph);

// Adds the value and its type to the message, whose name is set.
void put_attribute(const Attribute& attribute, proto::AttributeProto& message,
                   const WriteTensor& write_tensor, const WriteGraph& write_graph);

}  // namespace pith::ir::onnx
