// Says what of a model's interface carries no information: run it last, when the graph is as small as it
// gets.
//
// An input that nothing reads; an output that is a constant; one that is a graph input or a copy of another
// output, whatever Identities are between. Nothing is removed: callers name inputs and outputs.

#include "passes/report_interface.h"

#include <map>

namespace pith::passes {
namespace {

using ir::Graph, ir::ValueId;

// The value that an output is a copy of.
ValueId behind_identities(const Graph& graph, ValueId id) {
  for (ir::NodeId producer = graph.producer(id); producer != ir::kNoNode; producer = graph.producer(id)) {
    const ir::Node& node = graph.node(producer);
    if (!node.is("Identity") || !node.has_input(0)) break;
    id = node.input(0);
  }
  return id;
}

}  // namespace

Result<Outcome> ReportInterface::run(ir::Model& model, PassContext& context) {
  const Graph& graph = model.graph();
  std::size_t unused = 0;
  std::size_t constant = 0;
  std::size_t repeated = 0;
  for (const ValueId id : graph.inputs()) {
    if (graph.is_used(id)) continue;
    ++unused;
    context.skipped_tensor(graph.value(id).name,
                           "nothing reads this graph input; it stays because callers may name it");
  }
  std::map<ValueId, ValueId> first_output;
  for (const ValueId id : graph.outputs()) {
    const std::string& name = graph.value(id).name;
    const ValueId source = behind_identities(graph, id);
    const ir::Value& value = graph.value(source);
    if (value.constant != nullptr && !value.is_input) {
      ++constant;
      context.skipped_tensor(name, "this graph output is a constant; it stays because callers may name it");
    } else if (value.is_input) {
      ++repeated;
      context.skipped_tensor(name, "this graph output is the input '" + value.name + "'");
    } else if (const auto [first, is_new] = first_output.try_emplace(source, id); !is_new) {
      ++repeated;
      context.skipped_tensor(name, "this graph output equals '" + graph.value(first->second).name + "'");
    }
  }
  Outcome outcome;
  outcome.statistics = {{"unused_inputs", static_cast<double>(unused)},
                        {"constant_outputs", static_cast<double>(constant)},
                        {"repeated_outputs", static_cast<double>(repeated)}};
  return outcome;
}

}  // namespace pith::passes
