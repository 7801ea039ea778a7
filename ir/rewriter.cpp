#include "ir/rewriter.h"

#include <algorithm>

namespace pith::ir {

Graph& Rewriter::graph() {
  return model_.graphs_.at(index_of(graph_id_));
}

Value& Rewriter::value(ValueId id) {
  static_cast<void>(graph().value(id));  // refuses dead ids
  return graph().values_[index_of(id)];
}

Node& Rewriter::node(NodeId id) {
  static_cast<void>(graph().node(id));
  return graph().nodes_[index_of(id)];
}

void Rewriter::add_read(ValueId id, NodeId reader) {
  if (id != kNoValue) value(id).readers.push_back(reader);
}

void Rewriter::drop_read(ValueId id, NodeId reader) {
  if (id == kNoValue) return;
  auto& readers = value(id).readers;
  const auto found = std::ranges::find(readers, reader);
  PITH_ASSERT(found != readers.end(), "a read that was never recorded");
  readers.erase(found);
  release_unused_capture(id);
}

void Rewriter::release_unused_capture(ValueId id) {
  const Value& v = value(id);
  if (v.captured != kNoValue && v.readers.empty() && v.output_uses == 0) {
    const ValueId outer = v.captured;
    value(id).alive = false;
    Rewriter(model_, graph().parent_).drop_read(outer, graph().owner_);
  }
}

ValueId Rewriter::add_constant(std::string name, Constant constant) {
  PITH_ASSERT(check(constant).has_value(), "an inconsistent constant");
  ++model_.edits_;
  Value added;
  added.name = std::move(name);
  added.type.dtype = constant.dtype;
  added.constant = std::make_shared<const Constant>(std::move(constant));
  graph().values_.push_back(std::move(added));
  return ValueId{static_cast<std::uint32_t>(graph().values_.size() - 1)};
}

void Rewriter::set_constant(ValueId id, Constant constant) {
  Value& v = value(id);
  PITH_ASSERT(v.constant != nullptr, "a form for a value that is no constant");
  PITH_ASSERT(v.constant->dtype == constant.dtype && v.constant->shape == constant.shape,
              "a form of another type or shape");
  PITH_ASSERT(check(constant).has_value(), "an inconsistent constant");
  ++model_.edits_;
  constant.encoding.reset();
  v.constant = std::make_shared<const Constant>(std::move(constant));
}

void Rewriter::set_encoding(ValueId id, Encoding encoding) {
  Value& v = value(id);
  PITH_ASSERT(v.constant != nullptr, "an encoding for a value that is no constant");
  ++model_.edits_;
  Constant constant = *v.constant;
  constant.encoding = std::move(encoding);
  v.constant = std::make_shared<const Constant>(std::move(constant));
}

void Rewriter::set_input(NodeId id, std::size_t index, ValueId to) {
  ++model_.edits_;
  auto& inputs = node(id).inputs;
  if (index >= inputs.size()) inputs.resize(index + 1, kNoValue);
  const ValueId from = inputs[index];
  inputs[index] = to;
  add_read(to, id);
  drop_read(from, id);
}

void Rewriter::replace_reads(ValueId from, ValueId to) {
  if (from == to) return;
  ++model_.edits_;
  const std::vector<NodeId> readers = value(from).readers;
  for (const NodeId reader : readers) {
    for (ValueId& input : node(reader).inputs) {
      if (input == from) input = to;
    }
    for (const GraphId subgraph : node(reader).subgraphs()) {
      for (Value& inner : model_.graphs_[index_of(subgraph)].values_) {
        if (inner.alive && inner.captured == from) inner.captured = to;
      }
    }
    add_read(to, reader);
  }
  value(from).readers.clear();
  release_unused_capture(from);
}

void Rewriter::take_over_output(ValueId from, NodeId other) {
  const NodeId producer = value(from).producer;
  PITH_ASSERT(producer != kNoNode && value(from).output_uses == 0, "only an inner result can be taken over");
  const ValueId to = node(other).outputs.at(0);
  replace_reads(from, to);
  for (const ValueId input : std::vector(node(other).inputs)) drop_read(input, other);
  node(other).inputs.clear();
  node(other).outputs.erase(node(other).outputs.begin());
  remove_node(other);
  std::ranges::replace(node(producer).outputs, from, to);
  value(to).producer = producer;
  value(from).alive = false;
}

void Rewriter::remove_node(NodeId id) {
  ++model_.edits_;
  for (const ValueId output : node(id).outputs) {
    if (output == kNoValue) continue;
    PITH_ASSERT(value(output).readers.empty() && value(output).output_uses == 0,
                "a removed node's output is read");
    value(output).alive = false;
  }
  for (const GraphId subgraph : node(id).subgraphs()) {
    for (const ValueId inner : model_.graph(subgraph).captures())
      drop_read(model_.graph(subgraph).value(inner).captured, id);
    remove_graph(subgraph);
  }
  for (const ValueId input : std::vector(node(id).inputs)) drop_read(input, id);
  graph().node_alive_[index_of(id)] = false;
}

void Rewriter::fold(NodeId id, Constant constant, std::string carried) {
  PITH_ASSERT(node(id).outputs.size() == 1, "only a node with one output can become a constant");
  PITH_ASSERT(check(constant).has_value(), "an inconsistent constant");
  const ValueId output = node(id).outputs[0];
  node(id).outputs.clear();
  remove_node(id);
  Value& folded = value(output);
  folded.producer = kNoNode;
  folded.constant = std::make_shared<const Constant>(std::move(constant));
  folded.constant_carried = std::move(carried);
}

ValueId Rewriter::capture(ValueId outer) {
  const GraphId parent = graph().parent_;
  PITH_ASSERT(parent != kNoGraph, "the main graph captures nothing");
  for (const ValueId id : graph().captures()) {
    if (value(id).captured == outer) return id;
  }
  ++model_.edits_;
  Value added;
  added.name = model_.graph(parent).value(outer).name;
  added.captured = outer;
  graph().values_.push_back(std::move(added));
  Rewriter(model_, parent).add_read(outer, graph().owner_);
  return ValueId{static_cast<std::uint32_t>(graph().values_.size() - 1)};
}

void Rewriter::set_operator(NodeId id, std::string op_type, Attributes attributes) {
  PITH_ASSERT(node(id).subgraphs().empty(), "a node with subgraphs keeps its operator");
  ++model_.edits_;
  std::ranges::sort(attributes, {}, [](const auto& attribute) { return attribute.first; });
  node(id).op_type = std::move(op_type);
  node(id).domain.clear();
  node(id).attributes = std::move(attributes);
}

void Rewriter::swap_branches(NodeId id) {
  ++model_.edits_;
  GraphId* taken = nullptr;
  GraphId* other = nullptr;
  for (auto& [name, value] : node(id).attributes) {
    if (name == "then_branch") taken = std::get_if<GraphId>(&value);
    if (name == "else_branch") other = std::get_if<GraphId>(&value);
  }
  PITH_ASSERT(node(id).is("If") && taken != nullptr && other != nullptr, "an If without its branches");
  std::swap(*taken, *other);
}

void Rewriter::rewrite_carried(const CarriedChange& change) {
  const auto rewrite = [&](CarriedBy whom, std::string& message) {
    std::string changed = message.empty() ? message : change(whom, message);
    if (changed == message) return;
    ++model_.edits_;
    message = std::move(changed);
  };
  if (graph_id_ == kMainGraph) rewrite(CarriedBy::model, model_.carried);
  rewrite(CarriedBy::graph, graph().carried_);
  for (const NodeId id : graph().nodes()) rewrite(CarriedBy::node, node(id).carried);
  for (const ValueId id : graph().values()) {
    rewrite(CarriedBy::value, value(id).carried);
    rewrite(CarriedBy::constant, value(id).constant_carried);
  }
}

void Rewriter::drop_output(NodeId id, std::size_t index) {
  auto& outputs = node(id).outputs;
  PITH_ASSERT(index < outputs.size() && outputs[index] != kNoValue, "an output that is not there");
  Value& dropped = value(outputs[index]);
  PITH_ASSERT(dropped.readers.empty() && dropped.output_uses == 0, "a dropped output is read");
  ++model_.edits_;
  dropped.alive = false;
  outputs[index] = kNoValue;
  while (!outputs.empty() && outputs.back() == kNoValue) outputs.pop_back();
}

void Rewriter::add_output(ValueId id, std::string name) {
  PITH_ASSERT(graph_id_ == kMainGraph && !value(id).is_input && value(id).output_uses == 0,
              "an output that has a name of its own already");
  ++model_.edits_;
  value(id).name = std::move(name);
  ++value(id).output_uses;
  graph().outputs_.push_back(id);
}

void Rewriter::drop_declaration(ValueId id) {
  Value& v = value(id);
  PITH_ASSERT(v.constant != nullptr && !v.is_input && v.output_uses == 0, "a declaration that is needed");
  ++model_.edits_;
  v.declared = false;
  v.type = {};
  v.carried.clear();
}

void Rewriter::remove_constant(ValueId id) {
  const Value& v = value(id);
  PITH_ASSERT(v.constant != nullptr && v.readers.empty() && v.output_uses == 0 && !v.is_input,
              "a constant in use cannot be removed");
  ++model_.edits_;
  value(id).alive = false;
}

void Rewriter::remove_graph(GraphId id) {
  const Graph& removed = model_.graph(id);
  for (const NodeId inner : removed.nodes()) {
    for (const GraphId nested : removed.node(inner).subgraphs()) remove_graph(nested);
  }
  model_.graphs_[index_of(id)] = Graph();
  model_.graphs_[index_of(id)].alive_ = false;
}

}  // namespace pith::ir
