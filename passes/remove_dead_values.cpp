// Removes what does not contribute to any graph output.
//
//   before   y = Relu(x)    t = Exp(x)    u = Add(t, c)
//   after    y = Relu(x)
//   where    a node is dead when nothing reads any of its outputs, and none is a graph output;
//            a constant is dead when nothing reads it, and it is neither a graph input nor a graph output
//
// Nodes of other domains than ONNX's own, and nodes with such a node in a subgraph, are kept: they may have
// effects beside their results. Graph inputs stay even when nothing reads them, they are the model's
// interface; so do unused optional outputs of nodes that are needed.

#include "passes/remove_dead_values.h"

#include <algorithm>
#include <ranges>

#include "ir/rewriter.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::Value, ir::ValueId;

bool is_dead(const Graph& graph, const Node& node) {
  return std::ranges::all_of(
      node.outputs, [&](ValueId output) { return output == ir::kNoValue || !graph.is_used(output); });
}

bool may_have_effects(const ir::Model& model, const Node& node) {
  if (!node.domain.empty()) return true;
  for (const ir::GraphId id : node.subgraphs()) {
    const Graph& inner = model.graph(id);
    for (const NodeId inner_id : inner.nodes()) {
      if (may_have_effects(model, inner.node(inner_id))) return true;
    }
  }
  return false;
}

// Readers come after what they read, so one walk backwards finds all.
std::size_t remove_nodes(ir::Model& model, ir::GraphId graph_id, PassContext& context) {
  std::size_t removed = 0;
  for (const NodeId id : std::views::reverse(model.graph(graph_id).nodes())) {
    const Graph& graph = model.graph(graph_id);
    if (!is_dead(graph, graph.node(id))) continue;
    if (may_have_effects(model, graph.node(id))) {
      context.skipped(graph, id,
                      "nothing reads its result, but an operator of an unknown domain may have effects");
      continue;
    }
    ir::Rewriter(model, graph_id).remove_node(id);
    ++removed;
  }
  return removed;
}

std::size_t remove_constants(ir::Model& model, ir::GraphId graph_id) {
  std::size_t removed = 0;
  for (const ValueId id : model.graph(graph_id).values()) {
    const Graph& graph = model.graph(graph_id);
    const Value& value = graph.value(id);
    if (value.constant == nullptr || value.is_input || graph.is_used(id)) continue;
    ir::Rewriter(model, graph_id).remove_constant(id);
    ++removed;
  }
  return removed;
}

}  // namespace

Result<Outcome> RemoveDeadValues::run(ir::Model& model, PassContext& context) {
  std::size_t nodes = 0;
  std::size_t constants = 0;
  // Subgraphs first: what they capture is released before the graph around them is looked at.
  for (const ir::GraphId id : std::views::reverse(model.graphs())) {
    nodes += remove_nodes(model, id, context);
    constants += remove_constants(model, id);
  }
  Outcome outcome;
  outcome.changes = nodes + constants;
  outcome.statistics = {{"nodes", static_cast<double>(nodes)}, {"constants", static_cast<double>(constants)}};
  return outcome;
}

}  // namespace pith::passes
