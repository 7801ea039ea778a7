#include "ir/onnx/importer.h"

#include <fmt/core.h>

#include <algorithm>

#include "ir/onnx/attributes.h"
#include "ir/onnx/node_order.h"
#include "ir/onnx/node_rules.h"
#include "ir/onnx/tensors.h"

namespace pith::ir::onnx {
namespace {

// From this version on an initializer that is also a graph input may be overridden by the caller.
constexpr std::int64_t kOverridableInputs = 4;

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::model, std::move(message));
}

std::string domain_of(const proto::NodeProto& node) {
  return is_onnx_domain(node.domain()) ? "" : node.domain();
}

template <class Message>
std::string remainder(const Message& message) {
  return message.ByteSizeLong() == 0 ? std::string() : serialize(message);
}

}  // namespace

Result<void> Importer::import_graph(proto::GraphProto& message, GraphId graph, Scope* outer) {
  Scope scope{graph, outer, {}};
  PITH_CHECK_OK(put_in_order(message));
  drop_overridable_inputs(message);
  PITH_CHECK_OK(import_inputs(message, scope));
  PITH_CHECK_OK(import_initializers(message, scope));
  for (auto& node : *message.mutable_node()) {
    const std::string where = describe(node);
    if (auto imported = import_node(node, scope); !imported) {
      return std::unexpected(std::move(imported).error().in(where));
    }
  }
  PITH_CHECK_OK(import_outputs(message, scope));
  import_types(message, scope);
  GraphBuilder builder(model_, graph);
  builder.set_name(message.name());
  message.clear_name();
  message.clear_node();
  message.clear_initializer();
  message.clear_sparse_initializer();
  message.clear_input();
  message.clear_output();
  builder.set_carried(remainder(message));
  return {};
}

// Before IR 4 every initializer had to be listed as an input, which said nothing about overriding.
void Importer::drop_overridable_inputs(proto::GraphProto& message) const {
  if (model_.ir_version >= kOverridableInputs) return;
  std::vector<std::string> names;
  for (const auto& initializer : message.initializer()) names.push_back(initializer.name());
  std::ranges::sort(names);
  auto* inputs = message.mutable_input();
  const auto kept = std::remove_if(inputs->begin(), inputs->end(), [&](const auto& input) {
    return std::ranges::binary_search(names, input.name());
  });
  inputs->erase(kept, inputs->end());
}

Result<ValueId> Importer::define(const std::string& name, Value value, Scope& scope) {
  if (name.empty()) return refuse("a value has no name");
  value.name = name;
  GraphBuilder builder(model_, scope.graph);
  const ValueId id = builder.add_value(std::move(value));
  if (!scope.values.emplace(name, id).second) return refuse(fmt::format("'{}' is defined twice", name));
  return id;
}

Result<void> Importer::import_inputs(proto::GraphProto& message, Scope& scope) {
  for (auto& input : *message.mutable_input()) {
    const std::string name = input.name();
    input.clear_name();
    Value value;
    value.type = take_type(input);
    value.declared = true;
    value.carried = remainder(input);
    PITH_TRY(const ValueId id, define(name, std::move(value), scope));
    GraphBuilder(model_, scope.graph).add_input(id);
  }
  return {};
}

Result<void> Importer::import_initializers(proto::GraphProto& message, Scope& scope) {
  for (auto& initializer : *message.mutable_initializer()) {
    const std::string where = fmt::format("tensor '{}'", initializer.name());
    if (auto imported = import_initializer(initializer, scope); !imported) {
      return std::unexpected(std::move(imported).error().in(where));
    }
  }
  for (auto& sparse : *message.mutable_sparse_initializer()) {
    const std::string where = fmt::format("sparse tensor '{}'", sparse.values().name());
    if (auto imported = import_sparse(sparse, scope); !imported) {
      return std::unexpected(std::move(imported).error().in(where));
    }
  }
  return {};
}

