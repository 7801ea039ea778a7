#include "passes/bypass.h"

#include "ir/rewriter.h"

namespace pith::passes {

std::optional<std::string> bypass_refusal(const ir::Graph& graph, const ir::Node& node, ir::ValueId id) {
  if (!graph.is_used(node.outputs[0])) return "nothing reads its result; remove-dead-values removes it";
  if (!graph.is_output(node.outputs[0])) return std::nullopt;
  const ir::Value& value = graph.value(id);
  if (value.output_uses > 0) return "both its input and its result are graph outputs";
  if (value.is_input) return "it passes a graph input on to a graph output";
  if (value.constant != nullptr) return "it passes a constant on to a graph output";
  if (value.captured != ir::kNoValue) return "it passes a captured value on to a graph output";
  return std::nullopt;
}

void bypass(ir::Model& model, ir::GraphId graph_id, ir::NodeId id, ir::ValueId value) {
  ir::Rewriter edit(model, graph_id);
  const ir::Graph& graph = model.graph(graph_id);
  const ir::ValueId output = graph.node(id).outputs[0];
  if (graph.is_output(output)) {
    edit.take_over_output(value, id);
  } else {
    edit.replace_reads(output, value);
    edit.remove_node(id);
  }
}

}  // namespace pith::passes
