#include "ir/onnx/inference_contexts.h"

#include <onnx/defs/tensor_proto_util.h>

#include <algorithm>

#include "ir/onnx/tensors.h"

namespace pith::ir::onnx {
namespace {

// Shapes, axes, pads, scales and split sizes are far below this.
constexpr std::uint64_t kMostNumbers = 1024;

const proto::AttributeProto* find_attribute(const proto::NodeProto& message, const std::string& name) {
  const auto found = std::ranges::find(message.attribute(), name,
                                       [](const auto& a) -> const std::string& { return a.name(); });
  return found == message.attribute().end() ? nullptr : &*found;
}

// Throws what ONNX's own contexts throw for an index out of range.
ValueId at(const std::vector<ValueId>& ids, std::size_t index) {
  if (index >= ids.size()) throw proto::InferenceError("value " + std::to_string(index) + " is out of range");
  return ids[index];
}

class SubgraphInferencer final : public proto::GraphInferencer {
 public:
  SubgraphInferencer(GraphId graph, const InferSubgraph& infer) : graph_(graph), infer_(infer) {}

  std::vector<const proto::TypeProto*> doInferencing(
      const std::vector<const proto::TypeProto*>& input_types,
      const std::vector<const proto::TensorProto*>& /*input_data*/) override {
    return infer_(graph_, input_types);
  }

 private:
  GraphId graph_;
  const InferSubgraph& infer_;
};

}  // namespace

InferenceScope::Home InferenceScope::home_of(ValueId id) {
  Home home{this, id};
  while (home.scope->graph_.value(home.id).captured != kNoValue) {
    home.id = home.scope->graph_.value(home.id).captured;
    home.scope = home.scope->outer_;
  }
  return home;
}

const proto::TypeProto* InferenceScope::type(ValueId id) {
  if (id == kNoValue) return nullptr;
  const auto [scope, inner] = home_of(id);
  const auto found = scope->types.find(inner);
  return found == scope->types.end() ? nullptr : &found->second;
}

const proto::TensorProto* InferenceScope::small_constant(ValueId id) {
  if (id == kNoValue) return nullptr;
  const auto [scope, inner] = home_of(id);
  if (const auto known = scope->constants_.find(inner); known != scope->constants_.end())
    return &known->second;
  const Constant* constant = scope->graph_.constant(inner);
  if (constant == nullptr || constant->shape.size() > 1) return nullptr;
  const auto count = element_count(constant->shape);
  if (!count || *count > kMostNumbers) return nullptr;
  proto::TensorProto message;
  put_tensor(to_dense(*constant), message);
  return &scope->constants_.emplace(inner, std::move(message)).first->second;
}

const proto::TensorShapeProto* InferenceScope::numbers(ValueId id) {
  if (id == kNoValue) return nullptr;
  const auto [scope, inner] = home_of(id);
  const auto found = scope->known_numbers.find(inner);
  return found == scope->known_numbers.end() ? nullptr : &found->second;
}

const proto::TensorShapeProto* InferenceScope::numbers_or_count(ValueId id) {
  if (id == kNoValue) return nullptr;
  if (const auto* known = numbers(id)) return known;
  const auto [scope, inner] = home_of(id);
  proto::TensorShapeProto found;
  if (const auto* constant = small_constant(id)) {
    const auto add = [&](const auto& values) {
      for (const std::int64_t value : values) found.add_dim()->set_dim_value(value);
    };
    if (constant->data_type() == proto::TensorProto::INT64) {
      add(proto::ParseData<std::int64_t>(constant));
    } else if (constant->data_type() == proto::TensorProto::INT32) {
      add(proto::ParseData<std::int32_t>(constant));
    } else {
      return nullptr;
    }
  } else {
    const auto* known_type = type(id);
    if (known_type == nullptr || !known_type->has_tensor_type()) return nullptr;
    const auto& tensor = known_type->tensor_type();
    if (!tensor.has_shape() || tensor.shape().dim_size() != 1 || !tensor.shape().dim(0).has_dim_value())
      return nullptr;
    const std::int64_t count = tensor.shape().dim(0).dim_value();
    if (count < 0 || std::cmp_greater(count, kMostNumbers)) return nullptr;
    for (std::int64_t i = 0; i < count; ++i) found.add_dim();
  }
  return &scope->known_numbers.emplace(inner, std::move(found)).first->second;
}

NodeContext::NodeContext(const Node& node, const proto::NodeProto& message, InferenceScope& scope,
                         const InferSubgraph& infer_subgraph)
    : node_(node), message_(message), scope_(scope), infer_subgraph_(infer_subgraph) {}

const proto::AttributeProto* NodeContext::getAttribute(const std::string& name) const {
  return find_attribute(message_, name);
}

const proto::TypeProto* NodeContext::getInputType(std::size_t index) const {
  return scope_.type(at(node_.inputs, index));
}

const proto::TensorProto* NodeContext::getInputData(std::size_t index) const {
  return scope_.small_constant(at(node_.inputs, index));
}

const proto::TensorShapeProto* NodeContext::getSymbolicInput(std::size_t index) const {
  return scope_.numbers(at(node_.inputs, index));
}

proto::TypeProto* NodeContext::getOutputType(std::size_t index) {
  return &outputs_[index];
}

proto::GraphInferencer* NodeContext::getGraphAttributeInferencer(const std::string& name) {
  const auto* graph = node_.find<GraphId>(name);
  if (graph == nullptr) throw proto::InferenceError("attribute " + name + " is no graph");
  auto& inferencer = subgraphs_[name];
  if (inferencer == nullptr) inferencer = std::make_unique<SubgraphInferencer>(*graph, infer_subgraph_);
  return inferencer.get();
}

const proto::AttributeProto* NumbersContext::getAttribute(const std::string& name) const {
  return find_attribute(message_, name);
}

const proto::TypeProto* NumbersContext::getInputType(std::size_t index) const {
  return scope_.type(at(node_.inputs, index));
}

const proto::TypeProto* NumbersContext::getOutputType(std::size_t index) const {
  return scope_.type(at(node_.outputs, index));
}

const proto::TensorShapeProto* NumbersContext::getInputData(std::size_t index) {
  return scope_.numbers_or_count(at(node_.inputs, index));
}

void NumbersContext::addOutputData(std::size_t index, proto::TensorShapeProto&& numbers) {
  const ValueId id = at(node_.outputs, index);
  if (id == kNoValue || std::cmp_greater(numbers.dim_size(), kMostNumbers)) return;
  scope_.known_numbers.insert_or_assign(id, std::move(numbers));
}

}  // namespace pith::ir::onnx
