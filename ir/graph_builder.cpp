#include "ir/graph_builder.h"

#include "ir/rewriter.h"

namespace pith::ir {

GraphId GraphBuilder::add_subgraph() {
  Graph& added = model_.graphs_.emplace_back();
  added.parent_ = graph_id_;
  return GraphId{static_cast<std::uint32_t>(model_.graphs_.size() - 1)};
}

ValueId GraphBuilder::add_value(Value value) {
  graph().values_.push_back(std::move(value));
  return ValueId{static_cast<std::uint32_t>(graph().values_.size() - 1)};
}

void GraphBuilder::add_input(ValueId id) {
  value(id).is_input = true;
  graph().inputs_.push_back(id);
}

void GraphBuilder::add_output(ValueId id) {
  ++value(id).output_uses;
  graph().outputs_.push_back(id);
}

ValueId GraphBuilder::capture(ValueId outer) {
  Value added;
  added.name = model_.graph(graph().parent_).value(outer).name;
  added.captured = outer;
  return add_value(std::move(added));
}

NodeId GraphBuilder::append_node(Node node) {
  const NodeId id{static_cast<std::uint32_t>(graph().nodes_.size())};
  const std::vector<GraphId> subgraphs = node.subgraphs();
  graph().nodes_.push_back(std::move(node));
  graph().node_alive_.push_back(true);
  graph().order_.push_back(id);
  Rewriter rewriter(model_, graph_id_);
  for (const ValueId input : graph().nodes_.back().inputs) rewriter.add_read(input, id);
  for (const ValueId output : graph().nodes_.back().outputs) {
    if (output != kNoValue) value(output).producer = id;
  }
  for (const GraphId subgraph : subgraphs) {
    Graph& inner = model_.graphs_[index_of(subgraph)];
    inner.owner_ = id;
    for (const ValueId captured : inner.captures()) rewriter.add_read(inner.value(captured).captured, id);
  }
  return id;
}

}  // namespace pith::ir
