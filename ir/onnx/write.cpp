#include "ir/onnx/write.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "ir/onnx/attributes.h"
#include "ir/onnx/carriers.h"
#include "ir/onnx/raw_data.h"
#include "ir/onnx/tensor_writer.h"
#include "ir/onnx/tensors.h"
#include "ir/onnx/visit_nodes.h"

namespace pith::ir::onnx {
namespace {

// Broadcasting, which carriers rely on, came with this operator set.
constexpr std::int64_t kFirstBroadcastingOpset = 7;
// Initializers need not be inputs from this version on.
constexpr std::int64_t kInitializersApart = 4;

// Unlike to_dense() without a copy of values that lie unaligned in a file.
Tensor values_of(const Constant& constant) {
  const auto* dense = std::get_if<Dense>(&constant.form);
  return dense != nullptr ? dense->tensor : to_dense(constant);
}

class Exporter {
 public:
  Exporter(const Model& model, const WriteOptions& options)
      : model_(model), options_(options), tensors_(options.external) {}

  Result<Written> run() {
    choose_names();
    proto::ModelProto message;
    PITH_ASSERT(message.ParsePartialFromString(model_.carried), "a carried message that was changed");
    message.set_ir_version(std::max(model_.ir_version, kInitializersApart));
    for (const auto& [domain, version] : model_.opsets) {
      auto* opset = message.add_opset_import();
      if (!domain.empty()) opset->set_domain(domain);  // as files usually have it
      opset->set_version(version);
    }
    export_graph(kMainGraph, *message.mutable_graph());
    PITH_CHECK_OK(tensors_.finish());
    written_.operators = operators(message);
    constexpr std::uint64_t kLargest = std::numeric_limits<std::int32_t>::max();
    const auto too_large = [] {
      return fail(ErrorCode::model, "the result is larger than 2 GiB, the limit of an ONNX message",
                  "its weights must lie in other files: --external-data always");
    };
    if (message.ByteSizeLong() > kLargest) return too_large();
    written_.file = put_raw_data(serialize(message), tensors_.raw_data());
    if (written_.file.size() > kLargest) return too_large();
    return std::move(written_);
  }

 private:
  std::string unique(const std::string& hint) {
    if (!hint.empty() && taken_.insert(hint).second) return hint;
    const std::string stem = hint.empty() ? "value" : hint;
    for (std::size_t& n = next_number_[stem];; ++n) {
      std::string name = fmt::format("{}_{}", stem, n);
      if (taken_.insert(name).second) return name;
    }
  }

  // The interface first, then every other value in order of graphs and creation.
  void choose_names() {
    const Graph& main = model_.graph();
    for (const auto* ids : {&main.inputs(), &main.outputs()}) {
      for (const ValueId id : *ids) {
        names_[kMainGraph][id] = main.value(id).name;
        taken_.insert(main.value(id).name);
      }
    }
    for (const GraphId graph_id : model_.graphs()) {
      const Graph& graph = model_.graph(graph_id);
      for (const ValueId id : graph.values()) {
        const Value& value = graph.value(id);
        auto& names = names_[graph_id];
        if (value.captured != kNoValue) {
          names[id] = names_.at(graph.parent()).at(value.captured);
        } else if (!names.contains(id)) {
          names[id] = unique(value.name);
        }
      }
    }
  }

  const std::string& name_of(GraphId graph, ValueId id) const {
    static const std::string kAbsent;
    return id == kNoValue ? kAbsent : names_.at(graph).at(id);
  }

  void export_graph(GraphId id, proto::GraphProto& message) {
    const Graph& graph = model_.graph(id);
    PITH_ASSERT(message.ParsePartialFromString(graph.carried()), "a carried message that was changed");
    message.set_name(graph.name());
    for (const ValueId value : by_name(id)) {
      if (graph.value(value).constant != nullptr) export_constant(id, value, message);
    }
    for (const NodeId node : graph.nodes()) export_node(id, graph.node(node), *message.add_node());
    for (const ValueId input : graph.inputs()) declare(id, input, *message.add_input());
    for (const ValueId output : graph.outputs()) declare(id, output, *message.add_output());
    for (const ValueId value : by_name(id)) {
      const Value& v = graph.value(value);
      if (v.declared && !v.is_input && v.output_uses == 0) declare(id, value, *message.add_value_info());
    }
  }

  // The order of initializers and declarations: by name, so that it does not depend on how a model came
  // about.
  std::vector<ValueId> by_name(GraphId graph) const {
    std::vector<ValueId> ids = model_.graph(graph).values();
    std::ranges::sort(ids, {}, [&](ValueId id) -> const std::string& { return name_of(graph, id); });
    return ids;
  }

