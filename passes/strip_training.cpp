// Removes results that only training needs.
//
//   before   y, mask = Dropout(x)    z, mean, deviation = LayerNormalization(x, s)
//   after    y = Dropout(x)          z = LayerNormalization(x, s)
//
// Optional results that nothing reads: Dropout's mask, the mean and the inverse deviation of
// LayerNormalization, the positions that MaxPool returns for its gradient.
//
// A BatchNormalization or a Dropout that computes as in training stays as it is, because at inference it
// would give other numbers; it is recorded. That is: training_mode; a BatchNormalization that returns
// statistics below operator set 14, where that makes it one of training, or without is_test below 7; a
// Dropout without is_test below 7.

#include "passes/strip_training.h"

#include <optional>
#include <string>

#include "ir/rewriter.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node;

bool has_training_results(const Node& node) {
  return node.is("Dropout") || node.is("LayerNormalization") || node.is("MaxPool");
}

bool is_constantly_false(const ir::Model& model, Place place) {
  const ir::Constant* constant = constant_at(model, place);
  if (constant == nullptr || constant->dtype != ir::DType::boolean) return false;
  const ir::Tensor tensor = ir::to_dense(*constant);
  return tensor.element_count() == 1 && tensor.bytes()[0] == std::byte{0};
}

// How a node computes as in training, or nullopt.
std::optional<std::string> training(const ir::Model& model, ir::GraphId graph, const Node& node) {
  const bool old_test = model.opset() < 7 && node.attribute<std::int64_t>("is_test", 0) == 0;
  if (node.is("BatchNormalization")) {
    bool statistics = false;
    for (std::size_t i = 1; i < node.outputs.size(); ++i) statistics = statistics || node.has_output(i);
    if (node.attribute<std::int64_t>("training_mode", 0) != 0 || old_test ||
        (model.opset() < 14 && statistics))
      return "it normalizes by the statistics of the batch, as in training; export the model for inference";
  }
  if (node.is("Dropout") &&
      (old_test || (node.has_input(2) && !is_constantly_false(model, {graph, node.input(2)}))))
    return "it may drop values at random, as in training; export the model for inference";
  return std::nullopt;
}

}  // namespace

Result<Outcome> StripTraining::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  for (const ir::GraphId graph_id : model.graphs()) {
    const Graph& graph = model.graph(graph_id);
    for (const ir::NodeId id : graph.nodes()) {
      const Node& node = graph.node(id);
      if (auto why = training(model, graph_id, node)) context.skipped(graph, id, *std::move(why));
      if (!has_training_results(node)) continue;
      for (std::size_t i = node.outputs.size(); i-- > 1;) {
        if (!node.has_output(i) || graph.is_used(node.outputs[i])) continue;
        ir::Rewriter(model, graph_id).drop_output(id, i);
        ++outcome.changes;
      }
    }
  }
  return outcome;
}

}  // namespace pith::passes
