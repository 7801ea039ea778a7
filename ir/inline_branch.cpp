// Rewriter::inline_branch, see rewriter.h.

#include <algorithm>
#include <map>

#include "ir/rewriter.h"

namespace pith::ir {
namespace {

// What each value of the branch is called in the graph around it.
using Moved = std::map<ValueId, ValueId>;

ValueId moved_to(const Moved& moved, ValueId id) {
  return id == kNoValue ? kNoValue : moved.at(id);
}

}  // namespace

void Rewriter::inline_branch(NodeId owner, GraphId branch) {
  const std::vector<ValueId> results = node(owner).outputs;
  PITH_ASSERT(model_.graph(branch).parent() == graph_id_ && model_.graph(branch).owner() == owner,
              "a branch of another node");
  PITH_ASSERT(
      model_.graph(branch).inputs().empty() && model_.graph(branch).outputs().size() == results.size(),
      "a branch that does not fit its node");
  ++model_.edits_;

  // A copy: the original goes with its owner.
  const Graph inner = model_.graph(branch);
  Moved moved;
  std::vector<Value>& values = graph().values_;
  for (const ValueId id : inner.values()) {
    const Value& original = inner.value(id);
    if (original.captured != kNoValue) {
      moved[id] = original.captured;
      continue;
    }
    Value value = original;
    value.readers.clear();
    value.output_uses = 0;
    value.producer = kNoNode;
    moved[id] = ValueId{static_cast<std::uint32_t>(values.size())};
    values.push_back(std::move(value));
  }

  std::vector<NodeId> added;
  const auto add = [&](Node node) {
    const NodeId id{static_cast<std::uint32_t>(graph().nodes_.size())};
    graph().nodes_.push_back(std::move(node));
    graph().node_alive_.push_back(true);
    added.push_back(id);
    for (const ValueId input : std::vector(graph().nodes_.back().inputs)) add_read(input, id);
    for (const ValueId output : graph().nodes_.back().outputs) {
      if (output != kNoValue) value(output).producer = id;
    }
    return id;
  };
  for (const NodeId id : inner.nodes()) {
    Node node = inner.node(id);
    for (ValueId& input : node.inputs) input = moved_to(moved, input);
    for (ValueId& output : node.outputs) output = moved_to(moved, output);
    const std::vector<GraphId> subgraphs = node.subgraphs();
    const NodeId added_id = add(std::move(node));
    for (const GraphId subgraph : subgraphs) {
      Graph& nested = model_.graphs_[index_of(subgraph)];
      nested.parent_ = graph_id_;
      nested.owner_ = added_id;
      for (Value& value : nested.values_) {
        if (!value.alive || value.captured == kNoValue) continue;
        value.captured = moved_to(moved, value.captured);
        add_read(value.captured, added_id);
      }
    }
  }

  graph().nodes_[index_of(owner)].outputs.clear();
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i] == kNoValue) continue;
    const ValueId from = moved_to(moved, inner.outputs()[i]);
    const NodeId producer = value(from).producer;
    value(results[i]).producer = kNoNode;
    if (value(results[i]).output_uses == 0) {
      replace_reads(results[i], from);
      value(results[i]).alive = false;
    } else if (std::ranges::find(added, producer) != added.end() && value(from).output_uses == 0) {
      std::ranges::replace(graph().nodes_[index_of(producer)].outputs, from, results[i]);
      value(results[i]).producer = producer;
      replace_reads(from, results[i]);
      value(from).alive = false;
      for (auto& [inside, outside] : moved) {
        if (outside == from) outside = results[i];
      }
    } else {
      Node identity;
      identity.op_type = "Identity";
      identity.inputs = {from};
      identity.outputs = {results[i]};
      add(std::move(identity));
    }
  }

  // What the branch held has moved, so it is empty when it goes with its owner.
  for (const ValueId captured : inner.captures()) drop_read(inner.value(captured).captured, owner);
  Graph& emptied = model_.graphs_[index_of(branch)];
  emptied.order_.clear();
  emptied.values_.clear();
  emptied.outputs_.clear();
  remove_node(owner);
  auto& order = graph().order_;
  order.insert(std::ranges::find(order, owner), added.begin(), added.end());
}

}  // namespace pith::ir
