// Builds small graphs by hand, for tests of what comes before the importer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/graph_builder.h"

namespace pith::ir {

class SmallGraph {
 public:
  explicit SmallGraph(Model& model, GraphId id = kMainGraph) : model_(model), id_(id), builder_(model, id) {}

  ValueId value(std::string name) {
    Value added;
    added.name = std::move(name);
    return builder_.add_value(std::move(added));
  }

  ValueId input(std::string name) {
    const ValueId id = value(std::move(name));
    builder_.add_input(id);
    return id;
  }

  ValueId constant(std::string name, Constant constant) {
    const ValueId id = value(std::move(name));
    builder_.value(id).constant = std::make_shared<const Constant>(std::move(constant));
    return id;
  }

  ValueId constant(std::string name, std::vector<float> values) {
    const Shape shape{std::ssize(values)};
    return constant(std::move(name), Constant::dense(Tensor::of(shape, std::move(values))));
  }

  // A node with one output of that name, which is returned.
  ValueId node(std::string op_type, std::vector<ValueId> inputs, std::string output,
               Attributes attributes = {}) {
    const ValueId id = value(std::move(output));
    append(std::move(op_type), std::move(inputs), {id}, std::move(attributes));
    return id;
  }

  NodeId append(std::string op_type, std::vector<ValueId> inputs, std::vector<ValueId> outputs,
                Attributes attributes = {}) {
    Node added;
    added.op_type = std::move(op_type);
    added.inputs = std::move(inputs);
    added.outputs = std::move(outputs);
    added.attributes = std::move(attributes);
    return builder_.append_node(std::move(added));
  }

  void output(ValueId id) { builder_.add_output(id); }

  [[nodiscard]] GraphBuilder& builder() { return builder_; }
  [[nodiscard]] const Graph& graph() const { return model_.graph(id_); }
  // The node that produces a value.
  [[nodiscard]] NodeId producer(ValueId id) const { return graph().producer(id); }

 private:
  Model& model_;
  GraphId id_;
  GraphBuilder builder_;
};

// y = If(condition) with branches that return Relu(captured x) and a captured x.
//
//   condition, x: inputs      t = Exp(x)
//   y = If(condition)
//     then: r = Relu(t)  -> r
//     else: -> t
struct IfModel {
  Model model;
  ValueId condition{}, x{}, t{}, y{}, then_t{}, else_t{}, r{};
  GraphId then_id{}, else_id{};

  IfModel() {
    SmallGraph main(model);
    condition = main.input("condition");
    x = main.input("x");
    t = main.node("Exp", {x}, "t");
    then_id = main.builder().add_subgraph();
    else_id = main.builder().add_subgraph();
    SmallGraph then_graph(model, then_id);
    then_t = then_graph.builder().capture(t);
    r = then_graph.node("Relu", {then_t}, "r");
    then_graph.output(r);
    SmallGraph else_graph(model, else_id);
    else_t = else_graph.builder().capture(t);
    else_graph.output(else_t);
    y = main.node("If", {condition}, "y", {{"else_branch", else_id}, {"then_branch", then_id}});
    main.output(y);
  }
};

}  // namespace pith::ir
