// Turns ONNX graph messages into graphs of the IR.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "ir/graph_builder.h"
#include "ir/onnx/read.h"
#include "ir/onnx/tensors.h"

namespace pith::ir::onnx {

// The names of one graph, and the graph around it.
struct Scope {
  GraphId graph;
  Scope* outer = nullptr;
  std::unordered_map<std::string, ValueId> values;
};

class Importer {
 public:
  // `raw_data`: what take_raw_data() took out of the message.
  Importer(Model& model, const ReadOptions& options, std::vector<Buffer> raw_data)
      : model_(model),
        options_(options),
        data_{std::move(raw_data), ExternalData(options.data_folder, options.opened)} {
    for (const auto& [location, file] : options.data_files) data_.external.add(location, file);
  }

  // Fills `graph` of the model from the message, which is emptied. Recurses into subgraphs; the caller has
  // bounded how deep they are nested.
  [[nodiscard]] Result<void> import_graph(proto::GraphProto& message, GraphId graph, Scope* outer);

 private:
  Result<void> import_inputs(proto::GraphProto& message, Scope& scope);
  Result<void> import_initializers(proto::GraphProto& message, Scope& scope);
  Result<void> import_initializer(proto::TensorProto& message, Scope& scope);
  Result<void> import_sparse(proto::SparseTensorProto& message, Scope& scope);
  Result<void> import_node(proto::NodeProto& message, Scope& scope);
  Result<bool> import_constant_node(proto::NodeProto& message, Scope& scope);
  Result<void> import_outputs(proto::GraphProto& message, Scope& scope);
  void import_types(proto::GraphProto& message, Scope& scope);
  void drop_overridable_inputs(proto::GraphProto& message) const;

  // Gives a name to a constant, also when it is the default of a graph input of that name.
  Result<void> define_constant(const std::string& name, Constant constant, std::string carried, Scope& scope);
  Result<ValueId> define(const std::string& name, Value value, Scope& scope);
  // The value of that name, captured from an enclosing graph when this one has none; kNoValue when nobody
  // has.
  ValueId resolve(const std::string& name, Scope& scope);

  Model& model_;
  const ReadOptions& options_;
  TensorData data_;
};

}  // namespace pith::ir::onnx
