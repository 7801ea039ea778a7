// ONNX asks for nodes in execution order; not every file obeys.
#pragma once

#include "ir/onnx/proto.h"
#include "ir/result.h"

namespace pith::ir::onnx {

// Reorders the nodes of this graph (not of its subgraphs) so that each comes after what it and its
// subgraphs read; nodes that are in order keep their places. Refuses cycles.
[[nodiscard]] Result<void> put_in_order(proto::GraphProto& graph);

}  // namespace pith::ir::onnx
