#include "ir/onnx/convert_opset.h"

#include <fmt/core.h>
#include <onnx/defs/data_type_utils.h>
#include <onnx/defs/schema.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/onnx/infer_shapes.h"
#include "ir/onnx/opset_adapters.h"
#include "ir/onnx/opset_changes.h"
#include "ir/onnx/read.h"
#include "ir/onnx/tensors.h"
#include "ir/onnx/visit_nodes.h"
#include "ir/onnx/write.h"

namespace pith::ir::onnx {
namespace {

constexpr std::int64_t kOldestSource = 7;  // before it, broadcasting was said with attributes
constexpr std::int64_t kOldestTarget = 7;
constexpr std::int64_t kOldestTargetDownwards = 13;
constexpr std::uint64_t kSmallConstant = 1024;

using Constants = std::unordered_map<std::string, std::shared_ptr<const Constant>>;

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::model, std::move(why));
}

// The model as a message without its weights, and the weights by name.
struct Skeleton {
  proto::ModelProto message;
  Constants weights;
};

Result<Skeleton> skeleton_of(const Model& model) {
  WriteOptions options;
  options.leave_out = [](const Constant& constant) {
    return constant.dtype != DType::string &&
           (!std::holds_alternative<Dense>(constant.form) || stored_bytes(constant) > kSmallConstant);
  };
  PITH_TRY(Written written, write(model, options));
  Skeleton skeleton;
  for (auto& [name, constant] : written.left_out) skeleton.weights.emplace(name, std::move(constant));
  PITH_ASSERT(skeleton.message.ParseFromString(written.file.joined()),
              "a model that was written does not parse");
  return skeleton;
}

Result<Model> put_together(const proto::ModelProto& message, const Constants& weights) {
  ReadOptions options;
  options.stored = [&](std::string_view name, DType, const Shape&) -> Result<Constant> {
    const auto found = weights.find(std::string(name));
    if (found == weights.end()) return refuse("it has no data");
    return *found->second;
  };
  return read(Buffer::own(serialize(message)), options);
}

// Types of the model's values by the names that they have in the message.
class TypesByName {
 public:
  TypesByName(const proto::ModelProto& message, const Constants& weights)
      : message_(message), weights_(weights) {}

  const ValueType* find(const std::string& name) {
    if (!model_) infer();
    const auto found = ids_.find(name);
    return found == ids_.end() ? nullptr : types_.find(found->second.first, found->second.second);
  }

 private:
  void infer() {
    auto model = put_together(message_, weights_);
    PITH_ASSERT(model.has_value(), "a model that was written does not read");
    model_ = *std::move(model);
    if (auto types = infer_types(*model_)) types_ = *std::move(types);
    for (const GraphId graph : model_->graphs()) {
      for (const ValueId id : model_->graph(graph).values())
        ids_.try_emplace(model_->graph(graph).value(id).name, graph, id);
    }
  }

  const proto::ModelProto message_;  // as it was before it is converted
  const Constants& weights_;
  std::optional<Model> model_;
  InferredTypes types_;
  std::unordered_map<std::string, std::pair<GraphId, ValueId>> ids_;
};

class Converter final : public Surroundings {
 public:
  explicit Converter(Skeleton& skeleton)
      : message_(skeleton.message), types_(skeleton.message, skeleton.weights) {
    note_graph_names(message_.graph());
    const auto note_node = [&](const proto::NodeProto& node) {
      for (const std::string& name : node.input()) ++uses_[name];
      names_.insert(node.output().begin(), node.output().end());
      for (const auto& attribute : node.attribute()) {
        if (attribute.has_g()) note_graph_names(attribute.g());
        for (const auto& graph : attribute.graphs()) note_graph_names(graph);
      }
    };
    visit_nodes(message_.graph(), note_node);
    for (const auto& function : message_.functions()) {
      visit_nodes(function, note_node);
      names_.insert(function.input().begin(), function.input().end());
      for (const std::string& name : function.output()) ++uses_[name];
    }
  }

  Result<void> raise(std::int64_t from, std::int64_t target) {
    PITH_CHECK_OK(raise_nodes(*message_.mutable_graph(), from, target));
    for (auto& function : *message_.mutable_functions()) {
      in_function_ = true;
      for (auto& opset : *function.mutable_opset_import()) {
        if (!is_onnx_domain(opset.domain())) continue;
        if (opset.version() > target) return refuse("one of its functions is of a newer operator set");
        const std::string where = fmt::format("function '{}'", function.name());
        if (auto done = raise_nodes(function, opset.version(), target); !done)
          return std::unexpected(std::move(done).error().in(where));
        opset.set_version(target);
      }
    }
    return {};
  }

