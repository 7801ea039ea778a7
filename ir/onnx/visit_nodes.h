// Walks the nodes of ONNX messages, subgraphs included.
#pragma once

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

}  // namespace pith::ir::onnx
