// Takes out nodes that do nothing with the constants and types that they are given.
//
//   before   t = Cast<float>(x)    u = Slice(t, 0, end)    y = Mul(u, 1)      x is float already
//   after                                                  y: x
//
//   before   t = Transpose<1,0,2>(x)    y = Transpose<2,0,1>(t)    n = Not(c)    z = If(n) <then: a  else: b>
//   after    y = Transpose<2,1,0>(x)                                             z = If(c) <then: b  else: a>
//
// The rules are in no_ops/: what changes no element, what changes no shape, and what two in a row make. All
// are exact: Add of 0.0 stays (it turns -0.0 into 0.0), Add of -0.0 goes. Shapes are those that the model
// declares. Nodes that copy whatever they are given are for eliminate-identity. A node between a graph input,
// a constant, a captured value or another graph output and a graph output stays, because an output keeps its
// name.

#include "passes/eliminate_no_ops.h"

#include "ir/rewriter.h"
#include "passes/bypass.h"
#include "passes/no_ops/chains.h"
#include "passes/no_ops/rules.h"

namespace pith::passes {
namespace {

// How many nodes were taken out or joined with the one before them.
std::size_t simplify(ir::Model& model, const no_ops::View& view, ir::NodeId id, PassContext& context) {
  const ir::Graph& graph = view.graph();
  const ir::Node& node = graph.node(id);
  if (!node.domain.empty() || !node.has_output(0)) return 0;
  std::size_t changes = no_ops::join(model, view, id) ? 1 : 0;
  if (!graph.is_alive(id)) return changes;
  if (no_ops::swap_branches(model, view, id)) ++changes;
  ir::ValueId same = no_ops::equal_elements(view, node);
  if (same == ir::kNoValue) same = no_ops::equal_layout(view, node);
  if (same != ir::kNoValue) {
    if (auto why = bypass_refusal(graph, node, same)) {
      context.skipped(graph, id, *std::move(why));
    } else {
      bypass(model, view.id, id, same);
      return changes + 1;
    }
  }
  return no_ops::settle_shape(model, view, id) ? changes + 1 : changes;
}

}  // namespace

Result<Outcome> EliminateNoOps::run(ir::Model& model, PassContext& context) {
  Outcome outcome;
  const ValueTypes types(model);
  for (const ir::GraphId graph_id : model.graphs()) {
    const no_ops::View view{model, graph_id, types};
    for (const ir::NodeId id : model.graph(graph_id).nodes()) {
      if (!model.graph(graph_id).is_alive(id)) continue;
      outcome.changes += simplify(model, view, id, context);
    }
    PITH_CHECK_OK(context.keep_going());
  }
  return outcome;
}

}  // namespace pith::passes