Result<void> Importer::import_initializer(proto::TensorProto& message, Scope& scope) {
  const std::string name = message.name();
  message.clear_name();
  if (options_.stored && !has_data(message)) {
    PITH_TRY(TensorHead head, read_head(message));
    PITH_TRY(const std::uint64_t count, element_count(head.shape));
    if (count > 0) {
      PITH_TRY(Constant constant, options_.stored(name, head.dtype, head.shape));
      message.clear_dims();
      message.clear_data_type();
      return define_constant(name, std::move(constant), remainder(message), scope);
    }
  }
  PITH_TRY(Tensor tensor, take_tensor(message, data_));
  return define_constant(name, Constant::dense(std::move(tensor)), remainder(message), scope);
}

Result<void> Importer::import_sparse(proto::SparseTensorProto& message, Scope& scope) {
  const std::string name = message.values().name();
  message.mutable_values()->clear_name();
  PITH_TRY(Tensor values, take_tensor(*message.mutable_values(), data_));
  PITH_TRY(Tensor indices, take_tensor(*message.mutable_indices(), data_));
  values = values.aligned();
  indices = indices.aligned();
  Constant constant;
  constant.dtype = values.dtype();
  constant.shape = Shape(message.dims().begin(), message.dims().end());
  if (indices.dtype() != DType::int64) return refuse("its positions are not int64");
  if (indices.shape().size() == 2) {  // coordinates [n, rank] become linear positions
    const auto rank = static_cast<std::int64_t>(constant.shape.size());
    if (indices.shape()[1] != rank) return refuse("its positions do not match its shape");
    PITH_CHECK_OK(element_count(constant.shape));
    const auto coordinates = indices.as<std::int64_t>();
    std::vector<std::int64_t> linear(static_cast<std::size_t>(indices.shape()[0]));
    for (std::size_t i = 0; i < coordinates.size(); ++i) {
      const std::int64_t dim = constant.shape[i % constant.shape.size()];
      if (coordinates[i] < 0 || coordinates[i] >= dim) return refuse("a position lies outside of its shape");
      std::int64_t& position = linear[i / constant.shape.size()];
      position = position * dim + coordinates[i];
    }
    const std::int64_t count = std::ssize(linear);
    indices = Tensor::of({count}, std::move(linear));
  }
  constant.form = Sparse{std::move(indices), std::move(values)};
  return define_constant(name, std::move(constant), "", scope);
}

Result<void> Importer::define_constant(const std::string& name, Constant constant, std::string carried,
                                       Scope& scope) {
  PITH_CHECK_OK(check(constant));
  auto shared = std::make_shared<const Constant>(std::move(constant));
  if (const auto input = scope.values.find(name); input != scope.values.end()) {
    Value& value = GraphBuilder(model_, scope.graph).value(input->second);
    if (!value.is_input || value.constant != nullptr)
      return refuse(fmt::format("'{}' is defined twice", name));
    value.constant = std::move(shared);
    value.constant_carried = std::move(carried);
    return {};
  }
  Value value;
  value.type.dtype = shared->dtype;
  value.constant = std::move(shared);
  value.constant_carried = std::move(carried);
  PITH_CHECK_OK(define(name, std::move(value), scope));
  return {};
}

ValueId Importer::resolve(const std::string& name, Scope& scope) {
  if (const auto found = scope.values.find(name); found != scope.values.end()) return found->second;
  if (scope.outer == nullptr) return kNoValue;
  const ValueId outer = resolve(name, *scope.outer);
  if (outer == kNoValue) return kNoValue;
  const ValueId inner = GraphBuilder(model_, scope.graph).capture(outer);
  scope.values.emplace(name, inner);
  return inner;
}

// A Constant node that holds numbers becomes a constant; false for any other node.
Result<bool> Importer::import_constant_node(proto::NodeProto& message, Scope& scope) {
  if (message.op_type() != "Constant" || !domain_of(message).empty() || message.output_size() != 1 ||
      message.attribute_size() != 1) {
    return false;
  }
  proto::AttributeProto& attribute = *message.mutable_attribute(0);
  if (attribute.has_ref_attr_name()) return false;
  Tensor tensor;
  if (attribute.name() == "value" && attribute.has_t()) {
    PITH_TRY(tensor, take_tensor(*attribute.mutable_t(), data_));
  } else if (attribute.name() == "value_float") {
    tensor = Tensor::of<float>({}, {attribute.f()});
  } else if (attribute.name() == "value_int") {
    tensor = Tensor::of<std::int64_t>({}, {attribute.i()});
  } else if (attribute.name() == "value_floats") {
    tensor =
        Tensor::of<float>({attribute.floats_size()}, {attribute.floats().begin(), attribute.floats().end()});
  } else if (attribute.name() == "value_ints") {
    tensor =
        Tensor::of<std::int64_t>({attribute.ints_size()}, {attribute.ints().begin(), attribute.ints().end()});
  } else {
    return false;
  }
  PITH_CHECK_OK(define_constant(message.output(0), Constant::dense(std::move(tensor)), "", scope));
  return true;
}