  // Whether every node means the same in the older set.
  Result<void> check_downwards(std::int64_t from, std::int64_t target) {
    if (message_.functions_size() > 0) return refuse("models with functions are only converted upwards");
    Result<void> result;
    visit_nodes(message_.graph(), [&](const proto::NodeProto& node) {
      if (!result || !is_onnx_domain(node.domain())) return;
      if (auto fits = check_node_downwards(node, from, target); !fits)
        result = std::unexpected(std::move(fits).error().in(describe(node)));
    });
    return result;
  }

  const ValueType* type_of(const std::string& name) override {
    return in_function_ ? nullptr : types_.find(name);
  }
  bool is_used(const std::string& name) override { return uses_.contains(name); }

  std::optional<Tensor> constant(const std::string& name) override {
    if (in_function_) return std::nullopt;
    for (const auto& initializer : message_.graph().initializer()) {
      if (initializer.name() != name || !has_data(initializer)) continue;
      proto::TensorProto copy = initializer;
      auto tensor = take_whole_tensor(copy);
      return tensor ? std::optional(*std::move(tensor)) : std::nullopt;
    }
    return std::nullopt;
  }

  std::string new_name(const std::string& hint) override {
    std::string name = hint;
    for (int i = 0; !names_.insert(name).second; ++i) name = fmt::format("{}_{}", hint, i);
    return name;
  }

  // One initializer of the main graph for all nodes that need these values; a function has none and gets a
  // Constant node.
  std::string add_constant(const std::string& hint, Tensor tensor) override {
    proto::TensorProto data;
    put_tensor(tensor, data);
    if (in_function_) {
      auto& node = before.emplace_back();
      node.set_op_type("Constant");
      node.add_output(new_name(hint));
      auto* attribute = node.add_attribute();
      attribute->set_name("value");
      attribute->set_type(proto::AttributeProto::TENSOR);
      *attribute->mutable_t() = std::move(data);
      return node.output(0);
    }
    const auto [known, is_new] = added_.try_emplace(serialize(data));
    if (is_new) {
      known->second = new_name(hint);
      data.set_name(known->second);
      *message_.mutable_graph()->add_initializer() = std::move(data);
    }
    return known->second;
  }

 private:
  void note_graph_names(const proto::GraphProto& graph) {
    for (const auto& input : graph.input()) names_.insert(input.name());
    for (const auto& initializer : graph.initializer()) names_.insert(initializer.name());
    for (const auto& sparse : graph.sparse_initializer()) names_.insert(sparse.values().name());
    for (const auto& output : graph.output()) ++uses_[output.name()];
  }

  // Graphs and functions: one operator set after the other, so that nodes which a rule adds follow later
  // ones.
  template <class Owner>
  Result<void> raise_nodes(Owner& owner, std::int64_t from, std::int64_t target) {
    for (std::int64_t opset = from + 1; opset <= target; ++opset) PITH_CHECK_OK(raise_by_one(owner, opset));
    return {};
  }

  template <class Owner>
  Result<void> raise_by_one(Owner& owner, std::int64_t opset) {
    google::protobuf::RepeatedPtrField<proto::NodeProto> nodes;
    nodes.Reserve(owner.node_size());
    for (auto& node : *owner.mutable_node()) {
      before.clear();
      after.clear();
      if (auto raised = raise_node(node, opset); !raised)
        return std::unexpected(std::move(raised).error().in(describe(node)));
      for (auto& added : before) nodes.Add(std::move(added));
      auto& kept = *nodes.Add();
      kept = std::move(node);
      for (auto& added : after) nodes.Add(std::move(added));
      for (auto& attribute : *kept.mutable_attribute()) {
        if (attribute.has_g()) PITH_CHECK_OK(raise_by_one(*attribute.mutable_g(), opset));
        for (auto& graph : *attribute.mutable_graphs()) PITH_CHECK_OK(raise_by_one(graph, opset));
      }
    }
    owner.mutable_node()->Swap(&nodes);
    return {};
  }

  Result<void> raise_node(proto::NodeProto& node, std::int64_t opset) {
    if (!is_onnx_domain(node.domain())) return {};
    const auto* schema = definition(node.op_type(), opset - 1);
    if (schema == nullptr || schema->Deprecated())
      return refuse(fmt::format("operator set {} has no operator {}", opset - 1, node.op_type()));
    if (definition(node.op_type(), opset)->SinceVersion() != opset || only_widened(node.op_type(), opset))
      return {};
    return adapt(node, opset, *this);
  }

  // Values that an attribute may only have from this change on.
  bool needs_change(const proto::NodeProto& node, std::int64_t opset) {
    const auto word = [&](std::string_view name) -> std::string {
      for (const auto& attribute : node.attribute()) {
        if (attribute.name() == name) return attribute.s();
      }
      return "";
    };
    if (node.op_type() == "Pad" && opset == 19) return word("mode") == "wrap";
    if (node.op_type() == "Resize" && opset == 19)
      return word("coordinate_transformation_mode") == "half_pixel_symmetric";
    if (node.op_type().starts_with("Scatter") && opset == 18)
      return word("reduction") == "max" || word("reduction") == "min";
    return node.op_type() == "Mod" && opset == 28;
  }

