// Walks the nodes of ONNX messages, subgraphs included.
#pragma once

#include <string>
#include <vector>

#include "ir/onnx/proto.h"

namespace pith::ir::onnx {

// Calls `visit` with every node of a graph or function and of the subgraphs inside. As deep as the message
// is nested, which parsing has bounded.
template <class Owner, class Visit>
void visit_nodes(const Owner& owner, const Visit& visit) {
  for (const auto& node : owner.node()) {
    visit(node);
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) visit_nodes(attribute.g(), visit);
      for (const auto& graph : attribute.graphs()) visit_nodes(graph, visit);
    }
  }
}

// Every operator of a message, as those of a model: ir/onnx/operators.h.
[[nodiscard]] std::vector<std::string> operators(const proto::ModelProto& message);

}  // namespace pith::ir::onnx
