#include "ir/graph.h"

#include <fmt/core.h>

namespace pith::ir {

std::vector<GraphId> Node::subgraphs() const {
  std::vector<GraphId> ids;
  for (const auto& [key, value] : attributes) {
    if (const auto* one = std::get_if<GraphId>(&value)) ids.push_back(*one);
    if (const auto* many = std::get_if<std::vector<GraphId>>(&value))
      ids.insert(ids.end(), many->begin(), many->end());
  }
  return ids;
}

std::vector<NodeId> Graph::nodes() const {
  std::vector<NodeId> live;
  live.reserve(order_.size());
  for (const NodeId id : order_) {
    if (node_alive_[index_of(id)]) live.push_back(id);
  }
  return live;
}

std::vector<ValueId> Graph::values() const {
  std::vector<ValueId> live;
  live.reserve(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (values_[i].alive) live.push_back(ValueId{static_cast<std::uint32_t>(i)});
  }
  return live;
}

std::vector<ValueId> Graph::captures() const {
  std::vector<ValueId> found;
  for (const ValueId id : values()) {
    if (value(id).captured != kNoValue) found.push_back(id);
  }
  return found;
}

bool Graph::is_alive(NodeId id) const {
  return index_of(id) < nodes_.size() && node_alive_[index_of(id)];
}

const Node& Graph::node(NodeId id) const {
  PITH_ASSERT(is_alive(id), "a node that was removed or never existed");
  return nodes_[index_of(id)];
}

const Value& Graph::value(ValueId id) const {
  PITH_ASSERT(index_of(id) < values_.size() && values_[index_of(id)].alive,
              "a value that was removed or never existed");
  return values_[index_of(id)];
}

NodeId Graph::producer(ValueId id) const {
  return id == kNoValue ? kNoNode : value(id).producer;
}

const Constant* Graph::constant(ValueId id) const {
  if (id == kNoValue || value(id).is_input) return nullptr;
  return value(id).constant.get();
}

std::optional<Tensor> Graph::constant_f32(ValueId id) const {
  const Constant* found = constant(id);
  if (found == nullptr || found->dtype != DType::float32) return std::nullopt;
  return to_dense(*found);
}

bool Graph::is_used(ValueId id) const {
  const Value& v = value(id);
  return !v.readers.empty() || v.output_uses > 0;
}

bool Graph::has_one_reader(ValueId id) const {
  const Value& v = value(id);
  return v.readers.size() + static_cast<std::size_t>(v.output_uses) == 1;
}

std::string Graph::describe(NodeId id) const {
  const Node& n = node(id);
  if (!n.name.empty()) return fmt::format("node '{}'", n.name);
  for (const ValueId output : n.outputs) {
    // verify() describes broken graphs too, so the value may be dead.
    if (index_of(output) < values_.size())
      return fmt::format("node {} of '{}'", n.op_type, values_[index_of(output)].name);
  }
  return fmt::format("node {}", n.op_type);
}

}  // namespace pith::ir
