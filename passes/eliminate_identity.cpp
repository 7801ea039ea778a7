// Takes out nodes that return their first input unchanged.
//
//   before   t = Identity(x)    y = Relu(t)
//   after                       y = Relu(x)
//   where    Identity(x) = x;  Concat(x) = x;  Dropout(x) = x at inference
//
//   before   t = Relu(x)        y = Identity(t)    y is a graph output
//   after    y = Relu(x)
//
// A Dropout is left alone when it may run in training mode (its training_mode is not constantly false, or
// the model's opset is below 7, where an attribute decides) or when its mask is used. A graph output needs
// a node that makes it: a node between a graph input, a constant, a captured value or another graph output
// and a graph output stays. A node whose result nothing reads is for remove-dead-values.

#include "passes/eliminate_identity.h"

#include <optional>
#include <string>

#include "passes/bypass.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node, ir::NodeId, ir::ValueId;

bool is_constant_false(const Graph& graph, ValueId id) {
  const ir::Constant* constant = graph.constant(id);
  if (constant == nullptr || constant->dtype != ir::DType::boolean) return false;
  const ir::Tensor tensor = ir::to_dense(*constant);
  return tensor.element_count() == 1 && tensor.bytes()[0] == std::byte{0};
}

// Dropping nothing is a copy in training too.
bool is_ratio_zero(const Graph& graph, const Node& node) {
  const auto ratio = graph.constant_f32(node.input(1));
  return ratio && ratio->element_count() == 1 && ratio->as<float>()[0] == 0.0F;
}

// Whether this is an operator that can be a mere copy.
bool is_candidate(const Node& node) {
  return node.is("Identity") || node.is("Dropout") || (node.is("Concat") && node.inputs.size() == 1);
}

// Why a candidate has to stay, or nullopt.
std::optional<std::string> refusal(const Graph& graph, const Node& node, std::int64_t opset) {
  if (!node.has_input(0) || !node.has_output(0)) return "it has no input or no output";
  if (node.is("Dropout")) {
    if (opset < 7) return "before opset 7 a Dropout may be in training mode";
    if (node.has_input(2) && !is_constant_false(graph, node.input(2)) && !is_ratio_zero(graph, node))
      return "it may be in training mode";
    if (node.has_output(1) && graph.is_used(node.outputs[1])) return "its mask is used";
  }
  return bypass_refusal(graph, node, node.input(0));
}

}  // namespace

Result<Outcome> EliminateIdentity::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  for (const ir::GraphId graph_id : model.graphs()) {
    for (const NodeId id : model.graph(graph_id).nodes()) {
      const Graph& graph = model.graph(graph_id);
      const Node& node = graph.node(id);
      if (!is_candidate(node)) continue;
      if (auto why = refusal(graph, node, model.opset())) {
        context.skipped(graph, id, *std::move(why));
        continue;
      }
      bypass(model, graph_id, id, node.input(0));
      ++outcome.changes;
    }
  }
  return outcome;
}

}  // namespace pith::passes