Result<void> Importer::import_node(proto::NodeProto& message, Scope& scope) {
  PITH_TRY(const bool was_constant, import_constant_node(message, scope));
  if (was_constant) return {};
  Node node;
  node.op_type = message.op_type();
  node.domain = domain_of(message);
  node.name = message.name();
  for (const std::string& name : message.input()) {
    const ValueId id = name.empty() ? kNoValue : resolve(name, scope);
    if (id == kNoValue && !name.empty())
      return refuse(fmt::format("reads '{}', which nothing defines", name));
    node.inputs.push_back(id);
  }
  proto::NodeProto rest;
  for (auto& attribute : *message.mutable_attribute()) {
    const std::string name = attribute.name();
    const auto read_graph = [&](proto::GraphProto& graph) -> Result<GraphId> {
      const GraphId id = GraphBuilder(model_, scope.graph).add_subgraph();
      PITH_CHECK_OK(import_graph(graph, id, &scope));
      return id;
    };
    auto value = take_attribute(attribute, data_, read_graph);
    if (!value) return std::unexpected(std::move(value).error().in(fmt::format("attribute '{}'", name)));
    node.attributes.emplace_back(name, *std::move(value));
    if (!attribute.has_doc_string()) continue;
    auto* kept = rest.add_attribute();
    kept->set_name(name);
    kept->set_doc_string(attribute.doc_string());
  }
  std::ranges::stable_sort(node.attributes, {}, [](const auto& a) -> const std::string& { return a.first; });
  const auto twice = std::ranges::adjacent_find(node.attributes, {},
                                                [](const auto& a) -> const std::string& { return a.first; });
  if (twice != node.attributes.end())
    return refuse(fmt::format("attribute '{}' is given twice", twice->first));
  for (const std::string& name : message.output()) {
    ValueId id = kNoValue;
    if (!name.empty()) {
      PITH_TRY(id, define(name, {}, scope));
    }
    node.outputs.push_back(id);
  }
  PITH_CHECK_OK(check_node(node));
  message.clear_op_type();
  message.clear_domain();
  message.clear_name();
  message.clear_input();
  message.clear_output();
  message.mutable_attribute()->Swap(rest.mutable_attribute());
  node.carried = remainder(message);
  GraphBuilder(model_, scope.graph).append_node(std::move(node));
  return {};
}

Result<void> Importer::import_outputs(proto::GraphProto& message, Scope& scope) {
  GraphBuilder builder(model_, scope.graph);
  for (auto& output : *message.mutable_output()) {
    const ValueId id = output.name().empty() ? kNoValue : resolve(output.name(), scope);
    if (id == kNoValue)
      return refuse(fmt::format("the graph returns '{}', which nothing defines", output.name()));
    Value& value = builder.value(id);
    if (!value.declared) {
      output.clear_name();
      value.type = take_type(output);
      value.declared = true;
      value.carried = remainder(output);
    }
    builder.add_output(id);
  }
  return {};
}

// Declarations of values that are neither inputs nor outputs; those of unknown names stay in the message.
void Importer::import_types(proto::GraphProto& message, Scope& scope) {
  GraphBuilder builder(model_, scope.graph);
  proto::GraphProto kept;
  for (auto& info : *message.mutable_value_info()) {
    const auto found = scope.values.find(info.name());
    if (found == scope.values.end() || builder.value(found->second).declared) {
      if (found == scope.values.end()) kept.add_value_info()->Swap(&info);
      continue;
    }
    Value& value = builder.value(found->second);
    info.clear_name();
    value.type = take_type(info);
    value.declared = true;
    value.carried = remainder(info);
  }
  message.mutable_value_info()->Swap(kept.mutable_value_info());
}

}  // namespace pith::ir::onnx
