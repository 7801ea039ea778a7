#include "passes/value_types.h"

#include <string_view>
#include <unordered_set>

namespace pith::passes {
namespace {

using ir::DType, ir::Node;

// Operators whose results have the type of the first input.
const std::unordered_set<std::string_view>& like_first() {
  static const std::unordered_set<std::string_view> kOperators{"Abs",
                                                               "Add",
                                                               "AveragePool",
                                                               "Ceil",
                                                               "Clip",
                                                               "Concat",
                                                               "Conv",
                                                               "ConvTranspose",
                                                               "Cos",
                                                               "CumSum",
                                                               "DepthToSpace",
                                                               "Div",
                                                               "Elu",
                                                               "Erf",
                                                               "Exp",
                                                               "Expand",
                                                               "Flatten",
                                                               "Floor",
                                                               "GRU",
                                                               "Gather",
                                                               "GatherElements",
                                                               "GatherND",
                                                               "Gelu",
                                                               "Gemm",
                                                               "GlobalAveragePool",
                                                               "GlobalMaxPool",
                                                               "HardSigmoid",
                                                               "HardSwish",
                                                               "Identity",
                                                               "InstanceNormalization",
                                                               "LRN",
                                                               "LSTM",
                                                               "LeakyRelu",
                                                               "Log",
                                                               "LogSoftmax",
                                                               "MatMul",
                                                               "Max",
                                                               "Mean",
                                                               "Min",
                                                               "Mish",
                                                               "Mod",
                                                               "Mul",
                                                               "Neg",
                                                               "PRelu",
                                                               "Pad",
                                                               "Pow",
                                                               "RNN",
                                                               "Reciprocal",
                                                               "ReduceL1",
                                                               "ReduceL2",
                                                               "ReduceLogSum",
                                                               "ReduceLogSumExp",
                                                               "ReduceMax",
                                                               "ReduceMean",
                                                               "ReduceMin",
                                                               "ReduceProd",
                                                               "ReduceSum",
                                                               "ReduceSumSquare",
                                                               "Relu",
                                                               "Reshape",
                                                               "Resize",
                                                               "Round",
                                                               "ScatterElements",
                                                               "ScatterND",
                                                               "Selu",
                                                               "Sigmoid",
                                                               "Sign",
                                                               "Sin",
                                                               "Slice",
                                                               "Softmax",
                                                               "Softplus",
                                                               "Softsign",
                                                               "SpaceToDepth",
                                                               "Split",
                                                               "Sqrt",
                                                               "Squeeze",
                                                               "Sub",
                                                               "Sum",
                                                               "Tan",
                                                               "Tanh",
                                                               "ThresholdedRelu",
                                                               "Tile",
                                                               "Transpose",
                                                               "Trilu",
                                                               "Unsqueeze",
                                                               "Upsample"};
  return kOperators;
}

// Of these only the first result has the type of the first input.
const std::unordered_set<std::string_view>& first_like_first() {
  static const std::unordered_set<std::string_view> kOperators{"BatchNormalization", "Dropout",
                                                               "LayerNormalization", "MaxPool", "TopK"};
  return kOperators;
}

const std::unordered_set<std::string_view>& booleans() {
  static const std::unordered_set<std::string_view> kOperators{"And",   "Equal", "Greater", "GreaterOrEqual",
                                                               "IsInf", "IsNaN", "Less",    "LessOrEqual",
                                                               "Not",   "Or",    "Xor"};
  return kOperators;
}

}  // namespace

ValueTypes::ValueTypes(const ir::Model& model) : model_(model) {
  walk(ir::kMainGraph);
}

// Graphs nest no deeper than the importer allows.
void ValueTypes::walk(ir::GraphId graph_id) {
  const ir::Graph& graph = model_.graph(graph_id);
  for (const ir::ValueId id : graph.values()) {
    const ir::Value& value = graph.value(id);
    const DType type = value.constant != nullptr ? value.constant->dtype : value.type.dtype;
    if (type != DType::undefined) types_[{graph_id, id}] = type;
  }
  for (const ir::NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    for (const ir::GraphId subgraph : node.subgraphs()) walk(subgraph);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (!node.has_output(i) || types_.contains({graph_id, node.outputs[i]})) continue;
      const DType type = result_type(graph_id, node, i);
      if (type != DType::undefined) types_[{graph_id, node.outputs[i]}] = type;
    }
  }
}

DType ValueTypes::result_type(ir::GraphId graph, const Node& node, std::size_t output) const {
  if (!node.domain.empty()) return DType::undefined;
  const auto input_type = [&](std::size_t index) {
    return node.has_input(index) ? dtype({graph, node.input(index)}) : DType::undefined;
  };
  if (like_first().contains(node.op_type)) return input_type(0);
  if (first_like_first().contains(node.op_type) && output == 0) return input_type(0);
  if (booleans().contains(node.op_type)) return DType::boolean;
  if (node.is("Cast"))
    return ir::dtype_from_onnx(node.attribute<std::int64_t>("to", 0)).value_or(DType::undefined);
  if (node.is("Shape") || node.is("Size") || node.is("NonZero") || node.is("ArgMax") || node.is("ArgMin"))
    return DType::int64;
  if (node.is("Where")) return input_type(1);
  if (node.is("ConstantOfShape")) {
    const auto* value = node.find<ir::Tensor>("value");
    return value == nullptr ? DType::float32 : value->dtype();
  }
  if (node.is("If")) {
    const auto* branch = node.find<ir::GraphId>("then_branch");
    if (branch == nullptr || output >= model_.graph(*branch).outputs().size()) return DType::undefined;
    return dtype({*branch, model_.graph(*branch).outputs()[output]});
  }
  return DType::undefined;
}

DType ValueTypes::dtype(Place place) const {
  const auto found = types_.find(source_of(model_, place));
  return found == types_.end() ? DType::undefined : found->second;
}

bool ValueTypes::broadcasts_into(const ir::Shape& constant, Place place) const {
  if (constant.empty()) return true;
  const auto dims = shape_at(model_, place);
  if (!dims || dims->size() < constant.size()) return false;
  const std::size_t offset = dims->size() - constant.size();
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] != 1 && (*dims)[offset + i] != ir::Dim(constant[i])) return false;
  }
  return true;
}

std::optional<std::vector<std::int64_t>> integers_in(const ir::Tensor& tensor) {
  if (tensor.dtype() == DType::int64) {
    const auto values = tensor.as<std::int64_t>();
    return std::vector(values.begin(), values.end());
  }
  if (tensor.dtype() == DType::int32) {
    const auto values = tensor.as<std::int32_t>();
    return std::vector<std::int64_t>(values.begin(), values.end());
  }
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> integers_at(const ir::Model& model, Place place) {
  const ir::Constant* constant = constant_at(model, place);
  if (constant == nullptr || !std::holds_alternative<ir::Dense>(constant->form)) return std::nullopt;
  return integers_in(to_dense(*constant));
}

std::optional<std::vector<std::int64_t>> integers_of(const ir::Model& model, ir::GraphId graph,
                                                     const Node& node, std::size_t input,
                                                     std::string_view attribute) {
  if (node.has_input(input)) return integers_at(model, {graph, node.input(input)});
  const auto* list = node.find<std::vector<std::int64_t>>(attribute);
  return list == nullptr ? std::nullopt : std::optional(*list);
}

}  // namespace pith::passes
