// Builds a model from scratch; used by importers. Nodes are appended in execution order.
#pragma once

#include <string>
#include <vector>

#include "ir/model.h"

namespace pith::ir {

class GraphBuilder {
 public:
  explicit GraphBuilder(Model& model, GraphId graph = kMainGraph) : model_(model), graph_id_(graph) {}

  // An empty graph enclosed by this one; its owner is set by append_node.
  [[nodiscard]] GraphId add_subgraph();

  void set_name(std::string name) { graph().name_ = std::move(name); }
  void set_carried(std::string message) { graph().carried_ = std::move(message); }

  ValueId add_value(Value value);
  [[nodiscard]] Value& value(ValueId id) { return graph().values_.at(index_of(id)); }
  void add_input(ValueId id);
  void add_output(ValueId id);

  // Adds a value that stands for `outer` of the enclosing graph. One a graph and outer value is enough: keep
  // it.
  [[nodiscard]] ValueId capture(ValueId outer);

  // Connects the node to its inputs and outputs, and its subgraphs (with what they capture) to it.
  NodeId append_node(Node node);

 private:
  Graph& graph() { return model_.graphs_.at(index_of(graph_id_)); }

  Model& model_;
  GraphId graph_id_;
};

}  // namespace pith::ir
