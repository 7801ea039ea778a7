// A graph is a value: copying it copies small vectors and shares the weights.
// It is read through this class and changed through Rewriter only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/ids.h"
#include "ir/node.h"
#include "ir/value.h"

namespace pith::ir {

class Graph {
 public:
  [[nodiscard]] const std::string& name() const { return name_; }

  // Live nodes in execution order. A snapshot: safe to edit while walking it.
  [[nodiscard]] std::vector<NodeId> nodes() const;
  // Live values, in order of creation.
  [[nodiscard]] std::vector<ValueId> values() const;
  [[nodiscard]] const std::vector<ValueId>& inputs() const { return inputs_; }
  [[nodiscard]] const std::vector<ValueId>& outputs() const { return outputs_; }
  // Values of this graph that stand for values of the enclosing graph.
  [[nodiscard]] std::vector<ValueId> captures() const;

  // The node or value; throws InternalError for an id that is dead or of another graph.
  [[nodiscard]] const Node& node(NodeId id) const;
  [[nodiscard]] const Value& value(ValueId id) const;
  [[nodiscard]] bool is_alive(NodeId id) const;

  // kNoNode for kNoValue, graph inputs, constants and captured values.
  [[nodiscard]] NodeId producer(ValueId id) const;

  // The constant behind a value, or nullptr: also for kNoValue, and for a graph input with a default
  // (a caller may override it).
  [[nodiscard]] const Constant* constant(ValueId id) const;
  // The constant's dense float32 values, or nullopt when it is no float32 constant.
  [[nodiscard]] std::optional<Tensor> constant_f32(ValueId id) const;

  [[nodiscard]] bool is_output(ValueId id) const { return value(id).output_uses > 0; }
  // Whether a node input, a capture or a graph output uses it.
  [[nodiscard]] bool is_used(ValueId id) const;
  // Exactly one use in total, of the same kinds.
  [[nodiscard]] bool has_one_reader(ValueId id) const;

  // "node 'conv_3'", or its operator and first output when it has no name: "node Conv of 'y'".
  [[nodiscard]] std::string describe(NodeId id) const;

  // The node of the enclosing graph that owns this graph; kNoGraph for the main graph.
  [[nodiscard]] GraphId parent() const { return parent_; }
  [[nodiscard]] NodeId owner() const { return owner_; }
  [[nodiscard]] bool alive() const { return alive_; }
  [[nodiscard]] const std::string& carried() const { return carried_; }

 private:
  friend class Rewriter;
  friend class GraphBuilder;
  friend class Model;

  std::string name_;
  std::vector<Node> nodes_;
  std::vector<bool> node_alive_;
  std::vector<NodeId> order_;
  std::vector<Value> values_;
  std::vector<ValueId> inputs_;
  std::vector<ValueId> outputs_;
  GraphId parent_ = kNoGraph;
  NodeId owner_ = kNoNode;
  bool alive_ = true;
  std::string carried_;
};

}  // namespace pith::ir