  Result<void> check_node_downwards(const proto::NodeProto& node, std::int64_t from, std::int64_t target) {
    const auto* schema = definition(node.op_type(), target);
    if (schema == nullptr || schema->Deprecated())
      return refuse(fmt::format("operator set {} has no operator {}", target, node.op_type()));
    for (const std::int64_t opset : changes(node.op_type(), target, from)) {
      if (!only_widened(node.op_type(), opset) || needs_change(node, opset)) {
        return refuse(
            fmt::format("operator set {} changed {}, and there is no way back", opset, node.op_type()));
      }
    }
    PITH_CHECK_OK(check_types(node.input(), schema->inputs(), target));
    return check_types(node.output(), schema->outputs(), target);
  }

  template <class Names, class Parameters>
  Result<void> check_types(const Names& names, const Parameters& parameters, std::int64_t target) {
    for (int i = 0; i < names.size() && !parameters.empty(); ++i) {
      if (names[i].empty()) continue;
      const ValueType* type = types_.find(names[i]);
      if (type == nullptr) return refuse(fmt::format("the type of '{}' is not known", names[i]));
      proto::TypeProto message;
      message.mutable_tensor_type()->set_elem_type(static_cast<std::int32_t>(type->dtype));
      const auto& parameter = parameters[std::min(static_cast<std::size_t>(i), parameters.size() - 1)];
      if (!parameter.GetTypes().contains(proto::Utils::DataTypeUtils::ToType(message))) {
        return refuse(fmt::format("operator set {} does not allow '{}' to be {}", target, names[i],
                                  name_of(type->dtype)));
      }
    }
    return {};
  }

  proto::ModelProto& message_;
  TypesByName types_;
  std::unordered_map<std::string, std::size_t> uses_;
  std::unordered_set<std::string> names_;
  std::unordered_map<std::string, std::string> added_;  // serialized tensor to name
  bool in_function_ = false;
};

// ONNX's own check of number of inputs and outputs, and of attributes and their types.
Result<void> check_against_definitions(const proto::ModelProto& message, std::int64_t target) {
  Result<void> result;
  const auto check = [&](const proto::NodeProto& node) {
    if (!result || !is_onnx_domain(node.domain())) return;
    const auto* schema = definition(node.op_type(), target);
    try {
      if (schema != nullptr) schema->Verify(node);
    } catch (const std::runtime_error& error) {
      const std::string_view what = error.what();
      result = refuse(fmt::format("{}: is no valid {} of operator set {}: {}", describe(node), node.op_type(),
                                  target, what.substr(0, what.find('\n'))));
    }
  };
  visit_nodes(message.graph(), check);
  for (const auto& function : message.functions()) visit_nodes(function, check);
  return result;
}

}  // namespace

Result<Model> convert_opset(const Model& model, std::int64_t target) {
  if (target < kOldestTarget || target > newest_opset()) {
    return fail(
        ErrorCode::usage,
        fmt::format("operator set {} is not between {} and {}", target, kOldestTarget, newest_opset()),
        "pass --opset with one of these");
  }
  const std::int64_t source = model.opset();
  if (source == target) return model;
  const auto explain = [&](Error error) {
    return std::unexpected(
        std::move(error).in(fmt::format("cannot be converted from operator set {} to {}", source, target)));
  };
  if (source < kOldestSource || source > newest_opset()) {
    return explain(Error(ErrorCode::model, fmt::format("only models of the sets {} to {} are converted",
                                                       kOldestSource, newest_opset())));
  }
  if (target < source && target < kOldestTargetDownwards) {
    return explain(
        Error(ErrorCode::model, fmt::format("downwards goes to {} at the lowest", kOldestTargetDownwards)));
  }
  PITH_TRY(Skeleton skeleton, skeleton_of(model));
  if (skeleton.message.training_info_size() > 0)
    return explain(Error(ErrorCode::model, "it has training graphs"));
  Converter converter(skeleton);
  auto done = target > source ? converter.raise(source, target) : converter.check_downwards(source, target);
  if (!done) return explain(std::move(done).error());
  if (auto valid = check_against_definitions(skeleton.message, target); !valid)
    return explain(std::move(valid).error());
  for (auto& opset : *skeleton.message.mutable_opset_import()) {
    if (is_onnx_domain(opset.domain())) opset.set_version(target);
  }
  return put_together(skeleton.message, skeleton.weights);
}

}  // namespace pith::ir::onnx
