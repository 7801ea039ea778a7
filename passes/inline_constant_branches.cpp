// Replaces an If whose condition is known by the branch that it takes.
//
//   before   y = If(true) <then: t = Relu(x)    else: e = Neg(x)>
//   after    y = Relu(x)
//
// The other branch goes with all that it held; what only it used is for remove-dead-values. A branch that
// returns a constant or a value of the graph around it to a graph output leaves an Identity, because the
// output keeps its name. An If whose condition a caller may override, or that holds more or fewer than one
// value, is left alone.

#include "passes/inline_constant_branches.h"

#include "ir/rewriter.h"
#include "passes/places.h"

namespace pith::passes {
namespace {

using ir::Graph, ir::Node;

// The branch that is always taken; nullopt when the condition is no constant.
std::optional<ir::GraphId> taken(const ir::Model& model, ir::GraphId graph, const Node& node,
                                 std::string& refusal) {
  const ir::Constant* condition = constant_at(model, {graph, node.input(0)});
  if (condition == nullptr || condition->dtype != ir::DType::boolean) return std::nullopt;
  const ir::Tensor value = ir::to_dense(*condition);
  if (value.element_count() != 1) {
    refusal = "its condition does not hold one value";
    return std::nullopt;
  }
  const bool is_true = value.bytes()[0] != std::byte{0};
  const auto* branch = node.find<ir::GraphId>(is_true ? "then_branch" : "else_branch");
  if (branch == nullptr || !model.graph(*branch).inputs().empty() ||
      model.graph(*branch).outputs().size() != node.outputs.size()) {
    refusal = "its branch does not fit it";
    return std::nullopt;
  }
  return *branch;
}

// Graphs nest no deeper than the importer allows.
Result<void> inline_in(ir::Model& model, ir::GraphId graph_id, PassContext& context, std::size_t& changes) {
  PITH_CHECK_OK(context.keep_going());
  std::string refusal;
  // What was a branch may hold further Ifs, so again until none is left.
  for (bool changed = true; changed;) {
    changed = false;
    for (const ir::NodeId id : model.graph(graph_id).nodes()) {
      const Node& node = model.graph(graph_id).node(id);
      if (!node.is("If")) continue;
      const auto branch = taken(model, graph_id, node, refusal);
      if (!branch) continue;
      ir::Rewriter(model, graph_id).inline_branch(id, *branch);
      ++changes;
      changed = true;
    }
  }
  for (const ir::NodeId id : model.graph(graph_id).nodes()) {
    const Node& node = model.graph(graph_id).node(id);
    refusal.clear();
    if (node.is("If")) std::ignore = taken(model, graph_id, node, refusal);
    if (!refusal.empty()) context.skipped(model.graph(graph_id), id, refusal);
    for (const ir::GraphId subgraph : node.subgraphs())
      PITH_CHECK_OK(inline_in(model, subgraph, context, changes));
  }
  return {};
}

}  // namespace

Result<Outcome> InlineConstantBranches::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  PITH_CHECK_OK(inline_in(model, ir::kMainGraph, context, outcome.changes));
  return outcome;
}

}  // namespace pith::passes