  void declare(GraphId graph, ValueId id, proto::ValueInfoProto& message) const {
    const Value& value = model_.graph(graph).value(id);
    PITH_ASSERT(message.ParsePartialFromString(value.carried), "a carried message that was changed");
    message.set_name(name_of(graph, id));
    put_type(value.type, message);
  }

  void export_constant(GraphId graph, ValueId id, proto::GraphProto& message) {
    const Value& value = model_.graph(graph).value(id);
    const Constant& constant = *value.constant;
    const std::string& name = name_of(graph, id);
    if (options_.leave_out && options_.leave_out(constant)) {
      auto* stub = message.add_initializer();
      PITH_ASSERT(stub->ParsePartialFromString(value.constant_carried), "a carried message that was changed");
      stub->set_name(name);
      put_head(constant.dtype, constant.shape, *stub);
      written_.left_out.push_back({name, value.constant});
      return;
    }
    if (value.output_uses > 0 && !value.is_input) return export_constant_node(constant, name, message);
    if (const auto* sparse = std::get_if<Sparse>(&constant.form))
      return export_sparse(constant, *sparse, name, message);
    if (options_.weights == Weights::carriers && !std::holds_alternative<Dense>(constant.form)) {
      if (model_.opset() >= kFirstBroadcastingOpset) {
        return emit_carrier(constant, name, value.constant_carried, message, tensors_,
                            [this](const std::string& hint) { return unique(hint); });
      }
      written_.notes.push_back(
          fmt::format("tensor '{}' is written as plain values: operator set {} has no broadcasting", name,
                      model_.opset()));
    }
    auto* initializer = message.add_initializer();
    PITH_ASSERT(initializer->ParsePartialFromString(value.constant_carried),
                "a carried message that was changed");
    initializer->set_name(name);
    tensors_.put_initializer(values_of(constant), *initializer);
  }

  // Runtimes differ on initializers that are returned directly; a Constant node is safe everywhere.
  void export_constant_node(const Constant& constant, const std::string& name, proto::GraphProto& message) {
    auto* node = message.add_node();
    node->set_op_type("Constant");
    node->add_output(name);
    auto* attribute = node->add_attribute();
    attribute->set_name("value");
    attribute->set_type(proto::AttributeProto::TENSOR);
    tensors_.put(values_of(constant), *attribute->mutable_t());
  }

  void export_sparse(const Constant& constant, const Sparse& form, const std::string& name,
                     proto::GraphProto& message) {
    auto* sparse = message.add_sparse_initializer();
    sparse->mutable_dims()->Add(constant.shape.begin(), constant.shape.end());
    tensors_.put(form.values, *sparse->mutable_values());
    sparse->mutable_values()->set_name(name);
    tensors_.put(form.indices, *sparse->mutable_indices());
  }

  void export_node(GraphId graph, const Node& node, proto::NodeProto& message) {
    PITH_ASSERT(message.ParsePartialFromString(node.carried), "a carried message that was changed");
    const proto::NodeProto doc_strings = message;
    message.clear_attribute();
    message.set_op_type(node.op_type);
    if (!node.domain.empty()) message.set_domain(node.domain);
    if (!node.name.empty()) message.set_name(node.name);
    for (const ValueId input : node.inputs) message.add_input(name_of(graph, input));
    for (const ValueId output : node.outputs) message.add_output(name_of(graph, output));
    for (const auto& [key, value] : node.attributes) {
      auto* attribute = message.add_attribute();
      attribute->set_name(key);
      for (const auto& kept : doc_strings.attribute()) {
        if (kept.name() == key) attribute->set_doc_string(kept.doc_string());
      }
      put_attribute(
          value, *attribute,
          [this](const Tensor& tensor, proto::TensorProto& inner) { tensors_.put(tensor, inner); },
          [this](GraphId subgraph, proto::GraphProto& inner) { export_graph(subgraph, inner); });
    }
  }

  const Model& model_;
  const WriteOptions& options_;
  TensorWriter tensors_;
  Written written_;
  std::unordered_map<GraphId, std::unordered_map<ValueId, std::string>> names_;
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, std::size_t> next_number_;
};

}  // namespace

Result<Written> write(const Model& model, const WriteOptions& options) {
  return Exporter(model, options).run();
}

Result<Written> write_without_values(const Model& model) {
  return write(model, {.weights = Weights::dense, .leave_out = [](const Constant&) { return true; }});
}

}  // namespace pith::ir::onnx
