// The only way to change a model. Keeps producers, readers and captures true.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "ir/model.h"

namespace pith::ir {

class Rewriter {
 public:
  explicit Rewriter(Model& model, GraphId graph = kMainGraph) : model_(model), graph_id_(graph) {}

  // A new constant; `name` is a hint.
  ValueId add_constant(std::string name, Constant constant);
  ValueId add_constant(std::string name, Tensor tensor) {
    return add_constant(std::move(name), Constant::dense(std::move(tensor)));
  }

  // Gives an existing constant other values or another form; type and shape stay.
  void set_constant(ValueId value, Constant constant);

  // Attaches what an entropy coder made of this constant.
  void set_encoding(ValueId value, Encoding encoding);

  // Makes the node read `value` (kNoValue: nothing) at that position; extends the inputs if needed.
  void set_input(NodeId node, std::size_t index, ValueId value);

  // Everything that reads `from` (nodes, captures, not graph outputs) reads `to` instead.
  void replace_reads(ValueId from, ValueId to);

  // `other`, which only passes `from` on, is taken out: the node that produces `from` produces `other`'s
  // first output instead (its name, readers and graph outputs stay), and what else read `from` reads that.
  // `from` must be produced by a node and be no graph output; further outputs of `other` must be unused.
  void take_over_output(ValueId from, NodeId other);

  // Removes a node none of whose outputs is read or a graph output, with its subgraphs.
  void remove_node(NodeId node);

  // The node's only output becomes this constant and the node is removed. `carried` is the part of an
  // ONNX tensor message that the IR does not model.
  void fold(NodeId node, Constant constant, std::string carried = {});

  // The value that stands for `outer` of the enclosing graph here: one that there is, or a new one. What is
  // new must be read before the model is verified.
  [[nodiscard]] ValueId capture(ValueId outer);

  // Makes the node another operator of ONNX's own; its inputs and outputs stay. No subgraphs, old or new.
  void set_operator(NodeId node, std::string op_type, Attributes attributes);

  // Makes the then_branch of an If its else_branch and the other way round.
  void swap_branches(NodeId node);

  // Gives up an output that nothing reads and that is no graph output; trailing absent outputs are cut off.
  void drop_output(NodeId node, std::size_t index);

  // Runs the nodes of `branch`, a subgraph of `owner` without inputs and with as many outputs as owner, in
  // owner's place: they and the branch's constants move into this graph and read directly what they captured.
  // Owner and its other subgraphs are removed. An output of owner that is a graph output keeps its name;
  // where no node of the branch makes it, an Identity does.
  void inline_branch(NodeId owner, GraphId branch);

  // Puts change(whom, message) in the place of every ONNX message that this graph, its nodes, values and
  // constants carry, and with the main graph what the model carries.
  enum class CarriedBy : std::uint8_t { model, graph, node, value, constant };
  using CarriedChange = std::function<std::string(CarriedBy whom, const std::string& message)>;
  void rewrite_carried(const CarriedChange& change);

  // Makes the value one more output of the graph, which must be the main graph, under this name: no other
  // value's. For models that are only run, to see what is inside of them.
  void add_output(ValueId id, std::string name);

  // Drops the declared type of a constant, which repeats its own; it must be neither input nor output.
  void drop_declaration(ValueId constant);

  // Removes a constant that nothing reads and that is neither input nor output.
  void remove_constant(ValueId value);

 private:
  friend class GraphBuilder;

  Graph& graph();
  Value& value(ValueId id);
  Node& node(NodeId id);
  void add_read(ValueId id, NodeId reader);
  void drop_read(ValueId id, NodeId reader);
  // A captured value that has lost its last use is no longer read in the enclosing graph either.
  void release_unused_capture(ValueId id);
  void remove_graph(GraphId id);

  Model& model_;
  GraphId graph_id_;
};

}  // namespace pith::ir
