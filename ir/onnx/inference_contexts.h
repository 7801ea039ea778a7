// What ONNX's inference functions see of a node: our graphs through the interfaces that they expect.
#pragma once

#include <onnx/defs/shape_inference.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ir/model.h"
#include "ir/onnx/proto.h"

namespace pith::ir::onnx {

// What is known of one graph's values while inference runs. A captured value is looked up where it lives.
class InferenceScope {
 public:
  InferenceScope(const Graph& graph, InferenceScope* outer) : graph_(graph), outer_(outer) {}

  [[nodiscard]] const Graph& graph() const { return graph_; }

  // nullptr when nothing is known.
  [[nodiscard]] const proto::TypeProto* type(ValueId id);
  // The tensor of a constant with at most 1024 elements, else nullptr. Larger ones are never looked at.
  [[nodiscard]] const proto::TensorProto* small_constant(ValueId id);
  // The numbers that a value is known to consist of, written as dimensions; nullptr when it is not known.
  [[nodiscard]] const proto::TensorShapeProto* numbers(ValueId id);
  // The same, also from a small constant, or as unknown numbers when only their count is known.
  [[nodiscard]] const proto::TensorShapeProto* numbers_or_count(ValueId id);

  std::unordered_map<ValueId, proto::TypeProto> types;
  std::unordered_map<ValueId, proto::TensorShapeProto> known_numbers;
  std::vector<proto::TypeProto> outputs;  // the types of the graph's outputs, once it is done

 private:
  struct Home {
    InferenceScope* scope;
    ValueId id;
  };
  Home home_of(ValueId id);

  const Graph& graph_;
  InferenceScope* outer_;
  std::unordered_map<ValueId, proto::TensorProto> constants_;
};

// Infers a subgraph, given the types of its inputs (nullptr: unknown), and returns those of its outputs.
using InferSubgraph =
    std::function<std::vector<const proto::TypeProto*>(GraphId, const std::vector<const proto::TypeProto*>&)>;

class NodeContext final : public proto::InferenceContext {
 public:
  // `message` holds the node's attributes and names its inputs and outputs: "" where one is absent.
  NodeContext(const Node& node, const proto::NodeProto& message, InferenceScope& scope,
              const InferSubgraph& infer_subgraph);

  const proto::AttributeProto* getAttribute(const std::string& name) const override;
  std::size_t getNumInputs() const override { return node_.inputs.size(); }
  const proto::TypeProto* getInputType(std::size_t index) const override;
  bool hasInput(std::size_t index) const override { return node_.has_input(index); }
  const proto::TensorProto* getInputData(std::size_t index) const override;
  const proto::TensorShapeProto* getSymbolicInput(std::size_t index) const override;
  const proto::SparseTensorProto* getInputSparseData(std::size_t) const override { return nullptr; }
  std::size_t getNumOutputs() const override { return node_.outputs.size(); }
  proto::TypeProto* getOutputType(std::size_t index) override;
  bool hasOutput(std::size_t index) override { return node_.has_output(index); }
  proto::GraphInferencer* getGraphAttributeInferencer(const std::string& name) override;
  std::string getDisplayName() const override { return "node " + node_.op_type; }

 private:
  const Node& node_;
  const proto::NodeProto& message_;
  InferenceScope& scope_;
  const InferSubgraph& infer_subgraph_;
  // By index; also for outputs of a called function that the node leaves out.
  std::map<std::size_t, proto::TypeProto> outputs_;
  std::map<std::string, std::unique_ptr<proto::GraphInferencer>> subgraphs_;
};

// Follows small integer computations, the ones that make up shapes.
class NumbersContext final : public proto::DataPropagationContext {
 public:
  NumbersContext(const Node& node, const proto::NodeProto& message, InferenceScope& scope)
      : node_(node), message_(message), scope_(scope) {}

  const proto::AttributeProto* getAttribute(const std::string& name) const override;
  std::size_t getNumInputs() const override { return node_.inputs.size(); }
  const proto::TypeProto* getInputType(std::size_t index) const override;
  std::size_t getNumOutputs() const override { return node_.outputs.size(); }
  const proto::TypeProto* getOutputType(std::size_t index) const override;
  const proto::TensorShapeProto* getInputData(std::size_t index) override;
  void addOutputData(std::size_t index, proto::TensorShapeProto&& numbers) override;

 private:
  const Node& node_;
  const proto::NodeProto& message_;
  InferenceScope& scope_;
};

}  // namespace pith::ir::onnx
